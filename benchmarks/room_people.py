"""People in consultation rooms, made of nothing but messages: the load of the benchmarks.

They speak the wire by hand, not through the display's client: a hundred of them have to fit
beside the service on a machine with two cores, and their own work must not be what is measured.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from base.wire import SOCKET_PATH, SUBPROTOCOL, WIRE_VERSION, Channel, Joined, Opened

PATIENCE_S: Final = 30.0
OnText = Callable[["Person", str, float], None]
OnBinary = Callable[["Person", bytes, float], None]


@dataclass(frozen=True, slots=True)
class Door:
    """Where people ask for rooms and seats, and the right to open rooms.

    Attributes:
        base_url: Of the service.
        token: Of a display that is paired.
    """

    base_url: str
    token: str

    @property
    def socket_url(self) -> str:
        """Where the websockets go."""
        return self.base_url.replace("http", "ws", 1) + SOCKET_PATH

    def client(self) -> httpx.AsyncClient:
        """Return a client that may open rooms; the caller closes it."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_S,
            trust_env=False,
        )


@dataclass(slots=True)
class Person:
    """Somebody with a seat and an open websocket.

    Attributes:
        joined: The seat and its token.
        closed: The code with which the service closed the connection; 0 while it is open.
        on_text: Called with every text frame and the loop's time of its arrival, s.
        on_binary: The same for binary frames.
    """

    joined: Joined
    socket: ClientConnection
    on_text: OnText | None = None
    on_binary: OnBinary | None = None
    closed: int = 0
    _latest: dict[str, dict[str, object]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    async def send(self, message: dict[str, object]) -> None:
        """Send one message."""
        await self.socket.send(json.dumps(message))

    async def send_update(self, update: bytes) -> None:
        """Send a change of the board."""
        await self.socket.send(bytes([Channel.BOARD_UPDATE]) + update)

    async def wait_for(self, *kinds: str) -> dict[str, object]:
        """Return the latest message of one of these kinds, once there is one.

        Raises:
            TimeoutError: none came.
            ConnectionError: the service closed the connection.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for kind in kinds:
                    if kind in self._latest:
                        return self._latest[kind]
                if self.closed:
                    raise ConnectionError(f"closed with {self.closed}")
                self._news.clear()
                await self._news.wait()

    async def leave(self) -> None:
        """Close the connection."""
        await self.socket.close()
        if self._reading is not None:
            await self._reading

    def start_reading(self) -> None:
        """Begin to take what the service sends."""
        self._reading = asyncio.create_task(self._read(), name=f"reads {self.joined.seat}")

    async def _read(self) -> None:
        now = asyncio.get_running_loop().time
        try:
            async for frame in self.socket:
                if isinstance(frame, str):
                    self._take_text(frame, now())
                elif self.on_binary is not None:
                    self.on_binary(self, frame, now())
        except ConnectionClosed:
            pass
        self.closed = self.socket.close_code or 1006
        self._news.set()

    def _take_text(self, frame: str, at_s: float) -> None:
        # Strokes and pointers are nearly all there is; they are for the measurement alone.
        if frame.startswith(('{"t":"live"', '{"t":"pointer"')):
            if self.on_text is not None:
                self.on_text(self, frame, at_s)
            return
        message = json.loads(frame)
        self._latest[message["t"]] = message
        self._news.set()
        if self.on_text is not None:
            self.on_text(self, frame, at_s)


async def open_room(client: httpx.AsyncClient, **asked: object) -> Opened:
    """Open a room as the display."""
    answer = await client.post("/api/v1/rooms", json=asked)
    answer.raise_for_status()
    return Opened.model_validate_json(answer.content)


async def take_seat(client: httpx.AsyncClient, room: str, name: str = "") -> Joined:
    """Take the display's own seat."""
    answer = await client.post(f"/api/v1/rooms/{room}/seats", json={"name": name})
    answer.raise_for_status()
    return Joined.model_validate_json(answer.content)


async def join(client: httpx.AsyncClient, key: str, name: str = "") -> Joined:
    """Type a key."""
    answer = await client.post(
        "/api/v1/join", json={"key": key, "name": name}, headers={"Authorization": ""}
    )
    answer.raise_for_status()
    return Joined.model_validate_json(answer.content)


async def come_in(
    door: Door,
    joined: Joined,
    *,
    on_text: OnText | None = None,
    on_binary: OnBinary | None = None,
) -> Person:
    """Open the websocket of a seat and say hello."""
    socket = await connect(
        door.socket_url,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        max_size=None,
        compression=None,
        proxy=None,
        open_timeout=PATIENCE_S,
        # The load generator may be late; that is no reason to cut a line.
        ping_interval=None,
    )
    person = Person(joined, socket, on_text, on_binary)
    person.start_reading()
    await person.send({"t": "hello", "token": joined.token, "version": WIRE_VERSION})
    return person


@dataclass(slots=True)
class Company:
    """A room and those in it: the display first, then its guests."""

    opened: Opened
    people: list[Person]

    async def leave(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(person.leave() for person in self.people))


async def gather_company(
    door: Door,
    client: httpx.AsyncClient,
    guests: int,
    *,
    on_text: OnText | None = None,
    on_binary: OnBinary | None = None,
    **asked: object,
) -> Company:
    """Open a room, let guests type its key and wait, and let them in."""
    opened = await open_room(client, guest_limit=max(guests, 1), **asked)
    host = await come_in(
        door, await take_seat(client, opened.room), on_text=on_text, on_binary=on_binary
    )
    await host.wait_for("welcome")
    people = [host]
    for number in range(guests):
        joined = await join(client, opened.key, f"guest {number}")
        guest = await come_in(door, joined, on_text=on_text, on_binary=on_binary)
        await guest.wait_for("waiting")
        await host.send({"t": "admit", "seat": joined.seat})
        await guest.wait_for("welcome")
        people.append(guest)
    return Company(opened, people)


async def gather_companies(
    door: Door, count: int, guests: int, at_once: int = 8, **others: object
) -> Sequence[Company]:
    """Fill many rooms, some at a time: a queue at the door is not what is measured."""
    gate = asyncio.Semaphore(at_once)
    async with door.client() as client:

        async def one() -> Company:
            async with gate:
                return await gather_company(door, client, guests, **others)  # type: ignore[arg-type]

        return await asyncio.gather(*(one() for _ in range(count)))
