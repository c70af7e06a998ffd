"""Worker threads that need a process of its own for a while: `RenderPool.run`, but it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal

from base.errors import AppError
from whiteboard.services.documents.document_intake import Cancellable, RunElsewhere
from whiteboard.services.documents.document_store import CancelledError
from whiteboard.services.rendering.render_protocol import Json

_POLL_S: Final = 0.05
_STOP_S: Final = 5.0
"""How long a cancelled errand waits for the UI thread to kill its process."""


@dataclass(slots=True, eq=False)
class _Errand:
    """A function on its way to a process, and a thread that waits for what it returns."""

    function: str
    arguments: Mapping[str, Json]
    on_progress: Callable[[float], None]
    timeout_s: float
    ended: threading.Event = field(default_factory=threading.Event)
    outcome: Json | AppError = None
    is_cancelled: bool = False
    ticket: Cancellable | None = None


class LongErrands(QObject):
    """Runs functions elsewhere for worker threads. Made and shut down on the UI thread.

    Args:
        run: `RenderPool.run`.
    """

    _asked = Signal(object)
    _given_up = Signal(object)

    def __init__(self, run: RunElsewhere, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._open: set[_Errand] = set()
        self._is_shut = False
        self._asked.connect(self._start, Qt.ConnectionType.QueuedConnection)
        self._given_up.connect(self._stop, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: str,
        arguments: Mapping[str, Json],
        on_progress: Callable[[float], None],
        is_cancelled: Callable[[], bool],
        timeout_s: float,
    ) -> Json:
        """Run a function in a process of its own and return its value. Blocks.

        Args:
            function: See `RenderPool.run`.
            arguments: The same.
            on_progress: Gets 0 to 1, on the UI thread.
            is_cancelled: Asked some 20 times a second; the process is killed when it says so.
            timeout_s: It is killed when it takes longer.

        Raises:
            AppError: what the function raised; TOOK_TOO_LONG; EXPORT_FAILED when it broke.
            CancelledError: it was cancelled, or the board is being closed.
            RuntimeError: called on the UI thread, which would wait for itself.
        """
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("a worker thread waits for a process, not the UI")
        errand = _Errand(function, arguments, on_progress, timeout_s)
        self._asked.emit(errand)
        while not errand.ended.wait(_POLL_S):
            if self._is_shut or is_cancelled():
                self._given_up.emit(errand)
                # What it wrote can only be removed once nothing writes any more.
                errand.ended.wait(0.0 if self._is_shut else _STOP_S)
                raise CancelledError
        if errand.is_cancelled:
            raise CancelledError
        if isinstance(errand.outcome, AppError):
            raise errand.outcome
        return errand.outcome

    def shutdown(self) -> None:
        """Kill what runs and let everybody go who waits."""
        self._is_shut = True
        for errand in tuple(self._open):
            self._stop(errand)

    def _start(self, errand: _Errand) -> None:
        if self._is_shut:
            self._end(errand)
            return
        if errand.is_cancelled:
            return

        def done(outcome: Json | AppError) -> None:
            errand.outcome = outcome
            self._open.discard(errand)
            errand.ended.set()

        self._open.add(errand)
        errand.ticket = self._run(
            errand.function,
            errand.arguments,
            done,
            errand.on_progress,
            timeout_s=errand.timeout_s,
        )

    def _stop(self, errand: _Errand) -> None:
        if errand.ticket is not None:
            errand.ticket.cancel()
        self._end(errand)

    def _end(self, errand: _Errand) -> None:
        errand.is_cancelled = True
        self._open.discard(errand)
        errand.ended.set()
