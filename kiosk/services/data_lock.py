"""One process to one data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

FILE_NAME: Final = ".lock"


class DataDirInUseError(Exception):
    """Another process has the data folder."""


class DataLock:
    """Holds the data folder until `release` or the end of the process.

    The system lets go of the lock when the process dies, however it dies.

    Args:
        data_dir: An existing folder.

    Raises:
        DataDirInUseError: another process holds it.
        OSError: the lock file cannot be made.
    """

    def __init__(self, data_dir: Path) -> None:
        self._file = os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise DataDirInUseError(str(data_dir)) from error

    def release(self) -> None:
        """Let go of the folder."""
        os.close(self._file)
