from __future__ import annotations

from itertools import pairwise

import pytest

from whiteboard.model.bounds import Rect
from whiteboard.model.page import Ruling
from whiteboard.model.rulings import (
    GENKO_SHEET_PT,
    PT_PER_MM,
    plan_ruling,
)

PAGE = Rect(0.0, 0.0, 1440.0, 810.0)
RULED = [ruling for ruling in Ruling if ruling is not Ruling.NONE]


def count(printed):
    return len(printed.rules) + len(printed.dots) + len(printed.solids)


def gaps(values):
    values = sorted(set(values))
    return {round((b - a) / PT_PER_MM, 3) for a, b in pairwise(values)}


def test_plain_board_has_nothing_printed_on_it():
    printed = plan_ruling(Ruling.NONE, PAGE, 1.0)
    assert count(printed) == 0


def test_grid_has_squares_of_five_millimetres_and_each_fifth_line_is_heavier():
    rules = plan_ruling(Ruling.GRID, PAGE, 1.0).rules
    upright = {rule.x0: rule.width_pt for rule in rules if rule.x0 == rule.x1}
    heavy = [x for x, width in upright.items() if width == max(upright.values())]
    assert gaps(upright) == {5.0}
    assert gaps(heavy) == {25.0}


def test_lines_stand_eight_millimetres_apart():
    assert gaps(rule.y0 for rule in plan_ruling(Ruling.LINES, PAGE, 1.0).rules) == {8.0}


def test_dots_stand_five_millimetres_apart():
    dots = plan_ruling(Ruling.DOTS, PAGE, 1.0).dots
    assert gaps(dot.x for dot in dots) == gaps(dot.y for dot in dots) == {5.0}


def test_staff_has_five_lines():
    rules = plan_ruling(Ruling.STAFF, Rect(0.0, 0.0, 100.0, 45 * PT_PER_MM), 1.0).rules
    assert len({rule.y0 for rule in rules}) == 5


def test_fish_tails_lie_on_the_spine_in_the_middle_of_the_sheet():
    solids = plan_ruling(Ruling.GENKO, PAGE, 1.0).solids
    xs = [x for solid in solids for x, _ in solid.corners]
    ys = [y for solid in solids for _, y in solid.corners]
    assert min(xs) + max(xs) == pytest.approx(GENKO_SHEET_PT[0])
    assert min(ys) + max(ys) == pytest.approx(GENKO_SHEET_PT[1])


def test_manuscript_sheets_repeat_to_the_right_and_down():
    width, height = GENKO_SHEET_PT
    first = plan_ruling(Ruling.GENKO, Rect(1.0, 1.0, width - 9, height - 9), 1.0).rules
    beyond = Rect(3 * width + 1, 2 * height + 1, 4 * width - 9, 3 * height - 9)
    later = plan_ruling(Ruling.GENKO, beyond, 1.0).rules
    assert len(first) == len(later) > 400
    assert later[0].x0 - first[0].x0 == pytest.approx(3 * width)
    assert later[0].y0 - first[0].y0 == pytest.approx(2 * height)


@pytest.mark.parametrize("ruling", RULED)
def test_nothing_is_printed_left_of_the_page_or_above_it(ruling):
    printed = plan_ruling(ruling, Rect(-900.0, -900.0, -100.0, -100.0), 1.0)
    assert count(printed) == 0


@pytest.mark.parametrize("ruling", [Ruling.GRID, Ruling.LINES, Ruling.DOTS])
def test_what_stands_too_close_is_left_out(ruling):
    printed = plan_ruling(ruling, Rect(0.0, 0.0, 1e6, 1e6), 0.01)
    assert count(printed) == 0


@pytest.mark.parametrize("ruling", RULED)
def test_strength_never_leaves_its_range(ruling):
    for scale in (0.05, 0.1, 0.2, 0.215, 0.5, 1.0, 8.0):
        printed = plan_ruling(ruling, PAGE, scale)
        marks = (*printed.rules, *printed.dots, *printed.solids)
        assert all(0 < mark.strength <= 1 for mark in marks)
