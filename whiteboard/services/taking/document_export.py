"""A board on documents to a PDF: packed here, written by a process of its own.

The export begins on the UI thread (`DocumentExport.plan`), where the board and the passwords
are, and is done on a worker thread (`take_pdf`, `print_pdf_of`), which waits for the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import structlog
from PySide6.QtCore import QObject

from base.errors import AppError, ErrorCode
from whiteboard.model.board_words import FileName
from whiteboard.model.page import Page
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_intake import RunElsewhere
from whiteboard.services.documents.document_store import CancelledError
from whiteboard.services.painting.snapshot import BoardSnapshot
from whiteboard.services.pdf.pdf_packing import pack_pages
from whiteboard.services.pdf.pdf_wish import EXPORT_JOB, PdfMode, partial_path
from whiteboard.services.rendering.long_errands import LongErrands
from whiteboard.services.rendering.render_protocol import Json
from whiteboard.services.taking.board_jobs import Place, Taken, write_named
from whiteboard.services.taking.printing import Printer, print_pdf

TIMEOUT_S: Final = 1800.0
"""A thousand pages full of ink onto a slow stick; who does not want to wait cancels."""
_PACKED_SHARE: Final = 0.05
_SUFFIX: Final = ".pdf"
_GONE: Final = frozenset({ErrorCode.NOT_FOUND, ErrorCode.BOARD_DAMAGED})


@dataclass(frozen=True, slots=True)
class PdfWish:
    """How a PDF is to be.

    Attributes:
        when: Now, with its time zone.
        mode: How ink is in it.
        is_on_white: Whether blackboards become white, as for paper.
        is_decrypted: Whether documents that need a password are written without it.
        notes: What only the presenter sees, by page id, where it was asked for.
        notes_heading: Returns the heading above the notes of a page, its number among the
            pages from 1.
        people: Names by the id of a person, for the author of annotations.
    """

    when: datetime
    mode: PdfMode = PdfMode.ANNOTATED
    is_on_white: bool = False
    is_decrypted: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    notes_heading: Callable[[int], str] = str
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PdfPlan:
    """All that the worker thread needs.

    Attributes:
        snapshot: The pages.
        wish: How the file is to be.
        passwords: What opens each document under the pages; empty where nothing is needed.
    """

    snapshot: BoardSnapshot
    wish: PdfWish
    passwords: Mapping[str, str]


class ExportPool(Protocol):
    """What runs long jobs and knows what opened each document: a `RenderPool`."""

    @property
    def run(self) -> RunElsewhere:
        """See `RenderPool.run`."""

    def password(self, document: str) -> str:
        """See `RenderPool.password`."""


class DocumentExport(QObject):
    """Makes PDFs of a board whose pages lie on documents. Belongs to the UI thread.

    Args:
        pool: Runs the job.
        fetch: Returns where a document lies, or raises AppError; on a worker thread.
        workshop: Gives a folder for as long as something is made; on a worker thread.
    """

    def __init__(
        self,
        pool: ExportPool,
        fetch: Callable[[str], Path],
        workshop: Callable[[], AbstractContextManager[Path]],
    ) -> None:
        super().__init__()
        self._pool = pool
        self._fetch = fetch
        self._workshop = workshop
        self._errands = LongErrands(pool.run, self)
        self._log = structlog.get_logger(__name__)

    def is_locked(self, documents: Iterable[str]) -> bool:
        """Return whether a password was needed to open one of these documents."""
        return any(map(self._pool.password, documents))

    def plan(self, snapshot: BoardSnapshot, wish: PdfWish) -> PdfPlan:
        """Take along what only this thread knows."""
        pages = [one.page for one in snapshot.pages]
        passwords = {name: self._pool.password(name) for name in documents_of(pages)}
        return PdfPlan(snapshot, wish, passwords)

    def shutdown(self) -> None:
        """Kill what runs and let everybody go who waits."""
        self._errands.shutdown()

    # Worker thread ------------------------------------------------------------------------

    def write(
        self,
        plan: PdfPlan,
        target: Path,
        *,
        on_progress: Callable[[float], None],
        is_cancelled: Callable[[], bool],
    ) -> int | None:
        """Write a PDF, whole or not at all. Blocks; for worker threads.

        A page whose document is nowhere any more goes on white paper: its ink is not lost.

        Args:
            plan: What.
            target: The file; nothing of that name is there.
            on_progress: Gets the share that is done, 0..1; on either thread.
            is_cancelled: Asked often.

        Returns:
            How many pages lack their document; None when it was cancelled, and then nothing
            was written.

        Raises:
            AppError: DISK_FULL, READ_ONLY, MEDIUM_GONE; DOCUMENT_ENCRYPTED,
                DOCUMENT_DAMAGED, PAGE_UNREADABLE; EXPORT_FAILED, TOOK_TOO_LONG.
        """
        _check_writable(target)
        paths = self._find(plan)
        missing = frozenset(plan.passwords) - frozenset(paths)
        snapshot = _without(plan.snapshot, missing)
        lacking = sum(one.page.sheet is None for one in snapshot.pages) - sum(
            one.page.sheet is None for one in plan.snapshot.pages
        )
        with self._workshop() as folder:
            package = folder / "package"
            is_packed = pack_pages(
                snapshot,
                package,
                on_white=plan.wish.is_on_white,
                notes=plan.wish.notes,
                notes_heading=plan.wish.notes_heading,
                is_cancelled=is_cancelled,
            )
            if not is_packed:
                return None
            on_progress(_PACKED_SHARE)
            is_written = self._run(
                _arguments(plan, package, paths, target), target, on_progress, is_cancelled
            )
        return lacking if is_written else None

    def print_out(
        self,
        plan: PdfPlan,
        printer: Printer,
        title: str,
        *,
        on_progress: Callable[[float], None],
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Print pages; return whether they went to the printer. Blocks; for worker threads.

        Args:
            plan: What; flattened and without passwords, or printers cannot read it.
            printer: Where.
            title: What the printer's list calls it.
            on_progress: As `write`.
            is_cancelled: Asked until the printer gets it.

        Raises:
            AppError: as `write`; NO_PRINTER, PRINT_FAILED.
        """
        with self._workshop() as folder:
            path = folder / "print.pdf"
            done = self.write(plan, path, on_progress=on_progress, is_cancelled=is_cancelled)
            if done is None or is_cancelled():
                return False
            with disk_errors(path):
                pdf = path.read_bytes()
        print_pdf(pdf, title, printer)
        return True

    def _find(self, plan: PdfPlan) -> dict[str, Path]:
        paths = {}
        for document in plan.passwords:
            try:
                paths[document] = self._fetch(document)
            except AppError as error:
                if error.code not in _GONE:
                    raise
                self._log.warning("a document is missing in an export", reason=str(error))
        return paths

    def _run(
        self,
        arguments: Mapping[str, Json],
        target: Path,
        on_progress: Callable[[float], None],
        is_cancelled: Callable[[], bool],
    ) -> bool:
        def progress(share: float) -> None:
            on_progress(_PACKED_SHARE + (1.0 - _PACKED_SHARE) * share)

        try:
            return bool(
                self._errands.run(EXPORT_JOB, arguments, progress, is_cancelled, TIMEOUT_S)
            )
        except CancelledError:
            # It may have been done at that very moment; nothing had this name before.
            with suppress(OSError):
                target.unlink()
            return False
        finally:
            # A process that was killed leaves what it had written so far.
            with suppress(OSError):
                partial_path(target).unlink()


def take_pdf(
    export: DocumentExport,
    plan: PdfPlan,
    place: Place,
    name: FileName,
    *,
    on_progress: Callable[[float], None],
    is_cancelled: Callable[[], bool],
) -> Taken | None:
    """Write a PDF to a place under a name that nothing there has. Blocks.

    Args:
        export: Writes it.
        plan: What.
        place: Where.
        name: Name of the file.
        on_progress: See `DocumentExport.write`.
        is_cancelled: The same.

    Returns:
        What was written; None when it was cancelled, and then nothing was.

    Raises:
        AppError: see `DocumentExport.write`.
    """
    lacking = 0

    def write(stem: str) -> tuple[Path, ...]:
        nonlocal lacking
        path = place.folder / f"{stem}{_SUFFIX}"
        done = export.write(plan, path, on_progress=on_progress, is_cancelled=is_cancelled)
        if done is None:
            return ()
        lacking = done
        return (path,)

    files = write_named(place, name, _SUFFIX, write)
    return Taken(files, place, lacking) if files else None


def documents_of(pages: Iterable[Page]) -> tuple[str, ...]:
    """Return the ids of the documents under pages, in the order of the pages."""
    sheets = (page.sheet for page in pages)
    return tuple(dict.fromkeys(sheet.document for sheet in sheets if sheet is not None))


def _without(snapshot: BoardSnapshot, missing: frozenset[str]) -> BoardSnapshot:
    """Return pages on white paper where their documents are missing."""
    if not missing:
        return snapshot
    pages = tuple(
        replace(one, page=replace(one.page, sheet=None)).on_white()
        if one.page.sheet is not None and one.page.sheet.document in missing
        else one
        for one in snapshot.pages
    )
    return replace(snapshot, pages=pages)


def _arguments(
    plan: PdfPlan, package: Path, paths: Mapping[str, Path], target: Path
) -> dict[str, Json]:
    wish = plan.wish
    sources: list[Json] = [
        {"document": document, "path": str(path), "password": plan.passwords[document]}
        for document, path in paths.items()
    ]
    return {
        "package": str(package),
        "sources": sources,
        "target": str(target),
        "mode": wish.mode.value,
        "is_decrypted": wish.is_decrypted,
        "people": dict(wish.people),
        "when": wish.when.isoformat(),
    }


def _check_writable(target: Path) -> None:
    """Make sure that a file can be made, before anything long begins.

    Here the system's own words are still known: a name that a stick does not take is another
    thing than a stick that was pulled.
    """
    part = partial_path(target)
    with disk_errors(target):
        part.touch()
        part.unlink()
