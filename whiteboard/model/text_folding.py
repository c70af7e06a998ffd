"""Text in the form in which it is compared when somebody looks for it.

Full width and half width, upper and lower case, and the two ways to write a voiced kana are
the same there (NFKD and case folding). Between letters of Chinese, Japanese and Korean a
space means nothing, elsewhere any number of spaces is one; so words are found across the
end of a line in either.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

_SOFT_HYPHEN: Final = "\u00ad"


class Script(IntEnum):
    """What kind of writing a letter is: a Japanese word ends where it changes."""

    SPACE = 0
    OTHER = 1
    KANJI = 2
    HIRAGANA = 3
    KATAKANA = 4
    MARK = 5
    HANGUL = 6


@lru_cache(maxsize=8192)
def script_of(letter: str) -> Script:
    """Return what kind of writing a letter is; only the first of several counts."""
    if not letter.strip():
        return Script.SPACE
    code = ord(letter[0])
    if code < 0x2E80:
        return Script.OTHER
    if 0x3041 <= code <= 0x309F:
        return Script.HIRAGANA
    if 0x30A0 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return Script.KATAKANA
    # 々 and 〇 are written like kanji.
    if code in (0x3005, 0x3007) or _is_kanji(code):
        return Script.KANJI
    if 0xAC00 <= code <= 0xD7AF or 0x1100 <= code <= 0x11FF:
        return Script.HANGUL
    return Script.MARK if unicodedata.category(letter[0])[0] == "P" else Script.OTHER


@lru_cache(maxsize=8192)
def is_wide(letter: str) -> bool:
    """Return whether a letter is one of those between which spaces mean nothing."""
    # A combining voice mark stands behind a kana.
    is_cjk = script_of(letter) not in (Script.SPACE, Script.OTHER)
    return is_cjk or letter in "\u3099\u309a"


def fold(text: str) -> str:
    """Return text as it is compared."""
    parts = _normalized(text).replace(_SOFT_HYPHEN, "").split()
    folded = "".join(
        f" {part}" if not (is_wide(before[-1]) or is_wide(part[0])) else part
        for before, part in pairwise(parts)
    )
    return parts[0] + folded if parts else ""


def fold_letters(letters: Sequence[str]) -> tuple[str, list[int]]:
    """Return folded text, and which of the letters each of its letters came from."""
    kept: list[str] = []
    places: list[int] = []
    space_at = -1
    for place, letter in enumerate(letters):
        for part in _fold_letter(letter):
            if part.isspace():
                space_at = place if space_at < 0 else space_at
                continue
            if space_at >= 0 and kept and not (is_wide(kept[-1]) or is_wide(part)):
                kept.append(" ")
                places.append(space_at)
            space_at = -1
            kept.append(part)
            places.append(place)
    return "".join(kept), places


def find_folded(text: str, query: str) -> Iterator[tuple[int, int]]:
    """Yield where a query begins and ends in a text, both folded; nothing for an empty one."""
    begin = text.find(query) if query else -1
    while begin >= 0:
        end = begin + len(query)
        # か is not sought in が, whose second half follows it when taken apart.
        if end == len(text) or not unicodedata.combining(text[end]):
            yield begin, end
        begin = text.find(query, end)


def find_in(text: str, folded_query: str, most: int) -> list[tuple[int, int]]:
    """Return where a folded query begins and ends in a text as it is written.

    Args:
        text: Any text.
        folded_query: From `fold`.
        most: More places are left out.
    """
    folded, places = fold_letters(text)
    return [
        (places[begin], places[end - 1] + 1)
        for begin, end in islice(find_folded(folded, folded_query), most)
    ]


def _is_kanji(code: int) -> bool:
    return (
        0x2E80 <= code <= 0x2FDF
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
    )


def _normalized(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


@lru_cache(maxsize=8192)
def _fold_letter(letter: str) -> str:
    return "" if letter == _SOFT_HYPHEN else _normalized(letter)
