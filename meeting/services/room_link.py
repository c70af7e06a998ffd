"""The websocket to a room: kept open, looked for when it is lost, over when that is final.

A line counts as alive while bytes come in. Its death is found within `SILENT_S`, because a
network that swallows packets never says so; then a new connection is tried for as long as
the service has not said that the seat is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import urlsplit, urlunsplit

import structlog
from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from base.errors import ErrorCode
from base.wire import (
    SOCKET_PATH,
    SUBPROTOCOL,
    WIRE_VERSION,
    Bye,
    Hello,
    Live,
    Message,
    Over,
    Pointer,
    ServerMessage,
    Waiting,
    Welcome,
    pack,
    parse_server,
)
from meeting.model.link import (
    SETTLED_S,
    EndReason,
    LinkState,
    Phase,
    Retry,
    plan_after_close,
    wait_s,
)
from meeting.services.outbox import Outbox
from meeting.services.room_error import RoomError, fault
from meeting.services.room_http import RoomHttp, is_loopback

OPEN_S: Final = 4.0
PING_EVERY_S: Final = 2.0
SILENT_S: Final = 6.0
"""Nothing came for so long, not even the answer to a ping: the line is dead."""
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""Of the service; a whole board comes in one."""
PROBE_S: Final = 1.5
"""The same, when there is a reason to think that it is dead."""
FRAMES_WAITING: Final = 32
WRITE_BYTES: Final = 32 * 1024
"""That may wait in the program; and as much in the system, so that pings do not wait long."""
GOODBYE_S: Final = 1.0
_TCP_NOTSENT_LOWAT: Final = getattr(socket, "TCP_NOTSENT_LOWAT", 25)


class LinkUser(Protocol):
    """Who is told what comes over the line. All calls on the loop's thread."""

    def link_message(self, message: ServerMessage) -> None:
        """Take a message."""

    def link_binary(self, channel: int, content: bytes) -> None:
        """Take a binary frame."""

    def link_state(self, state: LinkState) -> None:
        """Take a new state of the line."""


class RoomLink:
    """A seat's line. Belongs to one event loop.

    Args:
        http: The service; it has the address, and what TLS is spoken with.
        token: The seat's.
        user: Who is told; what it raises is logged, and the line goes on.
    """

    def __init__(self, http: RoomHttp, token: str, user: LinkUser) -> None:
        self._http = http
        self._token = token
        self._user = user
        self._log = structlog.get_logger(__name__)
        self._loop = asyncio.get_running_loop()
        self.outbox = Outbox(self._loop.time())
        self.state = LinkState(Phase.CONNECTING)
        self.rtt_s: float | None = None
        self._work = asyncio.Event()
        self._retry = asyncio.Event()
        self._over: Over | None = None
        self._was_open = False
        self._is_leaving = False
        self._opened_at_s = 0.0
        self._tries = 0
        self._task = self._loop.create_task(self._run(), name="room-link")

    @property
    def is_open(self) -> bool:
        """Whether the service has taken the seat's token on this connection."""
        return self.state.phase is Phase.OPEN

    def wake(self) -> None:
        """Look for something to send."""
        self._work.set()

    def send(self, message: Message) -> None:
        """Send a command.

        Raises:
            RoomError: ROOM_OFFLINE when the line is not open, or holds too much.
        """
        if not self.is_open:
            raise RoomError(ErrorCode.ROOM_OFFLINE, type(message).__name__)
        self.outbox.put(message)
        self.wake()

    def send_fleeting(self, message: Live | Pointer) -> bool:
        """Send what is worth nothing later; return whether it will be tried."""
        if not self.is_open:
            return False
        if isinstance(message, Live):
            self.outbox.put_live(message)
        else:
            self.outbox.put_pointer(message)
        self.wake()
        return True

    def retry_now(self) -> None:
        """Try at once if the line is lost, and if it seems open look whether it is.

        For who knows of the network or of the machine waking up.
        """
        self._retry.set()

    async def leave(self) -> None:
        """Give the seat up, then close; a service that does not answer is left after 1 s."""
        self._is_leaving = True
        if self.is_open:
            with contextlib.suppress(RoomError):
                self.outbox.put(Bye())
                self.wake()
                await asyncio.wait([self._task], timeout=GOODBYE_S)
        await self._end(EndReason.LEFT)

    async def close(self) -> None:
        """Close and keep the seat, for as long as the service keeps it. Twice is harmless."""
        await self._end(EndReason.CLOSED)

    async def wait_over(self) -> EndReason:
        """Return why the line is over, when it is."""
        await asyncio.wait([self._task])
        return self.state.reason or EndReason.CLOSED

    async def _end(self, reason: EndReason) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if self.state.phase is not Phase.OVER:
            self._tell(LinkState(Phase.OVER, reason))

    async def _run(self) -> None:
        try:
            while True:
                plan = await self._connect_once()
                if isinstance(plan, EndReason):
                    self._tell(LinkState(Phase.OVER, plan))
                    return
                await self._pause(plan)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001  (whoever shows the line must not wait for ever)
            self._log.exception("link broke")
            self._tell(LinkState(Phase.OVER, EndReason.CLOSED))

    async def _connect_once(self) -> Retry | EndReason:
        self._over = None
        try:
            connection = await self._open()
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
            self._log.info("no line", error=f"{type(error).__name__}: {error}")
            return Retry.LATER
        try:
            code = await self._serve(connection)
        finally:
            self.outbox.clear()
            # Aborted rather than closed: a dead line would keep a cancelled call waiting.
            connection.transport.abort()
        self._log.info("line ended", code=code)
        return EndReason.LEFT if self._is_leaving else plan_after_close(code, self._over)

    async def _open(self) -> _Connection:
        parts = urlsplit(self._http.base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = parts.path.rstrip("/") + SOCKET_PATH
        address = urlunsplit((scheme, parts.netloc, path, "", ""))
        context = await self._http.context()
        opened = await connect(
            address,
            create_connection=_Connection,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            # Ink is packed already; deflating it costs the loop's thread.
            compression=None,
            open_timeout=OPEN_S,
            close_timeout=GOODBYE_S,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            max_queue=FRAMES_WAITING,
            write_limit=WRITE_BYTES,
            proxy=None if is_loopback(self._http.base_url) else True,
            ssl=context,
        )
        if not isinstance(opened, _Connection):
            raise TypeError("another kind of connection was made")
        _keep_little_in_the_system(opened.transport)
        return opened

    async def _serve(self, connection: _Connection) -> int | None:
        """Serve a connection until it ends and return the code of its close frame."""
        jobs: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(SILENT_S):
                await connection.send(pack(Hello(token=self._token, version=WIRE_VERSION)))
            self._work.set()
            self._retry.clear()
            jobs = [
                self._loop.create_task(self._write(connection), name="room-link-write"),
                self._loop.create_task(self._watch(connection), name="room-link-watch"),
            ]
            while True:
                self._receive(await connection.recv())
        except (ConnectionClosed, TimeoutError):
            return connection.close_code
        finally:
            for job in jobs:
                job.cancel()
            if jobs:
                await asyncio.wait(jobs)

    def _receive(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            if frame:
                self._guard(lambda: self._user.link_binary(frame[0], frame[1:]))
            return
        try:
            message = parse_server(frame)
        except ValueError as error:
            # A later service may say more than this client knows.
            self._log.warning("message makes no sense", error=str(fault(str(error)[:200])))
            return
        if isinstance(message, Over):
            self._over = message
        if isinstance(message, Welcome | Waiting) and not self.is_open:
            self._was_open = True
            self._opened_at_s = self._loop.time()
            self._tell(LinkState(Phase.OPEN))
        self._guard(lambda: self._user.link_message(message))

    async def _write(self, connection: _Connection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._work.clear()
                while self.is_open and (frame := self.outbox.take(self._loop.time())):
                    await connection.send(frame)
                await self._wait_for_work()

    async def _wait_for_work(self) -> None:
        wait = self.outbox.wait_s(self._loop.time()) if self.is_open else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._work.wait()

    async def _watch(self, connection: _Connection) -> None:
        """Ask for a sign of life; abort the connection when none comes."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                asked_s = self._loop.time()
                if asked_s - connection.heard_at_s > SILENT_S:
                    self._log.info("line is silent")
                    connection.transport.abort()
                    return
                await self._ping(connection)
                if not await self._is_hurried():
                    continue
                pong = await self._ping(connection)
                await asyncio.wait([pong], timeout=PROBE_S)
                if not pong.done():
                    self._log.info("line does not answer")
                    connection.transport.abort()
                    return

    async def _ping(self, connection: _Connection) -> asyncio.Future[float]:
        pong = asyncio.ensure_future(await connection.ping())
        pong.add_done_callback(self._note_rtt)
        return pong

    async def _is_hurried(self) -> bool:
        """Wait for the next ping; return whether somebody wants to know at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PING_EVERY_S):
                await self._retry.wait()
                self._retry.clear()
                return True
        return False

    def _note_rtt(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self.rtt_s = pong.result()

    async def _pause(self, plan: Retry) -> None:
        """Wait for the next try, or for somebody who knows that it is worth it now."""
        now_s = self._loop.time()
        if self.is_open and now_s - self._opened_at_s > SETTLED_S:
            self._tries = 0
        self._tries += 1
        phase = Phase.LOST if self._was_open else Phase.CONNECTING
        # The first try follows at once: most lines that break are there again.
        at_once = plan is Retry.AT_ONCE and self._tries == 1
        wait = 0.0 if at_once else wait_s(self._tries, random.random())  # noqa: S311  (jitter)
        self._retry.clear()
        self._tell(LinkState(phase, tries=self._tries, retry_in_s=wait))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._retry.wait()
        self._tell(LinkState(phase, tries=self._tries))

    def _tell(self, state: LinkState) -> None:
        self.state = state
        self._guard(lambda: self._user.link_state(state))

    def _guard(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:  # noqa: BLE001  (one listener's fault must not end the line)
            self._log.exception("listener failed")


class _Connection(ClientConnection):
    """Notes when something came last, also a piece of a message that is on its way."""

    heard_at_s = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.heard_at_s = self.loop.time()

    @override
    def data_received(self, data: bytes) -> None:
        self.heard_at_s = self.loop.time()
        super().data_received(data)


def _keep_little_in_the_system(transport: asyncio.Transport) -> None:
    # What lies in the system's buffer cannot be overtaken, and with megabytes of it the
    # answer to a ping comes too late on a thin line.
    sock = transport.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, WRITE_BYTES)
