import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainterPath

from base.board_doc import BrushKind
from tests.support.canvas_bench import pixels
from tests.whiteboard.services.page_bench import (
    PageBench,
    blank,
    drawn,
    finish,
    has_unpainted,
    wave,
)
from whiteboard.model.bounds import Rect
from whiteboard.services.painting.tiles import MAX_TILES, TILE_HEIGHT_PX, TILE_WIDTH_PX

pytestmark = pytest.mark.usefixtures("qapp")

VIEW = QRect(0, 0, 1600, 900)


@pytest.fixture
def bench():
    return PageBench()


def ready(bench, scale=1.0, area=VIEW, **options):
    raster = bench.raster(scale, **options)
    raster.want(area)
    finish(raster)
    return raster


def fresh(bench, scale=1.0, area=VIEW):
    """Return what a raster that never saw a change shows."""
    return drawn(ready(bench, scale, area), area)


def test_work_paints_everything_that_is_wanted(bench):
    bench.draw()
    raster = ready(bench)
    assert raster.covers(VIEW)
    assert not has_unpainted(drawn(raster, VIEW))


def test_half_painted_tile_is_not_shown(bench):
    for i in range(200):
        bench.draw(wave(y0=50 + 2 * i))
    raster = bench.raster()
    raster.want(QRect(0, 0, 100, 100))
    raster.work(0.0)
    assert raster.has_work
    assert not raster.covers(QRect(0, 0, 100, 100))
    assert (drawn(raster, QRect(0, 0, 100, 100)) == (255, 0, 255)).all()


def test_slice_ends_when_the_clock_says_so(bench):
    raster = bench.raster()
    raster.want(VIEW)
    before_s = bench.now_s.now_s
    raster.work(before_s + 0.003)
    assert bench.now_s.now_s <= before_s + 0.005
    assert raster.has_work


@pytest.mark.parametrize("brush", list(BrushKind))
@pytest.mark.parametrize("scale", [0.37, 1.0, 2.5])
def test_tiles_join_without_a_seam(bench, brush, scale):
    x, y = TILE_WIDTH_PX / scale, TILE_HEIGHT_PX / scale
    bench.draw(
        wave(x - 200 / scale, y, 400 / scale, 30 / scale), brush=brush, width_pt=9 / scale
    )
    around = QRect(TILE_WIDTH_PX - 256, TILE_HEIGHT_PX - 256, 512, 512)
    joined = drawn(ready(bench, scale, around), around)

    # One image over the corner of four tiles, painted in one go.
    whole = bench.raster(scale)
    image = blank(512, 512)
    painter = whole._painter(image, around)
    area = QRectF(around.x() / scale, around.y() / scale, 512 / scale, 512 / scale)
    bench.scene.paint_background(painter, area, scale)
    for _ in bench.scene.paint(painter, list(bench.board.items(bench.page)), scale):
        pass
    painter.end()
    assert np.abs(joined - pixels(image)).max() <= 3


def test_stroke_on_top_is_painted_at_once_without_a_job(bench):
    raster = ready(bench)
    bench.draw()
    area = raster.take(bench.last_change())
    assert not raster.has_work
    assert area.contains(QRect(50, 100, 600, 1))
    assert np.array_equal(drawn(raster, VIEW), fresh(bench))


def test_erased_stroke_shows_what_was_under_it(bench):
    bench.draw(colour=2)
    without = fresh(bench)
    top = bench.draw(wave(height=-40), colour=3)
    raster = ready(bench)
    assert not np.array_equal(drawn(raster, VIEW), without)
    bench.remove(top)
    raster.take(bench.last_change())
    done = finish(raster)
    assert np.array_equal(drawn(raster, VIEW), without)
    assert sum(r.width() * r.height() for r in done) < 0.15 * VIEW.width() * VIEW.height()


def test_undo_of_erasing_shows_the_stroke_in_its_old_place(bench):
    low = bench.draw(colour=2)
    bench.draw(wave(height=-40), colour=3)
    before = fresh(bench)
    raster = ready(bench)
    bench.remove(low)
    raster.take(bench.last_change())
    finish(raster)
    bench.board.undo("a")
    raster.take(bench.last_change())
    finish(raster)
    assert np.array_equal(drawn(raster, VIEW), before)


@pytest.mark.parametrize("steps", range(8))
def test_change_in_the_middle_of_the_work_ends_right(bench, steps):
    ids = [bench.draw(wave(y0=60 + 3 * i, height=10 + i % 5)) for i in range(150)]
    raster = bench.raster()
    raster.want(VIEW)
    for _ in range(steps):
        raster.work(0.0)
    bench.remove(ids[40], ids[100])
    raster.take(bench.last_change())
    raster.work(0.0)
    bench.draw(colour=4)
    raster.take(bench.last_change())
    finish(raster)
    assert np.array_equal(drawn(raster, VIEW), fresh(bench))


@pytest.mark.parametrize("steps", range(8))
def test_stroke_finished_while_a_tile_is_painted_is_not_lost(bench, steps):
    for i in range(150):
        bench.draw(wave(y0=60 + 3 * i))
    raster = bench.raster()
    raster.want(VIEW)
    for _ in range(steps):
        raster.work(0.0)
    # Baked onto the tiles that are there: only the work in hand must learn of it.
    item = bench.draw(colour=4, width_pt=20)
    scene = bench.scene

    def paint(painter):
        for _ in scene.paint(painter, [item], 1.0):
            pass

    raster.bake(scene.index.bounds(item), paint)
    raster.take(bench.last_change(), frozenset((item,)))
    finish(raster)
    assert np.array_equal(drawn(raster, VIEW), fresh(bench))


def test_wet_ink_appears_on_a_tile_that_is_painted_meanwhile(bench):
    def paint_wet(painter, area):
        path = QPainterPath()
        path.addRect(100, 100, 50, 50)
        if area.intersects(Rect(100, 100, 150, 150)):
            painter.fillPath(path, QColor(1, 2, 3))

    raster = ready(bench, paint_wet=paint_wet)
    assert (drawn(raster, QRect(110, 110, 20, 20)) == (1, 2, 3)).all()


def test_baked_ink_stays_on_every_tile_it_touches(bench):
    raster = ready(bench)
    path = QPainterPath()
    path.addRect(TILE_WIDTH_PX - 20, TILE_HEIGHT_PX - 20, 40, 40)
    area = Rect(
        TILE_WIDTH_PX - 20, TILE_HEIGHT_PX - 20, TILE_WIDTH_PX + 20, TILE_HEIGHT_PX + 20
    )
    raster.bake(area, lambda painter: painter.fillPath(path, QColor(9, 8, 7)))
    shown = drawn(raster, QRect(TILE_WIDTH_PX - 20, TILE_HEIGHT_PX - 20, 40, 40))
    assert (shown == (9, 8, 7)).all()


def test_same_place_asked_for_again_and_again_is_one_job(bench):
    raster = ready(bench)
    for _ in range(50):
        raster.repaint_now(Rect(100, 100, 200, 200))
    assert len(raster._jobs) == 1


def test_whole_raster_painted_again_keeps_its_old_pixels_until_then(bench):
    bench.draw()
    raster = ready(bench)
    before = drawn(raster, VIEW)
    raster.repaint_all()
    assert raster.has_work
    assert np.array_equal(drawn(raster, VIEW), before)
    finish(raster)
    assert np.array_equal(drawn(raster, VIEW), before)


def test_far_pan_drops_the_most_distant_tiles(bench):
    raster = bench.raster()
    most = 0
    for step in range(60):
        view = QRect(step * 800, step * 450, 1920, 1080)
        raster.drop_distant_jobs(view)
        raster.want(view)
        finish(raster)
        assert raster.covers(view)
        most = max(most, len(raster._tiles))
    assert most <= MAX_TILES + 12
    assert not raster.covers(QRect(0, 0, 1920, 1080))


def test_work_for_a_place_that_was_left_is_dropped(bench):
    raster = bench.raster()
    raster.want(VIEW)
    raster.drop_distant_jobs(QRect(50_000, 50_000, 100, 100))
    assert not raster.has_work


def test_place_that_is_looked_at_goes_first(bench):
    raster = bench.raster()
    raster.want(QRect(0, 0, 6000, 4000))
    corner = QRect(5500, 3700, 100, 100)
    done = raster.work(0.0, first=corner)
    while not done:
        done = raster.work(0.0, first=corner)
    assert done[0].intersects(corner)


@pytest.mark.parametrize("x", [-90_000.0, 1_000_000.0])
def test_ink_far_from_the_origin_is_painted(bench, x):
    bench.draw(wave(x, x))
    area = QRect(int(x) - 20, int(x) - 60, 700, 200)
    shown = drawn(ready(bench, area=area), area)
    assert (np.abs(shown - shown[0, 0]).max(axis=2) > 60).sum() > 3000


def test_ink_across_millions_of_points_does_not_stop_the_board(bench):
    raster = ready(bench)
    bench.draw([(-9e6, 300), (9e6, 310)])
    raster.take(bench.last_change())
    raster.bake(Rect(-9e6, -9e6, 9e6, 9e6), lambda painter: None)
    finish(raster)
    assert (np.abs(drawn(raster, VIEW)[290:320, 800] - (36, 70, 58)).max(axis=1) > 60).any()


def test_raster_that_was_left_in_the_middle_of_its_work_is_let_go_at_once(bench):
    for _ in range(200):
        bench.draw()
    bench.scene.batch = 8
    raster = bench.raster()
    raster.want(VIEW)
    raster.work(0.0)
    left = weakref.ref(raster)
    raster.clear()
    gc.disable()
    try:
        del raster
        assert left() is None
    finally:
        gc.enable()
