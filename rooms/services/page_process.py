"""The service's end of its page process: starts it, hands it jobs, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import structlog

from rooms.services.page_protocol import (
    ANSWER,
    ANSWER_BYTES_MAX,
    PageAnswer,
    PageJob,
    State,
)

MODULE: Final = "rooms.services.page_worker"
START_S: Final = 30.0
"""From the call to ready; 0.5 s on a machine with nothing else to do."""

LOOK_S: Final = 0.1
PATIENCE: Final = 4
"""How many times as long as it may work it may take: it shares the machine, and steps back."""

_TICKS_HZ: Final = os.sysconf("SC_CLK_TCK")
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "HOME")
"""Of the environment; the rest may hold what the service keeps secret."""

_log = structlog.get_logger(__name__)


class ProcessBrokeError(Exception):
    """The process ended, hung or sent nonsense; it is gone now.

    Args:
        reason: For the log.
        is_slow: Whether it was ended because it took too long.
    """

    def __init__(self, reason: str, *, is_slow: bool = False) -> None:
        super().__init__(reason)
        self.is_slow = is_slow


class PageProcess:
    """A page process; made by `start`. One event loop, one job at a time.

    Args:
        process: It.
        channel: Our end of the socket; ours from here on.
    """

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._number = 0

    @classmethod
    async def start(cls) -> PageProcess:
        """Start one and wait until it is ready.

        Raises:
            ProcessBrokeError: it does not get ready.
            OSError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            # Not in a thread: the kernel ends the process with the thread that started it.
            process = _spawn(theirs.fileno())
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self = cls(process, ours)
        ready = await self._converse(None, None, START_S)
        if ready.state is State.DONE:
            _log.warning("the kernel does not confine the page process")
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def run(self, job: PageJob, file: int | None, timeout_s: float) -> PageAnswer:
        """Have a job done.

        Args:
            job: What.
            file: Descriptor of the file it is about, closed by the caller afterwards.
            timeout_s: How much of a processor it may have; it may take `PATIENCE` times
                as long.

        Raises:
            ProcessBrokeError: it was not done, and the process is gone.
        """
        self._number += 1
        return await self._converse(job, file, timeout_s)

    async def close(self) -> None:
        """End it, whatever it does."""
        self._channel.close()
        # It leads a session of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.shield(asyncio.to_thread(self._process.wait))

    async def _converse(
        self, job: PageJob | None, file: int | None, timeout_s: float
    ) -> PageAnswer:
        try:
            if job is not None:
                self._send(job.pack(self._number), file)
            return await self._answer(timeout_s)
        except TimeoutError as error:
            await self.close()
            raise ProcessBrokeError(str(error), is_slow=True) from None
        except (OSError, ValueError) as error:
            await self.close()
            code = self._process.returncode
            raise ProcessBrokeError(f"{error} (exit code {code})") from error
        except BaseException:
            # Its answer would be taken for that of the next job.
            await self.close()
            raise

    async def _answer(self, timeout_s: float) -> PageAnswer:
        """Return the answer to the job under way.

        Raises:
            TimeoutError: the process took too much of a processor, or far too long.
        """
        begun_s, worked_s = time.monotonic(), self._worked_s()
        answer = asyncio.ensure_future(self._receive())
        try:
            while not (await asyncio.wait({answer}, timeout=LOOK_S))[0]:
                # On a busy machine a sound page takes long, and is no worse for it.
                if self._worked_s() - worked_s > timeout_s:
                    raise TimeoutError(f"more than {timeout_s} s of a processor")
                if time.monotonic() - begun_s > PATIENCE * timeout_s:
                    raise TimeoutError(f"nothing for {PATIENCE * timeout_s} s")
            return answer.result()
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    def _worked_s(self) -> float:
        """Return how much of a processor it has had so far, s."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return 0.0
        # What follows the name, which may hold anything.
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_HZ

    def _send(self, data: bytes, file: int | None) -> None:
        """Send a job; the socket is empty between jobs, so it takes it whole."""
        files = [] if file is None else [file]
        if socket.send_fds(self._channel, [data], files) != len(data):
            raise ValueError("the socket did not take a job")

    async def _receive(self) -> PageAnswer:
        number, state, length = ANSWER.unpack(await self._exactly(ANSWER.size))
        if number != self._number or length > ANSWER_BYTES_MAX:
            raise ValueError(f"answer {number} of {length} bytes to job {self._number}")
        return PageAnswer(State(state), await self._exactly(length))

    async def _exactly(self, length: int) -> bytes:
        data = bytearray(length)
        rest = memoryview(data)
        loop = asyncio.get_running_loop()
        while rest:
            count = await loop.sock_recv_into(self._channel, rest)
            if not count:
                raise ValueError("it ended")
            rest = rest[count:]
        return bytes(data)


def _spawn(channel: int) -> subprocess.Popen[bytes]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100
    return subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE, str(channel), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**kept, "PYTHONPATH": path},
        pass_fds=(channel,),
        cwd="/",
        start_new_session=True,
    )
