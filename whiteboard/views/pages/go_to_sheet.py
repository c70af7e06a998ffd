"""Go to a page by its number."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from base.qt.panels import NumberPad, Sheet
from base.qt.widgets import Layout, Look, Role, Text, TouchButton
from base.text import N_, _


class GoToSheet(Sheet):
    """Large digits; **Done** goes to the page and closes.

    Args:
        parent: What it slides over.
        count: How many pages there are.
    """

    entered = Signal(int)
    """The place to go to, from 0, within the row."""

    def __init__(self, parent: QWidget, count: int) -> None:
        super().__init__(parent)
        self._count = count
        self._pad = NumberPad(len(str(count)))
        self._pad.entered.connect(self._go)
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Go to page"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        hint = Text(role=Role.HINT)
        hint.set_plain(_("A number from 1 to {count}").format(count=count))
        self.content.addLayout(head)
        self.content.addWidget(hint)
        self.content.addWidget(self._pad)

    def open(self) -> None:
        """Slide in; digits of a keyboard work at once."""
        super().open()
        self._pad.setFocus()

    def _go(self, digits: str) -> None:
        self.entered.emit(min(max(int(digits), 1), self._count) - 1)
        self.close_sheet()
