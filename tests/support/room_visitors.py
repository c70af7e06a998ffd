"""People at the door of a real service, good ones and others: they speak the wire by hand.

What a browser or our own client would never send is the point of them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from base.wire import SOCKET_PATH, SUBPROTOCOL, WIRE_VERSION, Channel, Joined, Opened

PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class Visitor:
    """Somebody with a websocket, and all that ever came over it.

    Attributes:
        joined: Their seat and token.
        texts: Messages, oldest first.
        binaries: Binary frames, oldest first.
        close_code: With which the service closed the connection; None while it is open.
    """

    joined: Joined
    socket: ClientConnection
    texts: list[dict[str, Any]] = field(default_factory=list)
    binaries: list[bytes] = field(default_factory=list)
    close_code: int | None = None
    _news: threading.Condition = field(default_factory=threading.Condition)
    _reader: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take what the service sends."""
        self._reader = threading.Thread(target=self._read, name=f"reads {self.joined.seat}")
        self._reader.start()

    def hello(self) -> None:
        """Say who this is."""
        self.send({"t": "hello", "token": self.joined.token, "version": WIRE_VERSION})

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.socket.send(json.dumps(message))

    def send_raw(self, frame: str | bytes) -> None:
        """Send anything at all; a connection that is closed by then takes nothing."""
        try:
            self.socket.send(frame)
        except ConnectionClosed:
            return

    def send_binary(self, channel: int, data: bytes) -> None:
        """Send a binary frame."""
        self.send_raw(bytes([channel]) + data)

    def wait_for(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the first message of a kind with these fields, once it is there.

        Raises:
            TimeoutError: it does not come.
        """

        def found() -> dict[str, Any] | None:
            for message in self.texts:
                if message["t"] == kind and all(message[k] == v for k, v in fields.items()):
                    return message
            return None

        return self.until(found, f"{kind} {fields}")

    def wait_until_closed(self) -> int:
        """Return the code with which the service closes the connection.

        Raises:
            TimeoutError: it does not.
        """
        return self.until(lambda: self.close_code, "the end")

    def wait_for_binary(self, channel: int, holding: bytes = b"") -> bytes:
        """Return the first binary frame of a channel that has these bytes in it."""

        def found() -> bytes | None:
            for frame in self.binaries:
                if frame[0] == channel and holding in frame:
                    return frame
            return None

        return self.until(found, f"binary {channel}")

    def is_answered(self) -> None:
        """Wait until all that was sent before has been handled: a ping goes round."""
        n = int(time.monotonic() * 1e6)
        self.send({"t": "ping", "n": n})
        self.wait_for("pong", n=n)

    def has_seat(self, seat: str) -> bool | None:
        """Return whether a seat was told to be connected; None while it was not."""
        told = [text["seat"] for text in self.texts if text["t"] == "seat"]
        return any(one["id"] == seat and one["connected"] for one in told) or None

    def kinds(self) -> set[str]:
        """Return the kinds of messages that came."""
        with self._news:
            return {message["t"] for message in self.texts}

    def everything(self) -> bytes:
        """Return all that came, as one run of bytes to search in."""
        with self._news:
            texts = [json.dumps(text, ensure_ascii=False).encode() for text in self.texts]
            return b"\0".join([*texts, *self.binaries])

    def leave(self) -> None:
        """Close the connection."""
        self.socket.close()
        if self._reader is not None:
            self._reader.join(PATIENCE_S)

    def _read(self) -> None:
        try:
            for frame in self.socket:
                with self._news:
                    if isinstance(frame, str):
                        self.texts.append(json.loads(frame))
                    else:
                        self.binaries.append(bytes(frame))
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        with self._news:
            self.close_code = self.socket.close_code or 1006
            self._news.notify_all()

    def until(self, found: Callable[[], Any], what: str) -> Any:
        """Return what `found` returns once it is not None; looked for after each frame."""
        deadline_s = time.monotonic() + PATIENCE_S
        with self._news:
            while (value := found()) is None:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or (self.close_code is not None and what != "the end"):
                    closed = f", closed with {self.close_code}" if self.close_code else ""
                    raise TimeoutError(f"{what} did not come{closed}: {sorted(self.kinds())}")
                self._news.wait(left_s)
            return value


class Door:
    """A service, and the ways in.

    Args:
        base_url: Of the service.
        display_token: Of a display that is paired.
    """

    def __init__(self, base_url: str, display_token: str) -> None:
        self.base_url = base_url
        self.display_token = display_token
        self._stack = ExitStack()

    def __enter__(self) -> Door:
        self.http = self._stack.enter_context(
            httpx.Client(base_url=self.base_url, timeout=30, trust_env=False)
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def display(self) -> dict[str, str]:
        """The headers of the display."""
        return bearer(self.display_token)

    def open_room(self, **asked: Any) -> Opened:
        """Open a room as the display."""
        answer = self.http.post("/api/v1/rooms", json=asked, headers=self.display)
        assert answer.is_success, answer.text
        return Opened.model_validate_json(answer.content)

    def take_seat(self, room: str, name: str = "") -> Joined:
        """Take the display's own seat."""
        answer = self.http.post(
            f"/api/v1/rooms/{room}/seats", json={"name": name}, headers=self.display
        )
        assert answer.is_success, answer.text
        return Joined.model_validate_json(answer.content)

    def type_key(self, key: str, name: str = "", **headers: str) -> httpx.Response:
        """Type a key, right or wrong."""
        return self.http.post("/api/v1/join", json={"key": key, "name": name}, headers=headers)

    def join(self, key: str, name: str = "") -> Joined:
        """Type a right key."""
        answer = self.type_key(key, name)
        assert answer.is_success, answer.text
        return Joined.model_validate_json(answer.content)

    def upload(self, room: str, joined: Joined, name: str, content: bytes) -> dict[str, Any]:
        """Hand a file over and return what the service says of it."""
        answer = self.http.post(
            f"/api/v1/rooms/{room}/files",
            content=content,
            headers={**bearer(joined.token), "X-File-Name": quote(name, safe="")},
        )
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fetch(self, room: str, joined: Joined, below: str) -> bytes:
        """Return what lies below the room's address."""
        answer = self.http.get(f"/api/v1/rooms/{room}/{below}", headers=bearer(joined.token))
        assert answer.is_success, answer.text
        return answer.content

    def dial(self, joined: Joined, **options: Any) -> Visitor:
        """Open a websocket and say nothing yet; it is closed with the door."""
        coming = connect(
            self.base_url.replace("http", "ws", 1) + SOCKET_PATH,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            max_size=None,
            compression=None,
            proxy=None,
            **{"open_timeout": PATIENCE_S, "close_timeout": 1, **options},
        )
        socket = self._stack.enter_context(coming)
        visitor = Visitor(joined, socket)
        visitor.start()
        self._stack.callback(visitor.leave)
        return visitor

    def come_in(self, joined: Joined) -> Visitor:
        """Open a websocket and say hello."""
        visitor = self.dial(joined)
        visitor.hello()
        return visitor

    def host(self, room: str) -> Visitor:
        """Take the display's seat and be in the room."""
        visitor = self.come_in(self.take_seat(room))
        visitor.wait_for("welcome")
        return visitor

    def knock(self, key: str, name: str = "") -> Visitor:
        """Type a key and wait in the lobby."""
        visitor = self.come_in(self.join(key, name))
        visitor.wait_for("waiting")
        return visitor

    def guest(self, key: str, host: Visitor, name: str = "") -> Visitor:
        """Type a key and be let in."""
        visitor = self.knock(key, name)
        host.send({"t": "admit", "seat": visitor.joined.seat})
        visitor.wait_for("welcome")
        # The host's own socket hears of it a moment later.
        host.until(lambda: host.has_seat(visitor.joined.seat), f"seat {visitor.joined.seat}")
        return visitor


@dataclass(frozen=True, slots=True)
class Party:
    """A room with the display and guests in it."""

    opened: Opened
    host: Visitor
    guests: tuple[Visitor, ...]

    @property
    def guest(self) -> Visitor:
        """The first guest."""
        return self.guests[0]


@contextmanager
def party(door: Door, guests: int = 1, **asked: Any) -> Iterator[Party]:
    """Open a room with guests in it, and end it."""
    opened = door.open_room(**asked)
    host = door.host(opened.room)
    made = Party(
        opened, host, tuple(door.guest(opened.key, host, f"guest {n}") for n in range(guests))
    )
    yield made
    door.http.post(f"/api/v1/rooms/{opened.room}/end", headers=door.display)


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def board_update(change: Callable[[Any], None], base: bytes = b"") -> bytes:
    """Return the Yjs update of a change to a document."""
    from pycrdt import Doc

    document: Any = Doc()
    if base:
        document.apply_update(base)
    before = document.get_state()
    with document.transaction():
        change(document)
    return bytes(document.get_update(before))


BOARD: Final = Channel.BOARD_UPDATE
NOTES: Final = Channel.NOTES_UPDATE
