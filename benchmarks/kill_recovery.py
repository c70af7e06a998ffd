"""Kills the program while somebody writes, again and again, and counts what is left.

    python -m benchmarks.kill_recovery --rounds 100 --json out.json

What is promised: every finished stroke is in the file before the next one can be finished. A
stroke is finished when the program has handled its pen-up. From outside that is certain as
soon as ink of a later stroke is on the screen, for events are handled in order. So when the
process dies and ink of stroke n shows, the pen-ups of all strokes before n were handled, and
every one of them but the last, n - 1, must be in the file; n - 1 must be there too as soon as
n was finished. Whether n - 1 was there is counted as well, as what a user would notice.

Every round starts the program on the same folder and the same board, so each also shows that
the program itself opens what the kill before left. Kill moments are random with a seed: in
the middle of a stroke, between two strokes, and right after a pen-up.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from base.board_doc import StrokeItem
from base.errors import AppError
from benchmarks.apps import App, kokuban, start, wait_until_ready
from benchmarks.boards import read_strokes
from benchmarks.report import finish, parser, progress
from benchmarks.summary import Bar
from tools.pacing import wait_until
from tools.x11 import Pointer, Rect, Screen, XServer, start_xvfb

SIZE = (1920, 1080)
KILLS = 100
SEED = 20_26
RATE_HZ = 125.0
POINTS = 6
STEP_PX = 4
CELL_PX = (34, 26)
STROKES = (2, 6)
"""Strokes of a round: at least two, so that one is promised."""
PAUSE_S = (0.0, 0.04)
LEFT, TOP, RIGHT, BOTTOM = 300, 180, 1620, 900
NEAR_PX = 6.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One round.

    Attributes:
        moment: "stroke", "pause" or "pen up".
        finished: Strokes whose pen-up the program had handled for certain.
        promised: Of these, those that had to be in the file.
        lost: Promised strokes that are not.
        last_kept: Whether the last finished stroke, promised or not, is in the file; None
            when none was finished.
        opens: Whether the file opened.
        damaged: Strokes in the file that are not as written.
    """

    moment: str
    finished: int
    promised: int
    lost: int
    last_kept: bool | None
    opens: bool
    damaged: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where page points lie on the screen: px = scale * pt + offset."""

    scale: float
    x_px: float
    y_px: float

    def start_px(self, stroke: StrokeItem) -> tuple[float, float]:
        """Return the first point of a stroke in pixels."""
        x, y = stroke.samples()[0, :2]
        return self.scale * x + self.x_px, self.scale * y + self.y_px


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args(arguments)
    rounds = chosen.rounds or KILLS
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        start_xvfb(*SIZE) as server,
    ):
        kills = _Trial(Path(folder), server, random.Random(chosen.seed)).run(rounds)
    last = [kill.last_kept for kill in kills if kill.last_kept is not None]
    results = {
        "kills": len(kills),
        "moments": {name: sum(kill.moment == name for kill in kills) for name in MOMENTS},
        "finished_strokes": sum(kill.finished for kill in kills),
        "promised_strokes": sum(kill.promised for kill in kills),
        "lost_strokes": sum(kill.lost for kill in kills),
        "last_finished_kept": f"{sum(last)} of {len(last)}",
        "runs": [asdict(kill) for kill in kills],
    }
    bars = [
        Bar("kills", float(len(kills)), at_least=float(rounds)),
        Bar("finished strokes lost", float(sum(kill.lost for kill in kills)), at_most=0.0),
        Bar("files that did not open", float(sum(not k.opens for k in kills)), at_most=0.0),
        Bar("strokes not as written", float(sum(kill.damaged for kill in kills)), at_most=0.0),
    ]
    settings = {"kills": rounds, "seed": chosen.seed, "rate_hz": RATE_HZ, "points": POINTS}
    return finish("kill_recovery", settings, results, bars, chosen.json)


MOMENTS = ("stroke", "pause", "pen up")


class _Trial:
    """All rounds on one folder and one board."""

    def __init__(self, home: Path, server: XServer, chance: random.Random) -> None:
        self._home, self._server, self._chance = home, server, chance
        self._cells = _cells()
        self._written: list[tuple[int, int]] = []
        self._must: set[tuple[int, int]] = set()
        self._lost: set[tuple[int, int]] = set()

    def run(self, rounds: int) -> list[Kill]:
        calibration = self._calibrate()
        found = []
        for number in range(rounds):
            kill = self._round(calibration)
            found.append(kill)
            progress(f"kill {number + 1}/{rounds}: {asdict(kill)}")
        return found

    def _app(self) -> App:
        boards = self._boards()
        return kokuban("--open", str(boards[0])) if boards else kokuban()

    def _boards(self) -> list[Path]:
        return sorted((self._home / "data").rglob("*.kokuban"))

    def _calibrate(self) -> Calibration:
        """Write strokes at the corners, wait until they are in the file, and compare."""
        corners = [(LEFT, TOP - 40), (RIGHT, TOP - 40), (LEFT, BOTTOM + 20)]
        with (
            start(self._app(), self._server, self._home) as running,
            Pointer(self._server) as pointer,
            Screen(self._server) as screen,
        ):
            wait_until_ready(running, self._server)
            for x, y in corners:
                pointer.stroke(_stroke(x, y), RATE_HZ)
            screen.wait_until_still(still_s=1.0)
        strokes = read_strokes(self._boards()[0])
        if len(strokes) != len(corners):
            raise RuntimeError(f"{len(strokes)} strokes in the file after {len(corners)}")
        points = np.array([stroke.samples()[0, :2] for stroke in strokes])
        scale = (RIGHT - LEFT) / float(points[1, 0] - points[0, 0])
        return Calibration(
            scale, LEFT - scale * float(points[0, 0]), TOP - 40 - scale * float(points[0, 1])
        )

    def _round(self, calibration: Calibration) -> Kill:
        moment = self._chance.choice(MOMENTS)
        count = self._chance.randint(*STROKES)
        cells = [self._cells.pop() for _ in range(count + 1)]
        with (
            start(self._app(), self._server, self._home) as running,
            Pointer(self._server) as pointer,
            Screen(self._server) as screen,
        ):
            wait_until_ready(running, self._server)
            blank = {cell: _look(screen, cell) for cell in cells}
            for cell in cells[:count]:
                pointer.stroke(_stroke(*cell), RATE_HZ)
                self._rest()
            self._reach(moment, pointer, cells[count])
            # Before the kill: with the process goes its window.
            shown = [
                number
                for number, cell in enumerate(cells)
                if _look(screen, cell) != blank[cell]
            ]
            os.killpg(running.pid, signal.SIGKILL)
            running.process.wait()
            # Killed in a stroke, the server still holds the button down for the next program.
            pointer.release()
        self._written += cells
        finished = cells[: max(shown, default=0)]
        return self._judge(calibration, moment, finished)

    def _rest(self) -> None:
        wait_until(time.perf_counter() + self._chance.uniform(*PAUSE_S))

    def _reach(self, moment: str, pointer: Pointer, cell: tuple[int, int]) -> None:
        """Go on writing until the moment of the kill."""
        points = _stroke(*cell)
        if moment == "pause":
            self._rest()
            return
        pointer.move(*points[0])
        pointer.press()
        end = len(points) if moment == "pen up" else self._chance.randint(1, len(points) - 1)
        for point in points[:end]:
            pointer.move(*point)
            wait_until(time.perf_counter() + 1 / RATE_HZ)
        if moment == "pen up":
            pointer.release()
            wait_until(time.perf_counter() + self._chance.uniform(0.0, 0.005))
        else:
            wait_until(time.perf_counter() + self._chance.uniform(0.0, 1 / RATE_HZ))

    def _judge(
        self, calibration: Calibration, moment: str, finished: list[tuple[int, int]]
    ) -> Kill:
        promised = finished[:-1]
        self._must |= set(promised)
        try:
            strokes = read_strokes(self._boards()[0])
        except AppError as error:
            progress(f"it does not open: {error}")
            return Kill(moment, len(finished), len(promised), len(promised), None, False, 0)
        there = [self._cell_of(calibration.start_px(stroke)) for stroke in strokes]
        known = {cell for cell in there if cell is not None}
        # A stroke that was seen in the file is promised for all later rounds.
        missing = self._must - known - self._lost
        self._lost |= missing
        self._must |= known
        whole = sum(POINTS <= stroke.count <= POINTS + 2 for stroke in strokes)
        damaged = len(strokes) - whole
        last = finished[-1] in known if finished else None
        return Kill(moment, len(finished), len(promised), len(missing), last, True, damaged)

    def _cell_of(self, start_px: tuple[float, float]) -> tuple[int, int] | None:
        for cell in self._written:
            if np.hypot(cell[0] - start_px[0], cell[1] - start_px[1]) < NEAR_PX:
                return cell
        return None


def _cells() -> list[tuple[int, int]]:
    """Return the places of the strokes, the first to be taken last."""
    columns, rows = range(LEFT, RIGHT, CELL_PX[0]), range(TOP, BOTTOM, CELL_PX[1])
    return [(x, y) for y in rows for x in columns][::-1]


def _stroke(x: int, y: int) -> list[tuple[int, int]]:
    return [(x + index * STEP_PX, y + (index % 2) * 3) for index in range(POINTS)]


def _look(screen: Screen, cell: tuple[int, int]) -> bytes:
    """Return the pixels a stroke of this cell changes first."""
    return screen.raw(Rect(cell[0] - 1, cell[1] - 2, 8, 8)).tobytes()


if __name__ == "__main__":
    sys.exit(main())
