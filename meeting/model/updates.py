"""Large Yjs updates in small pieces, so that on a thin line others have their turn.

A Yjs update (format 1) is a list of structs for each client, and the ranges that were
deleted. Any cut between two structs gives two good updates: a receiver keeps what refers to
something it does not have yet, until that comes. Send them in their order, though: pycrdt
0.14 loses changes of one client that come out of it.

Formats: https://github.com/yjs/yjs/blob/main/src/utils/encoding.js and lib0's encoding.js.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

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
    """Return updates that do together what `update` does, to be sent in this order.

    No piece builds on what is in a later one: the service refuses such.

    Args:
        update: A Yjs update, format 1.
        most_bytes: Of each piece, if it can be: a struct is never cut in two, nor are the
            deletions, which are in the last piece.

    Returns:
        At least one; `update` itself when it is small enough. Some 4 µs a struct: call it
        on another thread when there are many.

    Raises:
        ValueError: it is no Yjs update.
    """
    if len(update) <= most_bytes:
        return [update]
    blocks, deletions = _blocks_of(update)
    pieces: list[bytes] = []
    piece = _Piece(update)
    for client, struct in _in_order(blocks):
        if piece.size and piece.size + struct.end - struct.start > most_bytes:
            pieces.append(piece.packed(_NO_DELETIONS))
            piece = _Piece(update)
        piece.add(client, struct)
    if piece.size:
        pieces.append(piece.packed(_NO_DELETIONS))
    if deletions != _NO_DELETIONS:
        pieces.append(_Piece(update).packed(deletions))
    return pieces


class _Struct(NamedTuple):
    """A struct: a slice of the update.

    Attributes:
        clock: Its first one.
        after: The clock after its last one.
        start: Where it begins in the update.
        end: Where it ends.
        needs: Structs of other clients, (client, clock), that have to be there before.
    """

    clock: int
    after: int
    start: int
    end: int
    needs: tuple[tuple[int, int], ...]


_Blocks: TypeAlias = dict[int, list[_Struct]]
"""The structs of each client, in the order of their clocks."""


class _Piece:
    """A part of an update while it is put together."""

    def __init__(self, update: bytes) -> None:
        self._update = update
        self._parts: dict[int, list[_Struct]] = {}
        self.size = 0

    def add(self, client: int, struct: _Struct) -> None:
        """Add the next struct of a client."""
        known = self._parts.get(client)
        if known is None:
            self._parts[client] = [struct]
            self.size += 3 * _MOST_VAR_BYTES  # three numbers stand before a client's structs
        else:
            known.append(struct)
        self.size += struct.end - struct.start

    def packed(self, deletions: bytes) -> bytes:
        """Return it as an update."""
        parts = [_var_uint(len(self._parts))]
        for client, structs in self._parts.items():
            parts += [_var_uint(len(structs)), _var_uint(client), _var_uint(structs[0].clock)]
            # They lie one after the other in the update that they are from.
            parts.append(self._update[structs[0].start : structs[-1].end])
        return b"".join((*parts, deletions))


def _in_order(blocks: _Blocks) -> Iterator[tuple[int, _Struct]]:
    """Yield all structs so that each comes after those that it needs.

    Raises:
        ValueError: some need each other.
    """
    done = {client: structs[0].clock for client, structs in blocks.items()}
    places = dict.fromkeys(blocks, 0)
    ends = {client: structs[-1].after for client, structs in blocks.items()}
    for first, end in ends.items():
        wanted = [(first, end)]
        while wanted:
            client, until = wanted[-1]
            if done[client] >= until:
                wanted.pop()
                continue
            struct = blocks[client][places[client]]
            need = next((n for n in struct.needs if n[0] in done and done[n[0]] <= n[1]), None)
            if need is None:
                yield client, struct
                places[client] += 1
                done[client] = struct.after
            elif need[1] >= ends[need[0]] or any(need[0] == open_ for open_, _ in wanted):
                raise ValueError("structs that need each other, or what is not there")
            else:
                wanted.append((need[0], need[1] + 1))


def _blocks_of(update: bytes) -> tuple[_Blocks, bytes]:
    reader = _Reader(update)
    blocks: _Blocks = {}
    try:
        for _ in range(reader.var_uint()):
            count, client, clock = reader.var_uint(), reader.var_uint(), reader.var_uint()
            structs = blocks.setdefault(client, [])
            for _ in range(count):
                start = reader.at
                length = reader.struct()
                needs = tuple(need for need in reader.needs if need[0] != client)
                structs.append(_Struct(clock, clock + length, start, reader.at, needs))
                clock += length
        deletions = update[reader.at :]
        reader.deletions()
    except IndexError as error:
        raise ValueError("the update ends too early") from error
    if reader.at != len(update):
        raise ValueError("the update goes on after its end")
    return {client: structs for client, structs in blocks.items() if structs}, deletions


class _Reader:
    """Walks over an update; IndexError at its end, ValueError at what cannot be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.needs: list[tuple[int, int]] = []

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
        self.needs.append((self.var_uint(), self.var_uint()))

    def struct(self) -> int:
        """Walk over one struct and return its length in clocks; `needs` is what it needs."""
        self.needs.clear()
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
                self.var_uint()
                self.var_uint()


def _var_uint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(0x80 | value & 0x7F)
        value >>= 7
    found.append(value)
    return bytes(found)
