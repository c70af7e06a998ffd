"""What render processes answer, checked and made into the model's types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from whiteboard.model.bounds import Rect
from whiteboard.model.document import DocumentInfo, Hit, Link, OutlineEntry, SheetSize, Word
from whiteboard.services.rendering.render_protocol import Json, ProtocolError

_T = TypeVar("_T", str, int, bool)


def parse_info(document: str, value: Mapping[str, Json]) -> DocumentInfo:
    """Return what is known of a document.

    Raises:
        ProtocolError: the answer is wrong.
    """
    return DocumentInfo(
        document,
        tuple(SheetSize(*_numbers(size, 2)) for size in _rows(value, "sizes")),
        tuple(_outline_entry(row) for row in _rows(value, "outline")),
        _of(bool, value.get("is_repaired")),
        _of(bool, value.get("has_our_ink")),
    )


def parse_words(value: Mapping[str, Json]) -> tuple[Word, ...]:
    """Return the words of a sheet.

    Raises:
        ProtocolError: the answer is wrong.
    """
    return tuple(_word(row) for row in _rows(value, "words"))


def parse_links(value: Mapping[str, Json]) -> tuple[Link, ...]:
    """Return the links of a sheet.

    Raises:
        ProtocolError: the answer is wrong.
    """
    return tuple(_link(row) for row in _rows(value, "links"))


def parse_hits(value: Mapping[str, Json]) -> tuple[Hit, ...]:
    """Return where searched text was found.

    Raises:
        ProtocolError: the answer is wrong.
    """
    return tuple(_hit(row) for row in _rows(value, "hits"))


def parse_nothing(_value: Mapping[str, Json]) -> None:
    """Accept any answer, where that one came is all that matters."""


def parse_count(value: Mapping[str, Json], key: str) -> int:
    """Return a number that counts something.

    Raises:
        ProtocolError: the answer is wrong.
    """
    count = _of(int, value.get(key))
    if count < 0:
        raise ProtocolError(f"{key} is {count}")
    return count


def _outline_entry(row: list[Json]) -> OutlineEntry:
    title, level, sheet = _long(row, 3)
    number = _of(int, sheet)
    return OutlineEntry(_of(str, title), _of(int, level), number if number >= 0 else None)


def _word(row: list[Json]) -> Word:
    text, *box, line = _long(row, 6)
    return Word(_of(str, text), _rect(box), _of(int, line))


def _link(row: list[Json]) -> Link:
    *box, sheet, url = _long(row, 6)
    number = _of(int, sheet)
    return Link(_rect(box), number if number >= 0 else None, _of(str, url))


def _hit(row: list[Json]) -> Hit:
    sheet, boxes, around = _long(row, 3)
    if not isinstance(boxes, list):
        raise ProtocolError("boxes are no list")
    return Hit(_of(int, sheet), tuple(_rect(box) for box in boxes), _of(str, around))


def _rows(value: Mapping[str, Json], key: str) -> list[list[Json]]:
    rows = value.get(key)
    if not isinstance(rows, list):
        raise ProtocolError(f"{key} is no list")
    return [row if isinstance(row, list) else _refuse(key) for row in rows]


def _refuse(key: str) -> list[Json]:
    raise ProtocolError(f"{key} has an entry that is no list")


def _long(row: list[Json], length: int) -> list[Json]:
    if len(row) != length:
        raise ProtocolError(f"{len(row)} values, not {length}")
    return row


def _rect(box: Json) -> Rect:
    return Rect(*_numbers(box, 4))


def _numbers(row: Json, length: int) -> list[float]:
    if not isinstance(row, list) or len(row) != length:
        raise ProtocolError(f"not {length} numbers")
    numbers = [float(n) for n in row if isinstance(n, (int, float)) and math.isfinite(n)]
    if len(numbers) != length:
        raise ProtocolError("a number is not one")
    return numbers


def _of(kind: type[_T], value: Json) -> _T:
    if type(value) is not kind:
        raise ProtocolError(f"{value!r} is no {kind.__name__}")
    return value
