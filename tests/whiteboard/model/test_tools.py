"""The tools that draw, point, stamp and ask for an editor."""

import math
from datetime import date

import numpy as np
import pytest

from base.board_doc import NO_FILL, BrushKind, ShapeKind, StampKind
from tests.whiteboard.model.hand import on_page, only, stroke_along
from whiteboard.model.effects import (
    Asked,
    EditAsked,
    InkDropped,
    InkExtended,
    InkFinished,
    InkStarted,
    ItemsAdded,
    Pointed,
    ShapeShown,
)
from whiteboard.model.tools import (
    STAMP_SIZE_PT,
    EditTool,
    InkTool,
    PointerTool,
    ShapeTool,
    StampTool,
    points_between,
)
from whiteboard.model.wet_stroke import InkStyle

PEN = InkStyle(BrushKind.PEN, 2, 3.5)
LINE = [(x, 100.0) for x in np.linspace(100, 400, 60)]


def pen(*, straightens=True, px_per_mm=1.0):
    return InkTool(PEN, straightens=straightens, px_per_mm=px_per_mm)


def shape_tool(kind=ShapeKind.RECTANGLE):
    return ShapeTool(kind, 3, 6.0)


def stamp_tool(kind=StampKind.DONE):
    return StampTool(kind, 2, lambda: date(2026, 11, 21), px_per_mm=1.0)


def hold(tool, places=LINE, *, contact=1, for_s=2.0):
    """Draw along places and hold still at the end."""
    stroke_along(tool, places, lifts=False, contact=contact)
    return tool.tick(len(places) * 0.008 + for_s)


# Ink ------------------------------------------------------------------------------------


def test_pen_starts_a_stroke_where_it_lands():
    (started,) = pen().down(on_page(10, 20, 5.0))
    assert isinstance(started, InkStarted)
    assert (started.stroke.xs, started.stroke.ys, started.stroke.times) == ([10], [20], [0.0])


def test_pen_adds_a_sample_for_each_move():
    tool = pen()
    (started,) = tool.down(on_page(0, 0))
    assert tool.move(on_page(5, 5, 0.01)) == (InkExtended(1),)
    assert started.stroke.xs == [0, 5]


def test_pen_takes_in_the_place_where_it_lifts():
    tool = pen()
    (started,) = tool.down(on_page(0, 0))
    assert tool.up(on_page(3, 4, 0.01)) == (InkExtended(1), InkFinished(1))
    assert started.stroke.xs == [0, 3]


def test_pen_adds_no_sample_when_it_lifts_where_it_was():
    tool = pen()
    (started,) = tool.down(on_page(7, 7))
    assert tool.up(on_page(7, 7, 0.01)) == (InkFinished(1),)
    assert len(started.stroke) == 1


def test_two_contacts_draw_two_strokes():
    tool = pen()
    (one,) = tool.down(on_page(0, 0, contact=1))
    (other,) = tool.down(on_page(500, 0, contact=2))
    tool.move(on_page(1, 1, contact=1))
    tool.move(on_page(501, 1, contact=2))
    assert (one.stroke.xs, other.stroke.xs) == ([0, 1], [500, 501])


def test_move_of_an_unknown_contact_does_nothing():
    assert pen().move(on_page(1, 1)) == ()
    assert pen().up(on_page(1, 1)) == ()
    assert pen().cancel(1) == ()


def test_cancelled_stroke_is_dropped():
    tool = pen()
    tool.down(on_page(0, 0))
    assert tool.cancel(1) == (InkDropped(1),)
    assert tool.up(on_page(0, 0)) == ()


def test_stroke_held_still_becomes_a_shape():
    dropped, shown = hold(pen())
    assert dropped == InkDropped(1)
    assert shown.shape.shape is ShapeKind.LINE
    assert (shown.shape.colour, shown.shape.width_pt) == (2, 3.5)


def test_hand_that_has_not_held_long_enough_straightens_nothing():
    assert hold(pen(), for_s=0.1) == ()


def test_tool_that_does_not_straighten_leaves_a_held_stroke():
    assert hold(pen(straightens=False)) == ()


def test_held_shape_is_added_instead_of_the_stroke():
    tool = pen()
    hold(tool)
    shown, added = tool.up(on_page(400, 100, 9.0))
    assert shown == ShapeShown(1, None)
    assert isinstance(added, ItemsAdded)
    assert len(added.items) == 1


def test_end_of_a_held_line_follows_the_hand():
    tool = pen()
    hold(tool)
    (shown,) = tool.move(on_page(300, 300, 3.0))
    assert shown.shape.points[1] == (300, 300)


def test_nearly_level_end_of_a_held_line_is_level():
    tool = pen()
    hold(tool)
    (shown,) = tool.move(on_page(350, 104, 3.0))
    assert shown.shape.points[1][1] == shown.shape.points[0][1]


def test_cancelled_held_shape_is_gone():
    tool = pen()
    hold(tool)
    assert tool.cancel(1) == (ShapeShown(1, None),)
    assert tool.up(on_page(400, 100)) == ()


def test_stroke_that_is_no_shape_is_tried_once_and_stays_ink():
    rng = np.random.default_rng(3)
    scrawl = np.cumsum(rng.normal(0, 25, (50, 2)), axis=0) + 400
    tool = pen()
    assert hold(tool, scrawl.tolist()) == ()
    assert tool.tick(99.0) == ()
    assert only(tool.up(on_page(*scrawl[-1], 100.0)), InkFinished)


def test_only_the_hand_that_holds_still_straightens():
    tool = pen()
    stroke_along(tool, LINE, lifts=False, contact=1)
    tool.down(on_page(100, 500, 3.0, contact=2))
    tool.move(on_page(300, 520, 3.0, contact=2))
    assert {effect.contact for effect in tool.tick(3.1)} == {1}


# Shapes ---------------------------------------------------------------------------------


def test_shape_spans_from_where_the_hand_landed():
    effects = stroke_along(shape_tool(), [(10, 20), (50, 60), (110, 80)])
    (added,) = only(effects, ItemsAdded)
    (item,) = added.items
    assert item.points == ((10, 20), (110, 20), (110, 80), (10, 80))
    assert (item.colour, item.fill, item.width_pt) == (3, NO_FILL, 6.0)


def test_shape_is_shown_while_it_is_drawn_and_not_after():
    effects = only(stroke_along(shape_tool(), [(0, 0), (50, 50)]), ShapeShown)
    assert effects[0].shape is not None
    assert effects[-1].shape is None


def test_shape_ends_where_the_hand_lifts():
    tool = shape_tool()
    tool.down(on_page(0, 0))
    tool.move(on_page(50, 50))
    (added,) = only(tool.up(on_page(90, 70)), ItemsAdded)
    assert added.items[0].points[2] == (90, 70)


def test_mere_touch_draws_no_shape():
    assert only(stroke_along(shape_tool(), [(0, 0), (1, 1)]), ItemsAdded) == []


def test_cancelled_shape_is_gone():
    tool = shape_tool()
    stroke_along(tool, [(0, 0), (50, 50)], lifts=False)
    assert tool.cancel(1) == (ShapeShown(1, None),)
    assert tool.up(on_page(50, 50)) == ()


@pytest.mark.parametrize("kind", list(ShapeKind))
def test_each_shape_fits_between_its_corners(kind):
    points = points_between(kind, (10.0, 20.0), (110.0, 220.0))
    assert all(10 <= x <= 110 and 20 <= y <= 220 for x, y in points)


def test_line_of_a_shaky_hand_is_level():
    assert points_between(ShapeKind.LINE, (0.0, 0.0), (200.0, 5.0)) == ((0, 0), (200, 0))
    assert points_between(ShapeKind.ARROW, (0.0, 0.0), (5.0, 200.0)) == ((0, 0), (0, 200))


def test_slanted_line_stays_slanted():
    end = (200.0, 200.0 * math.tan(math.radians(10)))
    assert points_between(ShapeKind.LINE, (0.0, 0.0), end)[1] == end


# Pointing -------------------------------------------------------------------------------


def test_pointer_leaves_a_trail_that_ends_with_the_touch():
    effects = stroke_along(PointerTool(2, 1.0), [(0, 0), (5, 5)])
    assert [(e.x_pt, e.is_down) for e in only(effects, Pointed)] == [
        (0, True),
        (5, True),
        (5, False),
    ]


def test_cancelled_trail_ends_where_it_was():
    tool = PointerTool(2, 1.0)
    stroke_along(tool, [(0, 0), (5, 6)], lifts=False)
    (ended,) = tool.cancel(1)
    assert (ended.x_pt, ended.y_pt, ended.is_down) == (5, 6, False)
    assert tool.cancel(1) == ()


def test_unknown_contact_points_at_nothing():
    assert PointerTool(2, 1.0).move(on_page(0, 0)) == ()
    assert PointerTool(2, 1.0).up(on_page(0, 0)) == ()


# Stamps and editors -----------------------------------------------------------------------


def test_stamp_has_its_middle_where_the_board_was_touched():
    (added,) = only(stroke_along(stamp_tool(), [(300, 200)]), ItemsAdded)
    box = added.items[0].box
    assert (box.x + box.width / 2, box.y + box.height / 2) == (300, 200)
    assert box.width == STAMP_SIZE_PT


def test_date_stamp_says_the_day():
    (added,) = only(stroke_along(stamp_tool(StampKind.DATE), [(300, 200)]), ItemsAdded)
    assert added.items[0].text == "2026.11.21"


def test_other_stamps_say_nothing():
    (added,) = only(stroke_along(stamp_tool(StampKind.STAR), [(300, 200)]), ItemsAdded)
    assert added.items[0].text == ""


def test_touch_asks_for_an_editor_where_it_lifts():
    tool = EditTool(Asked.NOTE, px_per_mm=1.0)
    assert tool.down(on_page(40, 50)) == ()
    assert tool.up(on_page(41, 50)) == (EditAsked(Asked.NOTE, 41, 50),)


def test_hand_that_slides_over_the_board_asks_for_no_editor():
    tool = EditTool(Asked.TEXT, px_per_mm=1.0)
    assert stroke_along(tool, [(0, 0), (100, 0)]) == []


def test_hand_that_slides_there_and_back_stamps_nothing():
    assert stroke_along(stamp_tool(), [(0, 0), (100, 0), (0, 0)]) == []


def test_how_far_a_tap_may_slip_is_measured_on_the_glass():
    tool = EditTool(Asked.TEXT, px_per_mm=1.0)
    assert stroke_along(tool, [(0, 0), (20, 0)], scale=0.1) != []
    assert stroke_along(tool, [(0, 0), (20, 0)], scale=4.0) == []


def test_cancelled_tap_does_nothing():
    tool = EditTool(Asked.TEXT, px_per_mm=1.0)
    tool.down(on_page(0, 0))
    assert tool.cancel(1) == ()
    assert tool.up(on_page(0, 0)) == ()


@pytest.mark.parametrize(
    "tool",
    [shape_tool(), PointerTool(2, 1.0), stamp_tool(), EditTool(Asked.TEXT, px_per_mm=1.0)],
)
def test_time_alone_does_nothing(tool):
    assert tool.tick(100.0) == ()
