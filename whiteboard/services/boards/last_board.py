"""Which board is open, so that it comes back when the program was killed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_NAME: Final = "open-board"


class LastBoard:
    """Remembers the board that is open in a file that is gone while none is.

    Args:
        data_dir: Folder of this display's data.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / _NAME

    def note(self, board: Path) -> None:
        """A board was opened. Writes some bytes; worth no error when it fails."""
        with contextlib.suppress(OSError):
            # As the file system has it: names on old sticks are no valid text.
            self._path.write_bytes(os.fsencode(board))

    def forget(self) -> None:
        """The board was closed as it should be."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def left_open(self) -> Path | None:
        """Return the board that was open when the program ended without closing it."""
        try:
            path = Path(os.fsdecode(self._path.read_bytes()))
            return path if path.is_file() else None
        except (OSError, ValueError):
            return None
