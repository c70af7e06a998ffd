"""Strokes to `QPainter`: paths from outlines, and how each kind of ink is laid down.

Pen ink is opaque. A highlighter takes the darker of itself and what is there on a light
board (the lighter on a dark one), so it never darkens itself and never hides writing.
Chalk is filled with grain that belongs to the page, not to the stroke.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QByteArray, QDataStream
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QTransform

from base.board_doc import BrushKind, StrokeItem
from whiteboard.model.outline import Outlines, outlines
from whiteboard.model.palette import highlighter_rgb, ink_rgb
from whiteboard.model.smoothing import SMOOTH, Smoothing

DETAIL_PX: Final = 0.2
"""Greatest distance of a painted edge from the true curve, in device px."""

_GRAIN_SIZE_PX: Final = 256
_GRAIN_PER_PT: Final = 1.6
"""Grain pixels per pt at every zoom: the grain is part of the board."""

_COUNT: Final = struct.Struct(">i").pack
_TAIL: Final = struct.Struct(">ii").pack
"""Row of the last polygon's start, and the winding rule."""
_ELEMENT: Final = np.dtype([("type", ">i4"), ("x", ">f8"), ("y", ">f8")])


def tolerance_pt(scale: float) -> float:
    """Return the detail that `scale` (device px per pt) needs, in pt."""
    return DETAIL_PX / scale


def stroke_paths(
    strokes: Sequence[StrokeItem], detail_pt: float, smoothing: Smoothing = SMOOTH
) -> list[QPainterPath]:
    """Return the outline of each stroke in page space, to be filled by the winding rule.

    Args:
        strokes: Any strokes; those of one brush are worked on at once.
        detail_pt: Greatest distance from the true curve, pt; > 0.
        smoothing: Valid parameters.
    """
    paths: list[QPainterPath] = [QPainterPath()] * len(strokes)
    by_brush: dict[BrushKind, list[int]] = {}
    for index, stroke in enumerate(strokes):
        by_brush.setdefault(stroke.brush, []).append(index)
    for indices in by_brush.values():
        shapes = outlines([strokes[i] for i in indices], detail_pt, smoothing)
        for index, path in zip(indices, paths_of(shapes), strict=True):
            paths[index] = path
    return paths


def stroke_path(stroke: StrokeItem, detail_pt: float) -> QPainterPath:
    """Return the outline of one stroke; see `stroke_paths`."""
    return stroke_paths([stroke], detail_pt)[0]


def paths_of(shapes: Outlines) -> list[QPainterPath]:
    """Return one path per stroke, read from the stream form of `QPainterPath`.

    A path built point by point from Python costs ten times as much.
    """
    elements = np.empty(len(shapes.points), dtype=_ELEMENT)
    elements["type"] = ~shapes.is_start
    elements["x"] = shapes.points[:, 0]
    elements["y"] = shapes.points[:, 1]
    data = elements.tobytes()
    size = _ELEMENT.itemsize
    borders = shapes.borders.tolist()
    starts = _last_starts(shapes.is_start, shapes.borders)
    parts: list[bytes] = []
    for start, end, last in zip(borders[:-1], borders[1:], starts, strict=True):
        parts += (_COUNT(end - start), data[start * size : end * size], _TAIL(last - start, 1))
    # One stream for all: making one for each path would cost as much as reading it.
    stream = QDataStream(QByteArray(b"".join(parts)))
    paths = [QPainterPath() for _ in starts]
    for path in paths:
        stream >> path
    return paths


@lru_cache(maxsize=256)
def ink_brush(brush: BrushKind, colour: int, is_dark: bool) -> QBrush:
    """Return what a brush of an ink colour fills with on a dark or a light board."""
    if brush is BrushKind.HIGHLIGHTER:
        return QBrush(QColor(*highlighter_rgb(colour, is_dark)))
    rgb = QColor(*ink_rgb(colour, is_dark))
    return _grain_brush(rgb.rgb()) if brush is BrushKind.CHALK else QBrush(rgb)


def in_view(ink: QBrush, scale: float, left_pt: float, top_pt: float) -> QBrush:
    """Return a page space brush for a painter in view space; its grain stays in place."""
    result = QBrush(ink)
    grain = QTransform.fromScale(scale / _GRAIN_PER_PT, scale / _GRAIN_PER_PT)
    result.setTransform(grain * QTransform.fromTranslate(-left_pt * scale, -top_pt * scale))
    return result


def blend_mode(*, is_dark: bool) -> QPainter.CompositionMode:
    """Return how a highlighter mixes with what lies under it."""
    if is_dark:
        return QPainter.CompositionMode.CompositionMode_Lighten
    return QPainter.CompositionMode.CompositionMode_Darken


def fill_ink(
    painter: QPainter, path: QPainterPath, brush: BrushKind, ink: QBrush, *, is_dark: bool
) -> None:
    """Lay down one path of ink; the painter is in page space."""
    if brush is not BrushKind.HIGHLIGHTER:
        painter.fillPath(path, ink)
        return
    painter.setCompositionMode(blend_mode(is_dark=is_dark))
    painter.fillPath(path, ink)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)


def paint_strokes(
    painter: QPainter, strokes: Sequence[StrokeItem], is_dark: bool, scale: float
) -> None:
    """Paint strokes in their order; the painter is in page space.

    Args:
        painter: Antialiasing is switched on and left on.
        strokes: Lowest first.
        is_dark: Whether the board is dark.
        scale: Device px per pt, for the level of detail.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paths = stroke_paths(strokes, tolerance_pt(scale))
    paint_paths(painter, zip(strokes, paths, strict=True), is_dark=is_dark)


def paint_paths(
    painter: QPainter, inked: Iterable[tuple[StrokeItem, QPainterPath]], *, is_dark: bool
) -> None:
    """Paint strokes with their outlines in their order; the painter is in page space."""
    for stroke, path in inked:
        ink = ink_brush(stroke.brush, stroke.colour, is_dark)
        fill_ink(painter, path, stroke.brush, ink, is_dark=is_dark)


@lru_cache(maxsize=64)
def _grain_brush(rgb: int) -> QBrush:
    """Return a brush of chalk in a colour, its grain fixed in page space."""
    alpha = _grain_alpha()
    channels = np.empty((_GRAIN_SIZE_PX, _GRAIN_SIZE_PX, 4), dtype=np.uint8)
    for place, shift in enumerate((0, 8, 16)):
        channels[:, :, place] = np.rint(alpha * (rgb >> shift & 0xFF))
    channels[:, :, 3] = np.rint(alpha * 255)
    image = QImage(
        channels.data,
        _GRAIN_SIZE_PX,
        _GRAIN_SIZE_PX,
        4 * _GRAIN_SIZE_PX,
        QImage.Format.Format_ARGB32_Premultiplied,
    ).copy()
    brush = QBrush(image)
    brush.setTransform(QTransform.fromScale(1 / _GRAIN_PER_PT, 1 / _GRAIN_PER_PT))
    return brush


@lru_cache(maxsize=1)
def _grain_alpha() -> npt.NDArray[np.float64]:
    """Return how much chalk stays on each pore of the board, shape (256, 256), 0..1.

    Noise of two sizes that wraps around: fine pores and larger patches, most of the
    board covered, some pores bare.
    """
    rng = np.random.default_rng(20_260_701)
    fine = _wrapped_noise(rng, 0.32)
    patches = _wrapped_noise(rng, 0.06)
    height = 0.8 * fine + 0.35 * patches
    return np.clip(0.86 + 0.42 * height, 0.12, 1.0)


def _wrapped_noise(rng: np.random.Generator, cutoff: float) -> npt.NDArray[np.float64]:
    """Return smooth noise that tiles, mean 0, deviation 1."""
    spectrum = np.fft.fft2(rng.standard_normal((_GRAIN_SIZE_PX, _GRAIN_SIZE_PX)))
    frequency = np.fft.fftfreq(_GRAIN_SIZE_PX)
    distance = np.hypot(frequency[:, None], frequency[None, :])
    noise = np.fft.ifft2(spectrum * np.exp(-((distance / cutoff) ** 2))).real
    noise -= noise.mean()
    result: npt.NDArray[np.float64] = noise / noise.std()
    return result


def _last_starts(is_start: npt.NDArray[np.bool_], borders: npt.NDArray[np.int64]) -> list[int]:
    """Return, for each stroke, the row where its last polygon starts."""
    starts = np.flatnonzero(is_start)
    last: list[int] = starts[np.searchsorted(starts, borders[1:]) - 1].tolist()
    return last
