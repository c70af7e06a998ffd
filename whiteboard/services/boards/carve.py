"""Rows of SQLite tables found page by page, when the tree above them is lost.

A table's rows lie on leaf pages, each of which says where its rows are. A part of the log
is small enough to lie on one page; a picture continues on a chain of others. Nothing here
decides whether a row is sound: the caller has checksums. Format:
https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

_LEAF: Final = 0x0D
_HEADER_BYTES: Final = 8
_FIRST_PAGE_OFFSET: Final = 100
_WAL_HEADER_BYTES: Final = 32
_WAL_FRAME_HEADER_BYTES: Final = 24
_MAX_ROW_BYTES: Final = 80 * 1024 * 1024
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)

Value: TypeAlias = int | bytes | None
Row: TypeAlias = tuple[Value, ...]


def carve_rows(path: Path, page_bytes: int) -> Iterator[Row]:
    """Yield everything in a database file that has the form of a table's row.

    Texts come as bytes, numbers with a fraction as None.

    Raises:
        OSError: the file cannot be read.
    """
    with _mapped(path) as data:
        yield from _Pages(data, 0, 0, page_bytes).rows()


def carve_wal_rows(path: Path, page_bytes: int) -> Iterator[Row]:
    """Yield the same of a write-ahead log; rows that fit on a page only.

    Raises:
        OSError: the file cannot be read.
    """
    with _mapped(path) as data:
        frames = _Pages(data, _WAL_HEADER_BYTES, _WAL_FRAME_HEADER_BYTES, page_bytes)
        yield from frames.rows()


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    # A board with documents may be larger than the memory.
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file
            yield b""
            return
        with data:
            yield data


class _Pages:
    """The pages of a file whose pages may each have a head of their own."""

    def __init__(
        self, data: mmap.mmap | bytes, start: int, head_bytes: int, page_bytes: int
    ) -> None:
        self._data = data
        self._start = start
        self._head_bytes = head_bytes
        self._page_bytes = page_bytes
        self._count = (len(data) - start) // (head_bytes + page_bytes)

    def rows(self) -> Iterator[Row]:
        """Yield the rows of all leaf pages."""
        for number in range(1, self._count + 1):
            page = self._page(number)
            offset = _FIRST_PAGE_OFFSET if number == 1 and not self._head_bytes else 0
            if page[offset] != _LEAF:
                continue
            (count,) = struct.unpack_from(">H", page, offset + 3)
            for at in range(offset + _HEADER_BYTES, offset + _HEADER_BYTES + 2 * count, 2):
                if at + 2 > len(page):
                    break
                (cell,) = struct.unpack_from(">H", page, at)
                try:
                    yield self._row(page, cell)
                except (IndexError, ValueError, struct.error):
                    continue  # no row, or a damaged one

    def _page(self, number: int) -> bytes:
        at = self._start + (number - 1) * (self._head_bytes + self._page_bytes)
        at += self._head_bytes
        return self._data[at : at + self._page_bytes]

    def _row(self, page: bytes, at: int) -> Row:
        size, at = _varint(page, at)
        _, at = _varint(page, at)
        if not 0 < size <= _MAX_ROW_BYTES:
            raise ValueError("no row is that long")
        local = self._local_bytes(size)
        payload = page[at : at + local]
        if local < size:
            payload += self._chain(page[at + local : at + local + 4], size - local)
        return _parse_record(payload)

    def _local_bytes(self, size: int) -> int:
        """Return how much of a row is on its own page (section 1.6 of the format)."""
        most = self._page_bytes - 35
        if size <= most:
            return size
        least = (self._page_bytes - 12) * 32 // 255 - 23
        wanted = least + (size - least) % (self._page_bytes - 4)
        return wanted if wanted <= most else least

    def _chain(self, pointer: bytes, size: int) -> bytes:
        parts = []
        while size > 0:
            (number,) = struct.unpack(">I", pointer)
            if not 0 < number <= self._count or self._head_bytes:
                raise ValueError("a chain leads nowhere")
            page = self._page(number)
            pointer, part = page[:4], page[4 : 4 + size]
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _parse_record(payload: bytes) -> Row:
    head_bytes, at = _varint(payload, 0)
    kinds = []
    while at < head_bytes:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        size = _value_bytes(kind)
        data = payload[at : at + size]
        at += size
        if len(data) != size:
            raise ValueError("a row ends too early")
        values.append(_parse_value(kind, data))
    return tuple(values)


def _value_bytes(kind: int) -> int:
    if kind < len(_INTEGER_BYTES):
        return _INTEGER_BYTES[kind]
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else 0


def _parse_value(kind: int, data: bytes) -> Value:
    if 1 <= kind <= 6:
        return int.from_bytes(data, "big", signed=True)
    if kind in (8, 9):
        return kind - 8
    return data if kind >= 12 else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return SQLite's number at `at` (the highest seven bits first) and where it ends."""
    value = 0
    for i in range(8):
        byte = data[at + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    return value << 8 | data[at + 8], at + 9
