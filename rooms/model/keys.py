"""Keys of rooms: eight digits that can be read out over a telephone and typed by anybody."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from typing import Final

LENGTH: Final = 8
KEYS: Final = 9**LENGTH
"""How many there are: nine digits for each place, 43,046,721 in all."""
_GROUP: Final = 4
# Beside what Unicode calls dashes: the minus sign, and the long vowel mark, which is what
# the hyphen's key gives while a Japanese input method is on.
_SEPARATORS: Final = frozenset("−ー~〜_.・/")
_SEPARATING: Final = frozenset({"Zs", "Pd", "Cc", "Cf"})


def draw(randbelow: Callable[[int], int]) -> str:
    """Return a new key: the first digit is not 0, and no digit follows itself.

    A doubled digit is what people leave out, or hear once, on the telephone; a 0 in front is
    what a form or a table takes away.

    Args:
        randbelow: Returns an integer 0..n-1, all equally likely, unforeseeable:
            `secrets.randbelow`.
    """
    digits = [1 + randbelow(9)]
    while len(digits) < LENGTH:
        # One of the nine others, without drawing again.
        digit = randbelow(9)
        digits.append(digit + (digit >= digits[-1]))
    return "".join(map(str, digits))


def normalise(typed: str) -> str | None:
    """Return the eight digits somebody meant, or None if they are not eight digits.

    Full-width and other digits, spaces and hyphens of all kinds are taken.
    """
    digits = []
    for character in unicodedata.normalize("NFKC", typed):
        value = unicodedata.decimal(character, None)
        if value is not None:
            digits.append(str(value))
        elif not _separates(character):
            return None
    return "".join(digits) if len(digits) == LENGTH else None


def is_possible(key: str) -> bool:
    """Return whether `draw` can have made a key: what it cannot is a slip of the finger."""
    return (
        len(key) == LENGTH
        and key.isascii()
        and key.isdigit()
        and key[0] != "0"
        and all(one != other for one, other in itertools.pairwise(key))
    )


def format_key(key: str) -> str:
    """Return a key as it is shown and read out: "1234-5678"."""
    return f"{key[:_GROUP]}-{key[_GROUP:]}"


def _separates(character: str) -> bool:
    return character in _SEPARATORS or unicodedata.category(character) in _SEPARATING
