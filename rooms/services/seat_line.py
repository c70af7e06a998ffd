"""What is on its way to one connection: bounded, and never in anybody's way.

Whoever says something in a room puts a frame into the line of each that hears it, and goes on;
each line has one task that sends. A reader that is too slow loses what is worth nothing later
(pieces of strokes under way, old positions of pointers), and is dropped when even the rest
piles up: it connects again and asks for what it lacks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol, TypeAlias

from base.wire import Close

Frame: TypeAlias = str | bytes

MAX_FRAMES: Final = 2048
"""A minute of a room's control messages, or 20 s of somebody drawing finished strokes fast."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""Room for a pasted board of the largest size, and what comes on top."""
SHED_FRAMES: Final = 64
"""As many waiting is half a second of four people: what is fleeting is left out from here."""
CLOSE_TIMEOUT_S: Final = 2.0
"""For saying why, to somebody who may not read at all."""


class Transport(Protocol):
    """A websocket, as the hub sees it."""

    async def receive(self) -> str | bytes | None:
        """Return the next frame; None when the other side is gone."""

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; waits while the other side does not read.

        Raises:
            ConnectionError: the other side is gone.
        """

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""


class Weight(Enum):
    """How much it matters that a frame arrives."""

    VITAL = auto()
    """Everything that is said once: never left out."""
    LIVE = auto()
    """A piece of a stroke under way: the finished one comes."""
    LATEST = auto()
    """Only the last one of its key counts."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame for many, packed once.

    Attributes:
        frame: As it is sent.
        weight: How much it matters.
        key: Of `Weight.LATEST`: what it replaces.
        sender: The seat that does not get it; empty for none.
    """

    frame: Frame
    weight: Weight = Weight.VITAL
    key: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Stands for a frame that is made when its turn comes."""

    key: str


class SeatLine:
    """The queue of one connection, and the task that empties it.

    Args:
        transport: Where frames go.
        max_frames: More waiting than this, and the reader is too slow.
        max_bytes: The same in bytes.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        max_frames: int = MAX_FRAMES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._transport = transport
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiting: deque[Parcel | _Asked] = deque()
        self._latest: dict[str, Frame] = {}
        self._asked: dict[str, Callable[[], Frame | None]] = {}
        self._bytes = 0
        self._wake = asyncio.Event()
        self._end: tuple[Close, str] | None = None
        self._is_gone = False
        self._sender: asyncio.Task[object] | None = None

    @property
    def is_open(self) -> bool:
        """Whether frames are still taken."""
        return self._end is None and not self._is_gone

    @property
    def end(self) -> Close | None:
        """Why the line was ended from this side; None when it was not."""
        return None if self._end is None else self._end[0]

    def put(self, parcel: Parcel) -> None:
        """Put a frame into the queue; one that is fleeting is left out when that is long."""
        if not self.is_open:
            return
        if parcel.weight is Weight.LIVE and len(self._waiting) >= SHED_FRAMES:
            return
        if parcel.weight is Weight.LATEST:
            is_known = parcel.key in self._latest
            self._latest[parcel.key] = parcel.frame
            if is_known:
                return
        self._waiting.append(parcel)
        self._bytes += len(parcel.frame)
        self._wake.set()
        if len(self._waiting) > self._max_frames or self._bytes > self._max_bytes:
            self.finish(Close.TOO_SLOW, "too slow", at_once=True)

    def ask(self, key: str, make: Callable[[], Frame | None]) -> None:
        """Have a frame made when its turn comes, from what there is then.

        Asked again before that, it is made once, as it was asked for last.
        """
        if not self.is_open:
            return
        if key not in self._asked:
            self._waiting.append(_Asked(key))
        self._asked[key] = make
        self._wake.set()

    def finish(self, code: Close, reason: str, *, at_once: bool = False) -> None:
        """Close the connection when all that waits is sent, or without that."""
        if self._end is None:
            self._end = (code, reason)
        if at_once:
            self._waiting.clear()
            if self._sender is not None:
                self._sender.cancel()
        self._wake.set()

    async def run(self) -> None:
        """Send until the line is finished or the other side is gone. Never raises for that."""
        self._sender = asyncio.current_task()
        try:
            while await self._has_more():
                frame = self._next()
                if frame is not None:
                    await self._transport.send(frame)
        except ConnectionError:
            pass
        finally:
            self._is_gone = True
            self._waiting.clear()
            self._latest.clear()

    async def close(self) -> None:
        """Say why it is over, if this side ended it; gives up on who does not listen."""
        self._is_gone = True
        if self._end is None:
            return
        code, reason = self._end
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._transport.close(code, reason)

    async def _has_more(self) -> bool:
        while not self._waiting:
            if self._end is not None:
                return False
            self._wake.clear()
            await self._wake.wait()
        return True

    def _next(self) -> Frame | None:
        entry = self._waiting.popleft()
        if isinstance(entry, _Asked):
            return self._asked.pop(entry.key)()
        self._bytes -= len(entry.frame)
        if entry.weight is Weight.LATEST:
            return self._latest.pop(entry.key)
        return entry.frame
