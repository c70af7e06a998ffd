"""What waits to be rendered, read or searched, and which process does it next.

What waits is sorted by priority and goes when its ticket is cancelled. A job that runs and is
wanted no more, or that keeps a visible one waiting, is stopped. One whose process breaks is
tried once more in another; when that fails too its sheet is given up (PAGE_UNREADABLE) until
its document is opened again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from whiteboard.services.rendering.call_queue import CallQueue
from whiteboard.services.rendering.pixel_memory import Block, PixelMemory
from whiteboard.services.rendering.render_crew import RenderCrew
from whiteboard.services.rendering.render_protocol import Answer, Job, OpenJob, RenderJob
from whiteboard.services.rendering.render_tasks import (
    OpenDocument,
    Parse,
    Priority,
    T,
    Task,
    Ticket,
    gentler,
)
from whiteboard.services.rendering.renderer import Renderer, Running

ATTEMPTS: Final = 2

_log = structlog.get_logger(__name__)


class RenderQueue(QObject):
    """Jobs and the processes that do them. UI thread alone.

    Args:
        workers: How many processes, >= 1.
        posts: Tells those who are answered at once.
    """

    def __init__(self, workers: int, posts: CallQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._posts = posts
        self._memory = PixelMemory()
        self._waiting: list[Task] = []
        self._numbers = 0
        self._is_over = False
        self._crew = RenderCrew(workers, self, self)
        self._dispatch_timer = QTimer(self)
        self._dispatch_timer.setSingleShot(True)
        self._dispatch_timer.timeout.connect(self._dispatch)

    @property
    def crew(self) -> RenderCrew:
        """The processes."""
        return self._crew

    @property
    def open_jobs(self) -> int:
        """How many jobs wait or run."""
        return len(self._tasks())

    def ask(
        self,
        document: OpenDocument,
        job: Job,
        priority: Priority,
        parse: Parse[T],
        on_done: Callable[[T | AppError], None],
    ) -> Ticket:
        """Ask for a job. What is asked for already is not done twice.

        Args:
            document: What it is about.
            job: What to do.
            priority: How soon.
            parse: Checks the answer.
            on_done: Gets what `parse` returned, the QImage of a `RenderJob`, or an error.

        Raises:
            RuntimeError: the queue was shut down.
        """
        if self._is_over:
            raise RuntimeError("the pool was shut down")
        task = self._same(document, job)
        if task is None:
            self._numbers += 1
            task = Task(self._numbers, document, job, priority, parse, [])
            self._waiting.append(task)
        ticket = Ticket(lambda ticket: self._leave(task, ticket))
        task.wanted_by.append((ticket, on_done))
        task.priority = min(task.priority, priority)
        self.has_hands()
        return ticket

    def forget(self, name: str) -> None:
        """Cancel what is asked of a document, and let the processes close it."""
        for task in self._tasks():
            if task.name == name:
                for ticket, _on_done in tuple(task.wanted_by):
                    ticket.cancel()
        for renderer in self._crew.renderers:
            renderer.forget(name)

    def has_hands(self) -> None:
        """Look at the next turn whether something can be begun."""
        if not self._is_over:
            self._dispatch_timer.start(0)

    def shutdown(self) -> None:
        """Kill the processes; pictures that are shown stay whole. Nothing is called back."""
        self._is_over = True
        self._dispatch_timer.stop()
        for task in self._tasks():
            for ticket, _on_done in task.wanted_by:
                ticket.close()
        self._waiting.clear()
        blocks = [running.block for _renderer, running in self._crew.running if running.block]
        self._crew.shutdown()
        for block in blocks:
            self._memory.give_back(block)
        self._memory.shutdown()

    # What becomes of jobs -----------------------------------------------------------------

    def done(self, running: Running, answer: Answer, outcome: object) -> None:
        """Take what a job came to."""
        task, block = running.task, running.block
        if answer.was_stopped and task.wanted_by:
            self._waiting.append(task)
        if answer.error is not None:
            outcome = AppError(answer.error, answer.detail)
        if block is not None:
            outcome = self._picture(task, block) if answer.value is not None else outcome
            if not isinstance(outcome, QImage):
                self._memory.give_back(block)
        if not answer.was_stopped:
            task.tell(outcome)

    def broke(self, running: Running, reason: str, may_retry: bool) -> None:
        """Try the job of a broken process once more, or give it up."""
        task = running.task
        task.attempts += 1
        if not task.wanted_by:
            return
        job = type(task.job).__name__
        _log.warning(
            "a render process broke", job=job, document=task.name, sheet=task.sheet,
            reason=reason,
        )  # fmt: skip
        if may_retry and task.attempts < ATTEMPTS:
            task.job = gentler(task.job)
            self._waiting.append(task)
            return
        code = ErrorCode.PAGE_UNREADABLE
        if isinstance(task.job, OpenJob):
            code = ErrorCode.DOCUMENT_DAMAGED
        if task.sheet is not None:
            task.document.unreadable.add(task.sheet)
        self._fail(task, AppError(code, reason))

    def give_up(self, reason: str) -> None:
        """Give up what waits: there is no process to do it."""
        waiting, self._waiting = self._waiting, []
        for task in waiting:
            self._fail(task, AppError(ErrorCode.PAGE_UNREADABLE, f"no process: {reason}"))

    def _picture(self, task: Task, block: Block) -> QImage | None:
        if not task.wanted_by or not isinstance(task.job, RenderJob):
            return None
        return self._memory.picture(block, task.job.width, task.job.height)

    def _fail(self, task: Task, error: AppError) -> None:
        self._posts.post(lambda: task.tell(error))

    # What is done next --------------------------------------------------------------------

    def _dispatch(self) -> None:
        self._fail_hopeless()
        if self._waiting:
            self._crew.start_missing()
        for renderer, running in self._crew.running:
            if not running.task.wanted_by:
                renderer.stop()
        while (choice := self._choose()) is not None:
            self._begin(*choice)
        self._make_way()
        self._crew.watch()

    def _choose(self) -> tuple[Renderer, Task, int] | None:
        """Return who does what next, and the descriptor of its document."""
        idle = self._crew.idle
        ready = [
            (task, descriptor)
            for task in self._waiting
            if (descriptor := task.document.file.descriptor) is not None
        ]
        if not idle or not ready:
            return None
        task, descriptor = min(ready, key=lambda pair: (pair[0].priority, pair[0].number))
        if task.priority >= Priority.THUMBNAIL and len(idle) == 1 < self._crew.count:
            return None
        return max(idle, key=lambda renderer: renderer.knows(task)), task, descriptor

    def _begin(self, renderer: Renderer, task: Task, descriptor: int) -> None:
        self._waiting.remove(task)
        block = None
        if isinstance(task.job, RenderJob):
            try:
                block = self._memory.take(task.job.width * task.job.height)
            except OSError as error:
                self._fail(task, AppError(ErrorCode.PAGE_UNREADABLE, f"no memory: {error}"))
                return
        if not renderer.begin(task, descriptor, block):
            self._crew.replace_broken(renderer, "it does not listen")

    def _make_way(self) -> None:
        """Stop something less urgent when a visible job waits and every process is busy."""
        running = self._crew.running
        visible = sum(
            task.priority == Priority.VISIBLE and task.document.file.descriptor is not None
            for task in self._waiting
        )
        visible -= sum(job.is_stopping for _renderer, job in running)
        can_go = [
            (job.task.priority, place, renderer)
            for place, (renderer, job) in enumerate(running)
            if not job.is_stopping and job.task.priority > Priority.VISIBLE
        ]
        can_go.sort(reverse=True)
        for _priority, _place, renderer in can_go[: max(0, visible)]:
            renderer.stop()

    def _fail_hopeless(self) -> None:
        """Give up at once on sheets that broke two processes, and files that do not open."""
        for task in tuple(self._waiting):
            error = task.document.file.error
            if error is None and task.is_hopeless:
                error = AppError(ErrorCode.PAGE_UNREADABLE, "given up before")
            if error is not None:
                self._waiting.remove(task)
                self._fail(task, error)

    def _same(self, document: OpenDocument, job: Job) -> Task | None:
        return next((t for t in self._tasks() if t.job == job and t.document is document), None)

    def _tasks(self) -> list[Task]:
        return [*self._waiting, *(running.task for _renderer, running in self._crew.running)]

    def _leave(self, task: Task, ticket: Ticket) -> None:
        task.wanted_by = [entry for entry in task.wanted_by if entry[0] is not ticket]
        if not task.wanted_by and task in self._waiting:
            self._waiting.remove(task)
        # One that runs is stopped at the next turn: perhaps it is asked for again until then.
        self.has_hands()
