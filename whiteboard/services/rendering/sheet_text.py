"""The text of a sheet: its words with their boxes, and where something sought is.

Text is compared in a folded form, see `model.text_folding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Final

import pymupdf
from pymupdf import mupdf

from base.errors import ErrorCode
from whiteboard.model.text_folding import Script, find_folded, fold_letters, script_of
from whiteboard.services.rendering.sheet_document import Box, UnreadableError

HITS_MAX: Final = 200
"""More on one sheet are left out."""

LETTERS_MAX: Final = 200_000
"""More on one sheet are left out: no page of a book has 10,000."""

AROUND_LETTERS: Final = 24
QUERY_LETTERS_MAX: Final = 200


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
        for kind, group in groupby(line, key=lambda letter: script_of(letter.text)):
            if kind is not Script.SPACE:
                letters = tuple(group)
                yield SheetWord(
                    "".join(letter.text for letter in letters), _around(letters), number
                )


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
    text, places = fold_letters([letter.text if letter else " " for letter, _line in flat])
    return [
        _hit(flat, places[begin], places[end - 1] + 1)
        for begin, end in islice(find_folded(text, folded_query), HITS_MAX)
    ]


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
