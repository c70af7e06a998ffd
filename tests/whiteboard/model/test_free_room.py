import pytest

from whiteboard.model.bounds import Rect
from whiteboard.model.free_room import Spine, against, best_room

VIEW = (1920.0, 1080.0)
TRAY = Rect(0.0, 980.0, 1920.0, 1080.0)


def test_without_bars_a_page_has_the_whole_view() -> None:
    assert best_room(*VIEW, (), 960, 540) == Rect(0, 0, 1920, 1080)


def test_room_ends_above_a_tray_along_the_bottom() -> None:
    assert best_room(*VIEW, (TRAY,), 960, 540) == Rect(0, 0, 1920, 980)


def test_bar_in_a_corner_costs_width_or_height_whichever_is_less() -> None:
    corner = Rect(1800.0, 600.0, 1920.0, 980.0)
    assert best_room(*VIEW, (TRAY, corner), 960, 540).right == 1800.0
    wide = best_room(*VIEW, (TRAY, corner), 3000, 540)
    assert (wide.right, wide.bottom) == (1920.0, 600.0)


def test_no_bar_lies_in_the_room() -> None:
    bars = (TRAY, Rect(0.0, 880.0, 90.0, 980.0), Rect(1790.0, 600.0, 1930.0, 980.0))
    for size in ((960, 540), (595, 842), (540, 960), (2000, 300)):
        room = best_room(*VIEW, bars, *size)
        for bar in bars:
            assert (
                bar.left >= room.right
                or bar.right <= room.left
                or bar.top >= room.bottom
                or bar.bottom <= room.top
            )


def test_tall_page_has_the_widest_room_of_its_scale() -> None:
    corner = Rect(1800.0, 600.0, 1920.0, 980.0)
    room = best_room(*VIEW, (TRAY, corner), 595, 842)
    assert room == Rect(0.0, 0.0, 1800.0, 980.0)


def test_view_full_of_bars_still_has_room() -> None:
    assert best_room(*VIEW, (Rect(-1, -1, 2000, 2000),), 960, 540) == Rect(0, 0, 1920, 1080)


@pytest.mark.parametrize(
    ("spine", "left", "right"),
    [(Spine.NONE, 100, 700), (Spine.LEFT, 100, 300), (Spine.RIGHT, 500, 700)],
)
def test_page_lies_against_its_spine_as_wide_as_it_is(
    spine: Spine, left: float, right: float
) -> None:
    room = Rect(100.0, 50.0, 700.0, 450.0)
    assert against(room, spine, 50.0, 100.0) == Rect(left, 50.0, right, 450.0)


def test_page_that_is_wider_than_its_room_takes_all_of_it() -> None:
    room = Rect(0.0, 0.0, 400.0, 400.0)
    assert against(room, Spine.RIGHT, 200.0, 100.0) == room
