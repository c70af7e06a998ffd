"""A file or folder comes in, whatever it is: in the end there is a PDF with a name.

Reading, hashing and waiting happen on a thread of each errand; what looks into strangers'
files happens in worker processes; callbacks come on the UI thread.
"""

from __future__ import annotations

import hashlib
import itertools
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import structlog
from PySide6.QtCore import QObject, Qt, Signal

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_kinds import Family, FileKind, find_kind
from whiteboard.services.documents.document_store import (
    CancelledError,
    Conversion,
    DocumentStore,
    IsCancelled,
    NotWrittenError,
    copy_hashed,
)
from whiteboard.services.documents.image_folders import PICTURES_EDITION, find_pictures
from whiteboard.services.documents.office import (
    LIMIT_S,
    Office,
    convert,
    find_office,
    write_table,
)
from whiteboard.services.documents.xopp import XoppNotebook, parse_notebook
from whiteboard.services.rendering.render_protocol import Json

if TYPE_CHECKING:
    from whiteboard.services.pdf.pdf_ink import InkedPage

PICTURE_LIMIT_S: Final = 9.0
"""For one picture: a giant one ends in a page or in a sentence before people walk away."""
_SCANS_LIMIT_S: Final = 120.0
"""A TIFF may be a long document; its single pages are bounded in size."""
_PICTURES_LIMIT_S: Final = 600.0
_CHECK_LIMIT_S: Final = 60.0
_NOTES_LIMIT_S: Final = 60.0
_XOPP_LIMIT_S: Final = 60.0
_INK_LIMIT_S: Final = 120.0
_POLL_S: Final = 0.1
_JOIN_S: Final = 10.0
_OPEN_TEXT: Final = frozenset({".csv", ".tsv"})


class Stage(StrEnum):
    """What is being done."""

    READING = "reading"
    """The file is copied and its hash taken; counts bytes."""
    CHECKING = "checking"
    """It is looked at before anything unpacks it."""
    CONVERTING = "converting"
    """LibreOffice makes pages; it does not say how many are done, `total` are expected."""
    PICTURES = "pictures"
    """Pictures are put on sheets; counts them."""
    KEEPING = "keeping"
    """What was made is put away."""
    INK = "ink"
    """The ink of a PDF that Kokuban wrote is taken out of it."""


@dataclass(frozen=True, slots=True)
class IntakeProgress:
    """How far it is.

    Attributes:
        stage: What is being done.
        done: How much of it; 0 where nobody knows.
        total: Of how much; 0 where nobody knows.
    """

    stage: Stage
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A PDF that can be shown while it is still being copied.

    Attributes:
        provisional: Name to open it under until its id is known.
        name: What people call it.
        path: Where it lies, perhaps on a stick.
    """

    provisional: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class DocumentCameIn:
    """A document that can be opened.

    Attributes:
        document: Its id.
        name: What people call it: the file's name, or the folder's.
        path: The file to render from.
        size_bytes: Of that file.
        source: SHA-256 of the file it was made from, in hex digits; empty for a PDF.
        notes: Speaker notes, one a sheet, or none at all.
        skipped: Names of pictures that could not be read and are not in it.
        reduced: Names of pictures that were made smaller.
        trouble: Why this display could not keep it (it is shown from where it lies, and the
            board cannot have a copy later than now); None when it could.
    """

    document: str
    name: str
    path: Path
    size_bytes: int
    source: str = ""
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    reduced: tuple[str, ...] = ()
    trouble: AppError | None = None


@dataclass(frozen=True, slots=True)
class NotebookCameIn:
    """A Xournal++ notebook: pages with ink that stays ink.

    Attributes:
        name: The file's name.
        notebook: Its pages; their items go on pages of the board.
        document: The PDF under its pages, if it has one and it was found.
    """

    name: str
    notebook: XoppNotebook
    document: DocumentCameIn | None


@dataclass(frozen=True, slots=True)
class InkCameIn:
    """The ink that Kokuban wrote into a PDF, and the PDF without it.

    Attributes:
        pages: Every page of the file.
        pictures: The bytes of the pictures among its items.
        document: The file without our ink; None when all of its pages were a board's own.
    """

    pages: tuple[InkedPage, ...]
    pictures: tuple[bytes, ...]
    document: DocumentCameIn | None


Outcome: TypeAlias = DocumentCameIn | NotebookCameIn | InkCameIn | AppError


class Cancellable(Protocol):
    """Something under way."""

    def cancel(self) -> None:
        """Want it no more."""


class RunElsewhere(Protocol):
    """Runs a function in a process of its own; `RenderPool.run`."""

    def __call__(
        self,
        function: str,
        arguments: Mapping[str, Json],
        on_done: Callable[[Json | AppError], None],
        on_progress: Callable[[float], None] | None = None,
        timeout_s: float = ...,
        failure: ErrorCode = ...,
    ) -> Cancellable:
        """Run it; the callbacks come on the UI thread."""


def _ignore(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Call:
    """A function to be run elsewhere, asked for by an errand's thread."""

    errand: _Errand
    function: str
    arguments: Mapping[str, Json]
    limit_s: float
    failure: ErrorCode
    on_progress: Callable[[float], None]
    answer: queue.SimpleQueue[Json | AppError]


class IntakeTicket:
    """What was asked to come in; UI thread."""

    def __init__(self, errand: _Errand, intake: DocumentIntake) -> None:
        self._errand = errand
        self._intake = intake

    def cancel(self) -> None:
        """Want it no more: no callback is called after this. Calling it again does nothing."""
        self._intake.forget(self._errand)


class DocumentIntake(QObject):
    """Takes files and folders in. Belongs to the UI thread.

    Args:
        store: Where documents are kept.
        run: `RenderPool.run`, or what keeps the same promise.
        limit_s: How long LibreOffice may take for one file.
        office: Finds LibreOffice.
    """

    _came = Signal(object)
    _called = Signal(object)

    def __init__(
        self,
        store: DocumentStore,
        run: RunElsewhere,
        *,
        limit_s: float = LIMIT_S,
        office: Callable[[], Office | None] = find_office,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._run = run
        self._limit_s = limit_s
        self._office = office
        self._numbers = itertools.count(1)
        self._errands: dict[_Errand, threading.Thread] = {}
        self._calls: dict[_Errand, Cancellable] = {}
        queued = Qt.ConnectionType.QueuedConnection
        self._came.connect(self._take_message, queued)
        self._called.connect(self._take_call, queued)

    def take(
        self,
        path: Path,
        on_done: Callable[[Outcome], None],
        on_progress: Callable[[IntakeProgress], None] = _ignore,
        on_first: Callable[[FirstLook], None] = _ignore,
        password: str = "",
    ) -> IntakeTicket:
        """Take in a file, or a folder of pictures.

        Args:
            path: The file or folder.
            on_done: Gets what came in, or why not: NOT_FOUND, MEDIUM_GONE, UNKNOWN_FORMAT,
                FILE_EMPTY,
                DOCUMENT_ENCRYPTED (ask and come again with a password; of a PDF that is
                found out by whoever opens it), DOCUMENT_STILL_ENCRYPTED,
                DOCUMENT_DAMAGED, DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE, UNSAFE_FILE, NO_OFFICE,
                CONVERSION_FAILED, CONVERSION_TIMEOUT, NOT_AN_IMAGE, IMAGE_TOO_LARGE,
                NO_PICTURES, DISK_FULL.
            on_progress: Gets how far it is.
            on_first: Gets a PDF that can be opened at once, before it is copied.
            password: Of an office file that asked for one.
        """
        return self._start(path, password, (on_done, on_progress, on_first))

    def _start(
        self,
        path: Path,
        password: str,
        callbacks: _Callbacks,
        inked: DocumentCameIn | None = None,
    ) -> IntakeTicket:
        errand = _Errand(
            path,
            password,
            f"coming-in-{next(self._numbers)}",
            self._store,
            self._came.emit,
            self._called.emit,
            callbacks,
            self._office,
            self._limit_s,
            inked,
        )
        thread = threading.Thread(target=errand.go, name=f"intake {path.name}", daemon=True)
        self._errands[errand] = thread
        thread.start()
        return IntakeTicket(errand, self)

    def take_ink(
        self,
        came: DocumentCameIn,
        on_done: Callable[[Outcome], None],
        on_progress: Callable[[IntakeProgress], None] = _ignore,
        password: str = "",
    ) -> IntakeTicket:
        """Take our ink out of a PDF that came in before.

        Args:
            came: The PDF.
            on_done: Gets an `InkCameIn`; `came` itself when there is no ink of ours in it;
                or why not: what `take` says.
            on_progress: Gets how far it is.
            password: What opens the file.
        """
        callbacks: _Callbacks = (on_done, on_progress, _ignore)
        return self._start(came.path, password, callbacks, came)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is coming in."""
        return not self._errands

    def forget(self, errand: _Errand) -> None:
        """Stop an errand; nothing of it is told any more."""
        errand.cancelled.set()
        call = self._calls.pop(errand, None)
        if call is not None:
            call.cancel()

    def shutdown(self) -> None:
        """Stop all errands and wait for their threads. Nothing is called back."""
        for errand in tuple(self._errands):
            self.forget(errand)
        for thread in self._errands.values():
            thread.join(_JOIN_S)
        self._errands.clear()

    def _take_message(self, message: _Message) -> None:
        errand, what = message.errand, message.what
        if what is None:
            thread = self._errands.pop(errand, None)
            if thread is not None:
                thread.join()
            return
        if errand.cancelled.is_set():
            return
        on_done, on_progress, on_first = errand.callbacks
        if isinstance(what, IntakeProgress):
            on_progress(what)
        elif isinstance(what, FirstLook):
            on_first(what)
        else:
            on_done(what)

    def _take_call(self, call: _Call) -> None:
        if call.errand.cancelled.is_set():
            return

        def done(outcome: Json | AppError) -> None:
            self._calls.pop(call.errand, None)
            call.answer.put(outcome)

        self._calls[call.errand] = self._run(
            call.function, call.arguments, done, call.on_progress, call.limit_s, call.failure
        )


@dataclass(frozen=True, slots=True)
class _Message:
    """What an errand tells; None for its end."""

    errand: _Errand
    what: IntakeProgress | FirstLook | Outcome | None


_Callbacks: TypeAlias = tuple[
    Callable[[Outcome], None],
    Callable[[IntakeProgress], None],
    Callable[[FirstLook], None],
]


class _Errand:
    """One file on its way in, on a thread of its own."""

    def __init__(
        self,
        path: Path,
        password: str,
        provisional: str,
        store: DocumentStore,
        tell: Callable[[_Message], None],
        ask: Callable[[_Call], None],
        callbacks: _Callbacks,
        office: Callable[[], Office | None],
        limit_s: float,
        inked: DocumentCameIn | None = None,
    ) -> None:
        self.path = path
        self._inked = inked
        self.cancelled = threading.Event()
        self.callbacks = callbacks
        self._password = password
        self._provisional = provisional
        self._store = store
        self._tell_message = tell
        self._ask = ask
        self._office = office
        self._limit_s = limit_s
        self._is_cancelled: IsCancelled = self.cancelled.is_set

    def go(self) -> None:
        """Bring it in and tell. The errand's thread."""
        try:
            self._tell(self._bring_in())
        except CancelledError:
            pass
        except AppError as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001  (somebody waits for an answer)
            structlog.get_logger(__name__).exception("intake broke", path=str(self.path))
            self._tell(AppError(ErrorCode.CONVERSION_FAILED, repr(error)))
        finally:
            self._tell(None)

    def _bring_in(self) -> Outcome:
        if self._inked is not None:
            return self._ink(self._inked)
        kind = find_kind(self.path)
        match kind.family:
            case Family.PDF:
                return self._pdf(self.path)
            case Family.OFFICE:
                return self._office_file(kind)
            case Family.PICTURE:
                return self._picture(kind)
            case Family.PICTURES:
                return self._folder()
            case Family.XOPP:
                return self._notebook()
        raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{self.path} is a board")

    # PDF ------------------------------------------------------------------------------

    def _pdf(self, path: Path) -> DocumentCameIn:
        self._tell(FirstLook(self._provisional, path.name, path))
        kept = self._store.keep(path, self._reading, self._is_cancelled)
        return DocumentCameIn(
            kept.document, path.name, kept.path, kept.size_bytes, trouble=kept.trouble
        )

    def _ink(self, came: DocumentCameIn) -> Outcome:
        # Imported late: it loads what writes PDF files, and few files need it.
        from whiteboard.services.pdf.pdf_jobs import READ_JOB, load_ink

        self._tell(IntakeProgress(Stage.INK))
        with self._store.workshop() as folder:
            sheets, result = folder / "sheets.pdf", folder / "ink"
            arguments: dict[str, Json] = {
                "path": str(came.path),
                "sheets": str(sheets),
                "result": str(result),
                "password": self._password,
            }
            self._call(READ_JOB, arguments, _INK_LIMIT_S, ErrorCode.DOCUMENT_DAMAGED)
            if not result.exists():
                return came
            read = load_ink(result, sheets)
            document = None
            if read.document is not None:
                kept = self._store.adopt(read.document)
                document = replace(
                    came, document=kept.document, path=kept.path, size_bytes=kept.size_bytes
                )
        return InkCameIn(read.pages, tuple(read.assets.values()), document)

    # Office ---------------------------------------------------------------------------

    def _office_file(self, kind: FileKind) -> DocumentCameIn:
        office = self._office()
        with self._store.workshop() as folder:
            copy = folder / "source"
            source = self._copied(copy)
            # Who does not know the password must not get at what was made with it.
            key = source if not kind.is_locked else _locked_key(source, self._password)
            made = self._store.conversion(key, office.version if office else None)
            if made is None:
                if office is None:
                    raise AppError(ErrorCode.NO_OFFICE, str(self.path))
                made = self._convert(office, kind, copy, folder)
                self._store.note_conversion(key, made)
        return self._converted(source, made)

    def _convert(self, office: Office, kind: FileKind, copy: Path, folder: Path) -> Conversion:
        self._tell(IntakeProgress(Stage.CHECKING))
        ready, slides = self._checked(kind, copy, folder)
        self._tell(IntakeProgress(Stage.CONVERTING, 0, slides))
        pdf = convert(
            office, ready, folder, is_cancelled=self._is_cancelled, limit_s=self._limit_s
        )
        self._tell(IntakeProgress(Stage.KEEPING))
        found = self._call(
            "whiteboard.services.documents.speaker_notes:read_notes",
            {"source": str(self._with_notes(office, ready, folder)), "pdf": str(pdf)},
            _NOTES_LIMIT_S,
            ErrorCode.CONVERSION_FAILED,
        )
        kept = self._store.adopt(pdf)
        return Conversion(kept.document, office.version, _texts(found, "notes"))

    def _with_notes(self, office: Office, ready: Path, folder: Path) -> Path:
        """Return a file whose speaker notes can be read: of a .ppt, what LibreOffice reads."""
        if ready.suffix != ".ppt":
            return ready
        try:
            return convert(
                office,
                ready,
                folder,
                to="pptx",
                is_cancelled=self._is_cancelled,
                limit_s=self._limit_s,
            )
        except AppError as error:
            structlog.get_logger(__name__).info("no speaker notes", why=str(error))
            return ready

    def _checked(self, kind: FileKind, copy: Path, folder: Path) -> tuple[Path, int]:
        """Return a file that may be given to LibreOffice, and how many pages to expect."""
        if kind.suffix in _OPEN_TEXT:
            table = folder / "document.csv"
            write_table(copy, table)
            return table, 0
        found = self._call(
            "whiteboard.services.documents.office_source:prepare",
            {
                "source": str(copy),
                "target": str(folder / "unlocked"),
                "password": self._password,
            },
            _CHECK_LIMIT_S,
            ErrorCode.DOCUMENT_DAMAGED,
        )
        suffix, slides = found.get("suffix"), found.get("slides")
        unlocked = folder / "unlocked" if found.get("is_unlocked") else copy
        ready = folder / f"document{suffix}"
        with disk_errors(ready):
            unlocked.rename(ready)
        return ready, slides if isinstance(slides, int) else 0

    # Pictures -------------------------------------------------------------------------

    def _picture(self, kind: FileKind) -> DocumentCameIn:
        with self._store.workshop() as folder:
            copy = folder / f"{self.path.stem}{kind.suffix}"
            source = self._copied(copy)
            limit_s = _SCANS_LIMIT_S if kind.suffix == ".tif" else PICTURE_LIMIT_S
            return self._pictures(source, [copy], folder, limit_s)

    def _folder(self) -> DocumentCameIn:
        pictures = find_pictures(self.path)
        digest = hashlib.sha256()
        for done, path in enumerate(pictures):
            self._tell(IntakeProgress(Stage.READING, done, len(pictures)))
            name = hashlib.sha256(path.name.encode(errors="surrogateescape")).digest()
            content, _ = copy_hashed(path, None, is_cancelled=self._is_cancelled)
            digest.update(name + bytes.fromhex(content))
        with self._store.workshop() as folder:
            return self._pictures(digest.hexdigest(), pictures, folder, _PICTURES_LIMIT_S)

    def _pictures(
        self, source: str, pictures: Sequence[Path], folder: Path, limit_s: float
    ) -> DocumentCameIn:
        made = self._store.conversion(source, PICTURES_EDITION)
        if made is None:
            total = len(pictures)
            self._tell(IntakeProgress(Stage.PICTURES, 0, total))
            target = folder / "made.pdf"
            found = self._call(
                "whiteboard.services.documents.image_documents:make_pdf",
                {"sources": [str(path) for path in pictures], "target": str(target)},
                limit_s,
                ErrorCode.NOT_AN_IMAGE,
                lambda share: self._tell(
                    IntakeProgress(Stage.PICTURES, round(share * total), total)
                ),
            )
            kept = self._store.adopt(target)
            skipped, reduced = _texts(found, "skipped"), _texts(found, "reduced")
            made = Conversion(kept.document, PICTURES_EDITION, (), skipped, reduced)
            self._store.note_conversion(source, made)
        return self._converted(source, made)

    # Xournal++ ------------------------------------------------------------------------

    def _notebook(self) -> NotebookCameIn:
        with self._store.workshop() as folder:
            copy = folder / "source.xopp"
            self._copied(copy)
            found = self._call(
                "whiteboard.services.documents.xopp_reading:read_xopp",
                {"source": str(copy), "original": str(self.path), "folder": str(folder)},
                _XOPP_LIMIT_S,
                ErrorCode.DOCUMENT_DAMAGED,
            )
            notebook, background = parse_notebook(found, folder)
        document = None
        if background is not None:
            try:
                kept = self._store.keep(background, self._reading, self._is_cancelled)
            except AppError as error:
                structlog.get_logger(__name__).info("no PDF under a notebook", why=str(error))
            else:
                document = DocumentCameIn(
                    kept.document,
                    background.name,
                    kept.path,
                    kept.size_bytes,
                    trouble=kept.trouble,
                )
        return NotebookCameIn(self.path.name, notebook, document)

    # What all of them need ------------------------------------------------------------

    def _copied(self, copy: Path) -> str:
        """Copy the file to where nobody pulls it away; return the hash of its content."""
        try:
            return copy_hashed(self.path, copy, self._reading, self._is_cancelled)[0]
        except NotWrittenError as refusal:
            raise refusal.error from refusal

    def _converted(self, source: str, made: Conversion) -> DocumentCameIn:
        path = self._store.path(made.document)
        if path is None:
            raise AppError(ErrorCode.NOT_FOUND, f"{made.document} is gone already")
        with disk_errors(path):
            size = path.stat().st_size
        return DocumentCameIn(
            made.document,
            self.path.name,
            path,
            size,
            source,
            made.notes,
            made.skipped,
            made.reduced,
        )

    def _reading(self, done: int, total: int) -> None:
        self._tell(IntakeProgress(Stage.READING, done, total))

    def _tell(self, what: IntakeProgress | FirstLook | Outcome | None) -> None:
        self._tell_message(_Message(self, what))

    def _call(
        self,
        function: str,
        arguments: Mapping[str, Json],
        limit_s: float,
        failure: ErrorCode,
        on_progress: Callable[[float], None] = _ignore,
    ) -> Mapping[str, Json]:
        """Run a function in a worker process, and wait for what it finds."""
        answer: queue.SimpleQueue[Json | AppError] = queue.SimpleQueue()
        self._ask(_Call(self, function, arguments, limit_s, failure, on_progress, answer))
        while True:
            if self.cancelled.is_set():
                raise CancelledError
            try:
                found = answer.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(found, AppError):
                raise found
            return found if isinstance(found, Mapping) else {}


def _locked_key(source: str, password: str) -> str:
    return hashlib.sha256(f"{source}\0{password}".encode()).hexdigest()


def _texts(found: Mapping[str, Json], name: str) -> tuple[str, ...]:
    values = found.get(name)
    return tuple(str(value) for value in values) if isinstance(values, list) else ()
