"""Waiting inside an event loop for what a client tells its listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from meeting.model.link import EndReason, Phase
from meeting.services.room_session import RoomSession

PATIENCE_S = 20.0


async def until(
    session: RoomSession, is_so: Callable[[], object], patience_s: float = PATIENCE_S
) -> None:
    """Return when something is so that a message or a state of the line can bring about."""
    news = asyncio.Event()
    stops = [
        session.on_room(lambda _room: news.set()),
        session.on_state(lambda _state: news.set()),
    ]
    try:
        async with asyncio.timeout(patience_s):
            while not is_so():
                news.clear()
                await news.wait()
    finally:
        for stop in stops:
            stop()


async def until_in(session: RoomSession) -> None:
    """Return when the line is open and the seat past the lobby."""
    await until(session, lambda: session.state.phase is Phase.OPEN and session.room.is_in)


async def until_over(session: RoomSession) -> EndReason:
    """Return why the line is over, when it is."""
    await until(session, lambda: session.state.phase is Phase.OVER)
    assert session.state.reason is not None
    return session.state.reason


async def poll(is_so: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return when something is so that nobody announces."""
    async with asyncio.timeout(patience_s):
        while not is_so():
            await asyncio.sleep(0.005)
