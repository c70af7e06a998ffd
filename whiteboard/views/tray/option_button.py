"""Buttons that are small pieces of board with a sample of what they choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TouchControl, fitting_font, painter_for
from base.text import N_
from whiteboard.model.tool_choice import COLOURED_TOOLS, INK_TOOLS, ToolChoice, ToolKind
from whiteboard.model.tool_options import Aspect, Option, is_chosen, taken
from whiteboard.views.tray.option_samples import board_colour, board_ink, paint_sample

WORD_MM: Final = 6.0
"""Of an option's word, read at arm's length; a long one in a narrow place is smaller."""
_WORD_ROOM_MM: Final = 7.0
_BELOW_WORD_MM: Final = 1.0
_ABOVE_SAMPLE_MM: Final = 1.2
_BESIDE_WORD_MM: Final = 1.2
_BESIDE: Final = Qt.FindChildOption.FindDirectChildrenOnly


class OptionButton(TouchControl):
    """One option: its sample on the board it is for, its name, a tick when it is chosen.

    Args:
        is_framed: Whether it is a piece of board of its own; in the tray all options lie
            on one.
    """

    def __init__(self, parent: QWidget | None = None, *, is_framed: bool) -> None:
        self._option: Option | None = None
        self._sample = ToolChoice()
        self._is_dark = True
        self._is_framed = is_framed
        super().__init__("", parent)
        self.setCheckable(True)

    @property
    def option(self) -> Option | None:
        """What it chooses; None before the first `show_option`."""
        return self._option

    def show_option(self, option: Option, choice: ToolChoice, *, is_dark: bool) -> None:
        """Show an option of the tool in hand, and whether it is chosen."""
        sample = taken(choice, option)
        chosen = is_chosen(choice, option)
        if (option, sample, is_dark) != (self._option, self._sample, self._is_dark):
            self._option, self._sample, self._is_dark = option, sample, is_dark
            self.set_msgid(option.name)
        self.setChecked(chosen)

    @override
    def nextCheckState(self) -> None:
        """Stay: what is chosen follows from the choice, not from the touch."""

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        is_wide = self._option is not None and self._option.aspect in (
            Aspect.SIZE,
            Aspect.ERASER,
            Aspect.FOLLOWING,
        )
        return QSize(sizes.px(32 if is_wide else 22), sizes.px(23))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        if self._is_framed:
            _paint_board(painter, self, is_dark=self._is_dark)
        if self.isDown():
            _paint_veil(painter, self, is_dark=self._is_dark)
        row = self._row_words()
        word_px = _paint_word(painter, self, is_dark=self._is_dark, beside=row)
        if self._option is not None:
            aspect = self._option.aspect
            box = _sample_box(self, word_px, aspect)
            paint_sample(painter, box, self._sample, aspect, is_dark=self._is_dark)
            if self.isChecked():
                self._paint_chosen(painter, box)
        self._paint_focus(painter, QRectF(self.rect()), theme.metrics().radius_px)
        painter.end()

    def _row_words(self) -> tuple[tuple[str, int], ...]:
        """Return the words of all options beside it, each with its button's width."""
        parent = self.parentWidget()
        if parent is None:
            return ()
        siblings = parent.findChildren(OptionButton, "", _BESIDE)
        return tuple((one.word, one.width()) for one in siblings if not one.isHidden())

    def _paint_chosen(self, painter: QPainter, box: QRectF) -> None:
        """Mark what is chosen by its form: an edge round it and a tick on a disc."""
        sizes = theme.metrics()
        line = sizes.px(0.9)
        ink = board_ink(is_dark=self._is_dark)
        half = line / 2
        around = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, line))
        painter.drawRoundedRect(around, sizes.radius_px, sizes.radius_px)
        is_colour = self._option is not None and self._option.aspect is Aspect.COLOUR
        side = sizes.px(4.6)
        disc = QRectF(0, 0, side, side)
        if is_colour:
            disc.moveCenter(box.center())
        else:
            disc.moveTopRight(around.topRight() + QPointF(-side / 3, side / 3))
        painter.setPen(QPen(board_colour(is_dark=self._is_dark), sizes.px(0.4)))
        painter.setBrush(ink)
        painter.drawEllipse(disc)
        _paint_tick(painter, disc, board_colour(is_dark=self._is_dark))


class ChangeButton(TouchControl):
    """The sample of all that is chosen for the tool in hand; it opens the drawer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._choice = ToolChoice()
        self._is_dark = True
        super().__init__(N_("Change"), parent)

    def show_choice(self, choice: ToolChoice, *, is_dark: bool) -> None:
        """Show what is in hand."""
        if (choice, is_dark) != (self._choice, self._is_dark):
            self._choice, self._is_dark = choice, is_dark
            self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        if self.isDown():
            _paint_veil(painter, self, is_dark=self._is_dark)
        word_px = _paint_word(painter, self, is_dark=self._is_dark)
        aspect = _telling_aspect(self._choice.tool)
        box = _sample_box(self, word_px, aspect)
        paint_sample(painter, box, self._choice, aspect, is_dark=self._is_dark)
        self._paint_focus(painter, QRectF(self.rect()), theme.metrics().radius_px)
        painter.end()


def _telling_aspect(tool: ToolKind) -> Aspect:
    """Return the aspect whose sample tells most about a tool."""
    if tool is ToolKind.SHAPE:
        return Aspect.SHAPE
    if tool is ToolKind.ERASER:
        return Aspect.ERASER
    if tool is ToolKind.STAMP:
        return Aspect.STAMP
    if tool in INK_TOOLS or tool is ToolKind.TEXT:
        return Aspect.SIZE
    return Aspect.COLOUR if tool in COLOURED_TOOLS else Aspect.ERASER


def _sample_box(button: TouchControl, word_px: int, aspect: Aspect) -> QRectF:
    """Return where the sample lies above a word of height `word_px`."""
    sizes = theme.metrics()
    room = QRectF(button.rect()).adjusted(0, sizes.px(_ABOVE_SAMPLE_MM), 0, -word_px)
    if aspect is Aspect.COLOUR:
        box = QRectF(0, 0, sizes.px(13), sizes.px(9))
    elif aspect in (Aspect.STAMP, Aspect.SHAPE):
        box = QRectF(0, 0, sizes.px(14), min(sizes.px(12), room.height()))
    else:
        box = QRectF(0, 0, button.width() - sizes.px(4), min(sizes.px(14), room.height()))
    box.moveCenter(room.center())
    return box & room


def _paint_board(painter: QPainter, button: TouchControl, *, is_dark: bool) -> None:
    sizes = theme.metrics()
    half = sizes.line_px / 2
    painter.setPen(QPen(QColor(theme.tokens().outline), sizes.line_px))
    painter.setBrush(board_colour(is_dark=is_dark))
    box = QRectF(button.rect()).adjusted(half, half, -half, -half)
    painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)


def _paint_veil(painter: QPainter, button: TouchControl, *, is_dark: bool) -> None:
    veil = board_ink(is_dark=is_dark)
    veil.setAlpha(56 if button.isDown() else 26)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(veil)
    radius = theme.metrics().radius_px
    painter.drawRoundedRect(QRectF(button.rect()), radius, radius)


def _word_font(words: Sequence[tuple[str, int]]) -> QFont:
    """Return the font in which each word fits its button: one size for all in a row.

    Args:
        words: Each with the width of its button, px.
    """
    sizes = theme.metrics()
    edge = 2 * sizes.px(_BESIDE_WORD_MM)
    fonts = (fitting_font(word, width - edge, sizes.px(WORD_MM)) for word, width in words)
    return min(fonts, key=QFont.pixelSize)


def _paint_word(
    painter: QPainter,
    button: TouchControl,
    *,
    is_dark: bool,
    beside: Sequence[tuple[str, int]] = (),
) -> int:
    """Paint the word at the lower edge; return the height it takes."""
    sizes = theme.metrics()
    painter.setFont(_word_font(beside or ((button.word, button.width()),)))
    painter.setPen(board_ink(is_dark=is_dark))
    height = sizes.px(_WORD_ROOM_MM)
    below = sizes.px(_BELOW_WORD_MM)
    box = button.rect().adjusted(0, button.height() - height - below, 0, -below)
    painter.drawText(
        box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, button.word
    )
    return height + below


def _paint_tick(painter: QPainter, disc: QRectF, colour: QColor) -> None:
    pen = QPen(colour, disc.width() * 0.15)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    places = ((0.27, 0.53), (0.44, 0.7), (0.74, 0.34))
    corners = [disc.topLeft() + QPointF(x * disc.width(), y * disc.height()) for x, y in places]
    painter.drawPolyline(corners)
