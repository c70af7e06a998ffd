"""The client where it will run: in the display's own event loop."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pycrdt import Doc, Map
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from base.options import Options, Settings
from base.wire import OpenAsked
from kiosk.services.rooms_service import RoomsService
from meeting.services.board_sync import PlainDoc
from meeting.services.room_client import RoomClient
from tests.support.loop_watch import LoopWatch
from tests.support.until import poll, until_in


@pytest.fixture
def service(data_dir: Path) -> Iterator[RoomsService]:
    made = RoomsService(data_dir, Options(Settings()))
    yield made
    made.shutdown()


def test_room_board_and_file_in_the_loop_of_the_display(
    qapp: QApplication, service: RoomsService, tmp_path: Path, loop_watch: LoopWatch
) -> None:
    letter = tmp_path / "申請書.txt"
    letter.write_bytes("住民票".encode() * 100_000)

    async def work() -> None:
        place = await service.place()
        async with RoomClient(place.url, token=place.token) as client:
            opened = await client.open_room(OpenAsked())
            one = client.enter(await client.take_seat(opened.room, "1"))
            await until_in(one)
            other = client.enter(await client.take_seat(opened.room, "2"))
            await until_in(other)
            mine, theirs = Doc(), Doc()
            one.share_board(PlainDoc(mine))
            other.share_board(PlainDoc(theirs))
            with mine.transaction(origin="me"):
                for n in range(3000):
                    mine.get("items", type=Map)[f"i{n}"] = random.Random(n).randbytes(330)
            view = await one.send_file(letter)
            await other.fetch_file(view, tmp_path / "fetched.txt")
            await poll(lambda: len(theirs.get("items", type=Map)) == 3000)
            await one.leave()

    with QEventLoop(qapp, set_running_loop=False) as loop:
        loop.run_until_complete(asyncio.wait_for(work(), 60))
    assert (tmp_path / "fetched.txt").read_bytes() == letter.read_bytes()
