"""Files and pages of the real service: its own seats, its end, its being killed."""

import io
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
from PIL import Image

from base.wire import Joined, Opened
from tests.support.rooms import Service, running_service
from tests.support.tiny_pdf import write_pdf

PATIENCE_S = 30.0


class Hosted:
    """A room that a display opened, and the display's own seat in it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.display = {"authorization": f"Bearer {service.pair_display()}"}
        answer = httpx.post(f"{service.url}/api/v1/rooms", json={}, headers=self.display)
        self.room = Opened.model_validate_json(answer.content).room
        answer = httpx.post(f"{self.url}/seats", json={}, headers=self.display)
        self.seat = {
            "authorization": f"Bearer {Joined.model_validate_json(answer.content).token}"
        }

    @property
    def url(self) -> str:
        return f"{self.service.url}/api/v1/rooms/{self.room}"

    @property
    def files_on_disk(self) -> list[Path]:
        places = (self.service.data_dir / name for name in ("rooms", "documents"))
        return [path for place in places for path in place.rglob("*") if path.is_file()]

    def hand_in(self, data: bytes, name: str = "書類.txt") -> str:
        headers = self.seat | {"x-file-name": quote(name)}
        answer = httpx.post(f"{self.url}/files", content=data, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_file_and_page_go_through_the_real_service(tmp_path: Path) -> None:
    sha256 = write_pdf(tmp_path / "a.pdf")
    with running_service(tmp_path, free_min_mb=0) as service:
        room = Hosted(service)
        file = room.hand_in(b"text" * 100_000)
        got = httpx.get(f"{room.url}/files/{file}", headers=room.seat)
        assert got.content == b"text" * 100_000
        assert "content-encoding" not in got.headers
        answer = httpx.post(
            f"{room.url}/documents",
            content=(tmp_path / "a.pdf").read_bytes(),
            headers=room.seat,
        )
        assert answer.json()["id"] == sha256
        page = httpx.get(f"{room.url}/documents/{sha256}/0/1280.webp", headers=room.seat)
        assert Image.open(io.BytesIO(page.content)).size == (1280, 720)


def test_all_that_was_shared_is_gone_after_the_room(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf")
    with running_service(tmp_path, free_min_mb=0, files_after_minutes=0) as service:
        room = Hosted(service)
        room.hand_in(b"text")
        httpx.post(
            f"{room.url}/documents",
            content=(tmp_path / "a.pdf").read_bytes(),
            headers=room.seat,
        )
        assert room.files_on_disk
        assert httpx.post(f"{room.url}/end", headers=room.display).is_success
        wait_for(lambda: not room.files_on_disk)


def test_service_killed_in_the_middle_of_a_file_keeps_the_others_and_no_half(
    tmp_path: Path,
) -> None:
    with running_service(tmp_path, free_min_mb=0) as service:
        room = Hosted(service)
        whole = room.hand_in(b"text" * 100_000)
        with socket.create_connection(("127.0.0.1", service.port)) as half:
            head = (
                f"POST /api/v1/rooms/{room.room}/files HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{service.port}\r\n"
                f"Authorization: {room.seat['authorization']}\r\n"
                "Content-Length: 9000000\r\n\r\n"
            )
            half.sendall(head.encode() + b"x" * 3_000_000)
            wait_for(lambda: len(room.files_on_disk) == 2)
            service.kill()
        service.start()
        assert [path.name for path in room.files_on_disk] == [whole]
        got = httpx.get(f"{room.url}/files/{whole}", headers=room.seat)
        assert got.content == b"text" * 100_000


def test_page_process_ends_with_a_service_that_is_killed(tmp_path: Path) -> None:
    sha256 = write_pdf(tmp_path / "a.pdf")

    def page_processes() -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"rooms.services.page_worker" in words and str(service.pid).encode() in words:
                found.append(int(folder.name))
        return found

    with running_service(tmp_path, free_min_mb=0) as service:
        room = Hosted(service)
        data = (tmp_path / "a.pdf").read_bytes()
        httpx.post(f"{room.url}/documents", content=data, headers=room.seat)
        httpx.get(f"{room.url}/documents/{sha256}/0/640.webp", headers=room.seat)
        assert len(page_processes()) == 1
        service.kill()
        wait_for(lambda: not page_processes())
