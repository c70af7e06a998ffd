"""A PDF, open in a render process: its sheets, headings, links and pixels.

Sheet space is MuPDF's page space (points, crop box, the PDF's own rotation and user unit
applied, origin in the upper left corner), times a factor for sheets beyond any sensible size
(`sheet_factor`).

MuPDF is built without a JavaScript engine and asked for PDF alone: a document cannot make it
load anything else. All functions raise `UnreadableError` for what a file may do wrong.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from pymupdf import mupdf

from base.errors import ErrorCode
from whiteboard.services.rendering.native_memory import Mapped, samples_at

SHEETS_MAX: Final = 50_000
LISTS_KEPT: Final = 4
OUTLINE_ENTRIES_MAX: Final = 5_000
OUTLINE_LEVELS_MAX: Final = 16
TITLE_LETTERS_MAX: Final = 300
URL_LETTERS_MAX: Final = 2_000
LINKS_MAX: Final = 2_000

SIDE_MIN_PT: Final = 20.0
SIDE_MAX_PT: Final = 20_000.0
"""The longest side of a sheet is brought between these: 7 mm and 7 m."""

INK_MARK: Final = "KokubanInk"
PAGE_MARK: Final = "KokubanPage"
ITEMS_MARK: Final = "KokubanItems"
"""The names of `pdf_space`, which this process does not load."""
GLANCED_SHEETS: Final = 24
GLANCED_ANNOTATIONS: Final = 16

A4_PT: Final = (595.0, 842.0)
"""What a sheet that cannot be read is taken for."""

OUTWARD: Final = ("http://", "https://", "mailto:", "tel:")
"""Links that may be offered; others would lead into this display's own files."""

BYTES_PER_PIXEL: Final = 4

FILE_KEPT_BYTES: Final = 32 << 20
"""What was read of a larger file is let go after each job: the system's cache has it."""
READ_BYTES: Final = 1 << 20

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, sheet space."""

_MuPDFError: Final = mupdf.FzErrorBase


class UnreadableError(Exception):
    """The file, or a sheet of it, cannot be read.

    Args:
        code: What to tell people.
        detail: For the log.
    """

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail


class StoppedError(Exception):
    """The board stopped the job."""


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the outline; `sheet` is -1 where it leads nowhere."""

    title: str
    level: int
    sheet: int


@dataclass(frozen=True, slots=True)
class SheetLink:
    """A link; `sheet` is -1 for one that leads outside, which has a `url`."""

    box: Box
    sheet: int
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a sheet to paint: see `render_protocol.RenderJob`."""

    turns: int
    scale: float
    left: int
    top: int
    width: int
    height: int


def sheet_factor(width_pt: float, height_pt: float) -> float:
    """Return what a page's own points are multiplied with to be sheet space.

    1 for every page whose longest side is between `SIDE_MIN_PT` and `SIDE_MAX_PT`.
    """
    longest = max(width_pt, height_pt)
    if longest <= 0.0:
        return 1.0
    return min(max(longest, SIDE_MIN_PT), SIDE_MAX_PT) / longest


class SheetDocument:
    """A PDF file that is open.

    Args:
        file: Descriptor of the file; closed by the caller, before or after.
        password: Empty for none.
        cookie: `fz_cookie` through which the board stops a job.

    Raises:
        UnreadableError: it cannot be opened.
    """

    def __init__(self, file: int, password: str, cookie: mupdf.fz_cookie) -> None:
        self._cookie = cookie
        self._lists: OrderedDict[int, _Sheet] = OrderedDict()
        self._bytes = _FileBytes(file)
        try:
            self._pdf = self._bytes.open_pdf()
            self._document = self._pdf.super()
            self._unlock(password)
            self._sheets = self._count()
        except UnreadableError:
            self._bytes.close()
            raise

    def close(self) -> None:
        """Let go of the file; nothing else may be called after this."""
        self._lists.clear()
        del self._document, self._pdf
        self._bytes.close()

    @property
    def sheets(self) -> int:
        """How many sheets there are, at least 1."""
        return self._sheets

    @property
    def is_repaired(self) -> bool:
        """Whether the file was damaged."""
        return bool(mupdf.pdf_was_repaired(self._pdf))

    @property
    def has_our_ink(self) -> bool:
        """Whether the file carries ink of ours, as far as a glance tells.

        Exports say so in their catalog. A program that saved the file again may have dropped
        that; what it keeps of pages and annotations is looked for on the first pages.
        """
        try:
            root = mupdf.pdf_dict_gets(mupdf.pdf_trailer(self._pdf), "Root")
            if mupdf.pdf_to_bool(mupdf.pdf_dict_gets(root, INK_MARK)):
                return True
            return any(
                _is_inked(mupdf.pdf_lookup_page_obj(self._pdf, number))
                for number in range(min(self._sheets, GLANCED_SHEETS))
            )
        except _MuPDFError:
            return False

    def sizes(self) -> list[tuple[float, float]]:
        """Return width and height of each sheet, pt.

        Raises:
            UnreadableError: not one sheet can be read.
        """
        sizes = [self._size(number) for number in range(self._sheets)]
        if not any(sizes):
            raise UnreadableError(ErrorCode.DOCUMENT_DAMAGED, "no sheet can be read")
        return [size or A4_PT for size in sizes]

    def outline(self) -> list[Heading]:
        """Return the headings that can be read, in order."""
        try:
            first = mupdf.ll_fz_load_outline(self._document.m_internal)
        except _MuPDFError:
            return []
        if first is None:
            return []
        try:
            return list(self._headings(first))
        finally:
            mupdf.ll_fz_drop_outline(first)

    def links(self, number: int) -> list[SheetLink]:
        """Return the links of a sheet.

        Raises:
            UnreadableError: the sheet cannot be read.
        """
        sheet = self._sheet(number)
        try:
            first = mupdf.ll_fz_load_links(sheet.page.m_internal)
        except _MuPDFError:
            return []
        if first is None:
            return []
        found: list[SheetLink] = []
        link = first
        while link is not None and len(found) < LINKS_MAX:
            if (read := self._link(link, sheet)) is not None:
                found.append(read)
            link = link.next
        mupdf.ll_fz_drop_link(first)
        return found

    def text(self, number: int) -> tuple[mupdf.FzStextPage, float]:
        """Return the text of a sheet as MuPDF sees it, and the sheet's factor.

        Does not push out the display lists of other sheets: a search passes by all of them.

        Raises:
            UnreadableError: the sheet cannot be read.
            StoppedError: the board stopped the job.
        """
        sheet = self._lists.get(number) or self._load(number)
        options = mupdf.FzStextOptions()
        options.flags = mupdf.FZ_STEXT_PRESERVE_WHITESPACE | mupdf.FZ_STEXT_CLIP
        try:
            if sheet.shown is not None:
                text = mupdf.FzStextPage(sheet.shown, options)
            else:
                text = mupdf.FzStextPage(
                    mupdf.ll_fz_new_stext_page_from_page_with_cookie(
                        sheet.page.m_internal, options.internal(), self._cookie
                    )
                )
        except _MuPDFError as error:
            self._check_stopped()
            raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error
        self._check_stopped()
        return text, sheet.factor

    def render(self, number: int, part: Part, pixels: Mapped) -> None:
        """Paint a part of a sheet on white: B, G, R, 255 for each pixel, rows without gaps.

        Args:
            number: Sheet, from 0.
            part: Which part, how large and how turned.
            pixels: At least 4 * width * height bytes.

        Raises:
            UnreadableError: the sheet cannot be painted.
            StoppedError: the board stopped the job.
        """
        sheet = self._sheet(number)
        shown = self._list_of(sheet, number)
        rect = _int_rect(part)
        try:
            with _Canvas(rect, pixels) as canvas:
                mupdf.ll_fz_run_display_list(
                    shown.m_internal,
                    canvas.device,
                    sheet.transform(part.turns, part.scale),
                    mupdf.ll_fz_rect_from_irect(rect),
                    self._cookie,
                )
                canvas.finish()
        except _MuPDFError as error:
            self._check_stopped()
            raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error
        self._check_stopped()

    def forget_lists(self) -> None:
        """Give back what can be made anew."""
        self._lists.clear()

    def forget_file(self) -> None:
        """Give back what was read of the file; it costs little to look at it again."""
        self._bytes.forget()

    def _unlock(self, password: str) -> None:
        if not mupdf.pdf_needs_password(self._pdf):
            return
        if not password:
            raise UnreadableError(ErrorCode.DOCUMENT_ENCRYPTED, "needs a password")
        if not mupdf.pdf_authenticate_password(self._pdf, password):
            raise UnreadableError(ErrorCode.DOCUMENT_STILL_ENCRYPTED, "wrong password")

    def _count(self) -> int:
        try:
            count = int(mupdf.pdf_count_pages(self._pdf))
        except _MuPDFError as error:
            raise UnreadableError(ErrorCode.DOCUMENT_DAMAGED, str(error)) from error
        if count < 1:
            raise UnreadableError(ErrorCode.DOCUMENT_EMPTY, f"{count} pages")
        if count > SHEETS_MAX:
            raise UnreadableError(ErrorCode.DOCUMENT_TOO_LARGE, f"{count} pages")
        return count

    def _size(self, number: int) -> tuple[float, float] | None:
        try:
            page = mupdf.fz_load_page(self._document, number)
            bounds = mupdf.fz_bound_page(page)
        except _MuPDFError:
            return None
        width, height = bounds.x1 - bounds.x0, bounds.y1 - bounds.y0
        if not (width > 0.0 and height > 0.0):
            return None
        factor = sheet_factor(width, height)
        return max(width * factor, 1.0), max(height * factor, 1.0)

    def _sheet(self, number: int) -> _Sheet:
        if number in self._lists:
            self._lists.move_to_end(number)
            return self._lists[number]
        sheet = self._lists[number] = self._load(number)
        while len(self._lists) > LISTS_KEPT:
            self._lists.popitem(last=False)
        return sheet

    def _load(self, number: int) -> _Sheet:
        if not 0 <= number < self._sheets:
            raise UnreadableError(ErrorCode.PAGE_UNREADABLE, f"no sheet {number}")
        try:
            page = mupdf.fz_load_page(self._document, number)
            return _Sheet(page, mupdf.fz_bound_page(page))
        except _MuPDFError as error:
            raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error

    def _list_of(self, sheet: _Sheet, number: int) -> mupdf.FzDisplayList:
        if sheet.shown is not None:
            return sheet.shown
        try:
            shown = mupdf.FzDisplayList(sheet.bounds)
            device = mupdf.fz_new_list_device(shown)
            mupdf.ll_fz_run_page(
                sheet.page.m_internal,
                device.m_internal,
                _identity(),
                self._cookie,
            )
            mupdf.fz_close_device(device)
        except _MuPDFError as error:
            self._lists.pop(number, None)
            self._check_stopped()
            raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error
        self._check_stopped()
        sheet.shown = shown
        return shown

    def _check_stopped(self) -> None:
        if self._cookie.abort:
            raise StoppedError

    def _headings(self, first: mupdf.fz_outline) -> Iterator[Heading]:
        """Walk the tree without recursion: its depth is the file's to choose."""
        waiting: list[tuple[mupdf.fz_outline, int]] = [(first, 0)]
        count = 0
        while waiting and count < OUTLINE_ENTRIES_MAX:
            node, level = waiting.pop()
            if node.next is not None:
                waiting.append((node.next, level))
            if node.down is not None and level + 1 < OUTLINE_LEVELS_MAX:
                waiting.append((node.down, level + 1))
            count += 1
            title = _printable(node.title or "", TITLE_LETTERS_MAX)
            if title:
                page = node.page.page
                yield Heading(title, level, page if 0 <= page < self._sheets else -1)

    def _link(self, link: mupdf.fz_link, sheet: _Sheet) -> SheetLink | None:
        box = sheet.box(link.rect)
        uri = link.uri or ""
        if uri.lower().startswith(OUTWARD):
            return SheetLink(box, -1, _printable(uri, URL_LETTERS_MAX))
        if mupdf.ll_fz_is_external_link(uri):
            return None
        try:
            where, _x, _y = mupdf.ll_fz_resolve_link(self._document.m_internal, uri)
        except _MuPDFError:
            return None
        if not 0 <= where.page < self._sheets:
            return None
        return SheetLink(box, where.page, "")


class _Sheet:
    """A page that is loaded, with its display list once it was painted or read."""

    def __init__(self, page: mupdf.FzPage, bounds: mupdf.FzRect) -> None:
        self.page = page
        self.bounds = bounds
        self.shown: mupdf.FzDisplayList | None = None
        self._width = max(bounds.x1 - bounds.x0, 1e-3)
        self._height = max(bounds.y1 - bounds.y0, 1e-3)
        self.factor = sheet_factor(self._width, self._height)

    def box(self, rect: mupdf.fz_rect) -> Box:
        """Return a rectangle of MuPDF's in sheet space."""
        factor, left, top = self.factor, self.bounds.x0, self.bounds.y0
        return (
            (rect.x0 - left) * factor,
            (rect.y0 - top) * factor,
            (rect.x1 - left) * factor,
            (rect.y1 - top) * factor,
        )

    def transform(self, turns: int, scale: float) -> mupdf.fz_matrix:
        """Return the `fz_matrix` from page space to the turned sheet's pixels."""
        size = scale * self.factor
        width, height = self._width * size, self._height * size
        a, b, c, d, e, f = (
            (size, 0.0, 0.0, size, 0.0, 0.0),
            (0.0, size, -size, 0.0, height, 0.0),
            (-size, 0.0, 0.0, -size, width, height),
            (0.0, -size, size, 0.0, 0.0, width),
        )[turns % 4]
        x, y = self.bounds.x0, self.bounds.y0
        return mupdf.ll_fz_make_matrix(a, b, c, d, e - x * a - y * c, f - x * b - y * d)


class _FileBytes:
    """The bytes of a file under MuPDF: mapped, so that a large file takes no memory.

    Reading through a descriptor would move the place in the file under the other process,
    which has the same descriptor.
    """

    def __init__(self, file: int) -> None:
        length = os.lseek(file, 0, os.SEEK_END)
        if length == 0:
            raise UnreadableError(ErrorCode.DOCUMENT_DAMAGED, "an empty file")
        self._mapped: Mapped | None = None
        self._stream = self._map(file, length) or _read(file, length)

    def open_pdf(self) -> mupdf.PdfDocument:
        try:
            return mupdf.PdfDocument(self._stream)
        except _MuPDFError as error:
            raise UnreadableError(ErrorCode.DOCUMENT_DAMAGED, str(error)) from error

    def forget(self) -> None:
        if self._mapped is not None and self._mapped.length > FILE_KEPT_BYTES:
            self._mapped.forget()

    def _map(self, file: int, length: int) -> mupdf.FzStream | None:
        """Return None where the file system or the binding does not allow it."""
        try:
            mapped = Mapped(file, length, is_read_only=True)
        except OSError:
            return None
        samples = samples_at(mapped.address)
        if samples is None:
            mapped.close()
            return None
        self._mapped = mapped
        return mupdf.FzStream(mupdf.ll_fz_open_memory(samples, length))

    def close(self) -> None:
        """Unmap the file; nothing may be read of it any more."""
        mapped, self._mapped = self._mapped, None
        if mapped is not None:
            mapped.close()


def _read(file: int, length: int) -> mupdf.FzStream:
    pieces = []
    place = 0
    while place < length:
        piece = os.pread(file, min(length - place, READ_BYTES), place)
        if not piece:
            break
        pieces.append(piece)
        place += len(piece)
    return mupdf.fz_open_buffer(mupdf.fz_new_buffer_from_copied_data(b"".join(pieces)))


class _Canvas:
    """A draw device over memory of ours; over memory of its own where that cannot be."""

    def __init__(self, rect: mupdf.fz_irect, pixels: Mapped) -> None:
        self._pixels = pixels
        self._bytes = (rect.x1 - rect.x0) * (rect.y1 - rect.y0) * BYTES_PER_PIXEL
        samples = samples_at(pixels.address)
        self._is_shared = samples is not None
        colours = mupdf.ll_fz_device_bgr()
        self._pixmap = (
            mupdf.ll_fz_new_pixmap_with_bbox_and_data(colours, rect, None, 1, samples)
            if self._is_shared
            else mupdf.ll_fz_new_pixmap_with_bbox(colours, rect, None, 1)
        )
        mupdf.ll_fz_clear_pixmap_with_value(self._pixmap, 255)
        self.device = mupdf.ll_fz_new_draw_device(_identity(), self._pixmap)

    def __enter__(self) -> _Canvas:
        return self

    def __exit__(self, *_: object) -> None:
        mupdf.ll_fz_drop_device(self.device)
        mupdf.ll_fz_drop_pixmap(self._pixmap)

    def finish(self) -> None:
        """Flush what is not painted yet."""
        mupdf.ll_fz_close_device(self.device)
        if not self._is_shared:
            samples = mupdf.ll_fz_pixmap_samples_memoryview(self._pixmap)
            self._pixels.write(samples[: self._bytes])


def _is_inked(page: mupdf.PdfObj) -> bool:
    """Return whether a page has something of ours that another program left in place."""
    if mupdf.pdf_is_dict(mupdf.pdf_dict_gets(page, PAGE_MARK)):
        return True
    annotations = mupdf.pdf_dict_gets(page, "Annots")
    count = min(int(mupdf.pdf_array_len(annotations)), GLANCED_ANNOTATIONS)
    ours = (
        mupdf.pdf_dict_gets(mupdf.pdf_array_get(annotations, place), ITEMS_MARK)
        for place in range(count)
    )
    return any(mupdf.pdf_is_stream(one) or mupdf.pdf_is_dict(one) for one in ours)


def _identity() -> mupdf.fz_matrix:
    return mupdf.ll_fz_make_matrix(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _int_rect(part: Part) -> mupdf.fz_irect:
    return mupdf.ll_fz_make_irect(
        part.left, part.top, part.left + part.width, part.top + part.height
    )


def _printable(text: str, letters: int) -> str:
    """Return text in one line, without what a screen cannot show."""
    kept = "".join(c if c.isprintable() else " " for c in text[:letters])
    return " ".join(kept.split())
