"""Choosing items with the lasso or a tap, and what is done with them.

All here is a pure function of items: what is chosen, how it looks moved, scaled, turned or
recoloured, its bytes for the clipboard, and the handles around it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import (
    NO_FILL,
    Affine,
    Floats,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    StampItem,
    StrokeItem,
    TextItem,
    moved_stroke,
    pack_item,
    parse_item,
    unpack_positions,
)
from whiteboard.model.bounds import Rect, many_bounds
from whiteboard.model.erase import touched_items
from whiteboard.model.shapes import shape_path

CHOSEN_SHARE: Final = 0.6
"""An item is chosen when at least this share of its ink lies in the lasso."""

CLIPBOARD_TYPE: Final = "application/x-kokuban-items"
"""Media type of copied items."""
CLIPBOARD_VERSION: Final = 1
MAX_CLIPBOARD_BYTES: Final = 64 * 1024 * 1024
MAX_CLIPBOARD_ITEMS: Final = 100_000
_MAGIC: Final = b"KKBI"
_CLIPBOARD_HEAD: Final = struct.Struct("<4sBI")
_LENGTH: Final = struct.Struct("<I")

MIN_SCALE: Final = 0.02
"""A handle shrinks a selection no further in one go, and never turns it inside out."""
HANDLE_GAP_PX: Final = 56.0
"""How far the turning handle stands above the selection."""
SNAP_RAD: Final = math.radians(3.0)
"""Turning stops at multiples of 15 degrees when it comes this near."""
_SNAP_STEP_RAD: Final = math.radians(15.0)
_LEAST_DETERMINANT: Final = 1e-9
_BOX_PLACES: Final = 20
"""A box is weighed at 20 x 20 places of its area."""


# Choosing -------------------------------------------------------------------------------


def items_in_lasso(entries: Iterable[tuple[str, Item]], lasso: Floats) -> list[str]:
    """Return the items that a lasso chooses.

    Args:
        entries: Ids and items; ask `SpatialIndex.query` with the lasso's bounds first.
        lasso: Its corners, shape (n, 2) in pt; closed by the line from the last to the
            first. Where it runs over itself, what it goes round counts as inside.

    Returns:
        Ids, in the order of `entries`, of which at least `CHOSEN_SHARE` of the ink's
        length (of a box: of its area) lies inside. None for fewer than three corners.

    Raises:
        ValueError: the lasso is not finite.
    """
    lasso = np.asarray(lasso, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(lasso).all():
        raise ValueError("a lasso has finite corners")
    entries = list(entries)
    if len(lasso) < 3 or not entries:
        return []
    shares = np.empty(len(entries))
    strokes = [p for p, (_, item) in enumerate(entries) if isinstance(item, StrokeItem)]
    others = [p for p, (_, item) in enumerate(entries) if not isinstance(item, StrokeItem)]
    for places, weigh in ((strokes, _stroke_ink), (others, _other_ink)):
        if places:
            points, weights, borders = weigh([entries[place][1] for place in places])
            within = np.add.reduceat(weights * points_inside(points, lasso), borders[:-1])
            shares[places] = within / np.add.reduceat(weights, borders[:-1])
    chosen = shares >= CHOSEN_SHARE - 1e-9
    return [entries[place][0] for place in np.flatnonzero(chosen).tolist()]


def item_at(
    entries: Iterable[tuple[str, Item]], x_pt: float, y_pt: float, radius_pt: float
) -> str | None:
    """Return the topmost item that a fingertip touches; None for the empty board.

    Args:
        entries: Ids and items, in any order.
        x_pt: Place of the tap.
        y_pt: Place of the tap.
        radius_pt: How far from the ink still counts, >= 0.

    Raises:
        ValueError: the place is not finite, or the radius negative.
    """
    items = dict(entries)
    touched = touched_items(items.items(), np.array([(x_pt, y_pt)]), radius_pt)
    return max(touched, key=lambda item_id: (items[item_id].z, item_id), default=None)


def points_inside(points: Floats, polygon: Floats) -> npt.NDArray[np.bool_]:
    """Return which points a polygon goes round (nonzero winding).

    Each side is compared only with the points at its height, so the time grows with the
    points, not with points times corners.

    Args:
        points: Shape (n, 2).
        polygon: Corners, shape (m, 2), closed implicitly.

    Returns:
        Shape (n,).
    """
    order = np.argsort(points[:, 1], kind="stable")
    x, y = points[order, 0], points[order, 1]
    winding = np.zeros(len(points), dtype=np.int32)
    ends = np.roll(polygon, -1, axis=0)
    first = np.searchsorted(y, np.minimum(polygon[:, 1], ends[:, 1]), side="left")
    last = np.searchsorted(y, np.maximum(polygon[:, 1], ends[:, 1]), side="left")
    sides = zip(polygon.tolist(), ends.tolist(), first.tolist(), last.tolist(), strict=True)
    for (x0, y0), (x1, y1), low, high in sides:
        if low == high:
            continue
        slope = (x1 - x0) / (y1 - y0)
        left_of = x[low:high] < x0 + (y[low:high] - y0) * slope
        if y1 > y0:
            winding[low:high] += left_of
        else:
            winding[low:high] -= left_of
    inside = np.empty(len(points), dtype=bool)
    inside[order] = winding != 0
    return inside


def selection_bounds(items: Sequence[Item]) -> Rect | None:
    """Return the rectangle around the ink of all items; None for none."""
    if not items:
        return None
    bounds = many_bounds(items)
    left, top = bounds[:, :2].min(axis=0).tolist()
    right, bottom = bounds[:, 2:].max(axis=0).tolist()
    return Rect(left, top, right, bottom)


def _stroke_ink(items: Sequence[Item]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return places on strokes, how much ink each stands for, and the strokes' borders."""
    positions, borders = unpack_positions([i for i in items if isinstance(i, StrokeItem)])
    steps = np.zeros((len(positions), 2))
    steps[1:] = positions[1:] - positions[:-1]
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths[borders[:-1]] = 0.0
    # Each sample stands for half of the way to its neighbours.
    weights = lengths / 2
    weights[:-1] += lengths[1:] / 2
    is_dot = np.add.reduceat(lengths, borders[:-1]) == 0
    weights[np.repeat(is_dot, np.diff(borders))] = 1.0
    return positions, weights, borders


def _other_ink(items: Sequence[Item]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return the same for the items that are not written by hand."""
    parts: list[Floats] = []
    weights: list[Floats] = []
    for item in items:
        if isinstance(item, ShapeItem):
            places, weight = _places_on_shape(item)
        elif isinstance(item, StrokeItem):
            raise TypeError("strokes are weighed together")
        else:
            places = _places_in_box(item.box)
            weight = np.ones(len(places))
        parts.append(places)
        weights.append(weight)
    borders = np.cumsum([0, *(len(part) for part in parts)])
    return np.vstack(parts), np.concatenate(weights), borders


def _places_on_line(line: Floats) -> tuple[Floats, Floats]:
    """Return the middles of a line's segments and their lengths; a dot is one place."""
    steps = line[1:] - line[:-1]
    lengths: Floats = np.hypot(steps[:, 0], steps[:, 1])
    if not lengths.any():
        return line[:1], np.ones(1)
    return (line[1:] + line[:-1]) / 2, lengths


def _places_on_shape(item: ShapeItem) -> tuple[Floats, Floats]:
    lines = [_dense(line) for line in shape_path(item)]
    places, weights = zip(*(_places_on_line(line) for line in lines), strict=True)
    return np.vstack(places), np.concatenate(weights)


def _dense(line: Floats) -> Floats:
    """Return a line whose long sides are cut into sixteen, so that a part can be inside."""
    if len(line) > 8:
        return line
    shares = np.arange(16)[:, None] / 16
    sides = [a + shares * (b - a) for a, b in pairwise(line)]
    return np.vstack((*sides, line[-1:]))


def _places_in_box(box: Affine) -> Floats:
    steps = (np.arange(_BOX_PLACES) + 0.5) / _BOX_PLACES
    across, down = np.meshgrid(steps, steps)
    places: Floats = (
        np.array((box.x, box.y))
        + across.reshape(-1, 1) * (box.ux, box.uy)
        + down.reshape(-1, 1) * (box.vx, box.vy)
    )
    return places


# Moving, scaling, turning ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transform:
    """A map of the page: x' = xx x + xy y + dx, y' = yx x + yy y + dy, in pt.

    Raises:
        ValueError: it is not finite, or squeezes everything into a line.
    """

    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def __post_init__(self) -> None:
        values = (self.xx, self.xy, self.yx, self.yy, self.dx, self.dy)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"a transform is finite: {self}")
        if abs(self.determinant) < _LEAST_DETERMINANT:
            raise ValueError(f"a transform must not flatten: {self}")

    @classmethod
    def move(cls, dx_pt: float, dy_pt: float) -> Transform:
        """Return the move by a distance."""
        return cls(dx=dx_pt, dy=dy_pt)

    @classmethod
    def scale(cls, across: float, down: float, x_pt: float, y_pt: float) -> Transform:
        """Return the scaling about a point that stays."""
        return cls(across, 0.0, 0.0, down, x_pt - across * x_pt, y_pt - down * y_pt)

    @classmethod
    def turn(cls, angle_rad: float, x_pt: float, y_pt: float) -> Transform:
        """Return the rotation about a point, clockwise on the screen."""
        c, s = math.cos(angle_rad), math.sin(angle_rad)
        return cls(c, -s, s, c, x_pt - c * x_pt + s * y_pt, y_pt - s * x_pt - c * y_pt)

    @property
    def determinant(self) -> float:
        """How many times larger areas become; negative for a mirror."""
        return self.xx * self.yy - self.xy * self.yx

    @property
    def is_move(self) -> bool:
        """Whether sizes and directions stay."""
        return self.xx == self.yy == 1.0 and self.xy == self.yx == 0.0

    @property
    def width_factor(self) -> float:
        """What line widths and letter sizes are multiplied with."""
        return math.sqrt(abs(self.determinant))

    def then(self, other: Transform) -> Transform:
        """Return this transform followed by another."""
        return Transform(
            other.xx * self.xx + other.xy * self.yx,
            other.xx * self.xy + other.xy * self.yy,
            other.yx * self.xx + other.yy * self.yx,
            other.yx * self.xy + other.yy * self.yy,
            other.xx * self.dx + other.xy * self.dy + other.dx,
            other.yx * self.dx + other.yy * self.dy + other.dy,
        )

    def point(self, x_pt: float, y_pt: float) -> tuple[float, float]:
        """Return where a point goes."""
        return (
            self.xx * x_pt + self.xy * y_pt + self.dx,
            self.yx * x_pt + self.yy * y_pt + self.dy,
        )

    def points(self, points: Floats) -> Floats:
        """Return where points go, shape (n, 2)."""
        matrix = np.array(((self.xx, self.yx), (self.xy, self.yy)))
        result: Floats = points @ matrix + (self.dx, self.dy)
        return result

    def box(self, box: Affine) -> Affine:
        """Return where a box goes."""
        x, y = self.point(box.x, box.y)
        return Affine(
            x,
            y,
            self.xx * box.ux + self.xy * box.uy,
            self.yx * box.ux + self.yy * box.uy,
            self.xx * box.vx + self.xy * box.vy,
            self.yx * box.vx + self.yy * box.vy,
        )


def quarter_turns(turns: int, width_pt: float, height_pt: float) -> Transform:
    """Return the transform of a page that is turned clockwise; its corner stays its corner.

    Args:
        turns: Quarter turns, 0 to 3.
        width_pt: Of the page before.
        height_pt: The same.
    """
    match turns:
        case 0:
            return Transform()
        case 1:
            return Transform(0.0, -1.0, 1.0, 0.0, height_pt, 0.0)
        case 2:
            return Transform(-1.0, 0.0, 0.0, -1.0, width_pt, height_pt)
        case 3:
            return Transform(0.0, 1.0, -1.0, 0.0, 0.0, width_pt)
    raise ValueError(f"there are 0 to 3 quarter turns, not {turns}")


def transformed(item: Item, transform: Transform) -> Item:
    """Return an item moved, scaled or turned; its line width and letters grow with it.

    Raises:
        ValueError: it would leave the page, or become too large or small for the format.
    """
    factor = transform.width_factor
    match item:
        case StrokeItem():
            if transform.is_move:
                return moved_stroke(item, transform.dx, transform.dy)
            return _transformed_stroke(item, transform)
        case ShapeItem():
            points = transform.points(np.array(item.points, dtype=np.float64))
            corners = tuple((float(x), float(y)) for x, y in points)
            changed: Item = replace(item, points=corners, width_pt=item.width_pt * factor)
        case TextItem() | NoteItem():
            box = transform.box(item.box)
            changed = replace(item, box=box, size_pt=item.size_pt * factor)
        case ImageItem() | StampItem():
            changed = replace(item, box=transform.box(item.box))
    pack_item(changed)
    return changed


def _transformed_stroke(item: StrokeItem, transform: Transform) -> StrokeItem:
    samples = item.samples()
    samples[:, :2] = transform.points(samples[:, :2])
    return StrokeItem.from_samples(
        samples,
        page=item.page,
        z=item.z,
        author=item.author,
        brush=item.brush,
        colour=item.colour,
        width_pt=item.width_pt * transform.width_factor,
        has_pressure=item.has_pressure,
    )


# Recolouring, copying -------------------------------------------------------------------


def recoloured(item: Item, colour: int) -> Item:
    """Return an item in another ink colour; notes and pictures have none and stay.

    A filled shape is filled with the new colour too when it is one of the palette.
    """
    match item:
        case ShapeItem():
            keeps = item.fill == NO_FILL or not 0 <= colour < NO_FILL
            return replace(item, colour=colour, fill=item.fill if keeps else colour)
        case StrokeItem() | TextItem() | StampItem():
            return replace(item, colour=colour)
        case _:
            return item


def pasted(
    items: Sequence[Item],
    *,
    page: str,
    author: str,
    z: float,
    dx_pt: float = 0.0,
    dy_pt: float = 0.0,
) -> list[Item]:
    """Return copies of items for a page: to duplicate or to paste.

    Args:
        items: What was copied, in any order.
        page: The page that gets them.
        author: Who pastes.
        z: Stacking order of the lowest copy (`Board.top_z`); each next one gets one more,
            so that they lie on one another as the originals did.
        dx_pt: Way to the right.
        dy_pt: Way down.

    Raises:
        ValueError: a copy would leave the page.
    """
    move = Transform.move(dx_pt, dy_pt)
    ranks = sorted(range(len(items)), key=lambda place: items[place].z)
    copies: list[Item] = list(items)
    for rank, place in enumerate(ranks):
        copy = transformed(items[place], move)
        copies[place] = replace(copy, page=page, author=author, z=z + rank)
    return copies


def assets_of(items: Iterable[Item]) -> frozenset[bytes]:
    """Return the SHA-256 of the pictures that items need, to copy them between boards."""
    return frozenset(item.sha256 for item in items if isinstance(item, ImageItem))


def pack_clipboard(items: Sequence[Item]) -> bytes:
    """Return items as bytes for the clipboard.

    The form: `KKBI`, u8 version, u32 count, then each packed item behind its u32 length;
    little endian.

    Raises:
        ValueError: these are too many, or one does not fit the format.
    """
    if len(items) > MAX_CLIPBOARD_ITEMS:
        raise ValueError(f"at most {MAX_CLIPBOARD_ITEMS} items can be copied")
    packed = [pack_item(item) for item in items]
    parts = [_CLIPBOARD_HEAD.pack(_MAGIC, CLIPBOARD_VERSION, len(packed))]
    for data in packed:
        parts += (_LENGTH.pack(len(data)), data)
    result = b"".join(parts)
    if len(result) > MAX_CLIPBOARD_BYTES:
        raise ValueError("the copied items are too large")
    return result


def parse_clipboard(data: bytes) -> list[Item]:
    """Return the items of clipboard bytes. Anybody may have written them.

    Raises:
        ValueError: they are not whole, too large, or of a version this program cannot read.
    """
    if not _CLIPBOARD_HEAD.size <= len(data) <= MAX_CLIPBOARD_BYTES:
        raise ValueError("not copied items: wrong size")
    magic, version, count = _CLIPBOARD_HEAD.unpack_from(data)
    if magic != _MAGIC or version != CLIPBOARD_VERSION or count > MAX_CLIPBOARD_ITEMS:
        raise ValueError("not copied items of a version this program can read")
    items: list[Item] = []
    at = _CLIPBOARD_HEAD.size
    for _ in range(count):
        if at + _LENGTH.size > len(data):
            raise ValueError("copied items are cut short")
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise ValueError("copied items are cut short")
        items.append(parse_item(data[at : at + length]))
        at += length
    if at != len(data):
        raise ValueError("copied items end with something else")
    return items


# Handles --------------------------------------------------------------------------------


class Handle(Enum):
    """What can be dragged on a selection's frame."""

    LEFT_TOP = auto()
    RIGHT_TOP = auto()
    RIGHT_BOTTOM = auto()
    LEFT_BOTTOM = auto()
    RIGHT = auto()
    BOTTOM = auto()
    TURN = auto()


def handle_places(
    frame_view: Rect, gap_px: float = HANDLE_GAP_PX, side_room_px: float = 0.0
) -> dict[Handle, tuple[float, float]]:
    """Return the middles of the handles around a selection.

    Args:
        frame_view: The selection's rectangle in the view, px.
        gap_px: How far above it the turning handle stands.
        side_room_px: A lower or narrower rectangle has no handles at its sides: they would
            lie over what is chosen, which then could not be moved.
    """
    left, top, right, bottom = (
        frame_view.left, frame_view.top, frame_view.right, frame_view.bottom,
    )  # fmt: skip
    x, y = frame_view.centre
    places = {
        Handle.LEFT_TOP: (left, top),
        Handle.RIGHT_TOP: (right, top),
        Handle.RIGHT_BOTTOM: (right, bottom),
        Handle.LEFT_BOTTOM: (left, bottom),
        Handle.TURN: (x, top - gap_px),
    }
    if min(frame_view.width, frame_view.height) >= side_room_px:
        places |= {Handle.RIGHT: (right, y), Handle.BOTTOM: (x, bottom)}
    return places


def handle_at(
    frame_view: Rect,
    x_px: float,
    y_px: float,
    reach_px: float,
    gap_px: float = HANDLE_GAP_PX,
    side_room_px: float = 0.0,
) -> Handle | None:
    """Return the handle nearest to a touch, when it is within reach; else None.

    Inside the rectangle, handles reach a quarter of it at most: its middle moves it.
    """
    if frame_view.contains_point(x_px, y_px):
        reach_px = min(reach_px, frame_view.width / 4, frame_view.height / 4)
    places = handle_places(frame_view, gap_px, side_room_px)
    distance, _, handle = min(
        (math.hypot(x - x_px, y - y_px), found.value, found) for found, (x, y) in places.items()
    )
    return handle if distance <= reach_px else None


def handle_transform(
    handle: Handle, frame: Rect, start: tuple[float, float], here: tuple[float, float]
) -> Transform:
    """Return what dragging a handle does to the selection.

    A corner scales evenly about the opposite corner, a side along itself about the other
    side; TURN turns about the middle and stops near multiples of 15 degrees.

    Args:
        handle: Which one.
        frame: The selection's rectangle when the drag began, pt.
        start: Where the drag began, page pt.
        here: Where the finger is now, page pt.

    Returns:
        The transform; it never shrinks below `MIN_SCALE` nor turns inside out.
    """
    if handle is Handle.TURN:
        return _turning(frame, start, here)
    dx, dy = here[0] - start[0], here[1] - start[1]
    match handle:
        case Handle.RIGHT:
            return Transform.scale(_stretch(frame.width, dx), 1.0, frame.left, frame.top)
        case Handle.BOTTOM:
            return Transform.scale(1.0, _stretch(frame.height, dy), frame.left, frame.top)
        case Handle.LEFT_TOP:
            moving, fixed = (frame.left, frame.top), (frame.right, frame.bottom)
        case Handle.RIGHT_TOP:
            moving, fixed = (frame.right, frame.top), (frame.left, frame.bottom)
        case Handle.RIGHT_BOTTOM:
            moving, fixed = (frame.right, frame.bottom), (frame.left, frame.top)
        case _:
            moving, fixed = (frame.left, frame.bottom), (frame.right, frame.top)
    across, down = moving[0] - fixed[0], moving[1] - fixed[1]
    diagonal = math.hypot(across, down)
    # The finger's way along the diagonal counts: sideways it changes nothing.
    way = (dx * across + dy * down) / diagonal if diagonal > 0 else 0.0
    factor = _stretch(diagonal, way)
    return Transform.scale(factor, factor, *fixed)


def _stretch(size: float, way: float) -> float:
    return max((size + way) / size, MIN_SCALE) if size > 0 else 1.0


def _turning(frame: Rect, start: tuple[float, float], here: tuple[float, float]) -> Transform:
    x, y = frame.centre
    angle = math.atan2(here[1] - y, here[0] - x) - math.atan2(start[1] - y, start[0] - x)
    nearest = round(angle / _SNAP_STEP_RAD) * _SNAP_STEP_RAD
    return Transform.turn(nearest if abs(angle - nearest) <= SNAP_RAD else angle, x, y)
