"""Documents in a room: until the first page is there, and any other page when it is asked for.

    python -m benchmarks.rooms_pages --json out.json

A display shares a deck of 200 slides and asks for the picture of its first page at once, as a
phone does (1280 px); the time runs from the first byte of the deck to the last of the picture.
The page process is cold in the first round; a deck goes with its room before the next one
comes. Then pages are asked for in no order while the service makes the others ahead, and again
when all are made.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx

from base.wire import Joined, Opened
from benchmarks.report import finish, parser, progress
from benchmarks.room_people import Door
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, percentiles
from tools.sample_documents import cached

CACHE: Final = Path(tempfile.gettempdir()) / "kokuban-bench-documents"
SHEETS: Final = 200
ROUNDS: Final = 10
ASKED: Final = 60
WIDTH: Final = 1280
FIRST_S: Final = 1.0
ASKED_MS: Final = 300.0
READY_MS: Final = 50.0


@dataclass(frozen=True, slots=True)
class Pages:
    """What was measured.

    Attributes:
        first_s: Of each round, from sharing to the first page.
        asked_ms: Of each page asked for while others are made.
        all_s: Until all pages are made in all widths.
        ready_ms: Of each page asked for when all are made.
        picture_kb: Of all pictures together.
    """

    first_s: list[float]
    asked_ms: list[float]
    all_s: float
    ready_ms: list[float]
    picture_kb: int


async def measure(door: Door, data: bytes, rounds: int, folder: Path) -> Pages:
    """Share the deck again and again, each time as another document; then read in one."""
    async with door.client() as host, door.client() as client:
        first_s: list[float] = []
        for number in range(rounds):
            room, seat = await _open_room(host)
            client.headers["Authorization"] = f"Bearer {seat}"
            # What follows the end of a PDF is not read, and gives it another hash.
            other = data + f"\n%{number}".encode()
            sha256 = hashlib.sha256(other).hexdigest()
            begun_s = time.perf_counter()
            answer = await client.post(f"/api/v1/rooms/{room}/documents", content=other)
            answer.raise_for_status()
            await _picture(client, room, sha256, 0)
            first_s.append(time.perf_counter() - begun_s)
            progress(f"first page {number + 1}/{rounds}: {first_s[-1]:.2f} s")
            if number + 1 < rounds:
                (await host.post(f"/api/v1/rooms/{room}/end")).raise_for_status()
        made = folder / "documents" / sha256
        rng = random.Random(4)
        asked_ms = [
            await _timed_ms(client, room, sha256, sheet)
            for sheet in rng.sample(range(20, SHEETS), ASKED)
        ]
        progress(f"asked for: {percentiles(asked_ms)} ms")
        await asyncio.to_thread(_wait_for_pictures, made)
        all_s = time.perf_counter() - begun_s
        ready_ms = [
            await _timed_ms(client, room, sha256, sheet)
            for sheet in rng.sample(range(SHEETS), ASKED)
        ]
        size = sum(path.stat().st_size for path in made.glob("*.webp"))
        return Pages(first_s, asked_ms, all_s, ready_ms, size // 1000)


async def _open_room(client: httpx.AsyncClient) -> tuple[str, str]:
    answer = await client.post("/api/v1/rooms", json={})
    room = Opened.model_validate_json(answer.content).room
    answer = await client.post(f"/api/v1/rooms/{room}/seats", json={})
    return room, Joined.model_validate_json(answer.content).token


def _wait_for_pictures(folder: Path) -> None:
    while len(list(folder.glob("*.webp"))) < 3 * SHEETS:
        time.sleep(0.2)


async def _timed_ms(client: httpx.AsyncClient, room: str, sha256: str, sheet: int) -> float:
    begun_s = time.perf_counter()
    await _picture(client, room, sha256, sheet)
    return 1000 * (time.perf_counter() - begun_s)


async def _picture(client: httpx.AsyncClient, room: str, sha256: str, sheet: int) -> None:
    url = f"/api/v1/rooms/{room}/documents/{sha256}/{sheet}/{WIDTH}.webp"
    answer = await client.get(url)
    answer.raise_for_status()
    if answer.headers["X-Kokuban-Page"] != "shown":
        raise ValueError(f"sheet {sheet} cannot be read")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    chosen = options.parse_args(arguments)
    rounds = chosen.rounds or ROUNDS
    data = cached("slides", CACHE, pages=SHEETS).read_bytes()
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as name:
        folder = Path(name)
        with running_service(folder, files_after_minutes=0) as service:
            pages = asyncio.run(measure(service.door, data, rounds, folder))
    first, asked = percentiles(pages.first_s), percentiles(pages.asked_ms)
    ready = percentiles(pages.ready_ms)
    results = {
        "first_s": asdict(first),
        "asked_ms": asdict(asked),
        "ready_ms": asdict(ready),
        "all_s": pages.all_s,
        "picture_kb": pages.picture_kb,
        "runs": asdict(pages),
    }
    settings = {
        "sheets": SHEETS, "document_bytes": len(data), "rounds": rounds, "width_px": WIDTH
    }  # fmt: skip
    bars = [
        Bar("sharing to the first page, p95 s", first.p95, at_most=FIRST_S),
        Bar("page asked for while others are made, p95 ms", asked.p95, at_most=ASKED_MS),
        Bar("page that is made, p95 ms", ready.p95, at_most=READY_MS),
    ]
    return finish("rooms_pages", settings, results, bars, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
