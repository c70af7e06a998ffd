"""Yjs updates (encoding version 1) taken apart and put together as bytes.

Whoever judges, splits or mends an update does so by its parts, before a document sees it. It
is read strictly, because it may come from a stranger or off a broken disk: what is no update
raises ValueError and nothing else, in time and memory in proportion to its size.

    update:  clients, (structs, client, clock, struct...)..., deletions
    struct:  0 length | 10 length | info [origin] [right origin] [parent [key]] content
    deletions: clients, (client, ranges, (clock, length)...)...

All numbers are lib0's varUint. Formats: `src/utils/encoding.js` of Yjs, `encoding.js` of lib0.

Thread-safe: functions of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

MAX_CLOCK: Final = 2**31
"""Beyond any board; whoever claims more wants the document to be huge."""
MAX_CLIENT: Final = 2**53
MAX_DEPTH: Final = 16
"""Of values inside values. The board has none; a deep one would exhaust a stack."""

_HAS_ORIGIN: Final = 0x80
_HAS_RIGHT: Final = 0x40
_HAS_KEY: Final = 0x20
_FLAGS: Final = 0xE0


class Content(IntEnum):
    """What a struct holds."""

    GARBAGE = 0
    DELETED = 1
    JSON = 2
    BINARY = 3
    STRING = 4
    EMBED = 5
    FORMAT = 6
    TYPE = 7
    ANY = 8
    DOCUMENT = 9
    SKIP = 10


Id: TypeAlias = tuple[int, int]
"""Client and clock."""
Ranges: TypeAlias = tuple[tuple[int, int, int], ...]
"""Client, first clock, first clock after it."""


_ONE_BINARY: Final = bytes((1, 116))
"""How a list of values begins that is one binary value, as all items of a board are."""
_WITHOUT_PLACE: Final = frozenset((Content.GARBAGE, Content.SKIP))
_WITH_PLACE: Final = {
    int(content): content for content in Content if content not in _WITHOUT_PLACE
}


class Struct(NamedTuple):
    """One struct of an update.

    Attributes:
        clock: Of its first element.
        length: Elements; the next struct of the client begins behind them.
        content: What it holds.
        origin: What it was put to the right of.
        right: What it was put to the left of.
        root: The root type it is in; None when one of the others says so.
        parent: The struct whose type it is in.
        key: Its key in a map, when the update says it.
        value: The bytes, of a single binary value.
        start: Where it begins in the update.
        content_at: Where its content begins.
        end: Where it ends.
    """

    clock: int
    length: int
    content: Content
    origin: Id | None
    right: Id | None
    root: str | None
    parent: Id | None
    key: str | None
    value: bytes | None
    start: int
    content_at: int
    end: int


class Block(NamedTuple):
    """What one client wrote, in the order of its clock."""

    client: int
    clock: int
    structs: tuple[Struct, ...]

    @property
    def end(self) -> int:
        """The first clock behind it."""
        last = self.structs[-1]
        return last.clock + last.length


@dataclass(frozen=True, slots=True)
class Update:
    """An update, taken apart.

    Attributes:
        data: All of it.
        blocks: What each client wrote.
        deletions: What is deleted.
    """

    data: bytes
    blocks: tuple[Block, ...]
    deletions: Ranges


def parse_update(data: bytes, max_structs: int = MAX_CLOCK) -> Update:
    """Take an update apart; some 3 µs a struct.

    Args:
        data: All bytes of it.
        max_structs: More structs and deletions than this are refused.

    Raises:
        ValueError: it is not an update, has something behind it, or is too long.
    """
    reader = _Reader(data)
    try:
        blocks = _read_blocks(reader, max_structs)
        deletions = _read_deletions(reader, max_structs)
    except IndexError as error:
        raise ValueError("the update ends too early") from error
    if reader.at != len(data):
        raise ValueError("something follows the update")
    return Update(data, blocks, deletions)


def parse_state_vector(data: bytes, max_clients: int) -> dict[int, int]:
    """Return the first unknown clock of each client.

    Raises:
        ValueError: it is not a state vector, or names more clients than allowed.
    """
    reader = _Reader(data)
    try:
        count = reader.number(max_clients)
        vector = {
            reader.number(MAX_CLIENT): reader.number(MAX_CLOCK) for _ in range(count)
        }  # the key is read before its value
    except IndexError as error:
        raise ValueError("the state vector ends too early") from error
    if reader.at != len(data) or len(vector) != count:
        raise ValueError("not a state vector")
    return vector


def pack_update(blocks: Iterable[tuple[int, int, Sequence[bytes]]], deletions: Ranges) -> bytes:
    """Return an update of (client, first clock, packed structs) and deletions."""
    kept = [block for block in blocks if block[2]]
    out = bytearray(pack_number(len(kept)))
    for client, clock, structs in kept:
        out += _pack_head(len(structs), client, clock) + b"".join(structs)
    by_client: dict[int, list[tuple[int, int]]] = {}
    for client, start, end in deletions:
        by_client.setdefault(client, []).append((start, end))
    out += pack_number(len(by_client))
    for client, ranges in by_client.items():
        out += pack_number(client) + pack_number(len(ranges))
        for start, end in ranges:
            out += pack_number(start) + pack_number(end - start)
    return bytes(out)


def pack_runs(data: bytes, runs: Mapping[int, Sequence[Struct]]) -> bytes:
    """Return an update of some structs of the update `data`, and no deletions.

    Args:
        data: All bytes of that update.
        runs: For each client, structs that follow one another there; one at least.
    """
    out = bytearray(pack_number(len(runs)))
    for client, structs in runs.items():
        out += _pack_head(len(structs), client, structs[0].clock)
        out += data[structs[0].start : structs[-1].end]
    return bytes(out + pack_number(0))


def pack_garbage(length: int) -> bytes:
    """Return a struct that takes `length` clocks and is nothing."""
    return b"\0" + pack_number(length)


def pack_deleted(data: bytes, struct: Struct) -> bytes:
    """Return a struct at the same place whose content is deleted already."""
    info = data[struct.start] & _FLAGS | Content.DELETED
    head = data[struct.start + 1 : struct.content_at]
    return bytes((info,)) + head + pack_number(struct.length)


def pack_number(number: int) -> bytes:
    """Return a number of 0 or more as lib0's varUint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _pack_head(count: int, client: int, clock: int) -> bytes:
    return pack_number(count) + pack_number(client) + pack_number(clock)


class _Reader:
    """Walks over bytes. Past the end it raises IndexError."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def number(self, most: int = MAX_CLIENT) -> int:
        data, at = self.data, self.at
        value = data[at]
        at += 1
        if value > 0x7F:
            value &= 0x7F
            shift = 7
            while (byte := data[at]) > 0x7F:
                at += 1
                value |= (byte & 0x7F) << shift
                shift += 7
                if shift > 49:
                    raise ValueError("a number of too many bytes")
            at += 1
            value |= byte << shift
        self.at = at
        if value > most:
            raise ValueError(f"{value} is more than {most}")
        return value

    def id(self) -> Id:
        client = self.number(MAX_CLIENT)
        return client, self.number(MAX_CLOCK)

    def chunk(self) -> bytes:
        length = self.number()
        start = self.at
        self.at = end = start + length
        if end > len(self.data):
            raise IndexError
        return self.data[start:end]

    def text(self) -> str:
        return self.chunk().decode()

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise IndexError


def _read_blocks(reader: _Reader, max_structs: int) -> tuple[Block, ...]:
    blocks: dict[int, Block] = {}
    left = max_structs
    for _ in range(reader.number()):
        count = reader.number(left)
        left -= count
        client, clock = reader.id()
        if client in blocks or not count:
            raise ValueError("an update names each client once, and with something of theirs")
        structs = []
        at = clock
        for _ in range(count):
            struct = _read_struct(reader, at)
            length = struct.length
            at += length
            if length < 1 or at > MAX_CLOCK:
                raise ValueError("a struct of an impossible length")
            structs.append(struct)
        blocks[client] = Block(client, clock, tuple(structs))
    return tuple(blocks.values())


def _read_deletions(reader: _Reader, max_ranges: int) -> Ranges:
    ranges: list[tuple[int, int, int]] = []
    for _ in range(reader.number()):
        client = reader.number(MAX_CLIENT)
        for _ in range(reader.number(max_ranges - len(ranges))):
            start = reader.number(MAX_CLOCK)
            length = reader.number(MAX_CLOCK - start)
            if not length:
                raise ValueError("a deletion of nothing")
            ranges.append((client, start, start + length))
    return tuple(ranges)


def _read_struct(reader: _Reader, clock: int) -> Struct:
    start = reader.at
    info = reader.data[start]
    reader.at += 1
    if info in _WITHOUT_PLACE:
        at = reader.at
        length = reader.number(MAX_CLOCK)
        return Struct(
            clock,
            length,
            Content(info),
            None,
            None,
            None,
            None,
            None,
            None,
            start,
            at,
            reader.at,
        )
    content = _WITH_PLACE.get(info & ~_FLAGS)
    if content is None:
        raise ValueError(f"a struct of unknown kind {info & ~_FLAGS}")
    origin = reader.id() if info & _HAS_ORIGIN else None
    right = reader.id() if info & _HAS_RIGHT else None
    root = parent = key = None
    if origin is None and right is None:
        if reader.number(1):
            root = reader.text()
        else:
            parent = reader.id()
        if info & _HAS_KEY:
            key = reader.text()
    content_at = reader.at
    length, value = _read_content(reader, content)
    return Struct(
        clock, length, content, origin, right, root, parent, key, value, start, content_at,
        reader.at,
    )  # fmt: skip


def _read_content(reader: _Reader, content: Content) -> tuple[int, bytes | None]:
    """Return how many elements there are, and the bytes of a single binary value."""
    match content:  # the frequent ones first
        case Content.ANY:
            return _read_values(reader)
        case Content.DELETED:
            return reader.number(MAX_CLOCK), None
        case Content.STRING:
            return _utf16_length(reader.text()), None
        case Content.BINARY:
            return 1, reader.chunk()
        case Content.JSON:
            count = reader.number(len(reader.data))
            for _ in range(count):
                reader.text()
            return count, None
        case Content.FORMAT:
            reader.text()
            reader.text()
        case Content.EMBED:
            reader.text()
        case Content.DOCUMENT:
            reader.text()
            _skip_value(reader, 0)
        case _:
            _read_type(reader)
    return 1, None


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _read_type(reader: _Reader) -> None:
    kind = reader.number()
    if kind in (3, 5):
        reader.text()  # an XML element or hook has a name
    elif kind > 6:
        raise ValueError(f"a type of unknown kind {kind}")


def _read_values(reader: _Reader) -> tuple[int, bytes | None]:
    if reader.data.startswith(_ONE_BINARY, reader.at):
        reader.at += len(_ONE_BINARY)
        return 1, reader.chunk()
    count = reader.number(len(reader.data))
    for _ in range(count):
        _skip_value(reader, 0)
    return count, None


def _skip_value(reader: _Reader, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("values inside values inside values")
    match reader.byte():
        case 127 | 126 | 121 | 120:  # undefined, null, false, true
            pass
        case 125:
            _skip_signed(reader)
        case 124:
            reader.skip(4)
        case 123 | 122:
            reader.skip(8)
        case 119:
            reader.text()
        case 118:
            for _ in range(reader.number(len(reader.data))):
                reader.text()
                _skip_value(reader, depth + 1)
        case 117:
            for _ in range(reader.number(len(reader.data))):
                _skip_value(reader, depth + 1)
        case 116:
            reader.chunk()
        case other:
            raise ValueError(f"a value of unknown kind {other}")


def _skip_signed(reader: _Reader) -> None:
    """Walk over lib0's varInt; its first byte has a sign and six bits."""
    for _ in range(10):
        if not reader.byte() & 0x80:
            return
    raise ValueError("a number of too many bytes")
