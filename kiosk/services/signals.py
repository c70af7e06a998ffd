"""SIGTERM and SIGINT as a call on the UI thread."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

from PySide6.QtCore import QSocketNotifier

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class EndSignals:
    """Calls `on_end` when the system or a terminal asks the process to end.

    Qt's loop sleeps outside Python, where a handler of Python's would wait for the next
    touch; a socket that the signal writes to wakes it.

    Args:
        on_end: Called on the UI thread.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._written, self._read = socket.socketpair()
        self._written.setblocking(False)
        self._read.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, _let_it_wake) for number in _ENDING}
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._woken)

    def shutdown(self) -> None:
        """Put back what was there before."""
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_fd)
        self._notifier.setEnabled(False)
        self._written.close()
        self._read.close()

    def _woken(self) -> None:
        numbers = self._read.recv(64)
        if any(number in _ENDING for number in numbers):
            self._on_end()


def _let_it_wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: that Python has a handler is what makes it write to the socket."""
