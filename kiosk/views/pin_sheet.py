"""The sheet on which a PIN is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from base.qt.panels import NumberPad, Sheet
from base.qt.widgets import Role, Text
from kiosk.model.lock import MOST_DIGITS


class PinSheet(Sheet):
    """Asks for a PIN; `entered` carries the digits, `closed` comes when it is left."""

    entered = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.Edge.BottomEdge)
        self._title = Text(role=Role.TITLE)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words = Text(role=Role.BODY)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pad = NumberPad(MOST_DIGITS, hidden=True)
        self._pad.entered.connect(self.entered)
        for part in (self._title, self._words, self._pad):
            self.content.addWidget(part)

    def ask(self, title: str, words: str) -> None:
        """Empty the pad and ask, sliding in when closed; msgids."""
        self._title.set_msgid(title)
        self._words.set_msgid(words)
        self._pad.clear()
        if self.isVisible():
            self.relayout()
        else:
            self.open()
        self._pad.setFocus()
