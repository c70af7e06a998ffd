"""Every SQL statement about files, documents and pictures of rooms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms.services.database import Database
from rooms.services.schema import assets, documents, files, rooms


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What holds for the files of a room.

    Attributes:
        is_over: Whether it ended; nothing more is taken.
        guest_files: Whether guests may hand something in.
    """

    is_over: bool
    guest_files: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was handed over; `size` in bytes, `came_at` in seconds since 1970."""

    id: str
    room: str
    seat: str | None
    sender: str
    from_guest: bool
    name: str
    size: int
    media_type: str
    sha256: str
    came_at: float


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of a room; `sheets` is 0 until it is known."""

    room: str
    sha256: str
    name: str
    sheets: int
    failed: bool


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A picture on the board of a room; `size` in bytes."""

    room: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What a room holds: bytes of files and pictures, and how many there are."""

    stored_bytes: int
    files: int
    assets: int
    documents: int


class FileStore:
    """Rows of files, documents and pictures.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rules(self, room: str) -> RoomRules | None:
        """Return what holds for a room; None when there is no such room."""
        query = select(rooms.c.ended_at, rooms.c.guest_files).where(rooms.c.id == room)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else RoomRules(row.ended_at is not None, row.guest_files)

    async def holding(self, room: str) -> Holding:
        """Return what a room holds now."""
        async with self._database.connect() as connection:
            file_count, file_bytes = await _counted(connection, files, room)
            asset_count, asset_bytes = await _counted(connection, assets, room)
            query = select(func.count()).where(documents.c.room_id == room)
            document_count = (await connection.execute(query)).scalar_one()
        return Holding(file_bytes + asset_bytes, file_count, asset_count, document_count)

    # Files -------------------------------------------------------------------------------

    async def add_file(self, row: FileRow) -> bool:
        """Add a file; return False when its room is gone or over."""
        values = {
            "id": row.id, "room_id": row.room, "seat_id": row.seat, "sender": row.sender,
            "from_guest": row.from_guest, "name": row.name, "size": row.size,
            "media_type": row.media_type, "sha256": row.sha256, "came_at": row.came_at,
        }  # fmt: skip
        async with self._database.begin() as connection:
            if not await _is_open(connection, row.room):
                return False
            await connection.execute(insert(files).values(values))
        return True

    async def file(self, room: str, file: str) -> FileRow | None:
        """Return a file of a room."""
        query = select(files).where(files.c.room_id == room, files.c.id == file)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _file_row(row)

    async def files_of(self, room: str) -> list[FileRow]:
        """Return the files of a room, the oldest first."""
        query = select(files).where(files.c.room_id == room).order_by(files.c.came_at)
        async with self._database.connect() as connection:
            return [_file_row(row) for row in await connection.execute(query)]

    async def drop_file(self, room: str, file: str) -> bool:
        """Take a file out; return whether it was there."""
        statement = delete(files).where(files.c.room_id == room, files.c.id == file)
        async with self._database.begin() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def all_files(self) -> set[tuple[str, str]]:
        """Return room and id of every file."""
        async with self._database.connect() as connection:
            rows = await connection.execute(select(files.c.room_id, files.c.id))
            return {(row.room_id, row.id) for row in rows}

    # Documents ---------------------------------------------------------------------------

    async def add_document(self, row: DocumentRow) -> bool:
        """Add a document unless the room has it; return False when the room is gone or over."""
        values = {
            "room_id": row.room, "sha256": row.sha256, "name": row.name,
            "sheets": row.sheets, "failed": row.failed,
        }  # fmt: skip
        async with self._database.begin() as connection:
            if not await _is_open(connection, row.room):
                return False
            if await _document(connection, row.room, row.sha256) is None:
                await connection.execute(insert(documents).values(values))
        return True

    async def document(self, room: str, sha256: str) -> DocumentRow | None:
        """Return a document of a room."""
        async with self._database.connect() as connection:
            return await _document(connection, room, sha256)

    async def documents_of(self, room: str) -> list[DocumentRow]:
        """Return the documents of a room in the order they came."""
        query = select(documents).where(documents.c.room_id == room).order_by(documents.c.n)
        async with self._database.connect() as connection:
            return [_document_row(row) for row in await connection.execute(query)]

    async def documents_among(self, rooms_asked: Collection[str]) -> dict[str, list[str]]:
        """Return the ids of the documents of several rooms, by room."""
        query = select(documents.c.room_id, documents.c.sha256).where(
            documents.c.room_id.in_(rooms_asked)
        )
        found: dict[str, list[str]] = {room: [] for room in rooms_asked}
        async with self._database.connect() as connection:
            for row in await connection.execute(query):
                found[row.room_id].append(row.sha256)
        return found

    async def know_document(self, sha256: str, sheets: int, *, failed: bool) -> list[str]:
        """Write down how many sheets a document has, in all rooms; return those rooms."""
        theirs = documents.c.sha256 == sha256
        async with self._database.begin() as connection:
            await connection.execute(
                update(documents).where(theirs).values(sheets=sheets, failed=failed)
            )
            rows = await connection.execute(select(documents.c.room_id).where(theirs))
            return [row.room_id for row in rows]

    async def all_documents(self) -> set[str]:
        """Return the id of every document that a room has."""
        async with self._database.connect() as connection:
            rows = await connection.execute(select(documents.c.sha256).distinct())
            return {row.sha256 for row in rows}

    async def unknown_documents(self) -> set[str]:
        """Return the ids of documents that nobody has looked into yet."""
        query = (
            select(documents.c.sha256)
            .where(documents.c.sheets == 0, documents.c.failed.is_(False))
            .distinct()
        )
        async with self._database.connect() as connection:
            return {row.sha256 for row in await connection.execute(query)}

    # Pictures ----------------------------------------------------------------------------

    async def add_asset(self, row: AssetRow) -> bool:
        """Add a picture unless the room has it; return False when the room is gone or over."""
        values = {
            "room_id": row.room, "sha256": row.sha256, "size": row.size,
            "media_type": row.media_type,
        }  # fmt: skip
        async with self._database.begin() as connection:
            if not await _is_open(connection, row.room):
                return False
            if await _asset(connection, row.room, row.sha256) is None:
                await connection.execute(insert(assets).values(values))
        return True

    async def asset(self, room: str, sha256: str) -> AssetRow | None:
        """Return a picture of a room."""
        async with self._database.connect() as connection:
            return await _asset(connection, room, sha256)

    async def all_assets(self) -> set[tuple[str, str]]:
        """Return room and id of every picture."""
        async with self._database.connect() as connection:
            rows = await connection.execute(select(assets.c.room_id, assets.c.sha256))
            return {(row.room_id, row.sha256) for row in rows}

    # Rooms -------------------------------------------------------------------------------

    async def forget_files(self, room: str) -> None:
        """Take out the files and pictures of a room."""
        async with self._database.begin() as connection:
            for table in (files, assets):
                await connection.execute(delete(table).where(table.c.room_id == room))

    async def forget_documents(self, room: str) -> None:
        """Take out the documents of a room."""
        async with self._database.begin() as connection:
            await connection.execute(delete(documents).where(documents.c.room_id == room))

    async def drop_lost_files(self, lost: Collection[tuple[str, str]]) -> None:
        """Take out files whose bytes are gone."""
        async with self._database.begin() as connection:
            for room, file in lost:
                await connection.execute(
                    delete(files).where(files.c.room_id == room, files.c.id == file)
                )

    async def drop_lost_assets(self, lost: Collection[tuple[str, str]]) -> None:
        """Take out pictures whose bytes are gone."""
        async with self._database.begin() as connection:
            for room, sha256 in lost:
                await connection.execute(
                    delete(assets).where(assets.c.room_id == room, assets.c.sha256 == sha256)
                )


async def _counted(connection: AsyncConnection, table: Table, room: str) -> tuple[int, int]:
    query = select(func.count(), func.coalesce(func.sum(table.c.size), 0)).where(
        table.c.room_id == room
    )
    count, size = (await connection.execute(query)).one()
    return int(count), int(size)


async def _is_open(connection: AsyncConnection, room: str) -> bool:
    query = select(rooms.c.id).where(rooms.c.id == room, rooms.c.ended_at.is_(None))
    return (await connection.execute(query)).one_or_none() is not None


async def _document(connection: AsyncConnection, room: str, sha256: str) -> DocumentRow | None:
    query = select(documents).where(documents.c.room_id == room, documents.c.sha256 == sha256)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _document_row(row)


async def _asset(connection: AsyncConnection, room: str, sha256: str) -> AssetRow | None:
    query = select(assets).where(assets.c.room_id == room, assets.c.sha256 == sha256)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else AssetRow(room, sha256, row.size, row.media_type)


def _file_row(row: Row[Any]) -> FileRow:
    return FileRow(
        row.id, row.room_id, row.seat_id, row.sender, row.from_guest, row.name, row.size,
        row.media_type, row.sha256, row.came_at,
    )  # fmt: skip


def _document_row(row: Row[Any]) -> DocumentRow:
    return DocumentRow(row.room_id, row.sha256, row.name, row.sheets, row.failed)
