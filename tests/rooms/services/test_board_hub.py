from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pycrdt import Doc, Text

from rooms.model.board_gate import Writer
from rooms.model.room import RoomState
from rooms.services.board_hub import COMPACT_ROWS, BoardHub
from rooms.services.database import Database
from rooms.services.room_store import Document, RoomStore

STAFF = Writer("staff", is_trusted=True)
GUEST = Writer("guest", is_trusted=False)


@asynccontextmanager
async def store(tmp_path: Path) -> AsyncIterator[RoomStore]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'rooms.sqlite3'}")
    made = RoomStore(database)
    if await made.room("r1") is None:
        await made.add_room(RoomState("r1", "", "12345678", "kiosk:k", 0.0, 0.0, 3))
    try:
        yield made
    finally:
        await database.close()


class Typist:
    def __init__(self, client: int) -> None:
        self.doc: Doc = Doc(client_id=client)
        self.memo = self.doc.get("memo", type=Text)

    def types(self, text: str) -> bytes:
        before = self.doc.get_state()
        self.memo += text
        return self.doc.get_update(before)


def test_what_was_written_is_there_after_a_restart_with_whose_it_is(tmp_path):
    async def run() -> None:
        typist = Typist(5)
        async with store(tmp_path) as kept:
            boards = BoardHub(kept)
            boards.start()
            await boards.open("r1")
            boards.take("r1", Document.BOARD, typist.types("one"), GUEST)
            await boards.close()
        async with store(tmp_path) as kept:
            boards = BoardHub(kept)
            await boards.open("r1")
            assert boards.document("r1", Document.BOARD).memo == "one"
            stranger = Writer("stranger", is_trusted=False)
            update = typist.types(" two")
            assert not boards.take("r1", Document.BOARD, update, stranger).update
            assert boards.take("r1", Document.BOARD, update, GUEST).update
            await boards.close()

    asyncio.run(run())


def test_many_updates_become_one_and_none_is_lost(tmp_path):
    async def run() -> None:
        typist = Typist(5)
        async with store(tmp_path) as kept:
            boards = BoardHub(kept)
            await boards.open("r1")
            for n in range(COMPACT_ROWS + 10):
                boards.take("r1", Document.BOARD, typist.types(f"{n} "), STAFF)
            await boards.flush()
            boards.take("r1", Document.BOARD, typist.types("pending"), STAFF)
            await boards.compact()
            assert len((await kept.load_updates("r1", Document.BOARD)).data) == 1
            await boards.close()
            again = BoardHub(kept)
            await again.open("r1")
            assert again.document("r1", Document.BOARD).memo == str(typist.memo)

    asyncio.run(run())


def test_forgotten_room_is_not_written_any_more(tmp_path):
    async def run() -> None:
        async with store(tmp_path) as kept:
            boards = BoardHub(kept)
            await boards.open("r1")
            boards.take("r1", Document.BOARD, Typist(5).types("gone"), STAFF)
            await boards.forget("r1")
            await boards.close()
            assert not (await kept.load_updates("r1", Document.BOARD)).data

    asyncio.run(run())
