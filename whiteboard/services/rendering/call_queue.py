"""Calls that are made at the next turn of the event loop, never inside the one that asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class CallQueue(QObject):
    """Makes calls in order. UI thread alone."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._calls: deque[Callable[[], None]] = deque()
        self._is_over = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._make)

    def post(self, call: Callable[[], None]) -> None:
        """Call something at the next turn."""
        if not self._is_over:
            self._calls.append(call)
            self._timer.start(0)

    def shutdown(self) -> None:
        """Call nothing any more."""
        self._is_over = True
        self._timer.stop()
        self._calls.clear()

    def _make(self) -> None:
        # What a call posts is for the turn after.
        for _call in range(len(self._calls)):
            if self._calls:
                self._calls.popleft()()
        if self._calls:
            self._timer.start(0)
