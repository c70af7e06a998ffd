"""Where page space lies in a PDF page, and what Kokuban leaves in a PDF to find again.

Names of Kokuban's own in a PDF:

* `/KokubanItems` of an annotation: a stream with the items it was made of, see `pack_private`
* `/KokubanPage` of a page: how it was before the export, see `PageRecord`
* `/Kokuban true` of a content stream: it was added by the export
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from base.board_doc import Floats, Item, pack_item, parse_item
from whiteboard.model.bounds import Rect
from whiteboard.model.select import Transform

Box: TypeAlias = tuple[float, float, float, float]
"""x0, y0, x1, y1 in the space of a PDF page (user space), y up; x0 < x1, y0 < y1."""

ITEMS_KEY: Final = Name("/KokubanItems")
PAGE_KEY: Final = Name("/KokubanPage")
ADDED_KEY: Final = Name("/Kokuban")
INK_KEY: Final = Name("/KokubanInk")
"""In the catalog of a file with our ink: whoever opens it knows without reading its pages."""
NAME_START: Final = "kokuban-"
"""Start of the unique names (`/NM`) of our annotations."""
VERSION: Final = 1
USER_STEPS_PER_PT: Final = 20
"""Positions in annotations are whole multiples of 1/20 pt, as outlines are."""

_MAGIC: Final = b"KKITEMS1"
_ENTRY: Final = struct.Struct("<I8sff")
_DEFAULT_BOX: Final[Box] = (0.0, 0.0, 612.0, 792.0)
_INHERITED: Final = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_MAX_DEPTH: Final = 64


# Space ------------------------------------------------------------------------------


def own_attributes(page: Object) -> None:
    """Give a page what it inherits, so that it can move to another tree."""
    for key in _INHERITED:
        node, depth = page, 0
        while key not in node and "/Parent" in node and depth < _MAX_DEPTH:
            node, depth = node["/Parent"], depth + 1
        if node is not page and key in node:
            page[key] = node[key]


def read_box(value: Object | None) -> Box | None:
    """Return a rectangle of a PDF with its corners in order; None for one without area."""
    if not isinstance(value, Array) or len(value) != 4:
        return None
    try:
        x0, y0, x1, y1 = (float(number) for number in value)
    except (TypeError, ValueError):
        return None
    if not all(math.isfinite(number) for number in (x0, y0, x1, y1)):
        return None
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box[0] < box[2] and box[1] < box[3] else None


def visible_box(page: Object) -> Box:
    """Return what of a page is seen: its crop box within its media box."""
    media = read_box(page.get("/MediaBox")) or _DEFAULT_BOX
    crop = read_box(page.get("/CropBox"))
    if crop is None:
        return media
    both = (
        max(media[0], crop[0]),
        max(media[1], crop[1]),
        min(media[2], crop[2]),
        min(media[3], crop[3]),
    )
    return both if both[0] < both[2] and both[1] < both[3] else media


def page_turns(page: Object) -> int:
    """Return the quarter turns clockwise that a page is shown with, 0 to 3."""
    return round(_number(page.get("/Rotate"), 0.0) / 90) % 4


def to_user_space(page: Object, box: Box, turns: int) -> Transform:
    """Return the transform from page space (pt, y down, as seen) to a PDF page's own space.

    Args:
        page: For its unit.
        box: What of it is seen.
        turns: Quarter turns it is shown with, 0 to 3.
    """
    k = 1 / unit_pt(page)
    x0, y0, x1, y1 = box
    match turns:
        case 0:
            return Transform(k, 0.0, 0.0, -k, x0, y1)
        case 1:
            return Transform(0.0, k, k, 0.0, x0, y0)
        case 2:
            return Transform(-k, 0.0, 0.0, k, x1, y0)
        case _:
            return Transform(0.0, -k, -k, 0.0, x1, y1)


def unit_pt(page: Object) -> float:
    """Return the length of a unit of a page, pt."""
    unit = _number(page.get("/UserUnit"), 1.0)
    return unit if 0 < unit < 1e6 else 1.0


def inverse(transform: Transform) -> Transform:
    """Return the transform that leads back."""
    d = transform.determinant
    xx, xy = transform.yy / d, -transform.xy / d
    yx, yy = -transform.yx / d, transform.xx / d
    return Transform(
        xx,
        xy,
        yx,
        yy,
        -(xx * transform.dx + xy * transform.dy),
        -(yx * transform.dx + yy * transform.dy),
    )


def box_of(rect: Rect, to_user: Transform) -> Box:
    """Return where a rectangle of page space lies in a PDF page."""
    corners = to_user.points(rect.corners())
    x0, y0 = corners.min(axis=0).tolist()
    x1, y1 = corners.max(axis=0).tolist()
    return x0, y0, x1, y1


def rect_of(box: Box, to_user: Transform) -> Rect:
    """Return where a rectangle of a PDF page lies in page space."""
    x0, y0, x1, y1 = box
    return Rect.around(inverse(to_user).points(Rect(x0, y0, x1, y1).corners()))


def _number(value: Object | None, default: float) -> float:
    try:
        number = default if value is None else float(value)
    except (TypeError, ValueError):
        return default
    return number if math.isfinite(number) else default


# Private data -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """An item as it is kept in an annotation.

    Attributes:
        item: The item.
        digest: Of the path that was written for it, see `path_digest`; zeros for others
            than strokes.
        start: Where that path started, user space.
    """

    item: Item
    digest: bytes = bytes(8)
    start: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Private:
    """What an annotation keeps.

    Attributes:
        kept: Its items, lowest first.
        to_user: Where page space lay.
        box: The annotation's rectangle as it was written.
        colour: Its colour as it was written, DeviceRGB.
        width: Its line width as it was written; 0 for none.
    """

    kept: tuple[Kept, ...]
    to_user: Transform
    box: Box
    colour: tuple[float, ...]
    width: float


def pack_private(pdf: pikepdf.Pdf, private: Private) -> pikepdf.Stream:
    """Return the stream of `/KokubanItems`.

    Its data is `KKITEMS1`, then for each item its length (u32), the digest of its path
    (8 bytes), the path's start (two f32) and the packed item of `base.board_doc`.
    """
    parts = [_MAGIC]
    for kept in private.kept:
        data = pack_item(kept.item)
        parts += (_ENTRY.pack(len(data), kept.digest, *kept.start), data)
    body = b"".join(parts)
    t = private.to_user
    return pikepdf.Stream(
        pdf,
        body,
        Type=Name("/KokubanItems"),
        Version=VERSION,
        SHA256=pikepdf.String(hashlib.sha256(body).hexdigest()),
        Frame=numbers((t.xx, t.xy, t.yx, t.yy, t.dx, t.dy), 6),
        Rect=numbers(private.box),
        C=numbers(private.colour, 4),
        W=numbers((private.width,), 4),
    )


def parse_private(stream: Object | None) -> Private:
    """Return what `pack_private` wrote.

    Raises:
        ValueError: it is damaged, or of a later version.
    """
    try:
        if not isinstance(stream, pikepdf.Stream) or int(stream["/Version"]) != VERSION:
            raise ValueError("no items of a version this program knows")
        data = stream.read_bytes()
        if hashlib.sha256(data).hexdigest() != str(stream["/SHA256"]):
            raise ValueError("the items were changed")
        frame = Transform(*(float(number) for number in _array(stream["/Frame"])))
        box = read_box(stream["/Rect"])
        colour = tuple(float(number) for number in _array(stream["/C"]))
        (width,) = (float(number) for number in _array(stream["/W"]))
    except (pikepdf.PdfError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"items that cannot be read: {error}") from error
    if box is None:
        raise ValueError("items without a place")
    return Private(tuple(_parse_kept(data)), frame, box, colour, width)


def _parse_kept(data: bytes) -> list[Kept]:
    if not data.startswith(_MAGIC):
        raise ValueError("no items")
    at = len(_MAGIC)
    kept: list[Kept] = []
    while at < len(data):
        if at + _ENTRY.size > len(data):
            raise ValueError("items cut short")
        length, digest, x, y = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        kept.append(Kept(parse_item(data[at : at + length]), digest, (x, y)))
        at += length
    return kept


def _array(value: Object) -> Array:
    if not isinstance(value, Array):
        raise TypeError("not an array")
    return value


def path_digest(path: Floats) -> bytes:
    """Return a digest of a path's form; where it lies does not count.

    Args:
        path: Shape (n, 2), user space. What another program rounds away or adds, up to a
            fortieth of a unit, does not count either.
    """
    steps = np.rint(np.diff(path, axis=0) * USER_STEPS_PER_PT).astype("<i4")
    return hashlib.blake2b(steps.tobytes(), digest_size=8).digest()


def numbers(values: Sequence[float], digits: int = 2) -> Array:
    """Return numbers as an array with so many digits behind the point."""
    text = " ".join(f"{value:.{digits}f}" for value in values)
    array = Object.parse(f"[{text}]".encode())
    if not isinstance(array, Array):
        raise TypeError("not an array")
    return array


@dataclass(frozen=True, slots=True)
class PageRecord:
    """How a page was before the export, where that is not plain from the page itself.

    Attributes:
        background: Of a page of the board's own, as in the board document; empty for the
            sheet of a document.
        width_pt: Nominal width of such a page.
        height_pt: Its height.
        media: Media box of a sheet that was grown to the ink beyond it.
        crop: Its crop box; None when it had none.
        grown: The crop box it was given; None when it was not grown.
        to_user: Where page space lay.
    """

    to_user: Transform
    background: str = ""
    width_pt: float = 0.0
    height_pt: float = 0.0
    media: Box | None = None
    crop: Box | None = None
    grown: Box | None = None


def pack_page_record(record: PageRecord) -> Dictionary:
    """Return the dictionary of `/KokubanPage`."""
    t = record.to_user
    result = Dictionary(Version=VERSION, Frame=numbers((t.xx, t.xy, t.yx, t.yy, t.dx, t.dy), 6))
    if record.background:
        result["/Background"] = pikepdf.String(record.background)
        result["/Size"] = numbers((record.width_pt, record.height_pt), 4)
    for key, box in (
        ("/MediaBox", record.media),
        ("/CropBox", record.crop),
        ("/Grown", record.grown),
    ):
        if box is not None:
            result[key] = numbers(box, 4)
    return result


def parse_page_record(value: Object | None) -> PageRecord | None:
    """Return what `pack_page_record` wrote; None for nothing and for what is damaged."""
    if not isinstance(value, Dictionary):
        return None
    try:
        if int(value["/Version"]) != VERSION:
            return None
        frame = Transform(*(float(number) for number in _array(value["/Frame"])))
        background, width, height = "", 0.0, 0.0
        if "/Background" in value:
            background = str(value["/Background"])
            width, height = (float(number) for number in _array(value["/Size"]))
    except (KeyError, TypeError, ValueError):
        return None
    return PageRecord(
        frame,
        background,
        width,
        height,
        read_box(value.get("/MediaBox")),
        read_box(value.get("/CropBox")),
        read_box(value.get("/Grown")),
    )
