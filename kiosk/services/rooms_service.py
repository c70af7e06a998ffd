"""The consultation service of this display: found where it is configured, else run here.

Nothing is started before a feature asks for the first time. Then a thread starts
`python -m rooms serve` on loopback, waits for the line in which it says its address, reads
what it says so that it never waits for its reader, starts it again when it dies (at the
same address, so that those in its rooms find it again) and ends it with the display. A
display that is killed takes the service along: it watches its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import structlog

from base.errors import AppError, ErrorCode
from base.feature import RoomsPlace
from base.options import Options
from base.paths import ASSETS_DIR
from kiosk.model.restarts import plan_restart

FOLDER: Final = "rooms"
START_S: Final = 30.0
"""A first start makes the database, on a busy machine with a slow disk."""
END_S: Final = 8.0
"""It says good-bye to those in its rooms; what takes longer is killed."""
NICENESS: Final = 5
"""Ink comes first."""
TAIL_LINES: Final = 30
LINE_BYTES: Final = 4096
TOKEN_VARIABLE: Final = "KOKUBAN_ROOMS_DISPLAY_TOKEN"  # noqa: S105  (its name)
CommandFor = Callable[[Path, int], Sequence[str]]


def serve_command(data_dir: Path, port: int) -> list[str]:
    """Return how the service is started.

    Args:
        data_dir: The service's own folder.
        port: On loopback; 0 for any.
    """
    return [
        *(sys.executable, "-P", "-m", "rooms", "serve", "--exit-with-parent"),
        *("--data-dir", str(data_dir), "--host", "127.0.0.1", "--port", str(port)),
    ]


class RoomsService:
    """Where the rooms of this display are. Making it starts nothing.

    Args:
        data_dir: The display's data folder.
        options: `service_url` is looked at each time somebody asks.
        command_for: How the service is started.
    """

    def __init__(
        self, data_dir: Path, options: Options, command_for: CommandFor = serve_command
    ) -> None:
        self._data_dir = data_dir / FOLDER
        self._options = options
        self._runner = _Runner(self._data_dir, command_for)

    async def place(self) -> RoomsPlace:
        """Return where the rooms are; start the service here when none is configured.

        Works in any event loop, and can be cancelled. Ask again after `ROOMS_UNREACHABLE`:
        the service may have another address after a restart.

        Raises:
            AppError: ROOMS_NOT_STARTED, when the service here does not start.
        """
        url = self._options.values.service_url
        if url:
            return RoomsPlace(url.rstrip("/"))
        return await asyncio.wrap_future(self._runner.ask())

    def shutdown(self) -> None:
        """End the service if it runs here. Blocks until it is gone. Twice is harmless."""
        self._runner.shutdown()


class _Runner:
    """Runs the service: a thread for the whole life of its processes.

    The thread that starts a process has to live as long: the kernel takes its end for the
    parent's.
    """

    def __init__(self, data_dir: Path, command_for: CommandFor) -> None:
        self._data_dir = data_dir
        self._command_for = command_for
        self._log = structlog.get_logger(__name__)
        # Known to this process and its child alone, and another one at each start.
        self._token = secrets.token_urlsafe(32)
        self._guard = threading.Lock()  # guards the five below
        self._place: RoomsPlace | None = None
        self._askers: list[Future[RoomsPlace]] = []
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ended = False
        self._ending = threading.Event()
        self._port = 0

    def ask(self) -> Future[RoomsPlace]:
        """Return the place, or when it is known."""
        asked: Future[RoomsPlace] = Future()
        with self._guard:
            if self._is_ended:
                asked.set_exception(AppError(ErrorCode.ROOMS_NOT_STARTED, "the display ends"))
            elif self._place is not None:
                asked.set_result(self._place)
            else:
                self._askers.append(asked)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="rooms-service")
                    self._thread.start()
        return asked

    def shutdown(self) -> None:
        """End the process and the thread. Any other thread."""
        with self._guard:
            self._is_ended = True
            self._ending.set()
            thread, process = self._thread, self._process
        if process is not None:
            process.terminate()
        if thread is not None:
            thread.join(END_S)
            if thread.is_alive() and process is not None:
                process.kill()
            thread.join()

    def _run(self) -> None:
        failures = 0
        while True:
            began_s = time.monotonic()
            try:
                ready_s, tail = self._serve_once()
            except OSError as error:
                ready_s, tail = None, [str(error)]
            if self._ending.is_set():
                break
            served_s = None if ready_s is None else time.monotonic() - ready_s
            plan = plan_restart(failures, served_s)
            failures = plan.failures
            self._log.warning(
                "rooms service ended",
                lived_s=round(time.monotonic() - began_s, 1),
                was_ready=ready_s is not None,
                again_in_s=plan.wait_s,
                said=tail,
            )
            if plan.wait_s is None or self._ending.wait(plan.wait_s):
                break
        self._give_up()

    def _serve_once(self) -> tuple[float | None, list[str]]:
        """Run the service until it ends.

        Returns:
            When it was ready, None for never; and its last words.
        """
        process = self._start()
        tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        said = b""
        ready_s: float | None = None
        end_s = time.monotonic() + START_S
        try:
            with selectors.DefaultSelector() as ears:
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        ears.register(pipe, selectors.EVENT_READ)
                while ears.get_map():
                    wait_s = None if ready_s is not None else end_s - time.monotonic()
                    if wait_s is not None and wait_s <= 0:
                        tail.append(b"not ready in time")
                        process.kill()
                        wait_s = None
                    for key, _events in ears.select(wait_s):
                        heard = os.read(key.fd, LINE_BYTES)
                        if not heard:
                            ears.unregister(key.fileobj)
                            continue
                        tail.append(heard)
                        if ready_s is None and key.fileobj is process.stdout:
                            said += heard
                            ready_s = self._heard_ready(said)
        finally:
            self._reap(process)
        words = b"".join(tail).decode(errors="replace").splitlines()
        return ready_s, words[-TAIL_LINES:]

    def _start(self) -> subprocess.Popen[bytes]:
        self._data_dir.mkdir(mode=0o700, exist_ok=True)
        # The service's package lies where the assets do, installed and in a checkout.
        path = os.pathsep.join(filter(None, (str(ASSETS_DIR.parent), *sys.path)))
        with self._guard:
            if self._is_ended:
                raise OSError("the display ends")
            self._process = subprocess.Popen(
                self._command_for(self._data_dir, self._port),
                # Held open: its end is the end of this process.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": path, TOKEN_VARIABLE: self._token},
                cwd="/",
                start_new_session=True,
            )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        return self._process

    def _heard_ready(self, said: bytes) -> float | None:
        """Return the time if the service has said that it is ready."""
        port = next(filter(None, map(_parse_ready, said.splitlines())), None)
        if port is None:
            return None
        self._port = port
        url = f"http://127.0.0.1:{port}"
        place = RoomsPlace(url, token=self._token, is_embedded=True)
        with self._guard:
            self._place = place
            askers, self._askers = self._askers, []
        self._log.info("rooms service is ready", url=place.url)
        for asked in askers:
            _answer(asked, place)
        return time.monotonic()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        # Its pipes are closed by now, which is the end of all but the process itself.
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        with self._guard:
            self._process = None
            self._place = None

    def _give_up(self) -> None:
        with self._guard:
            self._thread = None
            self._port = 0
            askers, self._askers = self._askers, []
        for asked in askers:
            _answer(asked, AppError(ErrorCode.ROOMS_NOT_STARTED, "see the log"))


def _parse_ready(line: bytes) -> int | None:
    """Return the port of a service that says it is ready; None of any other line."""
    try:
        words = json.loads(line)
    except ValueError:
        return None
    if not isinstance(words, dict) or words.get("ready") is not True:
        return None
    port = words.get("port")
    return port if isinstance(port, int) else None


def _answer(asked: Future[RoomsPlace], answer: RoomsPlace | AppError) -> None:
    if not asked.set_running_or_notify_cancel():
        return  # who asked has given up
    if isinstance(answer, AppError):
        asked.set_exception(answer)
    else:
        asked.set_result(answer)
