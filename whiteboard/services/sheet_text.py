"""The text of a sheet: its words with their boxes, and where something sought is.

Text is compared in a folded form, in which full width and half width, upper and lower case,
and the two ways to write a voiced kana are the same (NFKD and case folding). Between letters
of Chinese, Japanese and Korean a space means nothing, elsewhere any number of spaces is one;
so words are found across the end of a line in either.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice, pairwise
from typing import Any, Final

import pymupdf
from pymupdf import mupdf

from base.errors import ErrorCode
from whiteboard.services.sheet_document import Box, UnreadableError

HITS_MAX: Final = 200
"""More on one sheet are left out."""

LETTERS_MAX: Final = 200_000
"""More on one sheet are left out: no page of a book has 10,000."""

AROUND_LETTERS: Final = 24
QUERY_LETTERS_MAX: Final = 200

_SOFT_HYPHEN: Final = "\u00ad"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter and where it is, sheet space."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class SheetWord:
    """A word; `line` is the number of its line on the sheet."""

    text: str
    box: Box
    line: int


@dataclass(frozen=True, slots=True)
class SheetHit:
    """A place where the sought text is: one box a line, and the text around it."""

    boxes: tuple[Box, ...]
    around: str


Line = tuple[Letter, ...]


def read_plain(page: mupdf.FzStextPage) -> str:
    """Return the text of a sheet alone, ten times as fast as with its boxes."""
    try:
        return str(pymupdf.TextPage(page).extractText())[:LETTERS_MAX]
    except mupdf.FzErrorBase as error:
        raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error


def read_lines(page: mupdf.FzStextPage, factor: float) -> tuple[Line, ...]:
    """Return the lines of a sheet in the order of the file.

    Args:
        page: From `SheetDocument.text`.
        factor: The sheet's, see `sheet_document.sheet_factor`.

    Raises:
        UnreadableError: the text cannot be read.
    """
    try:
        blocks = pymupdf.TextPage(page).extractRAWDICT()["blocks"]
    except mupdf.FzErrorBase as error:
        raise UnreadableError(ErrorCode.PAGE_UNREADABLE, str(error)) from error
    return _first_lines(blocks, factor)


def words_of(lines: Sequence[Line]) -> Iterator[SheetWord]:
    """Return the words of lines: parted by spaces, in Japanese by the change of script."""
    for number, line in enumerate(lines):
        for kind, group in groupby(line, key=lambda letter: _script(letter.text)):
            if kind != _SPACE:
                letters = tuple(group)
                yield SheetWord(
                    "".join(letter.text for letter in letters), _around(letters), number
                )


def fold(text: str) -> str:
    """Return text as it is compared."""
    parts = _normalized(text).replace(_SOFT_HYPHEN, "").split()
    folded = "".join(
        f" {part}" if not (_is_wide(before[-1]) or _is_wide(part[0])) else part
        for before, part in pairwise(parts)
    )
    return parts[0] + folded if parts else ""


def hits_in(lines: Sequence[Line], folded_query: str) -> list[SheetHit]:
    """Return where sought text is on a sheet, at most `HITS_MAX` places.

    Args:
        lines: From `read_lines`.
        folded_query: From `fold`.
    """
    # An end of line is a letter too, one without a box.
    flat: list[tuple[Letter | None, int]] = []
    for number, line in enumerate(lines):
        flat.extend((letter, number) for letter in line)
        flat.append((None, number))
    text, places = _joined([letter.text if letter else " " for letter, _line in flat])
    return [
        _hit(flat, places[begin], places[end - 1] + 1)
        for begin, end in islice(_found(text, folded_query), HITS_MAX)
    ]


def _found(text: str, query: str) -> Iterator[tuple[int, int]]:
    begin = text.find(query) if query else -1
    while begin >= 0:
        end = begin + len(query)
        # か is not sought in が, whose second half follows it when taken apart.
        if end == len(text) or not unicodedata.combining(text[end]):
            yield begin, end
        begin = text.find(query, end)


def _hit(flat: Sequence[tuple[Letter | None, int]], begin: int, end: int) -> SheetHit:
    boxes = []
    for _line, group in groupby(flat[begin:end], key=lambda item: item[1]):
        letters = [letter for letter, _line in group if letter is not None]
        if letters:
            boxes.append(_around(letters))
    around = flat[max(0, begin - AROUND_LETTERS) : end + AROUND_LETTERS]
    text = "".join(letter.text if letter else " " for letter, _line in around)
    return SheetHit(tuple(boxes), " ".join(text.split()))


def _first_lines(blocks: Sequence[Any], factor: float) -> tuple[Line, ...]:
    lines: list[Line] = []
    count = 0
    for block in blocks:
        for line in block.get("lines", ()):
            letters = tuple(
                Letter(char["c"], _scaled(char["bbox"], factor))
                for span in line["spans"]
                for char in span["chars"]
            )
            count += len(letters)
            if count > LETTERS_MAX:
                return tuple(lines)
            lines.append(letters)
    return tuple(lines)


def _scaled(box: Box, factor: float) -> Box:
    if factor == 1.0:
        return box
    left, top, right, bottom = box
    return left * factor, top * factor, right * factor, bottom * factor


def _around(letters: Sequence[Letter]) -> Box:
    boxes = [letter.box for letter in letters]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


_SPACE: Final = 0
_OTHER: Final = 1
_KANJI: Final = 2
_HIRAGANA: Final = 3
_KATAKANA: Final = 4
_MARK: Final = 5
_HANGUL: Final = 6


@lru_cache(maxsize=8192)
def _script(letter: str) -> int:
    """Return what kind of writing a letter is: a word ends where it changes."""
    if not letter.strip():
        return _SPACE
    code = ord(letter[0])
    if code < 0x2E80:
        return _OTHER
    if 0x3041 <= code <= 0x309F:
        return _HIRAGANA
    if 0x30A0 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return _KATAKANA
    # 々 and 〇 are written like kanji.
    if code in (0x3005, 0x3007) or _is_kanji(code):
        return _KANJI
    if 0xAC00 <= code <= 0xD7AF or 0x1100 <= code <= 0x11FF:
        return _HANGUL
    return _MARK if unicodedata.category(letter[0])[0] == "P" else _OTHER


def _is_kanji(code: int) -> bool:
    return (
        0x2E80 <= code <= 0x2FDF
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
    )


def _normalized(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _joined(letters: Sequence[str]) -> tuple[str, list[int]]:
    """Return folded text, and which of the letters each of its letters came from."""
    kept: list[str] = []
    places: list[int] = []
    space_at = -1
    for place, letter in enumerate(letters):
        for part in _fold_letter(letter):
            if part.isspace():
                space_at = place if space_at < 0 else space_at
                continue
            if space_at >= 0 and kept and not (_is_wide(kept[-1]) or _is_wide(part)):
                kept.append(" ")
                places.append(space_at)
            space_at = -1
            kept.append(part)
            places.append(place)
    return "".join(kept), places


@lru_cache(maxsize=8192)
def _fold_letter(letter: str) -> str:
    return "" if letter == _SOFT_HYPHEN else _normalized(letter)


@lru_cache(maxsize=8192)
def _is_wide(letter: str) -> bool:
    # A combining voice mark stands behind a kana.
    return _script(letter) not in (_SPACE, _OTHER) or letter in "\u3099\u309a"
