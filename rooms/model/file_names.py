"""Names of files that strangers hand in, made fit for every disk they may end up on.

What is taken away: paths, what no screen shows or what turns the reading direction, what
Windows forbids. What is kept: everything that people write, as they wrote it (NFC, not NFKC:
"㈱" stays "㈱").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from base.wire import MAX_FILE_NAME

NAME_BYTES_MAX: Final = 200
"""In UTF-8; disks take 255, and programs like to add " (1)" or ".part"."""
_SUFFIX_LETTERS_MAX: Final = 16

_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_SPACES: Final = re.compile(r"\s+")
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE
)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})


def safe_name(typed: str, suffixes: Sequence[str], stem: str = "file") -> str:
    """Return a name to show, and to save under.

    Args:
        typed: As it came: anything at all.
        suffixes: Those that fit what the file holds, with their dot, in small letters. With
            none of them at its end the name gets the first: "bill.pdf.html" of plain text
            becomes "bill.pdf.html.txt".
        stem: For a name of which nothing is left.

    Returns:
        1 to `MAX_FILE_NAME` letters, at most `NAME_BYTES_MAX` bytes in UTF-8.
    """
    name = _cleaned(typed)
    head, dot, tail = name.rpartition(".")
    suffix = f"{dot}{tail}"
    if not head or suffix.lower() not in suffixes:
        head, suffix = name, suffixes[0]
    head = head.rstrip(". ") or stem
    if _RESERVED.fullmatch(head):
        head = f"_{head}"
    return _shortened(head, len(suffix)).rstrip(". ") + suffix


def _cleaned(typed: str) -> str:
    last = re.split(r"[/\\]", typed)[-1]
    # Composed after the unseen is gone, or what they kept apart would be left apart.
    seen = "".join(
        letter
        for letter in last
        if unicodedata.category(letter) not in _UNSEEN or letter in "\t\n\r"
    )
    composed = unicodedata.normalize("NFC", seen)
    return _SPACES.sub(" ", _FORBIDDEN.sub("_", composed)).strip(". ")


def _shortened(head: str, suffix_letters: int) -> str:
    """Cut a name at its end, never between a letter and its accents."""
    end = min(len(head), MAX_FILE_NAME - suffix_letters)
    while end > 1 and (
        len(head[:end].encode()) > NAME_BYTES_MAX - suffix_letters
        or (end < len(head) and unicodedata.category(head[end]) in _MARKS)
    ):
        end -= 1
    return head[:end]
