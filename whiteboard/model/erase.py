"""What an eraser touches, and what it leaves of it.

The stroke eraser takes whole items that it touches on their ink. The area eraser takes
only what lies under it: strokes and outlines of shapes fall into pieces, cut where the ink
would reach under the eraser, so that the wiped track has a clean border. Texts, notes,
pictures and stamps have no pieces: they go when their middle is wiped.

Erasing is a path of the eraser's centre, shape (k, 2) in pt: one point for a touch, two for
the way between two events. Ask `SpatialIndex.query(bounds.segment_bounds(path, radius))`
first: the functions here look at all they are given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from base.board_doc import (
    NO_FILL,
    BrushKind,
    Floats,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StrokeItem,
    TextItem,
    unpack_positions,
    unpack_samples,
)
from whiteboard.model.shapes import shape_path

LEAST_PIECE_PT: Final = 0.5
"""Shorter remains of a cut stroke are crumbs that nobody wrote; they go too."""
OUTLINE_STEP_PT: Final = 2.0
"""Distance of the samples on a piece of an outline: near enough to keep its corners."""
OUTLINE_SPEED_PT_S: Final = 20.0
"""Speed written into a piece of an outline: too slow to thin the line."""
_TINY: Final = 1e-12

_Unwritten: TypeAlias = ShapeItem | TextItem | NoteItem | ImageItem | StampItem


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing does to the items of a page.

    Attributes:
        removed: Ids of items that go.
        pieces: Per id of an item that falls apart, what takes its place: same page,
            stacking order, author and colour. Its own id goes.
    """

    removed: tuple[str, ...] = ()
    pieces: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was touched."""
        return not self.removed and not self.pieces


def touched_items(
    entries: Iterable[tuple[str, Item]], path: Floats, radius_pt: float
) -> list[str]:
    """Return the items that a stroke eraser or a fingertip touches on their ink.

    Strokes and shapes are touched on their line with its nominal width, filled shapes and
    all boxes also inside.

    Args:
        entries: Ids and items.
        path: Way of the eraser's centre, shape (k, 2), k >= 1, pt.
        radius_pt: Radius of the eraser, >= 0.

    Returns:
        Ids in the order of `entries`.

    Raises:
        ValueError: the path is empty or not finite, or the radius negative.
    """
    path = _checked_path(path, radius_pt)
    entries = list(entries)
    hit: npt.NDArray[np.bool_] = np.zeros(len(entries), dtype=bool)
    strokes, places = [], []
    for place, (_, item) in enumerate(entries):
        if isinstance(item, StrokeItem):
            strokes.append(item)
            places.append(place)
        else:
            hit[place] = _touches(item, path, radius_pt)
    if strokes:
        hit[places] = _touched_strokes(strokes, path, radius_pt)
    return [entries[place][0] for place in np.flatnonzero(hit).tolist()]


def erase_area(entries: Iterable[tuple[str, Item]], path: Floats, radius_pt: float) -> Erasure:
    """Return what the area eraser does on its way.

    Args:
        entries: Ids and items.
        path: Way of the eraser's centre, shape (k, 2), k >= 1, pt.
        radius_pt: Radius of the eraser, >= 0.

    Raises:
        ValueError: the path is empty or not finite, or the radius negative.
    """
    path = _checked_path(path, radius_pt)
    items = dict(entries)
    touched = touched_items(items.items(), path, radius_pt)
    left: dict[str, tuple[Item, ...] | None] = {}
    strokes: dict[str, StrokeItem] = {}
    for item_id in touched:
        item = items[item_id]
        if isinstance(item, StrokeItem):
            strokes[item_id] = item
        else:
            left[item_id] = _left_of(item, path, radius_pt)
    if strokes:
        cut = _split_strokes(list(strokes.values()), path, radius_pt)
        for (item_id, stroke), parts in zip(strokes.items(), cut, strict=True):
            left[item_id] = (
                None if parts is None else tuple(_stroke_piece(stroke, p) for p in parts)
            )
    return Erasure(
        tuple(item_id for item_id in touched if left[item_id] == ()),
        {item_id: pieces for item_id in touched if (pieces := left[item_id])},
    )


def split_stroke(samples: Floats, path: Floats, radius_pt: float) -> list[Floats]:
    """Cut what lies under the eraser out of a line.

    Args:
        samples: Shape (n, c), n >= 1, c >= 2; the first two columns are the position in
            pt. All columns are interpolated where the line is cut.
        path: Way of the eraser's centre, shape (k, 2), k >= 1, pt.
        radius_pt: How far from the path the line goes, >= 0. To keep round ends out of
            the wiped track, add half the line's width to the eraser's radius.

    Returns:
        The pieces that are left, in order, without crumbs below `LEAST_PIECE_PT`. The
        array itself, alone, when nothing was cut; none when all is gone.

    Raises:
        ValueError: samples or path are empty or not finite, or the radius negative.
    """
    path = _checked_path(path, radius_pt)
    if samples.ndim != 2 or samples.shape[1] < 2 or not np.isfinite(samples).all():
        raise ValueError(f"samples must be finite, not of shape {samples.shape}")
    if len(samples) == 1:
        nearest = _distances(samples[:, :2], samples[:, :2], path).min()
        return [] if nearest <= radius_pt else [samples]
    line = samples[:, :2]
    owner, enter, leave = _covered_intervals(line[:-1], np.diff(line, axis=0), path, radius_pt)
    if not len(owner):
        return [samples]
    return _pieces(samples, owner + enter, owner + leave)


# Touching -------------------------------------------------------------------------------


def _checked_path(path: Floats, radius_pt: float) -> Floats:
    path = np.asarray(path, dtype=np.float64).reshape(-1, 2)
    if not len(path) or not np.isfinite(path).all():
        raise ValueError("the path of an eraser has finite points")
    if not (math.isfinite(radius_pt) and radius_pt >= 0):
        raise ValueError(f"the radius of an eraser is not negative: {radius_pt}")
    return path


def _touched_strokes(
    strokes: Sequence[StrokeItem], path: Floats, radius_pt: float
) -> npt.NDArray[np.bool_]:
    starts, borders = unpack_positions(strokes)
    # Each sample begins a segment; the last one of a stroke ends where it begins.
    ends = np.roll(starts, -1, axis=0)
    ends[borders[1:] - 1] = starts[borders[1:] - 1]
    widths = np.fromiter((s.width_pt for s in strokes), np.float64, len(strokes))
    reach = radius_pt + np.repeat(widths / 2, np.diff(borders))
    touched = _touched_segments(starts, ends, path, reach)
    return np.logical_or.reduceat(touched, borders[:-1])


def _touches(item: _Unwritten, path: Floats, radius_pt: float) -> bool:
    if isinstance(item, ShapeItem):
        reach = radius_pt + item.width_pt / 2
        lines = shape_path(item)
        if any(_touches_line(line, path, reach) for line in lines):
            return True
        return item.fill != NO_FILL and bool(_inside(path, lines[0]).any())
    corners = item.box.corners()
    outline = np.vstack((corners, corners[:1]))
    return bool(_inside(path, outline).any()) or _touches_line(outline, path, radius_pt)


def _touches_line(line: Floats, path: Floats, reach_pt: float) -> bool:
    starts = line[:-1] if len(line) > 1 else line
    ends = line[1:] if len(line) > 1 else line
    reach = np.full(len(starts), reach_pt)
    return bool(_touched_segments(starts, ends, path, reach).any())


def _touched_segments(
    starts: Floats, ends: Floats, path: Floats, reach: Floats
) -> npt.NDArray[np.bool_]:
    """Return which segments come within their reach of the path."""
    low, high = path.min(axis=0), path.max(axis=0)
    near = (
        (np.minimum(starts[:, 0], ends[:, 0]) <= high[0] + reach)
        & (np.maximum(starts[:, 0], ends[:, 0]) >= low[0] - reach)
        & (np.minimum(starts[:, 1], ends[:, 1]) <= high[1] + reach)
        & (np.maximum(starts[:, 1], ends[:, 1]) >= low[1] - reach)
    )
    rows = np.flatnonzero(near)
    result: npt.NDArray[np.bool_] = np.zeros(len(starts), dtype=bool)
    if len(rows):
        result[rows] = _distances(starts[rows], ends[rows], path) <= reach[rows]
    return result


def _distances(starts: Floats, ends: Floats, path: Floats) -> Floats:
    """Return how near each segment comes to the path, shape (n,)."""
    path_starts = path[:-1] if len(path) > 1 else path
    path_ends = path[1:] if len(path) > 1 else path
    nearest = np.full(len(starts), np.inf)
    for a, b in zip(path_starts, path_ends, strict=True):
        to_path = np.minimum(_point_to_one(starts, a, b), _point_to_one(ends, a, b))
        to_segment = np.minimum(_one_to_many(a, starts, ends), _one_to_many(b, starts, ends))
        distance = np.minimum(to_path, to_segment)
        distance[_crosses(starts, ends, a, b)] = 0.0
        np.minimum(nearest, distance, out=nearest)
    return nearest


def _point_to_one(points: Floats, a: Floats, b: Floats) -> Floats:
    """Return the distances of points from one segment."""
    along = b - a
    share = np.clip(((points - a) @ along) / max(float(along @ along), _TINY), 0.0, 1.0)
    offsets = points - a - share[:, None] * along
    return _hypot(offsets)


def _one_to_many(point: Floats, starts: Floats, ends: Floats) -> Floats:
    """Return the distances of one point from segments."""
    along = ends - starts
    squares = np.maximum((along**2).sum(axis=1), _TINY)
    share = np.clip(((point - starts) * along).sum(axis=1) / squares, 0.0, 1.0)
    offsets = point - starts - share[:, None] * along
    return _hypot(offsets)


def _hypot(vectors: Floats) -> Floats:
    lengths: Floats = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths


def _crosses(starts: Floats, ends: Floats, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    sides_start = _side(a, b, starts)
    sides_end = _side(a, b, ends)
    along = ends - starts
    a_side = along[:, 0] * (a[1] - starts[:, 1]) - along[:, 1] * (a[0] - starts[:, 0])
    b_side = along[:, 0] * (b[1] - starts[:, 1]) - along[:, 1] * (b[0] - starts[:, 0])
    crossed: npt.NDArray[np.bool_] = (sides_start * sides_end < 0) & (a_side * b_side < 0)
    return crossed


def _side(a: Floats, b: Floats, points: Floats) -> Floats:
    along = b - a
    side: Floats = along[0] * (points[:, 1] - a[1]) - along[1] * (points[:, 0] - a[0])
    return side


def _inside(points: Floats, outline: Floats) -> npt.NDArray[np.bool_]:
    """Return which points lie inside a closed polyline (its last point is its first)."""
    inside: npt.NDArray[np.bool_] = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(outline[:-1].tolist(), outline[1:].tolist(), strict=True):
        if y0 == y1:
            continue
        spans = (y0 > y) != (y1 > y)
        inside ^= spans & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


# Cutting --------------------------------------------------------------------------------


def _split_strokes(
    strokes: Sequence[StrokeItem], path: Floats, radius_pt: float
) -> list[list[Floats] | None]:
    """Cut many strokes at once; for each its pieces, or None when it was not cut."""
    samples, borders = unpack_samples(strokes)
    counts = np.diff(borders)
    widths = np.fromiter((s.width_pt for s in strokes), np.float64, len(strokes))
    reach = radius_pt + np.repeat(widths / 2, counts)
    along = np.zeros((len(samples), 2))
    along[:-1] = np.diff(samples[:, :2], axis=0)
    # The last sample of a stroke begins no segment; a dot is a segment without length.
    along[borders[1:] - 1] = 0.0
    owner, enter, leave = _covered_intervals(samples[:, :2], along, path, reach)
    order = np.argsort(owner, kind="stable")
    owner, enter, leave = owner[order], enter[order], leave[order]
    spans = np.searchsorted(owner, borders)
    result: list[list[Floats] | None] = []
    for i, (first, end) in enumerate(
        zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
    ):
        if spans[i] == spans[i + 1]:
            result.append(None)
            continue
        mine = slice(spans[i], spans[i + 1])
        own = owner[mine] - first
        whole_way = end - first - 1.0
        starts = np.minimum(own + enter[mine], whole_way)
        ends = np.minimum(own + leave[mine], whole_way)
        result.append(_pieces(samples[first:end], starts, ends))
    return result


def _covered_intervals(
    starts: Floats, along: Floats, path: Floats, reach_pt: float | Floats
) -> tuple[Floats, Floats, Floats]:
    """Return which parts of segments lie within reach of the path.

    Returns:
        Index of a segment, and the shares of it where the covered part begins and ends;
        three arrays of one length, one entry for each pair that meets.
    """
    owners, enters, leaves = [], [], []
    path_starts = path[:-1] if len(path) > 1 else path
    path_ends = path[1:] if len(path) > 1 else path
    for a, b in zip(path_starts, path_ends, strict=True):
        enter, leave = _in_capsule(starts, along, a, b, reach_pt)
        met = np.flatnonzero(leave >= enter)
        owners.append(met.astype(np.float64))
        enters.append(enter[met])
        leaves.append(leave[met])
    return np.concatenate(owners), np.concatenate(enters), np.concatenate(leaves)


def _in_capsule(
    starts: Floats, along: Floats, a: Floats, b: Floats, reach_pt: float | Floats
) -> tuple[Floats, Floats]:
    """Return where segments enter and leave all places within the radius of a to b.

    A capsule is two discs and a box; as it is convex, what lies inside is one interval:
    from the first to the last place inside any of the three. Outside: inf to -inf.
    """
    enter, leave = _in_disc(starts, along, a, reach_pt)
    axis = b - a
    length = math.hypot(axis[0], axis[1])
    if length > 0:
        box_enter, box_leave = _in_box(starts, along, a, axis / length, length, reach_pt)
        disc_enter, disc_leave = _in_disc(starts, along, b, reach_pt)
        enter = np.minimum(enter, np.minimum(box_enter, disc_enter))
        leave = np.maximum(leave, np.maximum(box_leave, disc_leave))
    return enter, leave


def _in_disc(
    starts: Floats, along: Floats, centre: Floats, reach_pt: float | Floats
) -> tuple[Floats, Floats]:
    offsets = starts - centre
    a = (along**2).sum(axis=1)
    b = (offsets * along).sum(axis=1)
    c = (offsets**2).sum(axis=1) - reach_pt**2
    root = b * b - a * c
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.sqrt(np.maximum(root, 0.0))
        enter, leave = (-b - half) / a, (-b + half) / a
    # A segment without length is inside or not.
    still = a <= _TINY
    enter = np.where(still, 0.0, enter)
    leave = np.where(still, 1.0, leave)
    return _clipped(enter, leave, np.where(still, c <= 0, root >= 0))


def _in_box(
    starts: Floats,
    along: Floats,
    corner: Floats,
    axis: Floats,
    length: float,
    reach_pt: float | Floats,
) -> tuple[Floats, Floats]:
    across = np.array((-axis[1], axis[0]))
    offsets = starts - corner
    enter0, leave0, inside0 = _in_slab(offsets @ axis, along @ axis, 0.0, length)
    enter1, leave1, inside1 = _in_slab(offsets @ across, along @ across, -reach_pt, reach_pt)
    return _clipped(np.maximum(enter0, enter1), np.minimum(leave0, leave1), inside0 & inside1)


def _in_slab(
    place: Floats, speed: Floats, low: float | Floats, high: float | Floats
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    still = np.abs(speed) <= _TINY
    safe = np.where(still, 1.0, speed)
    first, second = (low - place) / safe, (high - place) / safe
    enter = np.where(still, 0.0, np.minimum(first, second))
    leave = np.where(still, 1.0, np.maximum(first, second))
    return enter, leave, ~still | ((place >= low) & (place <= high))


def _clipped(
    enter: Floats, leave: Floats, meets: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    enter, leave = np.maximum(enter, 0.0), np.minimum(leave, 1.0)
    meets = meets & (enter <= leave)
    return np.where(meets, enter, np.inf), np.where(meets, leave, -np.inf)


def _merged(starts: Floats, ends: Floats) -> Floats:
    """Return intervals united where they overlap, shape (m, 2), in order."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    opens = np.concatenate(([True], starts[1:] > ends[:-1] + 1e-9))
    last = np.concatenate((np.flatnonzero(opens)[1:] - 1, [len(starts) - 1]))
    return np.column_stack((starts[opens], ends[last]))


def _pieces(samples: Floats, starts: Floats, ends: Floats) -> list[Floats]:
    """Return what is left without the intervals; sample i lies at i, crumbs left aside."""
    gone = _merged(starts, ends)
    edges = [0.0, *gone.ravel().tolist(), len(samples) - 1.0]
    pieces = [
        _between(samples, start, end)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end > start
    ]
    return [piece for piece in pieces if _length(piece) >= LEAST_PIECE_PT]


def _between(samples: Floats, start: float, end: float) -> Floats:
    """Return a part of the line; sample i lies at i, cuts are interpolated."""
    first, last = math.floor(start) + 1, math.ceil(end) - 1
    inner = samples[first : last + 1]
    return np.vstack((_at(samples, start), inner, _at(samples, end)))


def _at(samples: Floats, place: float) -> Floats:
    index = min(int(place), len(samples) - 1)
    share = place - index
    if share == 0:
        whole: Floats = samples[index]
        return whole
    sample: Floats = samples[index] * (1 - share) + samples[index + 1] * share
    return sample


def _length(piece: Floats) -> float:
    return float(_hypot(np.diff(piece[:, :2], axis=0)).sum())


# What is left of an item ------------------------------------------------------------------


def _left_of(item: _Unwritten, path: Floats, radius_pt: float) -> tuple[Item, ...] | None:
    """Return the pieces of a touched item; None when it stays as it is."""
    if isinstance(item, ShapeItem):
        return _left_of_shape(item, path, radius_pt)
    middle = item.box.corners().mean(axis=0, keepdims=True)
    wiped = _distances(middle, middle, path).min() <= radius_pt
    return () if wiped else None


def _stroke_piece(item: StrokeItem, samples: Floats) -> StrokeItem:
    return StrokeItem.from_samples(
        samples,
        page=item.page,
        z=item.z,
        author=item.author,
        brush=item.brush,
        colour=item.colour,
        width_pt=item.width_pt,
        has_pressure=item.has_pressure,
    )


def _left_of_shape(item: ShapeItem, path: Floats, radius_pt: float) -> tuple[Item, ...] | None:
    reach = radius_pt + item.width_pt / 2
    lines = shape_path(item)
    cut = [split_stroke(line, path, reach) for line in lines]
    untouched = [len(p) == 1 and p[0] is line for p, line in zip(cut, lines, strict=True)]
    if all(untouched):
        # Only the filling was touched: it has no pieces, and goes with the middle.
        middle = lines[0][: len(item.points)].mean(axis=0, keepdims=True)
        if item.shape is ShapeKind.ELLIPSE:
            middle = np.array(item.points[:1])
        return () if _distances(middle, middle, path).min() <= radius_pt else None
    if item.shape is ShapeKind.LINE:
        return tuple(_line_piece(item, piece) for piece in cut[0])
    if item.shape is ShapeKind.ARROW:
        return _left_of_arrow(item, cut[0], cut[1], head_is_whole=untouched[1])
    return tuple(_outline_piece(item, piece) for piece in _rejoined(cut[0], lines[0]))


def _left_of_arrow(
    item: ShapeItem, shaft: list[Floats], head: list[Floats], *, head_is_whole: bool
) -> tuple[Item, ...]:
    pieces: list[Item] = []
    for piece in shaft:
        if head_is_whole and np.array_equal(piece[-1], item.points[1]):
            # The front of the shaft is an arrow still, as long as its head stays the same.
            front = replace(_line_piece(item, piece), shape=ShapeKind.ARROW)
            if np.allclose(shape_path(front)[1], head[0]):
                pieces.append(front)
                head = []
                continue
        pieces.append(_line_piece(item, piece))
    pieces += [_outline_piece(item, piece) for piece in head]
    return tuple(pieces)


def _rejoined(pieces: list[Floats], outline: Floats) -> list[Floats]:
    """Join the first and last piece of a closed outline that met at its starting point."""
    if len(pieces) < 2:
        return pieces
    first, last = pieces[0], pieces[-1]
    if np.array_equal(first[0], outline[0]) and np.array_equal(last[-1], outline[-1]):
        return [np.vstack((last, first[1:])), *pieces[1:-1]]
    return pieces


def _line_piece(item: ShapeItem, piece: Floats) -> ShapeItem:
    (x0, y0), (x1, y1) = piece[0].tolist(), piece[-1].tolist()
    return replace(item, shape=ShapeKind.LINE, points=((x0, y0), (x1, y1)))


def _outline_piece(item: ShapeItem, piece: Floats) -> StrokeItem:
    """Return a piece of an outline as a stroke of even width with sharp corners."""
    lengths = _hypot(np.diff(piece, axis=0))
    places = np.concatenate(([0.0], np.cumsum(lengths)))
    count = max(math.ceil(places[-1] / OUTLINE_STEP_PT), 1) + 1
    dense = np.union1d(places, np.linspace(0.0, places[-1], count))
    samples = np.zeros((len(dense), 5))
    samples[:, 0] = np.interp(dense, places, piece[:, 0])
    samples[:, 1] = np.interp(dense, places, piece[:, 1])
    samples[:, 2] = 0.5
    samples[:, 3] = dense / OUTLINE_SPEED_PT_S
    return StrokeItem.from_samples(
        samples,
        page=item.page,
        z=item.z,
        author=item.author,
        brush=BrushKind.PEN,
        colour=item.colour,
        width_pt=item.width_pt,
        has_pressure=False,
    )
