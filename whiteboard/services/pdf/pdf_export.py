"""Pages of a board to a PDF: the original documents with the ink on them. Worker process.

Nothing here knows Qt: `export_document` runs in a process of its own with plain arguments,
on a package that `pdf_packing` wrote. Text of the originals stays text, and what was theirs
is copied byte for byte; ink is put beside it (annotations) or over it (flattened).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Object

from base.board_doc import StrokeItem
from base.errors import AppError, ErrorCode
from whiteboard.model.select import Transform
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.pdf.pdf_annotations import (
    AnnotationWriter,
    PictureStore,
    Signature,
    form,
    paper,
    resources_of,
)
from whiteboard.services.pdf.pdf_assembly import Assembly, Source
from whiteboard.services.pdf.pdf_drawing import Drawing, Drawn, draw_strokes
from whiteboard.services.pdf.pdf_package import Package, PackedPage, open_package
from whiteboard.services.pdf.pdf_space import (
    ADDED_KEY,
    INK_KEY,
    PAGE_KEY,
    Box,
    PageRecord,
    box_of,
    numbers,
    pack_page_record,
    page_turns,
    read_box,
    to_user_space,
    visible_box,
)
from whiteboard.services.pdf.pdf_wish import PdfMode, partial_path

__all__ = ["PdfExportOptions", "PdfMode", "Source", "export_document", "partial_path"]

CREATOR: Final = "Kokuban"
MAX_SIDE_PT: Final = 14_400.0
"""Readers refuse larger pages (PDF 32000-1, annex C); a larger board is scaled down."""
_DRAWN_SHARE: Final = 0.6
"""Share of the time that goes into drawing; the rest is writing."""
_BATCH: Final = 400
"""Strokes drawn at once, between two looks at whether to go on."""
_COMPRESSION: Final = 4
"""A quarter less work than the usual 6, for a file 3 % larger (docs/decisions/pdf-ink.md)."""
_EDGE_PT: Final = 0.01
_SAVES_AND_RESTORES: Final = re.compile(rb"(?<![^\s\[\]()<>/{}%])[qQ](?![^\s\[\]()<>/{}%])")


@dataclass(frozen=True, slots=True)
class PdfExportOptions:
    """How to export.

    Attributes:
        mode: Annotations, which others can take away and which can be written on again, or
            a part of the page.
        is_decrypted: Whether documents that need a password are written without one.
        people: Names by the id of a person, for the author of annotations.
        when: Now, with its time zone.
    """

    mode: PdfMode = PdfMode.ANNOTATED
    is_decrypted: bool = False
    people: Mapping[str, str] = field(default_factory=dict)
    when: datetime = datetime(2000, 1, 1, tzinfo=UTC)


def export_document(
    package: str,
    sources: Sequence[Source],
    target: str,
    options: PdfExportOptions,
    *,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Write a PDF. Blocks; for a process of its own.

    A file that is there already is replaced, but only by a whole new one. Whoever ends the
    process from outside removes `partial_path(target)`.

    Args:
        package: File of `pdf_packing.pack_pages`.
        sources: Every document under its pages.
        target: The file.
        options: See `PdfExportOptions`.
        progress: Gets the share that is done, 0..1, never less than before.
        cancelled: Asked once a page, and while the file is written.

    Returns:
        False when it was cancelled, and then nothing was written.

    Raises:
        AppError: DOCUMENT_ENCRYPTED, DOCUMENT_DAMAGED, PAGE_UNREADABLE, NOT_FOUND;
            DISK_FULL, READ_ONLY, MEDIUM_GONE; EXPORT_FAILED.
    """
    work = _Work(progress, cancelled)
    try:
        with disk_errors(Path(package)), open_package(Path(package)) as opened:
            _export(opened, sources, Path(target), options, work)
    except _CancelledError:
        return False
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise AppError(ErrorCode.EXPORT_FAILED, f"{target}: {error}") from error
    progress(1.0)
    return True


class _CancelledError(Exception):
    """The person who wanted the export does not want it any more."""


class _Work:
    """Tells how far it is and asks whether to go on."""

    def __init__(
        self, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled

    def reached(self, share: float) -> None:
        """Tell the share that is done; stop here when the export was cancelled."""
        if self._cancelled():
            raise _CancelledError
        self._progress(share)


def _export(
    package: Package,
    sources: Sequence[Source],
    target: Path,
    options: PdfExportOptions,
    work: _Work,
) -> None:
    wanted = package.sheets()
    work.reached(0.0)
    with Assembly(sources, wanted) as assembly:
        pictures = PictureStore(assembly.pdf, package.asset)
        total, done = max(package.item_count, 1), 0
        number = 0
        for batch in _batches(package.pages()):
            for page, drawn in zip(batch, _drawn(batch), strict=True):
                place = assembly.pages[number]
                _PageExport(assembly.pdf, pictures, page, place, options).write(number, drawn)
                number += 1
                done += len(page.items)
                work.reached(_DRAWN_SHARE * done / total)
        if not any(wanted):
            assembly.pdf.docinfo["/Title"] = package.title
            assembly.pdf.docinfo["/Creator"] = CREATOR
        if options.mode is PdfMode.ANNOTATED:
            assembly.pdf.Root[INK_KEY] = True
        elif INK_KEY in assembly.pdf.Root:
            del assembly.pdf.Root[INK_KEY]
        _save(assembly, target, options, work)


class _PageExport:
    """One page: what lies under the ink, and the ink."""

    def __init__(
        self,
        pdf: pikepdf.Pdf,
        pictures: PictureStore,
        packed: PackedPage,
        page: Object,
        options: PdfExportOptions,
    ) -> None:
        self._pdf = pdf
        self._pictures = pictures
        self._packed = packed
        self._page = page
        self._options = options
        self._is_kept = options.mode is PdfMode.ANNOTATED

    def write(self, number: int, drawn: dict[int, Drawn]) -> None:
        """Write the page, the `number`-th of the file; `drawn` has its strokes by place."""
        to_user = self._own_page() if self._packed.sheet is None else self._sheet()
        if not self._packed.items:
            return
        if self._is_kept:
            self._annotate(to_user, drawn, number)
        else:
            self._flatten(to_user, drawn)

    # What lies under the ink ----------------------------------------------------------

    def _sheet(self) -> Transform:
        sheet = self._packed.sheet
        turns = (page_turns(self._page) + (sheet.turns if sheet else 0)) % 4
        if sheet and sheet.turns:
            self._page["/Rotate"] = 90 * turns
        box = visible_box(self._page)
        to_user = to_user_space(self._page, box, turns)
        if self._packed.items:
            grown = self._grow(box, to_user)
            if self._is_kept:
                self._page[PAGE_KEY] = pack_page_record(grown)
        return to_user

    def _grow(self, box: Box, to_user: Transform) -> PageRecord:
        """Make room for ink beyond the sheet; what was hidden of the sheet stays hidden."""
        ink = box_of(self._packed.extent, to_user)
        both = (
            min(box[0], ink[0]),
            min(box[1], ink[1]),
            max(box[2], ink[2]),
            max(box[3], ink[3]),
        )
        if all(abs(a - b) < _EDGE_PT for a, b in zip(box, both, strict=True)):
            return PageRecord(to_user)
        x0, y0, x1, y1 = box
        clip = f"{x0:.4f} {y0:.4f} {x1 - x0:.4f} {y1 - y0:.4f} re W n\n"
        self._wrap(clip.encode(), b"")
        media = read_box(self._page.get("/MediaBox")) or box
        record = PageRecord(
            to_user, media=media, crop=read_box(self._page.get("/CropBox")), grown=both
        )
        self._page["/CropBox"] = numbers(both, 4)
        self._page["/MediaBox"] = numbers(
            (
                min(media[0], both[0]),
                min(media[1], both[1]),
                max(media[2], both[2]),
                max(media[3], both[3]),
            ),
            4,
        )
        return record

    def _own_page(self) -> Transform:
        """Draw a page of the board's own."""
        packed, extent = self._packed, self._packed.extent
        zoom = min(1.0, MAX_SIDE_PT / max(extent.width, extent.height))
        to_user = Transform(zoom, 0.0, 0.0, -zoom, -extent.left * zoom, extent.bottom * zoom)
        drawing = Drawing(to_user, is_dark=packed.is_dark)
        drawing.marks([paper(packed.surface_rgb, extent), *packed.printed])
        self._page["/MediaBox"] = numbers((0, 0, extent.width * zoom, extent.height * zoom), 4)
        self._page["/Resources"] = resources_of(drawing, self._pictures, is_dark=packed.is_dark)
        self._page["/Contents"] = self._added(drawing.data())
        if self._is_kept and packed.id:
            record = PageRecord(to_user, packed.background, packed.width_pt, packed.height_pt)
            self._page[PAGE_KEY] = pack_page_record(record)
        return to_user

    # Ink ------------------------------------------------------------------------------

    def _annotate(self, to_user: Transform, drawn: dict[int, Drawn], number: int) -> None:
        writer = AnnotationWriter(
            self._pdf,
            self._pictures,
            to_user,
            is_dark=self._packed.is_dark,
            signature=Signature(self._options.people, self._options.when),
            page_name=f"{number}/{self._packed.id}",
        )
        annotations = list(writer.annotations(self._packed.items, drawn))
        for one in annotations:
            one["/P"] = self._page
        before = self._page.get("/Annots")
        others = list(before) if isinstance(before, Array) else []
        self._page["/Annots"] = Array([*others, *annotations])

    def _flatten(self, to_user: Transform, drawn: dict[int, Drawn]) -> None:
        is_dark = self._packed.is_dark
        drawing = Drawing(to_user, is_dark=is_dark)
        drawing.items(self._packed.items, drawn)
        resources = resources_of(drawing, self._pictures, is_dark=is_dark)
        box = box_of(self._packed.extent.outset(1.0), to_user)
        ink = form(self._pdf, drawing, box, resources)
        name = self._add_form(ink)
        self._wrap(b"", b"q /" + name.encode() + b" Do Q\n")

    def _add_form(self, ink: Object) -> str:
        """Name a form among the page's resources, without touching those of other pages."""
        own = Dictionary(dict(_items(self._page.get("/Resources"))))
        forms = Dictionary(dict(_items(own.get("/XObject"))))
        number = 0
        while f"/KokubanInk{number}" in forms:
            number += 1
        forms[f"/KokubanInk{number}"] = ink
        own["/XObject"] = forms
        self._page["/Resources"] = own
        return f"KokubanInk{number}"

    def _wrap(self, before: bytes, after: bytes) -> None:
        """Put operators before and after the page's own, whose state ends with them."""
        opened, closed = _unbalanced(self._page)
        first = self._added(b"q\n" + before + b"q\n" * closed)
        last = self._added(b"\n" + b"Q\n" * (1 + opened) + after)
        contents = self._page.get("/Contents")
        if isinstance(contents, Array):
            own = list(contents)
        else:
            own = [contents] if isinstance(contents, pikepdf.Stream) else []
        self._page["/Contents"] = Array([first, *own, last])

    def _added(self, data: bytes) -> Object:
        stream = pikepdf.Stream(self._pdf, data)
        stream[ADDED_KEY] = True
        return self._pdf.make_indirect(stream)


def _items(dictionary: Object | None) -> list[tuple[str, Object]]:
    return list(dictionary.items()) if isinstance(dictionary, Dictionary) else []


def _batches(pages: Iterator[PackedPage]) -> Iterator[list[PackedPage]]:
    """Yield pages in groups with enough strokes to be worth one go of numpy."""
    batch: list[PackedPage] = []
    count = 0
    for page in pages:
        batch.append(page)
        count += len(page.items)
        if count >= _BATCH or len(batch) >= _BATCH:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _drawn(pages: Sequence[PackedPage]) -> list[dict[int, Drawn]]:
    """Return, for each page, its strokes by their place, all drawn at once."""
    found = [
        (number, place, one.item)
        for number, page in enumerate(pages)
        for place, one in enumerate(page.items)
        if isinstance(one.item, StrokeItem)
    ]
    result: list[dict[int, Drawn]] = [{} for _ in pages]
    drawn = draw_strokes([stroke for _, _, stroke in found])
    for (number, place, _), one in zip(found, drawn, strict=True):
        result[number][place] = one
    return result


def _unbalanced(page: Object) -> tuple[int, int]:
    """Return how many states a page leaves open, and how many it closes that it never opened.

    A quick look at the letters settles nearly every page; one that seems out of balance is
    read operator by operator.
    """
    contents = page.get("/Contents")
    streams = list(contents) if isinstance(contents, Array) else [contents]
    try:
        data = b"\n".join(
            stream.read_bytes() for stream in streams if isinstance(stream, pikepdf.Stream)
        )
        opened, closed = _depths(_SAVES_AND_RESTORES.findall(data))
        if not (opened or closed):
            return 0, 0
        found = pikepdf.parse_content_stream(page, operators="q Q")
        return _depths([str(one.operator).encode() for one in found])
    except pikepdf.PdfError:
        return 0, 0


def _depths(operators: Sequence[bytes]) -> tuple[int, int]:
    depth = lowest = 0
    for operator in operators:
        depth += 1 if operator == b"q" else -1
        lowest = min(lowest, depth)
    return depth - lowest, -lowest


# The file ---------------------------------------------------------------------------


def _save(assembly: Assembly, target: Path, options: PdfExportOptions, work: _Work) -> None:
    encryption: pikepdf.Encryption | bool = False
    if assembly.is_encrypted and not options.is_decrypted:
        encryption = True
        if not assembly.pdf.is_encrypted:
            password = assembly.password
            encryption = pikepdf.Encryption(owner=password, user=password, R=6)
    write_pdf(
        assembly.pdf,
        target,
        encryption=encryption,
        progress=lambda share: work.reached(_DRAWN_SHARE + (0.99 - _DRAWN_SHARE) * share),
    )


def write_pdf(
    pdf: pikepdf.Pdf,
    target: Path,
    *,
    encryption: pikepdf.Encryption | bool = False,
    progress: Callable[[float], None] = lambda _share: None,
    is_deterministic: bool = False,
) -> None:
    """Write a PDF whole or not at all, onto the medium itself.

    Args:
        pdf: What is written.
        target: The file; it is replaced.
        encryption: How; True keeps what the file had.
        progress: Gets the share that is written; what it raises ends the writing.
        is_deterministic: Whether the same content gives the same bytes; never for a file
            that is encrypted.

    Raises:
        AppError: what the disk says.
    """
    part = partial_path(target)
    with disk_errors(target):
        try:
            pikepdf.settings.set_flate_compression_level(_COMPRESSION)
            with part.open("wb") as file:
                pdf.save(
                    file,
                    encryption=encryption,
                    object_stream_mode=pikepdf.ObjectStreamMode.generate,
                    # What is compressed stays as it is; with encryption it always does.
                    stream_decode_level=(
                        None if encryption else pikepdf.StreamDecodeLevel.none
                    ),
                    progress=lambda percent: progress(percent / 100),
                    # An encrypted file never comes out alike, for its salt must be new.
                    deterministic_id=is_deterministic and not encryption,
                )
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            with suppress(OSError):
                part.unlink()
