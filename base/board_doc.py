"""The shared document of a board: its layout, and the packed form of an item.

A board is a Yjs document with four root maps:

* `pages`: page id to a map `{order: float, background: str, width: float, height: float}`;
  with a document under it also `{document: str, sheet: int, turns: int}`
* `items`: item id to the packed bytes of one finished, immutable item
* `documents`: document id to a map `{name: str, sheets: int, source: str}`
* `meta`: `{title: str, created: str}`; a text `memo` joins them in a shared room

Moving, recolouring or erasing an item replaces or removes its key. The packed form is
little endian and made to be read with a `DataView` as well as with `struct`:

    u8 version (1) | u8 kind | u8 page id length | u8 author length | f64 z
    page id (ASCII) | author (UTF-8) | body of the kind

Page space is points (1/72 inch), x to the right, y down.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

PAGES: Final = "pages"
ITEMS: Final = "items"
DOCUMENTS: Final = "documents"
META: Final = "meta"

PAGE_DOCUMENT: Final = "document"
"""Of a page: the id of the document under it, 64 hexadecimal digits."""
PAGE_SHEET: Final = "sheet"
"""Of a page: which sheet of the document, from 0."""
PAGE_TURNS: Final = "turns"
"""Of a page: quarter turns clockwise that it gives the sheet, 0 to 3."""
DOCUMENT_NAME: Final = "name"
DOCUMENT_SHEETS: Final = "sheets"
DOCUMENT_SOURCE: Final = "source"

FORMAT_VERSION: Final = 1
QUANTA_PER_PT: Final = 64
"""Stored positions are whole multiples of 1/64 pt (5.5 µm)."""
PRESSURE_STEPS: Final = 1023
TILT_STEPS: Final = 90
"""Tilt is stored in whole degrees from the vertical."""
TICKS_PER_S: Final = 1000

SAMPLE_COLUMNS: Final = 5
"""x_page_pt, y_page_pt, pressure 0..1, t_s since pen down, tilt_rad from the vertical."""

MAX_SAMPLES: Final = 1_000_000
MAX_TEXT_BYTES: Final = 200_000
_MAX_COORDINATE_PT: Final = 1e7
_MAX_TIME_S: Final = 1e6

_SCALE: Final = np.array(
    [QUANTA_PER_PT, QUANTA_PER_PT, PRESSURE_STEPS, TICKS_PER_S, 180 / math.pi]
)
_TIME: Final = 3
_MAX_GRID: Final = int(_MAX_COORDINATE_PT * QUANTA_PER_PT)
_GRID_RANGES: Final = (
    (-_MAX_GRID, _MAX_GRID),
    (-_MAX_GRID, _MAX_GRID),
    (0, PRESSURE_STEPS),
    (0, 0),
    (0, TILT_STEPS),
)
_HEAD: Final = struct.Struct("<BBBBd")
_STROKE: Final = struct.Struct("<BBIfIiiHH5B")
_SHAPE: Final = struct.Struct("<BIIfH")
_BOX: Final = struct.Struct("<6d")
_TEXT: Final = struct.Struct("<IfI")
_IMAGE: Final = struct.Struct("<32s")
_STAMP: Final = struct.Struct("<BII")
_PLANE_DTYPES: Final = {1: "<i1", 2: "<i2", 4: "<i4"}


class Kind(IntEnum):
    """What an item is; the second byte of its packed form."""

    STROKE = 1
    SHAPE = 2
    TEXT = 3
    NOTE = 4
    IMAGE = 5
    STAMP = 6


class BrushKind(IntEnum):
    """How a stroke is painted."""

    PEN = 1
    HIGHLIGHTER = 2
    CHALK = 3


class ShapeKind(IntEnum):
    """A straightened shape. `ShapeItem.points` says how its points are meant."""

    LINE = 1
    ARROW = 2
    RECTANGLE = 3
    ELLIPSE = 4
    TRIANGLE = 5


POINTS_OF: Final = {
    ShapeKind.LINE: 2,
    ShapeKind.ARROW: 2,
    ShapeKind.RECTANGLE: 4,
    ShapeKind.ELLIPSE: 3,
    ShapeKind.TRIANGLE: 3,
}
"""How many points each shape has."""


class StampKind(IntEnum):
    """A stamp from the tray."""

    DATE = 1
    DONE = 2
    CHECK = 3
    STAR = 4


@dataclass(frozen=True, slots=True)
class Affine:
    """The unit square in page space; covers place, size, rotation and skew.

    Corner (x, y), side (ux, uy) along the width and side (vx, vy) along the height, in pt.
    """

    x: float
    y: float
    ux: float
    uy: float
    vx: float
    vy: float

    @classmethod
    def upright(cls, x: float, y: float, width: float, height: float) -> Affine:
        """Return an unrotated box of the given size in pt."""
        return cls(x, y, width, 0.0, 0.0, height)

    @property
    def width(self) -> float:
        """Length of the side along the width, pt."""
        return math.hypot(self.ux, self.uy)

    @property
    def height(self) -> float:
        """Length of the side along the height, pt."""
        return math.hypot(self.vx, self.vy)

    @property
    def angle_rad(self) -> float:
        """Rotation of the width side, clockwise on the screen (y is down)."""
        return math.atan2(self.uy, self.ux)

    def corners(self) -> Floats:
        """Return the four corners, shape (4, 2), pt, in drawing order."""
        return np.array(
            [
                (self.x, self.y),
                (self.x + self.ux, self.y + self.uy),
                (self.x + self.ux + self.vx, self.y + self.uy + self.vy),
                (self.x + self.vx, self.y + self.vy),
            ]
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """What every item has.

    Attributes:
        page: Id of the page it lies on, 1 to 255 ASCII characters.
        z: Stacking order; greater lies above. Equal ones go by item id.
        author: Id of the person who made it, at most 255 bytes of UTF-8.
    """

    page: str
    z: float
    author: str


@dataclass(frozen=True, slots=True)
class StrokeItem(Placed):
    """A finished stroke. The samples stay packed until `samples()` is asked for.

    Attributes:
        brush: How it is painted.
        has_pressure: Whether the pressure column was measured (else it is constant).
        colour: See `base.board_doc.explicit_colour`.
        width_pt: Nominal width of the brush.
        count: Number of samples, at least 1.
        x0, y0: First position in quanta of 1/64 pt.
        pressure0: First pressure, 0 to 1023.
        tilt0: First tilt in degrees, 0 to 90.
        plane_widths: Bytes per difference of x, y, pressure, time and tilt; 0 is a
            plane that does not change.
        planes: The differences, plane after plane, `count - 1` values each.
    """

    kind: ClassVar[Kind] = Kind.STROKE

    brush: BrushKind
    has_pressure: bool
    colour: int
    width_pt: float
    count: int
    x0: int
    y0: int
    pressure0: int
    tilt0: int
    plane_widths: tuple[int, int, int, int, int]
    planes: bytes

    @classmethod
    def from_samples(
        cls,
        samples: Floats,
        *,
        page: str,
        z: float,
        author: str,
        brush: BrushKind,
        colour: int,
        width_pt: float,
        has_pressure: bool,
    ) -> StrokeItem:
        """Pack the samples of a stroke.

        Args:
            samples: Shape (n, 5) float64, see `SAMPLE_COLUMNS`; n >= 1, time not
                decreasing.
            page: Page id.
            z: Stacking order.
            author: Person id.
            brush: How it is painted.
            colour: Ink colour.
            width_pt: Nominal width, > 0.
            has_pressure: Whether pressure was measured.

        Raises:
            ValueError: samples are empty, too many, not finite, off any page, or go
                back in time; or the width is not positive.
        """
        samples = np.asarray(samples, dtype=np.float64)
        _check_samples(samples)
        _check_width(width_pt)
        grid = np.rint(samples * _SCALE).astype(np.int64)
        steps = np.diff(grid, axis=0)
        widths, planes = [], []
        for column in range(SAMPLE_COLUMNS):
            width, data = _pack_plane(steps[:, column])
            widths.append(width)
            planes.append(data)
        return cls(
            page=page,
            z=z,
            author=author,
            brush=brush,
            has_pressure=has_pressure,
            colour=colour,
            width_pt=float(np.float32(width_pt)),
            count=len(samples),
            x0=int(grid[0, 0]),
            y0=int(grid[0, 1]),
            pressure0=int(grid[0, 2]),
            tilt0=int(grid[0, 4]),
            plane_widths=(widths[0], widths[1], widths[2], widths[3], widths[4]),
            planes=b"".join(planes),
        )

    def samples(self) -> Floats:
        """Return the samples, shape (count, 5); see `SAMPLE_COLUMNS`."""
        return unpack_samples([self])[0]


@dataclass(frozen=True, slots=True)
class ShapeItem(Placed):
    """A straightened shape.

    Attributes:
        shape: Which one.
        colour: Ink colour of the line.
        fill: Ink colour of the inside, or `NO_FILL`.
        width_pt: Line width.
        points: Corners in pt, as pairs. LINE and ARROW: start, end (the head is at the
            end). RECTANGLE: 4 corners in order. TRIANGLE: 3 corners. ELLIPSE: centre,
            end of one half axis, end of the other.
    """

    kind: ClassVar[Kind] = Kind.SHAPE

    shape: ShapeKind
    colour: int
    fill: int
    width_pt: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class TextItem(Placed):
    """A text written with the keyboard. `box` is its frame; lines wrap at its width."""

    kind: ClassVar[Kind] = Kind.TEXT

    box: Affine
    colour: int
    size_pt: float
    text: str


@dataclass(frozen=True, slots=True)
class NoteItem(Placed):
    """A sticky note. `colour` is the paper's: an index into the note papers."""

    kind: ClassVar[Kind] = Kind.NOTE

    box: Affine
    colour: int
    size_pt: float
    text: str


@dataclass(frozen=True, slots=True)
class ImageItem(Placed):
    """A picture; its bytes are the board's asset `sha256` (32 raw bytes)."""

    kind: ClassVar[Kind] = Kind.IMAGE

    box: Affine
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StampItem(Placed):
    """A stamp. `text` is what a DATE stamp says (`2026.11.21`), else empty."""

    kind: ClassVar[Kind] = Kind.STAMP

    box: Affine
    stamp: StampKind
    colour: int
    text: str


Item: TypeAlias = StrokeItem | ShapeItem | TextItem | NoteItem | ImageItem | StampItem

NO_FILL: Final = 255
"""Palette index 255: no fill."""


def explicit_colour(red: int, green: int, blue: int) -> int:
    """Return the ink colour that is this exact colour on every board.

    An ink colour below 256 is an index into the palette, whose colours differ on dark
    and on light boards so that ink stays readable when the background changes. Every
    other value is 0xAARRGGBB with AA = 0xFF.

    Raises:
        ValueError: a channel is not 0..255.
    """
    if not all(0 <= c <= 255 for c in (red, green, blue)):
        raise ValueError(f"colour channels must be 0..255, got {(red, green, blue)}")
    return 0xFF00_0000 | red << 16 | green << 8 | blue


def pack_item(item: Item) -> bytes:
    """Return the packed form of `item`.

    Raises:
        ValueError: a field does not fit the format.
    """
    page = item.page.encode("ascii")
    author = item.author.encode()
    if not 1 <= len(page) <= 255 or len(author) > 255:
        raise ValueError("page id must be 1..255 ASCII characters, author at most 255 bytes")
    if not math.isfinite(item.z):
        raise ValueError("z must be finite")
    head = _HEAD.pack(FORMAT_VERSION, item.kind, len(page), len(author), item.z)
    try:
        return b"".join((head, page, author, _pack_body(item)))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"a field does not fit the format: {error}") from error


def parse_item(data: bytes) -> Item:
    """Return the item of a packed form.

    Raises:
        ValueError: the bytes are not an item of a version this program knows.
    """
    try:
        return _parse_item(data)
    except (struct.error, UnicodeDecodeError, IndexError, KeyError) as error:
        raise ValueError(f"not a packed item: {error}") from error


def unpack_samples(strokes: Sequence[StrokeItem]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Unpack many strokes at once (a hundred times faster than one by one).

    Args:
        strokes: Any number of strokes.

    Returns:
        The samples of all strokes one after the other, shape (sum of counts, 5), see
        `SAMPLE_COLUMNS`; and the borders, shape (len(strokes) + 1,): stroke i owns
        `samples[borders[i]:borders[i + 1]]`. Values that only a damaged item can hold
        are brought into their range, so what is drawn from them never fails.
    """
    return _unpack(strokes, SAMPLE_COLUMNS)


def unpack_positions(strokes: Sequence[StrokeItem]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Unpack only the positions of many strokes: like `unpack_samples`, shape (…, 2), pt."""
    return _unpack(strokes, 2)


def _unpack(
    strokes: Sequence[StrokeItem], columns: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    counts = np.fromiter((s.count for s in strokes), dtype=np.int64, count=len(strokes))
    borders = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    samples = np.zeros((int(borders[-1]), columns))
    if not len(strokes):
        return samples, borders
    firsts = np.array([(s.x0, s.y0, s.pressure0, 0, s.tilt0) for s in strokes], dtype=np.int64)
    widths = np.array([s.plane_widths for s in strokes], dtype=np.int64)
    sizes = widths * (counts - 1)[:, None]
    ends = np.cumsum(sizes, axis=1)
    is_first = np.zeros(len(samples), dtype=bool)
    is_first[borders[:-1]] = True
    steps = np.empty(len(samples), dtype=np.int64)
    for column in range(columns):
        steps[:] = 0
        for width, dtype in _PLANE_DTYPES.items():
            chosen = np.flatnonzero(widths[:, column] == width)
            if len(chosen):
                spans = zip(chosen.tolist(), (ends - sizes)[chosen, column].tolist(),
                            ends[chosen, column].tolist(), strict=True)  # fmt: skip
                data = b"".join([strokes[i].planes[start:end] for i, start, end in spans])
                rows = ~is_first & np.repeat(widths[:, column] == width, counts)
                steps[rows] = np.frombuffer(data, dtype=dtype)
        if column == _TIME:
            np.maximum(steps, 0, out=steps)
        # One running sum over all strokes: each one's own start takes back what went before.
        running = np.cumsum(steps)
        running += np.repeat(firsts[:, column] - running[borders[:-1]], counts)
        if column != _TIME:
            np.clip(running, *_GRID_RANGES[column], out=running)
        np.multiply(running, 1 / _SCALE[column], out=samples[:, column])
    return samples, borders


def moved_stroke(stroke: StrokeItem, dx_pt: float, dy_pt: float) -> StrokeItem:
    """Return the stroke at another place; its samples are not touched.

    Raises:
        ValueError: the new place is not finite or off any page.
    """
    if not (math.isfinite(dx_pt) and math.isfinite(dy_pt)):
        raise ValueError("a stroke moves by a finite distance")
    x0 = stroke.x0 + round(dx_pt * QUANTA_PER_PT)
    y0 = stroke.y0 + round(dy_pt * QUANTA_PER_PT)
    if max(abs(x0), abs(y0)) > _MAX_GRID:
        raise ValueError("a stroke cannot be moved off any page")
    return replace(stroke, x0=x0, y0=y0)


def _check_samples(samples: Floats) -> None:
    if samples.ndim != 2 or samples.shape[1] != SAMPLE_COLUMNS:
        raise ValueError(f"samples must have shape (n, {SAMPLE_COLUMNS}), not {samples.shape}")
    if not 1 <= len(samples) <= MAX_SAMPLES:
        raise ValueError(f"a stroke has 1 to {MAX_SAMPLES} samples, not {len(samples)}")
    # Two passes for all limits; what is not a number fails every comparison.
    low, high = samples.min(axis=0).tolist(), samples.max(axis=0).tolist()
    limit = _MAX_COORDINATE_PT
    if not all(a >= -limit and b <= limit for a, b in zip(low[:2], high[:2], strict=True)):
        raise ValueError("samples must be finite and on the page")
    if not (low[2] >= 0 and high[2] <= 1 and low[4] >= 0 and high[4] <= math.pi / 2):
        raise ValueError("pressure must be 0..1 and tilt 0..pi/2")
    if not (low[_TIME] >= -_MAX_TIME_S and high[_TIME] <= _MAX_TIME_S):
        raise ValueError("times must be finite, in seconds since pen down")
    times = samples[:, _TIME]
    if (times[1:] < times[:-1]).any():
        raise ValueError("samples go back in time")


def _is_on_page(points: Floats) -> bool:
    # Not a number is not within any limit either.
    return bool((np.abs(points) <= _MAX_COORDINATE_PT).all())


def _check_width(width_pt: float) -> None:
    # The format keeps 32 bits; what rounds to nothing there could not be read again.
    if not 0 < np.float32(min(width_pt, 1e30)) < _MAX_COORDINATE_PT:
        raise ValueError(f"a width or size must be positive and finite, not {width_pt}")


def _pack_plane(steps: npt.NDArray[np.int64]) -> tuple[int, bytes]:
    if not len(steps):
        return 0, b""
    low, high = int(steps.min()), int(steps.max())
    if low == high == 0:
        return 0, b""
    for width, dtype in _PLANE_DTYPES.items():
        limit = 1 << (8 * width - 1)
        if -limit <= low and high < limit:
            return width, steps.astype(dtype).tobytes()
    raise ValueError("samples are further apart than the format can say")


def _pack_text(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_TEXT_BYTES:
        raise ValueError(f"a text has at most {MAX_TEXT_BYTES} bytes")
    return data


def _pack_box(box: Affine) -> bytes:
    values = (box.x, box.y, box.ux, box.uy, box.vx, box.vy)
    if not all(math.isfinite(v) and abs(v) <= _MAX_COORDINATE_PT for v in values):
        raise ValueError("a box must be finite and on the page")
    return _BOX.pack(*values)


def _pack_body(item: Item) -> bytes:
    match item:
        case StrokeItem():
            _check_width(item.width_pt)
            head = _STROKE.pack(
                item.brush, item.has_pressure, item.colour, item.width_pt, item.count,
                item.x0, item.y0, item.pressure0, item.tilt0, *item.plane_widths,
            )  # fmt: skip
            return head + item.planes
        case ShapeItem():
            points = np.asarray(item.points, dtype="<f8").reshape(-1, 2)
            _check_width(item.width_pt)
            if len(points) != POINTS_OF[item.shape] or not _is_on_page(points):
                raise ValueError("a shape has the points of its kind, finite and on the page")
            head = _SHAPE.pack(item.shape, item.colour, item.fill, item.width_pt, len(points))
            return head + points.tobytes()
        case TextItem() | NoteItem():
            _check_width(item.size_pt)
            text = _pack_text(item.text)
            head = _TEXT.pack(item.colour, item.size_pt, len(text))
            return _pack_box(item.box) + head + text
        case ImageItem():
            if len(item.sha256) != 32:
                raise ValueError("an asset is named by 32 bytes of SHA-256")
            return _pack_box(item.box) + _IMAGE.pack(item.sha256)
        case StampItem():
            text = _pack_text(item.text)
            return _pack_box(item.box) + _STAMP.pack(item.stamp, item.colour, len(text)) + text


def _parse_item(data: bytes) -> Item:
    version, kind, page_length, author_length, z = _HEAD.unpack_from(data)
    if version != FORMAT_VERSION:
        raise ValueError(f"item of unknown version {version}")
    author_at = _HEAD.size + page_length
    body_at = author_at + author_length
    page = data[_HEAD.size : author_at].decode("ascii")
    author = data[author_at:body_at].decode()
    if len(data) < body_at or not page or not math.isfinite(z):
        raise ValueError("item has a broken head")
    match kind:
        case Kind.STROKE:
            return _parse_stroke(data, body_at, page, z, author)
        case Kind.SHAPE:
            return _parse_shape(data, body_at, page, z, author)
        case Kind.TEXT | Kind.NOTE | Kind.IMAGE | Kind.STAMP:
            return _parse_boxed(Kind(kind), data, body_at, page, z, author)
        case _:
            raise ValueError(f"item of unknown kind {kind}")


def _parse_stroke(data: bytes, at: int, page: str, z: float, author: str) -> StrokeItem:
    (brush, has_pressure, colour, width_pt, count, x0, y0, pressure0, tilt0, *widths) = (
        _STROKE.unpack_from(data, at)
    )
    planes = data[at + _STROKE.size :]
    if (
        not 1 <= count <= MAX_SAMPLES
        or len(planes) != sum(widths) * (count - 1)
        or any(w not in (0, 1, 2, 4) for w in widths)
        or not 0 < width_pt < _MAX_COORDINATE_PT
        or max(abs(x0), abs(y0)) > _MAX_GRID
        or pressure0 > PRESSURE_STEPS
        or tilt0 > TILT_STEPS
    ):
        raise ValueError("stroke with a broken body")
    return StrokeItem(
        page, z, author, BrushKind(brush), bool(has_pressure), colour, width_pt, count, x0, y0,
        pressure0, tilt0, (widths[0], widths[1], widths[2], widths[3], widths[4]), planes,
    )  # fmt: skip


def _parse_shape(data: bytes, at: int, page: str, z: float, author: str) -> ShapeItem:
    shape, colour, fill, width_pt, count = _SHAPE.unpack_from(data, at)
    kind = ShapeKind(shape)
    body = data[at + _SHAPE.size :]
    if count != POINTS_OF[kind] or len(body) != 16 * count:
        raise ValueError("shape with a wrong number of points")
    points = np.frombuffer(body, dtype="<f8").reshape(count, 2)
    if not _is_on_page(points) or not 0 < width_pt < _MAX_COORDINATE_PT:
        raise ValueError("shape with a broken body")
    corners = tuple((float(x), float(y)) for x, y in points)
    return ShapeItem(page, z, author, kind, colour, fill, width_pt, corners)


def _parse_boxed(kind: Kind, data: bytes, at: int, page: str, z: float, author: str) -> Item:
    values = _BOX.unpack_from(data, at)
    if not all(math.isfinite(v) and abs(v) <= _MAX_COORDINATE_PT for v in values):
        raise ValueError("item with a broken box")
    box = Affine(*values)
    at += _BOX.size
    if kind is Kind.IMAGE:
        (sha256,) = _IMAGE.unpack(data[at:])
        return ImageItem(page, z, author, box, sha256)
    if kind is Kind.STAMP:
        stamp, colour, length = _STAMP.unpack_from(data, at)
        text = _parse_text(data, at + _STAMP.size, length)
        return StampItem(page, z, author, box, StampKind(stamp), colour, text)
    colour, size_pt, length = _TEXT.unpack_from(data, at)
    text = _parse_text(data, at + _TEXT.size, length)
    if not 0 < size_pt < _MAX_COORDINATE_PT:
        raise ValueError("text with a broken size")
    if kind is Kind.TEXT:
        return TextItem(page, z, author, box, colour, size_pt, text)
    return NoteItem(page, z, author, box, colour, size_pt, text)


def _parse_text(data: bytes, at: int, length: int) -> str:
    if length > MAX_TEXT_BYTES or len(data) != at + length:
        raise ValueError("text of a wrong length")
    return data[at:].decode()
