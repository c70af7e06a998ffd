"""The way home, one touch from the board: a button in the corner that the pages leave free."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from base.qt import theme
from base.text import N_
from whiteboard.views.tray.tray_parts import FloatingBar, WoodButton

_MARGIN_MM: Final = 3.0


class HomeBar(FloatingBar):
    """Leads from the board to the home screen.

    Args:
        parent: Where it floats.
    """

    home_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        button = WoodButton(N_("Home"), "house", self)
        button.clicked.connect(self.home_asked)
        self._row = QHBoxLayout(self)
        self._row.addWidget(button)

    def place_in(self, rect: QRect, side: str, tools: QRect) -> None:
        """Dock in a lower corner of `rect`, the one where the pages are not.

        Args:
            rect: Where, in the parent's pixels.
            side: The side of the tools.
            tools: Where the tools are; it keeps off them.
        """
        sizes = theme.metrics()
        margin = sizes.px(_MARGIN_MM)
        self._row.setContentsMargins(*(sizes.px(2),) * 4)
        self._row.activate()
        box = QRect(QPoint(0, 0), self.sizeHint())
        box.moveBottomLeft(rect.bottomLeft() + QPoint(margin, -margin))
        if side == "right":
            box.moveRight(rect.right() - margin)
        if box.adjusted(-margin, -margin, margin, margin).intersects(tools):
            if side == "left":
                box.moveLeft(tools.right() + margin)
            elif side == "right":
                box.moveRight(tools.left() - margin)
            else:
                box.moveBottom(tools.top() - margin)
        self.setGeometry(box)
