import sqlite3
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from whiteboard.services.boards.migrations import migrate


@pytest.fixture
def path(data_dir: Path) -> Path:
    """A file of a format that never was: version 0 kept its title in a table of its own."""
    path = data_dir / "old.kokuban"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE titles(t); INSERT INTO titles VALUES('春の式典');")
    connection.close()
    return path


def to_version_1(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE meta(key, value)")
    connection.execute("INSERT INTO meta SELECT 'title', t FROM titles")
    connection.execute("DROP TABLE titles")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE titles")
    raise sqlite3.OperationalError("disk I/O error")


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_steps_lead_to_the_version_asked_for(path: Path) -> None:
    def to_version_2(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE meta SET value = value || '!'")

    migrate(path, 0, to_version=2, steps={0: to_version_1, 1: to_version_2})
    assert query(path, "SELECT value FROM meta") == [("春の式典!",)]
    assert query(path, "PRAGMA user_version") == [(2,)]


def test_migrated_file_lies_alone(path: Path) -> None:
    migrate(path, 0, to_version=1, steps={0: to_version_1})
    assert list(path.parent.iterdir()) == [path]


def test_step_that_fails_leaves_the_original_alone(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(sqlite3.OperationalError):
        migrate(path, 0, to_version=2, steps={0: to_version_1, 1: fail})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_version_without_a_step_is_unknown(path: Path) -> None:
    with pytest.raises(AppError) as caught:
        migrate(path, 0, to_version=2, steps={0: to_version_1})
    assert caught.value.code is ErrorCode.UNKNOWN_FORMAT


def test_log_of_a_killed_process_is_migrated_too(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("UPDATE titles SET t='秋の式典'")
    connection.commit()
    copy = path.with_name("killed.kokuban")
    copy.write_bytes(path.read_bytes())
    copy.with_name(f"{copy.name}-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    connection.close()
    migrate(copy, 0, to_version=1, steps={0: to_version_1})
    assert query(copy, "SELECT value FROM meta") == [("秋の式典",)]
