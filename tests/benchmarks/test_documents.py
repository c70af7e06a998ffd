"""Where a sheet is found on a screen, and which bars a round is held to."""

import numpy as np
import pytest

from benchmarks.documents import bars
from benchmarks.sheet_watch import SAME_SHEET, Sheets, bands_of, find_sheet, refine
from benchmarks.summary import Percentiles
from tools.sample_documents import cached
from tools.x11 import Rect


@pytest.fixture
def sheets(tmp_path):
    opened = Sheets(cached("slides", tmp_path, 3))
    yield opened
    opened.close()


def screen_with(sheets, number, left, top, width):
    screen = np.full((540, 960), 200, np.float32)
    sheet = sheets.grey(number, width)
    screen[top : top + sheet.shape[0], left : left + sheet.shape[1]] = sheet
    return screen


def test_sheet_is_found_to_the_pixel(sheets):
    screen = screen_with(sheets, 1, 120, 60, 700)
    place = refine(screen, sheets, 1, find_sheet(screen, sheets, 1))
    assert (place.left, place.top, place.width) == (120, 60, 700)


def test_another_sheet_of_the_deck_is_not_taken_for_it(sheets):
    screen = screen_with(sheets, 1, 120, 60, 700)
    place = refine(screen, sheets, 2, find_sheet(screen, sheets, 2))
    assert place.score < SAME_SHEET


def test_bands_lie_inside_screen_and_sheet(sheets):
    screen = screen_with(sheets, 0, 0, 0, 960)
    place = find_sheet(screen, sheets, 0)
    bands = bands_of(place, Rect(0, 0, 960, 540))
    assert all(band.x >= 0 and band.x + band.width <= 960 for band in bands)
    assert all(band.y >= 0 and band.y + band.height <= 540 for band in bands)


def test_peer_is_compared_within_a_round():
    def started(first_s, turn_ms):
        turn = Percentiles(turn_ms, turn_ms, turn_ms, turn_ms)
        return {"opening": {"readable_s": first_s}, "turns": {"readable_ms": turn}}

    rounds = [{"ours slides": {"opening": {"readable_s": 0.25}},
               "started kokuban slides": started(0.5, 10.0),
               "started xournalpp slides": started(1.0, 40.0)}]  # fmt: skip
    found = {bar.name: bar for bar in bars(rounds)}
    peer = "times that of xournalpp"
    assert found[f"slides: first page on a running display, {peer}"].measured == 0.25
    assert found[f"slides: first page from the start of the program, {peer}"].measured == 0.5
    assert found["slides: turn p95, times that of xournalpp"].measured == 0.25


def test_what_could_not_be_measured_misses_its_bar():
    rounds = [{"memory": {"error": "it ended"}}]
    assert [bar.passed for bar in bars(rounds)] == [False]
