"""Pages of documents, from strangers' files, as pictures for everybody in the room."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pillow_heif
import pymupdf
import pytest
from PIL import Image

from base.wire import Problem
from rooms.model.refusal import Refused
from rooms.services import page_maker
from rooms.services.documents import ASKED_AT_ONCE, WIDTHS, PagePicture
from rooms.services.page_protocol import JobKind
from tests.support.full_disk import full_disk
from tests.support.handover import GUEST, STAFF, Handover, handover, staff_of
from tests.support.pdfs import (
    bomb_pdf,
    colour_pdf,
    heavy_pdf,
    locked_pdf,
    many_sheets_pdf,
    plain_pdf,
    text_pdf,
    without_xref,
)
from tests.support.source import ROOT
from tools.sample_documents import cached

pillow_heif.register_heif_opener()

Expect = Callable[[str], None]


def refused(problem: Problem) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.problem is problem)


def shown(page: PagePicture) -> Image.Image:
    assert page.is_readable
    return Image.open(io.BytesIO(page.data)).convert("RGB")


def is_near(colour: tuple[int, ...] | float | None, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(colour, tuple)
    return all(abs(a - b) < 40 for a, b in zip(colour, wanted, strict=True))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cached("slides", tmp_path_factory.getbasetemp() / "samples", pages=12)


def test_page_comes_in_three_widths_in_its_own_shape(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(colour_pdf(tmp_path / "colours.pdf"))
            assert (document.name, document.failed) == ("colours.pdf", False)
            for width in WIDTHS:
                picture = shown(await room.page(document.id, width=width))
                assert picture.size == (width, width // 2)
                assert is_near(picture.getpixel((width // 4, 50)), (255, 0, 0))
                assert is_near(picture.getpixel((3 * width // 4, 50)), (0, 0, 255))

    asyncio.run(run())


def test_room_hears_how_many_pages_there_are(tmp_path: Path, slides: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            told = asyncio.Queue[str]()
            room.documents.on_changed = told.put
            document = await room.share(slides)
            assert document.sheets == 0
            assert await told.get() == "room-1"
            (known,) = await room.documents.views("room-1")
            assert (known.id, known.sheets) == (document.id, 12)
            assert await room.documents.sizes(GUEST, document.id) == ((960.0, 540.0),) * 12

    asyncio.run(run())


def test_all_pages_are_made_from_the_one_that_is_shown_outward(
    tmp_path: Path, slides: Path
) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides, shown=6)
            folder = room.folders.document(document.id)
            await until(lambda: len(list(folder.glob("*.webp"))) == 3 * 12)
            made = sorted(folder.glob("*.webp"), key=lambda path: path.stat().st_mtime_ns)
            sheets = [int(path.name.partition("-")[0]) for path in made]
            assert sheets[:3] == [6, 6, 6]
            assert set(sheets[3:9]) == {5, 7}

    asyncio.run(run())


def test_page_asked_for_comes_before_all_others(tmp_path: Path, slides: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            await room.page(document.id, 11, 1280)
            # Shared, opened, asked for: of the 36 pictures hardly any is there yet.
            assert len(list(room.folders.document(document.id).glob("*.webp"))) < 12

    asyncio.run(run())


def test_late_joiner_gets_a_readable_page_of_a_deck_of_200(tmp_path: Path) -> None:
    deck = cached("slides", tmp_path, pages=200)

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(deck, shown=100)
            for sheet in (199, 100, 0):
                assert shown(await room.page(document.id, sheet)).size == (640, 360)
            with refused(Problem.NOT_FOUND):
                await room.page(document.id, 200)

    asyncio.run(run())


def test_document_lies_once_for_all_rooms_and_goes_with_the_last(
    tmp_path: Path, slides: Path
) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            await room.open_room("room-2")
            first = await room.share(slides)
            await room.documents.sizes(STAFF, first.id)
            second = await room.share(slides, staff_of("room-2"))
            assert second == first.model_copy(update={"sheets": 12})
            folder = room.folders.document(first.id)
            assert [path.name for path in room.folders.documents.iterdir()] == [first.id]
            await room.delete_room("room-1")
            with refused(Problem.NOT_FOUND):
                await room.page(first.id)
            shown(await room.page(first.id, caller=replace(GUEST, room="room-2")))
            await room.delete_room("room-2")
            assert not folder.exists()
            assert room.names_on_disk() == []

    asyncio.run(run())


def test_second_room_waits_for_no_page_that_was_made(tmp_path: Path, slides: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            await room.page(document.id, 3)
            made = room.folders.document(document.id) / "3-640.webp"
            before = made.stat().st_mtime_ns
            await room.open_room("room-2")
            await room.share(slides, staff_of("room-2"))
            await room.page(document.id, 3, caller=staff_of("room-2"))
            assert made.stat().st_mtime_ns == before

    asyncio.run(run())


def test_pages_survive_a_restart_and_what_was_interrupted_goes_on(
    tmp_path: Path, slides: Path
) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
        async with handover(tmp_path, opened=False) as room:
            shown(await room.page(document.id, 3))
            (known,) = await room.documents.views("room-1")
            assert known.sheets == 12

    asyncio.run(run())


def test_guest_gets_pictures_and_not_the_document(tmp_path: Path, slides: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            with refused(Problem.NOT_ALLOWED):
                await room.documents.original(GUEST, document.id)
            with refused(Problem.NOT_ALLOWED):
                await room.share(slides, GUEST)
            with refused(Problem.NOT_ALLOWED):
                await room.page(document.id, caller=replace(GUEST, is_in=False))
            _row, path = await room.documents.original(STAFF, document.id)
            assert path.read_bytes() == slides.read_bytes()

    asyncio.run(run())


# Damaged and hostile -------------------------------------------------------------------


def test_file_that_is_no_document_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            path = tmp_path / "a.pdf"
            for data in (b"only text", b"MZ" + bytes(100), b"PK\x03\x04" + bytes(100)):
                path.write_bytes(data)
                with refused(Problem.WRONG_TYPE):
                    await room.share(path)
            assert room.names_on_disk() == []

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["locked", "damaged", "too many sheets"])
def test_document_that_cannot_be_read_says_so_in_a_picture(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.pdf"
    if kind == "locked":
        locked_pdf(path, "geheim")
    elif kind == "damaged":
        path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    else:
        many_sheets_pdf(path, 5001)

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            told = asyncio.Queue[str]()
            room.documents.on_changed = told.put
            document = await room.share(path)
            await told.get()
            assert (await room.documents.views("room-1"))[0].failed
            page = await room.page(document.id, width=1280)
            assert not page.is_readable
            assert Image.open(io.BytesIO(page.data)).width == 1280
            assert await room.documents.sizes(STAFF, document.id) == ()

    asyncio.run(run())


def test_document_with_a_broken_table_is_mended(tmp_path: Path) -> None:
    path = without_xref(text_pdf(tmp_path / "a.pdf", ["はじめに", "おわりに"]))

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(path)
            shown(await room.page(document.id, 1))

    asyncio.run(run())


@pytest.mark.parametrize("side_px", [40_000, 100_000])
def test_bomb_on_a_page_gives_a_picture_and_costs_that_page_alone(
    tmp_path: Path, side_px: int, allowed_log: Expect
) -> None:
    # Grey, 1.6 and 10 GB unfolded: more than the process may have.
    path = bomb_pdf(tmp_path / "bomb.pdf", side_px)
    with pymupdf.open(path) as document:
        document.new_page(width=600, height=300)
        document.saveIncr()
    allowed_log("page process broke")

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(path)
            pages = await asyncio.gather(*(room.page(document.id, sheet) for sheet in (0, 1)))
            sizes = [Image.open(io.BytesIO(page.data)).size for page in pages]
            assert sizes == [(640, 640), (640, 320)]
            assert pages[1].is_readable

    asyncio.run(run())


def test_very_long_sheet_gives_a_picture_of_bounded_height(tmp_path: Path) -> None:
    path = plain_pdf(tmp_path / "long.pdf", b"/MediaBox[0 0 10 14000]")

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(path)
            assert shown(await room.page(document.id)).height <= 3 * 640

    asyncio.run(run())


def test_page_that_takes_too_long_is_given_up_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Expect
) -> None:
    heavy = heavy_pdf(tmp_path / "heavy.pdf", 1, 400_000)
    light = colour_pdf(tmp_path / "light.pdf")
    monkeypatch.setitem(page_maker.TIMEOUT_S, JobKind.SHEET, 0.3)
    expected_log("page process broke")

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            slow, quick = await room.share(heavy), await room.share(light)
            both = await asyncio.gather(room.page(slow.id), room.page(quick.id))
            assert [page.is_readable for page in both] == [False, True]
            # It is not tried again.
            process = room.documents.process_id
            assert not (await room.page(slow.id, width=1280)).is_readable
            assert room.documents.process_id == process

    asyncio.run(run())


def test_process_that_is_killed_is_replaced_and_the_page_comes(
    tmp_path: Path, allowed_log: Expect
) -> None:
    heavy = heavy_pdf(tmp_path / "heavy.pdf", 1, 50_000)
    allowed_log("page process broke")

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(heavy)
            await room.documents.sizes(STAFF, document.id)
            asking = asyncio.create_task(room.page(document.id, width=2560))
            await until(lambda: room.documents.process_id is not None)
            first = room.documents.process_id
            assert first is not None
            os.kill(first, signal.SIGKILL)
            shown(await asking)
            assert room.documents.process_id != first

    asyncio.run(run())


def test_process_ends_with_the_service(tmp_path: Path, slides: Path) -> None:
    async def run() -> int:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            await room.page(document.id)
            process = room.documents.process_id
            assert process is not None
            return process

    process = asyncio.run(run())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_page_process_can_do_nothing_but_compute() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.trapped_page_worker"],
        cwd=ROOT, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found.pop("is confined") == "True"
    assert found.pop("fill the memory") == "MemoryError"
    assert set(found.values()) == {"PermissionError"}


def test_seat_cannot_wait_for_many_pages_at_once(tmp_path: Path, slides: Path) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            asked = await asyncio.gather(
                *(room.page(document.id, sheet, 2560) for sheet in range(ASKED_AT_ONCE + 2)),
                return_exceptions=True,
            )
            told = [one.problem for one in asked if isinstance(one, Refused)]
            assert told == [Problem.TOO_MANY] * 2

    asyncio.run(run())


def test_page_is_given_out_on_a_disk_that_cannot_keep_it(
    tmp_path: Path, slides: Path, allowed_log: Expect
) -> None:
    allowed_log("no room for pictures")

    async def run() -> None:
        async with handover(tmp_path) as room:
            document = await room.share(slides)
            await room.documents.sizes(STAFF, document.id)
            with full_disk(1):
                shown(await room.page(document.id, 9, 2560))

    asyncio.run(run())


# Photographs ---------------------------------------------------------------------------


def photograph(form: str) -> bytes:
    """A picture that lies on its side: upright its upper half is red; it knows its place."""
    upright = Image.new("RGB", (300, 400), "blue")
    upright.paste("red", (0, 0, 300, 200))
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    data = io.BytesIO()
    if form == "HEIF":
        upright.save(data, form, exif=exif)
    else:
        exif[0x0112] = 6  # to be turned clockwise
        upright.rotate(90, expand=True).save(data, form, exif=exif)
    return data.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_photograph_handed_in_becomes_an_upright_page_that_knows_nothing(
    tmp_path: Path, form: str
) -> None:
    async def run() -> None:
        async with handover(tmp_path) as room:
            suffix = {"JPEG": "jpg", "HEIF": "heic"}.get(form, form.lower())
            file = await room.hand_in(photograph(form), f"紙 1.{suffix}")
            row, path = await room.files.find(STAFF, file.id)
            with refused(Problem.NOT_ALLOWED):
                await room.documents.take_file(GUEST, row, path)
            document = await room.documents.take_file(STAFF, row, path)
            picture = shown(await room.page(document.id))
            assert picture.height > picture.width
            assert is_near(picture.getpixel((300, 100)), (255, 0, 0))
            assert is_near(picture.getpixel((300, 700)), (0, 0, 255))
            _row, pdf = await room.documents.original(STAFF, document.id)
            assert document.name == "紙 1.pdf"
            assert b"SecretPhone" not in pdf.read_bytes()
            assert b"Exif" not in pdf.read_bytes()
            # The file itself is as it was.
            assert path.read_bytes() == photograph(form)

    asyncio.run(run())


def test_pdf_handed_in_becomes_a_document_and_outlives_the_file(tmp_path: Path) -> None:
    data = colour_pdf(tmp_path / "a.pdf").read_bytes()

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            file = await room.hand_in(data, "願い.pdf")
            row, path = await room.files.find(STAFF, file.id)
            document = await room.documents.take_file(STAFF, row, path)
            assert (document.id, document.name) == (row.sha256, "願い.pdf")
            await room.files.drop(STAFF, file.id)
            shown(await room.page(document.id))

    asyncio.run(run())


def test_large_photograph_becomes_as_large_as_a_page_needs(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (9000, 6000), 128).save(path)

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            document = await room.share(path)
            _row, pdf = await room.documents.original(STAFF, document.id)
            with pymupdf.open(pdf) as opened:
                assert opened[0].get_images()[0][2:4] == (3508, 2339)
                assert opened[0].rect[2:] == pytest.approx((842.0, 561.3), abs=0.2)

    asyncio.run(run())


def test_picture_that_is_broken_or_a_bomb_is_refused(
    tmp_path: Path, allowed_log: Expect
) -> None:
    allowed_log("page process broke")

    async def share(room: Handover, data: bytes) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(data)
        await room.share(path)

    async def run() -> None:
        async with handover(tmp_path / "data") as room:
            whole = io.BytesIO()
            Image.effect_noise((200, 200), 50).save(whole, "PNG")
            with refused(Problem.WRONG_TYPE):
                await share(room, whole.getvalue()[:5000])
            bomb = whole.getvalue()[:16] + (60_000).to_bytes(4, "big") * 2
            with refused(Problem.WRONG_TYPE):
                await share(room, bomb + whole.getvalue()[24:])
            huge = io.BytesIO()
            Image.new("1", (20_000, 20_000)).save(huge, "PNG")
            with refused(Problem.TOO_LARGE):
                await share(room, huge.getvalue())
            assert room.names_on_disk() == []

    asyncio.run(run())
