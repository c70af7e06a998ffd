"""A thousand guests waiting in lobbies: how fast is the staff's list?

    python -m benchmarks.rooms_lobby --json out.json

Two ways of waiting: all spread over many rooms, which is what the list of rooms shows; and a
crowd before one room, whose staff get told of every new knock. All guests hold a websocket, as
browsers do.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks.processes import memory
from benchmarks.report import finish, parser, progress
from benchmarks.room_people import Door, Person, come_in, join, open_room, take_seat
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, Percentiles, percentiles

GUESTS: Final = 1000
ROOMS: Final = 50
LISTS: Final = 60
KNOCKS: Final = 30
LIST_MS: Final = 200.0
AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class LobbyRun:
    """One measurement.

    Attributes:
        guests: Who wait, all together.
        rooms: Before how many doors.
        list_ms: From asking for the list of rooms to its last byte.
        listed_waiting: The sum of those waiting in the list: all of them.
        knock_ms: From a typed key to the staff's being told of it.
        service_memory_mb: Resident.
    """

    guests: int
    rooms: int
    list_ms: Percentiles
    listed_waiting: int
    knock_ms: Percentiles
    service_memory_mb: float


async def measure(door: Door, pid: int, guests: int, rooms: int) -> LobbyRun:
    """Let guests knock, and look at the list meanwhile."""
    async with door.client() as client, asyncio.TaskGroup() as group:
        opened = [await open_room(client, guest_limit=3) for _ in range(rooms)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def wait_before(key: str, number: int) -> Person:
            async with gate:
                person = await come_in(door, await join(client, key, f"guest {number}"))
                await person.wait_for("waiting")
                return person

        knocking = [
            group.create_task(wait_before(opened[n % rooms].key, n)) for n in range(guests)
        ]
        waiting = [await task for task in knocking]
        host = await come_in(door, await take_seat(client, opened[0].room))
        await host.wait_for("welcome")
        knock_ms = [await _knock(door, client, host, opened[0].key) for _ in range(KNOCKS)]
        list_ms, listed = [], 0
        for _ in range(LISTS):
            taken_ms, listed = await _list(client)
            list_ms.append(taken_ms)
        found = LobbyRun(
            guests=guests + KNOCKS,
            rooms=rooms,
            list_ms=percentiles(list_ms),
            listed_waiting=listed,
            knock_ms=percentiles(knock_ms),
            service_memory_mb=memory(pid).rss_mb,
        )
        await asyncio.gather(*(person.leave() for person in [host, *waiting]))
        for room in opened:
            await client.post(f"/api/v1/rooms/{room.room}/end")
    return found


async def _list(client: httpx.AsyncClient) -> tuple[float, int]:
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    answer = await client.get("/api/v1/rooms")
    answer.raise_for_status()
    taken_ms = 1000 * (loop.time() - begun_s)
    return taken_ms, sum(room["knocking"] for room in answer.json())


async def _knock(door: Door, client: httpx.AsyncClient, host: Person, key: str) -> float:
    """Return the time from the key's being sent to the list on the staff's side, ms."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[float] = loop.create_future()

    def on_text(_person: Person, text: str, at_s: float) -> None:
        if text.startswith('{"t":"knocks"') and not told.done():
            told.set_result(at_s)

    host.on_text = on_text
    begun_s = loop.time()
    guest = await come_in(door, await join(client, key, "one more"))
    try:
        async with asyncio.timeout(10):
            return 1000 * (await told - begun_s)
    finally:
        host.on_text = None
        await guest.wait_for("waiting")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="100 guests")
    chosen = options.parse_args(arguments)
    guests = 100 if chosen.quick else GUESTS
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder), lobby_max=2 * GUESTS) as service,
    ):
        spread = asyncio.run(measure(service.door, service.pid, guests, ROOMS))
        say(spread)
        crowd = asyncio.run(measure(service.door, service.pid, guests, 1))
        say(crowd)
    bars = [
        Bar("list of rooms, all spread, p95 ms", spread.list_ms.p95, at_most=LIST_MS),
        Bar("list of rooms, one crowd, p95 ms", crowd.list_ms.p95, at_most=LIST_MS),
        Bar("knock to the staff's list, p95 ms", crowd.knock_ms.p95, at_most=LIST_MS),
        Bar(
            "guests missing from the list",
            float(spread.guests - spread.listed_waiting + crowd.guests - crowd.listed_waiting),
            at_most=0.0,
        ),
    ]
    results = {"spread": asdict(spread), "crowd": asdict(crowd)}
    return finish("rooms_lobby", {"guests": guests, "rooms": ROOMS}, results, bars, chosen.json)


def say(run: LobbyRun) -> None:
    """Print one run's line for the person who waits."""
    progress(
        f"{run.guests} guests before {run.rooms} doors: list p50 {run.list_ms.p50:.1f}"
        f"  p95 {run.list_ms.p95:.1f} ms  knock p95 {run.knock_ms.p95:.1f} ms"
        f"  memory {run.service_memory_mb:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
