"""Which pictures of a folder become the sheets of a document, and in what order."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_kinds import picture_suffix

PICTURES_EDITION: Final = "pictures 1"
"""Changed when pictures should be made into documents anew."""
MOST_SHEETS: Final = 2000
_HEAD_BYTES: Final = 64


def natural_order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts names as people do: slide 2 before slide 10, full width too."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    parts = re.split(r"(\d+)", plain)
    return tuple((False, int(p), "") if p.isdecimal() else (True, 0, p) for p in parts if p)


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder by their content, in natural order. Blocks.

    Raises:
        AppError: NO_PICTURES; DOCUMENT_TOO_LARGE beyond 2,000; MEDIUM_GONE.
    """
    with disk_errors(folder):
        names = [p for p in folder.iterdir() if not p.name.startswith(".") and p.is_file()]
        found = [path for path in names if _is_picture(path)]
    if not found:
        raise AppError(ErrorCode.NO_PICTURES, str(folder))
    if len(found) > MOST_SHEETS:
        raise AppError(ErrorCode.DOCUMENT_TOO_LARGE, f"{folder}: {len(found)} pictures")
    return sorted(found, key=lambda path: natural_order(path.name))


def _is_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(picture_suffix(file.read(_HEAD_BYTES)))
    except OSError:
        return False
