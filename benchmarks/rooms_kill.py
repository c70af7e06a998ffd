"""Kills the service in the middle of consultations: how long until everything is back?

    python -m benchmarks.rooms_kill --json out.json

Rooms of four; in each somebody writes strokes and memo until the very moment of `kill -9`. The
service is started again at once on the same folder, and everybody knocks at it every 100 ms
until they are answered, which is what browsers do at first. Back means: every seat is in its
room again without the lobby, and every seat has every stroke and every letter that anybody had
made before the kill, also those that the service had not written down yet.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc, Map, Text

from base.board_doc import ITEMS
from base.wire import Channel, Joined
from benchmarks.report import finish, parser, progress
from benchmarks.room_board import MEMO, lay_out_page, packed_stroke
from benchmarks.room_people import (
    Company,
    Door,
    Person,
    come_in,
    gather_companies,
)
from benchmarks.rooms_service import Service, running_service
from benchmarks.summary import Bar, Percentiles, percentiles

ROOMS: Final = 20
GUESTS: Final = 3
KILLS: Final = 5
SEED: Final = 4
WRITING_S: Final = (0.5, 1.5)
STROKES_HZ: Final = 20.0
BACK_S: Final = 5.0
GIVE_UP_S: Final = 30.0
KNOCK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Kill:
    """One round.

    Attributes:
        answering_s: From the restart until the service answers `/healthz`.
        seats_back_s: From the restart until a seat is in its room again, over all seats.
        all_back_s: From the restart until every seat has everything.
        strokes: That anybody had made so far.
        lacking: Seats that did not get everything in `GIVE_UP_S`.
    """

    answering_s: float
    seats_back_s: Percentiles
    all_back_s: float
    strokes: int
    lacking: int


class Participant:
    """A seat with a copy of the board, who comes back by themselves."""

    def __init__(self, door: Door, person: Person) -> None:
        self.board: Doc[Any] = Doc()
        self.items: Map[bytes] = self.board.get(ITEMS, type=Map)
        self.memo: Text = self.board.get(MEMO, type=Text)
        self._door = door
        self._person = person
        self._answers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Ask for the board."""
        self._person.on_binary = self._on_binary
        await self._ask()

    async def write(self, stroke: str) -> None:
        """Finish a stroke, and type its name into the memo."""
        before = self.board.get_state()
        with self.board.transaction():
            self.items[stroke] = packed_stroke(self._person.joined.seat)
            self.memo += f"{stroke} "
        await self._person.send_update(self.board.get_update(before))

    async def come_back(self) -> float:
        """Knock until the seat is taken up again; return the loop's time of it."""
        joined: Joined = self._person.joined
        await self._person.leave()
        while True:
            try:
                self._person = await come_in(self._door, joined, on_binary=self._on_binary)
                await self._person.wait_for("welcome")
            except (OSError, EOFError):
                await asyncio.sleep(KNOCK_S)
            else:
                break
        back_s = asyncio.get_running_loop().time()
        await self._ask()
        return back_s

    async def leave(self) -> None:
        """Close the connection."""
        await self._person.leave()

    async def _ask(self) -> None:
        vector = bytes([Channel.BOARD_STATE_VECTOR]) + self.board.get_state()
        await self._person.socket.send(vector)

    def _on_binary(self, person: Person, frame: bytes, _at_s: float) -> None:
        if frame[0] == Channel.BOARD_UPDATE:
            self.board.apply_update(frame[1:])
        elif frame[0] == Channel.BOARD_STATE_VECTOR:
            lacking = self.board.get_update(frame[1:])
            task = asyncio.create_task(person.send_update(lacking))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)


class Trial:
    """All rooms and their people, through all kills."""

    def __init__(self, service: Service, chance: random.Random) -> None:
        self._service, self._chance = service, chance
        self._rooms: list[list[Participant]] = []
        self._written: list[set[str]] = []

    async def fill(self, rooms: int) -> None:
        """Open the rooms and let everybody in."""
        companies: Sequence[Company] = await gather_companies(self._service.door, rooms, GUESTS)
        for company in companies:
            await lay_out_page(company.people[0])
            await company.people[0].send({"t": "set_room", "memo": True})
            for person in company.people[1:]:
                await person.wait_for("room")
            people = [Participant(self._service.door, person) for person in company.people]
            for participant in people:
                await participant.start()
            self._rooms.append(people)
            self._written.append(set())

    async def kill(self, number: int) -> Kill:
        """Write, kill in mid-stroke, start again, and wait until all is back."""
        loop = asyncio.get_running_loop()
        writing = [
            asyncio.create_task(self._write(room, number)) for room in range(len(self._rooms))
        ]
        await asyncio.sleep(self._chance.uniform(*WRITING_S))
        self._service.kill()
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        restarted_s = loop.time()
        self._service.start()
        everybody = [participant for room in self._rooms for participant in room]
        coming = [asyncio.create_task(participant.come_back()) for participant in everybody]
        await asyncio.to_thread(self._service.wait_until_healthy)
        answering_s = loop.time() - restarted_s
        async with asyncio.timeout(GIVE_UP_S):
            back_s = [await task - restarted_s for task in coming]
        lacking = await self._wait_for_all(restarted_s + GIVE_UP_S)
        return Kill(
            answering_s=answering_s,
            seats_back_s=percentiles(back_s),
            all_back_s=loop.time() - restarted_s,
            strokes=sum(len(written) for written in self._written),
            lacking=lacking,
        )

    async def leave(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(one.leave() for room in self._rooms for one in room))

    async def _write(self, room: int, number: int) -> None:
        guest = self._rooms[room][1]
        for n in range(10_000):
            stroke = f"k{number}-{n}"
            # Made on the guest's side, whether or not it gets out before the kill.
            self._written[room].add(stroke)
            await guest.write(stroke)
            await asyncio.sleep(1 / STROKES_HZ)

    async def _wait_for_all(self, until_s: float) -> int:
        """Return how many seats still lack something when all has come, or it is too late."""
        loop = asyncio.get_running_loop()
        lacking = self._lacking()
        while lacking and loop.time() < until_s:
            await asyncio.sleep(0.02)
            lacking = self._lacking()
        return lacking

    def _lacking(self) -> int:
        return sum(
            not self._has_all(one, written)
            for room, written in zip(self._rooms, self._written, strict=True)
            for one in room
        )

    @staticmethod
    def _has_all(one: Participant, written: set[str]) -> bool:
        return written <= set(one.items.keys()) and written <= set(str(one.memo).split())


async def measure(service: Service, rooms: int, kills: int, seed: int) -> list[Kill]:
    """Return every kill."""
    trial = Trial(service, random.Random(seed))
    await trial.fill(rooms)
    found = []
    for number in range(kills):
        found.append(await trial.kill(number))
        progress(f"kill {number + 1}/{kills}: {asdict(found[-1])}")
    await trial.leave()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="5 rooms, 1 kill")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args(arguments)
    kills = chosen.rounds or (1 if chosen.quick else KILLS)
    rooms = 5 if chosen.quick else ROOMS
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder)) as service,
    ):
        found = asyncio.run(measure(service, rooms, kills, chosen.seed))
    bars = [
        Bar("everything back s, slowest", max(k.all_back_s for k in found), at_most=BACK_S),
        Bar("seats that lack something", float(sum(k.lacking for k in found)), at_most=0.0),
    ]
    settings = {"rooms": rooms, "seats": GUESTS + 1, "kills": kills, "seed": chosen.seed}
    return finish(
        "rooms_kill", settings, {"kills": [asdict(k) for k in found]}, bars, chosen.json
    )


if __name__ == "__main__":
    sys.exit(main())
