"""Pages of a board into a package for the PDF export; here Qt breaks lines and draws letters.

Letters go as outlines: they look the same in every reader whatever fonts it has, and text
that was put on a sheet never mixes with the text of the sheet when that is copied or searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QTransform

from base.board_doc import Affine, ImageItem, Item, StrokeItem
from base.errors import AppError, ErrorCode
from whiteboard.model.bounds import Rect
from whiteboard.model.page import Background, Surface
from whiteboard.model.palette import BOARD_RGB, NOTE_INK_RGB
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.painting.item_painting import Look, item_marks, ruling_marks
from whiteboard.services.painting.lettering import (
    EM_PX,
    baseline_em,
    block_height_em,
    font,
    wrap,
)
from whiteboard.services.painting.marks import Fill, Line, Mark, Photo, Run
from whiteboard.services.painting.snapshot import BoardSnapshot, PageSnapshot, to_qrect
from whiteboard.services.pdf.pdf_package import (
    DrawnMark,
    FillMark,
    LineMark,
    Matrix,
    PackageWriter,
    PackedItem,
    PackedPage,
    PhotoMark,
    RunMark,
)

_VECTOR_SCALE: Final = 1e3
"""Device pixels per pt that stand for "every detail"."""

NOTES_SIZE_PT: Final = (595.0, 842.0)
"""A page of speaker notes: A4 upright."""
_NOTES_MARGIN_PT: Final = 56.0
_NOTES_TEXT_PT: Final = 12.0
_NOTES_HEADING_PT: Final = 16.0


def pack_pages(
    snapshot: BoardSnapshot,
    path: Path,
    *,
    on_white: bool = False,
    only_inked: bool = False,
    notes: Mapping[str, str] | None = None,
    notes_heading: Callable[[int], str] = str,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Write pages of a board to a package for `pdf_export`. Blocks; for worker threads.

    Args:
        snapshot: What is exported.
        path: A new file, for this export alone; the caller removes it.
        on_white: Whether blackboards become white, as for paper.
        only_inked: Whether pages without ink are left out.
        notes: Cheat sheets by page id that a person asked for; each becomes pages at the
            end. None exports none.
        notes_heading: Returns the heading above the notes of a page, its number from 1.
        is_cancelled: Asked once a page.

    Returns:
        False when it was cancelled; the file is useless then.

    Raises:
        AppError: what the disk says; EXPORT_FAILED when only pages with ink are wanted and
            there is none.
    """
    pages = [
        (number, page)
        for number, page in enumerate(snapshot.pages, 1)
        if page.items or not only_inked
    ]
    if not pages:
        raise AppError(ErrorCode.EXPORT_FAILED, "no page has ink")
    with disk_errors(path):
        writer = PackageWriter(path)
        try:
            for _number, page in pages:
                if is_cancelled():
                    return False
                _pack_page(writer, page.on_white() if on_white else page, snapshot.read_asset)
            for number, page in pages:
                text = (notes or {}).get(page.page.id, "")
                if text.strip():
                    _pack_notes(writer, notes_heading(number), text)
            writer.close(snapshot.title)
        finally:
            writer.discard()
    return True


def _pack_page(
    writer: PackageWriter, snapshot: PageSnapshot, read_asset: Callable[[bytes], bytes]
) -> None:
    page, extent = snapshot.page, snapshot.extent()
    background = page.background
    printed: tuple[DrawnMark, ...] = ()
    if page.sheet is None:
        marks = ruling_marks(background, to_qrect(extent), _VECTOR_SCALE)
        printed = tuple(_drawn(mark) for mark in marks)
    look = Look(background.is_dark, _VECTOR_SCALE, lambda _sha256: None)
    items = tuple(_packed(writer, item, look, read_asset) for item in snapshot.items)
    writer.add_page(
        PackedPage(
            page.id,
            page.width_pt,
            page.height_pt,
            str(background),
            extent,
            BOARD_RGB[background.surface],
            page.sheet,
            printed,
            items,
        )
    )


def _packed(
    writer: PackageWriter, item: Item, look: Look, read_asset: Callable[[bytes], bytes]
) -> PackedItem:
    match item:
        case StrokeItem():
            return PackedItem(item)
        case ImageItem() if _put_asset(writer, item.sha256, read_asset):
            return PackedItem(item, (PhotoMark(item.sha256, _box_matrix(item.box)),))
        case _:
            return PackedItem(item, tuple(_drawn(mark) for mark in item_marks(item, look)))


def _put_asset(
    writer: PackageWriter, sha256: bytes, read_asset: Callable[[bytes], bytes]
) -> bool:
    if writer.has_asset(sha256):
        return True
    try:
        data = read_asset(sha256)
    except (AppError, KeyError):
        return False
    writer.add_asset(sha256, data)
    return True


def _drawn(mark: Mark) -> DrawnMark:
    match mark:
        case Fill():
            is_even_odd = mark.path.fillRule().value == 0
            return FillMark(_path(mark.path), mark.rgb, mark.opacity, is_even_odd)
        case Line():
            return LineMark(_path(mark.path), mark.rgb, mark.width_pt)
        case Run():
            letters = QPainterPath()
            letters.addText(QPointF(0, 0), font(mark.bold), mark.text)
            place = QTransform.fromScale(EM_PX, EM_PX) * mark.place
            path = _path(mark.place.map(letters))
            return RunMark(path, mark.rgb, mark.text, _matrix(place), mark.width_px / EM_PX)
        case Photo():
            return PhotoMark(mark.sha256, _box_matrix(mark.box))


def _matrix(transform: QTransform) -> Matrix:
    return (
        transform.m11(),
        transform.m12(),
        transform.m21(),
        transform.m22(),
        transform.dx(),
        transform.dy(),
    )


def _box_matrix(box: Affine) -> Matrix:
    return box.ux, box.uy, box.vx, box.vy, box.x, box.y


def _path(path: QPainterPath) -> bytes:
    """Return a path as PDF operators."""
    kinds = QPainterPath.ElementType
    parts: list[str] = []
    start = last = (0.0, 0.0)
    handles: list[str] = []

    def close() -> None:
        if parts and last == start and not parts[-1].endswith("m"):
            parts.append("h")

    for i in range(path.elementCount()):
        element = path.elementAt(i)
        place = f"{_number(element.x)} {_number(element.y)}"
        if element.type == kinds.MoveToElement:
            close()
            start = (element.x, element.y)
            parts.append(f"{place} m")
        elif element.type == kinds.LineToElement:
            parts.append(f"{place} l")
        else:  # a curve: its first handle, then two elements of data
            handles.append(place)
            if len(handles) == 3:
                parts.append(f"{' '.join(handles)} c")
                handles.clear()
        last = (element.x, element.y)
    close()
    return "\n".join(parts).encode()


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


# Notes ------------------------------------------------------------------------------


def _pack_notes(writer: PackageWriter, heading: str, text: str) -> None:
    width, height = NOTES_SIZE_PT
    room = height - 2 * _NOTES_MARGIN_PT
    inner = width - 2 * _NOTES_MARGIN_PT
    head = wrap(heading, inner / _NOTES_HEADING_PT)
    lines = wrap(text, inner / _NOTES_TEXT_PT)
    head_height = block_height_em(head) * _NOTES_HEADING_PT + _NOTES_TEXT_PT
    line_height = block_height_em(lines[:1]) * _NOTES_TEXT_PT
    while lines:
        on_page = max(int((room - head_height) / line_height), 1)
        marks = [
            *_block([line.text for line in head], _NOTES_HEADING_PT, 0.0, is_bold=True),
            *_block([line.text for line in lines[:on_page]], _NOTES_TEXT_PT, head_height),
        ]
        lines = lines[on_page:]
        nominal = Rect(0.0, 0.0, width, height)
        background = str(Background(Surface.WHITE))
        printed = tuple(_drawn(mark) for mark in marks)
        white = (255, 255, 255)
        writer.add_page(
            PackedPage("", width, height, background, nominal, white, None, printed, ())
        )


def _block(
    lines: list[str], size_pt: float, top_pt: float, *, is_bold: bool = False
) -> Iterator[Run]:
    for index, text in enumerate(lines):
        if not text:
            continue
        letters = QPainterPath()
        letters.addText(QPointF(0, 0), font(is_bold), text)
        scale = size_pt / EM_PX
        place = QTransform.fromScale(scale, scale) * QTransform.fromTranslate(
            _NOTES_MARGIN_PT, _NOTES_MARGIN_PT + top_pt + baseline_em(index) * size_pt
        )
        length = QRectF(letters.boundingRect()).right()
        yield Run(text, place, length, NOTE_INK_RGB, is_bold)
