"""Hold at the end to straighten: which shape a stroke was meant to be, if any.

A stroke is looked at as an evenly spaced line, so speed, resting and the pen's rate do not
count. Lines and arrows are told by their straight shaft; the closed shapes by fitting an
ellipse, a rectangle and a triangle and asking which lies nearest to the ink. What fits
nothing well stays as it was written: an unwanted shape costs more trust than a missing one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import Floats, ShapeKind

_POINTS: Final = 96
"""Evenly spaced points that a stroke is reduced to."""
_STEP_SHARE: Final = 0.012
"""Steps below this share of the stroke's size are a hand that trembles, not a line."""
_REST_SHARE: Final = 0.015
"""At the end, what stays within this share of the size is the hold."""
_HULL_POINTS: Final = 28
"""Corners of the hull among which the largest triangle is looked for."""
_SMALL: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What still counts as which shape. Checked.

    Attributes:
        least_size_pt: Smaller strokes are writing, never shapes; >= 0.
        rest_pt: What stays this near to the end of the stroke is the hold; >= 0. Both are
            meant on the glass: divide them by the zoom of the page.
        line_bend: Largest distance from a straight line, per its length; 0 to 0.2.
        gap: Largest gap of a closed shape, per its outline; 0 to 0.3.
        misfit: Largest root mean square distance from a closed shape, per the square
            root of its area; 0 to 0.2.
        least_thickness: Least width of a closed shape per length; 0 to 0.5.
        snap_line_deg: Lines this near to level or upright become so; 0 to 20.
        snap_box_deg: The same for rectangles and triangles; 0 to 20.
        snap_ellipse_deg: The same for the axes of an ellipse; 0 to 30.
        snap_aspect: Rectangles and ellipses whose sides differ by less than this ratio
            become squares and circles; 1 to 1.5.

    Raises:
        ValueError: a value is out of its range.
    """

    least_size_pt: float = 18.0
    rest_pt: float = 5.0
    line_bend: float = 0.05
    gap: float = 0.13
    misfit: float = 0.045
    least_thickness: float = 0.1
    snap_line_deg: float = 4.0
    snap_box_deg: float = 8.0
    snap_ellipse_deg: float = 12.0
    snap_aspect: float = 1.14

    def __post_init__(self) -> None:
        ranges = {
            "least_size_pt": (0.0, math.inf),
            "rest_pt": (0.0, math.inf),
            "line_bend": (0.0, 0.2),
            "gap": (0.0, 0.3),
            "misfit": (0.0, 0.2),
            "least_thickness": (0.0, 0.5),
            "snap_line_deg": (0.0, 20.0),
            "snap_box_deg": (0.0, 20.0),
            "snap_ellipse_deg": (0.0, 30.0),
            "snap_aspect": (1.0, 1.5),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be {low} to {high}, not {value}")


DEFAULT_THRESHOLDS: Final = Thresholds()


@dataclass(frozen=True, slots=True)
class Recognition:
    """A shape that a stroke was meant to be.

    Attributes:
        shape: Which one.
        points: Its points in pt as `ShapeItem.points` wants them.
        confidence: How well the ink fits, 0 to 1; 1 is drawn with a ruler.
    """

    shape: ShapeKind
    points: tuple[tuple[float, float], ...]
    confidence: float


def recognise(
    positions: Floats, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Recognition | None:
    """Return the shape that a stroke was meant to be, or None for anything else.

    Args:
        positions: Shape (n, 2) in pt, n >= 1, in the order they were drawn.
        thresholds: What still counts.

    Raises:
        ValueError: positions are of another shape or not finite.
    """
    positions = np.asarray(positions, dtype=np.float64)
    if positions.ndim != 2 or positions.shape[1:] != (2,) or not np.isfinite(positions).all():
        raise ValueError(f"positions must be finite and (n, 2), not {positions.shape}")
    line = _without_rest(positions, thresholds.rest_pt)
    if len(line) < 3 or _size(line) < thresholds.least_size_pt:
        return None
    even = _smooth(_evenly(line, _POINTS))
    return (
        _as_line(even, thresholds)
        or _as_arrow(even, line, thresholds)
        or _as_arrow(even[::-1], line, thresholds)
        or _as_closed(even, thresholds)
    )


# The hold -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoldDetector:
    """Tells when the pen rests at the end of a stroke, still down.

    Attributes:
        radius_pt: The pen rests while it stays within this of where it is now; > 0. Take
            about 2 mm on the glass, turned into points at the zoom of the page.
        hold_s: How long it has to rest; > 0.
        least_way_pt: Strokes shorter than this before the rest are dots; >= 0.

    Raises:
        ValueError: a value is out of its range.
    """

    radius_pt: float
    hold_s: float = 0.5
    least_way_pt: float = 18.0

    def __post_init__(self) -> None:
        good = self.radius_pt > 0 and self.hold_s > 0 and self.least_way_pt >= 0
        if not (good and all(map(math.isfinite, (self.radius_pt, self.hold_s)))):
            raise ValueError(f"radius and time of a hold must be positive: {self}")

    def held_since(self, samples: Floats) -> float | None:
        """Return when the pen came to rest where it is, seconds since pen down.

        Args:
            samples: Shape (n, >= 4): x, y in pt, pressure, t in s since pen down.

        Returns:
            None while there is no stroke before the rest.
        """
        if not len(samples):
            return None
        offsets = samples[:, :2] - samples[-1, :2]
        outside = np.flatnonzero(np.hypot(offsets[:, 0], offsets[:, 1]) > self.radius_pt)
        if not len(outside):
            return None
        steps = np.diff(samples[: outside[-1] + 2, :2], axis=0)
        if np.hypot(steps[:, 0], steps[:, 1]).sum() < self.least_way_pt:
            return None
        return float(samples[outside[-1] + 1, 3])

    def is_held(self, samples: Floats, now_s: float) -> bool:
        """Return whether the pen has rested long enough.

        Args:
            samples: As for `held_since`. A pen that lies still may send none any more.
            now_s: The time now, seconds since pen down.
        """
        since = self.held_since(samples)
        return since is not None and now_s - since >= self.hold_s


# Even lines -----------------------------------------------------------------------------


def _size(line: Floats) -> float:
    return float(np.hypot(*np.ptp(line, axis=0)))


def _lengths(line: Floats) -> Floats:
    return _hypot(np.diff(line, axis=0))


def _hypot(vectors: Floats) -> Floats:
    lengths: Floats = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths


def _without_rest(positions: Floats, rest_pt: float) -> Floats:
    """Return the points that lie a step apart, and the hold at the end as one point."""
    size = _size(positions)
    offsets = positions - positions[-1]
    far = np.flatnonzero(
        np.hypot(offsets[:, 0], offsets[:, 1]) > max(rest_pt, size * _REST_SHARE)
    )
    if not len(far):
        return positions[:1]
    end = int(far[-1]) + 1
    step = max(size * _STEP_SHARE, _SMALL)
    kept = []
    x0 = y0 = math.inf
    for x, y in positions[:end].tolist():
        if math.hypot(x - x0, y - y0) >= step:
            kept.append((x, y))
            x0, y0 = x, y
    # The later half: the earlier one may still be on its way.
    resting = positions[end + (len(positions) - end) // 2 :]
    return np.vstack((kept, np.median(resting, axis=0)))


def _smooth(line: Floats) -> Floats:
    """Return an even line without its tremor; its ends stay."""
    padded = np.vstack((2 * line[:1] - line[2:0:-1], line, 2 * line[-1:] - line[-2:-4:-1]))
    inner = padded[1:-1]
    smooth: Floats = (
        padded[:-4] + 4 * inner[:-2] + 6 * padded[2:-2] + 4 * inner[2:] + padded[4:]
    ) / 16
    return smooth


def _evenly(line: Floats, count: int) -> Floats:
    places = np.concatenate(([0.0], np.cumsum(_lengths(line))))
    wanted = np.linspace(0.0, places[-1], count)
    return np.column_stack(
        [np.interp(wanted, places, line[:, 0]), np.interp(wanted, places, line[:, 1])]
    )


# Lines and arrows -----------------------------------------------------------------------


def _bend(line: Floats) -> tuple[float, float]:
    """Return the largest distance from the best straight line, and the chord's length."""
    chord = float(np.hypot(*(line[-1] - line[0])))
    middle = line.mean(axis=0)
    direction = np.linalg.svd(line - middle, full_matrices=False)[2][0]
    offsets = (line - middle) @ np.array((-direction[1], direction[0]))
    return float(np.abs(offsets).max()), chord


def _is_straight(line: Floats, limit: float) -> float | None:
    """Return how straight a line is, 0 to 1; None when it is not."""
    bend, chord = _bend(line)
    if chord <= _SMALL or bend > limit * chord or _lengths(line).sum() > 1.12 * chord:
        return None
    return 1.0 - bend / (limit * chord) / 2 if limit > 0 else 1.0


def _as_line(even: Floats, thresholds: Thresholds) -> Recognition | None:
    confidence = _is_straight(even, thresholds.line_bend)
    if confidence is None:
        return None
    ends = _snapped_line(even[0], even[-1], thresholds.snap_line_deg)
    return Recognition(ShapeKind.LINE, _tuples(ends), confidence)


def _as_arrow(even: Floats, line: Floats, thresholds: Thresholds) -> Recognition | None:
    """Read an even line as a shaft and, in one go, a head drawn back and forth at its end.

    `line` is the ink as it was drawn, in any order.
    """
    tip = _first_tip(even)
    shaft, head = even[: tip + 1], even[tip:]
    if not 0.25 * len(even) <= tip < len(even) - 4:
        return None
    straight = _is_straight(shaft, thresholds.line_bend * 1.4)
    if straight is None:
        return None
    neat = _head_neatness(shaft, head)
    if neat is None:
        return None
    # Smoothing blunts the tip: it is as far along the shaft as the ink goes.
    along = (even[tip] - even[0]) / math.hypot(*(even[tip] - even[0]).tolist())
    end = even[0] + along * float(((line - even[0]) @ along).max())
    ends = _snapped_line(even[0], end, thresholds.snap_line_deg)
    return Recognition(ShapeKind.ARROW, _tuples(ends), min(straight, neat))


def _first_tip(even: Floats) -> int:
    """Return where a line first turns back as far from its start as it ever gets, nearly.

    The pen comes back to the tip between the barbs, maybe a little farther out.
    """
    away = _hypot(even - even[0])
    turns_back = (away[1:-2] >= away[:-3]) & (away[1:-2] >= away[2:-1])
    turns_back &= (away[1:-2] >= away[3:]) & (away[1:-2] >= 0.88 * away.max())
    places = np.flatnonzero(turns_back)
    return int(places[0]) + 1 if len(places) else len(even) - 1


def _head_neatness(shaft: Floats, head: Floats) -> float | None:
    """Return how much the rest of a stroke looks like an arrow head, 0 to 1, or None."""
    length = float(np.hypot(*(shaft[-1] - shaft[0])))
    back = (shaft[0] - shaft[-1]) / length
    behind = (head - head[0]) @ back
    beside = (head - head[0]) @ np.array((-back[1], back[0]))
    barbs = [int(np.argmin(beside)), int(np.argmax(beside))]
    for barb in barbs:
        angle = math.degrees(math.atan2(abs(beside[barb]), behind[barb]))
        reach = math.hypot(beside[barb], behind[barb])
        if not (12.0 <= angle <= 78.0 and 0.06 * length <= reach <= 0.65 * length):
            return None
    first, second = sorted(barbs)
    reaches = [float(np.hypot(*(head[barb] - head[0]))) for barb in (first, second)]
    if not 0.3 <= reaches[0] / reaches[1] <= 3.3 or behind.min() < -0.1 * length:
        return None
    # A head is two barbs drawn back and forth: tip, barb, tip, barb, or barb to barb, and
    # maybe back to the tip. Anything that wanders is longer.
    across = float(np.hypot(*(head[second] - head[first])))
    to_second = float(_lengths(head[: second + 1]).sum())
    rest = float(_lengths(head[second:]).sum())
    ways = (2 * reaches[0] + reaches[1], reaches[0] + across)
    misfit = min(abs(to_second - way) / way for way in ways)
    ends_well = rest <= 0.25 * reaches[1] or 0.7 <= rest / reaches[1] <= 1.35
    if misfit > 0.16 or not ends_well:
        return None
    return 1.0 - misfit / 0.32


def _snapped_line(start: Floats, end: Floats, limit_deg: float) -> Floats:
    ends = np.array((start, end))
    direction = end - start
    turn = _turn_to_upright(math.atan2(direction[1], direction[0]), limit_deg)
    return _turned(ends, turn)


def _turn_to_upright(angle_rad: float, limit_deg: float) -> float:
    """Return by how much to turn to the next right angle; 0 when it is not near."""
    quarter = math.pi / 2
    turn = round(angle_rad / quarter) * quarter - angle_rad
    return turn if abs(turn) <= math.radians(limit_deg) else 0.0


def _turned(points: Floats, angle_rad: float) -> Floats:
    """Return points turned about their middle."""
    if angle_rad == 0.0:
        return points
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    middle = points.mean(axis=0)
    turned: Floats = (points - middle) @ np.array(((c, s), (-s, c))) + middle
    return turned


def _tuples(points: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


# Closed shapes --------------------------------------------------------------------------


def _as_closed(even: Floats, thresholds: Thresholds) -> Recognition | None:
    outline = _closed(even, thresholds.gap)
    if outline is None or not _is_convex_enough(even, outline, thresholds.least_thickness):
        return None
    scale = math.sqrt(abs(_area(outline)))
    fits = [_fit_ellipse(outline), _fit_rectangle(outline)]
    triangle = _fit_triangle(outline)
    if triangle is not None:
        fits.append(triangle)
    best = min(fits, key=lambda fit: fit.distance)
    misfit = best.distance / scale
    if misfit > thresholds.misfit:
        return None
    points = _snapped(best, thresholds)
    return Recognition(best.shape, _tuples(points), 1.0 - misfit / thresholds.misfit / 2)


@dataclass(frozen=True, slots=True)
class _Fit:
    shape: ShapeKind
    points: Floats
    distance: float


def _closed(even: Floats, gap: float) -> Floats | None:
    """Return the outline between the places where start and end come nearest.

    What runs past that place is left out; shape (n, 2), closed implicitly. None when the
    ends stay apart.
    """
    reach = len(even) // 6
    starts, ends = even[:reach], even[-reach:]
    distances = np.hypot(
        starts[:, None, 0] - ends[None, :, 0], starts[:, None, 1] - ends[None, :, 1]
    )
    step = float(_lengths(even).mean())
    left_out = np.arange(reach)[:, None] + np.arange(reach)[None, ::-1]
    first, last = np.unravel_index(
        np.argmin(distances + 0.35 * step * left_out), distances.shape
    )
    outline = even[first : len(even) - reach + last + 1]
    way = float(_lengths(outline).sum())
    if distances[first, last] > gap * (way + distances[first, last]):
        return None
    return _evenly(np.vstack((outline, outline[:1])), _POINTS + 1)[:-1]


def _area(outline: Floats) -> float:
    """Return the signed area of a polygon."""
    following = np.roll(outline, -1, axis=0)
    cross = outline[:, 0] * following[:, 1] - following[:, 0] * outline[:, 1]
    return float(cross.sum()) / 2


def _hull(points: Floats) -> Floats:
    """Return the convex hull in order (Andrew's monotone chain)."""
    ordered = sorted(map(tuple, points.tolist()))
    halves = []
    for way in (ordered, ordered[::-1]):
        half: list[tuple[float, ...]] = []
        for point in way:
            while len(half) >= 2 and _turns_in(half[-2], half[-1], point):
                half.pop()
            half.append(point)
        halves.append(half[:-1])
    return np.array(halves[0] + halves[1])


def _turns_in(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0


def _is_convex_enough(even: Floats, outline: Floats, least_thickness: float) -> bool:
    """Return whether a line goes round once, bulging nowhere inwards: no 8, no spiral."""
    hull = _hull(outline)
    if len(hull) < 3:
        return False
    hull_area = abs(_area(hull))
    around = float(_lengths(np.vstack((hull, hull[:1]))).sum())
    if hull_area < least_thickness * (around / 2) ** 2 / (1 + least_thickness) ** 2:
        return False
    way = float(_lengths(np.vstack((outline, outline[:1]))).sum())
    whole_way = float(_lengths(even).sum())
    return (
        abs(_area(outline)) >= 0.86 * hull_area
        and way <= 1.13 * around
        and (whole_way <= 1.3 * around)
    )


def _fit_ellipse(outline: Floats) -> _Fit:
    """Fit the ellipse that has the outline's area, middle and second moments."""
    middle, moments = _area_moments(outline)
    variances, axes = np.linalg.eigh(moments)
    halves = 2 * np.sqrt(np.maximum(variances, _SMALL))
    inside = (outline - middle) @ axes
    radius = np.maximum(np.hypot(inside[:, 0] / halves[0], inside[:, 1] / halves[1]), _SMALL)
    # The way to the ellipse along the ray, made shorter by its slant.
    normal = np.hypot(inside[:, 0] / halves[0] ** 2, inside[:, 1] / halves[1] ** 2)
    distance = np.abs(radius - 1.0) * radius / np.maximum(normal, _SMALL)
    points = np.array(
        (middle, middle + axes[:, 1] * halves[1], middle + axes[:, 0] * halves[0])
    )
    return _Fit(ShapeKind.ELLIPSE, points, _root_mean_square(distance))


def _area_moments(outline: Floats) -> tuple[Floats, Floats]:
    """Return the middle and the covariance of a polygon's area."""
    origin = outline.mean(axis=0)
    p = outline - origin
    q = np.roll(p, -1, axis=0)
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    area = cross.sum() / 2
    middle = ((p + q) * cross[:, None]).sum(axis=0) / (6 * area)
    xx = ((p[:, 0] ** 2 + p[:, 0] * q[:, 0] + q[:, 0] ** 2) * cross).sum() / (12 * area)
    yy = ((p[:, 1] ** 2 + p[:, 1] * q[:, 1] + q[:, 1] ** 2) * cross).sum() / (12 * area)
    xy = (
        (p[:, 0] * q[:, 1] + 2 * p[:, 0] * p[:, 1] + 2 * q[:, 0] * q[:, 1] + q[:, 0] * p[:, 1])
        * cross
    ).sum() / (24 * area)
    moments = np.array(((xx, xy), (xy, yy))) - np.outer(middle, middle)
    return middle + origin, moments


def _fit_rectangle(outline: Floats) -> _Fit:
    """Fit a rectangle: the turn at which four sides lie nearest to the outline."""
    step = math.radians(6.0)
    angle = 0.0
    turns = np.arange(15)
    while step > math.radians(0.1):
        angles = np.asarray(angle + turns * step, dtype=np.float64)
        angle = float(angles[np.argmin(_misfits_at(outline, angles))])
        step /= 3
        turns = np.arange(-3, 4)
    c, s = math.cos(angle), math.sin(angle)
    turned = outline @ np.array(((c, -s), (s, c)))
    (left, top, right, bottom), distance = _sides(turned)
    corners = np.array(((left, top), (right, top), (right, bottom), (left, bottom)))
    return _Fit(ShapeKind.RECTANGLE, corners @ np.array(((c, s), (-s, c))), distance)


def _misfits_at(outline: Floats, angles: Floats) -> Floats:
    """Return how far the outline strays from an upright box after turning, per angle."""
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    across = c * outline[:, 0] + s * outline[:, 1]
    down = c * outline[:, 1] - s * outline[:, 0]
    columns = np.stack((across, down, across, down), axis=2)
    sides = np.concatenate(
        (columns[:, :, :2].min(axis=1), columns[:, :, 2:].max(axis=1)), axis=1
    )
    for _ in range(2):
        offsets = np.abs(columns - sides[:, None, :])
        own = offsets <= offsets.min(axis=2, keepdims=True)
        counts = np.maximum(own.sum(axis=1), 1)
        sides = (columns * own).sum(axis=1) / counts
    misfits: Floats = (np.abs(columns - sides[:, None, :]).min(axis=2) ** 2).sum(axis=1)
    return misfits


def _sides(turned: Floats) -> tuple[list[float], float]:
    """Return left, top, right, bottom of an upright box through points, and its misfit."""
    sides = np.concatenate((turned.min(axis=0), turned.max(axis=0)))
    columns = turned[:, (0, 1, 0, 1)]
    for _ in range(3):
        nearest = np.argmin(np.abs(columns - sides), axis=1)
        for side in range(4):
            own = columns[nearest == side, side]
            if len(own):
                # Rounded corners pull a mean inwards, a median hardly.
                sides[side] = np.median(own)
    distances = np.abs(columns - sides).min(axis=1)
    return sides.tolist(), _root_mean_square(distances)


def _fit_triangle(outline: Floats) -> _Fit | None:
    """Fit a triangle: the largest in the hull, its sides then laid through the ink."""
    corners = _largest_triangle(_hull(outline))
    if corners is None:
        return None
    for _ in range(4):
        nearest = np.argmin(_side_distances(outline, corners), axis=1)
        sides = []
        for side in range(3):
            own = outline[nearest == side]
            if len(own) < 4:
                return None
            middle = own.mean(axis=0)
            direction = np.linalg.svd(own - middle, full_matrices=False)[2][0]
            sides.append((middle, direction))
        moved = [_crossing(sides[i - 1], sides[i]) for i in range(3)]
        if any(corner is None for corner in moved):
            return None
        corners = np.array(moved)
    distance = _root_mean_square(_side_distances(outline, corners).min(axis=1))
    return _Fit(ShapeKind.TRIANGLE, corners, distance)


@cache
def _triples(count: int) -> npt.NDArray[np.int64]:
    return np.array(list(combinations(range(count), 3)), dtype=np.int64).T


def _largest_triangle(hull: Floats) -> Floats | None:
    if len(hull) < 3:
        return None
    if len(hull) > _HULL_POINTS:
        hull = hull[np.linspace(0, len(hull) - 1, _HULL_POINTS).astype(int)]
    i, j, k = _triples(len(hull))
    ab, ac = hull[j] - hull[i], hull[k] - hull[i]
    best = int(np.argmax(np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])))
    corners: Floats = hull[[i[best], j[best], k[best]]]
    return corners


def _side_distances(points: Floats, corners: Floats) -> Floats:
    """Return the distances of points from the sides of a polygon, shape (n, sides).

    Side i goes from corner i to the next one.
    """
    result = np.empty((len(points), len(corners)))
    for side, (a, b) in enumerate(zip(corners, np.roll(corners, -1, axis=0), strict=True)):
        along = b - a
        share = np.clip((points - a) @ along / max(float(along @ along), _SMALL), 0.0, 1.0)
        offsets = points - a - share[:, None] * along
        result[:, side] = np.hypot(offsets[:, 0], offsets[:, 1])
    return result


def _crossing(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats | None:
    """Return where two lines (a point and a direction each) cross; None when parallel."""
    (p, u), (q, v) = one, other
    cross = float(u[0] * v[1] - u[1] * v[0])
    if abs(cross) < 0.05:
        return None
    share = ((q[0] - p[0]) * v[1] - (q[1] - p[1]) * v[0]) / cross
    point: Floats = p + share * u
    return point


def _root_mean_square(distances: npt.NDArray[np.float64]) -> float:
    return math.sqrt(float((distances**2).mean()))


# Snapping -------------------------------------------------------------------------------


def _snapped(fit: _Fit, thresholds: Thresholds) -> Floats:
    match fit.shape:
        case ShapeKind.ELLIPSE:
            return _snapped_ellipse(fit.points, thresholds)
        case ShapeKind.RECTANGLE:
            return _snapped_rectangle(fit.points, thresholds)
        case _:
            return _snapped_triangle(fit.points, thresholds.snap_box_deg)


def _snapped_ellipse(points: Floats, thresholds: Thresholds) -> Floats:
    middle, long_axis, short_axis = points[0], points[1] - points[0], points[2] - points[0]
    a, b = float(np.hypot(*long_axis)), float(np.hypot(*short_axis))
    if a <= thresholds.snap_aspect * b:
        radius = math.sqrt(a * b)
        circle: Floats = middle + np.array(((0.0, 0.0), (radius, 0.0), (0.0, radius)))
        return circle
    angle = math.atan2(long_axis[1], long_axis[0])
    angle += _turn_to_upright(angle, thresholds.snap_ellipse_deg)
    c, s = math.cos(angle), math.sin(angle)
    ellipse: Floats = middle + np.array(((0.0, 0.0), (a * c, a * s), (-b * s, b * c)))
    return ellipse


def _snapped_rectangle(points: Floats, thresholds: Thresholds) -> Floats:
    middle = points.mean(axis=0)
    side = points[1] - points[0]
    width = float(np.hypot(*side))
    height = float(np.hypot(*(points[3] - points[0])))
    if max(width, height) <= thresholds.snap_aspect * min(width, height):
        width = height = math.sqrt(width * height)
    angle = math.atan2(side[1], side[0])
    angle += _turn_to_upright(angle, thresholds.snap_box_deg)
    # Start at the corner that is left top when the shape stands upright.
    quarter = math.pi / 2
    turns = round(angle / quarter)
    if turns % 2:
        width, height = height, width
    angle -= turns * quarter
    c, s = math.cos(angle), math.sin(angle)
    u, v = np.array((c, s)) * width / 2, np.array((-s, c)) * height / 2
    return np.array((middle - u - v, middle + u - v, middle + u + v, middle - u + v))


def _snapped_triangle(points: Floats, limit_deg: float) -> Floats:
    sides = np.roll(points, -1, axis=0) - points
    turns = [_turn_to_upright(math.atan2(y, x), limit_deg) for x, y in sides.tolist()]
    # The nearest side becomes level or upright; turns of 0 are sides that are not near.
    return _turned(points, min((turn for turn in turns if turn), key=abs, default=0.0))
