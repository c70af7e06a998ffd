"""Work on a board of 10,000 strokes of 60 points: opening, moving, changing, memory, file.

    python -m benchmarks.board_work --json out.json

Everything that is timed is timed on the screen from outside. Opening ends with the last pixel
that changes. Frames are distinct pictures of a small place on the page while fingers on a
touch screen move or pinch it. A repaint ends when the pixels of the one stroke in question
are as they should be.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from benchmarks.apps import (
    driven_kokuban,
    kokuban,
    run_app,
    start,
    wait_until_ready,
)
from benchmarks.boards import write_board
from benchmarks.ink_probe import quiet_interpreter
from benchmarks.processes import Memory, memory
from benchmarks.report import finish, parser, progress
from benchmarks.summary import Bar
from tools.pacing import ticks, wait_until
from tools.running import RunningApp
from tools.x11 import Pointer, Rect, Screen, X11Error, XServer, start_xvfb
from tools.x11_touch import Touch, start_touch_server

SIZE = (1920, 1080)
STROKES = 10_000
OPEN_S = 1.0
FRAMES_PER_S = 50.0
REPAINT_MS = 16.0
MEMORY_MB = 400.0
FILE_MB = 6.0

REST_S = 1.0
"""An opened board has come to rest when nothing changed for this long."""
SPARSE = 4
"""Only every fourth pixel of every fourth row is compared while something opens."""
FINGER_RATE_HZ = 120
MOVE_S = 3.0
CENTRE = (960, 540)
LINE_PX = 160
"""Long enough that the eraser's ring leaves its ends free."""
DRAG_STEPS, DRAG_STEP_PX, DRAG_START_PX = 15, 4, 20
REPAINT_TIMEOUT_S = 2.0

ERASER, LASSO, PEN, UNDO = "Eraser", "Select", "Pen", "Undo"
"""The words on the buttons."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames seen while fingers moved the page.

    Attributes:
        per_s: Distinct pictures a second.
        longest_gap_ms: The longest time without a new one.
    """

    per_s: float
    longest_gap_ms: float


@dataclass(frozen=True, slots=True)
class Opening:
    """How a picture came onto the screen, in seconds since it was asked for.

    Attributes:
        last_s: The last pixel that changed.
        nearly_s: From when on at most one pixel in a hundred was not yet as in the end.
    """

    last_s: float
    nearly_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """All measurements of one round, on one board of 10,000 strokes.

    Attributes:
        start_empty: From making the process on, with an empty board.
        start_full: The same with `--open` and the full board.
        opening: The full board in a running program, from the order on.
        pan: One finger moves the page.
        zoom: Two fingers pinch it out and in.
        undo_ms: From the click on Undo to the stroke's pixels being gone.
        erase_ms: From the eraser's touch to the stroke's pixels being gone.
        lasso_ms: From each motion of a dragged stroke to its pixels at the new place.
        memory: After all that.
        file_mb: The board file with whatever SQLite keeps beside it.
    """

    start_empty: Opening
    start_full: Opening
    opening: Opening
    pan: Frames
    zoom: Frames
    undo_ms: float
    erase_ms: float
    lasso_ms: float
    memory: Memory
    file_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    chosen = parser(__doc__.splitlines()[0]).parse_args(arguments)
    rounds = chosen.rounds or 3
    found = []
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder:
        for number in range(rounds):
            board = Path(folder) / f"{number}.kokuban"
            write_board(board, STROKES)
            found.append(measure(board))
            progress(f"round {number + 1}/{rounds}: {asdict(found[-1])}")
    settings = {"rounds": rounds, "strokes": STROKES, "size_px": SIZE}
    results = {"runs": [asdict(each) for each in found]}
    return finish("board_work", settings, results, bars(found), chosen.json)


def bars(found: Sequence[Round]) -> list[Bar]:
    """Return the bars, each for the median over the rounds."""

    def typical(pick: Callable[[Round], float]) -> float:
        return median(pick(each) for each in found)

    return [
        Bar("open to visible s", typical(lambda r: r.opening.last_s), at_most=OPEN_S),
        Bar(
            "start with the board, beyond a start without, s",
            typical(lambda r: r.start_full.last_s - r.start_empty.last_s),
            at_most=OPEN_S,
        ),
        Bar("pan frames/s", typical(lambda r: r.pan.per_s), at_least=FRAMES_PER_S),
        Bar("zoom frames/s", typical(lambda r: r.zoom.per_s), at_least=FRAMES_PER_S),
        Bar("undo ms", typical(lambda r: r.undo_ms), at_most=REPAINT_MS),
        Bar("erase ms", typical(lambda r: r.erase_ms), at_most=REPAINT_MS),
        Bar("lasso move ms", typical(lambda r: r.lasso_ms), at_most=REPAINT_MS),
        Bar("memory RSS MB", typical(lambda r: r.memory.rss_mb), at_most=MEMORY_MB),
        Bar("file MB", typical(lambda r: r.file_mb), at_most=FILE_MB),
    ]


def measure(board: Path) -> Round:
    """Measure one round on a fresh copy of the board."""
    start_empty = start_to_rest(())
    start_full = start_to_rest(("--open", str(board)))
    pan, zoom = frames_of_moves(board)
    with (
        start_xvfb(*SIZE) as server,
        run_app(driven_kokuban("--prediction-on", "no"), server) as running,
        Pointer(server) as pointer,
        Screen(server) as screen,
    ):
        wait_until_ready(running, server)
        before, began_s = _sparse(screen), time.perf_counter()
        running.order_open(board)
        opening = watch_opening(screen, began_s, least_s=0.0, before=before)
        hand = _Hand(running, pointer, screen)
        undo_ms = median(hand.undo() for _ in range(9))
        erase_ms = median(hand.erase() for _ in range(9))
        lasso_ms = hand.lasso_move()
        used = memory(running.pid)
        file_mb = _largest_board_mb(running.home / "data")
    return Round(
        start_empty,
        start_full,
        opening,
        pan,
        zoom,
        undo_ms,
        erase_ms,
        lasso_ms,
        used,
        file_mb,
    )


def _largest_board_mb(folder: Path) -> float:
    """Return the size of the largest board with its write-ahead log, in MB."""
    sizes = [
        sum(part.stat().st_size for part in board.parent.glob(f"{board.name}*"))
        for board in folder.rglob("*.kokuban")
    ]
    return max(sizes) / 1e6


def start_to_rest(options: Sequence[str]) -> Opening:
    """Return how the picture came, from making the process on."""
    with (
        start_xvfb(*SIZE) as server,
        Screen(server) as screen,
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as home,
        _launched(server, Path(home), options) as (running, began_s),
    ):
        opening = watch_opening(screen, began_s, least_s=2.0)
        if running.process.poll() is not None:
            raise X11Error(f"it ended; it said: {running.said()}")
        return opening


@contextmanager
def _launched(
    server: XServer, home: Path, options: Sequence[str]
) -> Iterator[tuple[RunningApp, float]]:
    began_s = time.perf_counter()
    with start(kokuban(*options), server, home) as running:
        yield running, began_s


def watch_opening(
    screen: Screen,
    began_s: float,
    *,
    least_s: float,
    before: npt.NDArray[np.uint32] | None = None,
) -> Opening:
    """Watch the screen until it has rested.

    Args:
        screen: Where to look.
        began_s: When it began; the first change may be up to a minute away.
        least_s: Changes are awaited at least until so long after the beginning.
        before: What it showed then; without it, what it shows now.

    Raises:
        X11Error: nothing changed within a minute.
    """
    last = _sparse(screen) if before is None else before
    pictures: list[tuple[float, npt.NDArray[np.uint32]]] = []
    while True:
        now = _sparse(screen)
        now_s = time.perf_counter()
        if not np.array_equal(now, last):
            last = now
            pictures.append((now_s - began_s, now))
        if pictures and now_s > began_s + max(pictures[-1][0] + REST_S, least_s):
            break
        if now_s > began_s + 60:
            raise X11Error("the screen does not come to rest within a minute")
        wait_until(now_s + 0.002)
    last_s, end = pictures[-1]
    nearly_s = last_s
    for seconds, picture in reversed(pictures):
        if np.count_nonzero(picture != end) > end.size / 100:
            break
        nearly_s = seconds
    return Opening(last_s, nearly_s)


def _sparse(screen: Screen) -> npt.NDArray[np.uint32]:
    return screen.raw(Rect(0, 0, *SIZE))[::SPARSE, ::SPARSE].copy()


def frames_of_moves(board: Path) -> tuple[Frames, Frames]:
    """Return the frames while one finger moves the page and while two pinch it."""
    with (
        start_touch_server(*SIZE) as glass,
        run_app(kokuban("--open", str(board), "--pen-reported", "yes"), glass) as running,
        Touch(glass) as touch,
        Screen(glass) as screen,
    ):
        wait_until_ready(running, glass)
        # In close, so that there is page on all sides to move.
        _pinch(touch, screen, [(100.0, 400.0)])
        screen.wait_until_still(still_s=REST_S)
        pan = _pan(touch, screen)
        screen.wait_until_still(still_s=REST_S)
        zoom = _pinch(touch, screen, [(400.0, 150.0), (150.0, 400.0)])
    return pan, zoom


def _pan(touch: Touch, screen: Screen) -> Frames:
    """Move one finger in a slow circle over the page."""
    count = round(MOVE_S * FINGER_RATE_HZ)
    turns = np.linspace(0, 4 * np.pi, count)
    places = np.column_stack([CENTRE[0] + 250 * np.cos(turns), CENTRE[1] + 200 * np.sin(turns)])
    touch.begin(1, *places[0])
    watch = _FrameWatch(screen)
    with quiet_interpreter():
        for index in range(count):
            touch.update(1, *places[index])
            watch.look_until(watch.began_s + (index + 1) / FINGER_RATE_HZ)
    touch.end(1, *places[-1])
    return watch.frames()


def _pinch(touch: Touch, screen: Screen, ways: Sequence[tuple[float, float]]) -> Frames:
    """Move two fingers apart and together; each way is a first and a last distance in px."""
    count = round(MOVE_S * FINGER_RATE_HZ / len(ways))
    distances = np.concatenate([np.linspace(first, last, count) for first, last in ways])
    x, y = CENTRE
    touch.begin(1, x - distances[0], y)
    touch.begin(2, x + distances[0], y)
    watch = _FrameWatch(screen)
    with quiet_interpreter():
        for index, distance in enumerate(distances):
            touch.update(1, x - distance, y)
            touch.update(2, x + distance, y)
            watch.look_until(watch.began_s + (index + 1) / FINGER_RATE_HZ)
    # Held still before lifting, or the page would glide on.
    for _ in ticks(FINGER_RATE_HZ, 30):
        touch.update(1, x - distances[-1], y)
        touch.update(2, x + distances[-1], y)
    touch.end(1, x - distances[-1], y)
    touch.end(2, x + distances[-1], y)
    return watch.frames()


class _FrameWatch:
    """Counts distinct pictures of one small place of the screen."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._place = Rect(CENTRE[0] - 330, CENTRE[1] - 230, 24, 24)
        self._last = screen.raw(self._place).tobytes()
        self.began_s = time.perf_counter()
        self._seen_s: list[float] = []

    def look_until(self, deadline_s: float) -> None:
        while time.perf_counter() < deadline_s:
            now = self._screen.raw(self._place).tobytes()
            if now != self._last:
                self._last = now
                self._seen_s.append(time.perf_counter())
            os.sched_yield()

    def frames(self) -> Frames:
        if len(self._seen_s) < 2:
            return Frames(0.0, float("inf"))
        times = np.array([self.began_s, *self._seen_s])
        return Frames(len(self._seen_s) / MOVE_S, float(np.max(np.diff(times))) * 1e3)


class _Hand:
    """Draws one line in the clear window in the middle of the board and changes it."""

    def __init__(self, running: RunningApp, pointer: Pointer, screen: Screen) -> None:
        self._running, self._pointer, self._screen = running, pointer, screen
        self._tool = PEN
        self._y = CENTRE[1] - 30

    def undo(self) -> float:
        """Draw a line and undo it; return ms from the click to its pixels being gone."""
        rect, before = self._draw()
        place = self._place_of(UNDO)
        return self._until(rect, before, lambda: self._pointer.click(*place))

    def erase(self) -> float:
        """Draw a line and touch it with the eraser; return ms from the touch."""
        rect, before = self._draw()
        self.choose(ERASER)
        x, y = CENTRE[0], self._y
        # Beyond the line's ends nothing of the eraser's ring is in the way.
        ends = Rect(rect.x, rect.y, 4, rect.height)
        wanted = before[:, :4]

        def touch() -> None:
            self._pointer.move(x, y)
            self._pointer.press()

        took_ms = self._until(ends, wanted, touch)
        self._pointer.release()
        self._pointer.move(CENTRE[0] - 600, CENTRE[1])
        self._screen.wait_until_still(rect, still_s=0.3)
        return took_ms

    def lasso_move(self) -> float:
        """Draw a line, choose it and drag it; return the median ms of a step."""
        rect, _ = self._draw()
        drawn = self._screen.raw(rect).copy()
        ink = drawn[rect.height // 2, rect.width // 2]
        self.choose(LASSO)
        # Away from the handles in the middle of the frame's sides.
        x, y = CENTRE[0] - LINE_PX // 4, self._y
        self._pointer.click(x, y)
        self._screen.wait_until_still(still_s=0.4)
        self._pointer.press()
        # A small movement is still a tap; beyond it the drag has begun.
        y += DRAG_START_PX
        self._pointer.move(x, y)
        self._screen.wait_until_still(still_s=0.3)
        took_ms = []
        with quiet_interpreter():
            for step in range(1, DRAG_STEPS + 1):
                place = Rect(x + 12, y + step * DRAG_STEP_PX, 1, 1)
                here = bool(self._screen.raw(place)[0, 0] == ink)
                began_s = time.perf_counter()
                self._pointer.move(x, y + step * DRAG_STEP_PX)
                if not here:
                    took_ms.append(
                        self._wait(began_s, place, lambda now: bool(now[0, 0] == ink))
                    )
                wait_until(began_s + 1 / 60)
        self._pointer.release()
        self._screen.wait_until_still(still_s=0.3)
        if not took_ms:
            raise X11Error("the dragged line never came to a new place")
        return median(took_ms)

    def choose(self, tool: str) -> None:
        """Take a tool; the one in the hand already is not touched again."""
        if tool != self._tool:
            self._pointer.click(*self._place_of(tool))
            self._tool = tool
            self._screen.wait_until_still(still_s=0.3)

    def _draw(self) -> tuple[Rect, npt.NDArray[np.uint32]]:
        """Draw a line in the clear window; return where, and what was there before."""
        self.choose(PEN)
        x, y = CENTRE[0] - LINE_PX // 2, self._y
        rect = Rect(x, y - 2, LINE_PX, 5)
        before = self._screen.raw(rect).copy()
        self._pointer.stroke([(x + step, y) for step in range(0, LINE_PX + 1, 4)])
        self._pointer.move(CENTRE[0] - 600, CENTRE[1])
        self._screen.wait_until_still(Rect(x - 40, y - 40, LINE_PX + 80, 80), still_s=0.3)
        if np.array_equal(self._screen.raw(rect), before):
            raise X11Error("the line did not show")
        return rect, before

    def _until(
        self, rect: Rect, wanted: npt.NDArray[np.uint32], act: Callable[[], None]
    ) -> float:
        with quiet_interpreter():
            began_s = time.perf_counter()
            act()
            return self._wait(began_s, rect, lambda now: np.array_equal(now, wanted))

    def _wait(
        self, began_s: float, rect: Rect, fits: Callable[[npt.NDArray[np.uint32]], bool]
    ) -> float:
        while not fits(self._screen.raw(rect)):
            if time.perf_counter() > began_s + REPAINT_TIMEOUT_S:
                raise X11Error(f"the screen at {rect} did not become as it should")
            os.sched_yield()
        return (time.perf_counter() - began_s) * 1e3

    def _place_of(self, word: str) -> tuple[int, int]:
        """Return the middle of the button with that word; buttons move with the tool."""
        return self._running.wait_for_button(word, REPAINT_TIMEOUT_S)


if __name__ == "__main__":
    sys.exit(main())
