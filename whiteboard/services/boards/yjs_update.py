"""Yjs updates as bytes: where their parts begin, how to split one, how to bridge a hole.

An update (encoding version 1 of Yjs) lists, for each client, its structs from a clock on,
and then the ranges that were deleted. A document takes in the structs of a client only
without a gap: when a part of the log is lost, all that the same client wrote later would
wait for ever. `bridge_gaps` makes the missing ranges known as garbage, so that the rest
comes in. Format: https://docs.yjs.dev/api/document-updates and lib0's `encoding.js`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_GARBAGE: Final = 0
_SKIP: Final = 10
_HAS_ORIGIN: Final = 0x80
_HAS_RIGHT_ORIGIN: Final = 0x40
_HAS_PARENT_KEY: Final = 0x20
_TYPES_WITH_NAME: Final = (3, 5)
"""XML elements and hooks carry a name after their type number."""


@dataclass(frozen=True, slots=True)
class Struct:
    """One struct of an update: where it lies in Yjs time, and in the bytes.

    Attributes:
        clock: Its first clock.
        length: How many clocks it spans.
        start, end: Its bytes in the update.
        is_skip: Whether it says that nothing is known of its clocks.
    """

    clock: int
    length: int
    start: int
    end: int
    is_skip: bool


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    """The parts of an update.

    Attributes:
        structs: The structs of each client, by client id, in the order of their clocks.
        deleted_at: Where the deleted ranges begin in the bytes.
    """

    structs: Mapping[int, Sequence[Struct]]
    deleted_at: int


def parse_update(data: bytes) -> ParsedUpdate:
    """Return the parts of an update.

    Raises:
        ValueError: the bytes are not an update, or one with content this program does
            not know.
    """
    reader = _Reader(data)
    try:
        structs: dict[int, list[Struct]] = {}
        for _ in range(reader.uint()):
            count, client, clock = reader.uint(), reader.uint(), reader.uint()
            row = structs.setdefault(client, [])
            for _ in range(count):
                struct = reader.struct(clock)
                row.append(struct)
                clock += struct.length
        deleted_at = reader.at
        reader.deleted_ranges()
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"not a Yjs update: {error}") from error
    if reader.at != len(data):
        raise ValueError(f"{len(data) - reader.at} bytes behind a Yjs update")
    return ParsedUpdate(structs, deleted_at)


def split_update(data: bytes, part_bytes: int) -> list[bytes]:
    """Return updates that together say what `data` says.

    Args:
        data: An update.
        part_bytes: About how long a part may be; one with a larger struct is longer.

    Raises:
        ValueError: see `parse_update`.
    """
    parsed = parse_update(data)
    parts = []
    for client, structs in parsed.structs.items():
        first = 0
        for i, struct in enumerate(structs):
            is_last = i + 1 == len(structs)
            if is_last or structs[i + 1].end - structs[first].start > part_bytes:
                head = _uints(1, i + 1 - first, client, structs[first].clock)
                parts.append(head + data[structs[first].start : struct.end] + _uints(0))
                first = i + 1
    deleted = data[parsed.deleted_at :]
    if deleted != _uints(0) or not parts:
        parts.append(_uints(0) + deleted)
    return parts


def bridge_gaps(updates: Iterable[bytes]) -> list[bytes]:
    """Return updates that make the gaps between updates known as garbage.

    Args:
        updates: Sound updates in any order, some of those that were written missing.

    Returns:
        One update for each gap (pycrdt panics over two such blocks of one client in one
        update), to be applied before the others.

    Raises:
        ValueError: see `parse_update`.
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for update in updates:
        for client, structs in parse_update(update).structs.items():
            spans.setdefault(client, []).extend(
                (s.clock, s.clock + s.length) for s in structs if not s.is_skip
            )
    bridges = []
    for client, ranges in spans.items():
        known_to = 0
        for start, end in sorted(ranges):
            if start > known_to:
                garbage = bytes([_GARBAGE]) + _uints(start - known_to)
                bridges.append(_uints(1, 1, client, known_to) + garbage + _uints(0))
            known_to = max(known_to, end)
    return bridges


class _Reader:
    """Reads lib0's encoding; `at` is the next byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def uint(self) -> int:
        """Read a number of seven bits a byte, the lowest first."""
        value = shift = 0
        while True:
            byte = self._data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def struct(self, clock: int) -> Struct:
        """Read one struct that begins at `clock`."""
        start = self.at
        info = self._byte()
        if info in (_GARBAGE, _SKIP):
            length = self.uint()
        else:
            self._place(info)
            length = self._content(info & 0x1F)
        return Struct(clock, length, start, self.at, info == _SKIP)

    def deleted_ranges(self) -> None:
        """Read the list of deleted ranges."""
        for _ in range(self.uint()):
            self.uint()
            for _ in range(self.uint()):
                self.uint()
                self.uint()

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _pass(self, count: int) -> bytes:
        start, self.at = self.at, self.at + count
        if self.at > len(self._data):
            raise IndexError("the update ends too early")
        return self._data[start : self.at]

    def _string(self) -> str:
        return self._pass(self.uint()).decode()

    def _id(self) -> None:
        self.uint()
        self.uint()

    def _place(self, info: int) -> None:
        if info & _HAS_ORIGIN:
            self._id()
        if info & _HAS_RIGHT_ORIGIN:
            self._id()
        if info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
            return
        if self.uint() == 1:
            self._string()
        else:
            self._id()
        if info & _HAS_PARENT_KEY:
            self._string()

    def _content(self, kind: int) -> int:
        """Read the content of an item; return how many clocks it spans."""
        match kind:
            case 1:  # deleted
                return self.uint()
            case 2:  # JSON values
                count = self.uint()
                for _ in range(count):
                    self._string()
                return count
            case 3:  # bytes
                self._pass(self.uint())
            case 4:  # text, counted in UTF-16
                return len(self._string().encode("utf-16-le")) // 2
            case 5:  # embedded JSON
                self._string()
            case 6:  # formatting
                self._string()
                self._string()
            case 7:  # a shared type
                if self.uint() in _TYPES_WITH_NAME:
                    self._string()
            case 8:  # plain values
                count = self.uint()
                for _ in range(count):
                    self._any()
                return count
            case 9:  # a document
                self._string()
                self._any()
            case _:
                raise ValueError(f"content of unknown kind {kind}")
        return 1

    def _any(self) -> None:
        match self._byte():
            case 127 | 126 | 121 | 120:  # undefined, null, false, true
                pass
            case 125:  # a whole number
                while self._byte() >= 0x80:
                    pass
            case 124:
                self._pass(4)
            case 123 | 122:
                self._pass(8)
            case 119 | 116:  # text, bytes
                self._pass(self.uint())
            case 118:
                for _ in range(self.uint()):
                    self._string()
                    self._any()
            case 117:
                for _ in range(self.uint()):
                    self._any()
            case other:
                raise ValueError(f"value of unknown kind {other}")


def _uints(*values: int) -> bytes:
    data = bytearray()
    for number in values:
        rest = number
        while rest >= 0x80:
            data.append(rest & 0x7F | 0x80)
            rest >>= 7
        data.append(rest)
    return bytes(data)
