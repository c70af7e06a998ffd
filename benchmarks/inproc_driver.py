"""The real application, which also takes orders on stdin; see `benchmarks.board_work`.

Opening another board takes several touches whose own time is not what is measured, and where
a button stands depends on the display. So there are two orders:

    open FILE      opens a board in the running process, as the command line does
    where WORD     tells the middle of the button with that word, for a pointer outside

The driver answers each with a line on stdout once it has been carried out; what the screen
shows is measured from outside.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QAbstractButton
from typing_extensions import override

import kiosk.app
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
        verb, _, what = order.partition(" ")
        if verb == "open":
            self._open_path(Path(what))
            answer(f"opened {what}")
        elif verb == "where":
            self._tell_place(what)

    def _tell_place(self, word: str) -> None:
        for widget in self._app.allWidgets():
            if (
                isinstance(widget, QAbstractButton)
                and widget.isVisible()
                and widget.accessibleName() == word
            ):
                middle = widget.mapToGlobal(widget.rect().center())
                answer(f"{word} is at {middle.x()} {middle.y()}")
                return
        answer(f"{word} is nowhere")


def answer(text: str) -> None:
    """Say it on stdout at once."""
    print(text, flush=True)


if __name__ == "__main__":
    kiosk.app.Kiosk = DrivenKiosk  # type: ignore[misc]
    sys.exit(main())
