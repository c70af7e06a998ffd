"""Pictures that lie on the board of a room, by the SHA-256 of their bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from base.wire import Problem
from rooms.model.callers import SeatCaller
from rooms.model.picture_size import picture_size
from rooms.model.refusal import Refused
from rooms.services.config import MB, RoomsSettings
from rooms.services.database import Database
from rooms.services.file_store import AssetRow, FileStore
from rooms.services.files import check_is_in, check_may_share
from rooms.services.intake import Bounds, Intake, kind_of, put_in_place

ASSET_BYTES_MAX: Final = 64 << 20
"""As in a board's file: docs/reference/board-file.md."""
PIXELS_MAX: Final = 64_000_000
"""Unfolded they take four bytes each, in every browser of the room."""
ASSETS_MAX: Final = 500


class RoomAssets:
    """Takes pictures in and gives them out. One event loop.

    Args:
        settings: How large they may be.
        database: Where they are listed.
        intake: What brings them to the disk.
    """

    def __init__(self, settings: RoomsSettings, database: Database, intake: Intake) -> None:
        self._settings = settings
        self._store = FileStore(database)
        self._intake = intake

    async def take(
        self,
        caller: SeatCaller,
        sha256: str,
        declared_bytes: int | None,
        chunks: AsyncIterator[bytes],
    ) -> bool:
        """Take a picture in; return False when the room had it already.

        Args:
            caller: Who puts it on the board.
            sha256: What its bytes have to come to.
            declared_bytes: How long it says it is.
            chunks: The picture.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, ROOM_OVER, WRONG_TYPE, MALFORMED when it is
                another picture than was said, TOO_LARGE, and see `Intake.take`.
        """
        await check_may_share(self._store, caller)
        is_new = await self._store.asset(caller.room, sha256) is None
        async with self._intake.take(
            caller, self._bounds(caller.room), declared_bytes, chunks
        ) as taken:
            if taken.sha256 != sha256:
                raise Refused(Problem.MALFORMED, detail=f"it is {taken.sha256}")
            kind = await kind_of(taken, "")
            size = picture_size(kind, taken.head)
            if not kind.is_picture or size is None or not all(size):
                raise Refused(Problem.WRONG_TYPE, detail=kind.media_type)
            if size[0] * size[1] > PIXELS_MAX:
                raise Refused(Problem.TOO_LARGE, detail=f"{size[0]}x{size[1]} px")
            # The same bytes may come twice at once; whichever is later changes nothing.
            place = self._intake.folders.asset(caller.room, sha256)
            await asyncio.to_thread(put_in_place, taken.path, place)
            row = AssetRow(caller.room, sha256, taken.size, kind.media_type)
            if not await self._store.add_asset(row):
                await asyncio.to_thread(place.unlink, missing_ok=True)
                raise Refused(Problem.ROOM_OVER, detail="it ended meanwhile")
        return is_new

    async def find(self, caller: SeatCaller, sha256: str) -> tuple[AssetRow, Path]:
        """Return a picture of the caller's room, and where it lies.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND.
        """
        check_is_in(caller)
        row = await self._store.asset(caller.room, sha256)
        if row is None:
            raise Refused(Problem.NOT_FOUND, detail=f"asset {sha256}")
        return row, self._intake.folders.asset(row.room, sha256)

    def _bounds(self, room: str) -> Bounds:
        async def held() -> tuple[int, int]:
            holding = await self._store.holding(room)
            return holding.stored_bytes, holding.files + holding.assets

        return Bounds(
            # The same shelf as the files': a room has one total.
            shelf=f"files of {room}",
            one_bytes=min(self._settings.files_max_mb * MB, ASSET_BYTES_MAX),
            total_bytes=self._settings.room_files_max_mb * MB,
            count=ASSETS_MAX,
            held=held,
        )
