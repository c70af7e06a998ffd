"""From an older format of the board file to the present one, a frozen step a version.

A step is never changed once a version is out: it knows its own tables, not those of
`board_store`. The file is brought up to date as a copy that takes its name when it is
complete and on the medium; until then the original is untouched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from base.errors import AppError, ErrorCode
from whiteboard.services.boards.board_store import FORMAT_VERSION, remove_board, sync_file

Step = Callable[[sqlite3.Connection], None]


def _from_1_to_2(connection: sqlite3.Connection) -> None:
    """Give the board room for documents and for speaker notes."""
    connection.execute(
        "CREATE TABLE documents("
        "id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE chunks("
        "id INTEGER PRIMARY KEY, document BLOB NOT NULL, number INTEGER NOT NULL,"
        " crc INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(document, number))"
    )
    connection.execute(
        "CREATE TABLE notes("
        "id INTEGER PRIMARY KEY, page TEXT NOT NULL UNIQUE,"
        " crc INTEGER NOT NULL, text TEXT NOT NULL)"
    )
    connection.execute("UPDATE meta SET value='2' WHERE key='format'")


STEPS: Final[Mapping[int, Step]] = {1: _from_1_to_2}
"""From version n to n + 1, inside a transaction. Version 1 is the first."""


def migrate(
    path: Path,
    from_version: int,
    *,
    to_version: int = FORMAT_VERSION,
    steps: Mapping[int, Step] = STEPS,
) -> None:
    """Bring the file at `path`, which nobody has open, to `to_version`. Blocks.

    Raises:
        AppError: UNKNOWN_FORMAT; there is no step from a version on the way.
        OSError, sqlite3.Error: the disk refuses or the file is damaged; it stays as it was.
    """
    for version in range(from_version, to_version):
        if version not in steps:
            raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{path}: format version {version}")
    copy = path.with_name(f".{path.name}.migrating")
    remove_board(copy)
    try:
        _copy(path, copy)
        _run_steps(copy, from_version, to_version, steps)
        sync_file(copy)
        copy.replace(path)
        sync_file(path)
    finally:
        remove_board(copy)


def _copy(path: Path, copy: Path) -> None:
    # SQLite's own copying takes in what a killed process left beside the file.
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    try:
        source.backup(target)
        # Ends the log beside the original, which the new file must not inherit.
        source.execute("PRAGMA journal_mode=DELETE").fetchall()
    finally:
        source.close()
        target.close()


def _run_steps(
    copy: Path, from_version: int, to_version: int, steps: Mapping[int, Step]
) -> None:
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for version in range(from_version, to_version):
            steps[version](connection)
        connection.execute(f"PRAGMA user_version={to_version}")
        connection.execute("COMMIT")
        if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("the migrated file is not sound")
    finally:
        connection.close()
