"""The Yjs documents of the rooms under way, and the one writer that keeps them.

An update is judged, applied and handed on at once; what it changed is written in batches some
50 ms later, all rooms in one transaction. A kill in between loses at most that, and only here:
the clients have it, and hand it in again when they compare state vectors.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from base.wire import Problem
from base.yjs import parse_state_vector
from rooms.model.board_gate import Writer
from rooms.model.room_document import MAX_CLIENTS, BrokenDocumentError, RoomDocument, Taken
from rooms.services.room_store import Document, RoomStore, Update

BATCH_S: Final = 0.05
RETRY_S: Final = 1.0
MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
"""Not yet written, of all rooms: beyond, the disk is in trouble, and nothing more is taken."""
COMPACT_ROWS: Final = 2000
COMPACT_BYTES: Final = 4 * 1024 * 1024

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Log:
    """What lies in the store for a document since it was last compacted.

    Attributes:
        rows: How many updates.
        size: Bytes of them.
    """

    rows: int = 0
    size: int = 0


@dataclass(slots=True)
class _Room:
    """The documents of a room."""

    documents: dict[Document, RoomDocument]
    logs: dict[Document, _Log] = field(default_factory=dict)


class BoardHub:
    """Holds the documents of rooms under way. One event loop.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: RoomStore) -> None:
        self._store = store
        self._rooms: dict[str, _Room] = {}
        self._loading: dict[str, asyncio.Lock] = {}
        self._pending: list[Update] = []
        self._pending_bytes = 0
        self._last = 0
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the writer."""
        self._task = asyncio.create_task(self._write_for_ever(), name="board writer")

    async def close(self) -> None:
        """Write what is not written yet, and stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self.flush()

    async def open(self, room_id: str) -> None:
        """Make the documents of a room ready; they stay so until `release` or `forget`.

        Raises:
            BrokenDocumentError: what the store has is no document.
        """
        if room_id in self._rooms:
            return
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            if room_id not in self._rooms:
                # What is still pending would be missing in what is read.
                await self.flush()
                self._rooms[room_id] = await self._load(room_id)
        self._loading.pop(room_id, None)

    def is_ready(self, room_id: str) -> bool:
        """Return whether the documents of a room are in memory."""
        return room_id in self._rooms

    def take(self, room_id: str, shared: Document, data: bytes, writer: Writer) -> Taken:
        """Judge and apply an update, and have it written soon.

        Raises:
            ValueError: it is not an update; nothing of it took effect.
            BrokenDocumentError: the documents of the room have to be opened anew; `release`
                was called already.
        """
        if self._pending_bytes > MAX_PENDING_BYTES:
            return Taken(problem=Problem.NO_ROOM_ON_DISK)
        room = self._rooms[room_id]
        try:
            taken = room.documents[shared].take(data, writer)
        except BrokenDocumentError:
            self.release(room_id)
            raise
        for client in taken.claimed:
            self._keep(room_id, Document.WRITERS, f"{client}:{writer.seat}".encode())
        if taken.update:
            self._keep(room_id, shared, taken.update)
            log = room.logs[shared]
            log.rows += 1
            log.size += len(taken.update)
        return taken

    def vector(self, room_id: str, shared: Document) -> bytes:
        """Return the state vector of a document."""
        return self._rooms[room_id].documents[shared].vector()

    def check_vector(self, vector: bytes) -> None:
        """See that something is a state vector.

        Raises:
            ValueError: it is not.
        """
        parse_state_vector(vector, MAX_CLIENTS)

    def answer(self, room_id: str, shared: Document, vector: bytes) -> bytes:
        """Return what somebody with a state vector lacks.

        Raises:
            ValueError: it is not a state vector.
        """
        return self._rooms[room_id].documents[shared].answer(vector)

    def document(self, room_id: str, shared: Document) -> RoomDocument:
        """Return a document that is ready.

        Raises:
            KeyError: it is not.
        """
        return self._rooms[room_id].documents[shared]

    def release(self, room_id: str) -> None:
        """Let the documents of a room go from memory; what is pending is still written."""
        self._rooms.pop(room_id, None)

    async def forget(self, room_id: str) -> None:
        """Let go of a room for good; when this returns, nothing of it is written any more."""
        self.release(room_id)
        async with self._writing:
            self._pending = [one for one in self._pending if one.room_id != room_id]
            self._pending_bytes = sum(len(one.data) for one in self._pending)

    async def flush(self) -> None:
        """Write what is pending.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it could not be written, and is pending still.
        """
        async with self._writing:
            batch, self._pending = self._pending, []
            if not batch:
                return
            try:
                self._last = await self._store.append_updates(batch)
            except BaseException:
                self._pending = batch + self._pending
                raise
            self._pending_bytes -= sum(len(one.data) for one in batch)

    async def write_now(self) -> None:
        """Write what is pending before others see it; a disk in trouble is tried again."""
        try:
            await self.flush()
        except (SQLAlchemyError, OSError) as error:
            _log.error("boards cannot be written", error=type(error).__name__)
            self._wake.set()

    async def compact(self) -> None:
        """Put one update in the place of many, where there are many."""
        if not self._last:
            return
        for room_id, room in tuple(self._rooms.items()):
            for shared, document in room.documents.items():
                log = room.logs[shared]
                limit = max(COMPACT_BYTES, 2 * document.size)
                if log.rows >= COMPACT_ROWS or log.size >= limit:
                    await self._compact(room_id, shared, document, log)

    async def _compact(
        self, room_id: str, shared: Document, document: RoomDocument, log: _Log
    ) -> None:
        async with self._writing:
            if self._rooms.get(room_id) is None:
                return
            # It has what is pending, too; that is written once more, which changes nothing.
            # Up to the number of what was last appended, all of this room is in it.
            state = document.state()
            log.rows, log.size = 0, 0
            await self._store.compact(room_id, shared, state, self._last)

    async def _load(self, room_id: str) -> _Room:
        rows = await self._store.load_updates(room_id, Document.WRITERS)
        owners = dict(_parse_writer(row) for row in rows.data)
        room = _Room({})
        for shared in (Document.BOARD, Document.NOTES):
            stored = await self._store.load_updates(room_id, shared)
            room.documents[shared] = RoomDocument(stored.data, owners)
            room.logs[shared] = _Log(len(stored.data), sum(map(len, stored.data)))
        return room

    def _keep(self, room_id: str, shared: Document, data: bytes) -> None:
        self._pending.append(Update(room_id, shared, data))
        self._pending_bytes += len(data)
        self._wake.set()

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(BATCH_S)
            self._wake.clear()
            try:
                await self.flush()
                await self.compact()
            except (SQLAlchemyError, OSError) as error:
                _log.error("boards cannot be written", error=type(error).__name__)
                self._wake.set()
                await asyncio.sleep(RETRY_S)


def _parse_writer(row: bytes) -> tuple[int, str]:
    client, _, seat = row.decode().partition(":")
    return int(client), seat
