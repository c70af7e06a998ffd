"""A render process: `python -m …rendering.render_worker SOCKET CONTROL PARENT`.

It reads jobs from a socket, one at a time, and answers each (`render_protocol`). It ends when
the board does. PyMuPDF is loaded here and nowhere in the board's own process.
"""

from __future__ import annotations

import codecs
import os
import socket
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from base.errors import ErrorCode
from whiteboard.model.text_folding import fold
from whiteboard.services.rendering import confinement, worker_limits
from whiteboard.services.rendering.native_memory import Mapped, cookie_at
from whiteboard.services.rendering.render_protocol import (
    CONTROL_BYTES,
    Answer,
    CloseJob,
    Frames,
    Job,
    Json,
    LinksJob,
    OpenJob,
    ProtocolError,
    RenderJob,
    SearchJob,
    Source,
    WordsJob,
    descriptors_of,
    pack_answer,
    pack_message,
    parse_job,
)
from whiteboard.services.rendering.sheet_document import (
    Part,
    SheetDocument,
    StoppedError,
    UnreadableError,
)
from whiteboard.services.rendering.sheet_text import (
    QUERY_LETTERS_MAX,
    hits_in,
    read_lines,
    read_plain,
    words_of,
)

ADDED_MEMORY_BYTES: Final = 1536 << 20
"""Room for a photo of 100 megapixels and what it is decoded from; more is refused."""

DOCUMENTS_OPEN: Final = 3
TEXT_KEPT_LETTERS: Final = 4_000_000
"""Folded text kept for the next search: a book of 1,000 pages."""

TRIM_ABOVE_BYTES: Final = 110 << 20
"""Above this after a job, what can be made anew is given back."""

LATE_CODECS: Final = ("raw_unicode_escape", "unicode_escape", "utf-16", "latin-1")
"""What Python loads from files when PyMuPDF first uses it, which is too late here."""

_READ_BYTES: Final = 1 << 16
_DESCRIPTORS_MAX: Final = 8


class RenderWorker:
    """Does jobs.

    Args:
        control: Memory shared with the board, laid out as `render_protocol` says.
    """

    def __init__(self, control: Mapped) -> None:
        self._control = control  # the cookie lies in it
        self._cookie = cookie_at(control.address)
        self._documents: OrderedDict[Source, SheetDocument] = OrderedDict()
        self._texts: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._letters = 0
        self._file = -1

    def answer(self, number: int, job: Job, descriptors: Sequence[int]) -> Answer | None:
        """Do a job.

        Args:
            number: Its number.
            job: What to do.
            descriptors: As many as `render_protocol.descriptors_of` says: of the document and
                of the memory to paint into; closed by the caller.

        Returns:
            What became of it; None for a job that is not answered.
        """
        if isinstance(job, CloseJob):
            self._close(job.document)
            return None
        self._cookie.progress = 0
        self._cookie.errors = 0
        self._cookie.incomplete = 0
        self._file, *memory = descriptors
        value: dict[str, Json] | None = None
        error, detail = None, ""
        try:
            value = self._do(job, memory)
        except StoppedError:
            pass
        except UnreadableError as fault:
            error, detail = fault.code, fault.detail
        except (MemoryError, OSError, ValueError, RuntimeError) as fault:
            # Whatever a strange file leads to is that file's fault; the next job is done.
            error, detail = ErrorCode.PAGE_UNREADABLE, repr(fault)
        self._shed()
        return Answer(number, value, error, detail[:500], worker_limits.private_bytes())

    def _do(self, job: Job, memory: Sequence[int]) -> dict[str, Json]:
        match job:
            case OpenJob():
                return self._open(job)
            case RenderJob():
                return self._render(job, *memory)
            case WordsJob():
                return self._words(job)
            case LinksJob():
                return self._links(job)
            case SearchJob():
                return self._search(job)
            case CloseJob():
                return {}

    def _document(self, source: Source) -> SheetDocument:
        if source in self._documents:
            self._documents.move_to_end(source)
            return self._documents[source]
        # A document that comes from another place or with a password replaces the old one.
        self._close(source.document)
        document = SheetDocument(self._file, source.password, self._cookie)
        self._documents[source] = document
        while len(self._documents) > DOCUMENTS_OPEN:
            oldest = next(iter(self._documents))
            self._close(oldest.document)
        return document

    def _close(self, document: str) -> None:
        for source in [s for s in self._documents if s.document == document]:
            self._documents.pop(source).close()
        for key in [k for k in self._texts if k[0] == document]:
            self._letters -= len(self._texts.pop(key))

    def _open(self, job: OpenJob) -> dict[str, Json]:
        document = self._document(job.source)
        sizes = document.sizes()
        outline = document.outline() if job.with_outline else []
        return {
            "sizes": [[width, height] for width, height in sizes],
            "outline": [[entry.title, entry.level, entry.sheet] for entry in outline],
            "is_repaired": document.is_repaired,
            "has_our_ink": document.has_our_ink,
        }

    def _render(self, job: RenderJob, memory: int) -> dict[str, Json]:
        document = self._document(job.source)
        part = Part(job.turns, job.scale, job.left, job.top, job.width, job.height)
        pixels = Mapped(memory, 4 * job.width * job.height)
        try:
            document.render(job.number, part, pixels)
        finally:
            pixels.close()
        return {}

    def _words(self, job: WordsJob) -> dict[str, Json]:
        lines = read_lines(*self._document(job.source).text(job.number))
        return {"words": [[w.text, *w.box, w.line] for w in words_of(lines)]}

    def _links(self, job: LinksJob) -> dict[str, Json]:
        links = self._document(job.source).links(job.number)
        return {"links": [[*link.box, link.sheet, link.url] for link in links]}

    def _search(self, job: SearchJob) -> dict[str, Json]:
        document = self._document(job.source)
        query = fold(job.query[:QUERY_LETTERS_MAX])
        end_s = time.monotonic() + job.budget_s
        hits: list[Json] = []
        number = job.first
        last = min(job.last, document.sheets)
        while number < last:
            hits += self._search_sheet(document, job.source.document, number, query)
            number += 1
            if time.monotonic() >= end_s or len(hits) >= job.hits_max:
                break
            if self._cookie.abort:
                raise StoppedError
        return {"hits": hits, "next": number, "sheets": document.sheets}

    def _search_sheet(
        self, document: SheetDocument, name: str, number: int, query: str
    ) -> list[Json]:
        kept = self._texts.get((name, number))
        if kept is not None and query not in kept:
            return []
        try:
            page, factor = document.text(number)
            folded = kept if kept is not None else fold(read_plain(page))
            hits = hits_in(read_lines(page, factor), query) if query in folded else []
        except UnreadableError:
            return []  # a sheet without text that can be read has no hits
        if kept is None:
            self._keep(name, number, folded)
        return [[number, [list(box) for box in hit.boxes], hit.around] for hit in hits]

    def _keep(self, name: str, number: int, folded: str) -> None:
        self._texts[name, number] = folded
        self._letters += len(folded)
        while self._letters > TEXT_KEPT_LETTERS:
            self._letters -= len(self._texts.popitem(last=False)[1])

    def _shed(self) -> None:
        for document in self._documents.values():
            document.forget_file()
        if worker_limits.private_bytes() <= TRIM_ABOVE_BYTES:
            return
        shrink_store()
        worker_limits.trim_heap()
        if worker_limits.private_bytes() > TRIM_ABOVE_BYTES:
            for document in self._documents.values():
                document.forget_lists()
            worker_limits.trim_heap()


def shrink_store() -> None:
    """Let MuPDF forget the decoded images, fonts and shadings it keeps."""
    from pymupdf import mupdf

    mupdf.ll_fz_empty_store()


def serve(channel: socket.socket, control: Mapped, missing: Sequence[str]) -> None:
    """Answer jobs until the board closes the channel.

    Args:
        channel: To the board.
        control: Memory shared with it.
        missing: What the kernel lacks to confine this process.
    """
    worker = RenderWorker(control)
    frames = Frames()
    given: deque[int] = deque()
    channel.sendall(pack_message({"ready": os.getpid(), "missing": list(missing)}))
    while True:
        data, descriptors, _flags, _address = socket.recv_fds(
            channel, _READ_BYTES, _DESCRIPTORS_MAX
        )
        given.extend(descriptors)
        if not data:
            return
        frames.feed(data)
        for message in frames.take():
            number, job = parse_job(message)
            if len(given) < descriptors_of(job):
                raise ProtocolError("a job without its descriptors")
            its_own = [given.popleft() for _place in range(descriptors_of(job))]
            try:
                answer = worker.answer(number, job, its_own)
            finally:
                for descriptor in its_own:
                    os.close(descriptor)
            if answer is not None:
                channel.sendall(pack_answer(answer))


def main(arguments: list[str]) -> int:
    """Be a render process.

    Args:
        arguments: Descriptor of the socket, of the control memory, process id of the board.

    Returns:
        The exit code.
    """
    channel_at, control_at, parent = map(int, arguments)
    worker_limits.die_with_parent(parent)
    worker_limits.step_back()
    worker_limits.return_freed_memory()
    worker_limits.limit_reach(ADDED_MEMORY_BYTES)
    from pymupdf import mupdf

    # MuPDF's own complaints would go to the terminal; what matters comes back as an answer.
    mupdf.fz_set_error_callback(None)
    mupdf.fz_set_warning_callback(None)
    for name in LATE_CODECS:
        codecs.lookup(name)
    control = Mapped(control_at, CONTROL_BYTES)
    os.close(control_at)
    try:
        with socket.socket(fileno=channel_at) as channel:
            serve(channel, control, confinement.confine_renderer())
    except (ProtocolError, BrokenPipeError, ConnectionResetError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
