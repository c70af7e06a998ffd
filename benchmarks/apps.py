"""Starts the measured applications, each in a state where the pointer draws.

Every start has a home folder of its own, so no run sees what an earlier one left.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import ROOT
from tools.running import DRIVEN, RunningApp, run_process
from tools.x11 import Rect, Screen, Window, Windows, X11Error, XServer

READY_TIMEOUT_S = 60.0
END_S = 3.0
"""How long a program may take to end when asked; some ask back instead."""
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
        is_driven: Whether it takes orders, see `tools.driven_app`.
    """

    name: str
    command: Callable[[Path, XServer], Sequence[str]]
    prepare: Callable[[Path, XServer], None] = lambda _home, _server: None
    is_driven: bool = False


def kokuban(*options: str, home_screen: bool = False) -> App:
    """Return Kokuban of this checkout, on an empty board unless the options say otherwise."""

    def command(home: Path, server: XServer) -> Sequence[str]:
        line = [sys.executable, str(ROOT / "main.py"), "--language", "en"]
        line += ["--screen", "home" if home_screen else "board"]
        line += ["--size", f"{server.width}x{server.height}", "--data-dir", str(home / "data")]
        return [*line, *options]

    return App("Kokuban", command)


def driven_kokuban(*options: str) -> App:
    """Return a Kokuban that takes orders, see `tools.driven_app`."""
    plain = kokuban(*options)

    def command(home: Path, server: XServer) -> Sequence[str]:
        python, _main, *rest = plain.command(home, server)
        return [python, *DRIVEN, *rest]

    return App("Kokuban", command, is_driven=True)


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
def run_app(app: App, server: XServer, home: Path | None = None) -> Iterator[RunningApp]:
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
def start(app: App, server: XServer, home: Path) -> Iterator[RunningApp]:
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
    command = app.command(home, server)
    if shutil.which(command[0]) is None:
        raise X11Error(f"{app.name} is not installed")
    with run_process(
        command,
        environment,
        is_driven=app.is_driven,
        keeps_stdout=True,
        patience_s=END_S,
    ) as (process, words):
        yield RunningApp(process, home, words)


def wait_until_ready(running: RunningApp, server: XServer) -> None:
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
        raise X11Error(f"it ended; it said: {running.said()}")


def _wait_for_window(running: RunningApp, windows: Windows) -> Window:
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline_s and running.process.poll() is None:
        try:
            return windows.wait_for("", 0.2, larger_than=(300, 300))
        except TimeoutError:
            continue
    raise X11Error(f"no window; it said: {running.said()}")
