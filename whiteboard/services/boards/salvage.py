"""What is left of a damaged board file: row by row, into a new file.

A damaged sector makes SQLite refuse the rows on it, not the others. They are read from
both ends of a table towards the damage and then one by one; where SQLite finds no way to
them, page by page. Every row of the log carries its own checksum, so nothing false comes
along, and an update that comes twice does no harm.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc, Map

from base.board_doc import ITEMS, PAGES, parse_item
from base.errors import AppError, ErrorCode
from base.yjs import parse_update
from whiteboard.model.board import Board
from whiteboard.model.page import Background
from whiteboard.services.boards.board_store import (
    PAGE_BYTES,
    SUFFIX,
    BoardStore,
    decode_update,
    merge,
    new_board_file,
    write_identity,
)
from whiteboard.services.boards.carve import Row, carve_rows, carve_wal_rows
from whiteboard.services.boards.stored_documents import Chunk, note_sum
from whiteboard.services.boards.yjs_update import bridge_gaps
from whiteboard.services.disk_errors import shm_path, wal_path

DAMAGED_MARK: Final = ".damaged-"

_UPDATE_COLUMNS: Final = 4
_ASSET_COLUMNS: Final = 3
_CHUNK_COLUMNS: Final = 5
_NOTE_COLUMNS: Final = 4
_SHA256_BYTES: Final = 32
_PROBED_ROWS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came of a damaged file.

    Attributes:
        original: Where the damaged file lies now, untouched.
        damaged_updates: How many entries of the log could not be read.
    """

    original: Path
    damaged_updates: int


def recover_beside(path: Path, now: datetime) -> Recovery:
    """Put a damaged file aside and what can be read of it in its place. Blocks.

    The board has its name at every moment, under which either file lies.

    Raises:
        AppError: NOT_A_BOARD or BOARD_DAMAGED; nothing can be read (the file stays).
        OSError, sqlite3.Error: the disk refuses (the file stays).
    """
    aside = _name_aside(path, now)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".recover-") as folder:
        recovered = Path(folder) / f"recovered{SUFFIX}"
        damaged = _recover_into(recovered, path, Path(folder), now)
        for source, target in ((path, aside), (wal_path(path), wal_path(aside))):
            _keep_under(source, target)
        wal_path(path).unlink(missing_ok=True)
        shm_path(path).unlink(missing_ok=True)
        recovered.replace(path)
    return Recovery(aside, damaged)


def sound_state(updates: Sequence[bytes]) -> tuple[bytes, int]:
    """Return the document of a log with holes, and how many updates were no updates.

    What was written after a hole is kept; ink whose page was lost gets an empty page.
    """
    sound = [update for update in updates if _is_update(update)]
    state = merge([*bridge_gaps(sound), *sound])
    return _with_lost_pages(state), len(updates) - len(sound)


def _recover_into(target_path: Path, path: Path, folder: Path, now: datetime) -> int:
    copy = folder / f"copy{SUFFIX}"
    _copy_padded(path, copy)
    # SQLite opens (and changes) a copy of its own.
    opened = folder / f"opened{SUFFIX}"
    _copy_padded(path, opened)
    with new_board_file(target_path) as target, _DamagedFile(opened) as source:
        updates, damaged = source.updates()
        carved = [update for update in carve_updates(copy) if update not in set(updates)]
        updates += carved
        meta = source.meta()
        if not updates:
            code = ErrorCode.BOARD_DAMAGED if meta.get("id") else ErrorCode.NOT_A_BOARD
            raise AppError(code, f"{path}: nothing can be read")
        state, unsound = sound_state(updates)
        board = Board(str, state)
        write_identity(target, board.title or meta.get("title", ""), now)
        with target.transaction():
            for key in ("id", "created"):
                if meta.get(key):
                    target.put_meta(key, meta[key])
            target.append_state(state)
            target.put_page_ids([page.id for page in board.pages])
            for sha256, data in itertools.chain(source.assets(), carve_assets(copy)):
                target.put_asset(sha256, data)
            for page_id, text in itertools.chain(carve_notes(copy), source.notes()):
                target.notes.put(page_id, text)
        _recover_documents(target, itertools.chain(source.chunks(), carve_chunks(copy)))
    return max(damaged - len(carved), 0) + unsound


def carve_updates(path: Path) -> list[bytes]:
    """Return the sound updates that lie anywhere in a file and its write-ahead log."""
    found: dict[bytes, None] = {}
    for row in _carved(path):
        if len(row) == _UPDATE_COLUMNS:
            update = decode_update(*row[1:])
            if update:
                found[update] = None
    return list(found)


def carve_assets(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the whole pictures that lie anywhere in a file, with their SHA-256."""
    for row in _carved(path):
        if len(row) == _ASSET_COLUMNS and isinstance(row[1], bytes):
            data = row[2]
            if isinstance(data, bytes) and hashlib.sha256(data).digest() == row[1]:
                yield row[1], data


def carve_chunks(path: Path) -> Iterator[Chunk]:
    """Yield the whole pieces of documents that lie anywhere in a file."""
    for row in _carved(path):
        if len(row) == _CHUNK_COLUMNS and (chunk := _parse_chunk(row[1:])) is not None:
            yield chunk


def carve_notes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the whole speaker notes that lie anywhere in a file, by page id."""
    for row in _carved(path):
        if len(row) == _NOTE_COLUMNS and (note := _parse_note(row[1:])) is not None:
            yield note


def _recover_documents(target: BoardStore, chunks: Iterable[Chunk]) -> None:
    """Keep the pieces of documents, and say of each document that has all that it is whole.

    The others stay as pieces: while the display has such a document, the next opening puts
    in what is missing.
    """
    there: dict[str, set[int]] = {}
    for chunk in chunks:
        if chunk.number not in there.setdefault(chunk.document, set()):
            there[chunk.document].add(chunk.number)
            with target.transaction():
                target.documents.put_chunk(chunk)
    for document in there:
        with target.transaction():
            target.documents.seal(document)


def _parse_chunk(row: Sequence[Any]) -> Chunk | None:
    document, number, crc, data = row
    if not (isinstance(document, bytes) and isinstance(data, bytes) and type(number) is int):
        return None
    if len(document) != _SHA256_BYTES or zlib.crc32(data) != crc:
        return None
    return Chunk(document.hex(), number, data)


def _parse_note(row: Sequence[Any]) -> tuple[str, str] | None:
    page, crc, text = (v.decode(errors="replace") if isinstance(v, bytes) else v for v in row)
    if not (isinstance(page, str) and isinstance(text, str)):
        return None
    return (page, text) if note_sum(page, text) == crc else None


def _carved(path: Path) -> Iterator[Row]:
    yield from carve_rows(path, PAGE_BYTES)
    if wal_path(path).exists():
        yield from carve_wal_rows(wal_path(path), PAGE_BYTES)


class _DamagedFile:
    """A private copy of a damaged file; reads what can be read and raises nothing."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> _DamagedFile:
        with suppress(sqlite3.DatabaseError):
            # Without it SQLite refuses a file that is shorter than its header says.
            self._connection.execute("PRAGMA writable_schema=1")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def updates(self) -> tuple[list[bytes], int]:
        """Return the sound updates and how many others there were."""
        sound, damaged = [], 0
        for row in self._rows("updates", "seq", "coding, crc, data"):
            update = None if row is None else decode_update(*row)
            if update is None:
                damaged += 1
            else:
                sound.append(update)
        return sound, damaged

    def assets(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the whole pictures with their SHA-256."""
        for row in self._rows("assets", "id", "sha256, data"):
            if row is None or not all(isinstance(value, bytes) for value in row):
                continue
            if hashlib.sha256(row[1]).digest() == row[0]:
                yield row[0], row[1]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the whole pieces of documents."""
        for row in self._rows("chunks", "id", "document, number, crc, data"):
            if row is not None and (chunk := _parse_chunk(row)) is not None:
                yield chunk

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the whole speaker notes by page id."""
        for row in self._rows("notes", "id", "page, crc, text"):
            if row is not None and (note := _parse_note(row)) is not None:
                yield note

    def meta(self) -> dict[str, str]:
        """Return what can be read of the meta table."""
        found = {}
        for key in ("id", "title", "created"):
            with suppress(sqlite3.DatabaseError, UnicodeDecodeError):
                query = "SELECT value FROM meta WHERE key=?"
                row = self._connection.execute(query, (key,)).fetchone()
                if row and isinstance(row[0], str):
                    found[key] = row[0]
        return found

    def _rows(self, table: str, key: str, columns: str) -> Iterator[tuple[Any, ...] | None]:
        """Yield the rows by ascending key; None for each that is there but unreadable."""
        query = f"SELECT {columns} FROM {table} WHERE {key}=?"  # noqa: S608
        front, is_whole = self._keys(table, key, "ASC")
        back = [] if is_whole else self._keys(table, key, "DESC")[0][::-1]
        first_of_back = back[0] if back else (front[-1] + 1 if front else 1)
        first_between = front[-1] + 1 if front else 1
        last = min(first_of_back, first_between + _PROBED_ROWS)
        known = {*front, *back}
        for number in sorted({*known, *range(first_between, last)}):
            try:
                row = self._connection.execute(query, (number,)).fetchone()
            except (sqlite3.DatabaseError, UnicodeDecodeError):
                yield None
                continue
            if row is not None or number in known:
                yield row

    def _keys(self, table: str, key: str, direction: str) -> tuple[list[int], bool]:
        """Return the keys up to the first damage, and whether there was none."""
        keys: list[int] = []
        try:
            query = f"SELECT {key} FROM {table} ORDER BY {key} {direction}"  # noqa: S608
            keys.extend(row[0] for row in self._connection.execute(query))
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return keys, False
        return keys, True


def _copy_padded(path: Path, copy: Path) -> None:
    for source, target in ((path, copy), (wal_path(path), wal_path(copy))):
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, target)
    shm_path(copy).unlink(missing_ok=True)
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.truncate(-(-size // PAGE_BYTES) * PAGE_BYTES)


def _is_update(data: bytes) -> bool:
    try:
        parse_update(data)
        merge([data])
    except ValueError:
        return False
    return True


def _with_lost_pages(state: bytes) -> bytes:
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    pages, items = doc.get(PAGES, type=Map), doc.get(ITEMS, type=Map)
    wanted: dict[str, None] = {}
    for data in items.values():
        with suppress(ValueError, TypeError):
            wanted[parse_item(bytes(data)).page] = None
    lost = [page_id for page_id in sorted(wanted) if page_id not in pages]
    if not lost:
        return state
    ids = iter(lost)
    board = Board(lambda: next(ids), state)
    with board.change("recovery") as edit:
        for _ in lost:
            edit.add_page(len(board.pages), Background())
    return board.state()


def _name_aside(path: Path, now: datetime) -> Path:
    stem = f"{path.name.removesuffix(SUFFIX)}{DAMAGED_MARK}{now:%Y-%m-%d}"
    names = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
    return next(
        candidate
        for name in names
        if not (candidate := path.with_name(f"{stem}{name}{SUFFIX}")).exists()
    )


def _keep_under(source: Path, target: Path) -> None:
    if not source.exists():
        return
    try:
        target.hardlink_to(source)
    except OSError:  # FAT knows no second names
        shutil.copyfile(source, target)
