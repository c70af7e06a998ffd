"""Documents and pictures of their pages over HTTP."""

import asyncio
import hashlib
import io
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from base.wire import DocumentView, Problem, Refusal
from rooms.web.routes_documents import STATE_HEADER
from tests.support.pdfs import heavy_pdf, locked_pdf
from tests.support.seated_app import seated_app, served
from tests.support.tiny_pdf import write_pdf

DOCUMENTS = "/api/v1/rooms/room-1/documents"


async def share(client: httpx.AsyncClient, path: Path, page: int = 0) -> DocumentView:
    headers = {"x-file-name": quote(path.name)}
    url = f"{DOCUMENTS}?page={page}"
    answer = await client.post(url, content=path.read_bytes(), headers=headers)
    assert answer.status_code == 201, answer.text
    return DocumentView.model_validate_json(answer.content)


def problem(answer: httpx.Response) -> Problem:
    return Refusal.model_validate_json(answer.content).problem


def test_page_of_a_document_is_a_picture_that_nobody_keeps(tmp_path: Path) -> None:
    sha256 = write_pdf(tmp_path / "図 1.pdf", pages=3)

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            document = await share(room.staff, tmp_path / "図 1.pdf", page=2)
            assert (document.id, document.name) == (sha256, "図 1.pdf")
            for width in (640, 1280, 2560):
                answer = await room.guest.get(f"{DOCUMENTS}/{sha256}/2/{width}.webp")
                assert answer.headers["content-type"] == "image/webp"
                assert answer.headers["cache-control"] == "private, no-store"
                assert answer.headers[STATE_HEADER] == "shown"
                assert Image.open(io.BytesIO(answer.content)).width == width
            sizes = (await room.guest.get(f"{DOCUMENTS}/{sha256}/sheets")).json()
            assert sizes == {"sizes_pt": [[960.0, 540.0]] * 3}

    asyncio.run(run())


def test_document_that_cannot_be_read_is_a_picture_and_says_so(tmp_path: Path) -> None:
    path = locked_pdf(tmp_path / "a.pdf", "geheim")

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            document = await share(room.staff, path)
            answer = await room.guest.get(f"{DOCUMENTS}/{document.id}/0/640.webp")
            assert (answer.status_code, answer.headers[STATE_HEADER]) == (200, "unreadable")

    asyncio.run(run())


@pytest.mark.parametrize(
    "wrong", ["99/640.webp", "0/641.webp", "-1/640.webp", "0/640.png", "x/640.webp"]
)
def test_page_that_is_not_there_is_refused(tmp_path: Path, wrong: str) -> None:
    sha256 = write_pdf(tmp_path / "a.pdf")

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            await share(room.staff, tmp_path / "a.pdf")
            answer = await room.guest.get(f"{DOCUMENTS}/{sha256}/{wrong}")
            assert answer.status_code in {400, 404}

    asyncio.run(run())


def test_guest_shares_no_documents_and_has_only_pictures(tmp_path: Path) -> None:
    sha256 = write_pdf(tmp_path / "a.pdf")

    async def run() -> None:
        async with seated_app(tmp_path) as room:
            answer = await room.guest.post(DOCUMENTS, content=b"%PDF-1.7")
            assert problem(answer) is Problem.NOT_ALLOWED
            await share(room.staff, tmp_path / "a.pdf")
            answer = await room.guest.get(f"{DOCUMENTS}/{sha256}")
            assert problem(answer) is Problem.NOT_ALLOWED
            answer = await room.staff.get(f"{DOCUMENTS}/{sha256}")
            assert hashlib.sha256(answer.content).hexdigest() == sha256
            for path in (DOCUMENTS, f"{DOCUMENTS}/{sha256}/0/640.webp"):
                answer = await room.staff.get(path.replace("room-1", "room-2"))
                assert answer.status_code in {404, 405}

    asyncio.run(run())


def test_page_that_nobody_waits_for_any_more_is_not_made(tmp_path: Path) -> None:
    heavy = heavy_pdf(tmp_path / "heavy.pdf", 5, 60_000)

    async def run() -> None:
        async with seated_app(tmp_path) as room, served(room.app) as port:
            document = await share(room.staff, heavy)
            for sheet in (1, 2, 3, 4):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                path = f"{DOCUMENTS}/{document.id}/{sheet}/2560.webp"
                head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Seat: guest\r\n\r\n"
                writer.write(head.encode())
                await writer.drain()
                writer.transport.abort()
            # Those that were left do not stand before it, nor count for the seat.
            answers = await asyncio.gather(
                *(room.guest.get(f"{DOCUMENTS}/{document.id}/0/{w}.webp") for w in (640, 1280))
            )
            assert [answer.status_code for answer in answers] == [200, 200]
            folder = room.services.settings.data_dir / "documents" / document.id
            assert len(list(folder.glob("?-2560.webp"))) < 4

    asyncio.run(run())


def test_description_names_bodies_pictures_and_every_refusal(tmp_path: Path) -> None:
    async def run() -> None:
        async with seated_app(tmp_path) as room:
            paths = (await room.stranger.get("/api/v1/openapi.json")).json()["paths"]
            ours = {
                (path, method): operation
                for path, operations in paths.items()
                for method, operation in operations.items()
                if "/files" in path or "/documents" in path or "/assets" in path
            }
            assert len(ours) == 14
            for (_path, method), operation in ours.items():
                assert {"400", "401", "403", "404", "413", "429"} <= set(operation["responses"])
                if method in {"post", "put"} and "{file}" not in _path:
                    assert "application/octet-stream" in operation["requestBody"]["content"]
                    assert {"410", "415", "507"} <= set(operation["responses"])
            picture = paths["/api/v1/rooms/{room}/documents/{sha256}/{sheet}/{width}.webp"]
            assert "image/webp" in picture["get"]["responses"]["200"]["content"]

    asyncio.run(run())
