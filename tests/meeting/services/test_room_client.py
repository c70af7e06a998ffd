"""The client against the real service, in its own process."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from base.errors import AppError, ErrorCode
from base.wire import (
    Candidate,
    Description,
    Live,
    OpenAsked,
    Opened,
    PageShown,
    Pointer,
    Role,
    SetRoom,
    Signal,
)
from meeting.model.link import EndReason, Phase
from meeting.services.board_sync import PlainDoc
from meeting.services.room_client import RoomClient
from meeting.services.room_error import RoomError
from meeting.services.room_session import RoomSession
from tests.support.line import Line, open_line
from tests.support.rooms import Service, running_service
from tests.support.tiny_pdf import write_pdf
from tests.support.until import poll, until, until_in, until_over


@dataclass(frozen=True, slots=True)
class Place:
    """A running service and the token of a display that it knows."""

    service: Service
    token: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_service(tmp_path_factory.mktemp("service"), wrong_keys_per_minute=50) as one:
        yield Place(one, one.pair_display())


@dataclass(slots=True)
class Talk:
    """A room of a kiosk and a guest, both in it."""

    opened: Opened
    kiosk_client: RoomClient
    guest_client: RoomClient
    kiosk: RoomSession
    guest: RoomSession


@asynccontextmanager
async def talk(
    place: Place, *, kiosk_url: str = "", guest_url: str = ""
) -> AsyncIterator[Talk]:
    url = place.service.url
    async with (
        RoomClient(kiosk_url or url, token=place.token) as kiosk_client,
        RoomClient(guest_url or url) as guest_client,
    ):
        opened = await kiosk_client.open_room(OpenAsked(title="税の相談"))
        kiosk = kiosk_client.enter(await kiosk_client.take_seat(opened.room, "窓口 3"))
        await until_in(kiosk)
        guest = guest_client.enter(await guest_client.join(opened.key, "山田"))
        await until(kiosk, lambda: kiosk.room.knocks)
        kiosk.admit(kiosk.room.knocks[0].seat)
        await until_in(guest)
        await until(kiosk, lambda: not kiosk.room.knocks)
        yield Talk(opened, kiosk_client, guest_client, kiosk, guest)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(90):
            await work

    asyncio.run(within())


async def refusal(asking: Coroutine[Any, Any, object]) -> RoomError:
    with pytest.raises(RoomError) as caught:
        await asking
    return caught.value


class Board:
    """A document that is shared: the board with its memo."""

    def __init__(self, session: RoomSession) -> None:
        self.doc: Doc = Doc()
        self.items = self.doc.get("items", type=Map)
        self.memo = self.doc.get("memo", type=Text)
        self.sync = session.share_board(PlainDoc(self.doc))


# Coming in ------------------------------------------------------------------------------


def test_guest_comes_in_by_key_through_the_lobby(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            assert both.kiosk.room.rights.manage
            assert not both.guest.room.rights.manage
            assert both.guest.room.role is Role.GUEST
            await until(both.kiosk, lambda: len(both.kiosk.room.seats) == 2)
            names = {seat.name for seat in both.kiosk.room.seats}
            assert names == {"窓口 3", "山田"}
            assert [one.room for one in await both.kiosk_client.rooms()].count(
                both.opened.room
            ) == 1

    run(work())


def test_refused_guest_stays_outside(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            other = both.guest_client.enter(await both.guest_client.join(both.opened.key))
            await until(both.kiosk, lambda: both.kiosk.room.knocks)
            both.kiosk.refuse(both.kiosk.room.knocks[0].seat)
            assert await until_over(other) is EndReason.REFUSED

    run(work())


def test_guest_who_is_put_out_does_not_come_back(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            both.kiosk.put_out(both.guest.seat)
            assert await until_over(both.guest) is EndReason.PUT_OUT

    run(work())


def test_locked_room_takes_nobody(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            both.kiosk.lock(locked=True)
            await until(
                both.guest, lambda: both.guest.room.view and both.guest.room.view.locked
            )
            error = await refusal(both.guest_client.join(both.opened.key))
            assert error.code is ErrorCode.ROOM_LOCKED

    run(work())


def test_wrong_key_is_told(place: Place) -> None:
    async def work() -> None:
        async with RoomClient(place.service.url) as client:
            assert (await refusal(client.join("9090 9090"))).code is ErrorCode.ROOM_WRONG_KEY

    run(work())


def test_display_that_is_not_paired_opens_nothing(place: Place) -> None:
    async def work() -> None:
        async with RoomClient(place.service.url) as client:
            assert (await refusal(client.rooms())).code is ErrorCode.ROOMS_NOT_PAIRED
        async with RoomClient(place.service.url, token="x" * 43) as client:
            error = await refusal(client.open_room(OpenAsked()))
            assert error.code is ErrorCode.ROOMS_NOT_PAIRED

    run(work())


def test_service_that_is_not_there_is_told() -> None:
    async def work() -> None:
        async with RoomClient("http://127.0.0.1:9") as client:
            assert (await refusal(client.join("1"))).code is ErrorCode.ROOMS_UNREACHABLE

    run(work())


@pytest.mark.parametrize("url", ["", "rooms", "ftp://x", "http://", "http://a:b", "http://u@h"])
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RoomError):
        RoomClient(url)


def test_end_of_the_room_is_told_to_all(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            await both.kiosk_client.end_room(both.opened.room)
            assert await until_over(both.guest) is EndReason.ENDED
            assert await until_over(both.kiosk) is EndReason.ENDED

    run(work())


def test_who_leaves_is_gone_for_the_others(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            await both.guest.leave()
            assert both.guest.state.reason is EndReason.LEFT
            await until(both.kiosk, lambda: len(both.kiosk.room.seats) == 1)

    run(work())


# In the room ----------------------------------------------------------------------------


def test_descriptions_and_candidates_reach_the_other_seat(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            heard: list[Signal] = []
            both.guest.on(Signal, heard.append)
            offer = Description(type="offer", sdp="v=0\r\n")
            candidate = Candidate(candidate="candidate:1 1 udp 1 127.0.0.1 9 typ host")
            both.kiosk.signal(both.guest.seat, description=offer)
            both.kiosk.signal(both.guest.seat, candidate=candidate)
            await poll(lambda: len(heard) == 2)
            assert heard[0].description == offer
            assert heard[1].candidate == candidate
            assert heard[0].seat == both.kiosk.seat

    run(work())


def test_strokes_under_the_pen_and_pointers_are_seen(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            pieces: list[Live] = []
            pointers: list[Pointer] = []
            both.kiosk.on(Live, pieces.append)
            both.kiosk.on(Pointer, pointers.append)
            both.kiosk.show_page("p1")
            await until(both.guest, lambda: both.guest.room.view and both.guest.room.view.board)
            for n in range(10):
                piece = Live(
                    stroke="s1", page="p1", brush=1, colour=0, width_pt=2,
                    points=(float(n), 1.0, 0.5), end=n == 9,
                )  # fmt: skip
                assert both.guest.draw_live(piece)
                both.guest.point("p1", float(n), 2.0)
            await poll(lambda: pieces and pieces[-1].end)
            await poll(lambda: pointers and pointers[-1].x_pt == 9.0)
            assert [x for piece in pieces for x in piece.points[::3]] == list(range(10))
            assert pieces[0].seat == both.guest.seat

    run(work())


def test_page_that_is_shown_is_known_to_the_guest(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            shown: list[PageShown] = []
            both.guest.on(PageShown, shown.append)
            both.kiosk.show_page("p7")
            await until(both.guest, lambda: both.guest.room.view and both.guest.room.view.page)
            assert both.guest.room.view is not None
            assert both.guest.room.view.page == "p7"

    run(work())


def test_memo_typed_on_both_sides_at_once_ends_the_same(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            both.kiosk.set_room(SetRoom(memo=True))
            await until(both.guest, lambda: both.guest.room.view and both.guest.room.view.memo)
            boards = Board(both.kiosk), Board(both.guest)
            rng = random.Random(3)
            for n in range(200):
                memo = boards[n % 2].memo
                # The library counts in bytes of UTF-8.
                typed = str(memo)
                before = typed[: rng.randrange(len(typed) + 1)]
                memo.insert(len(before.encode()), rng.choice("あいう住民票abc"))
                if n % 10 == 0:
                    await asyncio.sleep(0.01)
            await poll(lambda: all(len(str(board.memo)) >= 200 for board in boards))
            assert str(boards[0].memo) == str(boards[1].memo)

    run(work())


def test_notes_of_the_staff_never_reach_the_guest(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            kiosk_notes, guest_notes = Doc(), Doc()
            both.kiosk.share_notes(PlainDoc(kiosk_notes))
            both.guest.share_notes(PlainDoc(guest_notes))
            kiosk_notes.get("notes", type=Text).insert(0, "for staff alone")
            boards = Board(both.kiosk), Board(both.guest)
            both.kiosk.set_room(SetRoom(memo=True))
            boards[0].memo.insert(0, "for all")
            await poll(lambda: str(boards[1].memo) == "for all")
            assert str(guest_notes.get("notes", type=Text)) == ""

    run(work())


def test_large_board_is_shared_with_who_comes_later(place: Place) -> None:
    async def work() -> None:
        async with talk(place) as both:
            board = Board(both.kiosk)
            with board.doc.transaction(origin="me"):
                for n in range(10_000):
                    board.items[f"i{n}"] = random.Random(n).randbytes(330)
            late = Board(both.guest)
            await poll(lambda: len(late.items) == 10_000, 60)
            assert late.items["i9999"] == board.items["i9999"]

    run(work())


# Files ----------------------------------------------------------------------------------


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "申請書 🖋 2026.pdf"
    write_pdf(path)
    with path.open("ab") as file:
        file.write(b"%" + random.Random(1).randbytes(3_000_000))
    return path


def test_file_is_handed_over_byte_for_byte(place: Place, letter: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with talk(place) as both:
            told: list[tuple[int, int]] = []
            view = await both.guest.send_file(
                letter, on_progress=lambda sent, size: told.append((sent, size))
            )
            assert told[-1] == (letter.stat().st_size,) * 2
            await until(both.kiosk, lambda: both.kiosk.room.files)
            assert both.kiosk.room.files[0].name == letter.name
            target = tmp_path / "fetched.pdf"
            await both.kiosk.fetch_file(view, target)
            assert target.read_bytes() == letter.read_bytes()
            assert not target.with_name("fetched.pdf.part").exists()

    run(work())


def test_download_goes_on_where_the_line_broke(
    place: Place, letter: Path, tmp_path: Path
) -> None:
    async def work() -> None:
        async with (
            open_line(place.service.url) as line,
            talk(place, kiosk_url=line.url) as both,
        ):
            view = await both.guest.send_file(letter)
            target = tmp_path / "fetched.pdf"
            line.break_after(1_000_000)
            told: list[int] = []
            await both.kiosk.fetch_file(view, target, lambda there, _size: told.append(there))
            assert target.read_bytes() == letter.read_bytes()
            # Never back to the beginning.
            assert told == sorted(told)

    run(work())


def test_cancelled_download_is_gone_on_with(place: Place, letter: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with talk(place) as both:
            view = await both.guest.send_file(letter)
            target = tmp_path / "fetched.pdf"
            some = asyncio.Event()
            fetching = asyncio.ensure_future(
                both.kiosk.fetch_file(view, target, lambda _there, _size: some.set())
            )
            await some.wait()
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            assert not target.exists()
            told: list[int] = []
            await both.kiosk.fetch_file(view, target, lambda there, _size: told.append(there))
            assert target.read_bytes() == letter.read_bytes()

    run(work())


def test_file_that_is_gone_is_told(place: Place, tmp_path: Path) -> None:
    async def work() -> None:
        async with talk(place) as both:
            with pytest.raises(AppError) as caught:
                await both.guest.send_file(tmp_path / "gone.pdf")
            assert caught.value.code is ErrorCode.NOT_FOUND

    run(work())


def test_document_becomes_pictures_of_pages(place: Place, tmp_path: Path) -> None:
    async def work() -> None:
        async with talk(place) as both:
            path = tmp_path / "slides.pdf"
            document = write_pdf(path)
            view = await both.kiosk.send_document(path, page=1)
            assert view.id == document
            await until(
                both.guest,
                lambda: both.guest.room.documents and both.guest.room.documents[0].sheets == 3,
            )
            picture = await both.guest.fetch_sheet(document, 1, 640)
            assert picture[8:12] == b"WEBP"

    run(work())


def test_picture_on_the_board_is_handed_over_by_its_hash(place: Place) -> None:
    async def work() -> None:
        import cv2
        import numpy as np

        async with talk(place) as both:
            data = cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
            sha256 = hashlib.sha256(data).hexdigest()
            await both.kiosk.send_asset(sha256, data, "image/png")
            assert await both.guest.fetch_asset(sha256) == data

    run(work())


# Lines that break -----------------------------------------------------------------------


def test_cut_line_is_taken_up_again_without_the_lobby(place: Place) -> None:
    async def work() -> None:
        async with (
            open_line(place.service.url) as line,
            talk(place, guest_url=line.url) as both,
        ):
            boards = Board(both.kiosk), Board(both.guest)
            await _drawn_in_a_gap(both, boards, line)
            assert both.kiosk.room.knocks == ()

    run(work())


async def _drawn_in_a_gap(both: Talk, boards: tuple[Board, Board], line: Line) -> None:
    both.kiosk.set_room(SetRoom(memo=True))
    await until(both.guest, lambda: both.guest.room.view and both.guest.room.view.memo)
    line.cut()
    await until(both.guest, lambda: both.guest.state.phase is Phase.LOST)
    boards[0].memo.insert(0, "kiosk ")
    boards[1].memo.insert(0, "guest ")
    line.mend()
    both.guest.retry_now()
    await until_in(both.guest)
    await poll(lambda: all(len(str(board.memo)) == 12 for board in boards))
    assert str(boards[0].memo) == str(boards[1].memo)


def test_killed_service_is_taken_up_again_with_all_that_was_drawn(
    tmp_path: Path, allowed_log: Callable[[str], None]
) -> None:
    allowed_log("makes no sense")
    with running_service(tmp_path) as service:
        place = Place(service, service.pair_display())

        async def work() -> None:
            async with talk(place) as both:
                both.kiosk.set_room(SetRoom(memo=True))
                boards = Board(both.kiosk), Board(both.guest)
                await until(
                    both.guest, lambda: both.guest.room.view and both.guest.room.view.memo
                )
                boards[0].memo.insert(0, "before ")
                await poll(lambda: str(boards[1].memo) == "before ")
                boards[0].memo.insert(0, "last ")
                await asyncio.to_thread(service.kill)
                await until(both.kiosk, lambda: both.kiosk.state.phase is Phase.LOST)
                boards[1].memo.insert(0, "alone ")
                await asyncio.to_thread(service.start)
                async with asyncio.timeout(5):
                    await until_in(both.kiosk)
                    await until_in(both.guest)
                    await poll(lambda: all(len(str(b.memo)) == 18 for b in boards))
                assert str(boards[0].memo) == str(boards[1].memo)
                assert both.kiosk.room.knocks == ()
                assert len(both.kiosk.room.seats) == 2

        run(work())
