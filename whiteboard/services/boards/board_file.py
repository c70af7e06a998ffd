"""A board on the disk: one SQLite file that always has every finished stroke.

The UI thread hands updates over and never waits for the disk; `BoardWriter` commits them.
`keep_board` joins a `Board` to its file and holds the one promise that needs both: every
finished stroke is in the file before the next one is finished.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from base.clock import Clock, SystemClock
from base.errors import AppError, ErrorCode
from whiteboard.model.board import Board, BoardChange
from whiteboard.services.boards.board_store import (
    FORMAT_VERSION,
    MAX_ASSET_BYTES,
    SUFFIX,
    BoardStore,
    Progress,
    merge,
    new_board_file,
    parse_time,
    read_header,
    write_identity,
)
from whiteboard.services.boards.board_writer import BoardWriter, Entry, Health
from whiteboard.services.boards.migrations import migrate
from whiteboard.services.boards.salvage import recover_beside
from whiteboard.services.boards.stored_documents import (
    CHUNK_BYTES,
    Chunk,
    chunk_count,
    read_chunks,
)
from whiteboard.services.disk_errors import disk_errors, wal_path

_HOLD_S: Final = 0.25
"""How long the end of a stroke waits at most for the one before to be written."""
_FLUSH_S: Final = 10.0
_MODIFIED_STEP_S: Final = 60.0
ROOM_FOR_INK_BYTES: Final = 64 << 20
"""What a document must leave free on the disk: no ink is lost for the sake of a PDF."""


@dataclass(frozen=True, slots=True)
class OpenReport:
    """What was found when the board was opened.

    Attributes:
        is_recovered: Whether the file was damaged; what could be read is here.
        damaged_updates: How many entries of the log could not be read, as far as there is
            a trace of them.
        damaged_original: Where the damaged file was put, untouched; the board opened is a
            recovered copy. None for a sound file (or one that is only being read).
        migrated_from: Format version of the file before it was brought up to date, or None.
    """

    is_recovered: bool = False
    damaged_updates: int = 0
    damaged_original: Path | None = None
    migrated_from: int | None = None


@dataclass(frozen=True, slots=True)
class _Update:
    data: bytes

    def write(self, store: BoardStore) -> None:
        store.append_update(self.data)


@dataclass(frozen=True, slots=True)
class _Asset:
    sha256: bytes
    data: bytes

    def write(self, store: BoardStore) -> None:
        store.put_asset(self.sha256, self.data)


@dataclass(frozen=True, slots=True)
class _Thumbnail:
    page_id: str
    png: bytes

    def write(self, store: BoardStore) -> None:
        store.put_thumbnail(self.page_id, self.png)


@dataclass(frozen=True, slots=True)
class _NoThumbnails:
    page_ids: frozenset[str]

    def write(self, store: BoardStore) -> None:
        store.drop_thumbnails(self.page_ids)


@dataclass(frozen=True, slots=True)
class _Note:
    page_id: str
    text: str

    def write(self, store: BoardStore) -> None:
        store.notes.put(self.page_id, self.text)


@dataclass(frozen=True, slots=True)
class _Chunk:
    chunk: Chunk

    def write(self, store: BoardStore) -> None:
        store.documents.put_chunk(self.chunk)


@dataclass(frozen=True, slots=True)
class _WholeDocument:
    document: str
    size: int

    def write(self, store: BoardStore) -> None:
        store.documents.put_whole(self.document, self.size)


@dataclass(frozen=True, slots=True)
class _Pages:
    page_ids: tuple[str, ...]

    def write(self, store: BoardStore) -> None:
        store.put_page_ids(self.page_ids)


@dataclass(frozen=True, slots=True)
class _Meta:
    key: str
    value: str

    def write(self, store: BoardStore) -> None:
        store.put_meta(self.key, self.value)


class BoardFile:
    """An open board file. `create` and `open` make one; both block.

    Attributes:
        path: Where it lies.
        read_only: Whether it can only be read: then nothing may be put into it, and
            `save_copy_to` makes a board that can be written elsewhere.
        report: What was found when it was opened.
        board_update: The document at that time, as one Yjs update for `Board`.
    """

    def __init__(
        self,
        path: Path,
        *,
        reader: BoardStore,
        writer: BoardWriter | None,
        board_update: bytes,
        report: OpenReport,
        clock: Clock,
        release: Callable[[], None],
    ) -> None:
        """For `create` and `open` alone."""
        self.path = path
        self.read_only = writer is None
        self.report = report
        self.board_update = board_update
        self._writer = writer
        self._reader = reader
        self._reading = threading.Lock()
        self._copying = threading.Lock()
        self._clock = clock
        self._release = release
        self._meta = reader.all_meta()
        self._assets_on_the_way: dict[bytes, tuple[int, bytes]] = {}
        self._notes = reader.notes.all()
        self._putting = threading.Lock()
        self._documents_on_the_way: dict[str, Path] = {}
        self._modified_noted_s = clock.monotonic_s() - _MODIFIED_STEP_S
        self._is_written_on = False
        self._closed = False
        # A process that ends without closing its board neither hangs nor loses ink.
        atexit.register(self.close)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        title: str = "",
        on_health: Health = lambda _: None,
        clock: Clock | None = None,
    ) -> BoardFile:
        """Make the file of a new, empty board and open it. Blocks.

        Args:
            path: Where; nothing is there yet, its folder is.
            title: Title of the board for lists; may be empty.
            on_health: Told, on the writer's thread, once when writing fails (an `AppError`:
                DISK_FULL, READ_ONLY, MEDIUM_GONE) and None when all is written again.
            clock: Where the time comes from.

        Raises:
            AppError: DISK_FULL, READ_ONLY, MEDIUM_GONE, NOT_FOUND.
            FileExistsError: there is a file of that name.
        """
        clock = clock or SystemClock()
        if path.exists():
            raise FileExistsError(path)
        with new_board_file(path) as store:
            write_identity(store, title, clock.now())
        return cls.open(path, on_health=on_health, clock=clock)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        on_health: Health = lambda _: None,
        clock: Clock | None = None,
    ) -> BoardFile:
        """Open a board. Blocks; 10,000 strokes take some 0.1 s.

        A file of an older format is brought up to date; a damaged one is put aside and a
        recovered copy opened in its place (`report` says so). Where nothing can be written
        the board is opened for reading, see `read_only`.

        Args:
            path: Where it lies.
            read_only: Leave the file alone, whatever is the matter with it.
            on_health: See `create`.
            clock: Where the time comes from.

        Raises:
            AppError: NOT_FOUND, NOT_A_BOARD, BOARD_TOO_NEW, BOARD_IN_USE, BOARD_DAMAGED
                (nothing in it can be read), MEDIUM_GONE, DISK_FULL.
        """
        clock = clock or SystemClock()
        with disk_errors(path):
            if not path.is_file():
                code = ErrorCode.NOT_FOUND if path.parent.is_dir() else ErrorCode.MEDIUM_GONE
                raise AppError(code, str(path))
            if read_only or not _is_writable(path):
                return _open_for_reading(path, clock)
            lock = _Lock(path)
            try:
                return _open_for_writing(path, lock, on_health, clock)
            except BaseException:
                lock.release()
                raise

    # Writing: any thread, never waits for the disk ------------------------------------

    def append(self, update: bytes) -> int:
        """Hand over an update of the document; return its number for `wait_written`.

        Raises:
            AppError: READ_ONLY; the file can only be read.
            RuntimeError: the file was closed.
        """
        number = self._put(_Update(update))
        self._is_written_on = True
        now_s = self._clock.monotonic_s()
        if now_s - self._modified_noted_s >= _MODIFIED_STEP_S:
            self._modified_noted_s = now_s
            self._note_modified()
        return number

    def set_title(self, title: str) -> None:
        """Note the document's title for lists. Raises as `append` does."""
        self._set_meta("title", title)

    def set_page_ids(self, page_ids: Sequence[str]) -> None:
        """Note the pages in their order; thumbnails of others go. Raises as `append` does."""
        self._put(_Pages(tuple(page_ids)))

    def set_thumbnail(self, page_id: str, png: bytes) -> int:
        """Keep the picture of a page for lists; return its number for `wait_written`.

        Raises as `append` does.
        """
        return self._put(_Thumbnail(page_id, png))

    def drop_thumbnails(self, page_ids: Iterable[str]) -> None:
        """Forget the pictures of pages that look different now. Raises as `append` does."""
        self._put(_NoThumbnails(frozenset(page_ids)))

    def put_asset(self, data: bytes) -> bytes:
        """Keep a picture's bytes under their content; return the 32 bytes of its SHA-256.

        Computes the hash (2 ms a MB): call it on a worker thread.

        Raises:
            AppError: IMAGE_TOO_LARGE beyond 64 MB; READ_ONLY.
            RuntimeError: the file was closed.
        """
        if len(data) > MAX_ASSET_BYTES:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{len(data)} bytes")
        sha256 = hashlib.sha256(data).digest()
        number = self._put(_Asset(sha256, data))
        with self._reading:
            self._forget_written_assets()
            self._assets_on_the_way[sha256] = (number, data)
        return sha256

    def set_note(self, page_id: str, text: str) -> None:
        """Keep what only the presenter sees of a page; empty for nothing. Raises as `append`.

        It is no part of the document: whoever shares the board never gets it.
        """
        self._put(_Note(page_id, text))
        self._notes = {**self._notes, page_id: text}

    def put_document(
        self,
        document: str,
        path: Path,
        progress: Progress | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Keep a document in the board. Blocks (120 MB: about 1 s); for worker threads.

        It goes in by pieces, behind whatever is being written on the board. What an earlier
        call that did not end has put in is not written again.

        Args:
            document: Its id.
            path: Its file, whose bytes have that SHA-256.
            progress: Gets bytes done and in all, on this thread.
            is_cancelled: Asked before each piece; what is in stays for another time.

        Returns:
            Whether the board has all of it; False when it was cancelled.

        Raises:
            AppError: DISK_FULL (beforehand too, when there is no room for all of it),
                READ_ONLY, MEDIUM_GONE, DOCUMENT_DAMAGED (the file is another one).
            RuntimeError: the board was closed.
        """
        if self._writer is None:
            raise AppError(ErrorCode.READ_ONLY, str(self.path))
        with self._putting:
            if self._closed:
                raise RuntimeError("the board file was closed")
            # Until it is in, a copy of the board takes it from there.
            self._documents_on_the_way[document] = path
            is_whole = _put_document(self, self._writer, document, path, progress, is_cancelled)
            if is_whole:
                del self._documents_on_the_way[document]
            return is_whole

    # Waiting: any thread but the writer's ----------------------------------------------

    def wait_written(self, number: int, timeout_s: float) -> bool:
        """Wait until what `append` numbered survives the death of this process.

        Returns:
            Whether it does; False at once while the disk refuses to write.
        """
        return self._writer is None or self._writer.wait_written(number, timeout_s)

    def flush(self, timeout_s: float = _FLUSH_S) -> bool:
        """Wait until the medium has all that was handed over. Blocks; for worker threads.

        Returns:
            Whether it has; False when the disk refuses or takes longer than `timeout_s`.
        """
        return self._writer is None or self._writer.flush(timeout_s)

    @property
    def trouble(self) -> AppError | None:
        """Why writing fails at present, or None. Any thread."""
        return None if self._writer is None else self._writer.trouble

    # Reading --------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Title for lists; the document's own is `Board.title`."""
        return self._meta.get("title", "")

    @property
    def created(self) -> datetime:
        """When the board was made, with zone."""
        return parse_time(self._meta.get("created", ""))

    @property
    def modified(self) -> datetime:
        """When it was last written on, to about a minute, with zone."""
        return parse_time(self._meta.get("modified", ""))

    def asset(self, sha256: bytes) -> bytes:
        """Return what `put_asset` kept. Blocks; for worker threads.

        Raises:
            KeyError: there is nothing of this name.
            AppError: BOARD_DAMAGED; its bytes were damaged. MEDIUM_GONE.
        """
        with self._reading, disk_errors(self.path):
            if sha256 in self._assets_on_the_way:
                return self._assets_on_the_way[sha256][1]
            return self._reader.asset(sha256)

    def asset_names(self) -> list[bytes]:
        """Return the SHA-256 of all pictures, those on their way to the file too. Blocks."""
        with self._reading, disk_errors(self.path):
            return list({*self._reader.asset_names(), *self._assets_on_the_way})

    def thumbnail(self, page_id: str) -> bytes | None:
        """Return the picture of a page, if there is one that is written. Blocks."""
        with self._reading, disk_errors(self.path):
            return self._reader.thumbnail(page_id)

    @property
    def notes(self) -> Mapping[str, str]:
        """What only the presenter sees, by page id."""
        return self._notes

    def documents(self) -> list[str]:
        """Return the ids of the documents the board has all of. Blocks."""
        with self._reading, disk_errors(self.path):
            return self._reader.documents.names()

    def has_document(self, document: str) -> bool:
        """Return whether the board has all of a document. Blocks."""
        with self._reading, disk_errors(self.path):
            return self._reader.documents.has(document)

    def document_size(self, document: str) -> int | None:
        """Return how many bytes a document has; None when the board has none such. Blocks."""
        with self._reading, disk_errors(self.path):
            try:
                return self._reader.documents.size(document)
            except KeyError:
                return None

    def chunk_sums(self, document: str) -> dict[int, int]:
        """Return the CRC-32 of the pieces of a document that are written. Blocks."""
        with self._reading, disk_errors(self.path):
            return self._reader.documents.chunk_sums(document)

    def take_document(self, document: str, path: Path) -> None:
        """Write a document of the board into a file. Blocks; for worker threads.

        Raises:
            KeyError: the board has not (all of) it.
            AppError: BOARD_DAMAGED; its bytes were damaged. DISK_FULL and such: about
                `path`.
        """
        with self._reading, disk_errors(self.path):
            if not self._reader.documents.has(document):
                raise KeyError(document)
            count = chunk_count(self._reader.documents.size(document))
        digest = hashlib.sha256()
        with disk_errors(path), path.open("wb") as target:
            for number in range(count):
                with self._reading, disk_errors(self.path):
                    data = self._reader.documents.chunk(document, number)
                if data is None:
                    raise AppError(ErrorCode.BOARD_DAMAGED, f"{self.path}: {document}")
                digest.update(data)
                target.write(data)
        if digest.hexdigest() != document:
            raise AppError(ErrorCode.BOARD_DAMAGED, f"{self.path}: {document}")

    def save_copy_to(
        self, path: Path, progress: Progress | None = None, *, with_notes: bool = True
    ) -> None:
        """Write a complete board file elsewhere, what waits for the disk included. Blocks.

        The name appears when the copy is complete and on the medium, not before; a file
        that had it is replaced.

        Args:
            path: Where; its folder is there.
            progress: Gets bytes done and in all, now and then, on this thread.
            with_notes: Whether what only the presenter sees goes along.

        Raises:
            AppError: MEDIUM_GONE, DISK_FULL, READ_ONLY.
        """
        # In this order: what is written in between is then in both, which does no harm.
        waiting = () if self._writer is None else self._writer.waiting()
        with self._copying, new_board_file(path) as target:
            source = BoardStore.open_for_reading(self._reader.path)
            try:
                source.copy_into(target, progress, with_notes=with_notes)
            finally:
                source.close()
            with target.transaction():
                for entry in waiting:
                    if with_notes or not isinstance(entry, _Note):
                        entry.write(target)
                for document, file in tuple(self._documents_on_the_way.items()):
                    if file.is_file():
                        target.documents.put_file(document, file)

    # End ------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what waits, compact the log, make the board one file, end the thread.

        Blocks (10,000 new strokes: some 0.2 s), also while `save_copy_to` is at work on
        another thread. Calling it again does nothing.

        Raises:
            AppError: what waits cannot be written; `save_copy_to` before closing is the
                way to keep it.
        """
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        if self._is_written_on:
            self._note_modified()
        # A document that is on its way goes in first: pages need it.
        with self._putting:
            pass
        with self._reading:
            self._reader.close()
        # A copy that is being made would keep the log beside the file.
        with self._copying:
            if self._writer is not None:
                self._writer.shutdown()
            self._release()
        if self._writer is not None and self._writer.waiting() and self._writer.trouble:
            raise self._writer.trouble

    # Inside ---------------------------------------------------------------------------

    def _put(self, entry: Entry) -> int:
        if self._writer is None:
            raise AppError(ErrorCode.READ_ONLY, str(self.path))
        return self._writer.put(entry)

    def _set_meta(self, key: str, value: str) -> None:
        self._meta = {**self._meta, key: value}
        self._put(_Meta(key, value))

    def _note_modified(self) -> None:
        self._set_meta("modified", self._clock.now().isoformat(timespec="seconds"))

    def _forget_written_assets(self) -> None:
        self._assets_on_the_way = {
            sha256: (number, data)
            for sha256, (number, data) in self._assets_on_the_way.items()
            if not self.wait_written(number, 0.0)
        }


def keep_thumbnail(
    path: Path, page_id: str, png: bytes, log_mark: tuple[int, int, int]
) -> None:
    """Put the picture of a page into a board that nobody has open. Blocks.

    Does nothing when the board was written on since: the picture is old then.

    Args:
        path: The board's file.
        page_id: Whose picture it is.
        png: The picture.
        log_mark: See `BoardStore.log_mark`, from when the page was read.

    Raises:
        AppError: BOARD_IN_USE, DISK_FULL, READ_ONLY, NOT_FOUND, MEDIUM_GONE.
    """
    with disk_errors(path):
        lock = _Lock(path)
        try:
            store = BoardStore.open_for_writing(path)
            try:
                with store.transaction():
                    if store.log_mark() == log_mark:
                        store.put_thumbnail(page_id, png)
                store.fold()
            finally:
                store.close()
        finally:
            lock.release()


def _put_document(
    file: BoardFile,
    writer: BoardWriter,
    document: str,
    path: Path,
    progress: Progress | None,
    is_cancelled: Callable[[], bool],
) -> bool:
    if file.has_document(document):
        return True
    with disk_errors(path):
        size = path.stat().st_size
    there = file.chunk_sums(document)
    left = size - len(there) * CHUNK_BYTES
    with disk_errors(file.path):
        if shutil.disk_usage(file.path.parent).free < left + ROOM_FOR_INK_BYTES:
            raise AppError(ErrorCode.DISK_FULL, f"{file.path}: no room for {size} bytes")
    digest, done = hashlib.sha256(), 0
    with disk_errors(path):
        for chunk in read_chunks(document, path):
            if is_cancelled():
                return False
            digest.update(chunk.data)
            if there.get(chunk.number) != chunk.crc:
                writer.write_aside(_Chunk(chunk))
            done += len(chunk.data)
            if progress is not None:
                progress(done, size)
    if digest.hexdigest() != document:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path} is not {document}")
    writer.write_aside(_WholeDocument(document, done))
    return True


def keep_board(board: Board, file: BoardFile) -> Callable[[], None]:
    """Write every change of `board` to `file` from now on; return how to stop that.

    Each transaction's update is handed over as it ends; before that the one before it
    must be committed, so that no stroke can be finished while an earlier one is in memory
    only. That waits when the disk is slower than the hand (a commit takes 0.01 to 0.3 ms),
    at most 0.25 s a stroke, and not at all while the disk refuses: then `on_health` has
    told a person, and strokes wait in memory.

    Call it on the board's thread; it does nothing for a file that can only be read.
    """
    if file.read_only:
        return lambda: None
    last = 0

    def take(update: bytes) -> None:
        nonlocal last
        file.wait_written(last, _HOLD_S)
        last = file.append(update)

    def note(change: BoardChange) -> None:
        if change.pages:
            file.set_page_ids([page.id for page in board.pages])
        if change.meta:
            file.set_title(board.title)

    stops = (board.on_update(take), board.on_change(note))

    def stop() -> None:
        for stop_listening in stops:
            stop_listening()

    return stop


def _is_writable(path: Path) -> bool:
    # access() says no for a medium mounted read-only, even to root.
    as_we_are = os.access in os.supports_effective_ids
    return all(
        os.access(place, os.W_OK, effective_ids=as_we_are) for place in (path, path.parent)
    )


class _Lock:
    """Holds a board for this process; its death lets go.

    By flock, of the whole file: SQLite's own locks are another kind, and fall when the
    process closes any descriptor of the file.

    Raises:
        AppError: BOARD_IN_USE.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                return  # a file system without locks
            os.close(self._fd)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise AppError(ErrorCode.BOARD_IN_USE, str(path)) from error
            raise

    def follow(self) -> None:
        """Hold the file that has the name now: a migrated or recovered one took it."""
        if os.fstat(self._fd).st_ino != self._path.stat().st_ino:
            newer = _Lock(self._path)
            os.close(self._fd)
            self._fd = newer._fd

    def release(self) -> None:
        """Let go."""
        os.close(self._fd)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file brought into order: its document, and what was found."""

    update: bytes
    report: OpenReport


def _make_ready(path: Path, clock: Clock) -> _Ready:
    """Bring a file, which nobody else has open, into the present format and into order."""
    is_board, version = read_header(path)
    migrated_from = None
    update = None
    if is_board and version == _version_in_meta(path):  # else one of the two is damaged
        if version > FORMAT_VERSION:
            raise AppError(ErrorCode.BOARD_TOO_NEW, f"{path}: format version {version}")
        if version < FORMAT_VERSION:
            migrate(path, version)
            migrated_from = version
        update = _read_sound(path)
    if update is not None:
        return _Ready(update, OpenReport(migrated_from=migrated_from))
    if not is_board and path.suffix != SUFFIX:
        raise AppError(ErrorCode.NOT_A_BOARD, str(path))
    recovery = recover_beside(path, clock.now())
    update = _read_sound(path)
    if update is None:
        raise AppError(ErrorCode.BOARD_DAMAGED, f"{path}: the recovered copy is damaged")
    return _Ready(
        update,
        OpenReport(True, recovery.damaged_updates, recovery.original, migrated_from),
    )


def _read_sound(path: Path) -> bytes | None:
    """Return the document of a file without any damage, or None."""
    try:
        store = BoardStore.open_for_reading(path)
        try:
            log = store.read_log() if store.check() and store.meta("id") else None
            return None if log is None or log.damaged else merge(log.updates)
        finally:
            store.close()
    except (sqlite3.DatabaseError, ValueError):
        return None


def _version_in_meta(path: Path) -> int:
    try:
        store = BoardStore.open_for_reading(path)
        try:
            return int(store.meta("format"))
        finally:
            store.close()
    except (sqlite3.DatabaseError, ValueError):
        return -1


def _open_for_writing(path: Path, lock: _Lock, on_health: Health, clock: Clock) -> BoardFile:
    ready = _make_ready(path, clock)
    lock.follow()
    store = BoardStore.open_for_writing(path)
    writer = BoardWriter(store, store.meta("id"), f"board-writer {path.name}", on_health)
    try:
        reader = BoardStore.open_for_reading(path)
    except BaseException:
        writer.shutdown()
        raise
    return BoardFile(
        path,
        reader=reader,
        writer=writer,
        board_update=ready.update,
        report=ready.report,
        clock=clock,
        release=lock.release,
    )


def _open_for_reading(path: Path, clock: Clock) -> BoardFile:
    """Open a private copy: a log beside the file, an old format or damage need writing."""
    folder = Path(tempfile.mkdtemp(prefix="kokuban-reading-"))
    try:
        copy = folder / path.name
        shutil.copyfile(path, copy)
        if wal_path(path).exists():
            shutil.copyfile(wal_path(path), wal_path(copy))
        ready = _make_ready(copy, clock)
        reader = BoardStore.open_for_reading(copy)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return BoardFile(
        path,
        reader=reader,
        writer=None,
        board_update=ready.update,
        report=replace(ready.report, damaged_original=None),
        clock=clock,
        release=lambda: shutil.rmtree(folder, ignore_errors=True),
    )
