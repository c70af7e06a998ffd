"""The board's screen: one or two panes side by side, and the sheets they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from base.options import Settings
from base.qt import theme
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.page.leaf import Surroundings
from whiteboard.views.pane import Pane

PEOPLE: Final = ("display", "display-2")
"""Who writes on the left, or alone, and who on the right of a split board."""


class BoardScreen(QWidget):
    """Shows the open board; empty ground while there is none.

    Args:
        surroundings: What the panes share.
        values: The settings in force.
    """

    picture_asked = Signal(object)
    """A pane whose person wants a picture: a `Pane`."""
    find_asked = Signal(object)
    """A pane whose person wants to see what was found: a `Pane`."""
    address_asked = Signal(str)
    """A person touched a link that leads outside: its address."""
    pages_asked = Signal(object)
    """A pane whose person wants to see all pages: a `Pane`."""
    more_asked = Signal(object)
    """A pane whose person wants what is not in the tray: a `Pane`."""
    present_asked = Signal()
    """A person wants what helps who presents."""
    home_asked = Signal()
    """A person wants to leave for the home screen."""
    files_dropped = Signal(object)
    """Files other than pictures were dropped on a page: their paths, a list."""
    failed = Signal(object)
    """An `AppError` to tell the person."""
    notice_asked = Signal(object)
    """Something to tell with a way back: a `Notice`."""
    writing_changed = Signal(bool)
    """Whether a hand is at work on any pane."""
    side_chosen = Signal(str)
    """The tools were moved to a side."""

    def __init__(
        self, surroundings: Surroundings, values: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._around = surroundings
        self._values = values
        self._open: OpenBoard | None = None
        self._panes: list[Pane] = []
        self._has_bars = True

    @property
    def panes(self) -> tuple[Pane, ...]:
        """The panes, from left to right."""
        return tuple(self._panes)

    @property
    def has_bars(self) -> bool:
        """Whether no sheet lies over the board."""
        return self._has_bars

    @property
    def open_board(self) -> OpenBoard | None:
        """The board that is shown."""
        return self._open

    def show_board(self, open_board: OpenBoard | None) -> None:
        """Show a board with the pen in hand, or none."""
        self._clear()
        self._open = open_board
        if open_board is not None:
            self._add_pane(PEOPLE[0], open_board.board.pages[0].id)
        self._lay_out()
        self.update()

    def set_split(self, is_split: bool) -> None:
        """Give two people a side each, or one person the whole board."""
        if self._open is None or is_split == (len(self._panes) == 2):
            return
        if is_split:
            self._panes[0].show_one_page()
            self._add_pane(PEOPLE[1], self._panes[0].canvas.page_id)
        else:
            self._drop(self._panes.pop())
        self._lay_out()

    @property
    def is_split(self) -> bool:
        """Whether two people have a side each."""
        return len(self._panes) == 2

    def toggle_split(self) -> None:
        """Split the board, or give it back to one person."""
        self.set_split(not self.is_split)

    @property
    def pane_in_use(self) -> Pane | None:
        """The pane that was touched last, else the first; None without a board."""
        focused = QApplication.focusWidget()
        for pane in self._panes:
            if focused is not None and pane.isAncestorOf(focused):
                return pane
        return self._panes[0] if self._panes else None

    def take_settings(self, values: Settings) -> None:
        """Follow the settings."""
        self._values = values
        self._each_pane(lambda pane: pane.take_settings(values))
        self.update()

    def show_bars(self, is_shown: bool) -> None:
        """Show the tools of all panes, or hide them while a sheet lies over them."""
        self._has_bars = is_shown
        self._each_pane(lambda pane: pane.show_bars(is_shown))

    def shutdown(self) -> None:
        """Let go of the board."""
        self._clear()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        # Only the seam between two panes, or the ground while a board is being opened.
        painter = QPainter(self)
        colours = theme.tokens()
        painter.fillRect(self.rect(), QColor(colours.wood if self._panes else colours.ground))
        painter.end()

    def _add_pane(self, person: str, page_id: str) -> None:
        if self._open is None:
            return
        pane = Pane(self._open, person, page_id, self._around, self._values, self)
        pane.picture_asked.connect(lambda: self.picture_asked.emit(pane))
        pane.pages_asked.connect(lambda: self.pages_asked.emit(pane))
        pane.find_asked.connect(lambda: self.find_asked.emit(pane))
        pane.address_asked.connect(self.address_asked)
        pane.more_asked.connect(lambda: self.more_asked.emit(pane))
        pane.side_chosen.connect(self.side_chosen)
        pane.present_asked.connect(self.present_asked)
        pane.home_asked.connect(self.home_asked)
        pane.files_dropped.connect(self.files_dropped)
        pane.failed.connect(self.failed)
        pane.notice_asked.connect(self.notice_asked)
        pane.writing_changed.connect(self.writing_changed)
        self._panes.append(pane)
        # A sheet may lie over the board while it is split.
        pane.lower()
        pane.show_bars(self._has_bars)
        pane.show()

    def _lay_out(self) -> None:
        if not self._panes:
            return
        seam = theme.metrics().px(2)
        width, height = self.width(), self.height()
        if len(self._panes) == 1:
            self._panes[0].setGeometry(0, 0, width, height)
            return
        half = (width - seam) // 2
        self._panes[0].setGeometry(0, 0, half, height)
        self._panes[1].setGeometry(half + seam, 0, width - half - seam, height)

    def _clear(self) -> None:
        for pane in self._panes:
            self._drop(pane)
        self._panes.clear()

    def _drop(self, pane: Pane) -> None:
        pane.shutdown()
        pane.hide()
        pane.deleteLater()

    def _each_pane(self, act: Callable[[Pane], None]) -> None:
        for pane in self._panes:
            act(pane)
