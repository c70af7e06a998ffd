"""Two fingers on a document, from a touch screen to the file: they hold the page, no ink."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tiny_pdf import COLOURS, write_pdf
from tests.system.test_document_kill import strokes_of, wait_for_colour, wait_for_strokes
from tools.running import RunningKokuban, run_kokuban
from tools.x11 import Screen
from tools.x11_touch import Glass, Pen, Touch, start_touch_server

BOARD = ("--screen", "board", "--size", "1920x1080", "--language", "en")
FINGER_APART_PX = 264


@pytest.fixture
def glass() -> Iterator[Glass]:
    with start_touch_server(1920, 1080) as running:
        yield running


def swipe(touch: Touch, way_px: float, apart_px: float, steps: int, pause_s: float) -> None:
    """Move two fingers that land together sideways, one told of after the other."""
    places = (1000.0, 500.0), (1000.0 + apart_px, 540.0)
    for finger, (x, y) in enumerate(places, 1):
        touch.begin(finger, x, y)
    for step in range(1, steps + 1):
        time.sleep(pause_s)
        for finger, (x, y) in enumerate(places, 1):
            touch.update(finger, x + way_px * step / steps, y)
    for finger, (x, y) in enumerate(places, 1):
        touch.end(finger, x + way_px, y)
    touch.sync()


def stroke(touch: Touch, y: float) -> None:
    touch.begin(1, 800.0, y)
    for n in range(1, 20):
        time.sleep(0.01)
        touch.update(1, 800.0 + 10 * n, y)
    touch.end(1, 990.0, y)
    touch.sync()


@pytest.mark.parametrize(
    ("apart_px", "steps", "pause_s"),
    [(80, 20, 0.01), (FINGER_APART_PX, 20, 0.01), (FINGER_APART_PX, 3, 0.05), (480, 8, 0.02)],
)
def test_two_fingers_turn_the_page_and_leave_no_ink(
    glass: Glass, data_dir: Path, tmp_path: Path, apart_px: int, steps: int, pause_s: float
) -> None:
    document = tmp_path / "deck.pdf"
    write_pdf(document, 3)
    with (
        run_kokuban(glass, data_dir, *BOARD, "--open", str(document)) as running,
        Screen(glass) as screen,
        Touch(glass) as touch,
    ):
        running.wait_until_started()
        wait_for_colour(screen, COLOURS[0])
        swipe(touch, -400.0, apart_px, steps, pause_s)
        wait_for_colour(screen, COLOURS[1])
        stroke(touch, 400.0)
        board = wait_for_strokes(running, 1)
        end_board(running)
    assert len(strokes_of(board)) == 1


def end_board(running: RunningKokuban) -> None:
    assert running.end() == 0
    assert running.complaints() == []


def test_finger_writes_no_more_from_the_first_pen_contact_on(
    glass: Glass, data_dir: Path, tmp_path: Path
) -> None:
    document = tmp_path / "deck.pdf"
    write_pdf(document, 3)
    with (
        run_kokuban(glass, data_dir, *BOARD, "--open", str(document)) as running,
        Screen(glass) as screen,
        Touch(glass) as touch,
        Pen(glass) as pen,
    ):
        running.wait_until_started()
        wait_for_colour(screen, COLOURS[0])
        pen.near(1200.0, 300.0)
        pen.press()
        for n in range(20):
            pen.move(1200.0 - 10 * n, 300.0)
        pen.release()
        pen.away(1000.0, 300.0)
        pen.sync()
        board = wait_for_strokes(running, 1)
        stroke(touch, 600.0)
        screen.wait_until_still()
        end_board(running)
    assert len(strokes_of(board)) == 1
