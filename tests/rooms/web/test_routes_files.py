"""Files and pictures over HTTP: saved and never shown, ranged, and cut off in the middle."""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from base.wire import FileView, Problem, Refusal
from rooms.web.sending import attachment
from tests.support.full_disk import full_disk
from tests.support.handover import GUEST
from tests.support.seated_app import seated_app, served
from tests.support.tiny_pdf import write_pdf

FILES = "/api/v1/rooms/room-1/files"
TEXT = bytes(range(32, 127)) * 1000


async def hand_in(client: httpx.AsyncClient, data: bytes, name: str = "書類.txt") -> FileView:
    answer = await client.post(FILES, content=data, headers={"x-file-name": quote(name)})
    assert answer.status_code == 201, answer.text
    return FileView.model_validate_json(answer.content)


def problem(answer: httpx.Response) -> Problem:
    assert answer.headers["cache-control"] == "no-store"
    return Refusal.model_validate_json(answer.content).problem


def test_file_goes_from_guest_to_staff_byte_for_byte(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, TEXT, "../申請 書.txt")
            assert (view.name, view.size, view.seat) == ("申請 書.txt", len(TEXT), GUEST.seat)
            answer = await room.staff.get(f"{FILES}/{view.id}")
            assert answer.content == TEXT
            assert answer.headers["content-length"] == str(len(TEXT))
            assert answer.headers["content-type"] == "text/plain"
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["accept-ranges"] == "bytes"
            wanted = "attachment; filename=\"__ _.txt\"; filename*=UTF-8''" + quote(
                "申請 書.txt"
            )
            assert answer.headers["content-disposition"] == wanted

    asyncio.run(run())


@pytest.mark.parametrize(
    "name", ['a"b\r\nX: y.txt', "%2e%2e%2fetc%2fpasswd", "<img src=x>", "\x00"]
)
def test_name_cannot_break_out_of_the_header(tmp_path: Path, name: str) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, b"x", name)
            answer = await room.staff.get(f"{FILES}/{view.id}")
            assert answer.headers["content-disposition"].startswith("attachment; filename=")
            assert "X" not in [key for key in answer.headers if key == "X"]
            assert not set(view.name) & set('<>"/\\\r\n\0')

    asyncio.run(run())


def test_plain_half_of_the_header_has_only_plain_letters() -> None:
    assert attachment('a;b"c\\é.pdf') == (
        "attachment; filename=\"a_b_c__.pdf\"; filename*=UTF-8''a%3Bb%22c%5C%C3%A9.pdf"
    )


def test_markup_is_served_as_text_to_be_saved(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            for name in ("a.html", "a.svg"):
                view = await hand_in(room.guest, b"<svg onload=alert(1)>", name)
                answer = await room.staff.get(f"{FILES}/{view.id}")
                assert answer.headers["content-type"] == "text/plain"
                assert view.name == f"{name}.txt"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "status", "begin", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, len(TEXT)),
        ("bytes=-10", 206, len(TEXT) - 10, len(TEXT)),
        ("bytes=0-99999999", 206, 0, len(TEXT)),
        ("bytes=-99999999", 206, 0, len(TEXT)),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, len(TEXT)),
        ("bytes=0-1,5-6", 200, 0, len(TEXT)),
        ("lines=0-1", 200, 0, len(TEXT)),
        ("bytes=-", 200, 0, len(TEXT)),
    ],
)
def test_range_is_sent(tmp_path: Path, asked: str, status: int, begin: int, end: int) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, TEXT)
            answer = await room.staff.get(f"{FILES}/{view.id}", headers={"range": asked})
            assert (answer.status_code, answer.content) == (status, TEXT[begin:end])
            told = {206: f"bytes {begin}-{end - 1}/{len(TEXT)}", 416: f"bytes */{len(TEXT)}"}
            assert answer.headers.get("content-range") == told.get(status)

    asyncio.run(run())


def test_range_of_another_file_gets_all_of_this_one(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, TEXT)
            tag = f'"{hashlib.sha256(TEXT).hexdigest()}"'
            for given, status in ((tag, 206), ('"other"', 200)):
                headers = {"range": "bytes=5-9", "if-range": given}
                answer = await room.staff.get(f"{FILES}/{view.id}", headers=headers)
                assert answer.status_code == status

    asyncio.run(run())


def test_other_rooms_and_strangers_get_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, TEXT)
            for path in (f"{FILES}/{view.id}", FILES):
                other = path.replace("room-1", "room-2")
                method = "GET" if path != FILES else "POST"
                answer = await room.staff.request(method, other)
                assert (answer.status_code, problem(answer)) == (404, Problem.NOT_FOUND)
                answer = await room.stranger.request(method, path)
                assert problem(answer) is Problem.NOT_SIGNED_IN
            for wrong in ("..%2f..%2frooms.sqlite3", "%2e%2e%2fx", "a" * 33, "-"):
                assert (await room.staff.get(f"{FILES}/{wrong}")).status_code in {400, 404}

    asyncio.run(run())


def test_refusals_have_their_status(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path, files_max_mb=1) as room:
            for data, status, told in (
                (b"x" * 1_000_001, 413, Problem.TOO_LARGE),
                (b"MZ" + bytes(100), 415, Problem.WRONG_TYPE),
            ):
                answer = await room.guest.post(FILES, content=data)
                assert (answer.status_code, problem(answer)) == (status, told)
            assert room.files_on_disk == []

    asyncio.run(run())


def test_full_disk_is_told(tmp_path: Path, expected_log: object) -> None:
    expected_log("refused")  # type: ignore[operator]

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            with full_disk(100_000):
                answer = await room.guest.post(FILES, content=b"x" * 500_000)
            assert (answer.status_code, problem(answer)) == (507, Problem.NO_ROOM_ON_DISK)
            assert room.files_on_disk == []

    asyncio.run(run())


def test_file_is_removed_by_who_may(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.staff, TEXT)
            answer = await room.guest.delete(f"{FILES}/{view.id}")
            assert problem(answer) is Problem.NOT_ALLOWED
            assert (await room.staff.delete(f"{FILES}/{view.id}")).status_code == 204
            assert (await room.staff.get(f"{FILES}/{view.id}")).status_code == 404
            acts = [entry.act for entry in await room.services.audit.read(10)]
            assert {"file_handed_over", "file_removed"} <= set(acts)

    asyncio.run(run())


def test_picture_of_the_board_comes_back_and_is_not_there_twice(tmp_path: Path) -> None:
    data = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
    path = f"/api/v1/rooms/room-1/assets/{hashlib.sha256(data).hexdigest()}"

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            for _time in range(2):
                assert (await room.staff.put(path, content=data)).status_code == 204
            answer = await room.guest.get(path)
            assert (answer.content, answer.headers["content-type"]) == (data, "image/png")
            assert len(room.files_on_disk) == 1
            assert problem(await room.staff.put(path, content=data + b"x")) is Problem.MALFORMED
            assert (await room.guest.get(path[:-1] + "z")).status_code == 400

    asyncio.run(run())


def test_pdf_handed_in_becomes_a_document(tmp_path: Path) -> None:
    sha256 = write_pdf(tmp_path / "a.pdf")

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            view = await hand_in(room.guest, (tmp_path / "a.pdf").read_bytes(), "図.pdf")
            answer = await room.guest.post(f"{FILES}/{view.id}/document")
            assert problem(answer) is Problem.NOT_ALLOWED
            answer = await room.staff.post(f"{FILES}/{view.id}/document")
            assert (answer.status_code, answer.json()["id"]) == (201, sha256)

    asyncio.run(run())


def test_sender_that_hangs_up_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room, served(room.app) as port:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = (
                f"POST {FILES} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Seat: guest\r\n"
                "Content-Length: 5000000\r\n\r\n"
            )
            writer.write(head.encode() + b"x" * 2_000_000)
            await writer.drain()
            async with asyncio.timeout(20):
                while not room.files_on_disk:
                    await asyncio.sleep(0.01)
                writer.transport.abort()
                while room.files_on_disk:
                    await asyncio.sleep(0.01)
            assert await room.services.files.views("room-1") == ()

    asyncio.run(run())


def test_receiver_that_hangs_up_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    data = b"line of text\n" * 3_000_000

    async def run() -> None:
        async with seated_app(tmp_path) as room, served(room.app) as port:
            view = await hand_in(room.guest, data)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = (
                f"GET {FILES}/{view.id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                "X-Seat: staff\r\n\r\n"
            )
            writer.write(head.encode())
            await reader.readexactly(100_000)
            writer.transport.abort()
            async with httpx.AsyncClient(headers={"x-seat": "staff"}) as client:
                answer = await client.get(f"http://127.0.0.1:{port}{FILES}/{view.id}")
            assert answer.content == data

    asyncio.run(run())


def test_file_removed_while_it_is_fetched_comes_whole(tmp_path: Path) -> None:
    data = b"line of text\n" * 3_000_000

    async def run() -> None:
        async with seated_app(tmp_path) as room, served(room.app) as port:
            view = await hand_in(room.guest, data)
            url = f"http://127.0.0.1:{port}{FILES}/{view.id}"
            async with (
                httpx.AsyncClient(headers={"x-seat": "staff"}) as client,
                client.stream("GET", url) as answer,
            ):
                pieces = answer.aiter_bytes()
                got = bytearray(await anext(pieces))
                assert (await room.staff.delete(f"{FILES}/{view.id}")).status_code == 204
                async for piece in pieces:
                    got += piece
            assert got == data

    asyncio.run(run())
