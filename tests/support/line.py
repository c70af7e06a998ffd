"""A line between a client and a service that a test can cut: a TCP relay on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Line:
    """Relays every connection; see `open_line`.

    Attributes:
        url: What the client is given in the service's place.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_refusing = False
        self._accepted: set[asyncio.Task[None]] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.most_bytes: int | None = None
        self.url = ""

    def swallow(self) -> None:
        """Let nothing through from now on, and say nothing of it: a network that is gone."""
        self._flows.clear()

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
            asyncio.ensure_future(self._relay(reader, there_writer, None)),
            asyncio.ensure_future(self._relay(there_reader, writer, self.most_bytes)),
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
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None
    ) -> None:
        with contextlib.suppress(OSError):
            passed = 0
            while piece := await reader.read(16_384):
                await self._flows.wait()
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
