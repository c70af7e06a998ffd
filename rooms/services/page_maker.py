"""Has pages made, one at a time, and keeps the process that makes them alive."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from base.wire import Problem
from rooms.model.page_queue import PageQueue, Urgency
from rooms.model.refusal import Refused
from rooms.services.page_process import PageProcess, ProcessBrokeError
from rooms.services.page_protocol import JobKind, PageAnswer, PageJob, State

TIMEOUT_S: Final = {
    JobKind.OPEN: 10.0,
    JobKind.SHEET: 8.0,
    JobKind.SENTENCE: 8.0,
    JobKind.PHOTO: 20.0,
}
"""Of a processor, see `PageProcess.run`; the slowest sound ones take some 2 s."""
TRIES: Final = 2
"""A process may also have been ended from outside, for its memory say."""
IDLE_S: Final = 600.0
"""A process without anything to do ends, and with it some 85 MB."""
AGAIN_S: Final = 2.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be made.

    Attributes:
        kind: What.
        document: Its SHA-256, 64 hexadecimal digits; empty for none.
        sheet: Which, from 0.
        width: Of the picture, px.
        size_pt: Of the sheet that a sentence stands for.
        file: The file it is made from; None for a sentence.
    """

    kind: JobKind
    document: str = ""
    sheet: int = 0
    width: int = 0
    size_pt: tuple[float, float] = (0.0, 0.0)
    file: Path | None = None


class PageMaker:
    """Makes what is most urgent. One event loop.

    Args:
        on_made: Gets what was made before those who asked for it, if anybody did.
    """

    def __init__(self, on_made: Callable[[Errand, PageAnswer], Awaitable[None]]) -> None:
        self._on_made = on_made
        self._queue: PageQueue[Errand] = PageQueue()
        self._asking: defaultdict[Errand, set[asyncio.Future[PageAnswer]]] = defaultdict(set)
        self._wanted = asyncio.Event()
        self._process: PageProcess | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; the process is started when something is wanted."""
        self._task = asyncio.create_task(self._work(), name="pages")

    async def close(self) -> None:
        """Stop at once. Who still waits is told SLOWED."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._end_process()
        for errand in list(self._asking):
            self._tell(errand, None)

    @property
    def process_id(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def warm_up(self) -> None:
        """See that the process is running: something will be wanted soon.

        It starts faster than most files come in.
        """
        self.want(Errand(JobKind.SENTENCE, width=64), Urgency.NEXT)

    def want(self, errand: Errand, urgency: Urgency) -> None:
        """Have something made some time."""
        self._queue.push(errand, urgency)
        self._wanted.set()

    async def ask(self, errand: Errand) -> PageAnswer:
        """Have something made now.

        Who is cancelled meanwhile no longer counts: it is made some time, or not at all.

        Raises:
            Refused: SLOWED, when it cannot be made now.
        """
        if self._task is None:
            raise Refused(Problem.SLOWED, retry_s=AGAIN_S, detail="closing")
        answer: asyncio.Future[PageAnswer] = asyncio.get_running_loop().create_future()
        self._asking[errand].add(answer)
        self.want(errand, Urgency.ASKED)
        try:
            return await answer
        finally:
            asking = self._asking.get(errand)
            if asking is not None:
                asking.discard(answer)
                if not asking:
                    del self._asking[errand]
                    self._queue.relax(errand, Urgency.REST)

    def forget(self, document: str) -> None:
        """Make nothing more of a document."""
        for errand in self._queue.discard(lambda errand: errand.document == document):
            self._tell(errand, None)

    def give_up(self, document: str, sheet: int) -> None:
        """Make no more of a sheet that cannot be made; who waits for it is told so."""
        for errand in self._queue.discard(
            lambda errand: (
                errand.document == document
                and errand.kind is JobKind.SHEET
                and errand.sheet == sheet
            )
        ):
            self._tell(errand, PageAnswer(State.UNREADABLE, b""))

    def forget_background(self) -> None:
        """Make nothing that nobody asks for: there is no room to keep it."""
        self._queue.discard(lambda errand: errand not in self._asking)

    async def _work(self) -> None:
        while True:
            errand = self._queue.pop()
            if errand is None:
                await self._rest()
                continue
            answer = await self._make(errand)
            if answer is not None:
                await self._hand_on(errand, answer)
            self._tell(errand, answer)

    async def _rest(self) -> None:
        self._wanted.clear()
        try:
            async with asyncio.timeout(IDLE_S if self._process else None):
                await self._wanted.wait()
        except TimeoutError:
            await self._end_process()

    async def _make(self, errand: Errand) -> PageAnswer | None:
        """Return what was made; None when nothing can be made at all."""
        for _try in range(TRIES):
            try:
                process = await self._running()
            except (OSError, ProcessBrokeError):
                _log.exception("the page process does not start")
                self.forget_background()
                return None
            try:
                return await self._run(process, errand)
            except ProcessBrokeError as error:
                self._process = None
                _log.warning(
                    "the page process broke",
                    kind=errand.kind.name, document=errand.document, sheet=errand.sheet,
                    reason=str(error),
                )  # fmt: skip
                if error.is_slow:
                    break
        return PageAnswer(State.UNREADABLE, b"")

    async def _run(self, process: PageProcess, errand: Errand) -> PageAnswer:
        job = PageJob(
            errand.kind, bytes.fromhex(errand.document).ljust(32, b"\0"), errand.sheet,
            errand.width, errand.size_pt,
        )  # fmt: skip
        timeout_s = TIMEOUT_S[errand.kind]
        if errand.file is None:
            return await process.run(job, None, timeout_s)
        try:
            file = os.open(errand.file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return PageAnswer(State.UNREADABLE, b"")
        try:
            return await process.run(job, file, timeout_s)
        finally:
            os.close(file)

    async def _running(self) -> PageProcess:
        if self._process is None:
            self._process = await PageProcess.start()
        return self._process

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _hand_on(self, errand: Errand, answer: PageAnswer) -> None:
        try:
            await self._on_made(errand, answer)
        except Exception:  # noqa: BLE001  (one page that cannot be kept is not all pages)
            _log.exception("a page could not be kept", document=errand.document)

    def _tell(self, errand: Errand, answer: PageAnswer | None) -> None:
        for asking in self._asking.pop(errand, ()):
            if asking.done():
                continue
            if answer is None:
                asking.set_exception(
                    Refused(Problem.SLOWED, retry_s=AGAIN_S, detail="no page process")
                )
            else:
                asking.set_result(answer)
