"""One service to one data folder: what is where in a room is known to one process alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE_NAME: Final = ".lock"


class DataDirInUseError(Exception):
    """Another service has the data folder."""


@contextmanager
def hold_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the data folder; the system lets go of it when the process dies, however it dies.

    Args:
        data_dir: An existing folder.

    Raises:
        DataDirInUseError: another process holds it.
        OSError: the lock file cannot be made.
    """
    file = os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(file)
    except OSError as error:
        os.close(file)
        raise DataDirInUseError(str(data_dir)) from error
    try:
        yield
    finally:
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
