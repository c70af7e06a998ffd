from itertools import pairwise

import pytest

from whiteboard.model.tool_choice import ToolKind
from whiteboard.model.tray_plan import TRAY_ORDER, TraySizes, plan_tray

SIZES = TraySizes(fixed=100.0, tool=23.0, quick=18.0, change=30.0, lanes=1)


def test_everything_lies_in_a_long_tray() -> None:
    plan = plan_tray(600.0, SIZES, ToolKind.PEN)
    assert (plan.tools, plan.hidden, plan.quick) == (TRAY_ORDER, (), 8)


def test_colours_go_before_tools_do() -> None:
    plan = plan_tray(500.0, SIZES, ToolKind.PEN)
    assert plan.hidden == ()
    assert 4 <= plan.quick < 8


@pytest.mark.parametrize("lanes", [1, 2])
def test_tray_is_never_longer_than_its_room(lanes: int) -> None:
    sizes = TraySizes(fixed=100.0, tool=23.0, quick=18.0, change=30.0, lanes=lanes)
    for room in range(180, 700, 7):
        assert plan_tray(room, sizes, ToolKind.PEN).length(sizes) <= room


def test_more_room_never_shows_less() -> None:
    plans = [plan_tray(room, SIZES, ToolKind.PEN) for room in range(180, 700, 7)]
    shown = [len(plan.tools) + plan.quick for plan in plans]
    assert all(less <= more for less, more in pairwise(shown))


def test_no_tool_is_lost() -> None:
    for room in range(0, 700, 50):
        plan = plan_tray(room, SIZES, ToolKind.STAMP)
        assert sorted((*plan.tools, *plan.hidden)) == sorted(TRAY_ORDER)


def test_tool_in_hand_is_never_hidden() -> None:
    for tool in ToolKind:
        assert tool in plan_tray(250.0, SIZES, tool).tools


def test_pen_and_eraser_stay_to_the_last() -> None:
    assert plan_tray(0.0, SIZES, ToolKind.PEN).tools == (ToolKind.PEN, ToolKind.ERASER)
