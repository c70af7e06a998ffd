"""The garbage collector, kept to the UI thread and from holding up the pen."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

LOOK_MS: Final = 5_000
YOUNG: Final = 20_000
"""Objects made since the last look that make one worth while: 0.6 ms."""
MIDDLE: Final = 50
OLD: Final = 1_000
"""A look at everything comes after this many at the middle-aged: in days of writing."""


class Collector(QObject):
    """Looks for garbage on the UI thread, and nowhere else, while it lives.

    Left to itself the interpreter looks on whichever thread makes the next object. Garbage
    that holds a connection to a signal is then taken apart on a worker's thread: with Qt's
    lock in its hand that thread waits for the interpreter, the UI thread waits with the
    interpreter for the lock, and the display stands still for ever
    (docs/decisions/garbage.md).

    Make it before the first connection to a signal that a worker could come to hold.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def leave_out_what_is_there(self) -> None:
        """Leave what the program is made of out of all later looks.

        A look at everything takes some 50 ms once a large board is open, and would come in
        the middle of a stroke. Call it when the first screen is there, and again when a
        board is.
        """
        gc.freeze()

    def look(self) -> None:
        """Take apart what nobody holds any more, if enough was made since the last look."""
        young, middle, old = gc.get_count()
        if old > OLD:
            gc.collect()
        elif middle > MIDDLE:
            gc.collect(1)
        elif young > YOUNG:
            gc.collect(0)

    def shutdown(self) -> None:
        """Leave the interpreter as it was found."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
