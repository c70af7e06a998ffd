"""Where things lie: what the program brings along, and what this display keeps."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

from base.errors import AppError, ErrorCode

APP_NAME: Final = "kokuban"
ASSETS_DIR: Final = Path(__file__).resolve().parent.parent / "assets"


def default_data_dir() -> Path:
    """Return the folder of this user's data, made or not, by the system's custom."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def make_data_dir(override: Path | None = None) -> Path:
    """Make the folder of this display's data and return its absolute path.

    A file is written there and removed again: permission bits say nothing about a
    read-only medium or a full disk, and it is better to hear of it before the first stroke.

    Args:
        override: The folder to use in place of `default_data_dir()`.

    Raises:
        AppError: DISK_FULL or READ_ONLY, with the folder and the system's words.
    """
    folder = (override or default_data_dir()).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            probe.write(b"kokuban")
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = ErrorCode.DISK_FULL if full else ErrorCode.READ_ONLY
        raise AppError(code, f"{folder}: {error.strerror}") from error
    return folder
