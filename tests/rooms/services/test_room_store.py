"""Rooms, seats and updates come back from the disk as they were."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from base.wire import OpenAsked, Role
from rooms.model.room import RoomState, open_room
from rooms.model.seat import COLOURS, SeatState
from rooms.services.database import Database
from rooms.services.room_store import Document, KeyTakenError, RoomStore, Update

NOW = 1_800_000_000.25


def a_room(room_id: str = "r1", key: str = "12345678") -> RoomState:
    asked = OpenAsked(title="相談", open_for_s=600, consent="ask", guest_pens=False)
    return open_room(
        asked, room_id=room_id, key=key, opener="account:a1", guest_limit=3, now=NOW
    )


def a_seat(seat_id: str = "s1", room_id: str = "r1") -> SeatState:
    return SeatState(
        id=seat_id,
        room_id=room_id,
        token_hash=seat_id.encode().ljust(32, b"."),
        role=Role.GUEST,
        colour=COLOURS[0],
        knocked_at=NOW,
        name="山田",
        language="ja-easy",
    )


def test_room_comes_back_as_it_was(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        assert await store.room("r1") == a_room()
        assert await store.room_by_key("12345678") == a_room()
        assert await store.room("r2") is None

    within(tmp_path, work)


def test_changed_room_comes_back_changed(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        changed = replace(a_room(), locked=True, page="p1", memo=True, kept=True)
        await store.save_room(changed)
        assert await store.room("r1") == changed

    within(tmp_path, work)


def test_key_belongs_to_one_room_until_that_is_over(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room("r1"))
        with pytest.raises(KeyTakenError):
            await store.add_room(a_room("r2"))
        await store.save_room(a_room("r1").ended(NOW))
        await store.add_room(a_room("r2"))
        found = await store.room_by_key("12345678")
        assert found is not None
        assert found.id == "r2"

    within(tmp_path, work)


def test_rooms_alive_and_ended_are_told_apart(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room("r1", "12121212"))
        await store.add_room(a_room("r2", "13131313"))
        await store.add_room(a_room("r3", "14141414"))
        await store.save_room(a_room("r2").ended(NOW + 10))
        await store.save_room(replace(a_room("r3"), kept=True).ended(NOW + 20))
        assert [one.id for one in await store.rooms_alive()] == ["r1"]
        assert [one.id for one in await store.rooms_ended(NOW + 99, kept=False)] == ["r2"]
        assert [one.id for one in await store.rooms_ended(NOW + 99, kept=True)] == ["r3"]
        assert await store.rooms_ended(NOW + 10, kept=False) == []

    within(tmp_path, work)


def test_seat_comes_back_as_it_was(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.add_seat(a_seat())
        assert await store.seats_of("r1") == [a_seat()]
        changed = a_seat().admitted(NOW + 1).with_pen(False).consenting(True).lost(NOW + 2)
        await store.save_seats(changed)
        assert await store.seat_by_token(a_seat().token_hash) == changed
        assert await store.seat_by_token(bytes(32)) is None

    within(tmp_path, work)


def test_seat_that_is_over_is_found_by_its_token_alone(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.add_seat(a_seat())
        gone = a_seat().refused(NOW + 1)
        await store.save_seats(gone)
        assert await store.seats_of("r1") == []
        assert await store.seat_by_token(gone.token_hash) == gone

    within(tmp_path, work)


def test_names_of_those_who_left_are_forgotten(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.add_seat(a_seat("s1"))
        await store.add_seat(a_seat("s2"))
        await store.save_seats(a_seat("s1").left(NOW + 1))
        await store.forget_seats(left_before=NOW + 2)
        assert await store.seat_by_token(a_seat("s1").token_hash) is None
        assert await store.seats_of("r1") == [a_seat("s2")]

    within(tmp_path, work)


def test_room_and_its_seats_are_written_together(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.add_seat(a_seat())
        ended = a_room().ended(NOW + 1)
        await store.save(ended, [a_seat().left(NOW + 1)])
        assert await store.room("r1") == ended
        assert await store.seats_of("r1") == []

    within(tmp_path, work)


def test_updates_come_back_in_their_order_each_in_its_document(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.append_updates(
            [
                Update("r1", Document.BOARD, b"one"),
                Update("r1", Document.NOTES, b"secret"),
                Update("r1", Document.BOARD, b"two"),
            ]
        )
        last = await store.append_updates([Update("r1", Document.BOARD, b"three")])
        board = await store.load_updates("r1", Document.BOARD)
        assert board.data == (b"one", b"two", b"three")
        assert board.last == last
        notes = await store.load_updates("r1", Document.NOTES)
        assert notes.data == (b"secret",)

    within(tmp_path, work)


def test_document_that_nobody_wrote_is_empty(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        found = await store.load_updates("r1", Document.BOARD)
        assert (found.data, found.last) == ((), 0)

    within(tmp_path, work)


def test_compaction_keeps_what_came_after_it_was_begun(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        upto = await store.append_updates(
            [Update("r1", Document.BOARD, b"1"), Update("r1", Document.BOARD, b"2")]
        )
        await store.append_updates([Update("r1", Document.BOARD, b"3")])
        await store.append_updates([Update("r1", Document.NOTES, b"n")])
        await store.compact("r1", Document.BOARD, b"12", upto)
        board = await store.load_updates("r1", Document.BOARD)
        assert sorted(board.data) == [b"12", b"3"]
        assert (await store.load_updates("r1", Document.NOTES)).data == (b"n",)

    within(tmp_path, work)


def test_number_of_an_update_is_never_given_out_again(tmp_path: Path) -> None:
    # If it were, a compaction begun before could take an update with it that it has not seen.
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room("r1", "12121212"))
        await store.add_room(a_room("r2", "13131313"))
        first = await store.append_updates([Update("r1", Document.BOARD, b"1")])
        await store.append_updates([Update("r2", Document.BOARD, b"2")])
        await store.delete_room("r2")
        assert await store.append_updates([Update("r1", Document.BOARD, b"3")]) > first + 1

    within(tmp_path, work)


def test_last_words_of_a_room_that_is_gone_spoil_nothing(tmp_path: Path) -> None:
    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.append_updates(
            [Update("gone", Document.BOARD, b"1"), Update("r1", Document.BOARD, b"2")]
        )
        assert (await store.load_updates("r1", Document.BOARD)).data == (b"2",)

    within(tmp_path, work)


def test_nothing_is_left_of_a_deleted_room(tmp_path: Path) -> None:
    words = "だれにも言わないで".encode()

    async def work(store: RoomStore) -> None:
        await store.add_room(a_room())
        await store.add_seat(a_seat())
        await store.append_updates([Update("r1", Document.BOARD, words * 500)])
        assert on_disk(tmp_path, words)
        await store.delete_room("r1")
        assert await store.room("r1") is None
        assert await store.seat_by_token(a_seat().token_hash) is None
        assert (await store.load_updates("r1", Document.BOARD)).data == ()
        assert not on_disk(tmp_path, words)

    within(tmp_path, work)


def on_disk(folder: Path, words: bytes) -> bool:
    return any(words in path.read_bytes() for path in folder.iterdir())


def within(tmp_path: Path, work: Callable[[RoomStore], Awaitable[None]]) -> None:
    """Run `work` with a store on a fresh database."""

    async def run() -> None:
        database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
        try:
            await work(RoomStore(database))
        finally:
            await database.close()

    asyncio.run(run())
