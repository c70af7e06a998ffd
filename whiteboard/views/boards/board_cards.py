"""Boards as cards in a grid: the picture of the first page, title, day and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import Tile, TouchButton, TouchControl, paint_icon, painter_for
from base.text import N_, _
from whiteboard.model.board_words import pages_text, shown_title, when_text
from whiteboard.services.boards.library import BoardEntry
from whiteboard.views.parts.finger_list import leave_touches_to_list

THUMBNAIL_ASPECT: Final = 9 / 16
LEAST_CARD_MM: Final = 105.0
CARD_GAP_MM: Final = 8.0
CARD_RADIUS_MM: Final = 4.0
_WORDS_MM: Final = 25.0


class BoardCard(TouchControl):
    """One board; a touch opens it, the button in its corner does the rest.

    Args:
        entry: The board.
        corner: Word and icon of the button in the corner.
    """

    corner_touched = Signal(object)
    """The button in the corner: carries the `BoardEntry`."""
    chosen = Signal(object)
    """A touch on the card: carries the `BoardEntry`."""
    focused = Signal(object)
    """The keyboard came here: carries this widget."""

    def __init__(
        self, entry: BoardEntry, corner: tuple[str, str], parent: QWidget | None = None
    ) -> None:
        self.entry = entry
        self._today = entry.modified.astimezone().date()
        self._is_open = False
        self._picture: QPixmap | None = None
        super().__init__("", parent)
        leave_touches_to_list(self)
        self.corner = TouchButton(*corner, self)
        leave_touches_to_list(self.corner)
        self.corner.installEventFilter(self)
        self.corner.clicked.connect(lambda: self.corner_touched.emit(self.entry))
        self.clicked.connect(lambda: self.chosen.emit(self.entry))
        self._name_corner()

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture, or it is known that there is none."""
        return self._picture is not None

    @property
    def title(self) -> str:
        """The title as it is shown."""
        return shown_title(self.entry.title, self.entry.created)

    def show_entry(self, entry: BoardEntry, today: date, *, is_open: bool) -> None:
        """Show a board as it is now."""
        self.entry, self._today, self._is_open = entry, today, is_open
        self.retranslate()
        self._name_corner()

    def rename(self, title: str) -> None:
        """Show another title."""
        self.entry = replace(self.entry, title=title)
        self.retranslate()
        self._name_corner()

    def show_picture(self, picture: QImage) -> None:
        """Show the picture of the first page; empty for none."""
        self._picture = QPixmap.fromImage(picture)
        self._picture.setDevicePixelRatio(self.devicePixelRatioF())
        self.update()

    def drop_picture(self) -> None:
        """Give back the memory of the picture."""
        self._picture = None

    def picture_size(self) -> QSize:
        """Return the size of the picture, device-independent px."""
        inset = 2 * theme.metrics().line_px
        width = self.width() - inset
        return QSize(width, round(width * THUMBNAIL_ASPECT))

    @override
    def retranslate(self) -> None:
        words = f"{self.title}. {self._details()}"
        self.setText(self.title.replace("&", "&&"))
        self.setAccessibleName(words)
        self.update()

    def _name_corner(self) -> None:
        self.corner.setAccessibleName(f"{self.corner.word}: {self.title}")

    def _details(self) -> str:
        if not self.entry.is_readable:
            return _("Damaged. Touch to rescue it.")
        moment = self.entry.deleted or self.entry.modified
        when = when_text(moment, self._today)
        if self.entry.deleted is not None:
            return _("Deleted: %(when)s") % {"when": when}
        return f"{when}  ·  {pages_text(len(self.entry.page_ids))}"

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_corner()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.corner and event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self)
        return super().eventFilter(watched, event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            # The corner hears of the language after its card.
            self.corner.retranslate()
            self._name_corner()
            self._place_corner()

    def _place_corner(self) -> None:
        sizes = theme.metrics()
        hint = self.corner.sizeHint()
        gap = sizes.px(1.5)
        self.corner.setGeometry(
            self.width() - hint.width() - gap,
            self.height() - (sizes.px(_WORDS_MM) + hint.height()) // 2,
            hint.width(),
            hint.height(),
        )

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        radius = sizes.px(CARD_RADIUS_MM)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        down = self.isDown()
        painter.setBrush(QColor(colours.surface_pressed if down else colours.surface))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, radius, radius)
        picture = QRect(sizes.line_px, sizes.line_px, 0, 0)
        picture.setSize(self.picture_size())
        self._paint_picture(painter, picture)
        self._paint_edge(painter, box, radius)
        self._paint_words(painter, picture.bottom() + 1)
        if self._is_open:
            self._paint_open_mark(painter)
        self._paint_focus(painter, box, radius)
        painter.end()

    def _paint_edge(self, painter: QPainter, box: QRectF, radius: float) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        half = sizes.line_px / 2 if self._is_open else 0.0
        edge = colours.accent_ink if self._is_open else colours.outline
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(edge), sizes.line_px * (2 if self._is_open else 1)))
        painter.drawRoundedRect(box.adjusted(half, half, -half, -half), radius, radius)

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        if self._picture is not None and not self._picture.isNull():
            painter.drawPixmap(box.topLeft(), self._picture)
        elif not self.entry.is_readable:
            icon_box = box.adjusted(0, box.height() // 3, 0, -box.height() // 3)
            ratio = self.devicePixelRatioF()
            paint_icon(painter, "triangle-alert", colours.text_quiet, icon_box, ratio)
        line = QRectF(box.left(), box.bottom() + 1, box.width(), sizes.line_px)
        painter.fillRect(line, QColor(colours.hairline))

    def _paint_words(self, painter: QPainter, top_px: int) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        left = sizes.px(5)
        width = self.corner.x() - left - sizes.px(1)
        title_font, small_font = theme.font(sizes.px(6.5), bold=True), theme.font(sizes.px(5))
        lines_px = QFontMetrics(title_font).height() + QFontMetrics(small_font).height()
        gap = sizes.px(1.5)
        top = top_px + (self.height() - top_px - lines_px - gap) // 2
        for made, ink, words in (
            (title_font, colours.text, self.title),
            (small_font, colours.text_quiet, self._details()),
        ):
            painter.setFont(made)
            painter.setPen(QColor(ink))
            metrics = QFontMetrics(made)
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width)
            box = QRect(left, top, width, metrics.height())
            painter.drawText(box, Qt.TextFlag.TextDontClip, shown)
            top += metrics.height() + gap

    def _paint_open_mark(self, painter: QPainter) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        made = theme.font(sizes.px(5), bold=True)
        words = _("Open now")
        metrics = QFontMetrics(made)
        side = sizes.px(5.5)
        width = metrics.horizontalAdvance(words) + side + sizes.px(8)
        # On the right: people begin to write on the left.
        box = QRect(self.width() - width - sizes.px(3), sizes.px(3), width, sizes.px(9))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(box, sizes.px(2), sizes.px(2))
        icon_box = QRect(box.left() + sizes.px(2.5), box.top(), side, box.height())
        ratio = self.devicePixelRatioF()
        paint_icon(painter, "pencil", colours.on_accent, icon_box, ratio)
        painter.setFont(made)
        painter.setPen(QColor(colours.on_accent))
        words_box = box.adjusted(side + sizes.px(4.5), 0, 0, 0)
        painter.drawText(words_box, Qt.AlignmentFlag.AlignVCenter, words)


class CardGrid(QWidget):
    """The cards in rows, behind the tile for a new board if there is one.

    Args:
        corner: Word and icon of the button in each card's corner.
        new_tile: Whether the first place is for a new board.
    """

    new_asked = Signal()
    chosen = Signal(object)
    """A board's card was touched: a `BoardEntry`."""
    corner_touched = Signal(object)
    """The button in a card's corner was touched: a `BoardEntry`."""
    focused = Signal(object)
    """The keyboard came to a card: the widget."""

    def __init__(
        self, corner: tuple[str, str], *, new_tile: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._corner = corner
        self._cards: list[BoardCard] = []
        self._new: Tile | None = None
        if new_tile:
            self._new = Tile(N_("New board"), "plus", parent=self, lead=True)
            leave_touches_to_list(self._new)
            self._new.clicked.connect(self.new_asked)

    @property
    def cards(self) -> tuple[BoardCard, ...]:
        """The cards in their order."""
        return tuple(self._cards)

    def show_boards(
        self, entries: Sequence[BoardEntry], today: date, open_path: Path | None
    ) -> None:
        """Show these boards; the cards of boards that were shown before stay as they are."""
        known = {card.entry.path: card for card in self._cards}
        cards: list[BoardCard] = []
        for entry in entries:
            card = known.pop(entry.path, None) or self._make_card(entry)
            card.show_entry(entry, today, is_open=entry.path == open_path)
            cards.append(card)
        for gone in known.values():
            gone.hide()
            gone.deleteLater()
        self._cards = cards
        self.lay_out()

    def rename(self, path: Path, title: str) -> None:
        """Show another title for a board."""
        for card in self._cards:
            if card.entry.path == path:
                card.rename(title)

    def _make_card(self, entry: BoardEntry) -> BoardCard:
        card = BoardCard(entry, self._corner, self)
        card.chosen.connect(self.chosen)
        card.corner_touched.connect(self.corner_touched)
        card.focused.connect(self.focused)
        card.show()
        return card

    def height_for(self, width_px: int) -> int:
        """Return how tall the grid is at a width, with a gap below the last row."""
        count = len(self._cards) + (self._new is not None)
        columns, _, height = _plan(width_px)
        rows = -(-count // columns)
        gap = theme.metrics().px(CARD_GAP_MM)
        return rows * (height + gap)

    def lay_out(self) -> None:
        """Put everything into its place."""
        columns, width, height = _plan(self.width())
        gap = theme.metrics().px(CARD_GAP_MM)
        widgets: list[QWidget] = [*([self._new] if self._new else []), *self._cards]
        before: QWidget | None = None
        for place, widget in enumerate(widgets):
            row, column = divmod(place, columns)
            box = QRect(column * (width + gap), row * (height + gap), width, height)
            widget.setGeometry(box)
            # A card, its button, the next card.
            for stop in (widget, widget.corner) if isinstance(widget, BoardCard) else (widget,):
                if before is not None:
                    QWidget.setTabOrder(before, stop)
                before = stop

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.lay_out()


def _plan(width_px: int) -> tuple[int, int, int]:
    """Return how many cards stand side by side, and a card's width and height in px."""
    sizes = theme.metrics()
    gap = sizes.px(CARD_GAP_MM)
    # Room at the right for the marker of the place.
    room = width_px - sizes.px(5)
    columns = max(1, (room + gap) // (sizes.px(LEAST_CARD_MM) + gap))
    width = max(1, (room - (columns - 1) * gap) // columns)
    picture = round((width - 2 * sizes.line_px) * THUMBNAIL_ASPECT)
    return columns, width, picture + sizes.line_px + sizes.px(_WORDS_MM)
