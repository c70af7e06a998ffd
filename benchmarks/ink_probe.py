"""Times one application from injected pointer motion to changed pixels.

For each point of a path: look at the pixels around it, inject the motion, and look again and
again until one of them is different. Points follow one absolute schedule; a slow application
has several points under way at once and each is still timed by itself.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.processes import Usage, UsageSoFar
from benchmarks.summary import Percentiles, percentiles
from tools.x11 import Pointer, Rect, Screen, XServer

LOOK_RADIUS_PX = 1
LOST_AFTER_S = 0.5
GAP_TICKS = 6
AREA = 0.7
PR_SET_TIMERSLACK = 29

Point = tuple[int, int]
Strokes = Sequence[Sequence[Point]]


@dataclass(frozen=True, slots=True)
class InkRun:
    """One run of one application at one rate.

    Attributes:
        latency_ms: From before the injecting request to after the look that saw the change;
            None when nothing was timed.
        injected: Points injected with the pen down, the pen-down points left out.
        timed: Of these, how many had blank pixels before and changed ones after.
        ahead: Of these, how many lay under ink before they were injected: predicted. They are
            in no percentile.
        lost: Of these, how many did not change within half a second.
        late_ticks: Points injected more than 1 ms behind the schedule.
    others_cpu_percent: Of one core, everything but this process, the server and the
        application: the machine's noise.
        look_us: Time between two looks while a change was awaited: the error of each latency.
        app_cpu_percent: Of one core, the application with its children, during the run.
    """

    latency_ms: Percentiles | None
    injected: int
    timed: int
    ahead: int
    lost: int
    late_ticks: int
    others_cpu_percent: float
    look_us: Percentiles | None
    app_cpu_percent: float


def wave_rows(width_px: int, height_px: int) -> list[list[Point]]:
    """Return strokes that fill the middle 70 % of a screen like lines of handwriting.

    The rows never touch one another. Steps grow with the screen, since a hand moves as fast
    over a display with more pixels: 12 px a point at 1080 rows of pixels, turning about 20
    degrees a point, which a straight prediction does not follow.
    """
    scale = height_px / 1080
    step, height, wave, pitch = 12 * scale, 22 * scale, 120 * scale, 64 * scale
    left, right = width_px * (1 - AREA) / 2, width_px * (1 + AREA) / 2
    top, bottom = height_px * (1 - AREA) / 2, height_px * (1 + AREA) / 2
    rows: list[list[Point]] = []
    middle = top + pitch / 2
    while middle + pitch / 2 <= bottom:
        row, x = [], left
        while x <= right:
            angle = 2 * math.pi * x / wave
            row.append((round(x), round(middle + height * math.sin(angle))))
            x += step / math.hypot(1.0, 2 * math.pi * height / wave * math.cos(angle))
        rows.append(row if len(rows) % 2 == 0 else row[::-1])
        middle += pitch
    return rows


def split_rows(rows: Strokes, counts: Sequence[int]) -> list[list[Sequence[Point]]]:
    """Deal whole rows out, in order, until each share has at least its count of points.

    Raises:
        ValueError: the rows do not suffice.
    """
    shares: list[list[Sequence[Point]]] = []
    waiting = list(rows)
    for count in counts:
        share: list[Sequence[Point]] = []
        while sum(len(row) - 1 for row in share) < count:
            if not waiting:
                raise ValueError("the page is too small for so many points")
            share.append(waiting.pop(0))
        shares.append(share)
    return shares


def measure(
    server: XServer,
    pointer: Pointer,
    screen: Screen,
    strokes: Strokes,
    rate_hz: float,
    app: int,
) -> InkRun:
    """Draw the strokes at that rate and time every point.

    Args:
        server: Where.
        pointer: Moves on it.
        screen: Looks at it.
        strokes: Points in pixels, pen down at the first and up at the last of each.
        rate_hz: Points a second.
        app: Process id of the application.
    """
    probe = _Probe(pointer, screen)
    usage = Usage(app, [os.getpid(), *([server.pid] if server.pid else [])])
    with quiet_interpreter():
        probe.draw(strokes, rate_hz)
        probe.drain()
    return probe.result(usage.so_far())


@dataclass(slots=True)
class _Awaited:
    rect: Rect
    before: bytes
    injected_s: float


class _Probe:
    def __init__(self, pointer: Pointer, screen: Screen) -> None:
        self._pointer, self._screen = pointer, screen
        self._blank = screen.raw(Rect(0, 0, screen.width, screen.height)).copy()
        self._awaited: list[_Awaited] = []
        self._latencies_ms: list[float] = []
        self._looks_us: list[float] = []
        self._injected = self._ahead = self._lost = self._late = 0
        self._last_look_s = 0.0

    def draw(self, strokes: Strokes, rate_hz: float) -> None:
        start_s, tick = time.perf_counter() + 0.05, 0
        for stroke in strokes:
            self._look_until(start_s + tick / rate_hz)
            self._pointer.move(*stroke[0])
            self._pointer.press()
            for point in stroke[1:]:
                tick += 1
                self._look_until(start_s + tick / rate_hz)
                if time.perf_counter() > start_s + tick / rate_hz + 0.001:
                    self._late += 1
                self._inject(point)
            tick += 1
            self._look_until(start_s + tick / rate_hz)
            self._pointer.release()
            tick += GAP_TICKS

    def drain(self) -> None:
        self._look_until(time.perf_counter() + LOST_AFTER_S)
        self._lost += len(self._awaited)
        self._awaited.clear()

    def result(self, used: UsageSoFar) -> InkRun:
        return InkRun(
            latency_ms=percentiles(self._latencies_ms) if self._latencies_ms else None,
            injected=self._injected,
            timed=len(self._latencies_ms),
            ahead=self._ahead,
            lost=self._lost,
            late_ticks=self._late,
            look_us=percentiles(self._looks_us) if self._looks_us else None,
            others_cpu_percent=used.others_percent,
            app_cpu_percent=used.app_percent,
        )

    def _inject(self, point: Point) -> None:
        rect = Rect.around(*point, LOOK_RADIUS_PX)
        before = self._screen.raw(rect).tobytes()
        blank = self._blank[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        self._injected += 1
        now_s = time.perf_counter()
        self._pointer.move(*point)
        if before == blank.tobytes():
            self._awaited.append(_Awaited(rect, before, now_s))
            self._last_look_s = now_s
        else:
            self._ahead += 1

    def _look_until(self, deadline_s: float) -> None:
        """Look at every awaited place until the deadline.

        It never sleeps. A virtual machine takes 0.3 to 0.5 ms to wake a core that went idle,
        several times for one event; with one core kept awake that is not counted as the
        application's. Yielding leaves the core to the server and the application first.
        """
        while time.perf_counter() < deadline_s:
            if self._awaited:
                self._look()
            os.sched_yield()

    def _look(self) -> None:
        changed = []
        for awaited in self._awaited:
            if self._screen.raw(awaited.rect).tobytes() != awaited.before:
                now_s = time.perf_counter()
                self._latencies_ms.append((now_s - awaited.injected_s) * 1e3)
                changed.append(awaited)
        now_s = time.perf_counter()
        self._looks_us.append((now_s - self._last_look_s) * 1e6)
        self._last_look_s = now_s
        for awaited in changed:
            self._awaited.remove(awaited)
        if self._awaited and now_s - self._awaited[0].injected_s > LOST_AFTER_S:
            self._awaited.pop(0)
            self._lost += 1


@contextmanager
def quiet_interpreter() -> Iterator[None]:
    """Keep this process's own pauses out: no collections, sleeps that end on time."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0)
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
