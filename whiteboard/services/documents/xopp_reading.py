"""Reads Xournal++ notebooks. Runs in a worker process.

A notebook is XML in a gzip stream. A PDF under its pages is found where it was, or beside
the notebook.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import pymupdf
from lxml import etree
from PIL import Image

from base.board_doc import (
    MAX_SAMPLES,
    MAX_TEXT_BYTES,
    Affine,
    BrushKind,
    Floats,
    ImageItem,
    Item,
    StrokeItem,
    TextItem,
    explicit_colour,
    pack_item,
)
from base.errors import AppError, ErrorCode
from whiteboard.model.brush import PEN, Brush
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_store import MAX_ASSET_BYTES
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.rendering.long_job import Progress
from whiteboard.services.rendering.render_protocol import Json

MOST_BYTES: Final = 512 << 20
"""Of the XML; a real notebook of 500 full pages has 60 MB."""
MOST_PAGES: Final = 2000
MOST_ITEMS: Final = 500_000
_BLOCK_BYTES: Final = 1 << 20
_ANY_PAGE: Final = "p"
"""Stands for the page an item will get."""
_RATE_HZ: Final = 120.0
"""Xournal++ keeps no times: strokes are played back at the speed of a usual pen."""
_TEXT_WIDTH: Final = 0.6
"""Of a Latin letter, in its size; characters of two columns take 1."""
_LINE_HEIGHT: Final = 1.4
_LEAST_SIDE_PT: Final = 8.0
_MOST_SIDE_PT: Final = 14_400.0
_DARK_BELOW: Final = 0.4
_RULINGS: Final = {
    "lined": Ruling.LINES,
    "ruled": Ruling.LINES,
    "graph": Ruling.GRID,
    "isograph": Ruling.GRID,
    "dotted": Ruling.DOTS,
    "isodotted": Ruling.DOTS,
    "staves": Ruling.STAFF,
}
_COLOURS: Final = {
    "black": "000000", "blue": "3333cc", "red": "ff0000", "green": "008000", "gray": "808080",
    "lightblue": "00c0ff", "lightgreen": "00ff00", "magenta": "ff00ff", "orange": "ff8000",
    "yellow": "ffff00", "white": "ffffff",
}  # fmt: skip
_PAPERS: Final = {
    "white": "ffffff", "yellow": "ffffd5", "pink": "ffd0d0", "orange": "ffdab9",
    "blue": "add8e6", "green": "d0ffd0",
}  # fmt: skip


def read_xopp(progress: Progress, source: str, original: str, folder: str) -> dict[str, Json]:
    """Read a notebook.

    Args:
        progress: Gets how much is done, 0 to 1.
        source: Our copy of it.
        original: Where it lies: its PDF may lie beside it.
        folder: Where its pictures are put, by the SHA-256 of their bytes.

    Returns:
        What `parse_notebook` takes.

    Raises:
        AppError: DOCUMENT_DAMAGED, DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE, UNSAFE_FILE.
    """
    root = _parse(Path(source))
    pages = list(root.iterchildren("page"))
    if not pages:
        raise AppError(ErrorCode.DOCUMENT_EMPTY, original)
    if len(pages) > MOST_PAGES:
        raise AppError(ErrorCode.DOCUMENT_TOO_LARGE, f"{original}: {len(pages)} pages")
    reader = _Reader(Path(original), Path(folder))
    made: list[Json] = []
    for number, page in enumerate(pages):
        made.append(reader.page(page))
        progress((number + 1) / len(pages))
    return {
        "pages": made,
        "pictures": list(reader.pictures),
        "document": str(reader.document) if reader.document is not None else "",
        "lacks_document": reader.wants_document and reader.document is None,
        "lost": reader.lost,
    }


def _parse(path: Path) -> Any:  # noqa: ANN401  (lxml ships no types)
    parser = etree.XMLPullParser(
        events=(), resolve_entities=False, no_network=True, huge_tree=True, recover=True
    )
    with disk_errors(path):
        size = 0
        for block in _unpacked(path):
            size += len(block)
            if size > MOST_BYTES:
                raise AppError(ErrorCode.UNSAFE_FILE, f"{path} unpacks to more than {size}")
            parser.feed(block)
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: {error}") from error
    if root is None or root.tag != "xournal":
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path} is no notebook")
    return root


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield what a file unpacks to; of one that is cut short, what there is."""
    with path.open("rb") as plain:
        is_packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        file = gzip.GzipFile(fileobj=plain) if is_packed else plain
        with suppress(EOFError, zlib.error, gzip.BadGzipFile):
            while block := file.read(_BLOCK_BYTES):
                yield block


class _Reader:
    """Reads the pages of one notebook."""

    def __init__(self, original: Path, folder: Path) -> None:
        self._original = original
        self._folder = folder
        self._items_left = MOST_ITEMS
        self.pictures: dict[str, None] = {}
        self.document: Path | None = None
        self.wants_document = False
        self.lost = 0

    def page(self, element: Any) -> dict[str, Json]:  # noqa: ANN401  (lxml ships no types)
        """Return a page as `parse_notebook` takes it."""
        width = _side(element.get("width"), 595.28)
        height = _side(element.get("height"), 841.89)
        items: list[Item] = []
        paper, sheet = Background(Surface.WHITE), None
        for background in element.iterchildren("background"):
            paper, sheet = self._background(background, items, width, height)
        for layer in element.iterchildren("layer"):
            for child in layer.iterchildren():
                self._add(child, items)
        packed: list[Json] = [base64.b64encode(pack_item(item)).decode() for item in items]
        return {
            "width": width,
            "height": height,
            "background": str(paper),
            "sheet": sheet,
            "items": packed,
        }

    def _add(self, element: Any, items: list[Item]) -> None:  # noqa: ANN401
        makers: dict[str, Callable[[Any, float], Item | None]] = {
            "stroke": _stroke,
            "text": _text,
            "image": self._image,
            "teximage": self._image,
        }
        make = makers.get(str(element.tag))
        if make is None:
            return
        self._items_left -= 1
        if self._items_left < 0:
            raise AppError(ErrorCode.DOCUMENT_TOO_LARGE, str(self._original))
        try:
            item = make(element, float(len(items)))
        except (ValueError, TypeError, OverflowError, binascii.Error):
            item = None
        if item is None:
            self.lost += 1
        else:
            items.append(item)

    def _background(
        self,
        element: Any,  # noqa: ANN401
        items: list[Item],
        width: float,
        height: float,
    ) -> tuple[Background, int | None]:
        match element.get("type"):
            case "pdf":
                self._note_document(element)
                with suppress(ValueError):
                    return Background(Surface.WHITE), max(int(element.get("pageno")) - 1, 0)
            case "pixmap":
                picture = self._find_file(element)
                if picture is not None:
                    with disk_errors(picture):
                        item = self._keep(picture.read_bytes(), (0, 0, width, height), 0.0)
                    if item is not None:
                        items.append(item)
                        return Background(Surface.WHITE), None
                self.lost += 1
            case _:
                return _paper(element), None
        return Background(Surface.WHITE), None

    def _note_document(self, element: Any) -> None:  # noqa: ANN401
        self.wants_document = True
        # Only the first page of a notebook names the file.
        if self.document is None and element.get("filename"):
            self.document = self._find_file(element)

    def _find_file(self, element: Any) -> Path | None:  # noqa: ANN401
        name = element.get("filename") or ""
        beside = self._original.parent
        if element.get("domain") == "attach":
            candidates = [beside / f"{self._original.name}.{name}"]
        else:
            # Where it was; where it is now that somebody moved both.
            candidates = [Path(name), beside / Path(name.replace("\\", "/")).name]
        candidates.append(self._original.with_suffix(".pdf"))
        if element.get("type") != "pdf":
            candidates.pop()
        for candidate in candidates:
            with suppress(OSError, ValueError):
                if candidate.is_file():
                    return candidate.resolve()
        return None

    def _image(self, element: Any, z: float) -> Item | None:  # noqa: ANN401
        left, top, right, bottom = (
            _number(element.get(side)) for side in ("left", "top", "right", "bottom")
        )
        if not (right > left and bottom > top):
            return None
        data = base64.b64decode("".join((element.text or "").split()))
        if data.startswith(b"%PDF"):
            data = _formula(data)
        return self._keep(data, (left, top, right - left, bottom - top), z)

    def _keep(
        self, data: bytes, box: tuple[float, float, float, float], z: float
    ) -> ImageItem | None:
        data = _readable(data)
        if not data or len(data) > MAX_ASSET_BYTES:
            return None
        sha256 = hashlib.sha256(data)
        name = sha256.hexdigest()
        if name not in self.pictures:
            (self._folder / name).write_bytes(data)
            self.pictures[name] = None
        return ImageItem(_ANY_PAGE, z, "", Affine.upright(*box), sha256.digest())


def _stroke(element: Any, z: float) -> Item | None:  # noqa: ANN401
    points = _numbers(element.text or "")
    points = points[: len(points) // 2 * 2].reshape(-1, 2)[:MAX_SAMPLES]
    if not len(points):
        return None
    widths = _numbers(element.get("width") or "1.41")
    nominal = float(widths[0])
    if not 0 < nominal < _MOST_SIDE_PT:
        return None
    is_highlighter = element.get("tool") == "highlighter"
    samples = np.zeros((len(points), 5))
    samples[:, :2] = points
    samples[:, 3] = np.arange(len(points)) / _RATE_HZ
    samples[:, 2] = 0.5
    has_pressure = len(widths) > 1 and not is_highlighter
    if has_pressure:
        # The first number is the width of the pen, each other one that of a segment.
        each = np.resize(widths[1:], len(points))
        each[len(widths) - 1 :] = widths[-1]
        nominal, samples[:, 2] = _pressures(each, PEN)
    return StrokeItem.from_samples(
        samples,
        page=_ANY_PAGE,
        z=z,
        author="",
        brush=BrushKind.HIGHLIGHTER if is_highlighter else BrushKind.PEN,
        colour=_colour(element.get("color"), _COLOURS, "000000"),
        width_pt=nominal,
        has_pressure=has_pressure,
    )


def _pressures(widths: Floats, brush: Brush) -> tuple[float, Floats]:
    """Return the nominal width and the pressures by which a brush makes given widths.

    Speed thins our pen; ink from elsewhere was never that fast: see `_RATE_HZ`.

    Args:
        widths: Shape (n,), pt.
        brush: The brush, whose curve is turned round.
    """
    widths = np.clip(np.nan_to_num(widths), 0.05, _MOST_SIDE_PT)
    # The thickest place needs all of the pressure; what is thinner than the brush can be is
    # as thin as it can be.
    nominal = float(widths.max()) / brush.thick
    share = (widths / nominal - brush.thin) / (brush.thick - brush.thin)
    return nominal, np.clip(share, 0.0, 1.0) ** (1.0 / brush.gamma)


def _text(element: Any, z: float) -> Item | None:  # noqa: ANN401
    text = (element.text or "").strip("\n")
    size = _number(element.get("size"))
    if not text.strip() or not 0 < size < _MOST_SIDE_PT:
        return None
    if len(text.encode()) > MAX_TEXT_BYTES:
        return None
    lines = text.split("\n")
    columns = max(sum(1.0 if ord(c) > 0x2E7F else _TEXT_WIDTH for c in line) for line in lines)
    box = Affine.upright(
        _number(element.get("x")),
        _number(element.get("y")),
        (columns + 1) * size,
        len(lines) * size * _LINE_HEIGHT,
    )
    colour = _colour(element.get("color"), _COLOURS, "000000")
    return TextItem(_ANY_PAGE, z, "", box, colour, size, text)


def _paper(element: Any) -> Background:  # noqa: ANN401
    value = _colour(element.get("color"), _PAPERS, "ffffff")
    red, green, blue = value >> 16 & 255, value >> 8 & 255, value & 255
    light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    surface = Surface.BLACKBOARD if light < _DARK_BELOW else Surface.WHITE
    return Background(surface, _RULINGS.get(element.get("style") or "", Ruling.NONE))


def _colour(text: str | None, names: Mapping[str, str], otherwise: str) -> int:
    """Return a colour, `name` or `#rrggbbaa`; how clear it is belongs to the tool."""
    code = names.get(text or "", (text or "").removeprefix("#"))
    try:
        red, green, blue = bytes.fromhex(code[:6])
    except ValueError:
        red, green, blue = bytes.fromhex(otherwise)
    return explicit_colour(red, green, blue)


def _side(text: str | None, otherwise: float) -> float:
    try:
        value = _number(text)
    except (ValueError, TypeError):
        return otherwise
    return min(max(value, _LEAST_SIDE_PT), _MOST_SIDE_PT)


def _number(text: str | None) -> float:
    value = float(text or "")
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def _numbers(text: str) -> Floats:
    return np.array([float(part) for part in text.split()], dtype=np.float64)


def _readable(data: bytes) -> bytes:
    """Return a picture in a form the board shows, or nothing."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format in ("PNG", "JPEG"):
                return data
            buffer = io.BytesIO()
            image.convert("RGBA").save(buffer, "PNG")
            return buffer.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""


def _formula(data: bytes) -> bytes:
    """Return the picture of a formula, which newer notebooks keep as a PDF."""
    try:
        with pymupdf.open(stream=data, filetype="pdf") as document:
            return bytes(document[0].get_pixmap(dpi=300, alpha=True).tobytes("png"))
    except (RuntimeError, ValueError, IndexError) as error:
        raise ValueError(f"no formula: {error}") from error
