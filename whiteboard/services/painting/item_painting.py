"""A page as marks, and marks to a QPainter: backgrounds and every item that is no stroke.

The painter is in page space (pt) in all of this module. Everything may be called from any
thread of a GUI application that has its own painter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QTransform

from base.board_doc import (
    NO_FILL,
    Affine,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StrokeItem,
    TextItem,
)
from whiteboard.model.bounds import Rect
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.model.palette import BOARD_RGB, NOTE_INK_RGB, Rgb, ink_rgb, note_rgb
from whiteboard.model.rulings import Dot, Print, Rule, plan_ruling
from whiteboard.model.shapes import ellipse_beziers, shape_path
from whiteboard.services.painting.ink_painting import paint_strokes
from whiteboard.services.painting.lettering import (
    EM_PX,
    TextLine,
    baseline_em,
    block_height_em,
    fitting_size,
    text_layout_size,
    wrap,
)
from whiteboard.services.painting.marks import (
    Fill,
    Line,
    Mark,
    Photo,
    Run,
    draw_mark,
    upright_frame,
)
from whiteboard.services.painting.stamps import stamp_path

__all__ = [
    "Look",
    "draw_mark",
    "item_marks",
    "paint_background",
    "paint_item",
    "paint_items",
    "ruling_rgb",
    "text_layout_size",
]

NOTE_PADDING: Final = 0.09
"""Empty edge of a note, as a share of its shorter side."""
_FOLD: Final = 0.14
_SHADE: Final = 0.022
_TEXTURE_PX: Final = 512
_DOT_LENGTH_PT: Final = 0.01
_LEAST_DOT_PX: Final = 0.9

_RULING_RGB: Final[dict[tuple[Surface, Ruling], Rgb]] = {
    (Surface.BLACKBOARD, Ruling.GRID): (76, 116, 100),
    (Surface.BLACKBOARD, Ruling.LINES): (98, 138, 121),
    (Surface.BLACKBOARD, Ruling.DOTS): (120, 156, 140),
    (Surface.BLACKBOARD, Ruling.GENKO): (112, 148, 128),
    (Surface.BLACKBOARD, Ruling.STAFF): (158, 184, 170),
    (Surface.WHITE, Ruling.GRID): (176, 197, 206),
    (Surface.WHITE, Ruling.LINES): (158, 182, 196),
    (Surface.WHITE, Ruling.DOTS): (158, 172, 168),
    (Surface.WHITE, Ruling.GENKO): (205, 140, 112),
    (Surface.WHITE, Ruling.STAFF): (98, 110, 106),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How items are to be painted.

    Attributes:
        is_dark: Whether the board is dark.
        scale: Device pixels per pt, > 0, for the level of detail.
        image: Returns the picture of an asset (32 raw bytes of SHA-256), or None while it
            is not there: a calm placeholder stands in.
    """

    is_dark: bool
    scale: float
    image: Callable[[bytes], QImage | None]


# Backgrounds ------------------------------------------------------------------------


def paint_background(
    painter: QPainter,
    background: Background,
    rect_page: QRectF,
    scale: float,
    *,
    is_textured: bool = True,
) -> None:
    """Paint what lies under the ink on a part of a page.

    Tiles join without a seam when their painters are moved by whole pixels.

    Args:
        painter: In page space; with rotation the lines are drawn as they fall, without it
            they are snapped to whole pixels.
        background: Surface and ruling.
        rect_page: The part, pt.
        scale: Device pixels per pt.
        is_textured: Whether a blackboard shows its chalk dust; not for vector devices.
    """
    to_device = painter.worldTransform()
    if to_device.isRotating():
        painter.fillRect(rect_page, QColor(*BOARD_RGB[background.surface]))
        return _draw_print(painter, background, rect_page, scale)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.resetTransform()
    part = to_device.mapRect(rect_page).toAlignedRect()
    if background.surface is Surface.BLACKBOARD and is_textured:
        # The dust keeps its grain at every zoom, and its place on the page when panned.
        painter.setBrushOrigin(round(to_device.dx()), round(to_device.dy()))
        painter.fillRect(part, QBrush(chalk_dust()))
    else:
        painter.fillRect(part, QColor(*BOARD_RGB[background.surface]))
    painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
    _draw_snapped(painter, background, rect_page, to_device)
    painter.restore()
    return None


def ruling_rgb(background: Background, strength: float = 1.0) -> Rgb:
    """Return the colour of a ruling; `strength` 0 is the bare board."""
    board = BOARD_RGB[background.surface]
    full = _RULING_RGB.get((background.surface, background.ruling), board)
    red, green, blue = (round(b + (f - b) * strength) for b, f in zip(board, full, strict=True))
    return red, green, blue


@lru_cache(maxsize=1)
def chalk_dust() -> QImage:
    """Return the blackboard's surface: 512 px square, seamless, its mean the plain colour.

    Noise is filtered in the frequency domain, whose functions are periodic: that is why
    opposite edges meet. Fine grain, soft clouds, and faint sweeps of the duster.
    """
    n = _TEXTURE_PX
    white = np.random.default_rng(1874).standard_normal((n, n), dtype=np.float32)
    fy = np.fft.fftfreq(n, 1 / n)[:, None].astype(np.float32)
    fx = np.fft.rfftfreq(n, 1 / n)[None, :].astype(np.float32)
    radius, along, across = np.hypot(fx, fy), fx + 0.35 * fy, fy - 0.35 * fx
    layers = (
        (np.exp(-radius / 7), 0.55),  # clouds
        (np.exp(-((along / 5) ** 2) - (across / 60) ** 2), 0.6),  # sweeps
        (np.exp(-((radius - 150) ** 2) / 9000), 0.8),  # grain
    )
    spectrum = np.zeros_like(radius)
    for shape, levels in layers:
        shape[0, 0] = 0
        spectrum += shape * (levels / math.sqrt(2 * float((shape**2).sum()) / n**2))
    height = np.fft.irfft2(np.fft.rfft2(white) * spectrum, (n, n))
    base = np.array(BOARD_RGB[Surface.BLACKBOARD], dtype=np.float32)[::-1]
    pixels = np.full((n, n, 4), 255, dtype=np.uint8)
    pixels[..., :3] = np.clip(np.rint(base + height[..., None]), 0, 255)
    return QImage(pixels.data, n, n, QImage.Format.Format_RGB32).copy()


def _draw_print(
    painter: QPainter, background: Background, rect_page: QRectF, scale: float
) -> None:
    for mark in ruling_marks(background, rect_page, scale):
        draw_mark(painter, mark)


def ruling_marks(background: Background, rect_page: QRectF, scale: float) -> Iterator[Mark]:
    """Yield the ruling of a part of a page as marks, for devices without pixels."""
    printed = _plan(background, rect_page, scale)
    for solid in printed.solids:
        yield Fill(_polygon(solid.corners), ruling_rgb(background, solid.strength))
    # One path for all that looks the same keeps files small.
    for (width, strength), rules in groupby(
        sorted(printed.rules, key=lambda r: (r.width_pt, r.strength)),
        key=lambda r: (r.width_pt, r.strength),
    ):
        path = QPainterPath()
        for rule in rules:
            path.moveTo(rule.x0, rule.y0)
            path.lineTo(rule.x1, rule.y1)
        yield Line(path, ruling_rgb(background, strength), width)
    # Strokes of next to no length with round ends: a tenth of what circles take.
    for (radius, strength), dots in groupby(printed.dots, _dot_kind):
        path = QPainterPath()
        for dot in dots:
            path.moveTo(dot.x, dot.y)
            path.lineTo(dot.x + _DOT_LENGTH_PT, dot.y)
        yield Line(path, ruling_rgb(background, strength), 2 * radius)


def _dot_kind(dot: Dot) -> tuple[float, float]:
    return dot.radius_pt, dot.strength


def _plan(background: Background, rect_page: QRectF, scale: float) -> Print:
    part = Rect(rect_page.left(), rect_page.top(), rect_page.right(), rect_page.bottom())
    return plan_ruling(background.ruling, part, scale)


def _draw_snapped(
    painter: QPainter, background: Background, rect_page: QRectF, to_device: QTransform
) -> None:
    scale, left, top = to_device.m11(), round(to_device.dx()), round(to_device.dy())
    printed = _plan(background, rect_page, scale)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for solid in printed.solids:
        path = to_device.map(_polygon(solid.corners))
        painter.fillPath(path, QColor(*ruling_rgb(background, solid.strength)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for rule in printed.rules:
        box = _rule_px(rule, scale).translated(left, top)
        painter.fillRect(box, QColor(*ruling_rgb(background, rule.strength)))
    for (radius, strength), dots in groupby(printed.dots, _dot_kind):
        stamp = _dot_stamp(max(radius * scale, _LEAST_DOT_PX), ruling_rgb(background, strength))
        half = stamp.width() // 2
        for dot in dots:
            x, y = round(dot.x * scale) + left, round(dot.y * scale) + top
            painter.drawImage(x - half, y - half, stamp)


def _rule_px(rule: Rule, scale: float) -> QRect:
    """Return a line in whole pixels from the page's corner.

    Rounded before a tile's own offset is added: all tiles then round alike.
    """
    width = max(1, round(rule.width_pt * scale))
    x, y = round(rule.x0 * scale), round(rule.y0 * scale)
    length_x, length_y = round(rule.x1 * scale) - x, round(rule.y1 * scale) - y
    if length_x >= length_y:
        return QRect(x, y - width // 2, length_x + 1, width)
    return QRect(x - width // 2, y, width, length_y + 1)


@lru_cache(maxsize=8)
def _dot_stamp(radius_px: float, rgb: Rgb) -> QImage:
    side = 2 * math.ceil(radius_px) + 2
    stamp = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    stamp.fill(Qt.GlobalColor.transparent)
    painter = QPainter(stamp)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*rgb))
    painter.drawEllipse(QPointF(side / 2, side / 2), radius_px, radius_px)
    painter.end()
    return stamp


# Items ------------------------------------------------------------------------------


def paint_items(painter: QPainter, items: Iterable[Item], look: Look) -> None:
    """Paint items, lowest first, strokes among them.

    The painter's transform and hints are restored; its pen, brush and font are not.
    """
    for is_stroke, group in groupby(items, key=lambda item: isinstance(item, StrokeItem)):
        if is_stroke:
            strokes = [item for item in group if isinstance(item, StrokeItem)]
            paint_strokes(painter, strokes, look.is_dark, look.scale)
        else:
            for item in group:
                paint_item(painter, item, look)


def paint_item(painter: QPainter, item: Item, look: Look) -> None:
    """Paint one item; see `paint_items`."""
    if isinstance(item, StrokeItem):
        paint_strokes(painter, [item], look.is_dark, look.scale)
        return
    hints = painter.renderHints()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for mark in item_marks(item, look):
        draw_mark(painter, mark)
    painter.setRenderHints(hints)


def item_marks(item: Item, look: Look) -> Iterator[Mark]:
    """Yield what an item that is no stroke looks like, lowest first."""
    match item:
        case ShapeItem():
            yield from _shape_marks(item, look)
        case TextItem():
            yield from _text_marks(item, look)
        case NoteItem():
            yield from _note_marks(item)
        case ImageItem():
            yield from _image_marks(item, look)
        case StampItem():
            yield Fill(stamp_path(item), ink_rgb(item.colour, look.is_dark))
        case StrokeItem():
            raise TypeError("strokes are painted by ink_painting")


def shape_outline(item: ShapeItem) -> QPainterPath:
    """Return the line of a shape in page space; an arrow's head is part of it."""
    path = QPainterPath()
    if item.shape is ShapeKind.ELLIPSE:
        curve = [QPointF(x, y) for x, y in ellipse_beziers(item).tolist()]
        path.moveTo(curve[0])
        for handle1, handle2, end in zip(curve[1::3], curve[2::3], curve[3::3], strict=True):
            path.cubicTo(handle1, handle2, end)
        path.closeSubpath()
        return path
    for line in shape_path(item):
        first, *others = line.tolist()
        path.moveTo(*first)
        for corner in others:
            path.lineTo(*corner)
        if (line[0] == line[-1]).all():
            path.closeSubpath()
    return path


def _polygon(corners: Iterable[tuple[float, float]]) -> QPainterPath:
    first, *others = corners
    path = QPainterPath(QPointF(*first))
    for corner in others:
        path.lineTo(*corner)
    path.closeSubpath()
    return path


def _shape_marks(item: ShapeItem, look: Look) -> Iterator[Mark]:
    path = shape_outline(item)
    if item.fill != NO_FILL and item.shape not in (ShapeKind.LINE, ShapeKind.ARROW):
        yield Fill(path, ink_rgb(item.fill, look.is_dark))
    yield Line(path, ink_rgb(item.colour, look.is_dark), item.width_pt)


def _text_marks(item: TextItem, look: Look) -> Iterator[Mark]:
    width, height, size = item.box.width, item.box.height, item.size_pt
    lines = wrap(item.text, width / size)
    if block_height_em(lines) * size > height + 0.01 and min(width, height) > 0:
        # Ink outside an item's bounds would be left behind when it moves.
        size = fitting_size(item.text, size, width, height)
        lines = wrap(item.text, width / size)
    frame = upright_frame(item.box)
    yield from _runs(lines, size, frame, 0.0, ink_rgb(item.colour, look.is_dark))


def _runs(
    lines: tuple[TextLine, ...],
    size_pt: float,
    frame: QTransform,
    top_pt: float,
    rgb: Rgb,
    centre_in_pt: float | None = None,
) -> Iterator[Run]:
    for i, line in enumerate(lines):
        if not line.text:
            continue
        left = 0.0
        if centre_in_pt is not None:
            left = (centre_in_pt - line.width_em * size_pt) / 2
        place = QTransform.fromScale(size_pt / EM_PX, size_pt / EM_PX)
        place *= QTransform.fromTranslate(left, top_pt + baseline_em(i) * size_pt)
        yield Run(line.text, place * frame, line.width_em * EM_PX, rgb)


def _note_marks(item: NoteItem) -> Iterator[Mark]:
    """A sheet with a corner turned up, on a thin shade that lifts it off the board.

    All of it lies inside the box: the shade takes its edge from the paper.
    """
    side = min(item.box.width, item.box.height)
    shade = side * _SHADE
    width, height, fold = item.box.width - shade / 2, item.box.height - shade, side * _FOLD
    paper, frame = note_rgb(item.colour), upright_frame(item.box)
    for reach, opacity in ((1.0, 0.10), (0.5, 0.16)):
        dx, dy = shade / 2 * reach, shade * reach
        edge = ((dx, dy), (width + dx, dy), (width + dx, height - fold + dy),
                (width - fold + dx, height + dy), (dx, height + dy))  # fmt: skip
        yield Fill(frame.map(_polygon(edge)), (10, 20, 16), opacity)
    sheet = ((0, 0), (width, 0), (width, height - fold), (width - fold, height), (0, height))
    yield Fill(frame.map(_polygon(sheet)), paper)
    glued = ((0, 0), (width, 0), (width, side * 0.13), (0, side * 0.13))
    yield Fill(frame.map(_polygon(glued)), _shaded(paper, 0.955))
    turned = QPainterPath(QPointF(width, height - fold))
    turned.lineTo(width - fold, height)
    turned.quadTo(width - fold * 0.93, height - fold * 0.72, width - fold * 0.86, height - fold)
    turned.quadTo(width - fold * 0.5, height - fold * 0.93, width, height - fold)
    yield Fill(frame.map(turned), _shaded(paper, 0.84))
    yield from _note_text(item, frame)


def _note_text(item: NoteItem, frame: QTransform) -> Iterator[Run]:
    pad = min(item.box.width, item.box.height) * NOTE_PADDING
    width, height = item.box.width - 2 * pad, item.box.height - 2 * pad
    if width <= 0 or height <= 0 or not item.text.strip():
        return
    size = fitting_size(item.text, item.size_pt, width, height)
    lines = wrap(item.text, width / size)
    top = pad + max(height - block_height_em(lines) * size, 0) / 2
    yield from _runs(lines, size, frame, top, NOTE_INK_RGB, centre_in_pt=item.box.width)


def _shaded(rgb: Rgb, factor: float) -> Rgb:
    red, green, blue = (round(c * factor) for c in rgb)
    return red, green, blue


# Pictures ---------------------------------------------------------------------------


def _image_marks(item: ImageItem, look: Look) -> Iterator[Mark]:
    image = look.image(item.sha256)
    if image is None or image.isNull():
        yield from _placeholder_marks(item.box, look)
        return
    shrink = image.width() / max(item.box.width * look.scale, 1.0)
    level = max(0, math.floor(math.log2(shrink))) if shrink > 1 else 0
    yield Photo(_halved(_Source(image), level), item.box, item.sha256)


def _placeholder_marks(box: Affine, look: Look) -> Iterator[Mark]:
    """A quiet frame with hills and a sun."""
    frame = upright_frame(box)
    side = min(box.width, box.height)
    board = BOARD_RGB[Surface.BLACKBOARD if look.is_dark else Surface.WHITE]
    grey = ink_rgb(7, look.is_dark)
    quiet = tuple(round(b * 0.6 + g * 0.4) for b, g in zip(board, grey, strict=True))
    rgb: Rgb = (quiet[0], quiet[1], quiet[2])
    edge = QPainterPath()
    edge.addRoundedRect(QRectF(0, 0, box.width, box.height), side * 0.04, side * 0.04)
    yield Fill(frame.map(edge), rgb, 0.25)
    yield Line(frame.map(edge), rgb, max(side * 0.008, 0.5))
    cx, cy, unit = box.width / 2, box.height / 2, side * 0.2
    hills = ((-1.2, 0.7), (-0.45, -0.3), (0.05, 0.3), (0.4, -0.1), (1.2, 0.7))
    yield Fill(frame.map(_polygon((cx + x * unit, cy + y * unit) for x, y in hills)), rgb)
    sun = QPainterPath()
    sun.addEllipse(QPointF(cx + unit * 0.6, cy - unit * 0.6), unit * 0.2, unit * 0.2)
    yield Fill(frame.map(sun), rgb)


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """An image as a key: equal when Qt says that the pixels are the same."""

    image: QImage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Source) and self.image.cacheKey() == other.image.cacheKey()

    def __hash__(self) -> int:
        return hash(self.image.cacheKey())


@lru_cache(maxsize=8)
def _halved(source: _Source, level: int) -> QImage:
    """Return the image halved `level` times: bilinear drawing alone glitters below half."""
    image = source.image
    if level == 0:
        return image
    size = QSize(max(image.width() >> level, 1), max(image.height() >> level, 1))
    return image.scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
