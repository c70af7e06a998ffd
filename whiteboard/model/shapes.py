"""Shapes as lines: what is painted, touched by the eraser, and caught by the lasso.

All lines are meant with round caps and round joins, so a shape never reaches farther from
these paths than half its line width.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from base.board_doc import POINTS_OF, Floats, ShapeItem, ShapeKind

ELLIPSE_SEGMENTS: Final = 72
"""Corners of an ellipse's polyline: it strays from the curve by 0.1 % of the half axis."""

HEAD_BASE_PT: Final = 8.0
HEAD_PER_WIDTH: Final = 4.0
"""Length of an arrow head: a base, and four times the line width on top."""
HEAD_MAX_SHARE: Final = 0.5
"""A head is at most this share of the arrow."""
HEAD_HALF_ANGLE_RAD: Final = math.radians(28)

_CIRCLE_HANDLE: Final = 4 / 3 * (math.sqrt(2) - 1)
"""Length of the control handles of a quarter circle as a cubic Bézier curve."""


def shape_path(item: ShapeItem) -> tuple[Floats, ...]:
    """Return the lines of a shape.

    Returns:
        Polylines of shape (n, 2) in pt; a closed one ends with its first point. An arrow
        has two: the shaft, and the head as barb, tip, barb.

    Raises:
        ValueError: the shape has a wrong number of points.
    """
    points = _points(item)
    match item.shape:
        case ShapeKind.LINE:
            return (points,)
        case ShapeKind.ARROW:
            return points, arrow_head(points[0], points[1], item.width_pt)
        case ShapeKind.RECTANGLE | ShapeKind.TRIANGLE:
            return (np.vstack((points, points[:1])),)
        case ShapeKind.ELLIPSE:
            return (_ellipse_polyline(points),)


def ellipse_beziers(item: ShapeItem) -> Floats:
    """Return an ellipse as four cubic Bézier curves.

    Returns:
        Shape (13, 2) in pt: the start, then two handles and an end for each quarter. The
        curve strays from the ellipse by less than 0.03 % of the half axis.

    Raises:
        ValueError: the shape is no ellipse.
    """
    if item.shape is not ShapeKind.ELLIPSE:
        raise ValueError(f"not an ellipse: {item.shape.name}")
    centre, a, b = _ellipse_axes(_points(item))
    k = _CIRCLE_HANDLE
    unit = np.array(
        [
            (1, 0), (1, k), (k, 1), (0, 1), (-k, 1), (-1, k), (-1, 0),
            (-1, -k), (-k, -1), (0, -1), (k, -1), (1, -k), (1, 0),
        ]
    )  # fmt: skip
    curve: Floats = centre + unit @ np.vstack((a, b))
    return curve


def arrow_head(start: Floats, end: Floats, width_pt: float) -> Floats:
    """Return the head of an arrow as barb, tip, barb; shape (3, 2), pt.

    It grows with the line width and never takes more than half of a short arrow. The
    head of an arrow without length is a point.
    """
    back = np.asarray(start, dtype=np.float64) - end
    length = math.hypot(back[0], back[1])
    if length == 0.0:
        return np.array([end, end, end])
    size = min(HEAD_BASE_PT + HEAD_PER_WIDTH * width_pt, HEAD_MAX_SHARE * length)
    along = back / length * size * math.cos(HEAD_HALF_ANGLE_RAD)
    across = np.array((-back[1], back[0])) / length * size * math.sin(HEAD_HALF_ANGLE_RAD)
    return np.array([end + along + across, end, end + along - across])


def _points(item: ShapeItem) -> Floats:
    points = np.array(item.points, dtype=np.float64).reshape(-1, 2)
    if len(points) != POINTS_OF[item.shape]:
        raise ValueError(f"{item.shape.name} with {len(points)} points")
    return points


def _ellipse_axes(points: Floats) -> tuple[Floats, Floats, Floats]:
    return points[0], points[1] - points[0], points[2] - points[0]


def _ellipse_polyline(points: Floats) -> Floats:
    centre, a, b = _ellipse_axes(points)
    turn = np.linspace(0.0, 2 * math.pi, ELLIPSE_SEGMENTS + 1)
    line: Floats = centre + np.cos(turn)[:, None] * a + np.sin(turn)[:, None] * b
    line[-1] = line[0]
    return line
