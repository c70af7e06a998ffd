"""The eraser as a state machine: gestures in, effects out."""

import pytest

from base.board_doc import StrokeItem
from tests.whiteboard.model.hand import on_page, only, stroke_along
from tests.whiteboard.model.making import rectangle, straight
from whiteboard.model.bounds import item_bounds
from whiteboard.model.effects import Wiped, WipeDropped, WipeFinished
from whiteboard.model.eraser_tool import PALM_SHARE, EraserKind, EraserTool


class Page:
    """Items by id, and the lookup of what touches an area."""

    def __init__(self, **items):
        self.items = items

    def lookup(self, area):
        return [
            (i, item) for i, item in self.items.items() if item_bounds(item).intersects(area)
        ]

    def store(self, effects):
        """Do what a view does with a finished gesture."""
        for finished in only(effects, WipeFinished):
            for item_id, pieces in finished.pieces.items():
                del self.items[item_id]
                for n, piece in enumerate(pieces):
                    self.items[f"{item_id}.{n}"] = piece


@pytest.fixture
def page():
    return Page(line=straight(100, 100, 500, 100), box=rectangle(600, 50, 700, 150))


def eraser(page, kind=EraserKind.AREA, radius_mm=10.0, px_per_mm=1.0):
    return EraserTool(kind, radius_mm, px_per_mm, page.lookup)


def finished(effects):
    (one,) = only(effects, WipeFinished)
    return one.pieces


def test_eraser_splits_the_stroke_it_crosses(page):
    pieces = finished(stroke_along(eraser(page), [(300, 50), (300, 100), (300, 150)]))
    assert set(pieces) == {"line"}
    left, right = sorted(item_bounds(piece).left for piece in pieces["line"])
    assert left < 110
    assert right > 305


def test_whole_line_eraser_takes_all_of_it(page):
    effects = stroke_along(eraser(page, EraserKind.STROKE), [(300, 50), (300, 150)])
    assert finished(effects) == {"line": ()}


def test_touch_of_nothing_changes_nothing(page):
    effects = stroke_along(eraser(page), [(300, 300), (320, 300)])
    assert finished(effects) == {}
    assert all(wiped.area is None for wiped in only(effects, Wiped))


def test_tap_wipes_where_it_is(page):
    assert "line" in finished(stroke_along(eraser(page), [(300, 100)]))


def test_quick_hand_wipes_between_its_samples(page):
    assert "line" in finished(stroke_along(eraser(page, radius_mm=2.0), [(300, 0), (300, 400)]))


def test_each_wipe_shows_what_is_left_and_where_to_paint(page):
    (wiped,) = eraser(page).down(on_page(300, 100))
    assert set(wiped.pieces) == {"line"}
    assert wiped.area.contains_point(300, 100)
    assert (wiped.x_pt, wiped.y_pt, wiped.radius_pt) == (300, 100, 10.0)


def test_whole_line_eraser_paints_all_of_the_line_again(page):
    (wiped,) = eraser(page, EraserKind.STROKE).down(on_page(300, 100))
    assert wiped.area.contains(item_bounds(page.items["line"]))


def test_second_wipe_works_on_what_the_first_left(page):
    tool = eraser(page)
    stroke_along(tool, [(200, 100)], lifts=False)
    effects = tool.move(on_page(200, 300))
    effects += tool.move(on_page(400, 300))
    effects += tool.up(on_page(400, 100))
    assert len(finished(effects)["line"]) == 3


def test_size_on_the_glass_stays_when_the_page_is_zoomed(page):
    (near,) = eraser(page).down(on_page(300, 100, scale=4.0))
    (far,) = eraser(page).down(on_page(300, 100, scale=0.5))
    assert (near.radius_pt, far.radius_pt) == (2.5, 20.0)


def test_large_palm_wipes_with_its_own_size(page):
    (wiped,) = eraser(page).down(on_page(300, 100, size_mm=80.0))
    assert wiped.radius_pt == 40.0 * PALM_SHARE


def test_small_contact_wipes_with_the_chosen_size(page):
    (wiped,) = eraser(page).down(on_page(300, 100, size_mm=5.0))
    assert wiped.radius_pt == 10.0


def test_cancelled_wipe_makes_everything_whole(page):
    tool = eraser(page)
    stroke_along(tool, [(300, 100), (650, 50)], lifts=False)
    (dropped,) = only(tool.cancel(1), WipeDropped)
    assert set(dropped.item_ids) == {"line", "box"}


def test_gesture_after_a_cancelled_one_starts_from_the_whole_line(page):
    tool = eraser(page)
    stroke_along(tool, [(200, 100)], lifts=False)
    tool.cancel(1)
    assert len(finished(stroke_along(tool, [(400, 100)]))["line"]) == 2


def test_unknown_contact_wipes_nothing(page):
    tool = eraser(page)
    assert tool.move(on_page(300, 100)) == ()
    assert tool.up(on_page(300, 100)) == ()
    assert tool.cancel(1) == ()


def test_time_alone_wipes_nothing(page):
    assert eraser(page).tick(100.0) == ()


def test_two_palms_wipe_two_lines_each_in_its_own_step(page):
    tool = eraser(page)
    tool.down(on_page(300, 100, contact=1))
    tool.down(on_page(600, 100, contact=2))
    assert set(finished(tool.up(on_page(300, 100, contact=1)))) == {"line"}
    assert set(finished(tool.up(on_page(600, 100, contact=2)))) == {"box"}


def test_two_palms_on_one_line_wipe_both_places(page):
    tool = eraser(page)
    tool.down(on_page(200, 100, contact=1))
    tool.down(on_page(400, 100, contact=2))
    effects = tool.up(on_page(200, 100, contact=1))
    assert len(finished(effects)["line"]) == 3
    page.store(effects)
    again = finished(tool.up(on_page(400, 100, contact=2)))
    assert all(len(pieces) == 1 for pieces in again.values())


def test_second_palm_goes_on_with_what_the_first_stored(page):
    tool = eraser(page)
    tool.down(on_page(200, 100, contact=1))
    tool.down(on_page(400, 300, contact=2))
    page.store(tool.up(on_page(200, 100, contact=1)))
    pieces = finished(tool.up(on_page(400, 100, contact=2)))
    assert set(pieces) == {"line.1"}


def test_cancelled_palm_leaves_what_another_one_wiped(page):
    tool = eraser(page)
    tool.down(on_page(200, 100, contact=1))
    tool.down(on_page(400, 100, contact=2))
    tool.cancel(1)
    pieces = finished(tool.up(on_page(400, 100, contact=2)))
    assert "line" in pieces


def test_pieces_stay_where_their_line_was(page):
    pieces = finished(stroke_along(eraser(page), [(300, 100)]))["line"]
    line = page.items["line"]
    assert all(isinstance(piece, StrokeItem) for piece in pieces)
    assert {(p.page, p.z, p.author) for p in pieces} == {(line.page, line.z, line.author)}
