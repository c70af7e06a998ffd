"""The database: its tables, its one writer, and what is left of what was deleted."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from rooms.services import schema
from rooms.services.database import Database, DatabaseTooNewError, migrate
from tools.rooms_migration import missing_steps


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def test_steps_make_what_the_schema_describes(tmp_path: Path) -> None:
    missing = missing_steps(tmp_path / "rooms.sqlite3")
    assert missing.is_empty(), [operation.to_diff_tuple() for operation in missing.ops]


def test_steps_are_run_once(tmp_path: Path) -> None:
    async def open_twice() -> None:
        for n in range(2):
            database = await Database.open(url_of(tmp_path / "db"))
            async with database.begin() as connection:
                await connection.execute(insert(schema.audit), [an_entry(str(n))])
            await database.close()

    asyncio.run(open_twice())
    with sqlite3.connect(tmp_path / "db") as connection:
        assert connection.execute("SELECT about FROM audit").fetchall() == [("0",), ("1",)]
    connection.close()


def test_version_of_tomorrow_is_not_touched(tmp_path: Path) -> None:
    asyncio.run(migrate(url_of(tmp_path / "db")))
    with sqlite3.connect(tmp_path / "db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseTooNewError):
        asyncio.run(Database.open(url_of(tmp_path / "db")))


def test_error_in_a_transaction_undoes_all_of_it(tmp_path: Path) -> None:
    async def write_and_fail(database: Database) -> None:
        async with database.begin() as connection:
            await connection.execute(insert(schema.audit), [an_entry()])
            raise RuntimeError

    async def fail(database: Database) -> int:
        with pytest.raises(RuntimeError):
            await write_and_fail(database)
        return await entries(database)

    assert within(tmp_path, fail) == 0


def test_many_writers_at_once_all_get_their_turn(tmp_path: Path) -> None:
    async def write(database: Database) -> int:
        async def one() -> None:
            async with database.begin() as connection:
                # Read first, then write: without a lock of its own this fails in SQLite.
                n = await connection.scalar(select(func.count()).select_from(schema.audit))
                await connection.execute(insert(schema.audit), [an_entry(str(n))])

        await asyncio.gather(*(one() for _ in range(50)))
        return await entries(database)

    assert within(tmp_path, write) == 50


def test_reader_sees_one_moment_while_others_write(tmp_path: Path) -> None:
    async def read(database: Database) -> tuple[int, int]:
        async with database.connect() as reader:
            counting = select(func.count()).select_from(schema.audit)
            before = await reader.scalar(counting)
            async with database.begin() as writer:
                await writer.execute(insert(schema.audit), [an_entry()])
            after = await reader.scalar(counting)
            return int(before or 0), int(after or 0)

    assert within(tmp_path, read) == (0, 0)


def test_another_process_may_write_in_between(tmp_path: Path) -> None:
    async def two(database: Database) -> int:
        other = await Database.open(url_of(tmp_path / "db"))
        for known in (database, other, database):
            async with known.begin() as connection:
                await connection.execute(insert(schema.audit), [an_entry()])
        await other.close()
        return await entries(database)

    assert within(tmp_path, two) == 3


def test_row_that_refers_to_nothing_is_refused(tmp_path: Path) -> None:
    async def orphan(database: Database) -> None:
        row = {"room_id": "nowhere", "document": "board", "data": b""}
        with pytest.raises(IntegrityError):
            async with database.begin() as connection:
                await connection.execute(insert(schema.updates), [row])

    within(tmp_path, orphan)


def test_deleted_words_are_on_the_disk_no_more(tmp_path: Path) -> None:
    secret = "生活保護について"

    async def write_and_delete(database: Database) -> None:
        async with database.begin() as connection:
            await connection.execute(insert(schema.audit), [an_entry(secret)])
        assert on_disk(tmp_path, secret)
        async with database.begin() as connection:
            await connection.execute(text("DELETE FROM audit"))
        await database.wipe()
        assert not on_disk(tmp_path, secret)

    within(tmp_path, write_and_delete)


def on_disk(folder: Path, words: str) -> bool:
    return any(words.encode() in path.read_bytes() for path in folder.glob("db*"))


def an_entry(about: str = "") -> dict[str, object]:
    return {"at": 0.0, "who": "service", "act": "test", "about": about}


async def entries(database: Database) -> int:
    async with database.connect() as connection:
        found = await connection.scalar(select(func.count()).select_from(schema.audit))
    return int(found or 0)


def within(tmp_path: Path, work):  # type: ignore[no-untyped-def]
    """Run `work` with a fresh database and return what it returns."""

    async def run():  # type: ignore[no-untyped-def]
        database = await Database.open(url_of(tmp_path / "db"))
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
