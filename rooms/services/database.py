"""The database: who may write, how it is opened, how it is brought up to date.

What is particular to SQLite is in this module; the statements of the stores are the same
for every database that SQLAlchemy knows.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

MIGRATIONS_DIR: Final = Path(__file__).resolve().parent / "migrations"
BUSY_MS: Final = 10_000
"""How long a statement waits for another process, `create-admin` say, to finish writing."""
CONNECTIONS: Final = 6
_WRITES: Final = "kokuban_writes"


class DatabaseTooNewError(Exception):
    """The database was written by a later version of the service."""


class Database:
    """An open database, at the newest version of its tables.

    Made by `open`. All of it belongs to one event loop.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        # SQLite has one writer. Waiting here costs nothing; waiting inside SQLite would
        # hold a connection and its thread.
        self._writer: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if self._is_sqlite else nullcontext()
        )

    @classmethod
    async def open(cls, url: str) -> Database:
        """Open a database, made or brought up to date where needed.

        Args:
            url: As SQLAlchemy names it: "sqlite+aiosqlite:///PATH" (a file, in a folder
                that exists), or another one with an asyncio driver.

        Raises:
            DatabaseTooNewError: a later version of the service wrote it.
            sqlalchemy.exc.SQLAlchemyError: it cannot be opened.
        """
        await migrate(url)
        return cls(_make_engine(url, keys_hold=True))

    async def close(self) -> None:
        """Close all connections. Nothing may be under way."""
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: all of it happens, or, on an error, nothing.

        SQLite: one at a time, so do nothing in it that waits for anything but the database.
        """
        async with self._writer, self._engine.connect() as connection:
            await connection.execution_options(**{_WRITES: True})
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading: one moment of the database, whoever writes."""
        async with self._engine.connect() as connection:
            yield connection

    async def check(self) -> None:
        """Ask the database something.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it does not answer.
        """
        async with self.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def wipe(self) -> None:
        """Let go of what was deleted: it may still lie in a journal on the disk.

        Never fails for want of a quiet moment; then the next call does it.
        """
        if not self._is_sqlite:
            return
        async with self._writer, self._engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


async def migrate(url: str) -> None:
    """Bring a database to the newest version of its tables; make them if there are none.

    Raises:
        DatabaseTooNewError: a later version of the service wrote it.
    """
    # With keys that hold, a step that makes a table anew would delete what refers to it.
    engine = _make_engine(url, keys_hold=False)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(**{_WRITES: True})
            async with connection.begin():
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {step.revision for step in script.walk_revisions()}
    there = MigrationContext.configure(connection).get_current_heads()
    if not known.issuperset(there):
        raise DatabaseTooNewError(f"version {', '.join(there)} of the tables is not known")
    if set(there) == set(script.get_heads()):
        return
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise ValueError(f"after the migration {len(broken)} rows refer to nothing")


def _make_engine(url: str, *, keys_hold: bool) -> AsyncEngine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it does so too late for a read
        # and in the wrong manner for a write.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_MS}",
            "journal_mode = WAL",
            # A power cut may lose the last commits, never the database.
            "synchronous = NORMAL",
            f"foreign_keys = {'ON' if keys_hold else 'OFF'}",
            # What is deleted is overwritten: it is what citizens wrote.
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        options: dict[str, Any] = dict(connection.get_execution_options())
        # A write that began as a read fails at once, without waiting, when another wrote.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")

    return engine
