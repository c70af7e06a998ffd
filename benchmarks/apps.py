"""Starts the measured applications, each in a state where the pointer draws.

Every start has a home folder of its own, so no run sees what an earlier one left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import ROOT
from tools.x11 import Rect, Screen, Window, Windows, X11Error, XServer

READY_TIMEOUT_S = 60.0
XOURNAL_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<settings>
  <property name="mainWndWidth" value="{width}"/>
  <property name="mainWndHeight" value="{height}"/>
  <property name="showSidebar" value="false"/>
  <property name="snapGrid" value="false"/>
  <property name="pageTemplate" value="xoj/template&#10;copyLastPageSettings=true&#10;\
size={page_width}x{page_height}&#10;backgroundType=plain&#10;backgroundColor=#ffffff&#10;"/>
</settings>
"""


@dataclass(frozen=True, slots=True)
class App:
    """An application that can be started.

    Attributes:
        name: For people.
        command: From the home folder and the server to the command line.
        prepare: Puts into the home folder what the application needs to open on a blank page.
    """

    name: str
    command: Callable[[Path, XServer], Sequence[str]]
    prepare: Callable[[Path, XServer], None] = lambda _home, _server: None


@dataclass(frozen=True, slots=True)
class Running:
    """A started application: its process, whose stdin can be written to, and home folder."""

    process: subprocess.Popen[bytes]
    home: Path

    @property
    def pid(self) -> int:
        """Of the first process."""
        return self.process.pid

    def order(self, text: str) -> None:
        """Send a line to the application's stdin."""
        if self.process.stdin is None:
            raise X11Error("the application has no stdin")
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def words(self) -> str:
        """Return what the application printed so far."""
        return (self.home / "words.log").read_text(errors="replace")


def kokuban(*options: str, home_screen: bool = False) -> App:
    """Return Kokuban of this checkout, on an empty board unless the options say otherwise."""

    def command(home: Path, server: XServer) -> Sequence[str]:
        line = [sys.executable, str(ROOT / "main.py"), "--language", "en"]
        line += ["--screen", "home" if home_screen else "board"]
        line += ["--size", f"{server.width}x{server.height}", "--data-dir", str(home / "data")]
        return [*line, *options]

    return App("Kokuban", command)


def driven_kokuban(*options: str) -> App:
    """Return Kokuban with `benchmarks.inproc_driver` in it, which takes orders on stdin."""
    plain = kokuban(*options)

    def command(home: Path, server: XServer) -> Sequence[str]:
        python, _main, *rest = plain.command(home, server)
        return [python, "-m", "benchmarks.inproc_driver", *rest]

    return App("Kokuban", command)


def bare_canvas() -> App:
    """Return the smallest Qt program that draws: what the machine and Qt allow."""
    return App(
        "bare canvas", lambda _home, _server: [sys.executable, "-m", "benchmarks.bare_canvas"]
    )


def openboard() -> App:
    """Return OpenBoard of Debian; it opens on a blank page with the pen."""
    return App("OpenBoard", lambda _home, _server: ["OpenBoard"])


def xournalpp() -> App:
    """Return Xournal++ of Debian with a blank page as wide as the screen."""

    def prepare(home: Path, server: XServer) -> None:
        folder = home / ".config" / "xournalpp"
        folder.mkdir(parents=True)
        settings = XOURNAL_SETTINGS.format(
            width=server.width,
            height=server.height,
            page_width=server.width * 0.75,
            page_height=server.height * 0.75,
        )
        (folder / "settings.xml").write_text(settings, encoding="utf-8")

    return App("Xournal++", lambda _home, _server: ["xournalpp"], prepare)


@contextmanager
def run_app(app: App, server: XServer, home: Path | None = None) -> Iterator[Running]:
    """Start an application; it and everything it started ends with the block.

    Args:
        app: Which.
        server: Where it shows.
        home: Kept afterwards when given; otherwise one is made and removed.

    Raises:
        X11Error: the program is not installed.
    """
    folder = home or Path(tempfile.mkdtemp(prefix="kokuban-bench-"))
    app.prepare(folder, server)
    try:
        with start(app, server, folder) as running:
            yield running
    finally:
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def start(app: App, server: XServer, home: Path) -> Iterator[Running]:
    """Start an application on a home folder that is prepared already."""
    environment = server.environment(
        {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_RUNTIME_DIR": str(home),
            "LANG": "C.UTF-8",
        }
    )
    try:
        with (home / "words.log").open("wb") as words:
            process = subprocess.Popen(
                app.command(home, server),
                env=environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
    except FileNotFoundError as error:
        raise X11Error(f"{app.name} is not installed") from error
    try:
        yield Running(process, home)
    finally:
        _end_session(process)


def wait_until_ready(running: Running, server: XServer) -> None:
    """Return when a window covers the screen and what it shows has come to rest.

    Raises:
        X11Error: the application ended.
        TimeoutError: no window in time.
    """
    with Windows(server) as windows, Screen(server) as screen:
        window = _wait_for_window(running, windows)
        full = Rect(0, 0, server.width, server.height)
        if window.rect != full:
            windows.place(window, full)
        screen.wait_until_still(still_s=1.0, timeout_s=READY_TIMEOUT_S)
    if running.process.poll() is not None:
        raise X11Error(f"it ended; it said: {running.words()}")


def _wait_for_window(running: Running, windows: Windows) -> Window:
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline_s and running.process.poll() is None:
        try:
            return windows.wait_for("", 0.2, larger_than=(300, 300))
        except TimeoutError:
            continue
    raise X11Error(f"no window; it said: {running.words()}")


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children; its session is its own, nobody else is in it."""
    for number, patience_s in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
