"""A long meeting in ten minutes: a hand that never rests, and what it costs.

`SOAK_SECONDS` in the environment makes it shorter or longer. With `-s` it prints a line of
JSON for every half minute; docs/explanation/soak.md says what they showed.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest

from base.board_doc import StrokeItem
from benchmarks.processes import cpu_seconds, memory
from tools.handwriting import LETTERS, write
from tools.running import RunningKokuban, run_kokuban
from tools.stage import evenly_spaced
from tools.x11 import Pointer, Rect, Screen, XServer, start_xvfb
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
EVERY_S = min(30.0, SECONDS / 8)
SEED = 20261121
MOST_MB = 400.0
MOST_GROWTH_MB = 40.0
"""From the middle of the session to its end, where a board of the same size is written on.
Undo alone may keep 64 MB, and ink takes some; what leaks with every stroke takes more."""
RATE_HZ = 250.0
MOST_PAGES = 12
AREA = Rect(300, 170, 1300, 650)
LOOKS_S = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What the session looks like after some time.

    Attributes:
        t_s: Time since its beginning.
        pss_mb: Memory of the application and its children.
        cpu_s: Processor time they used so far.
        strokes: Written so far.
        undone: Steps undone so far.
        erased: Ways of the eraser so far.
        turned: Pages turned or added so far.
        file_mb: The board's file with its log.
    """

    t_s: float
    pss_mb: float
    cpu_s: float
    strokes: int
    undone: int
    erased: int
    turned: int
    file_mb: float


class Meeting:
    """A hand that writes, takes back, erases and turns pages, the same way every time."""

    def __init__(self, running: RunningKokuban, pointer: Pointer, screen: Screen) -> None:
        self._running, self._pointer, self._screen = running, pointer, screen
        self._chance = random.Random(SEED)
        # Before there is ink, "Undo" cannot be touched.
        self._draw(np.array([(400.0, 400.0), (460.0, 420.0)]))
        self._at = {
            word: running.wait_for_button(word)
            for word in ("Pen", "Chalk", "Marker", "Eraser", "Undo", "More")
        }
        self._seed = 0
        self.pages = 1
        self.strokes = self.undone = self.erased = self.turned = 0

    def do_something(self) -> None:
        """Do the next thing a person might do."""
        what = self._chance.choices(
            (self.write_letters, self.undo, self.erase, self.turn), (70, 12, 10, 8)
        )[0]
        what()

    def write_letters(self) -> None:
        self._touch(self._chance.choices(("Pen", "Chalk", "Marker"), (8, 1, 1))[0])
        text = "".join(self._chance.choices([c for c in LETTERS if c != " "], k=3))
        height = self._chance.uniform(40, 140)
        x = self._chance.uniform(AREA.x, AREA.x + AREA.width - 4 * height)
        y = self._chance.uniform(AREA.y, AREA.y + AREA.height - 1.2 * height)
        self._seed += 1
        for stroke in write(text, x, y, height, self._seed):
            self._draw(stroke)
            self.strokes += 1

    def undo(self) -> None:
        for _step in range(self._chance.randint(1, 6)):
            self._touch("Undo")
            self.undone += 1

    def erase(self) -> None:
        self._touch("Eraser")
        y = self._chance.uniform(AREA.y, AREA.y + AREA.height)
        self._draw(np.array([(AREA.x, y), (AREA.x + 500.0, y + 60.0)]))
        self.erased += 1

    def turn(self) -> None:
        forward = "New page" if self._running.where("New page") else "Next"
        if forward == "New page" and self.pages >= MOST_PAGES:
            forward = "Back"
        word = forward if self._chance.random() < 0.6 else "Back"
        place = self._running.where(word)
        if place is not None:
            self._pointer.click(*place)
            self.pages += word == "New page"
            self.turned += 1

    def look(self) -> None:
        """Fail unless a stroke shows."""
        self._touch("Pen")
        self._pointer.sync()
        x, y = 1500, self._chance.randint(200, 800)
        spot = Rect.around(x, y, 14)
        blank = self._screen.wait_until_still(spot)
        line = np.array([(x - 12.0, y - 12.0), (x + 12.0, y + 12.0)])
        self._draw(line if self._chance.random() < 0.5 else line[::-1])
        self._screen.wait_for_change(spot, since=blank, timeout_s=10)
        self.strokes += 1
        self._touch("Undo")
        self.undone += 1

    def _touch(self, word: str) -> None:
        self._pointer.click(*self._at[word])

    def _draw(self, points: np.ndarray) -> None:
        way = evenly_spaced(points, 9.0)
        self._pointer.stroke([(round(x), round(y)) for x, y in way.tolist()], RATE_HZ)


@pytest.fixture
def server() -> Iterator[XServer]:
    with start_xvfb(1920, 1080) as running:
        yield running


def test_long_session_stays_quick_small_and_whole(server: XServer, data_dir: Path) -> None:
    options = ("--screen", "board", "--language", "en", "--sound-on", "no")
    samples: list[Sample] = []
    with (
        run_kokuban(server, data_dir, *options, is_driven=True) as running,
        Pointer(server) as pointer,
        Screen(server) as screen,
    ):
        running.wait_until_started()
        screen.wait_until_still()
        meeting = Meeting(running, pointer, screen)
        began_s = time.monotonic()
        looked_s = began_s
        while (now_s := time.monotonic()) < began_s + SECONDS:
            meeting.do_something()
            if now_s - looked_s >= LOOKS_S:
                meeting.look()
                looked_s = now_s
            if now_s - began_s >= EVERY_S * (len(samples) + 1):
                samples.append(take_sample(running, meeting, now_s - began_s))
                sys.stderr.write(json.dumps(asdict(samples[-1])) + "\n")
        (path,) = running.boards()
        assert running.end() == 0
        assert running.said() == ""
        assert running.complaints() == []
    assert strokes_of(path) > 0
    assert max(sample.pss_mb for sample in samples) <= MOST_MB
    middle, last = samples[len(samples) // 2], samples[-1]
    assert last.pss_mb - middle.pss_mb <= MOST_GROWTH_MB


def take_sample(running: RunningKokuban, meeting: Meeting, t_s: float) -> Sample:
    boards = running.data_dir / "boards"
    return Sample(
        t_s=round(t_s, 1),
        pss_mb=round(memory(running.process.pid).pss_mb, 1),
        cpu_s=round(cpu_seconds(running.process.pid), 1),
        strokes=meeting.strokes,
        undone=meeting.undone,
        erased=meeting.erased,
        turned=meeting.turned,
        file_mb=round(sum(p.stat().st_size for p in boards.iterdir()) / 1e6, 2),
    )


def strokes_of(path: Path) -> int:
    """Return how many strokes a board has; fail when it is damaged."""
    file = BoardFile.open(path, read_only=True)
    try:
        assert not file.report.is_recovered
        board = Board(iter("x").__next__, file.board_update)
    finally:
        file.close()
    items = [item for page in board.pages for item in board.items(page.id).values()]
    return sum(isinstance(item, StrokeItem) for item in items)
