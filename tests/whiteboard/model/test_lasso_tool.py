"""The lasso as a state machine: a loop or a tap chooses, the frame moves."""

import math

import pytest

from tests.whiteboard.model.hand import on_page, only, stroke_along
from tests.whiteboard.model.making import note, rectangle, straight
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.effects import (
    LassoShown,
    Selected,
    SelectionDragged,
    SelectionPutBack,
)
from whiteboard.model.lasso_tool import FRAME_MARGIN_MM, HANDLE_GAP_MM, LassoTool

AROUND_LINE = [(50, 50), (550, 50), (550, 150), (50, 150), (50, 60)]


class Page:
    def __init__(self, **items):
        self.items = items

    def lookup(self, area):
        return [
            (i, item) for i, item in self.items.items() if item_bounds(item).intersects(area)
        ]


@pytest.fixture
def page():
    return Page(
        line=straight(100, 100, 500, 100), box=rectangle(600, 50, 700, 150), note=note(100, 300)
    )


@pytest.fixture
def lasso(page):
    return LassoTool(1.0, page.lookup)


def selected(effects):
    (one,) = only(effects, Selected)
    return set(one.item_ids)


def dragged(effects):
    """The transform that is stored in the end."""
    (last,) = [effect for effect in only(effects, SelectionDragged) if effect.is_done]
    return last.transform


def choose(lasso, page, *ids):
    lasso.choose({item_id: page.items[item_id] for item_id in ids})


# Choosing -------------------------------------------------------------------------------


def test_loop_chooses_what_it_goes_round(lasso):
    assert selected(stroke_along(lasso, AROUND_LINE)) == {"line"}
    assert set(lasso.chosen) == {"line"}


def test_loop_is_shown_while_it_is_drawn(lasso):
    shown = only(stroke_along(lasso, AROUND_LINE), LassoShown)
    assert len(shown[0].path) == 2
    assert shown[-1].path is None


def test_loop_around_nothing_ends_the_choice(lasso, page):
    choose(lasso, page, "box")
    loop = [(1000, 600), (1100, 600), (1100, 700), (1000, 700)]
    assert selected(stroke_along(lasso, loop)) == set()
    assert lasso.frame is None


def test_tap_chooses_what_lies_there(lasso):
    assert selected(stroke_along(lasso, [(300, 102)])) == {"line"}


def test_tap_near_a_thin_line_chooses_it(lasso):
    assert selected(stroke_along(lasso, [(300, 104)])) == {"line"}


def test_tap_on_the_empty_board_ends_the_choice(lasso, page):
    choose(lasso, page, "box")
    assert selected(stroke_along(lasso, [(1000, 700)])) == set()


def test_shaky_tap_is_a_tap(lasso):
    assert selected(stroke_along(lasso, [(300, 100), (302, 101), (301, 99)])) == {"line"}


def test_small_loop_that_comes_back_is_no_tap(lasso):
    loop = [(90, 290), (210, 290), (210, 410), (90, 410), (91, 291)]
    assert selected(stroke_along(lasso, loop)) == {"note"}


def test_second_hand_does_nothing_while_one_draws_a_loop(lasso):
    lasso.down(on_page(50, 50, contact=1))
    assert lasso.down(on_page(300, 100, contact=2)) == ()
    assert lasso.move(on_page(310, 100, contact=2)) == ()
    assert lasso.up(on_page(300, 100, contact=2)) == ()


def test_cancelled_loop_chooses_nothing(lasso):
    stroke_along(lasso, AROUND_LINE, lifts=False)
    assert lasso.cancel(1) == (LassoShown(None),)
    assert lasso.up(on_page(50, 50)) == ()


def test_cancelled_loop_keeps_what_was_chosen(lasso, page):
    choose(lasso, page, "box")
    stroke_along(lasso, AROUND_LINE, lifts=False)
    lasso.cancel(1)
    assert set(lasso.chosen) == {"box"}


def test_frame_goes_round_all_that_is_chosen(lasso, page):
    choose(lasso, page, "line", "box")
    expected = item_bounds(page.items["line"]).union(item_bounds(page.items["box"]))
    assert lasso.frame == expected


def test_time_alone_does_nothing(lasso):
    assert lasso.tick(100.0) == ()


# Moving ---------------------------------------------------------------------------------


def test_frame_moves_what_is_chosen(lasso, page):
    choose(lasso, page, "line")
    transform = dragged(stroke_along(lasso, [(300, 100), (340, 160)]))
    assert (transform.dx, transform.dy) == (40, 60)
    assert transform.is_move


def test_moved_items_are_the_ones_that_move_next(lasso, page):
    choose(lasso, page, "box")
    stroke_along(lasso, [(650, 100), (750, 100)])
    stroke_along(lasso, [(750, 100), (750, 200)])
    assert item_bounds(lasso.chosen["box"]) == item_bounds(page.items["box"]).moved(100, 100)


def test_drag_is_shown_before_it_is_stored(lasso, page):
    choose(lasso, page, "line")
    shown = only(stroke_along(lasso, [(300, 100), (320, 100), (340, 100)]), SelectionDragged)
    assert [effect.is_done for effect in shown] == [False, False, True]


def test_inside_of_the_frame_is_held_where_there_is_no_ink(lasso, page):
    choose(lasso, page, "line", "note")
    transform = dragged(stroke_along(lasso, [(400, 250), (450, 250)]))
    assert transform.dx == 50


def test_tap_on_what_is_chosen_chooses_what_lies_there(lasso, page):
    choose(lasso, page, "line", "box")
    assert selected(stroke_along(lasso, [(600, 100)])) == {"box"}


def test_hand_that_trembles_on_the_frame_moves_nothing(lasso, page):
    choose(lasso, page, "box")
    effects = stroke_along(lasso, [(650, 100), (651, 101)])
    assert only(effects, SelectionDragged) == []


def test_cancelled_drag_puts_everything_back(lasso, page):
    choose(lasso, page, "box")
    stroke_along(lasso, [(650, 100), (750, 100)], lifts=False)
    assert lasso.cancel(1) == (SelectionPutBack(),)
    assert lasso.chosen["box"] == page.items["box"]


def test_drag_off_any_page_puts_everything_back(lasso, page):
    choose(lasso, page, "line")
    effects = stroke_along(lasso, [(300, 100), (3e7, 100)])
    assert only(effects, SelectionPutBack) == [SelectionPutBack()]
    assert lasso.chosen["line"] == page.items["line"]


def test_choice_that_changes_under_the_hand_is_followed(lasso, page):
    choose(lasso, page, "line", "box")
    stroke_along(lasso, [(300, 100), (340, 100)], lifts=False)
    choose(lasso, page, "line")
    stored = lasso.up(on_page(340, 100))
    assert dragged(stored).dx == 40
    assert set(lasso.chosen) == {"line"}


def test_choice_that_vanishes_under_the_hand_ends_the_drag(lasso, page):
    choose(lasso, page, "line")
    stroke_along(lasso, [(300, 100), (340, 100)], lifts=False)
    lasso.choose({})
    lasso.move(on_page(350, 100))
    lasso.up(on_page(350, 100))
    assert lasso.frame is None


# Handles --------------------------------------------------------------------------------


def corner(lasso, name):
    frame, m = lasso.frame, FRAME_MARGIN_MM
    x, _ = frame.centre
    return {
        "right_bottom": (frame.right + m, frame.bottom + m),
        "left_top": (frame.left - m, frame.top - m),
        "right": (frame.right + m, frame.centre[1]),
        "turn": (x, frame.top - m - HANDLE_GAP_MM),
    }[name]


def test_corner_scales_about_the_opposite_one(lasso, page):
    choose(lasso, page, "box")
    frame = lasso.frame
    x, y = corner(lasso, "right_bottom")
    transform = dragged(stroke_along(lasso, [(x, y), (x + frame.width, y + frame.height)]))
    assert (transform.xx, transform.yy) == pytest.approx((2.0, 2.0))
    assert transform.point(frame.left, frame.top) == pytest.approx((frame.left, frame.top))


def test_side_stretches_along_itself(lasso, page):
    choose(lasso, page, "box")
    frame = lasso.frame
    x, y = corner(lasso, "right")
    transform = dragged(stroke_along(lasso, [(x, y), (x + frame.width / 2, y + 30)]))
    assert (transform.xx, transform.yy) == pytest.approx((1.5, 1.0))


def test_turning_handle_turns_about_the_middle(lasso, page):
    choose(lasso, page, "box")
    (x, y), (turn_x, turn_y) = lasso.frame.centre, corner(lasso, "turn")
    transform = dragged(stroke_along(lasso, [(turn_x, turn_y), (x + y - turn_y, y)]))
    assert math.atan2(transform.yx, transform.xx) == pytest.approx(math.pi / 2)
    assert transform.point(x, y) == pytest.approx((x, y))


def test_handles_keep_their_size_on_the_glass(lasso, page):
    choose(lasso, page, "box")
    frame = lasso.frame
    near = (frame.right + 1.5, frame.bottom + 1.5)
    effects = stroke_along(lasso, [near, (near[0] + 50, near[1] + 50)], scale=4.0)
    assert dragged(effects).xx > 1.2


def test_tap_on_a_handle_changes_nothing(lasso, page):
    choose(lasso, page, "box")
    assert stroke_along(lasso, [corner(lasso, "turn")]) == []
    assert set(lasso.chosen) == {"box"}


def test_handle_shrinks_a_choice_never_to_nothing(lasso, page):
    choose(lasso, page, "box")
    x, y = corner(lasso, "right_bottom")
    stroke_along(lasso, [(x, y), (x - 900, y - 900)])
    bounds = item_bounds(lasso.chosen["box"])
    assert bounds.width > 0
    assert Rect(590, 40, 720, 160).contains(bounds)


def test_thin_line_can_be_held_beside_its_ink(lasso, page):
    choose(lasso, page, "line")
    transform = dragged(stroke_along(lasso, [(300, 106), (340, 166)]))
    assert transform.is_move


def test_small_item_can_be_moved_by_its_middle():
    page = Page(dot=straight(100, 100, 106, 106))
    lasso = LassoTool(1.0, page.lookup)
    choose(lasso, page, "dot")
    assert dragged(stroke_along(lasso, [(103, 103), (203, 103)])).is_move


def test_small_item_can_be_scaled_from_beside_its_corner():
    page = Page(dot=straight(100, 100, 106, 106))
    lasso = LassoTool(1.0, page.lookup)
    choose(lasso, page, "dot")
    assert dragged(stroke_along(lasso, [(115, 115), (165, 165)])).xx > 1.5
