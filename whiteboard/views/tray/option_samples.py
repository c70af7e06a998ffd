"""Small pictures of what can be chosen, drawn with the real ink on the real board."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from PySide6.QtCore import QDate, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
)
from base.qt import theme
from base.text import _
from whiteboard.model.eraser_tool import EraserKind
from whiteboard.model.page import Surface
from whiteboard.model.palette import BOARD_RGB, highlighter_rgb, ink_rgb
from whiteboard.model.tool_choice import INK_TOOLS, WIDTHS_PT, ToolChoice, ToolKind
from whiteboard.model.tool_options import Aspect
from whiteboard.model.tools import points_between
from whiteboard.services.painting.ink_painting import blend_mode, paint_strokes
from whiteboard.services.painting.item_painting import Look, paint_item
from whiteboard.views.page.overlays import no_image

PT_PER_MM: Final = 1440 / 592
"""Page points in a design millimetre where a page fills the display: samples are as large
as the ink they stand for."""
_SAMPLE_SECONDS: Final = 0.5
_ERASER_SHARES: Final = (0.3, 0.48, 0.7, 1.0)
_LETTER_SHARES: Final = (0.38, 0.55, 0.78, 1.0)
_EDGE: Final = 8
_NOTHING: Final = ("-", 0.0, "")


def board_colour(*, is_dark: bool) -> QColor:
    """Return the bare surface of a dark or a light board."""
    return QColor(*BOARD_RGB[Surface.BLACKBOARD if is_dark else Surface.WHITE])


def board_ink(*, is_dark: bool) -> QColor:
    """Return what words on that surface are written in."""
    return QColor(*ink_rgb(0, is_dark))


def paint_sample(
    painter: QPainter, box: QRectF, choice: ToolChoice, aspect: Aspect, *, is_dark: bool
) -> None:
    """Paint what one aspect of a choice looks like.

    Args:
        painter: In view space, antialiased, on a surface of `board_colour`.
        box: Where; nothing is painted outside of it.
        choice: What would be in hand.
        aspect: What about it is to be seen.
        is_dark: Whether the board is dark.
    """
    painter.save()
    painter.setClipRect(box)
    match aspect:
        case Aspect.COLOUR:
            _paint_colour(painter, box, choice, is_dark=is_dark)
        case Aspect.SIZE if choice.tool is ToolKind.ERASER:
            _paint_eraser(painter, box, choice, is_dark=is_dark)
        case Aspect.SIZE if choice.tool is ToolKind.TEXT:
            _paint_letter(painter, box, choice, is_dark=is_dark)
        case Aspect.SIZE if choice.tool in INK_TOOLS:
            _paint_ink(painter, box, choice, is_dark=is_dark)
        case Aspect.ERASER:
            _paint_erasing(painter, box, choice.eraser, is_dark=is_dark)
        case Aspect.FOLLOWING:
            _paint_marking(painter, box, choice, is_dark=is_dark)
        case Aspect.STAMP:
            _paint_stamp(painter, box, choice, is_dark=is_dark)
        case Aspect.SIZE | Aspect.SHAPE:
            is_line = aspect is Aspect.SIZE
            _paint_shape(painter, box, choice, is_line=is_line, is_dark=is_dark)
    painter.restore()


def _paint_colour(painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool) -> None:
    side = min(box.width(), box.height())
    if choice.tool is ToolKind.NOTE:
        half = side / 2
        sheet = Affine.upright(box.center().x() - half, box.center().y() - half, side, side)
        paint_item(painter, NoteItem(*_NOTHING, sheet, choice.colour, 12.0, ""), _look(is_dark))
        return
    disc = QRectF(0, 0, side, side).adjusted(1, 1, -1, -1)
    disc.moveCenter(box.center())
    is_marker = choice.tool is ToolKind.HIGHLIGHTER
    rgb = highlighter_rgb if is_marker else ink_rgb
    # A hair of the board's ink round it: the quiet highlighters of a dark board need it.
    edge = board_ink(is_dark=is_dark)
    edge.setAlpha(90)
    painter.setPen(QPen(edge, 1.0))
    painter.setBrush(QColor(*rgb(choice.colour, is_dark)))
    if is_marker:
        bar = disc.adjusted(-side * 0.2, side * 0.14, side * 0.2, -side * 0.14) & box
        painter.drawRoundedRect(bar, side * 0.12, side * 0.12)
    else:
        painter.drawEllipse(disc)


def _paint_ink(painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool) -> None:
    scale = theme.metrics().px_per_mm / PT_PER_MM
    ink = choice.ink
    # All widths of a tool shrink alike where the widest is too wide for the box.
    shrunk = min(1.0, box.height() * 0.92 / scale / WIDTHS_PT[choice.tool][-1])
    width_pt = ink.width_pt * shrunk
    wave = _wave(ink.brush, ink.colour, width_pt, box.width() / scale, box.height() / scale)
    ratio = painter.device().devicePixelRatio()
    size_px = (math.ceil(box.width() * ratio), math.ceil(box.height() * ratio))
    picture = _ink_picture(wave, size_px, scale, ratio, is_dark=is_dark)
    painter.drawImage(box.topLeft().toPoint(), picture)


@lru_cache(maxsize=64)
def _ink_picture(
    wave: StrokeItem, size_px: tuple[int, int], scale: float, ratio: float, *, is_dark: bool
) -> QImage:
    """Return a stroke on the board: outlines cost more than all else that a tray paints."""
    picture = QImage(QSize(*size_px), QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(board_colour(is_dark=is_dark))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    paint_strokes(painter, [wave], is_dark, scale)
    painter.end()
    return picture


@lru_cache(maxsize=128)
def _wave(
    brush: BrushKind, colour: int, width_pt: float, long_pt: float, high_pt: float
) -> StrokeItem:
    """Return a stroke that swings once through a box at the origin, as a hand draws it."""
    inset = width_pt / 2 + 1.0
    way = np.linspace(0.0, 1.0, 40)
    samples = np.zeros((40, 5))
    samples[:, 0] = inset + way * max(long_pt - 2 * inset, 1.0)
    swing = max(high_pt / 2 - inset, 0.0) * 0.7
    samples[:, 1] = high_pt / 2 - swing * np.sin(way * 2 * math.pi)
    samples[:, 2] = 0.5
    samples[:, 3] = way * _SAMPLE_SECONDS
    return StrokeItem.from_samples(
        samples,
        page="-",
        z=0.0,
        author="",
        brush=brush,
        colour=colour,
        width_pt=width_pt,
        has_pressure=False,
    )


def _paint_letter(painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool) -> None:
    share = _LETTER_SHARES[choice.size]
    painter.setFont(theme.font(max(1, round(box.height() * share * 0.95))))
    painter.setPen(QColor(*ink_rgb(choice.colour, is_dark)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _("A"))


def _paint_eraser(painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool) -> None:
    radius = min(box.width(), box.height()) / 2 * _ERASER_SHARES[choice.size] - 1.5
    _paint_ring(painter, box.center(), radius, is_dark=is_dark)


def _paint_ring(painter: QPainter, centre: QPointF, radius: float, *, is_dark: bool) -> None:
    ink = board_ink(is_dark=is_dark)
    painter.setPen(QPen(ink, max(1.5, theme.metrics().px_per_mm * 0.5)))
    ink.setAlpha(40)
    painter.setBrush(ink)
    painter.drawEllipse(centre, radius, radius)


def _paint_erasing(painter: QPainter, box: QRectF, kind: EraserKind, *, is_dark: bool) -> None:
    """Paint a stroke under an eraser: all of it goes pale, or only what is touched goes."""
    scale = theme.metrics().px_per_mm / PT_PER_MM
    width_pt = WIDTHS_PT[ToolKind.PEN][2]
    wave = _wave(BrushKind.PEN, 1, width_pt, box.width() / scale, box.height() / scale)
    radius = box.height() * 0.3
    painter.save()
    painter.translate(box.topLeft())
    painter.scale(scale, scale)
    if kind is EraserKind.STROKE:
        painter.setOpacity(0.3)
    paint_strokes(painter, [wave], is_dark, scale)
    painter.restore()
    if kind is EraserKind.AREA:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(board_colour(is_dark=is_dark))
        painter.drawEllipse(box.center(), radius, radius)
    _paint_ring(painter, box.center(), radius, is_dark=is_dark)


def _paint_marking(
    painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool
) -> None:
    """Paint letters under a mark as a hand draws it, or under one that fits them."""
    letters = theme.font(max(1, round(box.height() * 0.5)))
    word = QRectF(0, 0, QFontMetricsF(letters).horizontalAdvance(_("ABC")), box.height() * 0.62)
    word.moveCenter(box.center())
    painter.setFont(letters)
    painter.setPen(board_ink(is_dark=is_dark))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _("ABC"))
    painter.setCompositionMode(blend_mode(is_dark=is_dark))
    colour = QColor(*highlighter_rgb(choice.colour, is_dark))
    if choice.follows_text:
        side = box.height() * 0.06
        painter.fillRect(word.adjusted(-side, 0, side, 0) & box, colour)
        return
    pen = QPen(colour, box.height() * 0.42)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    inset, drift = box.height() * 0.24, box.height() * 0.16
    start = QPointF(box.left() + inset, box.center().y() + drift)
    painter.drawLine(start, QPointF(box.right() - inset, box.center().y() - drift))


def _paint_shape(
    painter: QPainter, box: QRectF, choice: ToolChoice, *, is_line: bool, is_dark: bool
) -> None:
    width = choice.shape_width_pt * theme.metrics().px_per_mm / PT_PER_MM
    inset = width / 2 + 2
    inner = box.adjusted(inset, inset, -inset, -inset)
    if is_line:
        kind = ShapeKind.LINE
        start, end = (inner.left(), inner.center().y()), (inner.right(), inner.center().y())
    else:
        kind = choice.shape
        slant = kind in (ShapeKind.LINE, ShapeKind.ARROW)
        start = (inner.left(), inner.bottom() if slant else inner.top())
        end = (inner.right(), inner.top() if slant else inner.bottom())
        width = min(width, box.height() / _EDGE)
    points = points_between(kind, start, end)
    item = ShapeItem(*_NOTHING, kind, choice.colour, NO_FILL, width, points)
    paint_item(painter, item, _look(is_dark))


def _paint_stamp(painter: QPainter, box: QRectF, choice: ToolChoice, *, is_dark: bool) -> None:
    side = min(box.width(), box.height())
    corner = box.center() - QPointF(side / 2, side / 2)
    place = Affine.upright(corner.x(), corner.y(), side, side)
    is_date = choice.stamp is StampKind.DATE
    text = QDate.currentDate().toString("yyyy.MM.dd") if is_date else ""
    item = StampItem(*_NOTHING, place, choice.stamp, choice.colour, text)
    paint_item(painter, item, _look(is_dark))


def _look(is_dark: bool) -> Look:
    return Look(is_dark=is_dark, scale=1.0, image=no_image)
