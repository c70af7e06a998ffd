"""How far things reach on the page: rectangles in points, and the bounds of items."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import (
    Floats,
    Item,
    ShapeItem,
    ShapeKind,
    StrokeItem,
    unpack_positions,
)
from whiteboard.model.brush import BRUSHES
from whiteboard.model.shapes import arrow_head

_TILT: Final = 4


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle in pt, y down. One without width or height is still a place."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, points: Floats) -> Rect:
        """Return the smallest rectangle around points of shape (n, 2), n >= 1.

        Raises:
            ValueError: there are no points.
        """
        if not len(points):
            raise ValueError("no points to put a rectangle around")
        left, top = points.min(axis=0).tolist()
        right, bottom = points.max(axis=0).tolist()
        return cls(left, top, right, bottom)

    @property
    def width(self) -> float:
        """Width in pt."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pt."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, pt."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def union(self, other: Rect) -> Rect:
        """Return the smallest rectangle around both."""
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def intersection(self, other: Rect) -> Rect | None:
        """Return what lies in both; None when they do not even touch."""
        if not self.intersects(other):
            return None
        return Rect(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def intersects(self, other: Rect) -> bool:
        """Return whether the two share a point; touching borders count."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )

    def contains(self, other: Rect) -> bool:
        """Return whether `other` lies wholly inside; a shared border counts as inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def contains_point(self, x_pt: float, y_pt: float) -> bool:
        """Return whether a point lies inside or on the border."""
        return self.left <= x_pt <= self.right and self.top <= y_pt <= self.bottom

    def outset(self, margin_pt: float) -> Rect:
        """Return the rectangle grown by a margin on every side.

        A negative margin shrinks it, at most to its middle.
        """
        across = max(margin_pt, -self.width / 2)
        down = max(margin_pt, -self.height / 2)
        return Rect(
            self.left - across, self.top - down, self.right + across, self.bottom + down
        )

    def moved(self, dx_pt: float, dy_pt: float) -> Rect:
        """Return the rectangle at another place."""
        return Rect(
            self.left + dx_pt, self.top + dy_pt, self.right + dx_pt, self.bottom + dy_pt
        )

    def corners(self) -> Floats:
        """Return the four corners clockwise from the left top, shape (4, 2), pt."""
        return np.array(
            [
                (self.left, self.top),
                (self.right, self.top),
                (self.right, self.bottom),
                (self.left, self.bottom),
            ]
        )


def united(rects: Iterable[Rect]) -> Rect | None:
    """Return the smallest rectangle around all of them; None for none."""
    result: Rect | None = None
    for rect in rects:
        result = rect if result is None else result.union(rect)
    return result


def item_bounds(item: Item) -> Rect:
    """Return how far an item's ink reaches, its width at full pressure included.

    Raises:
        ValueError: a shape has a wrong number of points.
    """
    left, top, right, bottom = many_bounds((item,))[0].tolist()
    return Rect(left, top, right, bottom)


def many_bounds(items: Sequence[Item]) -> Floats:
    """Return the bounds of many items at once.

    Returns:
        Shape (len(items), 4): left, top, right, bottom in pt, as `item_bounds` gives them.

    Raises:
        ValueError: a shape has a wrong number of points.
    """
    result = np.empty((len(items), 4))
    places: list[int] = []
    strokes: list[StrokeItem] = []
    for place, item in enumerate(items):
        match item:
            case StrokeItem():
                places.append(place)
                strokes.append(item)
            case ShapeItem():
                result[place] = _shape_bounds(item)
            case _:
                corners = item.box.corners()
                result[place, :2] = corners.min(axis=0)
                result[place, 2:] = corners.max(axis=0)
    if strokes:
        result[places] = _stroke_bounds(strokes)
    return result


def ink_reach_pt(stroke: StrokeItem) -> float:
    """Return how far the ink of a stroke reaches from its line at most, pt."""
    brush = BRUSHES[stroke.brush]
    is_tilted = stroke.tilt0 > 0 or stroke.plane_widths[_TILT] > 0
    widest = brush.widest_factor() if is_tilted else max(brush.thick, 1.0)
    return stroke.width_pt * widest / 2


def _stroke_bounds(strokes: Sequence[StrokeItem]) -> Floats:
    positions, borders = unpack_positions(strokes)
    starts = borders[:-1]
    reach = np.fromiter((ink_reach_pt(s) for s in strokes), np.float64, len(strokes))
    bounds = np.empty((len(strokes), 4))
    for axis in (0, 1):
        column = np.ascontiguousarray(positions[:, axis])
        bounds[:, axis] = np.minimum.reduceat(column, starts) - reach
        bounds[:, axis + 2] = np.maximum.reduceat(column, starts) + reach
    return bounds


def _shape_bounds(item: ShapeItem) -> tuple[float, float, float, float]:
    points = np.array(item.points, dtype=np.float64).reshape(-1, 2)
    if item.shape is ShapeKind.ELLIPSE:
        if len(points) != 3:
            raise ValueError(f"an ellipse with {len(points)} points")
        centre, axes = points[0], points[1:] - points[0]
        # The farthest point of c + a cos t + b sin t along an axis is hypot(a, b) away.
        reach = np.hypot(axes[0], axes[1])
        points = np.array((centre - reach, centre + reach))
    elif item.shape is ShapeKind.ARROW:
        if len(points) != 2:
            raise ValueError(f"an arrow with {len(points)} points")
        points = np.vstack((points, arrow_head(points[0], points[1], item.width_pt)))
    rect = Rect.around(points).outset(item.width_pt / 2)
    return rect.left, rect.top, rect.right, rect.bottom


def segment_bounds(path: Floats, margin_pt: float) -> Rect:
    """Return the bounds of a path of shape (n, 2), n >= 1, grown by a margin in pt.

    Raises:
        ValueError: the path has no point, or a value that is not finite.
    """
    rect = Rect.around(np.asarray(path, dtype=np.float64).reshape(-1, 2)).outset(margin_pt)
    if not all(math.isfinite(v) for v in (rect.left, rect.top, rect.right, rect.bottom)):
        raise ValueError("path must be finite")
    return rect
