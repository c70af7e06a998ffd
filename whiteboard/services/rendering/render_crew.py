"""The render processes: started, watched, replaced.

A process that crashes, hangs or talks nonsense is killed and replaced, and one that has grown
too large too. What becomes of its job is for the queue to say.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

import structlog
from PySide6.QtCore import QObject, QTimer

from whiteboard.services.rendering.render_protocol import Answer, ProtocolError
from whiteboard.services.rendering.renderer import Renderer, Running
from whiteboard.services.rendering.worker_process import WorkerProcess

CHECK_MS: Final = 250
RECYCLE_BYTES: Final = 200 << 20
"""A process that keeps more after a job, with its caches emptied, is replaced."""
FAILED_STARTS_MAX: Final = 3
"""After so many in a row what waits is given up; the next ask tries again."""
RESTART_PAUSE_MS: Final = 250
RESTART_PAUSE_MAX_MS: Final = 30_000
SHUTDOWN_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Dispatcher(Protocol):
    """Who gives the processes their jobs."""

    def done(self, running: Running, answer: Answer, outcome: object) -> None:
        """Take what a job came to; `outcome` is what its answer says, checked."""

    def broke(self, running: Running, reason: str, may_retry: bool) -> None:
        """Take back the job of a process that has broken."""

    def give_up(self, reason: str) -> None:
        """Hear that no process can be started."""

    def has_hands(self) -> None:
        """Hear that a process may be free."""


class RenderCrew(QObject):
    """The processes. UI thread alone.

    Args:
        count: How many there are to be.
        dispatcher: Gives them their jobs.
    """

    def __init__(self, count: int, dispatcher: Dispatcher, parent: QObject) -> None:
        super().__init__(parent)
        self.count = count
        self._dispatcher = dispatcher
        self._renderers: list[Renderer] = []
        self._failed_starts = 0
        self._is_told_missing = False
        self._is_over = False
        self._restart_timer = QTimer(self)
        self._restart_timer.setSingleShot(True)
        self._restart_timer.timeout.connect(self.start_missing)
        self._check_timer = QTimer(self)
        self._check_timer.setInterval(CHECK_MS)
        self._check_timer.timeout.connect(self._check)

    @property
    def renderers(self) -> tuple[Renderer, ...]:
        """Those that are there, ready or not."""
        return tuple(self._renderers)

    @property
    def idle(self) -> list[Renderer]:
        """Those that wait for a job."""
        return [renderer for renderer in self._renderers if renderer.is_idle]

    @property
    def running(self) -> list[tuple[Renderer, Running]]:
        """Those that do a job, with it."""
        return [(each, each.running) for each in self._renderers if each.running is not None]

    def forgive(self) -> None:
        """Start processes again although the last ones failed to."""
        self._failed_starts = 0
        self.start_missing()

    def start_missing(self) -> None:
        """Start the processes that are not there."""
        if self._is_over or self._restart_timer.isActive():
            return
        while len(self._renderers) < self.count:
            try:
                self._renderers.append(Renderer(self, self))
            except OSError as error:
                self._start_failed(str(error))
                return
        self._check_timer.start()

    def watch(self) -> None:
        """Look after the processes for as long as there is anything to look after."""
        if all(renderer.is_idle for renderer in self._renderers):
            self._check_timer.stop()
        elif not self._check_timer.isActive():
            self._check_timer.start()

    def shutdown(self) -> None:
        """Kill the processes and wait until they are gone, 2 s at most."""
        self._is_over = True
        self._restart_timer.stop()
        self._check_timer.stop()
        # Those that were replaced may still be about to end.
        processes = self.findChildren(WorkerProcess)
        for process in processes:
            process.kill()
        until_s = time.monotonic() + SHUTDOWN_S
        for process in processes:
            if not process.wait_reaped(until_s):
                _log.warning("a render process does not end", pid=process.pid)
        for renderer in self._renderers:
            renderer.running = None  # its document is not to stay open
            renderer.close()
        self._renderers.clear()

    def became_ready(self, renderer: Renderer, missing: tuple[str, ...]) -> None:
        """Take notice of a process that is ready."""
        self._failed_starts = 0
        _log.debug("a render process is ready", pid=renderer.process.pid)
        if missing and not self._is_told_missing:
            self._is_told_missing = True
            _log.info("the kernel cannot confine render processes fully", lacks=missing)
        self._dispatcher.has_hands()

    def answered(self, renderer: Renderer, answer: Answer) -> None:
        """Take an answer from a process."""
        running = renderer.running
        if running is None or running.task.number != answer.number:
            raise ProtocolError(f"an answer to job {answer.number}, which nobody asked")
        outcome = None if answer.value is None else running.task.parse(answer.value)
        renderer.running = None
        if answer.memory_bytes > RECYCLE_BYTES:
            _log.info("a render process has grown", megabytes=answer.memory_bytes >> 20)
            self._retire(renderer)
        self._dispatcher.has_hands()
        self._dispatcher.done(running, answer, outcome)

    def ended(self, renderer: Renderer, reason: str) -> None:
        """Take notice of a process that has ended."""
        self.replace_broken(renderer, reason)

    def replace_broken(
        self, renderer: Renderer, reason: str, *, may_retry: bool = True
    ) -> None:
        """Kill a process, hand its job back and start another one."""
        running, was_ready = renderer.running, renderer.is_ready
        renderer.running = None
        self._renderers.remove(renderer)
        renderer.process.kill()
        renderer.close()
        if running is not None:
            if running.block is not None:
                # The process may paint for a moment yet; nobody else gets this memory.
                running.block.drop()
            self._dispatcher.broke(running, reason, may_retry)
        if was_ready:
            if running is None:
                _log.warning("an idle render process ended", reason=reason)
            self.start_missing()
        else:
            self._start_failed(reason)
        self._dispatcher.has_hands()

    def _start_failed(self, reason: str) -> None:
        self._failed_starts += 1
        _log.warning("a render process cannot start", reason=reason)
        if self._failed_starts < FAILED_STARTS_MAX or self._renderers:
            pause_ms = min(RESTART_PAUSE_MS << self._failed_starts, RESTART_PAUSE_MAX_MS)
            self._restart_timer.start(pause_ms)
            return
        self._failed_starts = 0
        self._dispatcher.give_up(reason)

    def _retire(self, renderer: Renderer) -> None:
        self._renderers.remove(renderer)
        renderer.process.retire()
        renderer.close()
        self.start_missing()

    def _check(self) -> None:
        """Kill what hangs."""
        for renderer in self.renderers:
            # What has arrived while this thread was busy is no fault of the process.
            renderer.process.read()
            if renderer not in self._renderers:
                continue
            fault = renderer.fault(time.monotonic())
            if fault is not None:
                self.replace_broken(renderer, fault.reason, may_retry=fault.may_retry)
        self._dispatcher.has_hands()
