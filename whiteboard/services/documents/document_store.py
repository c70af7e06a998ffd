"""The documents this display has at hand: PDFs by the SHA-256 of their bytes.

A document that is opened is copied into `data_dir/documents` while its hash is taken, so
that nothing depends on the stick it came from. What was made into a PDF on the way in
(slides, pictures) is remembered by the hash of its source, and is not made again. The
folder is a cache: a board keeps its own copy of what lies under its pages, and the least
recently used documents go when there are too many.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from base.errors import AppError, ErrorCode
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.disk_errors import disk_errors

DEFAULT_MOST_BYTES: Final = 2 << 30
SUFFIX: Final = ".pdf"
_RECORD_SUFFIX: Final = ".json"
_UNFINISHED: Final = ".part-"
_BLOCK_BYTES: Final = 1 << 20
_RECORD_VERSION: Final = 1
_ID_CHARACTERS: Final = 64
_HEX_DIGITS: Final = frozenset("0123456789abcdef")

Progress = Callable[[int, int], None]
"""Gets bytes done and bytes in all."""
IsCancelled = Callable[[], bool]


class CancelledError(Exception):
    """The person does not want it any more; nobody is told."""


def never() -> bool:
    """Say that nobody has cancelled."""
    return False


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document that can be shown.

    Attributes:
        document: Its id, SHA-256 of its bytes in hex digits.
        path: Where its bytes lie: in the cache, or where it came from.
        size_bytes: How many there are.
        trouble: Why it could not be kept, and lies where it came from; None when it is.
    """

    document: str
    path: Path
    size_bytes: int
    trouble: AppError | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was made of a file that was no PDF.

    Attributes:
        document: Id of the PDF.
        converter: What made it, with its version; another one makes it anew.
        notes: Speaker notes, one for each sheet; empty when there are none at all.
        skipped: Names of pictures that could not be read and were left out.
        reduced: Names of pictures that were made smaller.
    """

    document: str
    converter: str
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    reduced: tuple[str, ...] = ()


class DocumentStore:
    """The cache of documents. Any thread; methods block on the disk.

    Where the data folder cannot be written, documents are kept in a folder of their own
    until `shutdown`.

    Args:
        data_dir: Folder of this display's data; `documents` is made in it.
        most_bytes: How much the documents may take before the least recently used go.
    """

    def __init__(self, data_dir: Path, most_bytes: int = DEFAULT_MOST_BYTES) -> None:
        self._log = structlog.get_logger(__name__)
        self._changing = threading.Lock()
        self._held: Counter[str] = Counter()
        self._temporary: Path | None = None
        self.most_bytes = most_bytes
        self.folder = data_dir / "documents"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(f"{_UNFINISHED}*"):
                _remove(left)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=_UNFINISHED):
                pass
        except OSError as error:
            self._log.info("documents are kept for now only", reason=str(error))
            self._temporary = Path(tempfile.mkdtemp(prefix="kokuban-documents-"))
            self.folder = self._temporary

    def shutdown(self) -> None:
        """Remove what was kept for now only. Calling it again does nothing."""
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @property
    def is_lasting(self) -> bool:
        """Whether documents stay when the program ends."""
        return self._temporary is None

    # Getting --------------------------------------------------------------------------

    def path(self, document: str) -> Path | None:
        """Return the file of a document that is here, and note that it is in use."""
        path = self._path(document)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError:  # a medium that became read-only still gives it out
            return path if path.is_file() else None
        return path

    def fetch(self, document: str, board: BoardFile) -> Path:
        """Return the file of a document that lies under a page of a board.

        It is taken out of the board's file when the cache has it no more.

        Raises:
            AppError: NOT_FOUND; neither has it. BOARD_DAMAGED, DISK_FULL.
        """
        path = self.path(document)
        if path is not None:
            return path
        self._make_room(board.document_size(document) or 0)
        with self._new_file() as made:
            try:
                board.take_document(document, made)
            except KeyError:
                raise AppError(ErrorCode.NOT_FOUND, f"{board.path}: {document}") from None
            return self._put(document, made)

    def conversion(self, source: str, converter: str | None) -> Conversion | None:
        """Return what was made of a source before, if it is still here.

        Args:
            source: SHA-256 of the source in hex digits.
            converter: What would make it now; what another one made does not count. None
                when nothing can: then whatever was made is right.
        """
        made = _read_record(self.folder / f"{source}{_RECORD_SUFFIX}")
        if made is None or converter not in (None, made.converter):
            return None
        return made if self.path(made.document) is not None else None

    # Keeping --------------------------------------------------------------------------

    def keep(
        self,
        path: Path,
        progress: Progress | None = None,
        is_cancelled: IsCancelled = never,
    ) -> KeptDocument:
        """Copy a PDF into the cache and take its hash, both in one reading.

        When the copy cannot be written the document is shown from where it lies, for as
        long as that is there; `KeptDocument.trouble` says why.

        Raises:
            AppError: NOT_FOUND, MEDIUM_GONE; it went away, or changed, while it was read.
            CancelledError: `is_cancelled` said so.
        """
        with disk_errors(path):
            size = path.stat().st_size
        self._make_room(size)
        try:
            with self._new_file() as made:
                document, size = copy_hashed(path, made, progress, is_cancelled)
                return KeptDocument(document, self._put(document, made), size)
        except NotWrittenError as refusal:
            document, size = copy_hashed(path, None, progress, is_cancelled)
            return KeptDocument(document, path, size, refusal.error)

    def adopt(self, made: Path) -> KeptDocument:
        """Take over a PDF that was made, which lies in a folder of `workshop`.

        Raises:
            AppError: DISK_FULL, MEDIUM_GONE.
        """
        document, size = copy_hashed(made, None)
        self._make_room(size)
        with disk_errors(self.folder):
            return KeptDocument(document, self._put(document, made), size)

    def note_conversion(self, source: str, made: Conversion) -> None:
        """Remember what was made of a source. A refusing disk only costs the next opening."""
        body = {
            "version": _RECORD_VERSION,
            "document": made.document,
            "converter": made.converter,
            "notes": list(made.notes),
            "skipped": list(made.skipped),
            "reduced": list(made.reduced),
        }
        with suppress(OSError, AppError), self._new_file() as file:
            file.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
            file.replace(self.folder / f"{source}{_RECORD_SUFFIX}")

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """Give a folder to make a document in; it is removed in the end.

        Raises:
            AppError: DISK_FULL, READ_ONLY.
        """
        with disk_errors(self.folder):
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=_UNFINISHED))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # Letting go -----------------------------------------------------------------------

    def hold(self, documents: Collection[str]) -> Callable[[], None]:
        """Keep documents from going while a board shows them; return how to let go."""
        counted = Counter(set(documents))
        with self._changing:
            self._held += counted

        def release() -> None:
            with self._changing:
                self._held -= counted
                counted.clear()

        return release

    def trim(self, room_bytes: int = 0) -> int:
        """Remove the least recently used documents beyond `most_bytes`; return how many.

        Args:
            room_bytes: What is to come in besides.
        """
        with self._changing, suppress(OSError):
            found = sorted(self._documents(), key=lambda one: one[1])
            there = sum(size for _, _, size in found) + room_bytes
            gone = 0
            for path, _, size in found:
                if there <= self.most_bytes:
                    break
                if path.stem not in self._held:
                    _remove(path)
                    there -= size
                    gone += 1
            if gone:
                self._drop_records()
            return gone
        return 0

    # Inside ---------------------------------------------------------------------------

    def _path(self, document: str) -> Path:
        if not _is_id(document):
            raise ValueError(f"{document!r} is no SHA-256")
        return self.folder / f"{document}{SUFFIX}"

    def _make_room(self, size_bytes: int) -> None:
        self.trim(size_bytes)

    def _put(self, document: str, made: Path) -> Path:
        """Give a file that is complete its name, once the medium has it."""
        path = self._path(document)
        _sync(made)
        with self._changing:
            made.replace(path)
        _sync(self.folder)
        return path

    @contextmanager
    def _new_file(self) -> Iterator[Path]:
        path = self.folder / f"{_UNFINISHED}{uuid.uuid4().hex[:12]}"
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _documents(self) -> Iterator[tuple[Path, int, int]]:
        for path in self.folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):
                seen = path.stat()
                yield path, seen.st_mtime_ns, seen.st_size

    def _drop_records(self) -> None:
        for path in self.folder.glob(f"*{_RECORD_SUFFIX}"):
            made = _read_record(path)
            if made is None or not self._path(made.document).exists():
                _remove(path)


class NotWrittenError(Exception):
    """The copy was refused; the source is fine."""

    def __init__(self, error: AppError) -> None:
        super().__init__(str(error))
        self.error = error


def copy_hashed(
    source: Path,
    target: Path | None,
    progress: Progress | None = None,
    is_cancelled: IsCancelled = never,
) -> tuple[str, int]:
    """Take the SHA-256 of a file, and copy it in the same reading. Blocks.

    Args:
        source: The file.
        target: Where to; None takes the hash alone.
        progress: Gets bytes done and in all.
        is_cancelled: Asked at each MiB.

    Returns:
        The hash in hex digits and the number of bytes.

    Raises:
        AppError: NOT_FOUND, MEDIUM_GONE; the source went away or changed meanwhile.
        CancelledError: `is_cancelled` said so.
        NotWrittenError: the target was refused.
    """
    digest, done = hashlib.sha256(), 0
    with disk_errors(source), source.open("rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        with _writing(target) as write:
            while block := file.read(_BLOCK_BYTES):
                if is_cancelled():
                    raise CancelledError
                digest.update(block)
                write(block)
                done += len(block)
                if progress is not None:
                    progress(done, before.st_size)
        after = os.fstat(file.fileno())
    if done != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise AppError(ErrorCode.MEDIUM_GONE, f"{source} changed while it was read")
    return digest.hexdigest(), done


@contextmanager
def _writing(target: Path | None) -> Iterator[Callable[[bytes], None]]:
    if target is None:
        yield lambda _: None
        return
    with _refusals(target):
        file = target.open("wb", buffering=0)

    def write(block: bytes) -> None:
        with _refusals(target):
            if file.write(block) != len(block):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    try:
        yield write
    finally:
        file.close()


@contextmanager
def _refusals(target: Path) -> Iterator[None]:
    try:
        with disk_errors(target):
            yield
    except AppError as error:
        raise NotWrittenError(error) from error


def _read_record(path: Path) -> Conversion | None:
    try:
        body = json.loads(path.read_bytes())
        if not isinstance(body, dict) or body.get("version") != _RECORD_VERSION:
            return None
        lists = [tuple(map(str, body[key])) for key in ("notes", "skipped", "reduced")]
        document = str(body["document"])
        if not _is_id(document):
            return None
        return Conversion(document, str(body["converter"]), *lists)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_id(text: str) -> bool:
    return len(text) == _ID_CHARACTERS and set(text) <= _HEX_DIGITS


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
