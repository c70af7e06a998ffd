"""The small picture of a page: for finding it, not for reading it.

Strokes are drawn as lines of their nominal width through every few samples, ten times as
fast as with their outlines.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from base.board_doc import BrushKind, Item, StrokeItem, unpack_positions
from whiteboard.model.bounds import Rect, item_bounds, many_bounds
from whiteboard.model.page import Background, Page
from whiteboard.model.palette import highlighter_rgb, ink_rgb
from whiteboard.services.painting.ink_painting import blend_mode
from whiteboard.services.painting.item_painting import Look, paint_background, paint_item
from whiteboard.services.painting.sheet_pixels import AROUND_RGB, PAPER_RGB, SheetSpot, spot_of

WIDTH_PX: Final = 480
HEIGHT_PX: Final = 270
_BATCH: Final = 16
_FINER: Final = 2
_BOUNDS_BATCH: Final = 256
_THINNED_PX: Final = 1.5
"""Samples nearer than about this in the picture are left out."""

Photo: TypeAlias = Callable[[bytes], QImage | None]
"""Returns an image on the page by its SHA-256, or None for one that cannot be had."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture and what it was made from.

    Attributes:
        image: The picture, `WIDTH_PX` by `HEIGHT_PX`.
        area: What of the page it shows, pt.
        background: What lies under the ink.
        top_z: Highest stacking order on it.
        spot: The sheet under it.
    """

    image: QImage
    area: Rect
    background: Background
    top_z: float
    spot: SheetSpot | None = None

    def has_room_for(self, item: Item) -> bool:
        """Return whether an item that is missing can be painted over the picture."""
        return item.z > self.top_z and self.area.contains(item_bounds(item))


Painting: TypeAlias = Generator[PagePicture | None, None, None]
"""Paints one picture in steps of a millisecond or so; yields None until it is there."""


def paint_page(
    page: Page, items_by_id: Mapping[str, Item], photo: Photo, sheet: QImage | None = None
) -> Painting:
    """Paint a page from nothing.

    Any thread, as long as `items_by_id` does not change before the second step.

    Args:
        page: The page.
        items_by_id: What lies on it.
        photo: Returns images.
        sheet: The sheet under it, of any size; None for paper alone.
    """
    # As `Board.stacked`, but ordered without a call for each of perhaps 10,000 items.
    entries = [(item.z, item_id, item) for item_id, item in items_by_id.items()]
    yield None
    entries.sort()
    yield None
    items = [item for _, _, item in entries]
    yield None
    area = _nominal_area(page)
    for start in range(0, len(items), _BOUNDS_BATCH):
        area = _covering(area, items[start : start + _BOUNDS_BATCH])
        yield None
    image = _bare_page(page.background, area).copy()
    if page.sheet is not None:
        image = _sheet_page(page, area, sheet)
    yield None
    yield from _paint_items(image, area, page.background, items, photo)
    top_z = max((item.z for item in items), default=0.0)
    yield PagePicture(image, area, page.background, top_z, spot_of(page))


def paint_over(picture: PagePicture, items: Sequence[Item], photo: Photo) -> Painting:
    """Paint items, lowest first, over a picture that `has_room_for` them."""
    image = picture.image.copy()
    yield from _paint_items(image, picture.area, picture.background, items, photo)
    top_z = max([picture.top_z, *(item.z for item in items)])
    yield PagePicture(image, picture.area, picture.background, top_z, picture.spot)


def to_png(image: QImage) -> bytes:
    """Return an image as PNG. Any thread."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())


def _paint_items(
    image: QImage, area: Rect, background: Background, items: Sequence[Item], photo: Photo
) -> Iterator[None]:
    """Paint items in their order, pausing after each batch."""
    scale = _scale(area)
    look = Look(background.is_dark, scale, photo)
    for start in range(0, len(items), _BATCH):
        # A painter lives for one batch: between two, Qt may want the image alone.
        painter = _painter(image, area, scale)
        _paint_batch(painter, items[start : start + _BATCH], look)
        painter.end()
        yield None


def _nominal_area(page: Page) -> Rect:
    """Return what the picture shows of an empty page; a sheet lies in its middle."""
    if page.sheet is None:
        return Rect(0.0, 0.0, page.width_pt, page.height_pt)
    scale = min(WIDTH_PX / page.width_pt, HEIGHT_PX / page.height_pt)
    beside = (WIDTH_PX / scale - page.width_pt) / 2
    above = (HEIGHT_PX / scale - page.height_pt) / 2
    return Rect(-beside, -above, page.width_pt + beside, page.height_pt + above)


def _sheet_page(page: Page, area: Rect, sheet: QImage | None) -> QImage:
    """Return a page with nothing on it but its sheet."""
    image = QImage(WIDTH_PX, HEIGHT_PX, QImage.Format.Format_RGB32)
    image.fill(QColor(*AROUND_RGB))
    painter = _painter(image, area, _scale(area))
    target = QRectF(0.0, 0.0, page.width_pt, page.height_pt)
    painter.fillRect(target, QColor(*PAPER_RGB))
    if sheet is not None:
        painter.drawImage(target, sheet)
    painter.end()
    return image


@lru_cache(maxsize=16)
def _bare_page(background: Background, area: Rect) -> QImage:
    """Return an empty page: painted larger and shrunk, so that fine rulings stay fine."""
    large = QImage(WIDTH_PX * _FINER, HEIGHT_PX * _FINER, QImage.Format.Format_RGB32)
    scale = _scale(area) * _FINER
    painter = _painter(large, area, scale)
    shown = QRectF(area.left, area.top, large.width() / scale, large.height() / scale)
    paint_background(painter, background, shown, scale)
    painter.end()
    smooth = Qt.TransformationMode.SmoothTransformation
    keep = Qt.AspectRatioMode.IgnoreAspectRatio
    small = large.scaled(WIDTH_PX, HEIGHT_PX, keep, smooth)
    return small.convertToFormat(QImage.Format.Format_RGB32)


def _scale(area: Rect) -> float:
    """Return picture px per pt: all of an area is to be seen."""
    return min(WIDTH_PX / area.width, HEIGHT_PX / area.height)


def _painter(image: QImage, area: Rect, scale: float) -> QPainter:
    """Return a painter in page space; the caller ends it."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(scale, scale)
    painter.translate(-area.left, -area.top)
    return painter


def _covering(area: Rect, items: Sequence[Item]) -> Rect:
    """Return `area` grown to the right and down to cover items: pages grow that way."""
    bounds = many_bounds(items)
    return Rect(
        area.left,
        area.top,
        max(area.right, float(bounds[:, 2].max())),
        max(area.bottom, float(bounds[:, 3].max())),
    )


def _paint_batch(painter: QPainter, items: Sequence[Item], look: Look) -> None:
    lines = iter(_polylines([i for i in items if isinstance(i, StrokeItem)], look.scale))
    for item in items:
        if isinstance(item, StrokeItem):
            _paint_line(painter, item, next(lines), look)
        else:
            paint_item(painter, item, look)


def _polylines(strokes: Sequence[StrokeItem], scale: float) -> Iterable[QPolygonF]:
    """Return the way of each stroke, thinned to what a thumbnail can show."""
    if not strokes:
        return []
    points, borders = unpack_positions(strokes)
    made = []
    for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        way = points[start:end]
        extent_px = float(np.ptp(way, axis=0).sum()) * scale
        step = max(1, int(len(way) * _THINNED_PX / max(extent_px * 1.5, 1.0)))
        thin = np.concatenate((way[:-1:step], way[-1:])) if step > 1 else way
        made.append(QPolygonF([QPointF(x, y) for x, y in thin.tolist()]))
    return made


def _paint_line(painter: QPainter, stroke: StrokeItem, way: QPolygonF, look: Look) -> None:
    is_marker = stroke.brush is BrushKind.HIGHLIGHTER
    rgb = (highlighter_rgb if is_marker else ink_rgb)(stroke.colour, look.is_dark)
    pen = QPen(QColor(*rgb), max(stroke.width_pt, 1.0 / look.scale))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if is_marker:
        painter.setCompositionMode(blend_mode(is_dark=look.is_dark))
    if way.size() > 1:
        painter.drawPolyline(way)
    else:
        painter.drawPoint(way.at(0))
    if is_marker:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
