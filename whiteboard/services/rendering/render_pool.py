"""The board's end of the render processes: asks that never wait, answers on the UI thread.

What is open and what may be asked of it; `render_queue` says which process does what and
when, `render_crew` keeps them going, `long_run` has the jobs with a process of their own.

Figures and reasons: docs/decisions/render-workers.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from whiteboard.model.document import DocumentInfo, Hit, Link, Word
from whiteboard.services.rendering.call_queue import CallQueue
from whiteboard.services.rendering.document_files import DocumentFiles
from whiteboard.services.rendering.long_run import LongRun, RunRequest
from whiteboard.services.rendering.render_answers import (
    parse_info,
    parse_links,
    parse_nothing,
    parse_words,
)
from whiteboard.services.rendering.render_crew import SHUTDOWN_S
from whiteboard.services.rendering.render_protocol import (
    Json,
    LinksJob,
    OpenJob,
    RenderJob,
    Source,
    WordsJob,
)
from whiteboard.services.rendering.render_queue import RenderQueue
from whiteboard.services.rendering.render_search import Search, Wanted
from whiteboard.services.rendering.render_tasks import OpenDocument, Priority, Ticket
from whiteboard.services.rendering.worker_process import WorkerProcess

__all__ = ["PIXELS_MAX", "RUN_TIMEOUT_S", "Priority", "RenderPool", "Ticket"]

PIXELS_MAX: Final = 64 << 20
"""No picture is larger: 8192 x 8192."""
RUN_TIMEOUT_S: Final = 120.0
JOB_PACKAGE: Final = "whiteboard.services."
"""Where the functions of long jobs are."""
_DIRECT: Final = Qt.FindChildOption.FindDirectChildrenOnly

_log = structlog.get_logger(__name__)


class RenderPool(QObject):
    """Renders, reads and searches documents in processes of its own. UI thread alone.

    The processes are started by the first ask, or earlier by `warm_up`.

    Args:
        workers: How many, >= 1. One of two is always kept for what is visible or next.
        job_package: Package of the functions that `run` may run, with a dot at the end.

    Raises:
        ValueError: there are no workers.
    """

    def __init__(self, workers: int = 2, job_package: str = JOB_PACKAGE) -> None:
        super().__init__()
        if workers < 1:
            raise ValueError(f"{workers} workers")
        self._job_package = job_package
        self._documents: dict[str, OpenDocument] = {}
        self._runs: list[LongRun] = []
        self._is_over = False
        self._posts = CallQueue(self)
        self._queue = RenderQueue(workers, self._posts, self)
        self._files = DocumentFiles(self._queue.has_hands, self)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that are there, for tests and figures."""
        return tuple(renderer.process.pid for renderer in self._queue.crew.renderers)

    @property
    def ready(self) -> int:
        """How many processes are ready."""
        return sum(renderer.is_ready for renderer in self._queue.crew.renderers)

    @property
    def waiting(self) -> int:
        """How many jobs wait or run."""
        return self._queue.open_jobs

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self._queue.crew.running)

    @property
    def busy_process_ids(self) -> tuple[int, ...]:
        """The processes that do a job, for tests and figures."""
        return tuple(renderer.process.pid for renderer, _job in self._queue.crew.running)

    def warm_up(self) -> None:
        """Start the processes now; returns at once."""
        self._queue.crew.forgive()

    # What is open: every ask of what is not ends in NOT_FOUND --------------------------------

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
            path: The file. It is opened now and kept open until `close`, whatever becomes of
                its name.
            on_done: Gets the outcome: DOCUMENT_ENCRYPTED, DOCUMENT_STILL_ENCRYPTED after a
                wrong password, DOCUMENT_DAMAGED, DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE,
                NOT_FOUND, UNKNOWN_FORMAT for what is no file.
            password: Empty for none.

        Raises:
            RuntimeError: the pool was shut down.
        """
        opened = self._learn(document, path, password)
        return self._queue.ask(
            opened,
            OpenJob(opened.source),
            Priority.VISIBLE,
            lambda value: parse_info(document, value),
            on_done,
        )

    def know(self, document: str, path: Path, password: str = "") -> None:
        """Say where a document is of which it is known already what it is; else as `open`.

        Raises:
            RuntimeError: the pool was shut down.
        """
        self._learn(document, path, password)

    def password(self, document: str) -> str:
        """Return what a document was opened with; empty for none, or when it is not open."""
        known = self._documents.get(document)
        return "" if known is None else known.source.password

    def close(self, document: str) -> None:
        """Let go of a document; what is asked of it is cancelled."""
        if self._documents.pop(document, None) is not None:
            self._queue.forget(document)

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
            ValueError: the area is empty or has more than `PIXELS_MAX` px, or the scale is
                not above 0.
        """
        if scale <= 0.0 or area.isEmpty() or area.width() * area.height() > PIXELS_MAX:
            raise ValueError(f"cannot render {area} at scale {scale}")
        opened = self._known(document)
        if opened is None:
            return self._refuse(document, on_done)
        job = RenderJob(
            opened.source,
            number,
            turns % 4,
            scale,
            area.left(),
            area.top(),
            area.width(),
            area.height(),
        )
        return self._queue.ask(opened, job, priority, _no_value, on_done)

    def words(
        self,
        document: str,
        number: int,
        on_done: Callable[[tuple[Word, ...] | AppError], None],
        priority: Priority = Priority.NEXT,
    ) -> Ticket:
        """Ask for the words of a sheet, in the order of its text."""
        opened = self._known(document)
        if opened is None:
            return self._refuse(document, on_done)
        job = WordsJob(opened.source, number)
        return self._queue.ask(opened, job, priority, parse_words, on_done)

    def links(
        self,
        document: str,
        number: int,
        on_done: Callable[[tuple[Link, ...] | AppError], None],
        priority: Priority = Priority.NEXT,
    ) -> Ticket:
        """Ask for the links of a sheet; those into files of the display are left out."""
        opened = self._known(document)
        if opened is None:
            return self._refuse(document, on_done)
        job = LinksJob(opened.source, number)
        return self._queue.ask(opened, job, priority, parse_links, on_done)

    def search(
        self,
        document: str,
        query: str,
        on_hits: Callable[[tuple[Hit, ...]], None],
        on_done: Callable[[AppError | None], None],
        first: int = 0,
        on_more: Callable[[int], None] | None = None,
    ) -> Ticket:
        """Look for text in all sheets; upper case, full width and line ends do not matter.

        Args:
            document: Its id, as opened.
            query: What to look for; nothing is found for an empty one.
            on_hits: Gets hits as they are found, several times.
            on_done: Called at the end, with an error when the document cannot be read.
            first: Sheet to begin with; the ones before it come last.
            on_more: Called before `on_done` when the search ended early, at
                `render_search.HITS_MAX` hits, with the sheet it would go on with.
        """
        wanted = Wanted(query, first, on_hits, on_done, on_more)
        opened = self._known(document)
        if opened is None:
            return self._refuse(document, on_done)
        return Search(self._queue, self._posts, opened, wanted).start()

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

        The process can read the files its arguments name and what the system has for all,
        write where `long_job` says, and has no network.

        Args:
            function: "whiteboard.services.module:function", or one of `job_package`; it
                gets `progress` (a callable for 0 to 1) and the arguments by name, and
                returns what JSON can say.
            arguments: What JSON can say; paths as text.
            on_done: Gets what the function returned, the `AppError` it raised, TOOK_TOO_LONG,
                or `failure` when it ended in another way.
            on_progress: Gets 0 to 1.
            timeout_s: It is killed when it takes longer.
            failure: What to tell people when it breaks.
        """
        request = RunRequest(self._job_package, function, arguments, timeout_s, failure)
        run = LongRun(request, on_done, on_progress, self._run_ended, self._posts, self)
        self._runs.append(run)
        run.start()
        return run.ticket

    def shutdown(self) -> None:
        """Kill the processes and wait until they are gone, 2 s at most. Nothing is called back.

        Calling it again does nothing.
        """
        if self._is_over:
            return
        self._is_over = True
        self._posts.shutdown()
        self._files.shutdown()
        for run in tuple(self._runs):
            run.end()
        # Those of runs that ended just now may still be about to go.
        until_s = time.monotonic() + SHUTDOWN_S
        for process in self.findChildren(WorkerProcess, options=_DIRECT):
            if not process.wait_reaped(until_s):
                _log.warning("a long job does not end", pid=process.pid)
        self._queue.shutdown()
        self._documents.clear()

    def _learn(self, document: str, path: Path, password: str) -> OpenDocument:
        source = Source(document, os.path.abspath(path), password)  # noqa: PTH100  (keeps ..)
        if self._is_over:
            raise RuntimeError("the pool was shut down")
        opened = OpenDocument(source, self._files.open(source.path))
        self._documents[document] = opened
        return opened

    def _refuse(self, document: str, on_done: Callable[[AppError], None]) -> Ticket:
        """Answer what is asked of a document that is not open; later, as every answer."""
        ticket = Ticket(lambda _ticket: None)
        error = AppError(ErrorCode.NOT_FOUND, f"{document} is not open")
        self._posts.post(lambda: on_done(error) if ticket.close() else None)
        return ticket

    def _known(self, document: str) -> OpenDocument | None:
        """Return a document; a file that could not be opened is tried again."""
        opened = self._documents.get(document)
        if opened is not None and opened.file.error is not None and not self._is_over:
            opened.file = self._files.open(opened.source.path)
        return opened

    def _run_ended(self, run: LongRun) -> None:
        if run in self._runs:
            self._runs.remove(run)


def _no_value(value: Mapping[str, Json]) -> Any:  # noqa: ANN401  (a picture takes its place)
    return parse_nothing(value)
