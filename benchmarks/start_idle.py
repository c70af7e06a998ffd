"""How long from the start to a board that takes ink, and what an idle display costs.

    python -m benchmarks.start_idle --json out.json

Start: from the moment the process is made, a pointer tries to write, again and again, each
time at a fresh place; the time ends when ink shows there. Idle: processor time of all
processes of the application over half a minute in which nobody touches the display.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from benchmarks.apps import App, kokuban, openboard, run_app, start, wait_until_ready
from benchmarks.processes import Memory, Usage, memory
from benchmarks.report import finish, parser, progress
from benchmarks.summary import Bar
from tools.pacing import wait_until
from tools.x11 import Pointer, Rect, Screen, X11Error, XServer, start_xvfb

SIZE = (1920, 1080)
START_S = 2.0
IDLE_PERCENT = 1.0
IDLE_SPAN_S = 30.0
GIVE_UP_S = 60.0
SHOWS_WITHIN_S = 0.03
TRY_PX = 16
BESIDE_PX = 14
BOARD_VARIES = 50
"""Of 255 in any channel; the grain of a board stays below, ink is far above."""


@dataclass(frozen=True, slots=True)
class IdleRun:
    """An idle display.

    Attributes:
        cpu_percent: Of one core, user and system time of all processes of the application.
        others_cpu_percent: Of one core, processes that take no part.
        memory: What they hold.
    """

    cpu_percent: float
    others_cpu_percent: float
    memory: Memory


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--idle-s", type=float, default=IDLE_SPAN_S, help="idle time (30)")
    chosen = options.parse_args(arguments)
    rounds = chosen.rounds or 5
    starts = measure_starts(rounds)
    idle = {
        name: idle_run(app, chosen.idle_s)
        for name, app in (("board", kokuban()), ("home", kokuban(home_screen=True)))
    }
    settings = {"rounds": rounds, "size_px": SIZE, "idle_s": chosen.idle_s}
    results: Mapping[str, object] = {
        "start_to_ink_s": {
            name: {"median": median(times), "worst": max(times), "runs": times}
            for name, times in starts.items()
        },
        "idle": {name: asdict(run) for name, run in idle.items()},
    }
    bars = [
        Bar("start to ink s", median(starts["kokuban"]), at_most=START_S),
        *(
            Bar(f"idle on {name}, % of a core", run.cpu_percent, at_most=IDLE_PERCENT)
            for name, run in idle.items()
        ),
    ]
    return finish("start_idle", settings, results, bars, chosen.json)


def measure_starts(rounds: int) -> dict[str, list[float]]:
    """Return the start times in seconds; Kokuban and OpenBoard take turns.

    Every Kokuban round starts on the folder the round before left, as a display does each
    morning; one start before them fills the folder and the disk cache and does not count.
    """
    found: dict[str, list[float]] = {"kokuban": [], "openboard": []}
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder:
        for number in range(-1, rounds):
            for name, app in (("kokuban", kokuban()), ("openboard", openboard())):
                home = Path(folder) / name
                home.mkdir(exist_ok=True)
                try:
                    seconds = start_to_ink(app, home)
                except X11Error as error:
                    if name == "kokuban":
                        raise
                    progress(f"{name}: {error}")
                    continue
                progress(f"start {number + 1}/{rounds} {name}: {seconds:.2f} s")
                if number >= 0:
                    found[name].append(seconds)
    return {name: times for name, times in found.items() if times}


def start_to_ink(app: App, home: Path) -> float:
    """Return the seconds from making the process until a stroke shows on the screen.

    Raises:
        X11Error: the application ended, or no ink came.
    """
    with start_xvfb(*SIZE) as server, Pointer(server) as pointer, Screen(server) as screen:
        began_s = time.perf_counter()
        with start(app, server, home) as running:
            for x, y in _places(server):
                if _shows_ink(pointer, screen, x, y):
                    return time.perf_counter() - began_s
                if running.process.poll() is not None:
                    raise X11Error(f"it ended; it said: {running.said()}")
                if time.perf_counter() > began_s + GIVE_UP_S:
                    raise X11Error("it takes no ink")
    raise X11Error("the screen is too small")


def _places(server: XServer) -> Iterator[tuple[int, int]]:
    """Yield ever new places in the middle of the screen, none near another."""
    columns = range(round(server.width * 0.2), round(server.width * 0.8), 2 * TRY_PX)
    rows = range(round(server.height * 0.2), round(server.height * 0.8), 3 * TRY_PX)
    return itertools.cycle((x, y) for y in rows for x in columns)


def _shows_ink(pointer: Pointer, screen: Screen, x: int, y: int) -> bool:
    """Write a short line from (x, y) to the right and say whether it shows.

    Ink is what makes the line's middle differ clearly from what lies above and below it,
    which look nearly alike on an empty board and while a window opens.
    """
    pointer.move(x, y)
    pointer.press()
    for step in range(1, TRY_PX + 1, 3):
        pointer.move(x + step, y)
    pointer.release()
    deadline_s = time.perf_counter() + SHOWS_WITHIN_S
    middle = x + TRY_PX // 2
    while time.perf_counter() < deadline_s:
        column = screen.grab(Rect(middle, y - BESIDE_PX, 1, 2 * BESIDE_PX + 1))[:, 0]
        above, line, below = column[[0, BESIDE_PX, -1], :3].astype(int)
        if (
            _distance(above, below)
            < BOARD_VARIES
            < min(_distance(line, above), _distance(line, below))
        ):
            return True
        wait_until(time.perf_counter() + 0.001)
    return False


def _distance(one: npt.NDArray[np.int_], other: npt.NDArray[np.int_]) -> int:
    return int(np.max(np.abs(one - other)))


def idle_run(app: App, span_s: float) -> IdleRun:
    """Start the application, wait until its screen rests, then leave it alone."""
    with start_xvfb(*SIZE) as server, run_app(app, server) as running:
        wait_until_ready(running, server)
        usage = Usage(running.pid, [server.pid] if server.pid else [])
        wait_until(time.perf_counter() + span_s)
        used = usage.so_far()
        found = IdleRun(used.app_percent, used.others_percent, memory(running.pid))
    progress(f"idle: {asdict(found)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
