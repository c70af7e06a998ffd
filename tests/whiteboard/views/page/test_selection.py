"""Choosing and moving with real pointers in a real window."""

import pytest

from base.board_doc import StrokeItem
from base.qt import theme
from tests.support.pane_bench import PERSON, PaneBench
from tests.whiteboard.model.making import rectangle, straight
from whiteboard.model.bounds import item_bounds
from whiteboard.model.lasso_tool import FRAME_MARGIN_MM, HANDLE_GAP_MM
from whiteboard.model.select import Handle, handle_places, selection_bounds
from whiteboard.model.tool_choice import ToolKind


@pytest.fixture
def bench(qapp, data_dir):
    made = PaneBench(data_dir)
    made.show()
    made.hold(ToolKind.LASSO)
    yield made
    made.shutdown()


@pytest.fixture
def line(bench):
    (item_id,) = bench.add(straight(400, 300, 600, 340, width_pt=6.0))
    return item_id


@pytest.fixture
def box(bench):
    (item_id,) = bench.add(rectangle(800, 200, 1000, 400, colour=3))
    return item_id


def loop_around(bench, item_id, margin_pt=30.0):
    bounds = item_bounds(bench.board.item(item_id)).outset(margin_pt)
    corners = (
        (bounds.left, bounds.top),
        (bounds.right, bounds.top),
        (bounds.right, bounds.bottom),
        (bounds.left, bounds.bottom),
        (bounds.left, bounds.top + 1),
    )
    return [bench.at(*corner) for corner in corners]


def handle_of(bench, handle):
    """Where a handle of the selection is, in the pane."""
    bounds = selection_bounds(list(bench.canvas.chosen.values()))
    shown = bench.canvas.viewport.rect_to_view(bounds)
    mm = theme.metrics().px_per_mm
    return handle_places(shown.outset(FRAME_MARGIN_MM * mm), HANDLE_GAP_MM * mm)[handle]


def bounds_of(bench, item_id):
    return item_bounds(bench.board.item(item_id))


@pytest.mark.parametrize("hand", ["drag", "touch"])
def test_lasso_chooses_the_stroke_it_goes_round(bench, line, box, hand):
    getattr(bench, hand)(loop_around(bench, line))
    assert set(bench.canvas.chosen) == {line}


@pytest.mark.parametrize("hand", ["drag", "touch"])
def test_tap_chooses_what_lies_there(bench, line, box, hand):
    place = bench.at(500, 320)
    getattr(bench, hand)([place])
    assert set(bench.canvas.chosen) == {line}


def test_tap_on_the_empty_board_ends_the_choice(bench, line):
    bench.canvas.choose([line])
    bench.tap(*bench.at(200, 600))
    assert not bench.canvas.chosen


@pytest.mark.parametrize("hand", ["drag", "touch"])
def test_frame_moves_what_is_chosen(bench, box, hand):
    bench.canvas.choose([box])
    before = bounds_of(bench, box)
    start, end = bench.at(900, 300), bench.at(700, 350)
    getattr(bench, hand)([start, bench.at(850, 310), end])
    after = bounds_of(bench, box)
    assert after.left - before.left == pytest.approx(-200, abs=2)
    assert after.top - before.top == pytest.approx(50, abs=2)
    assert set(bench.canvas.chosen) == {box}


def test_corner_scales_what_is_chosen(bench, box):
    bench.canvas.choose([box])
    x, y = handle_of(bench, Handle.RIGHT_BOTTOM)
    bench.drag([(x, y), (x + 50, y + 50), (x + 100, y + 100)])
    before, after = 200.0, bounds_of(bench, box)
    assert after.width > before * 1.3
    assert after.width / after.height == pytest.approx(1.0, abs=0.02)


def test_turning_handle_turns_what_is_chosen(bench, line):
    bench.canvas.choose([line])
    (x0, y0), bounds = handle_of(bench, Handle.TURN), bounds_of(bench, line)
    x, y = bench.at(*bounds.centre)
    bench.drag([(x0, y0), (x + 60, y0 + 20), (x + (y - y0), y)])
    after = bounds_of(bench, line)
    assert after.width == pytest.approx(bounds.height, abs=3)
    assert after.height == pytest.approx(bounds.width, abs=3)


def test_undo_puts_a_moved_item_back_in_one_step(bench, box):
    before = bench.board.item(box)
    bench.canvas.choose([box])
    bench.drag([bench.at(900, 300), bench.at(850, 310), bench.at(700, 350)])
    assert bench.board.item(box) != before
    bench.pane.undo()
    assert bench.board.item(box) == before
    assert not bench.board.can_undo(PERSON)


def test_items_are_seen_where_they_are_while_they_are_dragged(qtbot, bench, box):
    bench.canvas.choose([box])
    # While a hand is down, what lies around the view is left for later.
    qtbot.waitUntil(lambda: bench.canvas.is_sharp, timeout=20_000)
    start, end = bench.at(900, 300), bench.at(500, 300)
    bench.drag([start, bench.at(700, 300), end], lifts=False)
    qtbot.waitUntil(lambda: bench.canvas.is_sharp, timeout=20_000)
    picture = bench.canvas.grab().toImage()
    old, new = bench.at(800, 300), bench.at(400, 300)
    ink = {name: picture.pixelColor(round(x), round(y)).lightness()
           for name, (x, y) in {"old": old, "new": new}.items()}  # fmt: skip
    assert ink["new"] > ink["old"] + 30
    bench.drag([end])


def test_drag_that_the_page_turn_interrupts_leaves_the_item_seen(qtbot, bench, box):
    bench.canvas.choose([box])
    bench.drag([bench.at(900, 300), bench.at(700, 300)], lifts=False)
    first = bench.canvas.page_id
    bench.pane.add_page()
    bench.canvas.show_page(first)
    qtbot.waitUntil(lambda: bench.canvas.is_sharp, timeout=20_000)
    picture = bench.canvas.grab().toImage()
    x, y = bench.at(800, 300)
    bare_x, bare_y = bench.at(700, 300)
    ink = picture.pixelColor(round(x), round(y)).lightness()
    assert ink > picture.pixelColor(round(bare_x), round(bare_y)).lightness() + 30


def test_page_turn_ends_the_choice(bench, box):
    bench.canvas.choose([box])
    bench.pane.add_page()
    assert not bench.canvas.chosen
    assert bench.desk.selection_bar.isHidden()


def test_another_tool_ends_the_choice(bench, box):
    bench.canvas.choose([box])
    bench.hold(ToolKind.PEN)
    assert not bench.canvas.chosen


def test_item_that_somebody_else_removes_is_chosen_no_more(bench, line, box):
    bench.canvas.choose([line, box])
    with bench.board.change("somebody") as edit:
        edit.remove(line)
    assert set(bench.canvas.chosen) == {box}


def test_pen_writes_after_the_lasso_is_put_away(bench, box):
    bench.hold(ToolKind.PEN)
    bench.drag([bench.at(300, 600), bench.at(400, 600), bench.at(500, 620)])
    assert bench.the(StrokeItem).count >= 3
