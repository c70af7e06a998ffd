"""The board's end of the render processes: asks that never wait, answers on the UI thread.

Each process does one job at a time; what waits stays here, sorted by priority, and goes when
its ticket is cancelled. A job that runs and is wanted no more, or that keeps a visible one
waiting, is stopped through memory that the process shares. A process that crashes, hangs or
talks nonsense is killed and replaced; its job is tried once more in another one, and when
that fails too the sheet is given up (PAGE_UNREADABLE) until its document is opened again.

Figures and reasons: docs/decisions/render-workers.md.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import structlog
from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from whiteboard.model.document import DocumentInfo, Hit, Link, Word
from whiteboard.services.pixel_memory import Block, PixelMemory
from whiteboard.services.render_answers import (
    parse_count,
    parse_hits,
    parse_info,
    parse_links,
    parse_nothing,
    parse_words,
)
from whiteboard.services.render_protocol import (
    ABORT_AT,
    CONTROL_BYTES,
    PROGRESS_AT,
    Answer,
    CloseJob,
    Job,
    Json,
    LinksJob,
    OpenJob,
    ProtocolError,
    RenderJob,
    SearchJob,
    Source,
    WordsJob,
    pack_job,
    pack_message,
    parse_answer,
)
from whiteboard.services.worker_process import Message, WorkerProcess

STALL_S: Final = 4.0
"""A job that has not moved for so long hangs."""
TOTAL_S: Final = 9.0
"""No job takes longer, even if it moves: by then a person wants a sentence, not a page."""
START_S: Final = 15.0
"""A process that is not ready by then is replaced; it takes 0.2 s on an idle machine."""
CHECK_MS: Final = 250
ATTEMPTS: Final = 2
RECYCLE_BYTES: Final = 200 << 20
"""A process that keeps more after a job, with its caches emptied, is replaced."""
FAILED_STARTS_MAX: Final = 3
"""After so many in a row what waits is given up; the next ask tries again."""
RESTART_PAUSE_MS: Final = 250
RESTART_PAUSE_MAX_MS: Final = 30_000
PIXELS_MAX: Final = 64 << 20
"""No picture is larger: 8192 x 8192."""
SEARCH_SLICE_S: Final = 0.05
RECENT_SHEETS: Final = 4
"""A process keeps what it knows of so many sheets (`sheet_document.LISTS_KEPT`)."""
RUN_TIMEOUT_S: Final = 120.0
SHUTDOWN_S: Final = 2.0

WORKER_MODULE: Final = "whiteboard.services.render_worker"
JOB_MODULE: Final = "whiteboard.services.long_job"

_INT32: Final = struct.Struct("@i")

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
Parse: TypeAlias = Callable[[Mapping[str, Json]], _T]


class Priority(IntEnum):
    """What is done first. THUMBNAIL and BACKGROUND never take the last free process."""

    VISIBLE = 0
    NEXT = 1
    THUMBNAIL = 2
    BACKGROUND = 3


class Ticket:
    """What was asked for; UI thread."""

    def __init__(self, on_cancel: Callable[[Ticket], None]) -> None:
        self._on_cancel: Callable[[Ticket], None] | None = on_cancel

    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self._on_cancel is not None

    def cancel(self) -> None:
        """Want it no more: no callback is called after this. Calling it again does nothing."""
        on_cancel, self._on_cancel = self._on_cancel, None
        if on_cancel is not None:
            on_cancel(self)

    def close(self) -> bool:
        """Return whether an answer may be given, and let it be the last."""
        was_open, self._on_cancel = self.is_open(), None
        return was_open


@dataclass(slots=True, eq=False)
class _Task:
    """A job that waits or runs, and who wants its outcome."""

    number: int
    job: Job
    priority: Priority
    parse: Parse[Any]
    wanted_by: list[tuple[Ticket, Callable[[Any], None]]]
    attempts: int = 0

    @property
    def source(self) -> Source | None:
        return None if isinstance(self.job, CloseJob) else self.job.source

    @property
    def sheet(self) -> tuple[str, int] | None:
        """Document and sheet, for jobs that are about one."""
        if isinstance(self.job, RenderJob | WordsJob | LinksJob):
            return self.job.source.document, self.job.number
        return None


@dataclass(slots=True, eq=False)
class _Running:
    """A job in a process."""

    task: _Task
    block: Block | None
    began_s: float
    moved_s: float
    progress: int = 0
    is_stopping: bool = False


@dataclass(slots=True)
class _Known:
    """A document that is open."""

    source: Source
    unreadable: set[int] = field(default_factory=set)


class RenderPool(QObject):
    """Renders, reads and searches documents in processes of its own. UI thread alone.

    The processes are started by the first ask, or earlier by `warm_up`.

    Args:
        workers: How many, >= 1. One of two is always kept for what is visible or next.

    Raises:
        ValueError: there are no workers.
    """

    def __init__(self, workers: int = 2) -> None:
        super().__init__()
        if workers < 1:
            raise ValueError(f"{workers} workers")
        self._count = workers
        self._memory = PixelMemory()
        self._documents: dict[str, _Known] = {}
        self._queue: list[_Task] = []
        self._workers: list[_Worker] = []
        self._runs: list[_Run] = []
        self._numbers = 0
        self._failed_starts = 0
        self._is_over = False
        self._posted: deque[Callable[[], None]] = deque()
        self._post_timer = self._timer(0, self._deliver_posted)
        self._dispatch_timer = self._timer(0, self._dispatch)
        self._restart_timer = self._timer(RESTART_PAUSE_MS, self._start_missing)
        self._check_timer = self._timer(CHECK_MS, self._check, single=False)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that are there, for tests and figures."""
        return tuple(worker.process.pid for worker in self._workers)

    @property
    def ready(self) -> int:
        """How many processes are ready."""
        return sum(worker.is_ready for worker in self._workers)

    @property
    def waiting(self) -> int:
        """How many jobs wait or run."""
        return len(self._queue) + sum(w.running is not None for w in self._workers)

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self.busy_process_ids)

    @property
    def busy_process_ids(self) -> tuple[int, ...]:
        """The processes that do a job, for tests and figures."""
        return tuple(w.process.pid for w in self._workers if w.running is not None)

    def warm_up(self) -> None:
        """Start the processes now; returns at once."""
        self._failed_starts = 0
        self._start_missing()

    def open(
        self,
        document: str,
        path: Path,
        on_done: Callable[[DocumentInfo | AppError], None],
        password: str = "",
    ) -> Ticket:
        """Say where a document is, and find out what it is.

        The other asks may follow at once, before the answer. Opened again, under a new path
        or with a password, it replaces what was known under this id; sheets that were given
        up are tried again.

        Args:
            document: Its id, or any other text that stands for it for the time being.
            path: The file. It is read when a process needs it, so it has to stay.
            on_done: Gets the outcome: DOCUMENT_ENCRYPTED, DOCUMENT_STILL_ENCRYPTED after a
                wrong password, DOCUMENT_DAMAGED, DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE,
                NOT_FOUND, UNKNOWN_FORMAT for what is no file.
            password: Empty for none.
        """
        source = Source(document, os.path.abspath(path), password)  # noqa: PTH100  (keeps ..)
        self._documents[document] = _Known(source)
        return self.ask(
            OpenJob(source),
            Priority.VISIBLE,
            lambda value: parse_info(document, value),
            on_done,
        )

    def password(self, document: str) -> str:
        """Return what a document was opened with; empty for none, or when it is not open."""
        known = self._documents.get(document)
        return "" if known is None else known.source.password

    def close(self, document: str) -> None:
        """Let go of a document; what is asked of it is cancelled."""
        if self._documents.pop(document, None) is None:
            return
        for task in self._tasks():
            if task.source is not None and task.source.document == document:
                for ticket, _on_done in tuple(task.wanted_by):
                    ticket.cancel()
        for worker in self._workers:
            worker.forget(document)

    def render(
        self,
        document: str,
        number: int,
        turns: int,
        scale: float,
        area: QRect,
        priority: Priority,
        on_done: Callable[[QImage | AppError], None],
    ) -> Ticket:
        """Ask for the pixels of a part of a sheet.

        What was asked for already, and is not there yet, is not painted twice.

        Args:
            document: Its id, as opened.
            number: Sheet, from 0.
            turns: Quarter turns clockwise, any whole number.
            scale: Device px per pt, > 0.
            area: The part, in px of the turned sheet at that scale; what lies outside the
                sheet is white.
            priority: How soon.
            on_done: Gets the picture, RGB32, of the area's size, or PAGE_UNREADABLE or what
                `open` says. The picture's pixels go back when its last copy ends.

        Raises:
            KeyError: the document is not open.
            ValueError: the area is empty or has more than `PIXELS_MAX` px, or the scale is
                not above 0.
        """
        if scale <= 0.0 or area.isEmpty() or area.width() * area.height() > PIXELS_MAX:
            raise ValueError(f"cannot render {area} at scale {scale}")
        job = RenderJob(
            self._documents[document].source,
            number,
            turns % 4,
            scale,
            area.left(),
            area.top(),
            area.width(),
            area.height(),
        )
        return self._ask(job, priority, parse_nothing, on_done)

    def words(
        self,
        document: str,
        number: int,
        on_done: Callable[[tuple[Word, ...] | AppError], None],
        priority: Priority = Priority.NEXT,
    ) -> Ticket:
        """Ask for the words of a sheet, in the order of its text.

        Raises:
            KeyError: the document is not open.
        """
        job = WordsJob(self._documents[document].source, number)
        return self.ask(job, priority, parse_words, on_done)

    def links(
        self,
        document: str,
        number: int,
        on_done: Callable[[tuple[Link, ...] | AppError], None],
        priority: Priority = Priority.NEXT,
    ) -> Ticket:
        """Ask for the links of a sheet; those into files of the display are left out.

        Raises:
            KeyError: the document is not open.
        """
        job = LinksJob(self._documents[document].source, number)
        return self.ask(job, priority, parse_links, on_done)

    def search(
        self,
        document: str,
        query: str,
        on_hits: Callable[[tuple[Hit, ...]], None],
        on_done: Callable[[AppError | None], None],
        first: int = 0,
    ) -> Ticket:
        """Look for text in all sheets; upper case, full width and line ends do not matter.

        Args:
            document: Its id, as opened.
            query: What to look for; nothing is found for an empty one.
            on_hits: Gets hits as they are found, several times.
            on_done: Called at the end, with an error when the document cannot be read.
            first: Sheet to begin with; the ones before it come last.

        Raises:
            KeyError: the document is not open.
        """
        known = self._documents[document]
        search = _Search(self, known.source, query, on_hits, on_done, first)
        return search.start()

    def run(
        self,
        function: str,
        arguments: Mapping[str, Json],
        on_done: Callable[[Json | AppError], None],
        on_progress: Callable[[float], None] | None = None,
        timeout_s: float = RUN_TIMEOUT_S,
        failure: ErrorCode = ErrorCode.EXPORT_FAILED,
    ) -> Ticket:
        """Run a function in a process of its own, which is killed on cancel.

        Args:
            function: "whiteboard.services.module:function"; it gets `progress` (a callable
                for 0 to 1) and the arguments by name, and returns what JSON can say.
            arguments: What JSON can say; paths as text.
            on_done: Gets what the function returned, the `AppError` it raised, TOOK_TOO_LONG,
                or `failure` when it ended in another way.
            on_progress: Gets 0 to 1.
            timeout_s: It is killed when it takes longer.
            failure: What to tell people when it breaks.
        """
        run = _Run(self, on_done, on_progress, failure)
        self._runs.append(run)
        run.start(function, arguments, timeout_s)
        return run.ticket

    def shutdown(self) -> None:
        """Kill the processes and wait until they are gone, 2 s at most. Nothing is called back.

        Calling it again does nothing.
        """
        if self._is_over:
            return
        self._is_over = True
        for timer in (
            self._post_timer,
            self._dispatch_timer,
            self._restart_timer,
            self._check_timer,
        ):
            timer.stop()
        self._posted.clear()
        for task in self._tasks():
            for ticket, _on_done in task.wanted_by:
                ticket.close()
        self._queue.clear()
        for run in tuple(self._runs):
            run.end()
        self._runs.clear()
        processes = self.findChildren(WorkerProcess)
        for process in processes:
            process.kill()
        until_s = time.monotonic() + SHUTDOWN_S
        for process in processes:
            if not process.wait_reaped(until_s):
                _log.warning("a render process does not end", pid=process.pid)
        for worker in self._workers:
            worker.drop(self._memory)
        self._workers.clear()
        self._documents.clear()
        self._memory.shutdown()

    def post(self, call: Callable[[], None]) -> None:
        """Call something at the next turn of the event loop."""
        if not self._is_over:
            self._posted.append(call)
            self._post_timer.start()

    def run_ended(self, run: _Run) -> None:
        """Forget a long job that has ended."""
        if run in self._runs:
            self._runs.remove(run)

    # Asking -------------------------------------------------------------------------------

    def ask(
        self,
        job: Job,
        priority: Priority,
        parse: Parse[_T],
        on_done: Callable[[_T | AppError], None],
    ) -> Ticket:
        """Ask for a job that paints nothing.

        Args:
            job: What to do.
            priority: How soon.
            parse: Checks the answer; a `ProtocolError` means the process is not itself.
            on_done: Gets what `parse` returned, or an error.

        Raises:
            RuntimeError: the pool was shut down.
        """
        return self._ask(job, priority, parse, on_done)

    def _ask(
        self,
        job: Job,
        priority: Priority,
        parse: Parse[Any],
        on_done: Callable[[Any], None],
    ) -> Ticket:
        if self._is_over:
            raise RuntimeError("the pool was shut down")
        task = next((task for task in self._tasks() if task.job == job), None)
        if task is None:
            self._numbers += 1
            task = _Task(self._numbers, job, priority, parse, [])
            self._queue.append(task)
        ticket = Ticket(lambda ticket: self._leave(task, ticket))
        task.wanted_by.append((ticket, on_done))
        task.priority = min(task.priority, priority)
        self._dispatch_timer.start()
        return ticket

    def _leave(self, task: _Task, ticket: Ticket) -> None:
        task.wanted_by = [entry for entry in task.wanted_by if entry[0] is not ticket]
        if not task.wanted_by and task in self._queue:
            self._queue.remove(task)
        # One that runs is stopped at the next turn: perhaps it is asked for again until then.
        if not self._is_over:
            self._dispatch_timer.start()

    def _tasks(self) -> list[_Task]:
        running = [w.running.task for w in self._workers if w.running is not None]
        return [*self._queue, *running]

    # Dispatching --------------------------------------------------------------------------

    def _dispatch(self) -> None:
        self._fail_known()
        if self._queue:
            self._start_missing()
        self._stop_unwanted()
        while (choice := self._choose()) is not None:
            self._begin(*choice)
        self._make_way()
        if any(not w.is_ready or w.running is not None for w in self._workers):
            if not self._check_timer.isActive():
                self._check_timer.start()
        else:
            self._check_timer.stop()

    def _choose(self) -> tuple[_Worker, _Task] | None:
        idle = [w for w in self._workers if w.is_idle]
        if not idle or not self._queue:
            return None
        task = min(self._queue, key=lambda task: (task.priority, task.number))
        if task.priority >= Priority.THUMBNAIL and len(idle) == 1 < self._count:
            return None
        return max(idle, key=lambda worker: worker.knows(task)), task

    def _begin(self, worker: _Worker, task: _Task) -> None:
        self._queue.remove(task)
        block = None
        if isinstance(task.job, RenderJob):
            try:
                block = self._memory.take(task.job.width * task.job.height)
            except OSError as error:
                self._fail(task, AppError(ErrorCode.PAGE_UNREADABLE, f"no memory: {error}"))
                return
        if not worker.begin(task, block):
            self._broke(worker, "it does not listen")

    def _stop_unwanted(self) -> None:
        for worker in self._workers:
            if worker.running is not None and not worker.running.task.wanted_by:
                worker.stop()

    def _make_way(self) -> None:
        """Stop something less urgent when a visible job waits and every process is busy."""
        visible = sum(task.priority == Priority.VISIBLE for task in self._queue)
        busy = [w for w in self._workers if w.running is not None]
        visible -= sum(w.running is not None and w.running.is_stopping for w in busy)
        can_go = [
            w
            for w in busy
            if w.running is not None
            and not w.running.is_stopping
            and w.running.task.priority > Priority.VISIBLE
        ]
        can_go.sort(key=lambda w: w.running.task.priority if w.running else 0, reverse=True)
        for worker in can_go[: max(0, visible)]:
            worker.stop()

    def _fail_known(self) -> None:
        """Give up at once on sheets that have broken two processes."""
        for task in tuple(self._queue):
            if task.sheet is None:
                continue
            document, number = task.sheet
            known = self._documents.get(document)
            if known is not None and number in known.unreadable:
                self._queue.remove(task)
                self._fail(task, AppError(ErrorCode.PAGE_UNREADABLE, "given up before"))

    # Answers ------------------------------------------------------------------------------

    def answered(self, worker: _Worker, answer: Answer) -> None:
        """Take an answer from a process."""
        running = worker.running
        if running is None or running.task.number != answer.number:
            raise ProtocolError(f"an answer to job {answer.number}, which nobody asked")
        outcome: object = None
        if answer.value is not None:
            outcome = running.task.parse(answer.value)
        worker.running = None
        self._dispatch_timer.start()
        if answer.memory_bytes > RECYCLE_BYTES:
            _log.info("a render process has grown", megabytes=answer.memory_bytes >> 20)
            self._replace(worker)
        task, block = running.task, running.block
        if answer.was_stopped and task.wanted_by:
            self._queue.append(task)
        if answer.error is not None:
            outcome = AppError(answer.error, answer.detail)
        if block is not None:
            outcome = self._picture(task, block) if answer.value is not None else outcome
            if not isinstance(outcome, QImage):
                self._memory.give_back(block)
        if not answer.was_stopped:
            self._tell(task, outcome)

    def became_ready(self, worker: _Worker) -> None:
        """Take notice of a process that is ready."""
        self._failed_starts = 0
        _log.debug("a render process is ready", pid=worker.process.pid)
        self._dispatch_timer.start()

    def ended(self, worker: _Worker, reason: str) -> None:
        """Take notice of a process that has ended."""
        self._broke(worker, reason)

    def _picture(self, task: _Task, block: Block) -> QImage | None:
        if not task.wanted_by or not isinstance(task.job, RenderJob):
            return None
        return self._memory.picture(block, task.job.width, task.job.height)

    def _fail(self, task: _Task, error: AppError) -> None:
        self.post(lambda: self._tell(task, error))

    def _tell(self, task: _Task, outcome: object) -> None:
        wanted_by, task.wanted_by = task.wanted_by, []
        for ticket, on_done in wanted_by:
            if ticket.close():
                on_done(outcome)

    def _deliver_posted(self) -> None:
        for _call in range(len(self._posted)):
            if self._posted:
                self._posted.popleft()()
        if self._posted:
            self._post_timer.start()

    # Processes ----------------------------------------------------------------------------

    def _start_missing(self) -> None:
        if self._is_over or self._restart_timer.isActive():
            return
        while len(self._workers) < self._count:
            try:
                self._workers.append(_Worker(self))
            except OSError as error:
                self._start_failed(str(error))
                return
        self._check_timer.start()

    def _start_failed(self, reason: str) -> None:
        self._failed_starts += 1
        _log.warning("a render process cannot start", reason=reason)
        if self._failed_starts < FAILED_STARTS_MAX or self._workers:
            pause_ms = min(RESTART_PAUSE_MS << self._failed_starts, RESTART_PAUSE_MAX_MS)
            self._restart_timer.start(pause_ms)
            return
        self._failed_starts = 0
        queue, self._queue = self._queue, []
        for task in queue:
            self._fail(task, AppError(ErrorCode.PAGE_UNREADABLE, f"no process: {reason}"))

    def _broke(self, worker: _Worker, reason: str, may_retry: bool = True) -> None:
        """Replace a process; try its job again or give it up."""
        running, was_ready = worker.running, worker.is_ready
        worker.running = None
        self._workers.remove(worker)
        worker.process.kill()
        worker.drop(self._memory)
        if running is not None:
            if running.block is not None:
                # The process may paint for a moment yet; nobody else gets this memory.
                running.block.drop()
            self._retry(running.task, reason, may_retry)
        if was_ready:
            if running is None:
                _log.warning("an idle render process ended", reason=reason)
            self._start_missing()
        else:
            self._start_failed(reason)
        self._dispatch_timer.start()

    def _retry(self, task: _Task, reason: str, may_retry: bool) -> None:
        task.attempts += 1
        job = type(task.job).__name__
        if not task.wanted_by:
            return
        _log.warning("a render process broke", job=job, sheet=task.sheet, reason=reason)
        if may_retry and task.attempts < ATTEMPTS:
            task.job = _gentler(task.job)
            self._queue.append(task)
            return
        code = ErrorCode.PAGE_UNREADABLE
        if isinstance(task.job, OpenJob):
            code = ErrorCode.DOCUMENT_DAMAGED
        if task.sheet is not None and task.sheet[0] in self._documents:
            self._documents[task.sheet[0]].unreadable.add(task.sheet[1])
        self._fail(task, AppError(code, reason))

    def _replace(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.retire()
        worker.drop(self._memory)
        self._start_missing()

    def _check(self) -> None:
        """Kill what hangs."""
        for worker in tuple(self._workers):
            # What has arrived while this thread was busy is no fault of the process.
            worker.process.read()
            if worker not in self._workers:
                continue
            now_s = time.monotonic()
            fault = worker.fault(now_s)
            if fault:
                self._broke(worker, fault.reason, fault.may_retry)
        self._dispatch_timer.start()

    def _timer(self, interval_ms: int, slot: Callable[[], None], single: bool = True) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(single)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer


@dataclass(frozen=True, slots=True)
class _Fault:
    reason: str
    may_retry: bool


class _Worker:
    """A render process, its control memory and what it does."""

    def __init__(self, pool: RenderPool) -> None:
        self._pool = pool
        self.is_ready = False
        self.running: _Running | None = None
        self._recent: deque[tuple[str, int]] = deque(maxlen=RECENT_SHEETS)
        self._started_s = time.monotonic()
        descriptor = os.memfd_create("control", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, CONTROL_BYTES)
            self._control = mmap.mmap(descriptor, CONTROL_BYTES)
            self.process = WorkerProcess(
                WORKER_MODULE, [descriptor], self._take, self._ended, pool
            )
        finally:
            os.close(descriptor)

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.running is None

    def knows(self, task: _Task) -> tuple[bool, bool]:
        """Return whether it has seen the sheet, and the document, of a task."""
        source = task.source
        return (
            task.sheet is not None and task.sheet in self._recent,
            source is not None and any(seen[0] == source.document for seen in self._recent),
        )

    def begin(self, task: _Task, block: Block | None) -> bool:
        """Hand over a job; return False when the process does not take it."""
        now_s = time.monotonic()
        _INT32.pack_into(self._control, ABORT_AT, 0)
        self.running = _Running(task, block, now_s, now_s)
        sheet = task.sheet or ((task.source.document, -1) if task.source else None)
        if sheet is not None and sheet not in self._recent:
            self._recent.append(sheet)
        descriptors = [block.descriptor] if block is not None else []
        return self.process.send(pack_job(task.number, task.job), descriptors)

    def stop(self) -> None:
        """Stop the job that runs; it is answered soon."""
        if self.running is not None and not self.running.is_stopping:
            self.running.is_stopping = True
            _INT32.pack_into(self._control, ABORT_AT, 1)

    def forget(self, document: str) -> None:
        """Let the process close a document."""
        if self.is_ready:
            self.process.send(pack_job(0, CloseJob(document)))

    def fault(self, now_s: float) -> _Fault | None:
        """Return what is wrong with the process, if anything is."""
        if not self.is_ready:
            late = now_s - self._started_s > START_S
            return _Fault("it does not get ready", may_retry=True) if late else None
        running = self.running
        if running is None:
            return None
        progress = self._progress(running.task)
        if progress != running.progress:
            running.progress, running.moved_s = progress, now_s
        if now_s - running.moved_s > STALL_S:
            return _Fault("it hangs", may_retry=True)
        if now_s - running.began_s > TOTAL_S:
            return _Fault("it takes too long", may_retry=False)
        return None

    def _progress(self, task: _Task) -> int:
        """Return a number that changes while the process gets on with a job."""
        if isinstance(task.job, OpenJob):
            # Repairing a large file on a slow stick is mostly reading.
            return self.process.bytes_read()
        (progress,) = _INT32.unpack_from(self._control, PROGRESS_AT)
        return int(progress)

    def drop(self, memory: PixelMemory) -> None:
        """Let go of the control memory, and of a block when the process is gone."""
        if self.running is not None and self.running.block is not None:
            memory.give_back(self.running.block)
            self.running = None
        self._control.close()

    def _take(self, message: Message) -> None:
        if not self.is_ready:
            if message.get("ready") != self.process.pid:
                raise ProtocolError("it said something before it was ready")
            self.is_ready = True
            self._pool.became_ready(self)
            return
        self._pool.answered(self, parse_answer(message))

    def _ended(self, reason: str) -> None:
        self._pool.ended(self, reason)


class _Search:
    """A search, in slices so short that a page turn does not wait for it."""

    def __init__(
        self,
        pool: RenderPool,
        source: Source,
        query: str,
        on_hits: Callable[[tuple[Hit, ...]], None],
        on_done: Callable[[AppError | None], None],
        first: int,
    ) -> None:
        self._pool = pool
        self._source = source
        self._query = query
        self._on_hits = on_hits
        self._on_done = on_done
        self._first = max(0, first)
        self._is_second_half = False
        self._broken = 0
        self._part: Ticket | None = None
        self._ticket = Ticket(lambda _ticket: self._cancel())

    def start(self) -> Ticket:
        """Begin."""
        if self._query.strip():
            self._ask(self._first)
        else:
            self._pool.post(lambda: self._finish(None))
        return self._ticket

    def _ask(self, number: int) -> None:
        last = self._first if self._is_second_half else _NO_END
        job = SearchJob(self._source, self._query, number, last, SEARCH_SLICE_S)
        self._part = self._pool.ask(
            job, Priority.THUMBNAIL, _parse_found, lambda found: self._take(number, found)
        )

    def _take(self, number: int, found: _Found | AppError) -> None:
        if isinstance(found, AppError):
            self._pass_by(number, found)
            return
        if found.hits:
            self._on_hits(found.hits)
        end = min(self._first, found.sheets) if self._is_second_half else found.sheets
        if not self._ticket.is_open():
            return
        if max(found.reached, number + 1) < end:
            self._ask(max(found.reached, number + 1))
        elif self._first > 0 and not self._is_second_half:
            self._is_second_half = True
            self._ask(0)
        else:
            self._finish(None)

    def _pass_by(self, number: int, error: AppError) -> None:
        """Go on behind a sheet that breaks the process; not for ever."""
        self._broken += 1
        if error.code is not ErrorCode.PAGE_UNREADABLE or self._broken > BROKEN_SHEETS_MAX:
            self._finish(error)
        elif self._ticket.is_open():
            self._ask(number + 1)

    def _finish(self, error: AppError | None) -> None:
        if self._ticket.close():
            self._on_done(error)

    def _cancel(self) -> None:
        if self._part is not None:
            self._part.cancel()


_NO_END: Final = 1 << 30
BROKEN_SHEETS_MAX: Final = 2
"""A search passes by so many sheets that break the process; each costs two of them."""


@dataclass(frozen=True, slots=True)
class _Found:
    hits: tuple[Hit, ...]
    reached: int
    sheets: int


def _parse_found(value: Mapping[str, Json]) -> _Found:
    return _Found(parse_hits(value), parse_count(value, "next"), parse_count(value, "sheets"))


class _Run:
    """A long job in a process of its own."""

    def __init__(
        self,
        pool: RenderPool,
        on_done: Callable[[Json | AppError], None],
        on_progress: Callable[[float], None] | None,
        failure: ErrorCode,
    ) -> None:
        self._pool = pool
        self._on_done = on_done
        self._on_progress = on_progress
        self._failure = failure
        self._process: WorkerProcess | None = None
        self._timer = QTimer(pool)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._take_too_long)
        self.ticket = Ticket(lambda _ticket: self.end())

    def start(self, function: str, arguments: Mapping[str, Json], timeout_s: float) -> None:
        """Start the process; when that fails it is told later."""
        request = pack_message({"function": function, "arguments": dict(arguments)})
        try:
            self._process = WorkerProcess(JOB_MODULE, [], self._take, self._broke, self._pool)
        except OSError as error:
            reason = str(error)
            self._pool.post(lambda: self._broke(reason))
            return
        if not self._process.send(request):
            self._pool.post(lambda: self._broke("it does not listen"))
            return
        self._timer.start(round(timeout_s * 1000.0))

    def end(self) -> None:
        """Kill the process; nothing is called back after this."""
        self.ticket.close()
        self._timer.stop()
        self._timer.deleteLater()
        if self._process is not None:
            self._process.kill()
        self._pool.run_ended(self)

    def _take(self, message: Message) -> None:
        if "progress" in message:
            self._move(message["progress"])
        elif "value" in message:
            self._finish(message["value"])
        elif "error" in message:
            self._finish(_app_error(message))
        else:
            raise ProtocolError("no outcome")

    def _move(self, progress: Json) -> None:
        if not isinstance(progress, int | float):
            raise ProtocolError(f"progress is {progress!r}")
        if self._on_progress is not None and self.ticket.is_open():
            self._on_progress(float(progress))

    def _take_too_long(self) -> None:
        self._finish(AppError(ErrorCode.TOOK_TOO_LONG))

    def _broke(self, reason: str) -> None:
        _log.warning("a long job broke", reason=reason)
        self._finish(AppError(self._failure, reason))

    def _finish(self, outcome: Json | AppError) -> None:
        may_tell = self.ticket.is_open()
        self.end()
        if may_tell:
            self._on_done(outcome)


def _app_error(message: Message) -> AppError:
    try:
        return AppError(ErrorCode(str(message["error"])), str(message.get("detail", "")))
    except ValueError as error:
        raise ProtocolError(f"no error: {message['error']!r}") from error


def _gentler(job: Job) -> Job:
    """Return a job as it is tried the second time."""
    match job:
        case OpenJob():
            # Headings are the likeliest to go in circles, and can be done without.
            return replace(job, with_outline=False)
        case SearchJob():
            # One sheet: then it is known which one breaks the process.
            return replace(job, budget_s=0.0)
        case _:
            return job
