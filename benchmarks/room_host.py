"""The display's side of a room, on a thread of its own: it opens the door to all who knock.

The browsers of a benchmark are driven step by step; somebody has to answer meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from base.wire import Opened
from benchmarks.room_people import Door, Person, come_in, open_room, take_seat

ANSWER_S: Final = 60.0
T = TypeVar("T")


class RoomHost:
    """An open room whose display lets everybody in at once.

    Attributes:
        opened: The room.
    """

    def __init__(self, door: Door) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="host of a room")
        self._thread.start()
        self._admitting: set[asyncio.Task[None]] = set()
        self._admitted: set[str] = set()
        self._door = door
        self.opened, self.person = self.do(self._open())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the host's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    def send(self, message: dict[str, object]) -> None:
        """Send a message as the host."""
        self.do(self.person.send(message))

    def send_update(self, update: bytes) -> None:
        """Send a change of the board as the host."""
        self.do(self.person.send_update(update))

    def close(self) -> None:
        """End the room and the thread."""
        try:
            self.do(self._end())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _open(self) -> tuple[Opened, Person]:
        async with self._door.client() as client:
            opened = await open_room(client, guest_limit=8)
            joined = await take_seat(client, opened.room, "the display")
        person = await come_in(self._door, joined, on_text=self._on_text)
        await person.wait_for("welcome")
        return opened, person

    async def _end(self) -> None:
        await self.person.send({"t": "end"})
        await self.person.leave()

    def _on_text(self, person: Person, text: str, _at_s: float) -> None:
        if not text.startswith('{"t":"knocks"'):
            return
        for knock in json.loads(text)["knocks"]:
            if knock["seat"] not in self._admitted:
                self._admitted.add(knock["seat"])
                task = asyncio.create_task(person.send({"t": "admit", "seat": knock["seat"]}))
                self._admitting.add(task)
                task.add_done_callback(self._admitting.discard)


@contextmanager
def room_with_host(door: Door) -> Iterator[RoomHost]:
    """Open a room for as long as the block."""
    host = RoomHost(door)
    try:
        yield host
    finally:
        host.close()
