"""Files come in whole or not at all, and are gone with their room."""

import asyncio
import hashlib
import io
import os
import subprocess
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from base.wire import Problem
from rooms.model.refusal import Refused
from rooms.services.intake import AT_ONCE_A_SEAT
from tests.support.full_disk import full_disk
from tests.support.handover import GUEST, STAFF, Handover, handover, pieces

MB = 1_000_000


def refused(problem: Problem) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.problem is problem)


def test_file_is_kept_byte_for_byte_under_a_random_name(tmp_path: Path) -> None:
    data = "お知らせ\n".encode() * 300_000

    async def run() -> None:
        async with handover(tmp_path) as room:
            view = await room.hand_in(data, "../お知らせ\u202e.html")
            row, path = await room.files.find(STAFF, view.id)
            assert path.read_bytes() == data
            assert row.sha256 == hashlib.sha256(data).hexdigest()
            assert (view.name, view.media_type) == ("お知らせ.html.txt", "text/plain")
            assert (view.size, view.from_guest, view.name_of_sender) == (
                len(data),
                True,
                "山田",
            )
            assert room.names_on_disk() == [f"rooms/room-1/files/{view.id}"]
            assert await room.files.views("room-1") == (view,)

    asyncio.run(run())


def test_file_of_another_room_is_not_found(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            await room.open_room("room-2")
            view = await room.hand_in(b"x")
            with refused(Problem.NOT_FOUND):
                await room.files.find(replace(GUEST, room="room-2"), view.id)

    asyncio.run(run())


def test_who_waits_in_the_lobby_hands_nothing_in_and_fetches_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            view = await room.hand_in(b"x")
            waiting = replace(GUEST, is_in=False)
            with refused(Problem.NOT_ALLOWED):
                await room.hand_in(b"x", caller=waiting)
            with refused(Problem.NOT_ALLOWED):
                await room.files.find(waiting, view.id)

    asyncio.run(run())


def test_who_just_left_still_fetches_and_does_nothing_else(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            view = await room.hand_in(b"x")
            left = replace(GUEST, is_in=False, may_fetch=True)
            await room.files.find(left, view.id)
            with refused(Problem.NOT_ALLOWED):
                await room.hand_in(b"x", caller=left)
            with refused(Problem.NOT_ALLOWED):
                await room.files.drop(left, view.id)

    asyncio.run(run())


def test_guests_hand_nothing_in_where_the_room_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path, opened=False) as room:
            await room.open_room(guest_files=False)
            with refused(Problem.NOT_ALLOWED):
                await room.hand_in(b"x")
            assert (await room.hand_in(b"x", caller=STAFF)).from_guest is False

    asyncio.run(run())


def test_room_that_ended_takes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            await room.end_room()
            with refused(Problem.ROOM_OVER):
                await room.hand_in(b"x")
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_room_that_ends_in_the_middle_keeps_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:

            async def body() -> AsyncIterator[bytes]:
                yield b"first"
                await room.end_room()
                yield b"last"

            with refused(Problem.ROOM_OVER):
                await room.files.take(GUEST, "a.txt", None, body())
            assert room.names_on_disk() == []

    asyncio.run(run())


@pytest.mark.parametrize("declared", [True, False])
def test_file_beyond_the_limit_is_cut_off_while_it_comes(
    tmp_path: Path, declared: bool
) -> None:
    async def run() -> None:
        read = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal read
            while True:
                read += 65536
                yield b"x" * 65536

        async with handover(tmp_path, files_max_mb=2) as room:
            with refused(Problem.TOO_LARGE):
                await room.files.take(GUEST, "a", 3 * MB if declared else None, endless())
            assert read <= (0 if declared else 2 * MB + 65536)
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_two_at_once_do_not_pass_the_limit_of_the_room_together(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path, files_max_mb=3, room_files_max_mb=5) as room:
            other = replace(GUEST, seat="guest-2")
            both = await asyncio.gather(
                room.hand_in(b"x" * 3 * MB),
                room.hand_in(b"y" * 3 * MB, caller=other),
                return_exceptions=True,
            )
            told = [one.problem for one in both if isinstance(one, Refused)]
            assert told == [Problem.TOO_LARGE]
            assert len(await room.files.views("room-1")) == 1
            # What failed no longer counts.
            await room.hand_in(b"z" * 2 * MB)

    asyncio.run(run())


def test_two_at_once_both_come_in_whole(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            sent = {seat: seat.encode() * 400_000 for seat in ("a", "b")}
            views = await asyncio.gather(
                *(room.hand_in(d, caller=replace(GUEST, seat=s)) for s, d in sent.items())
            )
            for view in views:
                _row, path = await room.files.find(STAFF, view.id)
                assert path.read_bytes() == sent[view.seat or ""]

    asyncio.run(run())


def test_seat_cannot_send_many_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            begun, go_on = asyncio.Semaphore(0), asyncio.Event()

            async def slow() -> AsyncIterator[bytes]:
                begun.release()
                await go_on.wait()
                yield b"x"

            tasks = [
                asyncio.create_task(room.files.take(GUEST, "a", None, slow()))
                for _number in range(AT_ONCE_A_SEAT)
            ]
            for _task in tasks:
                await begun.acquire()
            with refused(Problem.TOO_MANY):
                await room.hand_in(b"x")
            await room.hand_in(b"x", caller=replace(GUEST, seat="guest-2"))
            go_on.set()
            await asyncio.gather(*tasks)
            await room.hand_in(b"x")

    asyncio.run(run())


def test_sender_that_leaves_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:

            async def cut() -> AsyncIterator[bytes]:
                yield b"x" * 2 * MB
                raise ConnectionResetError

            with pytest.raises(ConnectionResetError):
                await room.files.take(GUEST, "a", None, cut())
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_request_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            begun = asyncio.Event()

            async def stuck() -> AsyncIterator[bytes]:
                yield b"x" * 2 * MB
                begun.set()
                await asyncio.Event().wait()

            task = asyncio.create_task(room.files.take(GUEST, "a", None, stuck()))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_body_that_stops_coming_is_given_up(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path, idle_s=0.05) as room:

            async def stuck() -> AsyncIterator[bytes]:
                yield b"x"
                await asyncio.Event().wait()

            with refused(Problem.SLOWED):
                await room.files.take(GUEST, "a", None, stuck())
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_write_that_the_disk_refuses_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            with full_disk(500_000), refused(Problem.NO_ROOM_ON_DISK):
                await room.hand_in(b"x" * 3 * MB)
            assert room.names_on_disk() == []
            await room.hand_in(b"x" * 3 * MB)

    asyncio.run(run())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no mounts here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_disk_that_fills_up_is_told_and_has_its_room_back(small_disk: Path) -> None:
    async def run() -> None:
        async with handover(small_disk) as room:

            async def undeclared() -> AsyncIterator[bytes]:
                async for piece in pieces(b"x" * 6 * MB):
                    yield piece

            with refused(Problem.NO_ROOM_ON_DISK):
                await room.files.take(GUEST, "a", None, undeclared())
            with refused(Problem.NO_ROOM_ON_DISK):
                await room.hand_in(b"x" * 6 * MB)
            assert room.names_on_disk() == []
            await room.hand_in(b"x" * MB)

    asyncio.run(run())


def test_room_for_the_database_is_left_free(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path, kept_free_bytes=1 << 60) as room:
            with refused(Problem.NO_ROOM_ON_DISK):
                await room.hand_in(b"x")

    asyncio.run(run())


@pytest.mark.parametrize("data", [b"MZ" + bytes(200), b"PK\x03\x04" + bytes(200)])
def test_what_is_not_on_the_list_leaves_nothing(tmp_path: Path, data: bytes) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            with refused(Problem.WRONG_TYPE):
                await room.hand_in(data, "harmless.pdf")
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_guest_takes_back_only_what_is_theirs(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            own, others = await room.hand_in(b"1"), await room.hand_in(b"2", caller=STAFF)
            with refused(Problem.NOT_ALLOWED):
                await room.files.drop(GUEST, others.id)
            await room.files.drop(GUEST, own.id)
            assert await room.files.views("room-1") == (others,)
            await room.files.drop(STAFF, others.id)
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_files_are_gone_with_their_room_and_those_of_others_stay(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            await room.open_room("room-2")
            await room.hand_in(b"1")
            kept = await room.hand_in(b"2", caller=replace(GUEST, room="room-2"))
            await room.delete_room()
            await room.delete_room()
            assert room.names_on_disk() == [f"rooms/room-2/files/{kept.id}"]
            assert not (tmp_path / "rooms" / "room-1").exists()

    asyncio.run(run())


def test_start_removes_what_a_crash_left(tmp_path: Path, expected_log: object) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            kept, lost = await room.hand_in(b"1"), await room.hand_in(b"2")
            room.folders.file("room-1", lost.id).unlink()
            for orphan in (
                "rooms/room-1/incoming/a",
                "rooms/room-9/files/b",
                "rooms/room-1/files/c",
            ):
                (tmp_path / orphan).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / orphan).write_bytes(b"left behind")
            (tmp_path / "documents" / ("a" * 64)).mkdir(parents=True)
        async with handover(tmp_path, opened=False) as room:
            assert room.names_on_disk() == [f"rooms/room-1/files/{kept.id}"]
            assert await room.files.views("room-1") == (kept,)
            assert list((tmp_path / "documents").iterdir()) == []
            assert not (tmp_path / "rooms" / "room-9").exists()

    expected_log("shared files are gone")  # type: ignore[operator]
    asyncio.run(run())


# Pictures on the board ------------------------------------------------------------------


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, "red").save(data, "PNG")
    return data.getvalue()


def png_bomb(side_px: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big")
            + name
            + data
            + zlib.crc32(name + data).to_bytes(4, "big")
        )

    size = side_px.to_bytes(4, "big") * 2
    rows = zlib.compress(bytes(side_px // 8 + 1) * 1000, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x01\0\0\0\0")
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


async def asset_of(room: Handover, data: bytes) -> bytes:
    _row, path = await room.assets.find(GUEST, hashlib.sha256(data).hexdigest())
    return path.read_bytes()


def test_picture_is_kept_under_its_hash_and_told_when_it_is_there_already(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            assert await room.put(png())
            assert not await room.put(png(), GUEST)
            assert await asset_of(room, png()) == png()

    asyncio.run(run())


def test_picture_that_is_another_one_than_was_said_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            with refused(Problem.MALFORMED):
                await room.assets.take(STAFF, "0" * 64, None, pieces(png()))
            assert room.names_on_disk() == []

    asyncio.run(run())


@pytest.mark.parametrize("data", [b"<svg/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", png()[:20]])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            with refused(Problem.WRONG_TYPE):
                await room.put(data)
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_picture_that_unfolds_to_gigapixels_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            with refused(Problem.TOO_LARGE):
                await room.put(png_bomb(60_000))

    asyncio.run(run())


def test_picture_stays_in_its_room(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            await room.open_room("room-2")
            await room.put(png())
            with refused(Problem.NOT_FOUND):
                name = hashlib.sha256(png()).hexdigest()
                await room.assets.find(replace(GUEST, room="room-2"), name)

    asyncio.run(run())
