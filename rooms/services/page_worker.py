"""The page process: `python -m rooms.services.page_worker SOCKET PARENT`.

It makes pictures of pages, one job at a time (`page_protocol`), confined (`confinement`).
MuPDF and Pillow read strangers' files here and nowhere else in the service.
"""

from __future__ import annotations

import array
import codecs
import ctypes
import io
import mmap
import os
import resource
import socket
import sys
from collections import OrderedDict
from typing import Final

import pymupdf
from PIL import Image
from pymupdf import mupdf

from rooms.services import confinement
from rooms.services.page_protocol import (
    ANSWER,
    ANSWER_BYTES_MAX,
    JOB,
    SHEETS_MAX,
    SIDE_MAX_PT,
    SIDE_MIN_PT,
    SIZE,
    JobKind,
    PageAnswer,
    PageJob,
    State,
    parse_job,
)
from rooms.services.photo_page import TooLargeError, photo_page

ADDED_MEMORY_BYTES: Final = 1 << 30
KEPT_MEMORY_BYTES: Final = 150 << 20
"""Above this after a job, what can be made anew is given back."""
DOCUMENTS_OPEN: Final = 3
LISTS_KEPT: Final = 4
TALLEST: Final = 3
"""A picture is at most so many times as high as wide; that of a longer sheet is narrower."""
WEBP_QUALITY: Final = 80
WEBP_METHOD: Final = 2
"""Of 0 to 6: at 4 a picture of 2560 px takes 150 ms instead of 62 and is 5 % smaller."""
A4_PT: Final = (595.0, 842.0)

# In the picture, since everybody in the room sees the same one, whatever their language.
SENTENCE: Final = ("このページは表示できません。", "This page cannot be shown.")
GREY: Final = (0.35, 0.35, 0.35)
_LATE_CODECS: Final = ("raw_unicode_escape", "unicode_escape", "utf-16", "latin-1", "cp1252")
"""What Python loads from files when it is first used, which is too late here."""
_PROBES: Final = ("PNG", "JPEG", "WEBP", "GIF")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3

_libc: Final = ctypes.CDLL(None)


class UnreadableError(Exception):
    """The file, or a sheet of it, cannot be read."""

    def __init__(self, state: State, detail: str) -> None:
        super().__init__(detail)
        self.state = state


class _Document:
    """A PDF that is open; its file is mapped, so that a large one takes no memory."""

    def __init__(self, file: int) -> None:
        self._mapped = _mapped(file)
        data = mupdf.python_buffer_data(memoryview(self._mapped))
        self._stream = mupdf.FzStream(mupdf.ll_fz_open_memory(data, len(self._mapped)))
        self._pdf = mupdf.PdfDocument(self._stream)
        if mupdf.pdf_needs_password(self._pdf):
            raise UnreadableError(State.ENCRYPTED, "needs a password")
        self._document = self._pdf.super()
        self._lists: OrderedDict[int, mupdf.FzDisplayList] = OrderedDict()

    def sizes(self) -> bytes:
        count = int(mupdf.pdf_count_pages(self._pdf))
        if count > SHEETS_MAX:
            raise UnreadableError(State.TOO_LARGE, f"{count} sheets")
        sizes = [self._size(number) for number in range(count)]
        if not any(sizes):
            raise UnreadableError(State.UNREADABLE, "no sheet can be read")
        return b"".join(SIZE.pack(*(size or A4_PT)) for size in sizes)

    def picture(self, sheet: int, width: int) -> bytes:
        shown = self._list_of(sheet)
        bounds = mupdf.fz_bound_display_list(shown)
        across, down = bounds.x1 - bounds.x0, bounds.y1 - bounds.y0
        if not (across > 0 and down > 0):
            raise UnreadableError(State.UNREADABLE, "a sheet without a size")
        scale = min(width / across, TALLEST * width / down)
        moved = mupdf.FzMatrix(scale, 0, 0, scale, -bounds.x0 * scale, -bounds.y0 * scale)
        pixels = mupdf.fz_new_pixmap_from_display_list(shown, moved, mupdf.fz_device_rgb(), 0)
        samples = mupdf.ll_fz_pixmap_samples_memoryview(pixels.m_internal)
        size = (pixels.w(), pixels.h())
        return _webp(Image.frombuffer("RGB", size, samples, "raw", "RGB", pixels.stride(), 1))

    def forget_lists(self) -> None:
        self._lists.clear()

    def _list_of(self, sheet: int) -> mupdf.FzDisplayList:
        if sheet in self._lists:
            self._lists.move_to_end(sheet)
            return self._lists[sheet]
        page = mupdf.fz_load_page(self._document, sheet)
        shown = self._lists[sheet] = mupdf.fz_new_display_list_from_page(page)
        while len(self._lists) > LISTS_KEPT:
            self._lists.popitem(last=False)
        return shown

    def _size(self, sheet: int) -> tuple[float, float] | None:
        try:
            bounds = mupdf.fz_bound_page(mupdf.fz_load_page(self._document, sheet))
        except mupdf.FzErrorBase:
            return None
        width, height = bounds.x1 - bounds.x0, bounds.y1 - bounds.y0
        if not (width > 0 and height > 0):
            return None
        longest = max(width, height)
        factor = min(max(longest, SIDE_MIN_PT), SIDE_MAX_PT) / longest
        return max(width * factor, 1.0), max(height * factor, 1.0)


class PageWorker:
    """Does jobs."""

    def __init__(self) -> None:
        self._documents: OrderedDict[bytes, _Document] = OrderedDict()

    def answer(self, job: PageJob, file: int | None) -> PageAnswer:
        """Do a job.

        Args:
            job: What to do.
            file: Descriptor of the file it is about; closed by the caller.
        """
        try:
            answer = PageAnswer(State.DONE, self._do(job, file))
        except UnreadableError as error:
            answer = PageAnswer(error.state, b"")
        except TooLargeError:
            answer = PageAnswer(State.TOO_LARGE, b"")
        except Exception:  # noqa: BLE001  (whatever a strange file leads to is its own fault)
            answer = PageAnswer(State.UNREADABLE, b"")
        self._shed()
        return answer

    def _do(self, job: PageJob, file: int | None) -> bytes:
        if job.kind is JobKind.SENTENCE:
            return sentence_picture(job.width, job.size_pt)
        if file is None:
            raise UnreadableError(State.UNREADABLE, "no file came with it")
        if job.kind is JobKind.PHOTO:
            with _mapped(file) as mapped:
                return photo_page(io.BytesIO(mapped))
        document = self._document(job.document, file)
        if job.kind is JobKind.OPEN:
            return document.sizes()
        return document.picture(job.sheet, job.width)

    def _document(self, name: bytes, file: int) -> _Document:
        if name in self._documents:
            self._documents.move_to_end(name)
            return self._documents[name]
        document = self._documents[name] = _Document(file)
        while len(self._documents) > DOCUMENTS_OPEN:
            self._documents.popitem(last=False)
        return document

    def _shed(self) -> None:
        if _private_bytes() <= KEPT_MEMORY_BYTES:
            return
        mupdf.ll_fz_empty_store()
        _libc.malloc_trim(0)
        if _private_bytes() > KEPT_MEMORY_BYTES:
            for document in self._documents.values():
                document.forget_lists()
            _libc.malloc_trim(0)


def sentence_picture(width: int, size_pt: tuple[float, float]) -> bytes:
    """Return a picture that says that there is none, in the shape of the sheet, WebP."""
    across, down = size_pt if min(size_pt) > 0 else A4_PT
    down = min(down, TALLEST * across)
    with pymupdf.open() as document:
        page = document.new_page(width=across, height=down)
        font = pymupdf.Font("cjk")
        longest = max(font.text_length(line, 1) for line in SENTENCE)
        size = min(0.7 * across / longest, down / 8)
        writer = pymupdf.TextWriter(page.rect)
        for number, line in enumerate(SENTENCE):
            left = (across - font.text_length(line, size)) / 2
            writer.append((left, down / 2 + (1.8 * number - 0.4) * size), line, font, size)
        writer.write_text(page, color=GREY)
        scale = width / across
        pixels = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), alpha=False)
    return _webp(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples))


def _mapped(file: int) -> mmap.mmap:
    # With its length: `mmap` cannot ask for it any more.
    return mmap.mmap(file, os.lseek(file, 0, os.SEEK_END), prot=mmap.PROT_READ)


def _webp(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return data.getvalue()


def _private_bytes() -> int:
    fields = os.pread(_STATM, 256, 0).split()
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()


def _warm_up() -> None:
    """Do everything once: what is loaded late cannot be loaded later."""
    for name in _LATE_CODECS:
        codecs.lookup(name)
    sentence_picture(64, A4_PT)
    for form in _PROBES:
        probe = io.BytesIO()
        Image.new("RGB", (8, 8), "white").save(probe, form)
        probe.seek(0)
        photo_page(probe)
    mupdf.fz_set_error_callback(None)
    mupdf.fz_set_warning_callback(None)


def serve(channel: socket.socket, *, is_confined: bool) -> None:
    """Answer jobs until the service closes the channel."""
    worker = PageWorker()
    channel.sendall(ANSWER.pack(0, int(is_confined), 0))
    while (received := _receive(channel)) is not None:
        data, files = received
        number, job = parse_job(data)
        try:
            answer = worker.answer(job, files[0] if files else None)
        finally:
            for file in files:
                os.close(file)
        if len(answer.data) > ANSWER_BYTES_MAX:
            answer = PageAnswer(State.TOO_LARGE, b"")
        channel.sendall(ANSWER.pack(number, answer.state, len(answer.data)))
        channel.sendall(answer.data)


def _receive(channel: socket.socket) -> tuple[bytes, array.array[int]] | None:
    """Return a job and the descriptors that came with it; None at the end."""
    data, files = b"", array.array("i")
    while len(data) < JOB.size:
        piece, given, _flags, _address = socket.recv_fds(channel, JOB.size - len(data), 4)
        if not piece:
            return None
        data += piece
        files.extend(given)
    return data, files


def main(arguments: list[str]) -> int:
    """Be the page process.

    Args:
        arguments: Descriptor of the socket, process id of the service.

    Returns:
        The exit code.
    """
    channel_at, parent = map(int, arguments)
    confinement.die_with_parent(parent)
    # Big blocks go back to the system when they are freed.
    _libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
    _libc.mallopt(_M_TRIM_THRESHOLD, 8 << 20)
    _warm_up()
    confinement.limit_reach(ADDED_MEMORY_BYTES, 0)
    try:
        with socket.socket(fileno=channel_at) as channel:
            serve(channel, is_confined=confinement.allow_computing())
    except (BrokenPipeError, ConnectionResetError):
        return 1
    return 0


_STATM: Final = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
