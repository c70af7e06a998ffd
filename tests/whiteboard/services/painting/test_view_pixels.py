import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from tests.support.canvas_bench import pixels
from tests.whiteboard.services.page_bench import PageBench, blank, has_unpainted, wave
from whiteboard.model.page import Background, Surface
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.tiles import MAX_TILES
from whiteboard.services.painting.view_pixels import ViewPixels

pytestmark = pytest.mark.usefixtures("qapp")

WIDTH, HEIGHT = 800, 450


@pytest.fixture
def bench():
    made = PageBench()
    made.draw(width_pt=12)
    made.draw(made.spiral(400, 300, 90), colour=2)
    return made


def fitted():
    return Viewport.fitted(WIDTH, HEIGHT, 1440.0, 810.0)


def view_of(bench, viewport=None, ratio=1.0):
    return ViewPixels(
        bench.scene, viewport or fitted(), ratio, bench.now_s, lambda painter, area: None
    )


def finish(view):
    areas = []
    while view.has_work:
        areas += view.work(0.0)
    return areas


def shown(view, ratio=1.0, area=None):
    image = blank(round(WIDTH * ratio), round(HEIGHT * ratio))
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    view.draw(painter, area or QRect(0, 0, WIDTH, HEIGHT))
    painter.end()
    return pixels(image)


def sharp(bench, viewport=None, ratio=1.0):
    view = view_of(bench, viewport, ratio)
    finish(view)
    return shown(view, ratio)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_view_is_complete_and_sharp_after_its_work(bench, ratio):
    view = view_of(bench, ratio=ratio)
    assert not view.is_complete
    finish(view)
    assert view.is_complete
    picture = shown(view, ratio)
    assert not has_unpainted(picture)
    assert (np.abs(picture - picture[3, 3]).max(axis=2) > 60).sum() > 2000 * ratio


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_view_shows_something_at_once(bench, ratio):
    view = view_of(bench, ratio=ratio)
    assert not has_unpainted(shown(view, ratio))


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_part_of_the_view_is_drawn_as_in_the_whole(bench, ratio):
    view = view_of(bench, ratio=ratio)
    finish(view)
    whole = shown(view, ratio)
    rng = np.random.default_rng(3)
    for _ in range(40):
        x, y = int(rng.integers(0, WIDTH - 60)), int(rng.integers(0, HEIGHT - 60))
        part = shown(view, ratio, QRect(x, y, 50, 40))
        inside = (part != (255, 0, 255)).any(axis=2)
        assert np.array_equal(part[inside], whole[inside])
        assert inside.sum() >= 50 * 40 * ratio * ratio


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_pan_never_shows_a_hole(bench, ratio):
    view = view_of(bench, fitted().zoomed(3.0, 300, 200), ratio)
    finish(view)
    viewport = fitted().zoomed(3.0, 300, 200)
    for step in range(40):
        viewport = viewport.panned(-37.3, -11.7)
        view.set_viewport(viewport, is_moving=True)
        assert not has_unpainted(shown(view, ratio)), step
        view.work(0.0)


def test_pan_back_and_forth_ends_where_it_began(bench):
    start = fitted().zoomed(2.0, 300, 200)
    view = view_of(bench, start)
    finish(view)
    before = shown(view)
    view.set_viewport(start.panned(-3000, -900), is_moving=True)
    view.set_viewport(start, is_moving=False)
    finish(view)
    assert np.array_equal(shown(view), before)


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_zoom_is_stretched_while_it_moves_and_sharp_when_it_rests(bench, ratio):
    view = view_of(bench, ratio=ratio)
    finish(view)
    viewport = fitted()
    for _ in range(10):
        viewport = viewport.zoomed(1.11, 333, 222)
        view.set_viewport(viewport, is_moving=True)
        stretched = shown(view, ratio)
        assert not has_unpainted(stretched)
    assert not view.is_complete
    wanted = sharp(bench, viewport, ratio)
    board = stretched[2, 2]
    inked, wanted_ink = (
        np.abs(picture - board).max(axis=2) > 60 for picture in (stretched, wanted)
    )
    assert (inked & wanted_ink).sum() > 0.8 * wanted_ink.sum()
    view.set_viewport(viewport, is_moving=False)
    assert not has_unpainted(shown(view, ratio))
    finish(view)
    assert view.is_complete
    assert np.array_equal(shown(view, ratio), wanted)


def test_old_scale_is_let_go_when_the_new_one_is_there(bench):
    view = view_of(bench)
    finish(view)
    for factor in (1.3, 1.7, 0.6):
        view.set_viewport(fitted().zoomed(factor, 100, 100), is_moving=False)
    assert len(view._rasters) <= 2
    finish(view)
    assert len(view._rasters) == 1


def test_stroke_added_while_the_zoom_moves_is_there_when_it_rests(bench):
    view = view_of(bench)
    finish(view)
    viewport = fitted().zoomed(1.4, 200, 200)
    view.set_viewport(viewport, is_moving=True)
    bench.draw(wave(y0=400), colour=3)
    view.take(bench.last_change())
    view.set_viewport(viewport, is_moving=False)
    finish(view)
    assert np.array_equal(shown(view), sharp(bench, viewport))


@pytest.mark.parametrize("steps", range(6))
def test_stroke_erased_while_a_new_scale_is_painted_does_not_stay(bench, steps):
    item = bench.draw(wave(y0=400), colour=3, width_pt=20)
    view = view_of(bench)
    finish(view)
    viewport = fitted().zoomed(1.4, 200, 200)
    view.set_viewport(viewport, is_moving=False)
    for _ in range(steps):
        view.work(0.0)
    bench.remove(item)
    view.take(bench.last_change())
    finish(view)
    assert np.array_equal(shown(view), sharp(bench, viewport))


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_change_names_the_area_of_the_view_that_is_new(bench, ratio):
    view = view_of(bench, ratio=ratio)
    finish(view)
    before = shown(view, ratio)
    item = bench.draw(wave(y0=500), colour=3)
    area = view.take(bench.last_change())
    after = shown(view, ratio)
    inside = np.zeros(after.shape[:2], dtype=bool)
    left, top = int(area.left() * ratio), int(area.top() * ratio)
    right, bottom = int((area.right() + 1) * ratio) + 1, int((area.bottom() + 1) * ratio) + 1
    inside[max(top, 0) : bottom, max(left, 0) : right] = True
    changed = (before != after).any(axis=2)
    assert changed.any()
    assert not changed[~inside].any()
    bench.remove(item)
    view.take(bench.last_change())
    finish(view)
    assert np.array_equal(shown(view, ratio), before)


def test_new_background_replaces_all_of_the_old(bench):
    view = view_of(bench)
    finish(view)
    with bench.board.change("a") as edit:
        edit.set_background(bench.page, Background(Surface.WHITE))
    view.take(bench.last_change())
    finish(view)
    assert shown(view)[3, 3].min() > 200
    assert np.array_equal(shown(view), sharp(bench))


def test_memory_stays_within_its_bounds_on_a_long_way(bench):
    viewport = fitted().zoomed(8.0, 0, 0)
    view = view_of(bench, viewport)
    most = 0
    for step in range(80):
        viewport = viewport.panned(-700, -300 if step % 2 else 0)
        view.set_viewport(viewport, is_moving=False)
        finish(view)
        most = max(most, sum(len(raster._tiles) for raster in view._rasters))
    assert most <= MAX_TILES + 12


def test_work_outside_the_view_is_not_told(bench):
    view = view_of(bench)
    whole = QRect(-2, -2, WIDTH + 4, HEIGHT + 4)
    assert all(whole.contains(area) for area in finish(view))


@pytest.mark.parametrize(("before", "after"), [(1.0, 2.0), (2.0, 1.0), (1.0, 1.25)])
def test_view_follows_the_window_to_a_display_with_other_pixels(bench, before, after):
    view = view_of(bench, ratio=before)
    finish(view)
    view.set_pixel_ratio(after)
    assert not has_unpainted(shown(view, after))
    assert not view.is_complete
    finish(view)
    assert view.is_complete
    assert np.array_equal(shown(view, after), sharp(bench, ratio=after))


def test_display_with_the_same_pixels_asks_for_no_work(bench):
    view = view_of(bench)
    finish(view)
    view.set_pixel_ratio(1.0)
    assert not view.has_work


def test_ink_after_the_window_moved_is_where_it_belongs(bench):
    view = view_of(bench)
    finish(view)
    view.set_pixel_ratio(2.0)
    bench.draw(wave(200))
    view.take(bench.last_change())
    finish(view)
    assert np.array_equal(shown(view, 2.0), sharp(bench, ratio=2.0))
