"""Pages as cards in a grid: their thumbnails, their numbers, which one is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TouchControl, paint_icon, painter_for
from base.text import N_, _
from whiteboard.model.page import Page
from whiteboard.views.pages.board_sheet import paint_badge
from whiteboard.views.parts.finger_list import leave_touches_to_list
from whiteboard.views.tray.option_samples import board_colour

CARD_MM: Final = 68.0
"""Least width of a card."""
_GAP_MM: Final = 6.0
_NUMBER_MM: Final = 11.0
_SHAPE: Final = 16 / 9


class PageCard(TouchControl):
    """One page.

    Args:
        image: Returns a page's thumbnail, None until there is one.
    """

    def __init__(self, image: Callable[[str], QImage | None]) -> None:
        self._image = image
        self._page: Page | None = None
        self._number = 0
        self._has_ink = False
        super().__init__(N_("Page"))
        self.setCheckable(True)
        leave_touches_to_list(self)

    @property
    def page_id(self) -> str:
        """The page; empty before the first `show_page`."""
        return "" if self._page is None else self._page.id

    def show_page(
        self, page: Page, number: int, *, is_current: bool, has_ink: bool = False
    ) -> None:
        """Show a page with its number, from 1, and whether it is the one on the board.

        A sheet that was written on carries a pen beside its number.
        """
        self._page, self._number = page, number
        self._has_ink = has_ink and page.sheet is not None
        self.setChecked(is_current)
        self.retranslate()

    @override
    def nextCheckState(self) -> None:
        """Stay: which page is shown follows from the board, not from the touch."""

    @override
    def retranslate(self) -> None:
        super().retranslate()
        self.setAccessibleName(_("Page {number}").format(number=self._number))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        is_current = self.isChecked()
        line = sizes.px(1.4) if is_current else sizes.line_px
        box = QRectF(self.rect()).adjusted(0, 0, 0, -sizes.px(_NUMBER_MM))
        box = box.adjusted(line / 2, line / 2, -line / 2, -line / 2)
        self._paint_thumbnail(painter, box)
        edge = colours.accent_ink if is_current or self.isDown() else colours.outline
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(edge), line))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        if is_current:
            paint_badge(painter, box)
        self._paint_number(painter, is_current=is_current)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()

    def _paint_thumbnail(self, painter: QPainter, box: QRectF) -> None:
        if self._page is None:
            return
        radius = theme.metrics().radius_px
        way = QPainterPath()
        way.addRoundedRect(box, radius, radius)
        image = self._image(self._page.id)
        painter.fillPath(way, board_colour(is_dark=self._page.background.is_dark))
        if image is not None:
            painter.save()
            painter.setClipPath(way)
            painter.drawImage(box, image)
            painter.restore()

    def _paint_number(self, painter: QPainter, *, is_current: bool) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        room = QRectF(self.rect())
        room.setTop(room.bottom() - sizes.px(_NUMBER_MM - 2))
        pill = QRectF(0, 0, sizes.px(20), room.height())
        pill.moveCenter(room.center())
        if is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setPen(QColor(colours.on_accent if is_current else colours.text))
        painter.setFont(theme.font(sizes.px(6.5), bold=is_current))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, str(self._number))
        if self._has_ink:
            side = sizes.px(7)
            box = QRect(round(pill.right()) + sizes.px(1), round(pill.top()), side, side)
            paint_icon(painter, "pencil", colours.text, box, self.devicePixelRatioF())


class PageGrid(QWidget):
    """The cards of all pages, as many in a row as there is room for.

    There are cards for what is seen only, so a thousand pages cost what a dozen do.

    Args:
        image: See `PageCard`.
        has_ink: Returns whether anything lies on a page.
        fewest: At least so many stand in a row.
    """

    touched = Signal(str)
    """The id of the page whose card was touched."""

    def __init__(
        self,
        image: Callable[[str], QImage | None],
        has_ink: Callable[[str], bool] = lambda _page_id: False,
        fewest: int = 2,
    ) -> None:
        super().__init__()
        self._image = image
        self._has_ink = has_ink
        self._fewest = fewest
        self._pages: tuple[Page, ...] = ()
        self._current_id = ""
        self._cards: dict[int, PageCard] = {}
        self._spare: list[PageCard] = []
        self._full_px = 0
        self._seen = (0, 0)

    def show_pages(self, pages: Sequence[Page], current_id: str) -> None:
        """Show these pages in their order."""
        self._pages, self._current_id = tuple(pages), current_id
        self._arrange()

    def show_part(self, top_px: int, height_px: int) -> None:
        """Say which part is seen."""
        self._seen = (top_px, height_px)
        self._arrange()

    def set_full_width(self, width_px: int) -> None:
        """Say how wide it may get: cards are as large as if all of it were taken."""
        self._full_px = width_px
        self._arrange()

    def card(self, page_id: str) -> PageCard | None:
        """Return the card of a page, if it is seen."""
        return next((card for card in self._cards.values() if card.page_id == page_id), None)

    def span_of(self, page_id: str) -> tuple[int, int] | None:
        """Return where the card of a page begins and ends from above."""
        places = [place for place, page in enumerate(self._pages) if page.id == page_id]
        if not places:
            return None
        box = self._box(places[0])
        return box.top(), box.top() + box.height()

    def height_for(self, width_px: int) -> int:
        """Return how tall all rows are at a width."""
        columns, _card_px = self._columns(width_px)
        rows = math.ceil(len(self._pages) / columns)
        return rows * (self._card_height(width_px) + _gap()) - _gap()

    def width_for(self, width_px: int) -> int:
        """Return how much of a width the cards take."""
        columns, card_px = self._columns(width_px)
        return min(columns, len(self._pages)) * (card_px + _gap()) - _gap()

    def row_px(self, width_px: int) -> int:
        """Return the height of one row with the gap below it, at a width."""
        return self._card_height(width_px) + _gap()

    def _make_card(self) -> PageCard:
        if self._spare:
            return self._spare.pop()
        card = PageCard(self._image)
        card.setParent(self)
        card.clicked.connect(lambda: self.touched.emit(card.page_id))
        return card

    def _columns(self, width_px: int) -> tuple[int, int]:
        """Return how many cards stand in a row, and how wide each is."""
        gap = _gap()
        columns = max(self._fewest, (width_px + gap) // (theme.metrics().px(CARD_MM) + gap))
        return columns, (width_px + gap) // columns - gap

    def _card_height(self, width_px: int) -> int:
        _columns, card_px = self._columns(width_px)
        return round(card_px / _SHAPE) + theme.metrics().px(_NUMBER_MM)

    def _box(self, place: int) -> QRect:
        columns, card_px = self._columns(self._full_px)
        height = self._card_height(self._full_px)
        row, column = divmod(place, columns)
        return QRect(column * (card_px + _gap()), row * (height + _gap()), card_px, height)

    def _seen_places(self) -> range:
        """Return which cards there are: those in sight, and a row more on each side."""
        columns, _card_px = self._columns(self._full_px)
        row_px = self._card_height(self._full_px) + _gap()
        top, height = self._seen
        first = max(0, top // row_px - 1) * columns
        last = ((top + height) // row_px + 2) * columns
        return range(min(first, len(self._pages)), min(last, len(self._pages)))

    def _arrange(self) -> None:
        places = self._seen_places()
        for place in [place for place in self._cards if place not in places]:
            card = self._cards.pop(place)
            card.hide()
            self._spare.append(card)
        for place in places:
            card = self._cards.get(place) or self._make_card()
            self._cards[place] = card
            page = self._pages[place]
            is_current = page.id == self._current_id
            ink = self._has_ink(page.id)
            card.show_page(page, place + 1, is_current=is_current, has_ink=ink)
            card.setGeometry(self._box(place))
            card.show()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.StyleChange):
            self._arrange()
        return super().event(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.metrics().px(2 * CARD_MM), theme.metrics().px(CARD_MM))


def _gap() -> int:
    return theme.metrics().px(_GAP_MM)
