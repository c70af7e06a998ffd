"""The pages as a column of small pictures beside the page: for leafing while one presents."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import Look, TouchButton
from base.text import N_
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.thumbnails import Thumbnails
from whiteboard.views.pages.page_cards import PageGrid
from whiteboard.views.parts.finger_list import FingerList, marker_room_px

WIDTH_MM: Final = 62.0
_PAD_MM: Final = 2.5


class PageStrip(Panel):
    """Scrolls by finger; a tap goes to the page.

    Args:
        parent: What it lies on.
        open_board: The board.
        thumbnails: Of this board.
    """

    chosen = Signal(str)
    """The page to go to."""
    closed = Signal()
    """The person puts it away."""

    def __init__(self, parent: QWidget, open_board: OpenBoard, thumbnails: Thumbnails) -> None:
        super().__init__(parent)
        board = open_board.board
        self._board = board
        self._page_id = ""
        self._grid = PageGrid(
            thumbnails.image, lambda page_id: bool(board.items(page_id)), fewest=1
        )
        self._grid.touched.connect(self.chosen)
        self._list = FingerList(self._grid, self)
        self._list.scrolled.connect(self._show_part)
        self._shut = TouchButton(N_("Close"), "x", self, look=Look.BARE)
        self._shut.clicked.connect(self.closed)
        thumbnails.painted.connect(self._painted)

    def show_page(self, page_id: str) -> None:
        """Mark the page that is shown, and bring it into sight."""
        self._page_id = page_id
        self.refresh()
        span = self._grid.span_of(page_id)
        if span is not None:
            self._list.ensure_span(*span)

    def refresh(self) -> None:
        """Follow the pages of the board."""
        self._grid.show_pages(self._board.pages, self._page_id)
        self._list.set_content_height(self._grid.height_for(self._grid_px()))

    def width_px(self) -> int:
        """Return how wide it is."""
        return theme.metrics().px(WIDTH_MM)

    def _grid_px(self) -> int:
        return self.width_px() - 2 * theme.metrics().px(_PAD_MM) - marker_room_px()

    def _painted(self, page_id: str) -> None:
        card = self._grid.card(page_id)
        if card is not None and self.isVisible():
            card.update()

    def _show_part(self) -> None:
        self._grid.show_part(round(self._list.offset_px), self._list.height())

    def _lay_out(self) -> None:
        pad = theme.metrics().px(_PAD_MM)
        inside: QRect = self.rect().adjusted(pad, pad, -pad, -pad)
        button = QRect(inside)
        button.setTop(inside.bottom() - self._shut.sizeHint().height() + 1)
        self._shut.setGeometry(button)
        inside.setBottom(button.top() - pad)
        self._grid.set_full_width(self._grid_px())
        self._list.setGeometry(inside)
        self.refresh()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._lay_out()
