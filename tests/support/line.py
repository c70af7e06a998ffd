"""A line between a client and a service that a test can cut: a TCP relay on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

_NOWHERE = "http://127.0.0.1:9"
"""Port 9 discards what it gets, where there is anything at all."""


class Line:
    """Relays every connection; see `open_line`.

    Attributes:
        url: What the client is given in the service's place.
    """

    def __init__(self, target: str) -> None:
        self.lead_to(target)
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_refusing = False
        self._accepted: set[asyncio.Task[None]] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.most_bytes: int | None = None
        self.to_client_bps: float | None = None
        self.url = ""

    def lead_to(self, target: str) -> None:
        """Relay new connections to another service."""
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)

    def swallow(self) -> None:
        """Let nothing through from now on, and say nothing of it: a network that is gone."""
        self._flows.clear()

    def forget(self) -> None:
        """Lose all that the connections of now carry, for ever, and tell neither side.

        As a router does that was started again: new connections are good.
        """
        self._deaf = set(self._jobs)

    def narrow(self, to_client_bps: float) -> None:
        """Carry no more than that many bits a second to the client, on each connection."""
        self.to_client_bps = to_client_bps

    def cut(self) -> None:
        """Reset all connections and refuse new ones."""
        self._is_refusing = True
        self.reset()

    def reset(self) -> None:
        """Reset all connections; new ones are good."""
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let everything through again."""
        self._is_refusing = False
        self._flows.set()

    def break_after(self, count: int) -> None:
        """Reset each connection once it has brought this many bytes to the client."""
        self.most_bytes = count

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_refusing:
            writer.transport.abort()
            return
        self.connections += 1
        me = asyncio.current_task()
        assert me is not None
        self._accepted.add(me)
        me.add_done_callback(self._accepted.discard)
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, there_writer}
        jobs = [
            asyncio.ensure_future(self._relay(reader, there_writer)),
            asyncio.ensure_future(self._relay(there_reader, writer, is_to_client=True)),
        ]
        self._jobs.update(jobs)
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)
        self._jobs.difference_update(jobs)
        for one in (writer, there_writer):
            one.transport.abort()
            self._writers.discard(one)

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        is_to_client: bool = False,
    ) -> None:
        most = self.most_bytes if is_to_client else None
        with contextlib.suppress(OSError):
            passed = 0
            while piece := await reader.read(16_384):
                await self._flows.wait()
                if asyncio.current_task() in self._deaf:
                    continue
                if is_to_client and self.to_client_bps is not None:
                    await asyncio.sleep(8 * len(piece) / self.to_client_bps)
                writer.write(piece)
                await writer.drain()
                passed += len(piece)
                if most is not None and passed >= most:
                    return
            # The other direction may go on; half a connection is enough to end this one.

    async def close(self) -> None:
        for job in tuple(self._jobs):
            job.cancel()
        if self._accepted:
            await asyncio.wait(self._accepted)


@asynccontextmanager
async def open_line(target: str) -> AsyncIterator[Line]:
    """Open a relay to the service at `target` on a free port of loopback."""
    line = Line(target)
    server = await asyncio.start_server(line.accept, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.reset()
        await line.close()
        await server.wait_closed()


class LineOfThread:
    """A line that runs on a thread of its own, for tests that wait for a browser meanwhile."""

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._line = line
        self._loop = loop

    @property
    def url(self) -> str:
        """What the browser is given in the service's place."""
        return self._line.url

    @property
    def connections(self) -> int:
        """How many connections there were so far."""
        return self._line.connections

    def narrow(self, to_client_bps: float) -> None:
        """See `Line`."""
        self._do(lambda: self._line.narrow(to_client_bps))

    def lead_to(self, target: str) -> None:
        """See `Line`."""
        self._do(lambda: self._line.lead_to(target))

    def swallow(self) -> None:
        """See `Line`."""
        self._do(self._line.swallow)

    def forget(self) -> None:
        """See `Line`."""
        self._do(self._line.forget)

    def cut(self) -> None:
        """See `Line`."""
        self._do(self._line.cut)

    def reset(self) -> None:
        """See `Line`."""
        self._do(self._line.reset)

    def mend(self) -> None:
        """See `Line`."""
        self._do(self._line.mend)

    def _do(self, act: Callable[[], None]) -> None:
        async def acted() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acted(), self._loop).result()


@contextmanager
def line_in_thread() -> Iterator[LineOfThread]:
    """Open a relay as `open_line` does; where to is said with `lead_to`.

    So a service can be told beforehand how browsers reach it.
    """
    made: list[LineOfThread] = []
    ends: list[asyncio.Event] = []
    ready = threading.Event()

    async def keep() -> None:
        async with open_line(_NOWHERE) as line:
            made.append(LineOfThread(line, asyncio.get_running_loop()))
            ends.append(asyncio.Event())
            ready.set()
            await ends[0].wait()

    thread = threading.Thread(target=asyncio.run, args=(keep(),), name="line")
    thread.start()
    ready.wait()
    try:
        yield made[0]
    finally:
        made[0]._do(ends[0].set)
        thread.join()
