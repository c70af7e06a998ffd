"""Pages on their way into another process: what a PDF export needs, in one file, without Qt.

The file is `KKPDF1`, eight bytes of length, that many bytes of JSON, and a heap of bytes to
which the JSON points by place and length. It lives as long as the export and is written and
read by the same program, so it has no versions.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from base.board_doc import Item, pack_item, parse_item
from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetRef
from whiteboard.model.page import parse_background
from whiteboard.model.palette import Rgb

_MAGIC: Final = b"KKPDF1"
_LENGTH_BYTES: Final = 8

Matrix: TypeAlias = tuple[float, float, float, float, float, float]
"""a b c d e f as in PDF: x' = a x + c y + e, y' = b x + d y + f."""


@dataclass(frozen=True, slots=True)
class FillMark:
    """A filled outline.

    Attributes:
        path: PDF path operators in page space (pt, y down).
        rgb: Its colour.
        opacity: 0..1.
        is_even_odd: Which fill rule; else the winding rule.
    """

    path: bytes
    rgb: Rgb
    opacity: float = 1.0
    is_even_odd: bool = False


@dataclass(frozen=True, slots=True)
class LineMark:
    """A path drawn with a round pen; `path` as in `FillMark`."""

    path: bytes
    rgb: Rgb
    width_pt: float


@dataclass(frozen=True, slots=True)
class RunMark:
    """A line of text.

    Attributes:
        path: Its letters as outlines, winding rule; as in `FillMark`.
        rgb: Their colour.
        text: What they say.
        place: From a space with 1 to an em, y down, to page space; the baseline starts at 0.
        width_em: Length of the line in that space.
    """

    path: bytes
    rgb: Rgb
    text: str
    place: Matrix
    width_em: float


@dataclass(frozen=True, slots=True)
class PhotoMark:
    """A picture; `place` takes the unit square (y down) to page space."""

    asset: bytes
    place: Matrix


DrawnMark: TypeAlias = FillMark | LineMark | RunMark | PhotoMark


@dataclass(frozen=True, slots=True)
class PackedItem:
    """An item, and what it looks like when it is no stroke."""

    item: Item
    marks: tuple[DrawnMark, ...] = ()


@dataclass(frozen=True, slots=True)
class PackedPage:
    """A page.

    Attributes:
        id: Id of the board's page; empty for one of the appendix.
        width_pt: Nominal width.
        height_pt: Nominal height.
        background: As in the document, `surface/ruling`.
        extent: The nominal page, grown to the ink that lies beyond it.
        surface_rgb: Colour of a page of the board's own.
        sheet: What lies under it.
        printed: What is printed on a page of the board's own, lowest first.
        items: Lowest first.
    """

    id: str
    width_pt: float
    height_pt: float
    background: str
    extent: Rect
    surface_rgb: Rgb
    sheet: SheetRef | None
    printed: tuple[DrawnMark, ...]
    items: tuple[PackedItem, ...]

    @property
    def is_dark(self) -> bool:
        """Whether ink on it takes the colours of a dark board."""
        return parse_background(self.background).is_dark


class PackageWriter:
    """Writes a package: assets and pages one after the other, then `close`.

    Args:
        path: A new file. The bytes go there as they come, so a board of many pictures
            takes no memory.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        path.chmod(0o600)
        self._at = 0
        self._pages: list[object] = []
        self._assets: dict[str, tuple[int, int]] = {}
        self._file.write(_MAGIC + bytes(_LENGTH_BYTES))

    def add_asset(self, sha256: bytes, data: bytes) -> None:
        """Put the bytes of a picture in, once."""
        if sha256.hex() not in self._assets:
            self._assets[sha256.hex()] = self._put(data)

    def has_asset(self, sha256: bytes) -> bool:
        """Return whether a picture is in already."""
        return sha256.hex() in self._assets

    def add_page(self, page: PackedPage) -> None:
        """Put a page in; the order is that of the export."""
        sheet = page.sheet
        self._pages.append(
            {
                "id": page.id,
                "size": (page.width_pt, page.height_pt),
                "background": page.background,
                "extent": (
                    page.extent.left,
                    page.extent.top,
                    page.extent.right,
                    page.extent.bottom,
                ),
                "surface": page.surface_rgb,
                "sheet": (sheet.document, sheet.number, sheet.turns) if sheet else None,
                "printed": [self._mark(mark) for mark in page.printed],
                "items": [
                    (self._put(pack_item(one.item)), [self._mark(mark) for mark in one.marks])
                    for one in page.items
                ],
            }
        )

    def close(self, title: str) -> None:
        """Finish the file."""
        with self._file:
            head = {"title": title, "pages": self._pages, "assets": self._assets}
            self._file.write(json.dumps(head).encode())
            self._file.seek(len(_MAGIC))
            self._file.write(self._at.to_bytes(_LENGTH_BYTES, "little"))

    def discard(self) -> None:
        """Close the file; nothing can read one that was not finished."""
        self._file.close()

    def _put(self, data: bytes) -> tuple[int, int]:
        place = (self._at, len(data))
        self._file.write(data)
        self._at += len(data)
        return place

    def _mark(self, mark: DrawnMark) -> tuple[object, ...]:
        match mark:
            case FillMark():
                rule = mark.is_even_odd
                return "fill", self._put(mark.path), mark.rgb, mark.opacity, rule
            case LineMark():
                return "line", self._put(mark.path), mark.rgb, mark.width_pt
            case RunMark():
                path = self._put(mark.path)
                return "run", path, mark.rgb, mark.text, mark.place, mark.width_em
            case PhotoMark():
                return "photo", mark.asset.hex(), mark.place


class Package:
    """A package that is open; see `open_package`."""

    def __init__(self, data: mmap.mmap) -> None:
        start = len(_MAGIC) + _LENGTH_BYTES
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not a package of pages")
        length = int.from_bytes(data[len(_MAGIC) : start], "little")
        head = json.loads(data[start + length :])
        self._data = data
        self._start = start
        self._pages: Sequence[Mapping[str, Any]] = head["pages"]
        self._assets: Mapping[str, Sequence[int]] = head["assets"]
        self.title: str = head["title"]
        self.item_count = sum(len(page["items"]) for page in self._pages)

    def sheets(self) -> list[SheetRef | None]:
        """Return what lies under each page."""
        return [_sheet(page) for page in self._pages]

    def pages(self) -> Iterator[PackedPage]:
        """Yield the pages, each read when it is its turn."""
        for page in self._pages:
            yield self._page(page)

    def asset_names(self) -> list[bytes]:
        """Return the SHA-256 (32 raw bytes) of each picture."""
        return [bytes.fromhex(name) for name in self._assets]

    def asset(self, sha256: bytes) -> bytes:
        """Return the bytes of a picture.

        Raises:
            KeyError: it is not in the package.
        """
        return self._get(self._assets[sha256.hex()])

    def _get(self, place: Sequence[int]) -> bytes:
        at = self._start + place[0]
        return self._data[at : at + place[1]]

    def _page(self, page: Mapping[str, Any]) -> PackedPage:
        width_pt, height_pt = page["size"]
        return PackedPage(
            page["id"],
            width_pt,
            height_pt,
            page["background"],
            Rect(*page["extent"]),
            _rgb(page["surface"]),
            _sheet(page),
            tuple(self._parse_mark(mark) for mark in page["printed"]),
            tuple(
                PackedItem(
                    parse_item(self._get(place)), tuple(self._parse_mark(m) for m in marks)
                )
                for place, marks in page["items"]
            ),
        )

    def _parse_mark(self, mark: Sequence[Any]) -> DrawnMark:
        match mark:
            case ["fill", path, rgb, opacity, is_even_odd]:
                return FillMark(self._get(path), _rgb(rgb), opacity, is_even_odd)
            case ["line", path, rgb, width_pt]:
                return LineMark(self._get(path), _rgb(rgb), width_pt)
            case ["run", path, rgb, text, place, width_em]:
                return RunMark(self._get(path), _rgb(rgb), text, _matrix(place), width_em)
            case ["photo", asset, place]:
                return PhotoMark(bytes.fromhex(asset), _matrix(place))
            case _:
                raise ValueError("a mark of an unknown kind")


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Open a package to read it.

    Raises:
        ValueError: it is none, or was not finished.
        OSError: the disk refuses.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        yield Package(data)


def _sheet(page: Mapping[str, Any]) -> SheetRef | None:
    return SheetRef(*page["sheet"]) if page["sheet"] else None


def _rgb(values: Sequence[int]) -> Rgb:
    red, green, blue = values
    return red, green, blue


def _matrix(values: Sequence[float]) -> Matrix:
    a, b, c, d, e, f = values
    return a, b, c, d, e, f
