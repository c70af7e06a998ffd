"""The display's own service: the real one, started, killed and taken up again."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from pycrdt import Doc, Text

from base.options import Options, Settings
from base.wire import OpenAsked
from kiosk.services.rooms_service import RoomsService
from meeting.model.link import Phase
from meeting.services.board_sync import PlainDoc
from meeting.services.room_client import RoomClient
from tests.support.children import all_children
from tests.support.until import poll, until, until_in


def test_display_opens_a_room_of_its_own_and_keeps_it_when_the_service_is_killed(
    data_dir: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("rooms service ended")
    before = set(all_children(os.getpid()))
    service = RoomsService(data_dir, Options(Settings()))

    async def work() -> None:
        place = await service.place()
        async with RoomClient(place.url, token=place.token) as client:
            opened = await client.open_room(OpenAsked(title="窓口"))
            session = client.enter(await client.take_seat(opened.room, "会議室 1"))
            await until_in(session)
            doc: Doc = Doc()
            memo = doc.get("memo", type=Text)
            session.share_board(PlainDoc(doc))
            memo.insert(0, "kept")
            # Told to everybody, so it is in the service; written 50 ms later at the most.
            other: Doc = Doc()
            second = client.enter(await client.take_seat(opened.room, "会議室 2"))
            await until_in(second)
            second.share_board(PlainDoc(other))
            await poll(lambda: str(other.get("memo", type=Text)) == "kept")
            (pid,) = set(all_children(os.getpid())) - before
            os.kill(pid, signal.SIGKILL)
            await until(session, lambda: session.state.phase is Phase.LOST)
            async with asyncio.timeout(15):
                await until_in(session)
            assert (await service.place()).url == place.url
            assert [one.room for one in await client.rooms()] == [opened.room]

    try:
        asyncio.run(work())
    finally:
        service.shutdown()
    assert set(all_children(os.getpid())) <= before
