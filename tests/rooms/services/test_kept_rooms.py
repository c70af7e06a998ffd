"""Rooms that staff kept: read by whose they were, for as long as is said, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from pycrdt import Doc, Map, Text

from base.wire import JoinAsked, OpenAsked, Problem, Role, SetRoom
from rooms.model.callers import Account, KioskCaller, Opener, SeatCaller
from rooms.model.refusal import Refused
from rooms.services import schema
from rooms.services.audit import Act
from rooms.services.config import RoomsSettings
from rooms.services.kept_rooms import Part
from rooms.services.room_store import Document, RoomStore, Update
from rooms.services.services import Services, open_services

HANA: Final = Account("a1", "hana", "花", is_admin=False)
TARO: Final = Account("a2", "taro", "太郎", is_admin=False)
ADMIN: Final = Account("a3", "admin", "Administrator", is_admin=True)
DISPLAY: Final = KioskCaller("k1", "会議室 1")
OTHER_DISPLAY: Final = KioskCaller("k2", "会議室 2")
HERE: Final = "192.0.2.1"
DAY_S: Final = 86_400.0
PAPER: Final = "印鑑証明".encode()


class HandClock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 9, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s


@dataclass(slots=True)
class House:
    """A service, its clock, and the rooms in which something was shared."""

    services: Services
    clock: HandClock
    seats: dict[str, SeatCaller] = field(default_factory=dict)

    async def room(self, opener: Opener, title: str = "相談", *, kept: bool = True) -> str:
        """Open a room, write on its board, memo and notes, hand a file over, and end it."""
        room = (await self.services.hub.open_room(OpenAsked(title=title), opener, HERE)).room
        store = RoomStore(self.services.database)
        if kept:
            self.keep(room)
        await store.append_updates(
            [
                Update(room, Document.BOARD, board_of("印鑑")),
                Update(room, Document.NOTES, notes_of("収入")),
            ]
        )
        joined = await self.services.hub.take_seat(room, opener, "", HERE)
        self.seats[room] = SeatCaller(joined.seat, room, Role.STAFF, "花", is_in=True)
        await self.hand_over(room, PAPER)
        await self.services.hub.end_room(room, opener.holder)
        return room

    def keep(self, room: str) -> None:
        """Have what is shared in a room kept."""
        live = self.services.hub._rooms[room]
        live.state = live.state.changed(SetRoom(kept=True))

    async def hand_over(self, room: str, data: bytes) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield data

        seat = self.seats[room]
        await self.services.files.take(seat, "paper.txt", len(data), chunks())

    async def acts(self) -> list[tuple[Act | str, str, str]]:
        return [(one.act, one.who, one.about) for one in await self.services.audit.read()]


def board_of(memo: str) -> bytes:
    document: Doc[Any] = Doc()
    document.get("memo", type=Text).insert(0, memo)
    pages: Map[Any] = document.get("pages", type=Map)
    pages["p1"] = Map({"order": 0.0})
    return document.get_update()


def notes_of(text: str) -> bytes:
    document: Doc[Any] = Doc()
    document.get("notes", type=Text).insert(0, text)
    return document.get_update()


@asynccontextmanager
async def house(tmp_path: Path, clock: HandClock | None = None) -> AsyncIterator[House]:
    clock = clock or HandClock()
    settings = RoomsSettings(data_dir=tmp_path / "rooms", kept_days=30)
    async with open_services(settings, clock) as services:
        yield House(services, clock)


def within(tmp_path: Path, act: Callable[[House], Awaitable[None]]) -> None:
    async def run() -> None:
        async with house(tmp_path) as here:
            await act(here)

    asyncio.run(run())


async def is_found(here: House, opener: Opener, room: str) -> bool:
    try:
        await here.services.kept.find(opener, room)
    except Refused as refused:
        if refused.problem is not Problem.NOT_FOUND:
            raise
        return False
    return True


def test_kept_room_is_there_for_its_opener_and_administrators_alone(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        seen = {one.id: await is_found(here, one, room) for one in (HANA, TARO, ADMIN, DISPLAY)}
        assert seen == {"a1": True, "a2": False, "a3": True, "k1": False}
        lists = [await here.services.kept.listed(one) for one in (HANA, TARO, ADMIN, DISPLAY)]
        assert [[one.room for one in rooms] for rooms in lists] == [[room], [], [room], []]

    within(tmp_path, act)


def test_room_of_a_display_is_there_for_that_display(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(DISPLAY)
        seen = [await is_found(here, one, room) for one in (DISPLAY, OTHER_DISPLAY, HANA)]
        assert seen == [True, False, False]
        assert await is_found(here, ADMIN, room)

    within(tmp_path, act)


@pytest.mark.parametrize("kept", [True, False])
def test_room_under_way_and_room_that_was_not_kept_are_no_kept_rooms(
    tmp_path: Path, kept: bool
) -> None:
    async def act(here: House) -> None:
        under_way = (await here.services.hub.open_room(OpenAsked(), HANA, HERE)).room
        assert not await is_found(here, HANA, under_way)
        assert await is_found(here, HANA, await here.room(HANA, kept=kept)) is kept

    within(tmp_path, act)


def test_newest_room_is_first_and_says_what_there_is(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        first = await here.room(HANA, "first")
        here.clock.passed_s += 60
        second = await here.room(HANA, "second")
        listed = await here.services.kept.listed(ADMIN)
        assert [(one.room, one.title) for one in listed] == [
            (second, "second"), (first, "first"),
        ]  # fmt: skip
        now = here.clock.now().timestamp()
        assert (listed[0].ended_at, listed[0].kept_until) == (now, now + 30 * DAY_S)
        assert listed[0].files == 1
        assert listed[0].size > len(PAPER)
        older = await here.services.kept.listed(ADMIN, before=listed[0].ended_at)
        assert [one.room for one in older] == [first]

    within(tmp_path, act)


def test_board_memo_and_notes_are_read_as_they_were(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        texts = await here.services.kept.texts(HANA, room)
        assert (texts.board.memo, texts.board.pages, texts.notes) == ("印鑑", 1, "収入")
        read: Doc[Any] = Doc()
        read.apply_update(texts.board.state)
        assert str(read.get("memo", type=Text)) == "印鑑"
        contents = await here.services.kept.contents(HANA, room)
        assert (contents.has_memo, contents.has_notes, contents.pages) == (True, True, 1)
        assert [one.name for one in contents.files] == ["paper.txt"]

    within(tmp_path, act)


def test_reader_fetches_files_and_can_neither_add_nor_remove_any(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        reader = await here.services.kept.reader(HANA, room)
        (view,) = await here.services.files.views(room)
        _, path = await here.services.files.find(reader, view.id)
        assert path.read_bytes() == PAPER
        here.seats[room] = reader
        with pytest.raises(Refused, match="room_over"):
            await here.hand_over(room, b"more")
        with pytest.raises(Refused, match="not_found"):
            await here.services.kept.reader(TARO, room)

    within(tmp_path, act)


def test_reading_is_written_down(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        await here.services.kept.note_read(ADMIN, room, Part.NOTES, HERE)
        assert ("kept_read", "account:a3 Administrator", "notes") in await here.acts()

    within(tmp_path, act)


def test_deleting_leaves_nothing_but_a_line_in_the_log(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        with pytest.raises(Refused, match="not_found"):
            await here.services.kept.delete(TARO, room, HERE)
        await here.services.kept.delete(HANA, room, HERE)
        assert not await is_found(here, ADMIN, room)
        store = RoomStore(here.services.database)
        assert await store.room(room) is None
        assert (await store.load_updates(room, Document.BOARD)).data == ()
        assert not (tmp_path / "rooms" / "rooms" / room).exists()
        assert (Act.ROOM_FORGOTTEN, "account:a1 花", "") in await here.acts()

    within(tmp_path, act)


def test_token_that_could_still_fetch_is_dead_when_the_room_is_deleted(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        hub = here.services.hub
        opened = await hub.open_room(OpenAsked(), HANA, HERE)
        here.keep(opened.room)
        joined = await hub.take_seat(opened.room, HANA, "", HERE)
        await hub.end_room(opened.room, HANA.holder)
        assert await hub.seat_of(joined.token) is not None
        await here.services.kept.delete(HANA, opened.room, HERE)
        assert await hub.seat_of(joined.token) is None

    within(tmp_path, act)


def test_kept_room_is_gone_the_moment_its_time_is_over(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        room = await here.room(HANA)
        here.clock.passed_s += 30 * DAY_S - 1
        assert await is_found(here, HANA, room)
        here.clock.passed_s += 2
        assert not await is_found(here, HANA, room)
        assert await here.services.kept.listed(ADMIN) == []

    within(tmp_path, act)


def test_service_that_is_started_erases_what_ran_out_meanwhile(tmp_path: Path) -> None:
    async def run() -> None:
        clock = HandClock()
        async with house(tmp_path, clock) as here:
            room = await here.room(HANA)
        clock.passed_s += 30 * DAY_S + 1
        async with house(tmp_path, clock) as here, asyncio.timeout(10):
            store = RoomStore(here.services.database)
            while await store.room(room) is not None:
                await asyncio.sleep(0.01)

    asyncio.run(run())


def test_who_sat_in_a_kept_room_is_forgotten(tmp_path: Path) -> None:
    async def run() -> None:
        clock = HandClock()
        async with house(tmp_path, clock) as here:
            opened = await here.services.hub.open_room(OpenAsked(), HANA, HERE)
            await here.services.hub.join(JoinAsked(key=opened.key, name="山田"), HERE)
            here.keep(opened.room)
            await here.services.hub.end_room(opened.room, HANA.holder)
            store = RoomStore(here.services.database)
            assert len(await store.seats_of(opened.room)) == 1
            await store.forget_seats(clock.now().timestamp() + 1)
            assert await store.seats_of(opened.room) == []
            assert await is_found(here, HANA, opened.room)

    asyncio.run(run())


def test_name_of_who_opened_it_is_said(tmp_path: Path) -> None:
    async def act(here: House) -> None:
        admin = await here.services.accounts.create_admin("hana", "黒板 und Kreide 2026", "花")
        await here.room(admin)
        async with here.services.database.begin() as connection:
            await connection.execute(
                schema.kiosks.insert().values(
                    id="k1",
                    name="会議室 1",
                    token_hash=b"x" * 32,
                    confirmed_by="",
                    created_at=0,
                )
            )
        here.clock.passed_s += 1
        await here.room(DISPLAY)
        names = [one.opened_by for one in await here.services.kept.listed(admin)]
        assert names == ["会議室 1", "花"]

    within(tmp_path, act)
