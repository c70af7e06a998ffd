from dataclasses import replace

import pytest
from PySide6.QtGui import QImage, QPainter

from base.board_doc import ITEMS, Affine, NoteItem
from tests.support.canvas_bench import pixels
from tests.whiteboard.model.making import one_of_each
from tests.whiteboard.services.page_bench import PageBench, ink, wave
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.model.smoothing import RAW
from whiteboard.services.painting.scene import PageScene

pytestmark = pytest.mark.usefixtures("qapp")

EVERYTHING = Rect(-1e5, -1e5, 1e5, 1e5)


@pytest.fixture
def bench():
    return PageBench()


def painted(bench):
    image = QImage(800, 400, QImage.Format.Format_RGB32)
    image.fill(0xFF24463A)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for _ in bench.scene.paint(painter, bench.scene.stacked(EVERYTHING), 1.0):
        pass
    painter.end()
    return pixels(image)


def test_stroke_above_all_others_is_on_top(bench):
    bench.draw()
    item = bench.draw(wave(height=-40))
    assert bench.last_change().on_top == (item,)
    assert bench.last_change().repaint is None


def test_stroke_below_what_it_crosses_needs_a_repaint(bench):
    bench.draw()
    with bench.board.change("a") as edit:
        edit.add(ink(wave(height=-40), page=bench.page, z=0.5))
    assert bench.last_change().on_top == ()
    assert bench.last_change().repaint is not None


def test_stroke_below_what_it_does_not_touch_is_as_good_as_on_top(bench):
    bench.draw()
    with bench.board.change("a") as edit:
        item = edit.add(ink(wave(y0=5000), page=bench.page, z=0.5))
    assert bench.last_change().on_top == (item,)


def test_several_strokes_on_top_come_lowest_first(bench):
    with bench.board.change("a") as edit:
        high = edit.add(ink(wave(), page=bench.page, z=9.0))
        low = edit.add(ink(wave(height=-40), page=bench.page, z=3.0))
    assert bench.last_change().on_top == (low, high)


def test_removed_item_is_repainted_where_it_was(bench):
    item = bench.draw()
    bounds = bench.scene.index.bounds(item)
    bench.remove(item)
    assert bench.last_change().repaint == bounds
    assert item not in bench.scene.index


def test_moved_item_is_repainted_where_it_was_and_where_it_is(bench):
    item = bench.draw()
    before = bench.scene.index.bounds(item)
    moved = ink(wave(y0=300), page=bench.page)
    with bench.board.change("a") as edit:
        edit.put(item, moved)
    assert bench.last_change().repaint == before.union(item_bounds(moved))


def test_item_that_goes_to_another_page_leaves_this_one(bench):
    with bench.board.change("a") as edit:
        other = edit.add_page(1, Background())
    item = bench.draw()
    bounds = bench.scene.index.bounds(item)
    with bench.board.change("a") as edit:
        edit.put(item, ink(wave(), page=other))
    assert bench.last_change().repaint == bounds
    assert bench.scene.stacked(EVERYTHING) == []


def test_change_of_another_page_means_nothing_here(bench):
    with bench.board.change("a") as edit:
        other = edit.add_page(1, Background())
    with bench.board.change("a") as edit:
        edit.add(ink(wave(), page=other))
    assert bench.last_change().repaint is None
    assert bench.last_change().on_top == ()


def test_new_background_means_everything(bench):
    bench.draw(wave(x0=90_000))
    with bench.board.change("a") as edit:
        edit.set_background(bench.page, Background(Surface.WHITE, Ruling.GRID))
    assert bench.last_change().repaint.contains(Rect(-1e5, -1e5, 1e5, 1e5))
    assert not bench.scene.is_dark


def test_scene_of_a_board_with_ink_knows_all_of_it(bench):
    ids = [bench.draw(wave(y0=50 * n)) for n in range(5)]
    again = PageScene(bench.board, bench.page, lambda _: None)
    assert again.stacked(EVERYTHING) == ids


def test_items_are_found_by_their_area_lowest_first(bench):
    low, high = bench.draw(), bench.draw(wave(height=-40))
    bench.draw(wave(y0=3000))
    assert bench.scene.stacked(Rect(0, 0, 700, 200)) == [low, high]
    assert {i for i, _ in bench.scene.entries(Rect(0, 0, 700, 200))} == {low, high}


def test_page_reaches_as_far_as_its_ink(bench):
    assert bench.scene.extent() == Rect(0, 0, 1440, 810)
    bench.draw(wave(x0=3000))
    assert bench.scene.extent().right > 3500


def test_pieces_are_shown_in_the_place_of_an_item_until_it_is_shown_again(bench):
    item = bench.draw()
    whole = painted(bench)
    piece = ink(wave(length=200), page=bench.page)
    assert bench.scene.show_instead({item: (piece,)}) == bench.scene.index.bounds(item)
    assert not (painted(bench) == whole).all()
    assert bench.scene.show_again([item]) == bench.scene.index.bounds(item)
    assert (painted(bench) == whole).all()


def test_item_can_be_hidden(bench):
    item = bench.draw()
    bench.scene.show_instead({item: ()})
    assert (painted(bench) == painted(bench)[0, 0]).all()


def test_item_shown_in_pieces_is_itself_again_once_it_was_changed(bench):
    item = bench.draw()
    bench.scene.show_instead({item: ()})
    with bench.board.change("a") as edit:
        edit.put(item, ink(wave(y0=200), page=bench.page))
    assert (painted(bench) != painted(bench)[0, 0]).any()
    assert bench.scene.show_again([item]) is None


def test_what_is_not_here_is_neither_hidden_nor_shown_again(bench):
    assert bench.scene.show_instead({"nothing": ()}) is None
    assert bench.scene.show_again(["nothing", "more"]) is None


def test_every_kind_of_item_is_painted_between_strokes(bench):
    bench.draw()
    with bench.board.change("a") as edit:
        for item in one_of_each():
            edit.add(replace(item, page=bench.page, z=5.0))
    bench.draw(wave(height=-40))
    shown = painted(bench)
    assert (shown != shown[399, 799]).any(axis=2).sum() > 5000


def test_item_of_a_later_version_is_passed_over(bench):
    bench.draw()
    before = painted(bench)
    with bench.board.change("a"):
        bench.board._doc.get(ITEMS, type=type(bench.board._items_map))["strange"] = b"\x63\x63"
    assert bench.board.unreadable == 1
    assert (painted(bench) == before).all()


def test_item_erased_while_it_is_painted_is_passed_over(bench):
    ids = [bench.draw(wave(y0=3 * n)) for n in range(100)]
    image = QImage(800, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    bench.scene.batch = 64
    steps = bench.scene.paint(painter, ids, 1.0)
    next(steps)
    bench.remove(*ids[60:])
    assert len(list(steps)) == 1
    painter.end()


def test_two_scales_painted_in_turns_keep_their_own_detail(bench):
    for n in range(100):
        bench.draw(wave(y0=3 * n))
    alone = painted(bench)
    ids = bench.scene.stacked(EVERYTHING)
    images = [QImage(800, 400, QImage.Format.Format_RGB32) for _ in range(2)]
    painters = [QPainter(image) for image in images]
    for image, painter in zip(images, painters, strict=True):
        image.fill(0xFF24463A)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    bench.scene.batch = 64
    fine = bench.scene.paint(painters[0], ids, 1.0)
    coarse = bench.scene.paint(painters[1], ids, 0.05)
    for _ in zip(fine, coarse, strict=True):
        pass
    for painter in painters:
        painter.end()
    assert (pixels(images[0]) == alone).all()


def test_other_smoothing_shows_in_all_strokes(bench):
    zigzag = [(50 + 5 * n, 150 + 8 * (n % 2)) for n in range(80)]
    bench.draw(zigzag)
    before = painted(bench)
    bench.scene.set_smoothing(RAW)
    assert (painted(bench) != before).any()


def test_note_lies_over_the_ink_under_it(bench):
    bench.draw()
    with bench.board.change("a") as edit:
        edit.add(NoteItem(bench.page, 9.0, "a", Affine.upright(40, 50, 700, 200), 1, 18.0, ""))
    shown = painted(bench)[80:120, 100:600]
    assert shown.reshape(-1, 3).std(axis=0).max() < 6
