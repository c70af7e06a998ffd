"""The real application, which also tells where its buttons are; see `tools.running`.

Where a button stands depends on the display, the language and the side of the tools. Who
moves the pointer from outside asks on stdin, and is answered on stdout:

    where WORD      the middle of the button with that word, in px: "at 960 1020", "nowhere"
    open FILE       opens a board in the running process, as the command line does

A word is given in English, whatever language the display speaks.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, QSocketNotifier
from PySide6.QtWidgets import QAbstractButton
from typing_extensions import override

import kiosk.app
from base.text import _
from kiosk.cli import main

STDIN = 0


class DrivenKiosk(kiosk.app.Kiosk):
    """The composition root with one more listener."""

    @override
    def started(self) -> None:
        super().started()
        self._orders = b""
        self._notifier = QSocketNotifier(STDIN, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read_orders)
        answer("ready")

    def _read_orders(self) -> None:
        piece = os.read(STDIN, 4096)
        if not piece:
            self._notifier.setEnabled(False)
            return
        self._orders += piece
        *lines, self._orders = self._orders.split(b"\n")
        for line in lines:
            self._obey(line.decode())

    def _obey(self, order: str) -> None:
        verb, _space, what = order.partition(" ")
        if verb == "open":
            self._open_path(Path(what))
            answer("opened")
        elif verb == "where":
            place = self._place_of({what, _(what)})
            answer("nowhere" if place is None else f"at {place.x()} {place.y()}")

    def _place_of(self, words: set[str]) -> QPoint | None:
        """Return the middle of the first button of that word which lies open to a touch."""
        for widget in self._app.allWidgets():
            if not isinstance(widget, QAbstractButton) or not widget.isVisible():
                continue
            if words & {widget.accessibleName(), widget.text()} and widget.isEnabled():
                middle = widget.mapToGlobal(widget.rect().center())
                if self._app.widgetAt(middle) is widget:
                    return middle
        return None


def answer(text: str) -> None:
    """Say it on stdout at once."""
    print(text, flush=True)


if __name__ == "__main__":
    kiosk.app.Kiosk = DrivenKiosk  # type: ignore[misc]
    sys.exit(main())
