"""Ten fingers write at once, 120 Hz each: no sample lost, and how long each takes.

    python -m benchmarks.ten_contacts --json out.json

From outside: a real Xorg whose touch screen this process moves (`tools.x11_touch`), so every
sample goes through the server, XI2, Qt and the application. The fingers move side by side and
report together as a panel's frame does; each sample is timed by the pixels under its own
finger. Afterwards the samples are counted in the board file.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.apps import App, bare_canvas, kokuban, run_app, wait_until_ready
from benchmarks.boards import read_strokes
from benchmarks.ink_probe import LOST_AFTER_S, quiet_interpreter
from benchmarks.processes import Usage
from benchmarks.report import finish, parser, progress, undisturbed
from benchmarks.summary import Bar, Percentiles, median_percentiles, percentiles
from tools.x11 import Rect, Screen
from tools.x11_touch import Glass, Touch, start_touch_server

CONTACTS = 10
RATE_HZ = 120
SIZE = (1920, 1080)
STROKES = 4
UPDATES = 100
STEP_PX = 12.0
SPACING_PX = 18
WAVE_PX = 4.0
LEFT_PX, TOP_PX = 340, 180
STROKE_HEIGHT_PX = 188
LOOK_PX = 3
P99_MS = 10.0


@dataclass(frozen=True, slots=True)
class TouchRun:
    """One run.

    Attributes:
        latency_ms: Of each sample of each finger; None when nothing was timed.
        injected: Samples with the finger down, the first contact left out.
        ahead: Of these, how many lay under ink before: predicted, in no percentile.
        unseen: Of these, how many changed no pixel within half a second.
        strokes_stored: Strokes in the board file; None for an application without one.
        samples_stored: Samples in them.
        samples_expected: Contacts and updates that were injected.
        samples_missing: Injected samples without a stored one in their stroke.
        late_ticks: Frames injected more than 1 ms behind the schedule.
        others_cpu_percent: Of one core, processes that take no part.
        app_cpu_percent: Of one core, the application.
    """

    latency_ms: Percentiles | None
    injected: int
    ahead: int
    unseen: int
    strokes_stored: int | None
    samples_stored: int | None
    samples_expected: int
    samples_missing: int | None
    late_ticks: int
    others_cpu_percent: float
    app_cpu_percent: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    chosen = parser(__doc__.splitlines()[0]).parse_args(arguments)
    rounds = chosen.rounds or 3
    apps = {
        "kokuban": kokuban("--pen-reported", "no", "--prediction-on", "no"),
        "kokuban-predicting": kokuban("--pen-reported", "no"),
        "bare": bare_canvas(),
    }
    runs: dict[str, list[TouchRun]] = {name: [] for name in apps}
    for number in range(rounds):
        for name, app in apps.items():
            run, _ = undisturbed(
                partial(run_once, app, keeps_board=name != "bare"),
                lambda run: run.others_cpu_percent,
                chosen.repeats,
            )
            runs[name].append(run)
            progress(f"round {number + 1}/{rounds} {name}: {asdict(run)}")
    settings = {
        "rounds": rounds,
        "contacts": CONTACTS,
        "rate_hz": RATE_HZ,
        "strokes_of_each_contact": STROKES,
        "samples_of_each_stroke": UPDATES + 1,
        "prediction": "off for kokuban, as delivered for kokuban-predicting",
    }
    results = {
        name: {"median_ms": medians(found), "runs": [asdict(run) for run in found]}
        for name, found in runs.items()
    }
    return finish("ten_contacts", settings, results, bars(runs), chosen.json)


def bars(runs: Mapping[str, Sequence[TouchRun]]) -> list[Bar]:
    """Return the bars of Kokuban's runs."""
    found = []
    for name in ("kokuban", "kokuban-predicting"):
        typical = medians(runs[name])
        missing = [run.samples_missing for run in runs[name]]
        lost = None if None in missing else float(sum(count or 0 for count in missing))
        found += [
            Bar(f"{name} p99 ms", typical.p99 if typical else None, at_most=P99_MS),
            Bar(f"{name} samples not in the board file", lost, at_most=0.0),
        ]
    unseen = float(sum(run.unseen for run in runs["kokuban"]))
    return [*found, Bar("kokuban samples that never showed", unseen, at_most=0.0)]


def medians(found: Sequence[TouchRun]) -> Percentiles | None:
    """Return the medians over the runs that timed anything."""
    timed = [run.latency_ms for run in found if run.latency_ms is not None]
    return median_percentiles(timed) if timed else None


def run_once(app: App, *, keeps_board: bool) -> TouchRun:
    """Start the application once and write with ten fingers."""
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder:
        home = Path(folder)
        with (
            start_touch_server(*SIZE) as glass,
            run_app(app, glass, home) as running,
            Touch(glass) as touch,
            Screen(glass) as screen,
        ):
            wait_until_ready(running, glass)
            writing = _Writing(glass, touch, screen)
            usage = Usage(running.pid, [os.getpid(), glass.pid or os.getpid()])
            with quiet_interpreter():
                for stroke in range(STROKES):
                    writing.stroke(stroke)
            used = usage.so_far()
            screen.wait_until_still(still_s=0.5)
        counts = _stored_counts(home) if keeps_board else None
    expected = [UPDATES + 1] * (STROKES * CONTACTS)
    return TouchRun(
        latency_ms=percentiles(writing.latencies_ms) if writing.latencies_ms else None,
        injected=writing.injected,
        ahead=writing.ahead,
        unseen=writing.unseen,
        strokes_stored=None if counts is None else len(counts),
        samples_stored=None if counts is None else sum(counts),
        samples_expected=sum(expected),
        samples_missing=None if counts is None else count_missing(expected, counts),
        late_ticks=writing.late,
        others_cpu_percent=used.others_percent,
        app_cpu_percent=used.app_percent,
    )


def count_missing(expected: Sequence[int], stored: Sequence[int]) -> int:
    """Return how many samples are missing when the strokes are compared longest first.

    A stroke may have one more sample than expected: lifting a finger reports its place again.
    """
    kept = sorted(stored, reverse=True) + [0] * len(expected)
    return sum(
        max(0, wanted - found)
        for wanted, found in zip(sorted(expected, reverse=True), kept, strict=False)
    )


def _stored_counts(home: Path) -> list[int]:
    return [
        stroke.count
        for path in sorted((home / "data").rglob("*.kokuban"))
        for stroke in read_strokes(path)
    ]


@dataclass(slots=True)
class _Frame:
    """One report of all fingers, whose pixels are awaited."""

    rect: Rect
    rows: list[int]
    before: npt.NDArray[np.uint32]
    waiting: set[int]
    injected_s: float


class _Writing:
    def __init__(self, glass: Glass, touch: Touch, screen: Screen) -> None:
        self._touch, self._screen = touch, screen
        self._blank = screen.raw(Rect(0, 0, glass.width, glass.height)).copy()
        self._frames: list[_Frame] = []
        self.latencies_ms: list[float] = []
        self.injected = self.ahead = self.unseen = self.late = 0

    def stroke(self, number: int) -> None:
        """Put all fingers down, move them and lift them; then wait for the last pixels."""
        start_s = time.perf_counter() + 0.02
        self._look_until(start_s)
        for contact in range(CONTACTS):
            self._touch.begin(contact, *_place(number, contact, 0))
        for tick in range(1, UPDATES + 1):
            due_s = start_s + tick / RATE_HZ
            self._look_until(due_s)
            self.late += time.perf_counter() > due_s + 0.001
            self._inject(number, tick)
        self._look_until(start_s + (UPDATES + 1) / RATE_HZ)
        for contact in range(CONTACTS):
            self._touch.end(contact, *_place(number, contact, UPDATES))
        deadline_s = time.perf_counter() + LOST_AFTER_S
        while self._frames and time.perf_counter() < deadline_s:
            self._look()
        self.unseen += sum(len(frame.waiting) for frame in self._frames)
        self._frames.clear()

    def _inject(self, number: int, tick: int) -> None:
        places = [_place(number, contact, tick) for contact in range(CONTACTS)]
        top = round(places[0][1]) - 1
        rect = Rect(round(places[0][0]) - 1, top, LOOK_PX, _height(places))
        rows = [round(y) - 1 - top for _, y in places]
        before = self._screen.raw(rect).copy()
        blank = self._blank[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        waiting = {
            contact
            for contact, row in enumerate(rows)
            if np.array_equal(before[row : row + LOOK_PX], blank[row : row + LOOK_PX])
        }
        self.injected += CONTACTS
        self.ahead += CONTACTS - len(waiting)
        injected_s = time.perf_counter()
        for contact, (x, y) in enumerate(places):
            self._touch.update(contact, x, y)
        self._frames.append(_Frame(rect, rows, before, waiting, injected_s))

    def _look_until(self, deadline_s: float) -> None:
        while time.perf_counter() < deadline_s:
            if self._frames:
                self._look()
            os.sched_yield()

    def _look(self) -> None:
        for frame in tuple(self._frames):
            now = self._screen.raw(frame.rect)
            now_s = time.perf_counter()
            for contact in tuple(frame.waiting):
                rows = slice(frame.rows[contact], frame.rows[contact] + LOOK_PX)
                if not np.array_equal(now[rows], frame.before[rows]):
                    frame.waiting.discard(contact)
                    self.latencies_ms.append((now_s - frame.injected_s) * 1e3)
            if now_s - frame.injected_s > LOST_AFTER_S:
                self.unseen += len(frame.waiting)
                frame.waiting.clear()
            if not frame.waiting:
                self._frames.remove(frame)


def _place(stroke: int, contact: int, tick: int) -> tuple[float, float]:
    """Return where a finger is: all side by side, along a wave, in pixels."""
    wave = WAVE_PX * math.sin(tick / 2)
    y = TOP_PX + stroke * STROKE_HEIGHT_PX + contact * SPACING_PX + wave
    return round(LEFT_PX + tick * STEP_PX), round(y)


def _height(places: Sequence[tuple[float, float]]) -> int:
    return round(places[-1][1]) - round(places[0][1]) + LOOK_PX


if __name__ == "__main__":
    sys.exit(main())
