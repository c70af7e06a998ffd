"""The path of the pen, and which bars a run is held to."""

import math

import pytest

from benchmarks.ink_latency import bars
from benchmarks.ink_probe import InkRun, split_rows, wave_rows
from benchmarks.summary import Percentiles


def run_of(p50, p95=1.0, p99=1.0, lost=0):
    latency = Percentiles(p50, p95, p99, p99)
    return InkRun(latency, 100, 100, 0, lost, 0, 0.0, None, 1.0)


def by_name(found):
    return {bar.name: bar for bar in found}


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_path_stays_in_the_middle_of_the_screen(size):
    width, height = size
    points = [point for row in wave_rows(width, height) for point in row]
    assert all(0.14 * width < x < 0.86 * width for x, _ in points)
    assert all(0.14 * height < y < 0.86 * height for _, y in points)


def test_path_has_room_for_both_rates():
    shares = split_rows(wave_rows(1920, 1080), [100, 500, 800])
    assert [sum(len(row) - 1 for row in share) >= 100 for share in shares] == [True] * 3


def test_no_two_points_of_the_path_are_so_near_that_ink_meets():
    points = [point for row in wave_rows(1920, 1080) for point in row]
    nearest = min(
        math.dist(a, b) for index, a in enumerate(points) for b in points[index + 1 :]
    )
    assert nearest > 8


def test_path_grows_with_the_screen():
    small, large = wave_rows(1920, 1080), wave_rows(3840, 2160)
    assert [len(row) for row in small] == [len(row) for row in large]


def test_shares_take_no_row_twice():
    rows = [[(0, 0), (1, 1), (2, 2)]] * 4
    assert [len(share) for share in split_rows(rows, [3, 4])] == [2, 2]


def test_too_small_a_page_is_an_error():
    with pytest.raises(ValueError, match="too small"):
        split_rows([[(0, 0), (1, 1)]], [5])


def test_ratio_to_openboard_is_taken_round_by_round():
    runs = {
        "kokuban": {125: [run_of(0.5), run_of(1.0)], 240: []},
        "openboard": {125: [run_of(1.0), run_of(2.0)], 240: []},
    }
    assert by_name(bars(runs))["125 Hz p50 times that of OpenBoard"].measured == 0.5


def test_growth_is_the_large_page_over_the_empty_one():
    runs = {
        "kokuban": {125: [run_of(0.5)], 240: []},
        "kokuban-4k": {125: [run_of(0.7)], 240: []},
    }
    found = by_name(bars(runs))["125 Hz p50 times that of the empty 1080p page, 4K"]
    assert found.measured == pytest.approx(1.4)
    assert found.passed


def test_one_lost_point_misses_the_bar():
    runs = {"kokuban": {125: [run_of(0.5), run_of(0.5, lost=1)], 240: []}}
    assert not by_name(bars(runs))["kokuban 125 Hz points lost"].passed
