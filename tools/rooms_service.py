"""The consultation service as a process of its own, for tests, benchmarks and demonstration."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from base.clock import SystemClock
from rooms.services.audit import Audit
from rooms.services.database import Database
from rooms.services.pairing import Pairings

ROOT: Final = Path(__file__).resolve().parents[1]
HEALTHY_S: Final = 30.0
ENDS_S: Final = 20.0
T = TypeVar("T")


class ServiceBrokenError(Exception):
    """The service did not start, or ended by itself; the text has the end of its log."""


class RoomsService:
    """A service on a free loopback port, which can be killed and started again.

    Args:
        folder: For its data and its output.
        core: Of the processor that it has to stay on; None for any.
        settings: As in `RoomsSettings`.
    """

    def __init__(self, folder: Path, core: int | None, settings: dict[str, object]) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._output = folder / "output.log"
        self._core = core
        self._port = _free_port()
        self._settings = {
            "data_dir": self.data_dir,
            "host": "127.0.0.1",
            "port": self._port,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"http://{self._settings['host']}:{self._port}"

    @property
    def database_url(self) -> str:
        """Its database, as SQLAlchemy names it."""
        return f"sqlite+aiosqlite:///{self.data_dir / 'rooms.sqlite3'}"

    @property
    def pid(self) -> int:
        """Of the process that serves.

        Raises:
            ServiceBrokenError: it does not run.
        """
        if self._process is None:
            raise ServiceBrokenError("it does not run")
        return self._process.pid

    def enrol_display(self, name: str = "display") -> str:
        """Pair a display without anybody's confirming it, and return its token."""
        return run_apart(_enrol(self.database_url, name))

    def start(self) -> None:
        """Start it, and do not wait."""
        command = [sys.executable, "-m", "rooms", "serve"]
        if self._core is not None:
            command = ["taskset", "-c", str(self._core), *command]
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("KOKUBAN_ROOMS_")
        }
        environment |= {
            f"KOKUBAN_ROOMS_{name.upper()}": str(value)
            for name, value in self._settings.items()
        }
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def wait_until_healthy(self) -> None:
        """Wait until it answers.

        Raises:
            ServiceBrokenError: it does not, or ended.
        """
        deadline_s = time.monotonic() + HEALTHY_S
        while not self._is_healthy():
            if self._process is None or self._process.poll() is not None:
                raise ServiceBrokenError(f"it ended:\n{self.output()[-3000:]}")
            if time.monotonic() > deadline_s:
                raise ServiceBrokenError(f"no answer:\n{self.output()[-3000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as systemd does, and return its exit status."""
        return self._end(signal.SIGTERM)

    def output(self) -> str:
        """Return what it wrote to its standard output and error."""
        if not self._output.exists():
            return ""
        return self._output.read_text("utf-8", "replace")

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _is_healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.base_url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running_rooms_service(
    folder: Path, *, core: int | None = None, **settings: object
) -> Iterator[RoomsService]:
    """Run a service for as long as the block; see `RoomsService`.

    Raises:
        ServiceBrokenError: it does not start.
    """
    service = RoomsService(folder, core, settings)
    try:
        service.start()
        service.wait_until_healthy()
        yield service
    finally:
        service.stop()


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run something on a loop of its own; the caller's thread may have one running already.

    Playwright's has, as long as a browser is there.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _enrol(database_url: str, name: str) -> str:
    database = await Database.open(database_url)
    try:
        clock = SystemClock()
        return await Pairings(database, clock, Audit(database, clock)).enrol(name)
    finally:
        await database.close()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
