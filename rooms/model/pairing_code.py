"""The code that a display shows until an administrator has typed it: pure."""

from __future__ import annotations

import unicodedata
from typing import Final, Protocol

ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without 0 and O, 1, I and L, which look alike on a wall."""
LENGTH: Final = 8
"""31^8 is 8.5e11: with 100 displays waiting and 10 tries in 10 minutes, nobody guesses one."""


class Random(Protocol):
    """Where chance comes from; `secrets` is one."""

    def choice(self, seq: str, /) -> str:
        """Return one character of `seq`."""


def draw_code(random: Random) -> str:
    """Return a new code of `LENGTH` characters."""
    return "".join(random.choice(ALPHABET) for _ in range(LENGTH))


def normalise_code(text: str) -> str | None:
    """Return a code as typed, full-width, small, with blanks or hyphens; None for no code."""
    plain = unicodedata.normalize("NFKC", text[:80]).upper()
    code = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Pd")
    fits = len(code) == LENGTH and all(c in ALPHABET for c in code)
    return code if fits else None


def format_code(code: str) -> str:
    """Return a code as it is read out, 4-4."""
    return f"{code[:4]}-{code[4:]}"
