"""The consultation service for tests: as a real process, or inside the test's own event loop.

with running_service(tmp_path) as service:
    httpx.get(service.url + "/healthz")

async def ask() -> None:
    async with in_app(tmp_path) as client:
        assert (await client.get("/healthz")).status_code == 200

asyncio.run(ask())
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from base.clock import Clock
from rooms.services.config import ENV_PREFIX, RoomsSettings
from tests.support.source import ROOT

START_PATIENCE_S = 60.0
END_PATIENCE_S = 20.0
PASSWORD = "correct horse battery staple"


@dataclass(slots=True)
class Service:
    """A real `python -m rooms serve`.

    Attributes:
        data_dir: Its data folder.
        settings: Given to it in the environment.
        url: How browsers reach it, "http://127.0.0.1:PORT".
        port: Where it listens; the same after `start` again.
    """

    data_dir: Path
    settings: dict[str, Any]
    url: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _errors: Path = field(init=False)

    def __post_init__(self) -> None:
        self._errors = self.data_dir / "stderr.txt"

    @property
    def socket_url(self) -> str:
        """The service's address for websockets, without a path."""
        return "ws" + self.url.removeprefix("http")

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it is ready; after `kill`, on the same port."""
        assert self.process is None or self.process.poll() is not None
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                # A guard against orphans: it ends with the test process, however that dies.
                [*_program("serve"), "--exit-with-parent", "--port", str(self.port)],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            ready = json.loads(_read_line(self.process, START_PATIENCE_S))
        except BaseException:
            self.kill()
            raise
        assert ready["ready"] is True
        self.url, self.port = ready["url"], ready["port"]

    def kill(self) -> None:
        """End it as a power cut would; `start` brings it back."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as systemd would, and return the exit code."""
        return self._end(signal.SIGTERM)

    def is_running(self) -> bool:
        """Return whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run another command of the service on the same data; return what it prints."""
        done = subprocess.run(
            _program(*arguments),
            cwd=ROOT,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=START_PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create_admin(self, login: str = "admin", password: str = PASSWORD) -> None:
        """Make an administrator."""
        self.run("create-admin", login, "--name", "管理者", stdin=password + "\n")

    def pair_display(self, name: str = "会議室 1") -> str:
        """Let a display in and return its token, for `Authorization: Bearer`."""
        return self.run("pair-display", name)

    def log(self) -> list[dict[str, Any]]:
        """Return the log's records so far."""
        path = self.data_dir / "log" / "kokuban.log"
        text = path.read_text("utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def complaints(self) -> list[dict[str, Any]]:
        """Return the log's records at WARNING and above."""
        return [one for one in self.log() if one["level"] in {"warning", "error", "critical"}]

    def told(self) -> str:
        """Return all that a person needs to see when it does not work."""
        lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in self.log()[-40:])
        return f"stderr:\n{self._errors.read_text('utf-8')}\nlog:\n{lines}"

    def _end(self, number: int) -> int:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdin.close()
            self.process.stdout.close()

    def _environment(self) -> dict[str, str]:
        given = {"data_dir": self.data_dir, **self.settings}
        return (
            os.environ
            | {"PYTHONUTF8": "1"}
            | {f"{ENV_PREFIX}{name.upper()}": _as_text(value) for name, value in given.items()}
        )


@contextmanager
def running_service(tmp_path: Path, **settings: Any) -> Iterator[Service]:
    """Run the real service on a free port of the loopback; end it with the block.

    A service that does not end well by itself fails the test, unless the test ended it.

    Args:
        tmp_path: Its data folder is made below.
        settings: Of `RoomsSettings`, by name.
    """
    data_dir = tmp_path / "rooms"
    data_dir.mkdir(exist_ok=True)
    service = Service(data_dir, settings)
    service.start()
    try:
        yield service
    except BaseException:
        sys.stderr.write(service.told())
        raise
    finally:
        was_running = service.is_running()
        code = service.stop()
    assert code == 0 or not was_running, service.told()


@asynccontextmanager
async def in_app(
    tmp_path: Path, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service in this event loop and give a client for it, without a network.

    `in_app_services` gives what is behind it, too.
    """
    async with in_app_services(tmp_path, clock, **settings) as (_app, client):
        yield client


@asynccontextmanager
async def in_app_services(
    tmp_path: Path, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    """As `in_app`, giving the application, too: `app.state.services` has everything."""
    from rooms.web.app import make_app

    known = RoomsSettings(**{"data_dir": tmp_path / "rooms", **settings})
    app = make_app(known, clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=known.public_url) as client:
            yield app, client


def _program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rooms", *arguments]


def _as_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _read_line(process: subprocess.Popen[bytes], patience_s: float) -> bytes:
    assert process.stdout is not None
    deadline_s = time.monotonic() + patience_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(deadline_s - time.monotonic()):
                raise TimeoutError(f"not ready after {patience_s:.0f} s")
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                raise RuntimeError(f"ended with {process.wait()} before it was ready")
            line += piece
    return line
