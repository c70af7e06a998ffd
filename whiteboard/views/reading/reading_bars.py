"""Small bars that help to read a document: what was found, the way back, copying text."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import Layout, TouchControl
from base.text import N_, _
from whiteboard.views.tray.tray_parts import PlaceButton, RowBar, WoodButton

_BUTTON_MM: Final = (21.0, 21.0)


class ReadingBar(RowBar):
    """A row of buttons on wood; hidden until there is something to show.

    Args:
        parent: Where it floats.
    """

    resized = Signal()
    """Its words take another width now."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_wanted = False
        """Whether it has something to offer; it may be out of the way of a hand meanwhile."""
        self.hide()

    def want(self, is_wanted: bool) -> None:
        """Show it, or put it away."""
        self.is_wanted = is_wanted
        self.setVisible(is_wanted)

    @override
    def _come_back(self) -> None:
        super()._come_back()
        self.setVisible(self.is_wanted)

    @override
    def _lie_anew(self) -> None:
        self.resized.emit()


class FindBar(ReadingBar):
    """Leads from one place that was found to the next.

    Args:
        parent: Where it floats.
    """

    previous_asked = Signal()
    next_asked = Signal()
    list_asked = Signal()
    """All that was found is wanted."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._previous = _BarButton(N_("Place before"), "chevron-left", self)
        self._previous.clicked.connect(self.previous_asked)
        self._place = _FoundButton(self)
        self._place.clicked.connect(self.list_asked)
        self._next = _BarButton(N_("Next place"), "chevron-right", self)
        self._next.clicked.connect(self.next_asked)
        self._shut = _BarButton(N_("Close"), "x", self)
        self._shut.clicked.connect(self.closed)
        for button in (self._previous, self._place, self._next, self._shut):
            self.row.addWidget(button)

    def set_place(self, query: str, place: int, count: int) -> None:
        """Say what is sought, and which place of how many is shown, from 0."""
        self._previous.setEnabled(place > 0)
        self._next.setEnabled(place + 1 < count)
        self._place.set_place(query, place, count)


class BackBar(ReadingBar):
    """The way back to the page a link was touched on.

    Args:
        parent: Where it floats.
    """

    back_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._button = _BackButton(self)
        self._button.clicked.connect(self.back_asked)
        self.row.addWidget(self._button)

    @property
    def button(self) -> TouchControl:
        """The one button."""
        return self._button

    def set_number(self, number: int) -> None:
        """Say which page it leads to, from 1."""
        self._button.set_number(number)
        self.resized.emit()


class CopyBar(ReadingBar):
    """Copies the text that was just marked.

    Args:
        parent: Where it floats.
    """

    copy_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._button = _BesideButton(N_("Copy the text"), "copy", self)
        self._button.clicked.connect(self.copy_asked)
        self.row.addWidget(self._button)

    @property
    def button(self) -> TouchControl:
        """The one button."""
        return self._button


class _BarButton(WoodButton):
    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        width = max(sizes.px(_BUTTON_MM[0]), super().sizeHint().width())
        return QSize(width, sizes.px(_BUTTON_MM[1]))


class _BesideButton(WoodButton):
    """A button whose word stands beside its icon."""

    def __init__(self, msgid: str, icon: str, parent: QWidget) -> None:
        super().__init__(msgid, icon, parent)
        self._layout = Layout.BESIDE
        self.updateGeometry()


class _BackButton(_BesideButton):
    def __init__(self, parent: QWidget) -> None:
        self._number = 1
        super().__init__("", "arrow-left", parent)

    def set_number(self, number: int) -> None:
        self._number = number
        self.retranslate()

    @override
    def retranslate(self) -> None:
        words = _("Back to page {number}").format(number=self._number)
        self.setText(words)
        self.setAccessibleName(words)
        self.updateGeometry()
        self.update()


class _FoundButton(PlaceButton):
    """What is sought, and which place of how many is shown; opens the list."""

    def __init__(self, parent: QWidget) -> None:
        self._query, self._of_how_many = "", ""
        super().__init__("", parent)

    def set_place(self, query: str, place: int, count: int) -> None:
        self._query, self._of_how_many = query, f"{place + 1} / {count}"
        self.retranslate()

    @override
    def retranslate(self) -> None:
        words = _("Place {place} of what was found. Show all.")
        self.setAccessibleName(words.format(place=self._of_how_many))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(46), sizes.px(_BUTTON_MM[1]))

    @override
    def _paint_words(self, painter: QPainter) -> None:
        sizes = theme.metrics()
        room = self.width() - sizes.px(4)
        self._paint_figure(painter, self._of_how_many, room, 7)
        painter.setFont(theme.font(sizes.small_text_px))
        words = painter.fontMetrics().elidedText(self._query, Qt.TextElideMode.ElideRight, room)
        lower = self.rect().adjusted(0, self.height() - sizes.px(9), 0, -sizes.px(1))
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, words)
