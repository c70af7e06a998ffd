"""A PDF that Kokuban wrote, opened again: its ink can be edited, the sheet is without it.

Each of our annotations keeps the items it was made of. Where another program changed the
annotation since, what that program left counts: strokes it took away are gone, what it moved
or coloured is moved and coloured, and a path it drew anew becomes a new stroke. Annotations
of others are part of the sheet and stay in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from base.board_doc import (
    BrushKind,
    Floats,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StrokeItem,
    TextItem,
    explicit_colour,
    pack_item,
)
from base.errors import AppError, ErrorCode
from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetSize
from whiteboard.model.select import Transform, recoloured, transformed
from whiteboard.services.pdf.pdf_annotations import ASSET_KEY, SUBJECTS
from whiteboard.services.pdf.pdf_assembly import open_pdf
from whiteboard.services.pdf.pdf_export import write_pdf
from whiteboard.services.pdf.pdf_space import (
    ADDED_KEY,
    INK_KEY,
    ITEMS_KEY,
    NAME_START,
    PAGE_KEY,
    Kept,
    PageRecord,
    Private,
    inverse,
    numbers,
    own_attributes,
    page_turns,
    parse_page_record,
    parse_private,
    path_digest,
    read_box,
    rect_of,
    to_user_space,
    unit_pt,
    visible_box,
)

_HIDDEN: Final = 2 | 32
"""Annotation flags: hidden, or not to be seen on a screen."""
_MOVED_PT: Final = 0.03
_RESIZED_PT: Final = 0.75
"""Other programs put a hair of room around what they save again."""
_COLOUR_STEP: Final = 1.5 / 255
_WIDTH_STEP: Final = 0.02
_PEN_SPEED_PT_S: Final = 200.0
"""Speed of a stroke of which only the path is known: slow, so that it has its full width."""
_MAX_POINTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class InkedPage:
    """A page of a file that was opened again.

    Attributes:
        sheet: Number of its sheet in the file without ink; None for a page of a board's own.
        background: Of a page of a board's own, as in the board document; else empty.
        size: Its size, as it is seen.
        items: Lowest first; `page` and `z` are those of the board they come from, `author`
            is a person's id there.
    """

    sheet: int | None
    background: str
    size: SheetSize
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class InkRead:
    """What was in a file.

    Attributes:
        document: The file without our annotations; None when all pages were a board's own.
        pages: Every page of the file.
        assets: The pictures among the items, by their SHA-256 (32 raw bytes).
    """

    document: Path | None
    pages: tuple[InkedPage, ...]
    assets: Mapping[bytes, bytes]


def read_ink(path: Path, sheets: Path, *, password: str = "") -> InkRead | None:
    """Take our ink out of a PDF. Blocks; for a worker process.

    Args:
        path: Any PDF; it is only read.
        sheets: Where the file without ink goes; replaced when it is there. The same file
            read twice gives the same bytes, but when it needs a password, which stays.
        password: What opens the file.

    Returns:
        None when the file has nothing of ours: it is to be used as it is, and `sheets` was
        not written.

    Raises:
        AppError: DOCUMENT_ENCRYPTED, DOCUMENT_DAMAGED, NOT_FOUND, and what the disk says.
    """
    with open_pdf(path, password) as pdf:
        try:
            return _read(pdf, sheets)
        except (pikepdf.PdfError, RuntimeError) as error:
            raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: {error}") from error


def _read(pdf: pikepdf.Pdf, sheets: Path) -> InkRead | None:
    objects = [page.obj for page in pdf.pages]
    if not any(_is_inked(page) for page in objects):
        return None
    assets: dict[bytes, bytes] = {}
    readers = []
    for page in objects:
        own_attributes(page)
        readers.append(_PageReader(page, assets))
    pages: list[InkedPage] = []
    own: list[int] = []
    for number, reader in enumerate(readers):
        items = reader.take_items()
        record = reader.record
        if record is not None and record.background and reader.is_bare():
            own.append(number)
            size = SheetSize(record.width_pt, record.height_pt)
            pages.append(InkedPage(None, record.background, size, items))
        else:
            reader.restore()
            pages.append(InkedPage(number - len(own), "", reader.size(), items))
    document = None
    if len(own) < len(pages):
        for number in reversed(own):
            del pdf.pages[number]
        if INK_KEY in pdf.Root:
            del pdf.Root[INK_KEY]
        write_pdf(pdf, sheets, encryption=pdf.is_encrypted, is_deterministic=True)
        document = sheets
    return InkRead(document, tuple(pages), assets)


def _is_inked(page: Object) -> bool:
    return PAGE_KEY in page or any(_is_ours(one) for one in _annotations(page))


def _annotations(page: Object) -> list[Object]:
    value = page.get("/Annots")
    if not isinstance(value, Array):
        return []
    return [one for one in value if isinstance(one, Dictionary)]


def _is_ours(annotation: Object) -> bool:
    name = annotation.get("/NM")
    named = isinstance(name, pikepdf.String) and str(name).startswith(NAME_START)
    if not (named or ITEMS_KEY in annotation):
        return False
    flags = annotation.get("/F", 0)
    return not (isinstance(flags, int) and flags & _HIDDEN)


class _PageReader:
    """Takes our part out of one page."""

    def __init__(self, page: Object, assets: dict[bytes, bytes]) -> None:
        self._page = page
        self._assets = assets
        self.record = parse_page_record(page.get(PAGE_KEY))
        self._to_user = self._space()

    def take_items(self) -> tuple[Item, ...]:
        """Return the items of our annotations and take these off the page."""
        found: list[Item] = []
        taken: set[tuple[int, int]] = set()
        stays: list[Object] = []
        for one in _annotations(self._page):
            items = self._items_of(one) if _is_ours(one) else None
            if items is None:
                stays.append(one)
                continue
            found += items
            if one.is_indirect:
                taken.add(one.objgen)
        stays = [one for one in stays if not _belongs_to(one, taken)]
        for one in stays:
            if "/IRT" in one and one["/IRT"].objgen in taken:
                del one["/IRT"]
        if stays:
            self._page["/Annots"] = Array(stays)
        elif "/Annots" in self._page:
            del self._page["/Annots"]
        return tuple(sorted(found, key=lambda item: item.z))

    def is_bare(self) -> bool:
        """Return whether nobody else put anything on a page of the board's own."""
        contents = self._page.get("/Contents")
        is_own = isinstance(contents, pikepdf.Stream) and ADDED_KEY in contents
        return is_own and not _annotations(self._page)

    def restore(self) -> None:
        """Undo what the export did to a sheet; what others changed since stays."""
        record = self.record
        if PAGE_KEY in self._page:
            del self._page[PAGE_KEY]
        if record is None or record.background:
            return
        if record.grown is not None and self._has_box(record):
            if record.media is not None:
                self._page["/MediaBox"] = numbers(record.media, 4)
            if record.crop is not None:
                self._page["/CropBox"] = numbers(record.crop, 4)
            elif "/CropBox" in self._page:
                del self._page["/CropBox"]
            contents = self._page.get("/Contents")
            if isinstance(contents, Array):
                own = [one for one in contents if ADDED_KEY not in one]
                self._page["/Contents"] = own[0] if len(own) == 1 else Array(own)

    def size(self) -> SheetSize:
        """Return the size of the sheet as it is seen."""
        x0, y0, x1, y1 = visible_box(self._page)
        unit = unit_pt(self._page)
        size = SheetSize((x1 - x0) * unit, (y1 - y0) * unit)
        return size.turned(page_turns(self._page))

    # Space ------------------------------------------------------------------------------

    def _space(self) -> Transform:
        """Return where page space lies now: others may have turned or cut the page."""
        record = self.record
        if record is not None and record.background:
            return record.to_user
        box = visible_box(self._page)
        if record is not None and record.grown is not None and self._has_box(record):
            before = Dictionary()
            for key, value in (("/MediaBox", record.media), ("/CropBox", record.crop)):
                if value is not None:
                    before[key] = numbers(value, 4)
            box = visible_box(before)
        return to_user_space(self._page, box, page_turns(self._page))

    def _has_box(self, record: PageRecord) -> bool:
        now = read_box(self._page.get("/CropBox"))
        if now is None or record.grown is None:
            return False
        return all(abs(a - b) < _MOVED_PT for a, b in zip(now, record.grown, strict=True))

    # Items ------------------------------------------------------------------------------

    def _items_of(self, annotation: Object) -> list[Item] | None:
        """Return the items of an annotation of ours; None when it has to stay one."""
        try:
            private = parse_private(annotation.get(ITEMS_KEY))
        except ValueError:
            return self._from_paths(annotation)
        try:
            items = list(_changed(annotation, private))
            turned = _between(private.to_user, self._to_user)
            if turned is not None:
                items = [transformed(item, turned) for item in items]
        except (ValueError, TypeError, IndexError):
            return self._from_paths(annotation)
        for item in items:
            if isinstance(item, ImageItem) and not self._read_asset(annotation, item.sha256):
                return None
        return items

    def _from_paths(self, annotation: Object) -> list[Item] | None:
        """Return strokes along the paths of an Ink annotation; None for other kinds."""
        if annotation.get("/Subtype") != Name("/Ink"):
            return None
        strokes = [
            stroke
            for path in _paths(annotation)
            if (stroke := _stroke_along(path, annotation, self._to_user, None)) is not None
        ]
        return list(strokes) or None

    def _read_asset(self, annotation: Object, sha256: bytes) -> bool:
        if sha256 in self._assets:
            return True
        try:
            forms = annotation["/AP"]["/N"]["/Resources"]["/XObject"]
            for image in forms.values():
                data = (
                    image[ASSET_KEY].read_bytes()
                    if ASSET_KEY in image
                    else image.read_raw_bytes()
                )
                if hashlib.sha256(data).digest() == sha256:
                    self._assets[sha256] = data
                    return True
        except (KeyError, TypeError, AttributeError, pikepdf.PdfError):
            return False
        return False


def _belongs_to(annotation: Object, taken: set[tuple[int, int]]) -> bool:
    """Return whether it is the pop-up window of one that was taken."""
    if annotation.get("/Subtype") != Name("/Popup"):
        return False
    parent = annotation.get("/Parent")
    return isinstance(parent, Dictionary) and parent.objgen in taken


def _between(before: Transform, now: Transform) -> Transform | None:
    """Return what page space went through; None for nothing."""
    change = before.then(inverse(now))
    corners = np.array(((0.0, 0.0), (1000.0, 0.0), (0.0, 1000.0)))
    if np.abs(change.points(corners) - corners).max() < _MOVED_PT:
        return None
    return change


# What others changed ----------------------------------------------------------------


def _changed(annotation: Object, private: Private) -> Iterator[Item]:
    """Yield the items of an annotation as it is now."""
    if isinstance(private.kept[0].item, StrokeItem):
        yield from _changed_ink(annotation, private)
    else:
        yield _changed_single(annotation, private)


def _changed_ink(annotation: Object, private: Private) -> Iterator[Item]:
    waiting: dict[bytes, list[Kept]] = {}
    for kept in reversed(private.kept):
        waiting.setdefault(kept.digest, []).append(kept)
    colour = _new_colour(annotation.get("/C"), private)
    width = _new_width(annotation, private)
    to_page = inverse(private.to_user)
    first = private.kept[0].item
    for path in _paths(annotation):
        found = waiting.get(path_digest(path))
        if not found:
            template = first if isinstance(first, StrokeItem) else None
            stroke = _stroke_along(path, annotation, private.to_user, template)
            if stroke is not None and template is not None:
                # The ink it was, where that is still so: it goes on following the board.
                stroke = replace(
                    stroke,
                    colour=template.colour if colour is None else colour,
                    width_pt=template.width_pt if width is None else width,
                )
            if stroke is not None:
                yield stroke
            continue
        kept = _nearest(found, path)
        item = kept.item
        moved = path[0] - kept.start
        if np.abs(moved).max() > _MOVED_PT:
            across = to_page.xx * moved[0] + to_page.xy * moved[1]
            down = to_page.yx * moved[0] + to_page.yy * moved[1]
            item = transformed(item, Transform.move(float(across), float(down)))
        if colour is not None:
            item = recoloured(item, colour)
        if width is not None and isinstance(item, StrokeItem):
            item = replace(item, width_pt=width)
        yield item


def _nearest(found: list[Kept], path: Floats) -> Kept:
    """Take the one that started nearest out of strokes of one form."""
    place = min(range(len(found)), key=lambda i: float(np.abs(path[0] - found[i].start).sum()))
    return found.pop(place)


def _changed_single(annotation: Object, private: Private) -> Item:
    item = private.kept[0].item
    box = read_box(annotation.get("/Rect"))
    if box is not None and any(
        abs(a - b) > _RESIZED_PT for a, b in zip(box, private.box, strict=True)
    ):
        item = transformed(
            item,
            _stretch(rect_of(private.box, private.to_user), rect_of(box, private.to_user)),
        )
    match item:
        case ShapeItem():
            return _changed_shape(annotation, private, item)
        case TextItem() | NoteItem():
            contents = annotation.get("/Contents")
            text = str(contents) if isinstance(contents, pikepdf.String) else ""
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            return item if text == item.text else replace(item, text=text)
        case _:
            return item


def _changed_shape(annotation: Object, private: Private, item: ShapeItem) -> ShapeItem:
    colour = _new_colour(annotation.get("/C"), private)
    width = _new_width(annotation, private)
    if colour is not None:
        item = replace(item, colour=colour)
    if width is not None:
        item = replace(item, width_pt=width)
    ends = annotation.get("/L")
    if item.shape in (ShapeKind.LINE, ShapeKind.ARROW) and isinstance(ends, Array):
        user = np.array([float(number) for number in ends]).reshape(2, 2)
        points = inverse(private.to_user).points(user)
        if np.abs(points - np.array(item.points)).max() > _MOVED_PT:
            (x0, y0), (x1, y1) = points.tolist()
            item = replace(item, points=((x0, y0), (x1, y1)))
    return item


def _stretch(before: Rect, now: Rect) -> Transform:
    across = now.width / before.width
    down = now.height / before.height
    if abs(across - 1) * before.width < _RESIZED_PT and (
        abs(down - 1) * before.height < _RESIZED_PT
    ):
        # Only moved: strokes of letters keep their weight.
        return Transform.move(now.left - before.left, now.top - before.top)
    return Transform(
        across, 0.0, 0.0, down, now.left - across * before.left, now.top - down * before.top
    )


def _new_colour(value: Object | None, private: Private) -> int | None:
    """Return the colour that an annotation was given since; None when it is as it was."""
    if not isinstance(value, Array) or len(value) != 3 or len(private.colour) != 3:
        return None
    now = [min(max(float(number), 0.0), 1.0) for number in value]
    if all(abs(a - b) < _COLOUR_STEP for a, b in zip(now, private.colour, strict=True)):
        return None
    red, green, blue = (round(channel * 255) for channel in now)
    return explicit_colour(red, green, blue)


def _new_width(annotation: Object, private: Private) -> float | None:
    """Return the line width that an annotation was given since, pt; None when as it was."""
    width = _border_width(annotation)
    if width is None or width <= 0 or abs(width - private.width) < _WIDTH_STEP:
        return None
    return width / private.to_user.width_factor


def _border_width(annotation: Object) -> float | None:
    border = annotation.get("/BS")
    try:
        return float(border["/W"]) if isinstance(border, Dictionary) else None
    except (KeyError, TypeError, ValueError):
        return None


# Paths ------------------------------------------------------------------------------


def _paths(annotation: Object) -> Iterator[Floats]:
    """Yield the paths of an Ink annotation, shape (n, 2), n >= 1, user space."""
    lists = annotation.get("/InkList")
    if not isinstance(lists, Array):
        return
    for one in lists:
        if not isinstance(one, Array):
            continue
        try:
            values = np.array([float(number) for number in one])
        except (TypeError, ValueError):
            continue
        values = values[: len(values) // 2 * 2]
        if len(values) and np.isfinite(values).all():
            yield values.reshape(-1, 2)[:_MAX_POINTS]


def _stroke_along(
    path: Floats, annotation: Object, to_user: Transform, template: StrokeItem | None
) -> StrokeItem | None:
    """Return a stroke of even width along a path; None for one that fits on no page."""
    points = inverse(to_user).points(path)
    steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.empty(0)
    samples = np.zeros((len(points), 5))
    samples[:, :2] = points
    samples[:, 2] = 0.5
    samples[1:, 3] = np.cumsum(steps) / _PEN_SPEED_PT_S
    colour = _colour_of(annotation.get("/C"))
    width = _border_width(annotation) or 1.0
    try:
        stroke = StrokeItem.from_samples(
            samples,
            page=template.page if template else "page",
            z=template.z if template else 0.0,
            author=template.author if template else _author(annotation),
            brush=template.brush if template else _brush(annotation),
            colour=colour,
            width_pt=width / to_user.width_factor,
            has_pressure=False,
        )
        pack_item(stroke)
    except ValueError:
        return None
    return stroke


def _author(annotation: Object) -> str:
    name = str(annotation.get("/T", ""))
    return name.encode()[:255].decode(errors="ignore")


def _brush(annotation: Object) -> BrushKind:
    subject = str(annotation.get("/Subj", ""))
    return next((brush for brush, name in SUBJECTS.items() if name == subject), BrushKind.PEN)


def _colour_of(value: Object | None) -> int:
    channels: Sequence[float] = (0.0, 0.0, 0.0)
    if isinstance(value, Array):
        given = [min(max(float(number), 0.0), 1.0) for number in value]
        if len(given) == 3:
            channels = given
        elif len(given) == 1:
            channels = given * 3
        elif len(given) == 4:
            channels = [(1 - ink) * (1 - given[3]) for ink in given[:3]]
    red, green, blue = (round(channel * 255) for channel in channels)
    return explicit_colour(red, green, blue)
