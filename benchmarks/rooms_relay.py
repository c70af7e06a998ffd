"""How fast and how whole the service passes on what people draw, on one core.

    python -m benchmarks.rooms_relay --json out.json

Rooms of four seats; in each, one guest draws: 30 messages a second with four points each, and
once a second the finished stroke as a change of the board. A point's time ends when it has
arrived at another seat, and every seat has to get every point and every stroke. The service has
one core for itself, this load generator the other one; how late the generator itself was is
reported, because its lateness is part of every figure. Then rooms are added until the 95th
percentile passes 100 ms.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from pycrdt import Doc, Map

from base.board_doc import ITEMS
from base.wire import Channel
from benchmarks.processes import cpu_seconds, memory
from benchmarks.report import finish, parser, progress
from benchmarks.room_board import PAGE, lay_out_page, packed_stroke
from benchmarks.room_people import Company, Door, Person, gather_companies
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, Percentiles, percentiles

ROOMS: Final = 50
GUESTS: Final = 3
SECONDS: Final = 60.0
RATE_HZ: Final = 30.0
POINTS: Final = 4
STROKE_MESSAGES: Final = 30
P95_MS: Final = 50.0
MEMORY_MB: Final = 400.0
STEP_ROOMS: Final = 25
STEP_SECONDS: Final = 10.0
TOO_LATE_MS: Final = 100.0
MOST_ROOMS: Final = 600
SETTLE_S: Final = 15.0
SERVICE_CORE: Final = 0
LOAD_CORE: Final = 1


@dataclass(frozen=True, slots=True)
class RelayRun:
    """One measurement.

    Attributes:
        rooms: How many there were, each with one who draws and three who see it.
        relay_ms: From a message's sending to its arrival at another seat.
        generator_late_ms: How late the load generator sent, after its own schedule.
        points_sent: Times the seats that should get them.
        points_lost: Of these, those that never came.
        strokes_lost: Finished strokes that a seat does not have, over all seats.
        service_cpu_percent: Of one core.
        service_memory_mb: Resident, at the end.
    """

    rooms: int
    relay_ms: Percentiles
    generator_late_ms: Percentiles
    points_sent: int
    points_lost: int
    strokes_lost: int
    service_cpu_percent: float
    service_memory_mb: float


@dataclass(slots=True)
class Drawer:
    """The guest who draws in a room, and what the others got of it."""

    company: Company
    number: int
    document: Doc[Map[bytes]] = field(default_factory=Doc)
    sent_s: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    relay_ms: list[float] = field(default_factory=list)
    points_come: int = 0
    updates: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def person(self) -> Person:
        return self.company.people[1]

    async def prepare(self) -> None:
        """Let the display lay out a page and lead everybody to it."""
        await lay_out_page(self.company.people[0])
        await self.person.wait_for("page", "room")
        self.document.get(ITEMS, type=Map)

    def arrived(self, text: str, at_s: float) -> None:
        """Note a live message at one of the others; coalesced ones carry more points."""
        message = json.loads(text)
        columns = message["points"][0::3]
        self.points_come += len(columns)
        for x in columns[::POINTS]:
            self.relay_ms.append(1000 * (at_s - self.sent_s[int(x) // POINTS]))

    async def draw(self, start_s: float, seconds: float) -> None:
        """Draw on an absolute schedule: a late message does not move those after it."""
        loop = asyncio.get_running_loop()
        begun = len(self.sent_s)
        for tick in range(int(seconds * RATE_HZ)):
            due_s = start_s + tick / RATE_HZ
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self.late_ms.append(1000 * max(0.0, loop.time() - due_s))
            await self._send_piece(begun + tick)

    async def _send_piece(self, n: int) -> None:
        loop = asyncio.get_running_loop()
        ends = n % STROKE_MESSAGES == STROKE_MESSAGES - 1
        stroke = f"s{self.number}-{n // STROKE_MESSAGES}"
        points = [v for i in range(POINTS) for v in (float(n * POINTS + i), 100.0, 0.5)]
        message = {
            "t": "live",
            "stroke": stroke,
            "page": PAGE,
            "brush": 1,
            "colour": 1,
            "width_pt": 2.0,
            "points": points,
            "end": ends,
        }
        text = json.dumps(message)
        self.sent_s.append(loop.time())
        await self.person.socket.send(text)
        if ends:
            await self._finish(stroke)

    async def _finish(self, stroke: str) -> None:
        before = self.document.get_state()
        items = self.document.get(ITEMS, type=Map)
        items[stroke] = packed_stroke(self.person.joined.seat)
        await self.person.send_update(self.document.get_update(before))

    def strokes_lost(self) -> int:
        """Return how many strokes the others lack, over all of them."""
        mine = set(self.document.get(ITEMS, type=Map).keys())
        lost = 0
        for person in self.company.people:
            if person is self.person:
                continue
            seen: Doc[Map[bytes]] = Doc()
            for update in self.updates.get(person.joined.seat, []):
                seen.apply_update(update)
            lost += len(mine - set(seen.get(ITEMS, type=Map).keys()))
        return lost


class Load:
    """All rooms, and who draws in each."""

    def __init__(self, door: Door, service_pid: int) -> None:
        self._door, self._pid = door, service_pid
        self._drawers: list[Drawer] = []
        self._of_seat: dict[str, Drawer] = {}

    async def grow_to(self, rooms: int) -> None:
        """Open more rooms and fill them."""
        companies = await gather_companies(
            self._door,
            rooms - len(self._drawers),
            GUESTS,
            on_text=self._on_text,
            on_binary=self._on_binary,
        )
        for company in companies:
            drawer = Drawer(company, len(self._drawers))
            self._drawers.append(drawer)
            for person in company.people:
                self._of_seat[person.joined.seat] = drawer
            await drawer.prepare()

    async def run(self, seconds: float) -> RelayRun:
        """Let everybody draw, wait until all has arrived, and count."""
        for drawer in self._drawers:
            drawer.relay_ms.clear()
            drawer.late_ms.clear()
        loop = asyncio.get_running_loop()
        start_s, cpu_s = loop.time() + 0.5, cpu_seconds(self._pid)
        spread = 1 / RATE_HZ / len(self._drawers)
        await asyncio.gather(
            *(d.draw(start_s + i * spread, seconds) for i, d in enumerate(self._drawers))
        )
        span_s = loop.time() - start_s
        cpu = 100 * (cpu_seconds(self._pid) - cpu_s) / span_s
        await self._settle()
        sent = sum(len(d.sent_s) for d in self._drawers) * POINTS * GUESTS
        return RelayRun(
            rooms=len(self._drawers),
            relay_ms=percentiles([v for d in self._drawers for v in d.relay_ms]),
            generator_late_ms=percentiles([v for d in self._drawers for v in d.late_ms]),
            points_sent=sent,
            points_lost=sent - sum(d.points_come for d in self._drawers),
            strokes_lost=sum(d.strokes_lost() for d in self._drawers),
            service_cpu_percent=cpu,
            service_memory_mb=memory(self._pid).rss_mb,
        )

    async def leave(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(drawer.company.leave() for drawer in self._drawers))

    async def _settle(self) -> None:
        """Wait until all points and strokes have come, or until they never will."""
        deadline_s = asyncio.get_running_loop().time() + SETTLE_S
        while asyncio.get_running_loop().time() < deadline_s:
            due = sum(len(d.sent_s) for d in self._drawers) * POINTS * GUESTS
            if sum(d.points_come for d in self._drawers) >= due:
                # The last change of the board follows the last point of its stroke.
                await asyncio.sleep(1.0)
                return
            await asyncio.sleep(0.1)

    def _on_text(self, person: Person, text: str, at_s: float) -> None:
        if text.startswith('{"t":"live"'):
            self._of_seat[person.joined.seat].arrived(text, at_s)

    def _on_binary(self, person: Person, frame: bytes, _at_s: float) -> None:
        drawer = self._of_seat.get(person.joined.seat)
        if drawer is not None and frame[0] == Channel.BOARD_UPDATE:
            drawer.updates.setdefault(person.joined.seat, []).append(frame[1:])


async def measure(
    door: Door, pid: int, rooms: int, seconds: float, search: bool
) -> list[RelayRun]:
    """Return the run that has a bar, and those that look for the end."""
    load = Load(door, pid)
    found = []
    try:
        await load.grow_to(rooms)
        found.append(await load.run(seconds))
        say(found[-1])
        while search and found[-1].relay_ms.p95 <= TOO_LATE_MS:
            wanted = found[-1].rooms + STEP_ROOMS
            if wanted > MOST_ROOMS:
                break
            await load.grow_to(wanted)
            found.append(await load.run(STEP_SECONDS))
            say(found[-1])
    finally:
        await load.leave()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="10 rooms for 5 s, no search")
    options.add_argument("--rooms", type=int, help=f"rooms of four seats ({ROOMS})")
    options.add_argument("--seconds", type=float, help=f"how long they draw ({SECONDS:.0f})")
    options.add_argument("--no-search", action="store_true", help="do not look for the end")
    chosen = options.parse_args(arguments)
    rooms = chosen.rooms or (10 if chosen.quick else ROOMS)
    seconds = chosen.seconds or (5.0 if chosen.quick else SECONDS)
    pinned = (os.cpu_count() or 1) > 1
    before = os.sched_getaffinity(0)
    search = not (chosen.quick or chosen.no_search)
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder), core=SERVICE_CORE if pinned else None) as service,
    ):
        if pinned:
            os.sched_setaffinity(0, {LOAD_CORE})
        try:
            measuring = measure(service.door, service.pid, rooms, seconds, search=search)
            runs = asyncio.run(measuring)
        finally:
            os.sched_setaffinity(0, before)
    first, beyond = runs[0], [run.rooms for run in runs if run.relay_ms.p95 > TOO_LATE_MS]
    results = {
        "runs": [asdict(run) for run in runs],
        "rooms_at_which_p95_passes_100_ms": beyond[0] if beyond else None,
    }
    bars = [
        Bar(f"{rooms} rooms: relay p95 ms", first.relay_ms.p95, at_most=P95_MS),
        Bar(f"{rooms} rooms: points lost", float(first.points_lost), at_most=0.0),
        Bar(f"{rooms} rooms: strokes lost", float(first.strokes_lost), at_most=0.0),
        Bar(f"{rooms} rooms: memory MB", first.service_memory_mb, at_most=MEMORY_MB),
    ]
    settings = {
        "rooms": rooms,
        "seats": GUESTS + 1,
        "seconds": seconds,
        "rate_hz": RATE_HZ,
        "points_a_message": POINTS,
        "messages_a_stroke": STROKE_MESSAGES,
        "pinned": pinned,
    }
    if beyond:
        progress(f"the 95th percentile passes {TOO_LATE_MS:.0f} ms at {beyond[0]} rooms")
    return finish("rooms_relay", settings, results, bars, chosen.json)


def say(run: RelayRun) -> None:
    """Print one run's line for the person who waits."""
    relay, late = run.relay_ms, run.generator_late_ms
    progress(
        f"{run.rooms} rooms: p50 {relay.p50:.1f}  p95 {relay.p95:.1f}  p99 {relay.p99:.1f} ms"
        f"  lost {run.points_lost} points, {run.strokes_lost} strokes"
        f"  service {run.service_cpu_percent:.0f} % of a core, {run.service_memory_mb:.0f} MB"
        f"  generator late p95 {late.p95:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
