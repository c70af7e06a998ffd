"""Large Yjs updates in small pieces, so that on a thin line others have their turn.

A Yjs update (format 1) is a list of structs for each client, and the ranges that were
deleted. Any cut between two structs gives two good updates: a receiver keeps what refers to
something it does not have yet, until that comes. Send them in their order, though: pycrdt
0.14 loses changes of one client that come out of it.

Formats: https://github.com/yjs/yjs/blob/main/src/utils/encoding.js and lib0's encoding.js.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_GC: Final = 0
_SKIP: Final = 10
_HAS_ORIGIN: Final = 0x80
_HAS_RIGHT_ORIGIN: Final = 0x40
_HAS_PARENT_KEY: Final = 0x20
_NO_DELETIONS: Final = b"\x00"
_NAMED_TYPES: Final = (3, 5)
"""XML elements and hooks: the name follows the kind."""
_MOST_TYPES: Final = 6
_MOST_DEPTH: Final = 64
_MOST_VAR_BYTES: Final = 10
_ANY_SIZES: Final = {127: 0, 126: 0, 124: 4, 123: 8, 122: 8, 121: 0, 120: 0}


def split_update(update: bytes, most_bytes: int) -> list[bytes]:
    """Return updates that do together what `update` does.

    Args:
        update: A Yjs update, format 1.
        most_bytes: Of each piece, if it can be: a struct is never cut in two, nor are the
            deletions, which are in the last piece.

    Returns:
        At least one; `update` itself when it is small enough. Some 8 µs a struct: call it
        on another thread when there are many.

    Raises:
        ValueError: it is no Yjs update.
    """
    if len(update) <= most_bytes:
        return [update]
    runs, deletions = _runs_of(update, most_bytes)
    pieces: list[bytes] = []
    waiting: list[_Run] = []
    size = 0
    for run in runs:
        if waiting and size + run.size > most_bytes:
            pieces.append(_packed(update, waiting, _NO_DELETIONS))
            waiting, size = [], 0
        waiting.append(run)
        size += run.size
    if waiting:
        pieces.append(_packed(update, waiting, _NO_DELETIONS))
    if deletions != _NO_DELETIONS:
        pieces.append(_packed(update, [], deletions))
    return pieces


@dataclass(frozen=True, slots=True)
class _Run:
    """Structs of one client, one after the other: a slice of the update."""

    client: int
    clock: int
    count: int
    start: int
    end: int

    @property
    def size(self) -> int:
        # With what stands before it: three numbers.
        return self.end - self.start + 3 * _MOST_VAR_BYTES


def _packed(update: bytes, runs: list[_Run], deletions: bytes) -> bytes:
    parts = [_var_uint(len(runs))]
    for run in runs:
        parts += [_var_uint(run.count), _var_uint(run.client), _var_uint(run.clock)]
        parts.append(update[run.start : run.end])
    return b"".join((*parts, deletions))


def _runs_of(update: bytes, most_bytes: int) -> tuple[list[_Run], bytes]:
    reader = _Reader(update)
    runs: list[_Run] = []
    try:
        for _ in range(reader.var_uint()):
            runs += _client_runs(reader, most_bytes)
        deletions = update[reader.at :]
        reader.deletions()
    except IndexError as error:
        raise ValueError("the update ends too early") from error
    if reader.at != len(update):
        raise ValueError("the update goes on after its end")
    return runs, deletions


def _client_runs(reader: _Reader, most_bytes: int) -> list[_Run]:
    count = reader.var_uint()
    client = reader.var_uint()
    clock = reader.var_uint()
    runs: list[_Run] = []
    start, first_clock, taken = reader.at, clock, 0
    for _ in range(count):
        before = reader.at
        length = reader.struct()
        if taken and reader.at - start > most_bytes:
            runs.append(_Run(client, first_clock, taken, start, before))
            start, first_clock, taken = before, clock, 0
        clock += length
        taken += 1
    if taken:
        runs.append(_Run(client, first_clock, taken, start, reader.at))
    return runs


class _Reader:
    """Walks over an update; IndexError at its end, ValueError at what cannot be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        found = self.data[self.at]
        self.at += 1
        return found

    def var_uint(self) -> int:
        data, at = self.data, self.at
        found = data[at]
        if found < 0x80:
            self.at = at + 1
            return found
        value, shift = found & 0x7F, 7
        for place in range(at + 1, at + _MOST_VAR_BYTES):
            found = data[place]
            value |= (found & 0x7F) << shift
            if found < 0x80:
                self.at = place + 1
                return value
            shift += 7
        raise ValueError("a number without an end")

    def skip(self, count: int) -> bytes:
        start, self.at = self.at, self.at + count
        if self.at > len(self.data):
            raise ValueError("the update ends too early")
        return self.data[start : self.at]

    def string(self) -> bytes:
        return self.skip(self.var_uint())

    def id(self) -> None:
        self.var_uint()
        self.var_uint()

    def struct(self) -> int:
        """Walk over one struct and return its length in clocks."""
        info = self.byte()
        kind = info & 0x1F
        if kind in (_GC, _SKIP):
            return self.var_uint()
        if info & _HAS_ORIGIN:
            self.id()
        if info & _HAS_RIGHT_ORIGIN:
            self.id()
        if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
            if self.var_uint() == 1:
                self.string()
            else:
                self.id()
            if info & _HAS_PARENT_KEY:
                self.string()
        return self._content(kind)

    def _content(self, kind: int) -> int:
        match kind:
            case 1:  # deleted
                return self.var_uint()
            case 2:  # JSON
                count = self.var_uint()
                for _ in range(count):
                    self.string()
                return count
            case 3 | 5:  # binary, embed
                self.string()
            case 4:  # text, counted in UTF-16
                return len(self.string().decode().encode("utf-16-le", "surrogatepass")) // 2
            case 6:  # format
                self.string()
                self.string()
            case 7:
                self._type()
            case 8:  # any
                count = self.var_uint()
                for _ in range(count):
                    self.any(0)
                return count
            case 9:  # document
                self.string()
                self.any(0)
            case _:
                raise ValueError(f"content of unknown kind {kind}")
        return 1

    def _type(self) -> None:
        kind = self.var_uint()
        if kind > _MOST_TYPES:
            raise ValueError(f"type of unknown kind {kind}")
        if kind in _NAMED_TYPES:
            self.string()

    def any(self, depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise ValueError("a value in too many others")
        kind = self.byte()
        if kind in _ANY_SIZES:
            self.skip(_ANY_SIZES[kind])
        elif kind == 125:  # a whole number, its sign in the first byte
            while self.byte() & 0x80:
                pass
        elif kind in (119, 116):  # string, bytes
            self.string()
        elif kind == 118:
            for _ in range(self.var_uint()):
                self.string()
                self.any(depth + 1)
        elif kind == 117:
            for _ in range(self.var_uint()):
                self.any(depth + 1)
        else:
            raise ValueError(f"value of unknown kind {kind}")

    def deletions(self) -> None:
        for _ in range(self.var_uint()):
            self.var_uint()
            for _ in range(self.var_uint()):
                self.id()


def _var_uint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(0x80 | value & 0x7F)
        value >>= 7
    found.append(value)
    return bytes(found)
