"""Rooms that are over and that staff kept: who may read them, and what there is to read.

They belong to who opened them, a member of staff or a display; administrators see all. To
anybody else a kept room is not there. Who reads one is in the audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from base.clock import Clock
from base.wire import KeptContents, KeptRoom, Problem
from rooms.model.callers import Account, Opener, SeatCaller
from rooms.model.kept_board import KeptBoard, read_board, read_notes
from rooms.model.refusal import Refused
from rooms.services.audit import Act, Audit
from rooms.services.config import RoomsSettings
from rooms.services.database import Database
from rooms.services.documents import FILE
from rooms.services.documents import view_of as view_of_document
from rooms.services.file_store import FileStore
from rooms.services.files import view_of as view_of_file
from rooms.services.hub import Hub
from rooms.services.intake import Folders
from rooms.services.room_store import Document, KeptRow, RoomStore

LISTED: Final = 50
"""On one page of the list."""
DAY_S: Final = 86_400.0


class Part(StrEnum):
    """What of a kept room is read, as the audit log has it."""

    ALL = "all"
    BOARD = "board"
    MEMO = "memo"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class KeptTexts:
    """What was written in a room.

    Attributes:
        board: With the shared memo.
        notes: Of the staff.
    """

    board: KeptBoard
    notes: str


class KeptRooms:
    """Gives out what was kept, and deletes it. One event loop.

    Args:
        settings: For how long it is kept.
        database: Where it is.
        clock: What time it is.
        audit: Where it is written down who read.
        hub: Whose rooms they were.
        folders: Where documents lie.
    """

    def __init__(
        self,
        settings: RoomsSettings,
        database: Database,
        clock: Clock,
        audit: Audit,
        hub: Hub,
        folders: Folders,
    ) -> None:
        self._kept_s = settings.kept_days * DAY_S
        self._clock = clock
        self._audit = audit
        self._hub = hub
        self._rooms = RoomStore(database)
        self._files = FileStore(database)
        self._folders = folders

    async def listed(self, opener: Opener, before: float | None = None) -> list[KeptRoom]:
        """Return the kept rooms that are somebody's to read, the newest first.

        Args:
            opener: Who asks.
            before: Only those that ended before this moment, s since 1970.
        """
        rows = await self._rooms.kept_rooms(
            None if _sees_all(opener) else opener.holder,
            self._oldest(),
            self._now() + 1.0 if before is None else before,
            LISTED,
        )
        documents = await self._files.documents_among([row.room.id for row in rows])
        sizes = await asyncio.to_thread(
            lambda: [self._bytes_of(documents[row.room.id]) for row in rows]
        )
        return [self._view(row, size) for row, size in zip(rows, sizes, strict=True)]

    async def find(self, opener: Opener, room_id: str) -> KeptRoom:
        """Return a kept room that is somebody's to read.

        Raises:
            Refused: NOT_FOUND, the same for one that is not there and one of somebody else.
        """
        row = await self._row(opener, room_id)
        documents = await self._files.documents_among([room_id])
        size = await asyncio.to_thread(self._bytes_of, documents[room_id])
        return self._view(row, size)

    async def contents(self, opener: Opener, room_id: str) -> KeptContents:
        """Return what there is of a kept room.

        Raises:
            Refused: as for `find`.
        """
        about = await self.find(opener, room_id)
        texts = await self.texts(opener, room_id)
        return KeptContents(
            about=about,
            pages=texts.board.pages,
            has_memo=bool(texts.board.memo.strip()),
            has_notes=bool(texts.notes.strip()),
            files=tuple(view_of_file(row) for row in await self._files.files_of(room_id)),
            documents=tuple(
                view_of_document(row) for row in await self._files.documents_of(room_id)
            ),
        )

    async def texts(self, opener: Opener, room_id: str) -> KeptTexts:
        """Return board, memo and notes of a kept room.

        Raises:
            Refused: as for `find`.
            BrokenDocumentError: what is stored is no document.
        """
        await self._row(opener, room_id)
        board = await self._rooms.load_updates(room_id, Document.BOARD)
        notes = await self._rooms.load_updates(room_id, Document.NOTES)
        # Documents do not like to change threads: each is made and let go of in one call.
        return KeptTexts(
            await asyncio.to_thread(read_board, board.data),
            await asyncio.to_thread(read_notes, notes.data),
        )

    async def reader(self, opener: Opener, room_id: str) -> SeatCaller:
        """Return a seat that may fetch files, pages and pictures of a kept room, and no more.

        Raises:
            Refused: as for `find`.
        """
        await self._row(opener, room_id)
        return SeatCaller(
            seat=f"kept:{opener.holder}",
            room=room_id,
            role=opener.role,
            name=opener.name,
            is_in=True,
            may_fetch=True,
        )

    async def note_read(self, opener: Opener, room_id: str, part: Part, address: str) -> None:
        """Write down that somebody reads."""
        await self._audit.note(name_in_log(opener), Act.KEPT_READ, room_id, part, address)

    async def delete(self, opener: Opener, room_id: str, address: str) -> None:
        """Delete a kept room for good.

        Raises:
            Refused: as for `find`.
        """
        await self._row(opener, room_id)
        await self._hub.delete_room(room_id, name_in_log(opener), address)

    async def _row(self, opener: Opener, room_id: str) -> KeptRow:
        row = await self._rooms.kept_room(room_id)
        is_there = row is not None and (row.room.ended_at or 0.0) > self._oldest()
        if row is None or not is_there or not _may_read(opener, row):
            raise Refused(Problem.NOT_FOUND, detail="kept room")
        return row

    def _view(self, row: KeptRow, document_bytes: int) -> KeptRoom:
        ended_at = row.room.ended_at or 0.0
        return KeptRoom(
            room=row.room.id,
            title=row.room.title,
            opened_by=row.opened_by,
            # One that was planned can be ended before its time.
            opened_at=min(row.room.opens_at, ended_at),
            ended_at=ended_at,
            kept_until=ended_at + self._kept_s,
            files=row.files,
            size=row.stored_bytes + document_bytes,
        )

    def _bytes_of(self, documents: Iterable[str]) -> int:
        paths = [self._folders.document(one) / FILE for one in documents]
        return sum(path.stat().st_size for path in paths if path.is_file())

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _oldest(self) -> float:
        """Return the moment before which nothing is kept, whether it was cleared or not."""
        return self._now() - self._kept_s


def name_in_log(opener: Opener) -> str:
    """Return how the audit log refers to who reads."""
    return f"{opener.holder} {opener.name}"


def _sees_all(opener: Opener) -> bool:
    return isinstance(opener, Account) and opener.is_admin


def _may_read(opener: Opener, row: KeptRow) -> bool:
    return _sees_all(opener) or row.room.opener == opener.holder
