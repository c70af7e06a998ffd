"""The applications that show documents, each driven from outside in its own way.

Nobody gives them special files or settings but a window of the screen's size. Xournal++ is
asked for one page as large as the window (F5), which is how a page is presented with it;
the audience's window of pympress gets the screen, as a window manager gives it a projector.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apps import App, kokuban, run_app, xournalpp
from tools.running import RunningApp
from tools.x11 import Pointer, Rect, Screen, Windows, X11Error, XServer

PEER_WINDOW: Final = "Pympress Content"
WINDOW_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """An application that shows documents.

    Attributes:
        app: How it is started; with the document, for those that take one at the start.
        arrange: Called often until it returns True: gives windows their places.
        present: Keys after which one sheet fills the window; none when it does so already.
        forward: The key that turns a page.
    """

    app: App
    arrange: Callable[[Windows, Rect], bool]
    present: Sequence[str] = ()
    forward: str = "Page_Down"


def ours(document: Path) -> Viewer:
    """Return Kokuban, started on a document."""
    return Viewer(kokuban("--open", str(document)), _let_be)


def xournal(document: Path) -> Viewer:
    """Return Xournal++ on a document."""
    plain = xournalpp()
    command = ["xournalpp", str(document)]
    return Viewer(
        App(plain.name, lambda _home, _server: command, plain.prepare), _let_be, ["F5"]
    )


def pympress(document: Path) -> Viewer:
    """Return pympress on a document."""
    app = App("pympress", lambda _home, _server: ["pympress", str(document)])
    # It takes the first key after a start for nothing; there and back again loses no page.
    return Viewer(app, _give_projector, ["Right", "Left"], "Right")


VIEWERS: Final = {"kokuban": ours, "xournalpp": xournal, "pympress": pympress}


def driven(*options: str) -> App:
    """Return Kokuban with `benchmarks.document_driver` in it, on an empty board."""
    plain = kokuban(*options)

    def command(home: Path, server: XServer) -> Sequence[str]:
        python, _main, *rest = plain.command(home, server)
        return [python, "-m", "benchmarks.document_driver", *rest]

    return App("Kokuban", command, is_driven=True)


@dataclass(frozen=True, slots=True)
class Seat:
    """A started application and what is needed to sit in front of it."""

    server: XServer
    running: RunningApp
    pointer: Pointer
    screen: Screen
    began_s: float

    @property
    def pid(self) -> int:
        """Of the application."""
        return self.running.pid


@contextmanager
def seat(app: App, server: XServer, home: Path | None = None) -> Iterator[Seat]:
    """Start an application and sit down in front of it."""
    with Pointer(server) as pointer, Screen(server) as screen:
        # Out of the way of every sheet: nothing under it shall light up.
        pointer.move(server.width - 1, server.height // 2)
        began_s = time.perf_counter()
        with run_app(app, server, home) as running:
            yield Seat(server, running, pointer, screen, began_s)


def arrange(viewer: Viewer, server: XServer) -> None:
    """Give the windows of an application their places as soon as they are there.

    Raises:
        X11Error: they do not come.
    """
    whole = Rect(0, 0, server.width, server.height)
    end_s = time.monotonic() + WINDOW_S
    with Windows(server) as windows:
        while not viewer.arrange(windows, whole):
            if time.monotonic() > end_s:
                raise X11Error(f"{viewer.app.name} shows no window")
            time.sleep(0.005)


def _let_be(_windows: Windows, _whole: Rect) -> bool:
    return True


def _give_projector(windows: Windows, whole: Rect) -> bool:
    """Wait for both windows; put the presenter's beside the screen, as on a second one."""
    found = {PEER_WINDOW in window.title: window for window in windows.visible()}
    if len(found) < 2:
        return False
    own = found[False].rect
    windows.place(found[False], Rect(whole.width, 0, own.width, own.height))
    windows.place(found[True], whole)
    return True
