"""The documents and the speaker notes inside a board file: every SQL statement of theirs.

A document lies in chunks, so that a pen's stroke never waits for more than one of them. It
is there when its row in `documents` is, which is written after the last chunk; chunks
without that row are a copy that was cut short, and the next one goes on from them.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHUNK_BYTES: Final = 1 << 20
"""Measured on the disk of the benchmarks, written, synced and moved out of the log: 4 ms a
chunk of 1 MiB, 33 ms one of 4 MiB; 120 MB take 0.6 s and 0.9 s."""

SCHEMA: Final = """
CREATE TABLE documents(
  id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL
);
CREATE TABLE chunks(
  id INTEGER PRIMARY KEY, document BLOB NOT NULL, number INTEGER NOT NULL,
  crc INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(document, number)
);
CREATE TABLE notes(
  id INTEGER PRIMARY KEY, page TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, text TEXT NOT NULL
);
"""

COPIED: Final = {
    "chunks": ("document", "number", "crc", "data"),
    "documents": ("sha256", "size"),
}
"""What a copy of a board takes along, in this order: a document's row comes last."""
COPIED_NOTES: Final = {"notes": ("page", "crc", "text")}

Cancelled = Callable[[], bool]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, `CHUNK_BYTES` long unless it is the last one.

    Attributes:
        document: Id of the document.
        number: Its place, from 0.
        data: Its bytes.
    """

    document: str
    number: int
    data: bytes

    @property
    def crc(self) -> int:
        """CRC-32 of the bytes."""
        return zlib.crc32(self.data)


class StoredDocuments:
    """The documents of one board file, over its connection and on its thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @property
    def is_used(self) -> bool:
        """Whether there is anything of any document."""
        query = "SELECT EXISTS(SELECT 1 FROM documents) OR EXISTS(SELECT 1 FROM chunks)"
        return bool(self._connection.execute(query).fetchone()[0])

    def names(self) -> list[str]:
        """Return the ids of the documents that are there whole."""
        rows = self._connection.execute("SELECT sha256 FROM documents ORDER BY id").fetchall()
        return [bytes(row[0]).hex() for row in rows if self._is_whole(bytes(row[0]))]

    def has(self, document: str) -> bool:
        """Return whether a document is there whole."""
        return self._is_whole(bytes.fromhex(document))

    def _is_whole(self, sha256: bytes) -> bool:
        query = (
            "SELECT size, (SELECT count(*) FROM chunks WHERE document=sha256)"
            " FROM documents WHERE sha256=?"
        )
        rows = self._connection.execute(query, (sha256,)).fetchall()
        return bool(rows) and rows[0][1] == chunk_count(rows[0][0])

    def chunk_sums(self, document: str) -> dict[int, int]:
        """Return the CRC-32 of each chunk that is there, by number."""
        query = "SELECT number, crc FROM chunks WHERE document=?"
        return dict(self._connection.execute(query, (bytes.fromhex(document),)).fetchall())

    def chunk(self, document: str, number: int) -> bytes | None:
        """Return a chunk, or None when it is not there or damaged."""
        query = "SELECT crc, data FROM chunks WHERE document=? AND number=?"
        rows = self._connection.execute(query, (bytes.fromhex(document), number)).fetchall()
        if not rows or zlib.crc32(rows[0][1]) != rows[0][0]:
            return None
        return bytes(rows[0][1])

    def size(self, document: str) -> int:
        """Return how many bytes a document has.

        Raises:
            KeyError: it is not there.
        """
        query = "SELECT size FROM documents WHERE sha256=?"
        rows = self._connection.execute(query, (bytes.fromhex(document),)).fetchall()
        if not rows:
            raise KeyError(document)
        return int(rows[0][0])

    def put_chunk(self, chunk: Chunk) -> None:
        """Keep a chunk, in the place of one that is there."""
        query = "INSERT OR REPLACE INTO chunks(document, number, crc, data) VALUES(?, ?, ?, ?)"
        sha256 = bytes.fromhex(chunk.document)
        self._connection.execute(query, (sha256, chunk.number, chunk.crc, chunk.data))

    def put_whole(self, document: str, size: int) -> None:
        """Say that all chunks of a document are there."""
        query = "INSERT OR REPLACE INTO documents(sha256, size) VALUES(?, ?)"
        self._connection.execute(query, (bytes.fromhex(document), size))

    def forget(self, document: str) -> None:
        """Say that a document is not there whole; its chunks stay for the next copy."""
        query = "DELETE FROM documents WHERE sha256=?"
        self._connection.execute(query, (bytes.fromhex(document),))

    def drop_all_but(self, used: Collection[str]) -> int:
        """Remove the documents nobody needs, whole or not; return how many."""
        query = "SELECT sha256 FROM documents UNION SELECT document FROM chunks"
        there = {bytes(row[0]) for row in self._connection.execute(query)}
        gone = [(sha256,) for sha256 in there if sha256.hex() not in used]
        self._connection.executemany("DELETE FROM documents WHERE sha256=?", gone)
        self._connection.executemany("DELETE FROM chunks WHERE document=?", gone)
        return len(gone)

    def seal(self, document: str) -> bool:
        """Say that a document is there whole if its chunks are; return whether they are."""
        digest, size = hashlib.sha256(), 0
        for number in range(len(self.chunk_sums(document))):
            data = self.chunk(document, number)
            if data is None:
                return False
            digest.update(data)
            size += len(data)
        if digest.hexdigest() != document:
            return False
        self.put_whole(document, size)
        return True

    def put_file(self, document: str, path: Path) -> None:
        """Keep a whole document inside the transaction that is open. Blocks.

        A file whose bytes are not the document's leaves pieces behind that no reader takes.
        """
        for chunk in read_chunks(document, path):
            self.put_chunk(chunk)
        self.seal(document)


class StoredNotes:
    """The speaker notes of one board file, over its connection and on its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> dict[str, str]:
        """Return the notes by page id."""
        rows = self._connection.execute("SELECT page, text FROM notes")
        return {str(page): str(text) for page, text in rows}

    def put(self, page_id: str, text: str) -> None:
        """Keep the note of a page; an empty one goes."""
        if text:
            query = "INSERT OR REPLACE INTO notes(page, crc, text) VALUES(?, ?, ?)"
            self._connection.execute(query, (page_id, note_sum(page_id, text), text))
        else:
            self._connection.execute("DELETE FROM notes WHERE page=?", (page_id,))

    def drop_all_but(self, page_ids: Collection[str]) -> None:
        """Remove the notes of pages that are not there any more."""
        rows = self._connection.execute("SELECT page FROM notes").fetchall()
        gone = [row for row in rows if row[0] not in page_ids]
        self._connection.executemany("DELETE FROM notes WHERE page=?", gone)


def chunk_count(size: int) -> int:
    """Return in how many chunks a document of `size` bytes lies."""
    return -(-size // CHUNK_BYTES)


def note_sum(page_id: str, text: str) -> int:
    """Return the checksum that a note carries, by which it is found in a damaged file."""
    return zlib.crc32(text.encode(), zlib.crc32(page_id.encode()))


def read_chunks(document: str, path: Path) -> Iterator[Chunk]:
    """Yield the chunks of a document's file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        number = 0
        while data := file.read(CHUNK_BYTES):
            yield Chunk(document, number, data)
            number += 1
