"""What the sheets about a board's pages share."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet
from whiteboard.model.board import Board, BoardChange


class BoardSheet(Sheet):
    """A sheet that shows what the board says while it is open, and lets go of it then.

    Args:
        parent: What it slides over.
        board: The board.
        person: Whose steps its changes are.
        page_id: The page that the person sees.
    """

    def __init__(self, parent: QWidget, board: Board, person: str, page_id: str) -> None:
        super().__init__(parent)
        self.board, self.person, self.page_id = board, person, page_id
        self._stop_listening: Callable[[], None] | None = None
        self.closed.connect(self.let_go)

    def show_page(self, page_id: str) -> None:
        """Be about another page from now on."""
        self.page_id = page_id
        if self._stop_listening is not None:
            self.refresh()

    @override
    def open(self) -> None:
        if self._stop_listening is None:
            self._stop_listening = self.board.on_change(self._note)
        self.refresh()
        super().open()

    def let_go(self) -> None:
        """Stop following the board; for a sheet that is thrown away while open."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def refresh(self) -> None:
        """Show what the board says now."""
        raise NotImplementedError

    def respace(self) -> None:
        """Take the sizes of the theme."""
        raise NotImplementedError

    def _note(self, change: BoardChange) -> None:
        if change.pages:
            self.refresh()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.respace()
        super().changeEvent(event)


def paint_badge(painter: QPainter, box: QRectF) -> None:
    """Paint a tick on a disc into the upper right corner: what is chosen, by its form."""
    sizes, colours = theme.metrics(), theme.tokens()
    side = sizes.px(6)
    disc = QRectF(box.right() - side - sizes.px(1), box.top() + sizes.px(1), side, side)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent))
    painter.drawEllipse(disc)
    pen = QPen(QColor(colours.on_accent), side * 0.14)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    way = QPainterPath()
    way.moveTo(disc.left() + 0.27 * side, disc.top() + 0.53 * side)
    way.lineTo(disc.left() + 0.44 * side, disc.top() + 0.70 * side)
    way.lineTo(disc.left() + 0.74 * side, disc.top() + 0.34 * side)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(way)
