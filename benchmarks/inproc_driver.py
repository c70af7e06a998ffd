"""The real application, which also takes orders on stdin; see `benchmarks.board_work`.

Some things take several touches to reach (another board, another tool) whose own time is not
what is measured. An order does the last step alone, in the UI thread, by the same way as the
button does:

    open FILE      opens a board in the running process
    run ID         runs a command of a feature

The driver answers each with a line on stdout once it has been carried out; what the screen
shows is measured from outside.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier
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
        elif verb == "run":
            self._run_command(what)

    def _run_command(self, wanted: str) -> None:
        commands = {
            command.id: command
            for feature in self._features.values()
            for command in feature.commands()
        }
        if wanted in commands:
            commands[wanted].run()
            answer(f"ran {wanted}")
        else:
            answer(f"no command {wanted}; there are {', '.join(sorted(commands))}")


def answer(text: str) -> None:
    """Say it on stdout at once."""
    print(text, flush=True)


if __name__ == "__main__":
    kiosk.app.Kiosk = DrivenKiosk  # type: ignore[misc]
    sys.exit(main())
