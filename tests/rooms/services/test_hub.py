"""What runs out in rooms, and when: with a clock that is set by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from base.wire import WIRE_VERSION, JoinAsked, Joined, OpenAsked, Problem
from rooms.model.callers import KioskCaller
from rooms.model.refusal import Refused
from rooms.services.config import RoomsSettings
from rooms.services.hub import Hub
from rooms.services.services import open_services

KIOSK = KioskCaller("k1", "Room 1")
ADDRESS = "192.0.2.1"


class HandClock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 9, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s


class Pipe:
    """A websocket without a network."""

    def __init__(self) -> None:
        self.to_hub: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.heard: list[Any] = []
        self.code: int | None = None
        self.news = asyncio.Event()

    async def receive(self) -> str | bytes | None:
        return await self.to_hub.get()

    async def send(self, frame: str | bytes) -> None:
        self.heard.append(json.loads(frame) if isinstance(frame, str) else frame)
        self.news.set()

    async def close(self, code: int, reason: str) -> None:
        self.code = code
        self.news.set()

    def say(self, **message: Any) -> None:
        self.to_hub.put_nowait(json.dumps(message))

    async def wait_for(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                for message in self.heard:
                    if isinstance(message, dict) and found(message):
                        return message
                self.news.clear()
                await self.news.wait()

    async def wait_for_kind(self, kind: str) -> dict[str, Any]:
        return await self.wait_for(lambda message: message["t"] == kind)


class House:
    """A service in this event loop, and its connections."""

    def __init__(self, hub: Hub, clock: HandClock) -> None:
        self.hub, self.clock = hub, clock
        self.serving: list[asyncio.Task[None]] = []
        self.gone: asyncio.Queue[str] = asyncio.Queue()

    def dial(self, joined: Joined) -> Pipe:
        pipe = Pipe()
        self.serving.append(asyncio.create_task(self.hub.serve(pipe, ADDRESS)))
        pipe.say(t="hello", token=joined.token, version=WIRE_VERSION)
        return pipe

    async def host(self, room: str) -> Pipe:
        pipe = self.dial(await self.hub.take_seat(room, KIOSK, "", ADDRESS))
        await pipe.wait_for_kind("welcome")
        return pipe

    async def knock(self, key: str) -> tuple[Joined, Pipe]:
        joined = await self.hub.join(JoinAsked(key=key), ADDRESS)
        pipe = self.dial(joined)
        await pipe.wait_for_kind("waiting")
        return joined, pipe

    async def guest(self, key: str, host: Pipe) -> tuple[Joined, Pipe]:
        joined, pipe = await self.knock(key)
        host.say(t="admit", seat=joined.seat)
        await pipe.wait_for_kind("welcome")
        return joined, pipe


@asynccontextmanager
async def house(
    tmp_path: Path, clock: HandClock | None = None, **settings: Any
) -> AsyncIterator[House]:
    clock = clock or HandClock()
    known = RoomsSettings(data_dir=tmp_path / "rooms", **settings)
    async with open_services(known, clock) as services:
        made = House(services.hub, clock)

        async def note_gone(room: str) -> None:
            made.gone.put_nowait(room)

        services.hub.on_room_gone.append(note_gone)
        yield made
        for pipe in made.serving:
            pipe.cancel()
        await asyncio.gather(*made.serving, return_exceptions=True)


def test_lost_seat_is_kept_for_two_minutes_and_no_longer(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            host = await here.host(opened.room)
            joined, pipe = await here.guest(opened.key, host)
            pipe.to_hub.put_nowait(None)
            await host.wait_for(lambda m: m["t"] == "seat" and not m["seat"]["connected"])
            here.clock.passed_s += 119
            again = here.dial(joined)
            await again.wait_for_kind("welcome")
            host.heard.clear()
            again.to_hub.put_nowait(None)
            await host.wait_for(lambda m: m["t"] == "seat" and not m["seat"]["connected"])
            here.clock.passed_s += 121
            left = await host.wait_for_kind("seat_left")
            assert left["seat"] == joined.seat

    asyncio.run(run())


def test_room_ends_when_its_time_is_up(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            asked = OpenAsked(open_for_s=3600)
            opened = await here.hub.open_room(asked, KIOSK, ADDRESS)
            host = await here.host(opened.room)
            here.clock.passed_s += 3601
            over = await host.wait_for_kind("over")
            assert over["reason"] == "time"
            with pytest.raises(Refused, match="wrong_key"):
                await here.hub.join(JoinAsked(key=opened.key), ADDRESS)

    asyncio.run(run())


def test_room_where_nobody_is_ends(tmp_path):
    async def run() -> None:
        async with house(tmp_path, files_after_minutes=0) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            here.clock.passed_s += 2 * 3600 + 1
            async with asyncio.timeout(10):
                assert await here.gone.get() == opened.room

    asyncio.run(run())


def test_room_is_forgotten_when_its_files_were_long_enough_to_be_had(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            host = await here.host(opened.room)
            joined, pipe = await here.guest(opened.key, host)
            host.say(t="end")
            await pipe.wait_for_kind("over")
            caller = await here.hub.seat_of(joined.token)
            assert caller is not None
            assert caller.may_fetch
            here.clock.passed_s += 601
            async with asyncio.timeout(10):
                assert await here.gone.get() == opened.room
            while await here.hub.seat_of(joined.token) is not None:
                await asyncio.sleep(0)
            with pytest.raises(Refused, match="not_found"):
                await here.hub.room(opened.room)

    asyncio.run(run())


def test_lobby_and_room_hear_at_once_that_a_room_is_kept(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            host = await here.host(opened.room)
            _, guest = await here.guest(opened.key, host)
            _, lobby = await here.knock(opened.key)
            host.say(t="set_room", kept=True)
            await lobby.wait_for(lambda one: one["t"] == "waiting" and one["room"]["kept"])
            await guest.wait_for(lambda one: one["t"] == "room" and one["room"]["kept"])
            assert (await here.hub.room(opened.room)).kept

    asyncio.run(run())


def test_planned_room_opens_when_its_time_comes(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            asked = OpenAsked(opens_in_s=600, open_for_s=600)
            opened = await here.hub.open_room(asked, KIOSK, ADDRESS)
            with pytest.raises(Refused) as refused:
                await here.hub.join(JoinAsked(key=opened.key), ADDRESS)
            assert (refused.value.problem, refused.value.retry_s) == (
                Problem.ROOM_NOT_YET,
                pytest.approx(600, abs=1),
            )
            here.clock.passed_s += 601
            await here.knock(opened.key)

    asyncio.run(run())


def test_restart_takes_up_seats_lobby_and_what_was_shown(tmp_path):
    async def run() -> None:
        clock = HandClock()
        async with house(tmp_path, clock) as here:
            opened = await here.hub.open_room(OpenAsked(title="相談"), KIOSK, ADDRESS)
            host = await here.host(opened.room)
            guest, pipe = await here.guest(opened.key, host)
            waiting, _ = await here.knock(opened.key)
            host.say(t="page", page="p7")
            await pipe.wait_for_kind("page")
        async with house(tmp_path, clock) as here:
            welcome = await here.dial(guest).wait_for_kind("welcome")
            assert (welcome["room"]["title"], welcome["room"]["page"]) == ("相談", "p7")
            assert (await here.dial(waiting).wait_for_kind("waiting"))["seat"] == waiting.seat

    asyncio.run(run())


def test_five_wrong_keys_lock_an_address_out_and_no_other(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            for _ in range(5):
                with pytest.raises(Refused):
                    await here.hub.join(JoinAsked(key="1212-1212"), ADDRESS)
            with pytest.raises(Refused, match="locked_out"):
                await here.hub.join(JoinAsked(key=opened.key), ADDRESS)
            assert await here.hub.join(JoinAsked(key=opened.key), "192.0.2.2")

    asyncio.run(run())


def test_many_who_knock_are_told_as_fifty_and_a_number(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            host = await here.host(opened.room)
            for _ in range(200):
                here.dial(await here.hub.join(JoinAsked(key=opened.key), ADDRESS))
            knocks = await host.wait_for(lambda m: m["t"] == "knocks" and m["total"] == 200)
            assert len(knocks["knocks"]) == 50

    asyncio.run(run())


def test_room_of_another_display_is_not_its_own(tmp_path):
    async def run() -> None:
        async with house(tmp_path) as here:
            opened = await here.hub.open_room(OpenAsked(), KIOSK, ADDRESS)
            other = KioskCaller("k2", "Room 2")
            assert here.hub.may_manage(opened.room, KIOSK)
            assert not here.hub.may_manage(opened.room, other)
            assert await here.hub.rooms_of(other) == []

    asyncio.run(run())
