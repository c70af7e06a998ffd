"""A room with files, documents and pictures, without the rest of the service."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import delete, insert, update

from base.clock import SystemClock
from base.wire import DocumentView, FileView, Role
from rooms.model.callers import SeatCaller
from rooms.services import schema
from rooms.services.assets import RoomAssets
from rooms.services.config import RoomsSettings
from rooms.services.database import Database
from rooms.services.documents import PagePicture, RoomDocuments
from rooms.services.files import RoomFiles
from rooms.services.intake import Folders, Intake

STAFF = SeatCaller("staff-1", "room-1", Role.STAFF, "窓口", is_in=True)
GUEST = SeatCaller("guest-1", "room-1", Role.GUEST, "山田", is_in=True)


def staff_of(room: str) -> SeatCaller:
    return replace(STAFF, room=room)


@dataclass(frozen=True, slots=True)
class Handover:
    """The parts, and shorter ways to use them."""

    root: Path
    database: Database
    folders: Folders
    files: RoomFiles
    documents: RoomDocuments
    assets: RoomAssets

    async def open_room(self, room: str = "room-1", *, guest_files: bool = True) -> None:
        async with self.database.begin() as connection:
            await connection.execute(
                insert(schema.rooms).values(
                    id=room, opener="account:a", created_at=0.0, opens_at=0.0,
                    guest_limit=3, guest_files=guest_files,
                )
            )  # fmt: skip

    async def end_room(self, room: str = "room-1") -> None:
        async with self.database.begin() as connection:
            await connection.execute(
                update(schema.rooms).where(schema.rooms.c.id == room).values(ended_at=1.0)
            )

    async def delete_room(self, room: str = "room-1") -> None:
        """Forget a room as the hub does."""
        async with self.database.begin() as connection:
            await connection.execute(delete(schema.rooms).where(schema.rooms.c.id == room))
        await self.files.forget_room(room)
        await self.documents.forget_room(room)

    async def hand_in(
        self, data: bytes, name: str = "書類.txt", caller: SeatCaller = GUEST
    ) -> FileView:
        return await self.files.take(caller, name, len(data), pieces(data))

    async def share(
        self, path: Path, caller: SeatCaller = STAFF, shown: int = 0
    ) -> DocumentView:
        data = path.read_bytes()
        return await self.documents.take(caller, path.name, len(data), pieces(data), shown)

    async def put(self, data: bytes, caller: SeatCaller = STAFF) -> bool:
        sha256 = hashlib.sha256(data).hexdigest()
        return await self.assets.take(caller, sha256, len(data), pieces(data))

    async def page(
        self, sha256: str, sheet: int = 0, width: int = 640, caller: SeatCaller = GUEST
    ) -> PagePicture:
        return await self.documents.page(caller, sha256, sheet, width)

    def names_on_disk(self) -> list[str]:
        """Files of rooms and documents, relative to the data folder."""
        folders = (self.folders.rooms, self.folders.documents)
        return sorted(
            str(path.relative_to(self.root))
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        )


@asynccontextmanager
async def handover(
    root: Path,
    *,
    opened: bool = True,
    kept_free_bytes: int = 0,
    idle_s: float = 30.0,
    **limits: int,
) -> AsyncIterator[Handover]:
    """Start the parts over a data folder; `limits` are settings."""
    root.mkdir(parents=True, exist_ok=True)
    settings = RoomsSettings(data_dir=root, **limits)  # type: ignore[arg-type]
    database = await Database.open(settings.database_address)
    intake = Intake(Folders(root), kept_free_bytes=kept_free_bytes, idle_s=idle_s)
    made = Handover(
        root, database, intake.folders,
        RoomFiles(settings, database, SystemClock(), intake),
        RoomDocuments(settings, database, intake),
        RoomAssets(settings, database, intake),
    )  # fmt: skip
    try:
        await made.files.start()
        await made.documents.start()
        if opened:
            await made.open_room()
        yield made
    finally:
        await made.documents.close()
        await database.close()


async def pieces(data: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]
