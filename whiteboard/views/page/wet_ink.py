"""Painting the strokes under the pens.

The last few samples of a stroke are painted anew with each frame as short round lines,
with the prediction in front; what lies behind them is settled, and baked into the page's
tiles as the outline it will always have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen

from base.board_doc import BrushKind
from whiteboard.model.bounds import Rect
from whiteboard.model.brush import BRUSHES
from whiteboard.model.outline import LAG, CentreLine, centre_line, outline_line, refine
from whiteboard.model.prediction import PREDICT, predict
from whiteboard.model.smoothing import SMOOTH
from whiteboard.model.strokes import one_stroke
from whiteboard.model.viewport import Viewport
from whiteboard.model.wet_stroke import WetStroke
from whiteboard.services.painting import ink_painting
from whiteboard.services.painting.view_pixels import ViewPixels

PREDICTED_OPACITY: Final = 0.45
"""Ink ahead of the pen is a breath of it: a wrong guess hardly shows when it goes."""
_CHUNK: Final = 16
"""Rows that settle at once: fewer joints, and the work is spread thin."""
_OVERLAP_PX: Final = 1.0
"""How far a baked piece reaches back into the one before it, device px."""
_CHALK_OVERLAP_PX: Final = 0.05
# Looking a member up in an enumeration is a Python call on 3.11; this is the ink's path.
_CHALK: Final = BrushKind.CHALK
_HIGHLIGHTER: Final = BrushKind.HIGHLIGHTER
_SOLID: Final = Qt.PenStyle.SolidLine
_ROUND: Final = Qt.PenCapStyle.RoundCap
_SOURCE_OVER: Final = QPainter.CompositionMode.CompositionMode_SourceOver


class _Wet:
    """A wet stroke on the glass."""

    __slots__ = ("baked", "baked_bounds", "ink", "pen", "predicted", "predicted_at", "stroke")

    def __init__(self, stroke: WetStroke, ink: QBrush) -> None:
        self.stroke = stroke
        self.ink = ink
        self.pen = QPen(ink, 1.0, _SOLID, _ROUND)
        self.predicted: tuple[float, float] | None = None
        self.predicted_at: QRect = QRect()
        self.baked: list[QPainterPath] = []
        self.baked_bounds: Rect | None = None

    def tail_area(self, viewport: Viewport) -> QRect:
        """Return where the rows are that are not baked, view px."""
        stroke, scale = self.stroke, viewport.scale
        xs, ys = stroke.xs[stroke.settled :], stroke.ys[stroke.settled :]
        reach = max(stroke.half_widths[stroke.settled :]) * scale + 2.0
        left, top = viewport.left_pt, viewport.top_pt
        area = _around(
            (min(xs) - left) * scale,
            (min(ys) - top) * scale,
            (max(xs) - left) * scale,
            (max(ys) - top) * scale,
            reach,
        )
        return area | self.predicted_at


class WetInk:
    """The strokes under the pens of one view."""

    def __init__(self) -> None:
        self._wet: dict[int, _Wet] = {}
        self.smoothing = SMOOTH
        self.prediction = PREDICT

    def __bool__(self) -> bool:
        return bool(self._wet)

    def __contains__(self, contact: int) -> bool:
        return contact in self._wet

    def stroke(self, contact: int) -> WetStroke:
        """Return the stroke of a contact."""
        return self._wet[contact].stroke

    def start(self, stroke: WetStroke, *, is_dark: bool) -> None:
        """Take a new stroke."""
        self._wet[stroke.contact] = _Wet(
            stroke, ink_painting.ink_brush(stroke.style.brush, stroke.style.colour, is_dark)
        )

    def extended(self, contact: int, viewport: Viewport) -> QRect:
        """Return what must be painted now that a stroke has another sample, view px."""
        wet = self._wet[contact]
        stroke = wet.stroke
        xs, ys, last = stroke.xs, stroke.ys, len(stroke) - 1
        scale, left, top = viewport.scale, viewport.left_pt, viewport.top_pt
        reach = max(stroke.half_widths[-2:]) * scale + 2.0
        before = max(last - 1, 0)
        area = _around(
            (xs[before] - left) * scale,
            (ys[before] - top) * scale,
            (xs[last] - left) * scale,
            (ys[last] - top) * scale,
            reach,
        )
        area |= wet.predicted_at
        wet.predicted = predict(xs, ys, stroke.times, self.prediction)
        if wet.predicted is None:
            wet.predicted_at = QRect()
        else:
            x, y = wet.predicted
            wet.predicted_at = _around(
                (xs[last] - left) * scale,
                (ys[last] - top) * scale,
                (x - left) * scale,
                (y - top) * scale,
                reach,
            )
            area |= wet.predicted_at
        return area

    def paint(
        self, painter: QPainter, areas: Sequence[QRect], viewport: Viewport, *, is_dark: bool
    ) -> None:
        """Paint what of the strokes is not baked and touches areas of the view.

        The painter antialiases already: to say so for each sample takes its time.
        """
        for wet in self._wet.values():
            if len(areas) == 1:
                area = areas[0]
            else:
                tail = wet.tail_area(viewport)
                area = QRect()
                for one in areas:
                    if one.intersects(tail):
                        area |= one
                if area.isEmpty():
                    continue
            self._paint_tail(painter, area, viewport, wet, is_dark=is_dark)

    def predicted_area(self, contact: int) -> QRect:
        """Return where a stroke's prediction is on the glass, view px."""
        wet = self._wet.get(contact)
        return QRect() if wet is None else wet.predicted_at

    def rest(self, now_s: float) -> QRect:
        """Take back the predictions of hands that have stopped; return where they were.

        Some panels say nothing while a finger rests: without this its ink would stay a
        little ahead of it.

        Args:
            now_s: Monotonic clock of the samples.
        """
        area = QRect()
        for wet in self._wet.values():
            stroke = wet.stroke
            silent_s = stroke.age_s(now_s) - stroke.times[-1]
            if wet.predicted is not None and silent_s > self.prediction.horizon_s:
                area |= wet.predicted_at
                wet.predicted, wet.predicted_at = None, QRect()
        return area

    def can_settle(self) -> bool:
        """Return whether rows wait to be baked."""
        return any(
            w.stroke.can_settle() - w.stroke.settled >= _CHUNK for w in self._wet.values()
        )

    def settle(self, pixels: ViewPixels, detail_pt: float) -> Rect | None:
        """Bake rows that will not change any more, of the stroke that has most of them.

        One stroke at a time: ten hands that began together would all settle together, and
        hold up the frame.

        Returns:
            Where, in page space; None where nothing waits.
        """
        waiting = [(w.stroke.can_settle() - w.stroke.settled, w) for w in self._wet.values()]
        rows, wet = max(waiting, key=lambda entry: entry[0], default=(0, None))
        if wet is None or rows < _CHUNK:
            return None
        return self._bake(wet, pixels, wet.stroke.can_settle(), detail_pt, is_end=False)

    def finish(self, contact: int, pixels: ViewPixels, detail_pt: float) -> Rect:
        """Bake the rest of a stroke and let go of it; return where, in page space."""
        wet = self._wet.pop(contact)
        return self._bake(wet, pixels, len(wet.stroke) - 1, detail_pt, is_end=True)

    def drop(self, contact: int) -> Rect | None:
        """Let go of a stroke that shall not be; return what must be painted again."""
        wet = self._wet.pop(contact, None)
        if wet is None:
            return None
        xs, ys = wet.stroke.xs, wet.stroke.ys
        margin = 2 * max(wet.stroke.half_widths) + 30
        return Rect(min(xs), min(ys), max(xs), max(ys)).outset(margin)

    def paint_baked(self, painter: QPainter, area: Rect, *, is_dark: bool) -> None:
        """Paint, in page space, what was baked of strokes that are still wet."""
        for wet in self._wet.values():
            if wet.baked_bounds is None or not wet.baked_bounds.intersects(area):
                continue
            style = wet.stroke.style
            for path in wet.baked:
                ink_painting.fill_ink(painter, path, style.brush, wet.ink, is_dark=is_dark)

    def _paint_tail(
        self, painter: QPainter, area: QRect, viewport: Viewport, wet: _Wet, *, is_dark: bool
    ) -> None:
        stroke = wet.stroke
        scale, left, top = viewport.scale, viewport.left_pt, viewport.top_pt
        xs, ys, halves = stroke.xs, stroke.ys, stroke.half_widths
        pen, brush = wet.pen, stroke.style.brush
        if brush is _CHALK:
            pen.setBrush(ink_painting.in_view(wet.ink, scale, left, top))
        elif brush is _HIGHLIGHTER:
            painter.setCompositionMode(ink_painting.blend_mode(is_dark=is_dark))
        low_x, high_x = area.left(), area.right()
        low_y, high_y = area.top(), area.bottom()
        first, last = stroke.settled, len(xs) - 1
        x0, y0 = (xs[first] - left) * scale, (ys[first] - top) * scale
        # The first sample alone is a dot.
        for row in range(first + 1 if last > first else first, last + 1):
            x1, y1 = (xs[row] - left) * scale, (ys[row] - top) * scale
            width = 2.0 * halves[row] * scale
            reach = width * 0.5 + 1.5
            if (
                min(x0, x1) - reach <= high_x
                and max(x0, x1) + reach >= low_x
                and min(y0, y1) - reach <= high_y
                and max(y0, y1) + reach >= low_y
            ):
                pen.setWidthF(width)
                painter.setPen(pen)
                if x0 == x1 and y0 == y1:
                    # A line without a length is not painted, round ends or not.
                    painter.drawPoint(QPointF(x1, y1))
                else:
                    painter.drawLine(QLineF(x0, y0, x1, y1))
            x0, y0 = x1, y1
        if wet.predicted is not None:
            x, y = wet.predicted
            painter.setOpacity(PREDICTED_OPACITY)
            pen.setWidthF(2.0 * halves[last] * scale)
            painter.setPen(pen)
            painter.drawLine(QLineF(x0, y0, (x - left) * scale, (y - top) * scale))
            painter.setOpacity(1.0)
        if brush is _HIGHLIGHTER:
            painter.setCompositionMode(_SOURCE_OVER)

    def _bake(
        self, wet: _Wet, pixels: ViewPixels, to_row: int, detail_pt: float, *, is_end: bool
    ) -> Rect:
        """Bake rows `settled` to `to_row` and move `settled` there."""
        stroke = wet.stroke
        is_start = stroke.settled == 0
        first = max(stroke.settled - 1 - LAG, 0)
        samples = stroke.samples(first)
        line = centre_line(
            samples,
            one_stroke(len(samples)),
            BRUSHES[stroke.style.brush],
            stroke.style.width_pt,
            float(stroke.has_pressure),
            self.smoothing,
        )
        line = _piece(
            line, stroke.settled - first, to_row - first, stroke.style.brush, detail_pt
        )
        shapes = outline_line(
            line, detail_pt, start_cap=is_start or len(line.points) == 1, end_cap=is_end
        )
        # Where the tail was painted: in a sharp turn it lies outside the smoothed outline.
        xs, ys = stroke.xs[stroke.settled : to_row + 1], stroke.ys[stroke.settled : to_row + 1]
        tail = Rect(min(xs), min(ys), max(xs), max(ys))
        stroke.settled = to_row
        low, high = shapes.points.min(axis=0).tolist(), shapes.points.max(axis=0).tolist()
        bounds = Rect(low[0], low[1], high[0], high[1]).outset(1.0)
        path = ink_painting.paths_of(shapes)[0]
        wet.baked.append(path)
        wet.baked_bounds = (
            bounds if wet.baked_bounds is None else wet.baked_bounds.union(bounds)
        )
        is_dark, brush = pixels.scene.is_dark, stroke.style.brush
        pixels.bake(
            bounds,
            lambda painter: ink_painting.fill_ink(
                painter, path, brush, wet.ink, is_dark=is_dark
            ),
        )
        return bounds.union(tail).outset(max(stroke.half_widths[-_CHUNK - LAG :]) + 1.0)


def _piece(
    line: CentreLine, start: int, end: int, brush: BrushKind, detail_pt: float
) -> CentreLine:
    """Return rows `start` to `end` of a line, refined as they are in the whole stroke.

    The rows beside them shape the curve. A little of the step before the start comes along:
    without it a gap would show where the line turns, and a hairline where it does not. Much
    more would show as well: edges painted twice are harder, and chalk is denser.
    """
    low = max(start - 2, 0)
    high = min(end + 2, len(line.points))
    refined = refine(line.rows(low, high), detail_pt, thin_out=False)
    off = refined.points - line.points[start]
    first = int((off * off).sum(axis=1).argmin())
    off = refined.points[::-1] - line.points[end]
    last = len(off) - 1 - int((off * off).sum(axis=1).argmin())
    if start == 0 or first == 0:
        return refined.rows(0, last + 1)
    overlap_px = _CHALK_OVERLAP_PX if brush is BrushKind.CHALK else _OVERLAP_PX
    way = refined.points[first - 1] - refined.points[first]
    way *= min(overlap_px * detail_pt / ink_painting.DETAIL_PX / np.hypot(*way), 1.0)
    return CentreLine(
        np.vstack((refined.points[first] + way, refined.points[first : last + 1])),
        np.append(refined.half_widths[first], refined.half_widths[first : last + 1]),
        one_stroke(last - first + 2),
    )


def _around(x0: float, y0: float, x1: float, y1: float, reach: float) -> QRect:
    left, right = (x0, x1) if x0 < x1 else (x1, x0)
    top, bottom = (y0, y1) if y0 < y1 else (y1, y0)
    x, y = math.floor(left - reach), math.floor(top - reach)
    return QRect(x, y, math.ceil(right + reach) - x, math.ceil(bottom + reach) - y)
