"""The pages of the board as a short bar: back, where one is, on, a new page, and the fit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import fitting_font
from base.text import N_, _
from whiteboard.views.tray.tray_parts import FloatingBar, PlaceButton, RowBar, WoodButton

_MARGIN_MM: Final = 3.0
_BUTTON_MM: Final = (19.0, 21.0)


class PageBar(RowBar):
    """Turns the pages of one person's view.

    On the last page the button that goes on makes a new one, and says so.

    Args:
        parent: Where it floats.
    """

    previous_asked = Signal()
    next_asked = Signal()
    add_asked = Signal()
    sheet_asked = Signal()
    fit_asked = Signal()
    """The page as wide as there is room, or whole again."""
    alone_asked = Signal()
    """The page alone, without the tools."""
    present_asked = Signal()
    """What helps who presents."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._index, self._count, self._last = 0, 1, 0
        self._is_upright = False
        self._rect, self._side, self._avoid = parent.rect(), "bottom", QRect()
        self._neighbour: FloatingBar | None = None
        self._previous = _PageButton(N_("Back"), "chevron-left", self)
        self._previous.clicked.connect(self.previous_asked)
        self._place = _PlaceButton(self)
        self._place.clicked.connect(self.sheet_asked)
        self._next = _PageButton(N_("Next"), "chevron-right", self, N_("New page"))
        self._next.clicked.connect(self._go_on)
        self._add = _PageButton(N_("Add"), "plus", self)
        self._add.clicked.connect(self.add_asked)
        self._fit = _PageButton(N_("Fit width"), "move-horizontal", self, N_("Fit page"))
        self._fit.clicked.connect(self.fit_asked)
        self._alone = _PageButton(N_("Full screen"), "expand", self)
        self._alone.clicked.connect(self.alone_asked)
        self._present = _PageButton(N_("Present"), "projector", self)
        self._present.clicked.connect(self.present_asked)
        for button in (self._fit, self._alone, self._present):
            button.hide()
        row: tuple[QWidget, ...] = (
            self._alone,
            self._fit,
            self._add,
            self._previous,
            self._place,
            self._next,
            self._present,
        )
        for part in row:
            self.row.addWidget(part)
        self.set_place(0, 1)

    def set_place(self, index: int, count: int, last: int | None = None) -> None:
        """Say which page is shown.

        Args:
            index: Its place, from 0.
            count: How many pages there are, at least 1.
            last: The place of the last one where several are shown.
        """
        last = index if last is None else last
        self._index, self._count, self._last = index, count, last
        self._previous.setEnabled(index > 0)
        is_last = last >= count - 1
        self._next.set_msgid(N_("New page") if is_last else N_("Next"))
        self._next.set_icon("plus" if is_last else "chevron-right")
        self._add.setVisible(self._is_upright or not is_last)
        self._place.set_place(index, count, last)
        self._dock()

    @property
    def is_upright(self) -> bool:
        """Whether it stands beside a document, with the buttons for its view."""
        return self._is_upright

    def set_upright(self, is_upright: bool) -> None:
        """Stand beside a document instead of lying under it; its edges turn the pages then.

        Sheets are short of height. Upright it always has the same buttons, so that the room
        of the page stays as it is.
        """
        if is_upright == self._is_upright:
            return
        self._is_upright = is_upright
        for button in (self._fit, self._alone, self._present):
            button.setVisible(is_upright)
        for button in (self._previous, self._next):
            button.setVisible(not is_upright)
        upward = QBoxLayout.Direction.BottomToTop
        along = QBoxLayout.Direction.LeftToRight
        self.row.setDirection(upward if is_upright else along)
        self.set_place(self._index, self._count, self._last)

    def set_wide(self, is_wide: bool) -> None:
        """Say whether the page is shown as wide as there is room."""
        self._fit.set_msgid(N_("Fit page") if is_wide else N_("Fit width"))
        self._fit.set_icon("maximize" if is_wide else "move-horizontal")

    def place_in(self, rect: QRect, side: str) -> None:
        """Dock in a lower corner of `rect`, in the parent's pixels.

        It goes to the side where the tools are not, or above them.

        Args:
            rect: Where.
            side: The side of the tools.
        """
        self._rect, self._side = QRect(rect), side
        if self._neighbour is None:
            self._find_neighbour()
        self._dock()

    def _find_neighbour(self) -> None:
        """Follow the tools that float on the same board."""
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        parent = self.parentWidget()
        bars = [] if parent is None else parent.findChildren(FloatingBar, options=direct)
        self._neighbour = next((bar for bar in bars if bar is not self), None)
        if self._neighbour is not None:
            self._avoid = self._neighbour.geometry()
            self._neighbour.settled.connect(self._keep_off)

    def _keep_off(self, place: QRect) -> None:
        self._avoid = QRect(place)
        self._dock()

    def _go_on(self) -> None:
        if self._last >= self._count - 1:
            self.add_asked.emit()
        else:
            self.next_asked.emit()

    def _dock(self) -> None:
        """Lie in the right corner, in the left one when the tools are on the right."""
        margin = theme.metrics().px(_MARGIN_MM)
        # What comes and goes lies at the inner end, so nothing moves under a finger.
        is_left = self._side == "right"
        inner = self.row.count() - 1 if is_left or self._is_upright else 0
        self.row.insertWidget(inner, self._add)
        self.row.activate()
        box = QRect(QPoint(0, 0), self.sizeHint().boundedTo(self._rect.size()))
        box.moveBottom(self._rect.bottom() - margin)
        if is_left:
            box.moveLeft(self._rect.left() + margin)
        else:
            box.moveRight(self._rect.right() - margin)
        if self._avoid.adjusted(-margin, 0, margin, 0).intersects(box):
            box.moveBottom(self._avoid.top() - margin)
        self.setGeometry(box)

    @override
    def _lie_anew(self) -> None:
        self._dock()


class _PageButton(WoodButton):
    """A button with room for another word it may show, so that the bar keeps its length.

    Args:
        msgid: Its word.
        icon: Its icon.
        parent: The bar.
        other_msgid: The other word; empty for none.
    """

    def __init__(self, msgid: str, icon: str, parent: QWidget, other_msgid: str = "") -> None:
        self._other_msgid = other_msgid
        super().__init__(msgid, icon, parent)

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        width = max(sizes.px(_BUTTON_MM[0]), super().sizeHint().width())
        if self._other_msgid:
            letters = QFontMetrics(theme.font(sizes.small_text_px))
            other_px = letters.horizontalAdvance(_(self._other_msgid)) + sizes.px(6)
            width = max(width, other_px)
        return QSize(width, sizes.px(_BUTTON_MM[1]))


class _PlaceButton(PlaceButton):
    """Says which page of how many is shown; opens the sheet of pages."""

    def __init__(self, parent: QWidget) -> None:
        self._index, self._count, self._last = 0, 1, 0
        super().__init__(N_("Pages"), parent)

    def set_place(self, index: int, count: int, last: int) -> None:
        """Say which page is shown, or which pages."""
        self._index, self._count, self._last = index, count, last
        self.retranslate()

    def _number(self) -> str:
        first, last = self._index + 1, self._last + 1
        return f"{first}" if first == last else f"{first}\u2013{last}"

    @override
    def retranslate(self) -> None:
        super().retranslate()
        words = _("Page {number} of {count}. Show all pages.")
        self.setAccessibleName(words.format(number=self._number(), count=self._count))

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(24), sizes.px(_BUTTON_MM[1]))

    @override
    def _paint_words(self, painter: QPainter) -> None:
        sizes = theme.metrics()
        room = self.width() - sizes.px(2)
        self._paint_figure(painter, f"{self._number()} / {self._count}", room, 7.5)
        painter.setFont(fitting_font(self.word, room, sizes.small_text_px))
        lower = self.rect().adjusted(0, self.height() - sizes.px(8.5), 0, -sizes.px(1))
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, self.word)
