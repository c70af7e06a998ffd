"""Ink in a real window, written by the server's own pointer, into a real file."""

import math
import threading

import pytest

from tests.support.board_samples import stroke_count
from tests.support.canvas_bench import CanvasBench
from tools.pacing import ticks
from tools.x11 import Pointer
from whiteboard.services.boards.board_file import BoardFile

RATE_HZ = 125.0


@pytest.fixture
def bench(qtbot, data_dir):
    made = CanvasBench(data_dir, (1000, 600))
    made.canvas.show()
    qtbot.waitExposed(made.canvas)
    qtbot.waitUntil(lambda: made.canvas.is_sharp, timeout=20_000)
    yield made
    made.shutdown()


class Hand:
    """The server's pointer, moved by a thread: the window works as it does for a person."""

    def __init__(self, bench, display, qtbot):
        self._bench, self._qtbot = bench, qtbot
        self._pointer = Pointer(display.server)

    def close(self):
        self._pointer.close()

    def on_screen(self, places):
        corner = self._bench.canvas.mapToGlobal(self._bench.canvas.rect().topLeft())
        return [(corner.x() + round(x), corner.y() + round(y)) for x, y in places]

    def write(self, places, *, release=True):
        """Write a stroke; returns when the window has taken all of it."""
        canvas, points = self._bench.canvas, self.on_screen(places)
        strokes = len(self._bench.strokes)
        self._run(lambda: self._press_and_follow(points))
        self._qtbot.waitUntil(lambda: canvas.hands.are_busy, timeout=10_000)
        last = places[-1]

        def has_come():
            wet = canvas._wet._wet.values()
            ends = [canvas.viewport.to_view(w.stroke.xs[-1], w.stroke.ys[-1]) for w in wet]
            return any(math.dist(end, (round(last[0]), round(last[1]))) < 1 for end in ends)

        self._qtbot.waitUntil(has_come, timeout=10_000)
        if release:
            self._pointer.release()
            self._qtbot.waitUntil(
                lambda: len(self._bench.strokes) == strokes + 1, timeout=10_000
            )

    def release(self):
        self._pointer.release()

    def _press_and_follow(self, points):
        self._pointer.move(*points[0])
        self._pointer.press()
        for index in ticks(RATE_HZ, len(points)):
            self._pointer.move(*points[index])

    def _run(self, job):
        thread = threading.Thread(target=job, name="hand")
        thread.start()
        self._qtbot.waitUntil(lambda: not thread.is_alive(), timeout=20_000)
        thread.join()


@pytest.fixture
def hand(bench, display, qtbot):
    made = Hand(bench, display, qtbot)
    yield made
    made.release()
    made.close()


def arch(n):
    return [(60 + 8 * i, 80 + 60 * n - 30 * math.sin(i / 12)) for i in range(40)]


def strokes_in_file(path):
    """Read the file as another display would, while it is being written."""
    file = BoardFile.open(path, read_only=True)
    try:
        return stroke_count(file.board_update)
    finally:
        file.close()


def test_stroke_has_every_place_the_pointer_was_at(bench, hand):
    places = arch(0)
    hand.write(places)
    (stroke,) = bench.strokes
    written = {(round(x), round(y)) for x, y in bench.view_points(stroke).tolist()}
    assert written == {(round(x), round(y)) for x, y in places}


def test_finished_stroke_is_in_the_file_before_the_next_one_is_finished(bench, hand):
    for n in range(5):
        hand.write(arch(n), release=False)
        # The pointer is still down on stroke n + 1: the ones before are safe.
        assert strokes_in_file(bench.file.path) == n
        hand.release()
        hand._qtbot.waitUntil(lambda n=n: len(bench.strokes) == n + 1, timeout=10_000)


def test_unfinished_stroke_is_not_in_the_file(bench, hand):
    hand.write(arch(0), release=False)
    assert bench.file.flush(10)
    assert strokes_in_file(bench.file.path) == 0


def test_stroke_shows_where_it_was_written(bench, hand, qtbot):
    before = bench.shown()
    places = arch(2)
    hand.write(places)
    qtbot.waitUntil(lambda: bench.canvas.is_sharp, timeout=20_000)
    changed = (bench.shown() != before).any(axis=2)
    for x, y in places[2:-2]:
        assert changed[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].any()
    rows, columns = changed.nonzero()
    xs, ys = zip(*places, strict=True)
    assert min(xs) - 8 <= columns.min()
    assert columns.max() <= max(xs) + 8
    assert min(ys) - 8 <= rows.min()
    assert rows.max() <= max(ys) + 8


def test_times_of_samples_are_those_of_the_hand(bench, hand):
    hand.write(arch(1))
    times = bench.strokes[0].samples()[:, 3]
    # The server stamps what the pointer did, not what the window found time for.
    assert times[-1] == pytest.approx(39 / RATE_HZ, abs=0.08)
