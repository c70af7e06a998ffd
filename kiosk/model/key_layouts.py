"""Which keys the on-screen keyboard has, and where they lie."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Final

COLUMNS: Final = 11
"""Columns of letters."""
ROWS: Final = 5
SIDE_COLUMNS: Final = 2.6
"""Width of what stands right of the letters, in columns."""


class Page(Enum):
    """A set of keys that lie on the keyboard together."""

    KANA = auto()
    ROMAJI = auto()
    LATIN = auto()
    SIGNS = auto()


class Act(Enum):
    """What a key does."""

    TYPE = auto()
    """Types its text."""
    VOICE = auto()
    """Makes か of the kana before it が, and back."""
    HALF_VOICE = auto()
    """Makes は ぱ, and back."""
    SMALL = auto()
    """Makes つ っ, and back."""
    SHIFT = auto()
    SPACE = auto()
    ERASE = auto()
    LEFT = auto()
    RIGHT = auto()
    ENTER = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        act: What it does.
        text: What it types, and what stands on it.
        column: Its left side, in columns from the left.
        row: Its top, in rows from above.
        width: In columns.
        height: In rows.
    """

    act: Act
    text: str
    column: float
    row: float
    width: float = 1.0
    height: float = 1.0


_KANA: Final = (
    "あかさたなはまやらわ゛",
    "いきしちにひみ「りを゜",
    "うくすつぬふむゆるん小",
    "えけせてねへめ」れー。",
    "おこそとのほもよろ、？",
)
_ROMAJI: Final = ("1234567890ー", "qwertyuiop？", "asdfghjkl「」", "zxcvbnm、。・！")
_LATIN: Final = ("1234567890-", "qwertyuiop@", "asdfghjkl'\"", "⇧zxcvbnm,.?")
_SIGNS: Final = (
    "()[]<>&@789",
    "+-×÷=%±#456",
    "→←↑↓○△★※123",
    "①②③④⑤〒¥$0.,",
    "!?:;/_~\"'*・",
)
_ACTS: Final = {"゛": Act.VOICE, "゜": Act.HALF_VOICE, "小": Act.SMALL, "⇧": Act.SHIFT}
_SMALL: Final = dict(zip("あいうえおつやゆよわ", "ぁぃぅぇぉっゃゅょゎ", strict=True))
_LARGE: Final = {small: large for large, small in _SMALL.items()}
_VOICE_MARKS: Final = {Act.VOICE: "\u3099", Act.HALF_VOICE: "\u309a"}


@lru_cache(maxsize=8)
def keys_of(page: Page, *, is_shifted: bool = False) -> tuple[Key, ...]:
    """Return the keys of a page, row by row."""
    keys = [*_letters(page), *_side(page)]
    if is_shifted:
        keys = [replace(k, text=k.text.upper()) if k.act is Act.TYPE else k for k in keys]
    return tuple(keys)


def _letters(page: Page) -> list[Key]:
    rows = {Page.KANA: _KANA, Page.ROMAJI: _ROMAJI, Page.LATIN: _LATIN, Page.SIGNS: _SIGNS}
    return [
        Key(_ACTS.get(text, Act.TYPE), text, column, row)
        for row, texts in enumerate(rows[page])
        for column, text in enumerate(texts)
    ]


def _side(page: Page) -> list[Key]:
    """Return the keys that do something, right of the letters, and the space bar."""
    left, width = COLUMNS, SIDE_COLUMNS
    has_bar = page in (Page.ROMAJI, Page.LATIN)
    space = (
        Key(Act.SPACE, " ", 0, ROWS - 1, COLUMNS)
        if has_bar
        else Key(Act.SPACE, " ", left, 2, width)
    )
    top = 2 if has_bar else 3
    return [
        Key(Act.ERASE, "", left, 0, width),
        Key(Act.LEFT, "", left, 1, width / 2),
        Key(Act.RIGHT, "", left + width / 2, 1, width / 2),
        space,
        Key(Act.ENTER, "\n", left, top, width, ROWS - top),
    ]


def changed_kana(kana: str, act: Act) -> str | None:
    """Return what a kana becomes by a mark; None where it takes no such mark.

    Args:
        kana: One kana.
        act: VOICE, HALF_VOICE or SMALL.
    """
    if act is Act.SMALL:
        return _SMALL.get(kana) or _LARGE.get(kana)
    mark = _VOICE_MARKS[act]
    base, *marks = tuple(unicodedata.normalize("NFD", kana))
    made = base if mark in marks else unicodedata.normalize("NFC", base + mark)
    return made if len(made) == 1 else None
