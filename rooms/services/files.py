"""Files that are handed over in a room, both ways, and gone with it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import structlog

from base.clock import Clock
from base.wire import FileView, Problem, Role
from rooms.model.callers import SeatCaller
from rooms.model.file_names import safe_name
from rooms.model.refusal import Refused
from rooms.services.config import MB, RoomsSettings
from rooms.services.database import Database
from rooms.services.file_store import FileRow, FileStore
from rooms.services.intake import Bounds, Folders, Intake, kind_of, put_in_place

FILES_MAX: Final = 200
"""Of one room; all of them are told to everybody who comes in."""

_log = structlog.get_logger(__name__)


class RoomFiles:
    """Takes files in and gives them out. One event loop.

    Args:
        settings: How large files may be.
        database: Where they are listed.
        clock: When they came.
        intake: What brings them to the disk.
    """

    def __init__(
        self, settings: RoomsSettings, database: Database, clock: Clock, intake: Intake
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = FileStore(database)
        self._intake = intake
        self._folders: Folders = intake.folders

    async def start(self) -> None:
        """Remove what a crash left: bytes that are on no list, and entries without bytes."""
        listed, pictures = await self._store.all_files(), await self._store.all_assets()
        lost = await asyncio.to_thread(_sweep, self._folders, listed, pictures)
        lost_files, lost_pictures = lost
        if lost_files or lost_pictures:
            _log.warning("shared files are gone", files=len(lost_files) + len(lost_pictures))
            await self._store.drop_lost_files(lost_files)
            await self._store.drop_lost_assets(lost_pictures)

    async def views(self, room: str) -> tuple[FileView, ...]:
        """Return the files of a room, the oldest first."""
        return tuple(view_of(row) for row in await self._store.files_of(room))

    async def take(
        self,
        caller: SeatCaller,
        name: str,
        declared_bytes: int | None,
        chunks: AsyncIterator[bytes],
    ) -> FileView:
        """Take a file in.

        Args:
            caller: Who hands it in.
            name: As it was called; anything at all.
            declared_bytes: How long it says it is.
            chunks: What it holds.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, ROOM_OVER, WRONG_TYPE, and see `Intake.take`.
        """
        await check_may_share(self._store, caller)
        async with self._intake.take(
            caller, self._bounds(caller.room), declared_bytes, chunks
        ) as taken:
            kind = await kind_of(taken, name)
            row = FileRow(
                id=secrets.token_hex(16),
                room=caller.room,
                seat=caller.seat,
                sender=caller.name,
                from_guest=caller.role is Role.GUEST,
                name=safe_name(name, kind.suffixes),
                size=taken.size,
                media_type=kind.media_type,
                sha256=taken.sha256,
                came_at=self._clock.now().timestamp(),
            )
            place = self._folders.file(row.room, row.id)
            await asyncio.to_thread(put_in_place, taken.path, place)
            try:
                await self._list(row)
            except BaseException:
                await asyncio.shield(asyncio.to_thread(place.unlink, missing_ok=True))
                raise
        return view_of(row)

    async def find(self, caller: SeatCaller, file: str) -> tuple[FileRow, Path]:
        """Return a file of the caller's room, and where it lies; also for who just left.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND.
        """
        if not caller.may_fetch:
            check_is_in(caller)
        row = await self._store.file(caller.room, file)
        if row is None:
            raise Refused(Problem.NOT_FOUND, detail=f"file {file}")
        return row, self._folders.file(row.room, row.id)

    async def drop(self, caller: SeatCaller, file: str) -> FileRow:
        """Remove a file: one's own, or any for staff and kiosk; return what it was.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND.
        """
        check_is_in(caller)
        row, place = await self.find(caller, file)
        if caller.role is Role.GUEST and row.seat != caller.seat:
            raise Refused(Problem.NOT_ALLOWED, detail="somebody else's file")
        if not await self._store.drop_file(row.room, row.id):
            raise Refused(Problem.NOT_FOUND, detail=f"file {file}")
        await asyncio.to_thread(place.unlink, missing_ok=True)
        return row

    async def forget_room(self, room: str) -> None:
        """Remove what a room that is over had. Calling it again does nothing."""
        await self._store.forget_files(room)
        await asyncio.to_thread(self._folders.remove_room, room)

    async def _list(self, row: FileRow) -> None:
        if not await self._store.add_file(row):
            raise Refused(Problem.ROOM_OVER, detail="it ended meanwhile")

    def _bounds(self, room: str) -> Bounds:
        async def held() -> tuple[int, int]:
            holding = await self._store.holding(room)
            return holding.stored_bytes, holding.files + holding.assets

        return Bounds(
            shelf=f"files of {room}",
            one_bytes=self._settings.files_max_mb * MB,
            total_bytes=self._settings.room_files_max_mb * MB,
            count=FILES_MAX,
            held=held,
        )


def view_of(row: FileRow) -> FileView:
    """Return a file as those in its room see it."""
    return FileView(
        id=row.id,
        name=row.name,
        size=row.size,
        media_type=row.media_type,
        seat=row.seat,
        name_of_sender=row.sender,
        from_guest=row.from_guest,
    )


def check_is_in(caller: SeatCaller) -> None:
    """See that somebody is past the lobby.

    Raises:
        Refused: NOT_ALLOWED.
    """
    if not caller.is_in:
        raise Refused(Problem.NOT_ALLOWED, detail="not in the room")


async def check_may_share(store: FileStore, caller: SeatCaller) -> None:
    """See that somebody may hand something in now.

    Raises:
        Refused: NOT_ALLOWED, NOT_FOUND, ROOM_OVER.
    """
    check_is_in(caller)
    rules = await store.rules(caller.room)
    if rules is None:
        raise Refused(Problem.NOT_FOUND, detail=f"room {caller.room}")
    if rules.is_over:
        raise Refused(Problem.ROOM_OVER)
    if caller.role is Role.GUEST and not rules.guest_files:
        raise Refused(Problem.NOT_ALLOWED, detail="guests hand nothing in")


def _sweep(
    folders: Folders, files: set[tuple[str, str]], pictures: set[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Remove bytes that are on no list; return the entries that have none."""
    found_files: set[tuple[str, str]] = set()
    found_pictures: set[tuple[str, str]] = set()
    for room in _entries(folders.rooms):
        for kind, listed, found in (
            ("incoming", set[tuple[str, str]](), set[tuple[str, str]]()),
            ("files", files, found_files),
            ("assets", pictures, found_pictures),
        ):
            for path in _entries(room / kind):
                entry = (room.name, path.name)
                if entry in listed:
                    found.add(entry)
                else:
                    path.unlink()
        _remove_empty(room)
    return sorted(files - found_files), sorted(pictures - found_pictures)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove_empty(room: Path) -> None:
    for folder in (*_entries(room), room):
        with contextlib.suppress(OSError):
            folder.rmdir()
