"""What a disk's refusal means for a person: system and SQLite errors to `AppError`."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from base.errors import AppError, ErrorCode

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_GONE: Final = frozenset(
    {errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ESTALE, errno.ENOENT,
     errno.ENOTDIR}
)  # fmt: skip
_PRIMARY: Final = 0xFF
"""SQLite's extended result codes keep the primary one in the low byte."""
_PROBE_BYTES: Final = 65536


def to_app_error(error: Exception, path: Path) -> AppError:
    """Return what `error`, met while using `path`, means for a person.

    Blocks: an input/output error that SQLite does not explain is looked into by writing a
    little beside `path`.
    """
    if isinstance(error, AppError):
        return error
    detail = f"{path}: {error}"
    if isinstance(error, OSError):
        return AppError(_code_of_errno(error.errno, path), detail)
    if isinstance(error, sqlite3.Error):
        return AppError(_code_of_sqlite(error, path), detail)
    raise error


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the system or SQLite raises inside into an `AppError` about `path`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise to_app_error(error, path) from error


def _code_of_errno(number: int | None, path: Path) -> ErrorCode:
    if number in _FULL:
        return ErrorCode.DISK_FULL
    if number in _READ_ONLY:
        return ErrorCode.READ_ONLY
    if number == errno.ENOENT and path.parent.is_dir():
        return ErrorCode.NOT_FOUND
    return ErrorCode.MEDIUM_GONE


def _code_of_sqlite(error: sqlite3.Error, path: Path) -> ErrorCode:
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return ErrorCode.DISK_FULL
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return ErrorCode.READ_ONLY
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return ErrorCode.BOARD_IN_USE
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN:
            return _probe(path)
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT | _:
            return ErrorCode.BOARD_DAMAGED


def _probe(path: Path) -> ErrorCode:
    """Return why writing at `path` fails, found by writing beside it.

    It goes where the write-ahead log ends, so that a limit on the size of a file
    (of the system, or 4 GB on a stick) is met as well; the hole before it takes no room.
    """
    if not path.parent.is_dir():
        return ErrorCode.MEDIUM_GONE
    sizes = [file.stat().st_size for file in (path, wal_path(path)) if file.exists()]
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.seek(max(sizes, default=0))
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return _code_of_errno(error.errno, path)
    return ErrorCode.MEDIUM_GONE


def wal_path(path: Path) -> Path:
    """Return where SQLite keeps the write-ahead log of the database at `path`."""
    return path.with_name(f"{path.name}-wal")


def shm_path(path: Path) -> Path:
    """Return where SQLite keeps the index of that log."""
    return path.with_name(f"{path.name}-shm")
