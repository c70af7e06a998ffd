"""The SQL statements of a board file, version 2. See docs/reference/board-file.md.

Those of documents and notes are in `stored_documents`.

A `BoardStore` is a connection and belongs to one thread at a time. It raises what SQLite
and the system raise; `disk_errors` turns that into words for people.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import struct
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc, Map

from base.board_doc import PAGE_DOCUMENT, PAGES
from base.errors import AppError, ErrorCode
from whiteboard.services.boards.stored_documents import (
    COPIED,
    COPIED_NOTES,
    SCHEMA,
    StoredDocuments,
    StoredNotes,
)
from whiteboard.services.boards.yjs_update import split_update
from whiteboard.services.disk_errors import disk_errors, shm_path, wal_path

FORMAT_VERSION: Final = 2
APPLICATION_ID: Final = 0x4B4B424E
"""`KKBN`; at offset 68 of the file, big endian."""
PAGE_BYTES: Final = 4096
SUFFIX: Final = ".kokuban"
UNFINISHED_SUFFIX: Final = ".unfinished"
MAX_ASSET_BYTES: Final = 64 * 1024 * 1024

_MAGIC: Final = b"SQLite format 3\0"
_VERSION_AT: Final = 60
_APPLICATION_ID_AT: Final = 68
_SCHEMA_MARK: Final = b"CREATE TABLE updates"

_PART_BYTES: Final = 5800
"""Compressed (to 64 to 68 %) a part lies on one page: a damaged page costs a dozen strokes."""
_COMPRESSION_LEVEL: Final = 1
"""Level 6 is 2 % smaller and takes twice as long."""
_COMPACT_FROM_ROWS: Final = 32
_BUSY_S: Final = 2.0
_CACHE_KIB: Final = 8192
_FULL_CHECK_BYTES: Final = 64 * 1024 * 1024

_STORED: Final = 0
_DEFLATED: Final = 1

_SCHEMA: Final = """
CREATE TABLE updates(
  seq INTEGER PRIMARY KEY, coding INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE assets(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, data BLOB NOT NULL);
CREATE TABLE thumbnails(id INTEGER PRIMARY KEY, page TEXT NOT NULL UNIQUE, png BLOB NOT NULL);
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

Progress = Callable[[int, int], None]
"""Gets bytes done and bytes in all."""


@dataclass(frozen=True, slots=True)
class UpdateLog:
    """What the log of a board says.

    Attributes:
        updates: The sound updates, in the order of writing.
        damaged: How many others there were.
    """

    updates: Sequence[bytes]
    damaged: int


class BoardStore:
    """An open connection to a board file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.documents = StoredDocuments(connection, path)
        self.notes = StoredNotes(connection)

    # Opening ------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path) -> BoardStore:
        """Make an empty file, safe against nothing yet (see `new_board_file`).

        Raises:
            FileExistsError: there is a file of that name.
        """
        path.touch(exist_ok=False)
        connection = _connect(path, "rw")
        connection.executescript(
            f"PRAGMA page_size={PAGE_BYTES}; PRAGMA auto_vacuum=INCREMENTAL;"
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT_VERSION};"
            f"BEGIN; {_SCHEMA} {SCHEMA} COMMIT;"
        )
        store = cls(connection, path)
        store.put_meta("format", str(FORMAT_VERSION))
        return store

    @classmethod
    def open_for_writing(cls, path: Path) -> BoardStore:
        """Open the file with a write-ahead log; what a killed process left is taken in."""
        connection = _connect(path, "rw")
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint=0")
        except sqlite3.Error:
            connection.close()
            raise
        return cls(connection, path)

    @classmethod
    def open_for_reading(cls, path: Path) -> BoardStore:
        """Open the file, which another connection may be writing."""
        if wal_path(path).exists():
            # The index of the log has to be written even by who reads.
            connection = _connect(path, "rw")
            connection.execute("PRAGMA query_only=1")
        else:
            connection = _connect(path, "ro", immutable=True)
        return cls(connection, path)

    def close(self) -> None:
        """Close the connection. Twice does nothing."""
        self._connection.close()

    # Reading ------------------------------------------------------------------------

    def check(self) -> bool:
        """Return whether SQLite finds the file's structure sound.

        Takes 0.5 ms a MB; of files with more than 64 MB (pictures) only the log is checked.
        """
        is_small = self.path.stat().st_size <= _FULL_CHECK_BYTES
        pragma = "quick_check(1)" if is_small else "quick_check(updates)"
        try:
            rows = self._connection.execute(f"PRAGMA {pragma}").fetchall()
        except sqlite3.DatabaseError:
            return False
        return rows == [("ok",)]

    def read_log(self) -> UpdateLog:
        """Read the log; a row whose checksum or content is wrong is counted, not raised."""
        updates, damaged = [], 0
        rows = self._connection.execute("SELECT coding, crc, data FROM updates ORDER BY seq")
        for coding, crc, data in rows:
            update = decode_update(coding, crc, data)
            if update is None:
                damaged += 1
            else:
                updates.append(update)
        return UpdateLog(updates, damaged)

    def log_mark(self) -> tuple[int, int, int]:
        """Return what is another one after each writing: rows, bytes and sum of the log."""
        query = (
            "SELECT count(*), ifnull(sum(length(data)), 0), ifnull(sum(crc), 0) FROM updates"
        )
        ((rows, size_bytes, crc_sum),) = self._connection.execute(query).fetchall()
        return int(rows), int(size_bytes), int(crc_sum)

    def meta(self, key: str) -> str:
        """Return a value of the meta table; empty when it is not there."""
        rows = self._connection.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchall()
        return str(rows[0][0]) if rows else ""

    def all_meta(self) -> dict[str, str]:
        """Return the meta table."""
        rows = self._connection.execute("SELECT key, value FROM meta")
        return {str(key): str(value) for key, value in rows}

    def asset(self, sha256: bytes) -> bytes:
        """Return an asset.

        Raises:
            KeyError: there is none of this name.
            AppError: BOARD_DAMAGED; its bytes are not those that were put in.
        """
        query = "SELECT data FROM assets WHERE sha256=?"
        rows = self._connection.execute(query, (sha256,)).fetchall()
        if not rows:
            raise KeyError(sha256.hex())
        data = bytes(rows[0][0])
        if hashlib.sha256(data).digest() != sha256:
            raise AppError(ErrorCode.BOARD_DAMAGED, f"{self.path}: asset {sha256.hex()}")
        return data

    def asset_names(self) -> list[bytes]:
        """Return the SHA-256 of every asset."""
        return [bytes(row[0]) for row in self._connection.execute("SELECT sha256 FROM assets")]

    def thumbnail(self, page_id: str) -> bytes | None:
        """Return the PNG of a page, or None."""
        query = "SELECT png FROM thumbnails WHERE page=?"
        rows = self._connection.execute(query, (page_id,)).fetchall()
        return bytes(rows[0][0]) if rows else None

    # Writing ------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or none of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some errors of the disk.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def append_update(self, update: bytes) -> None:
        """Add an update to the log."""
        self._insert_update(_STORED, update)

    def put_meta(self, key: str, value: str) -> None:
        """Set a value of the meta table."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def put_asset(self, sha256: bytes, data: bytes) -> None:
        """Keep an asset; one that is there already is left alone."""
        query = "INSERT OR IGNORE INTO assets(sha256, data) VALUES(?, ?)"
        self._connection.execute(query, (sha256, data))

    def put_thumbnail(self, page_id: str, png: bytes) -> None:
        """Keep the picture of a page."""
        query = "INSERT OR REPLACE INTO thumbnails(page, png) VALUES(?, ?)"
        self._connection.execute(query, (page_id, png))

    def drop_thumbnails(self, page_ids: Iterable[str]) -> None:
        """Forget the pictures of pages."""
        query = "DELETE FROM thumbnails WHERE page=?"
        self._connection.executemany(query, [(page_id,) for page_id in page_ids])

    def put_page_ids(self, page_ids: Sequence[str]) -> None:
        """Say which pages there are; the thumbnails of others go."""
        self.put_meta("pages", json.dumps(list(page_ids)))
        rows = self._connection.execute("SELECT page FROM thumbnails").fetchall()
        self.drop_thumbnails({row[0] for row in rows} - set(page_ids))

    def compact(self) -> bool:
        """Replace the log by the document's present state, in parts; return whether it was.

        Erased ink leaves the file here. Done from 32 new rows on; 10,000 strokes take some
        0.2 s. A damaged log is left alone.
        """
        query = "SELECT count(*) FROM updates WHERE coding=?"
        ((new_rows,),) = self._connection.execute(query, (_STORED,)).fetchall()
        log = self.read_log() if new_rows >= _COMPACT_FROM_ROWS else None
        if log is None or log.damaged:
            return False
        with self.transaction():
            self._connection.execute("DELETE FROM updates")
            self.append_state(merge(log.updates))
        return True

    def drop_unused(self) -> bool:
        """Remove documents and notes that no page has any more; return whether any went.

        A damaged log is left alone, and so is what its lost pages may have.
        """
        if not (self.documents.is_used or self.notes.all()):
            return False
        log = self.read_log()
        if log.damaged:
            return False
        used = read_pages(merge(log.updates))
        with self.transaction():
            self.notes.drop_all_but(used)
            return self.documents.drop_all_but(set(used.values())) > 0

    def append_state(self, state: bytes) -> None:
        """Add a whole document to the log, in compressed parts of about a page.

        In parts, because a damaged page then costs one part and not the board.
        """
        for part in split_update(state, _PART_BYTES):
            self._insert_update(_DEFLATED, zlib.compress(part, _COMPRESSION_LEVEL))

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; the next entries start it from the front.

        Readers are not waited for: what they still need is moved the next time.
        """
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def fold(self) -> None:
        """Make the board one file: give free pages back, end the write-ahead log."""
        # One execute() would give back one page.
        self._connection.executescript("PRAGMA incremental_vacuum")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA journal_mode=DELETE").fetchall()

    def _insert_update(self, coding: int, data: bytes) -> None:
        query = "INSERT INTO updates(coding, crc, data) VALUES(?, ?, ?)"
        self._connection.execute(query, (coding, zlib.crc32(data), data))

    # Copying ------------------------------------------------------------------------

    def copy_into(
        self, target: BoardStore, progress: Progress | None = None, *, with_notes: bool = True
    ) -> None:
        """Copy every row into an empty store, in one transaction there.

        Args:
            target: The empty store.
            progress: Gets bytes done and in all, now and then.
            with_notes: Whether what staff alone may see goes along.
        """
        total = self.path.stat().st_size
        done = 0
        with self._one_moment(), target.transaction():
            for table, columns in (_COPIED | (COPIED_NOTES if with_notes else {})).items():
                marks = ", ".join("?" * len(columns))
                names = ", ".join(columns)
                insert = f"INSERT OR REPLACE INTO {table}({names}) VALUES({marks})"
                for row in self._connection.execute(f"SELECT {names} FROM {table}"):  # noqa: S608
                    target._connection.execute(insert, row)
                    done += sum(len(v) for v in row if isinstance(v, (bytes, str)))
                    if progress is not None:
                        progress(min(done, total), total)

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """See the file as it is now, whatever is written meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")


_COPIED: Final = {
    "updates": ("coding", "crc", "data"),
    "assets": ("sha256", "data"),
    "thumbnails": ("page", "png"),
    "meta": ("key", "value"),
    **COPIED,
}


def decode_update(coding: object, crc: object, data: object) -> bytes | None:
    """Return the update of a row, or None when the row is damaged."""
    if not isinstance(data, bytes) or zlib.crc32(data) != crc:
        return None
    if coding == _STORED:
        return data
    try:
        return zlib.decompress(data) if coding == _DEFLATED else None
    except zlib.error:
        return None


def merge(updates: Sequence[bytes]) -> bytes:
    """Return one update that says what all say.

    Through a document, not `pycrdt.merge_updates`: for 10,000 strokes that takes 390 ms
    and keeps what was erased; this takes 27 ms and drops it.

    Raises:
        ValueError: one of them is not a Yjs update.
    """
    doc: Doc[Any] = Doc()
    for update in updates:
        try:
            doc.apply_update(update)
        except Exception as error:  # pycrdt raises bare runtime errors
            raise ValueError(f"not a Yjs update: {error}") from error
    return doc.get_update()


def read_pages(state: bytes) -> dict[str, str]:
    """Return the ids of the pages of a whole document, each with that of its document.

    The second one is empty where no document lies under the page.
    """
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    pages = doc.get(PAGES, type=Map)
    return {
        page_id: str(page.get(PAGE_DOCUMENT) or "") if isinstance(page, Map) else ""
        for page_id, page in pages.items()
    }


def read_header(path: Path) -> tuple[bool, int]:
    """Return whether the file's beginning is a board's, and its format version.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        page = file.read(PAGE_BYTES)
    if len(page) < _APPLICATION_ID_AT + 4:
        return False, -1
    (application_id,) = struct.unpack_from(">I", page, _APPLICATION_ID_AT)
    (version,) = struct.unpack_from(">I", page, _VERSION_AT)
    has_magic = page.startswith(_MAGIC)
    marks = has_magic + (application_id == APPLICATION_ID) + (_SCHEMA_MARK in page)
    if marks < 2:
        return False, -1
    return True, version


def sync_file(path: Path) -> None:
    """Wait until the medium has the file and its name."""
    for target in (path, path.parent):
        fd = os.open(target, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


@contextmanager
def new_board_file(path: Path) -> Iterator[BoardStore]:
    """Make a board file that gets its name when it is complete and on the medium. Blocks.

    Raises:
        AppError: MEDIUM_GONE, DISK_FULL, READ_ONLY. Whatever is raised, `path` is as it was.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}{UNFINISHED_SUFFIX}")
    with disk_errors(path):
        if not path.parent.is_dir():
            raise AppError(ErrorCode.MEDIUM_GONE, f"{path.parent} is not there")
        try:
            with disk_errors(temporary):
                store = BoardStore.create(temporary)
                try:
                    yield store
                finally:
                    store.close()
                sync_file(temporary)
                temporary.replace(path)
                sync_file(path)
        finally:
            with suppress(OSError):
                remove_board(temporary)


def write_identity(store: BoardStore, title: str, now: datetime) -> None:
    """Make a store a board of its own."""
    moment = now.isoformat(timespec="seconds")
    values = {"id": uuid.uuid4().hex, "title": title, "created": moment, "modified": moment}
    with store.transaction():
        for key, value in values.items():
            store.put_meta(key, value)


def parse_time(text: str) -> datetime:
    """Return a moment of the meta table; what is no moment is the beginning of 1970."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def remove_board(path: Path) -> None:
    """Remove a board file with what SQLite keeps beside it; missing ones are no error."""
    for part in (path, wal_path(path), shm_path(path)):
        part.unlink(missing_ok=True)


def _connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + f"?mode={mode}" + ("&immutable=1" if immutable else "")
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False
    )
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    return connection
