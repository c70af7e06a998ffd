import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from base.board_doc import BrushKind
from tests.support.canvas_bench import pixels
from tests.whiteboard.services.page_bench import PageBench
from whiteboard.model.bounds import Rect
from whiteboard.model.outline import LAG
from whiteboard.model.prediction import NO_PREDICTION, PREDICT
from whiteboard.model.viewport import Viewport
from whiteboard.model.wet_stroke import InkStyle, WetStroke
from whiteboard.services.painting.view_pixels import ViewPixels
from whiteboard.views.page.wet_ink import WetInk

pytestmark = pytest.mark.usefixtures("qapp")

VIEWPORT = Viewport(800, 450, 1440.0, 810.0, 1.0)
WHOLE = QRect(0, 0, 800, 450)
DETAIL_PT = 0.2


class Glass:
    """Wet ink over a page, without a window."""

    def __init__(self):
        page = PageBench()
        self.wet = WetInk()
        self.wet.prediction = NO_PREDICTION
        self.pixels = ViewPixels(page.scene, VIEWPORT, 1.0, page.now_s, self._paint_baked)
        while self.pixels.has_work:
            self.pixels.work(0.0)

    def _paint_baked(self, painter, area):
        self.wet.paint_baked(painter, area, is_dark=True)

    def start(self, contact=1, brush=BrushKind.PEN, width_pt=6.0):
        stroke = WetStroke(
            contact, InkStyle(brush, 1, width_pt), has_pressure=False, start_s=0.0
        )
        self.wet.start(stroke, is_dark=True)
        return stroke

    def extend(self, stroke, x, y):
        stroke.append(x, y, 0.5, 0.0, len(stroke) / 120)
        return self.wet.extended(stroke.contact, VIEWPORT)

    def shown(self):
        image = QImage(800, 450, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self.pixels.draw(painter, WHOLE)
        self.wet.paint(painter, (WHOLE,), VIEWPORT, is_dark=True)
        painter.end()
        return pixels(image)


@pytest.fixture
def glass():
    return Glass()


def differs(one, other):
    return (one != other).any(axis=2)


def covers(area, changed):
    inside = np.zeros_like(changed)
    rows = slice(max(area.top(), 0), area.bottom() + 1)
    inside[rows, max(area.left(), 0) : area.right() + 1] = True
    return not (changed & ~inside).any()


@pytest.mark.parametrize("brush", list(BrushKind))
@pytest.mark.parametrize("prediction", [PREDICT, NO_PREDICTION], ids=["predicted", "not"])
def test_each_sample_changes_only_the_area_it_names(glass, brush, prediction):
    glass.wet.prediction = prediction
    before = glass.shown()
    stroke = glass.start(brush=brush, width_pt=20.0)
    for n in range(30):
        area = glass.extend(stroke, 100 + 14 * n, 200 + 40 * np.sin(n / 3))
        after = glass.shown()
        changed = differs(before, after)
        assert changed.any()
        assert covers(area, changed), n
        before = after


@pytest.mark.parametrize("brush", list(BrushKind))
def test_settling_names_the_area_it_changes(glass, brush):
    stroke = glass.start(brush=brush, width_pt=14.0)
    for n in range(60):
        glass.extend(stroke, 100 + 9 * n, 200 + 60 * np.sin(n / 3))
        before = glass.shown()
        place = glass.wet.settle(glass.pixels, DETAIL_PT)
        places = [] if place is None else [place]
        changed = differs(before, glass.shown())
        area = QRect()
        for place in places:
            left, top = int(place.left) - 1, int(place.top) - 1
            area |= QRect(left, top, int(place.width) + 3, int(place.height) + 3)
        assert covers(area, changed), n
        assert places or not changed.any()


def test_only_rows_that_will_not_change_are_settled(glass):
    stroke = glass.start()
    for n in range(100):
        glass.extend(stroke, 100 + 5 * n, 200)
        glass.wet.settle(glass.pixels, DETAIL_PT)
        assert stroke.settled <= max(len(stroke) - 1 - LAG, 0)
    assert stroke.settled > 60
    assert not glass.wet.can_settle()


def test_finished_stroke_is_all_on_the_tiles(glass):
    stroke = glass.start()
    for n in range(50):
        glass.extend(stroke, 100 + 8 * n, 200)
    area = glass.wet.finish(1, glass.pixels, DETAIL_PT)
    assert not glass.wet
    shown = glass.shown()
    assert (np.abs(shown[200, 102:490] - shown[5, 5]).max(axis=1) > 60).all()
    assert area.contains(Rect(100, 199, 492, 201))


@pytest.mark.parametrize("brush", list(BrushKind))
def test_dot_that_is_finished_is_as_wide_as_it_was_wet(glass, brush):
    board = glass.shown()
    stroke = glass.start(brush=brush, width_pt=30.0)
    glass.extend(stroke, 300, 200)
    wet = differs(glass.shown(), board)
    glass.wet.finish(1, glass.pixels, DETAIL_PT)
    dry = differs(glass.shown(), board)
    assert wet.sum() > 500
    assert dry.sum() == pytest.approx(wet.sum(), rel=0.1)


def test_dropped_stroke_names_where_it_was(glass):
    board = glass.shown()
    stroke = glass.start()
    for n in range(40):
        glass.extend(stroke, 100 + 8 * n, 200)
    glass.wet.settle(glass.pixels, DETAIL_PT)
    was = differs(glass.shown(), board)
    area = glass.wet.drop(1)
    place = glass.pixels.repaint(area)
    assert covers(place, was)
    while glass.pixels.has_work:
        glass.pixels.work(0.0)
    assert not differs(glass.shown(), board).any()
    assert glass.wet.drop(1) is None


def test_strokes_of_two_contacts_do_not_mix(glass):
    one, other = glass.start(1), glass.start(2)
    for n in range(30):
        glass.extend(one, 100 + 8 * n, 100)
        glass.extend(other, 100 + 8 * n, 300)
    glass.wet.finish(1, glass.pixels, DETAIL_PT)
    assert 1 not in glass.wet
    assert glass.wet.stroke(2) is other
    assert len(other) == 30


def test_prediction_that_is_old_is_taken_back(glass):
    glass.wet.prediction = PREDICT
    stroke = glass.start()
    for n in range(10):
        glass.extend(stroke, 100 + 12 * n, 200)
    ahead = glass.wet.predicted_area(1)
    assert not ahead.isEmpty()
    now_s = stroke.times[-1]
    assert glass.wet.rest(now_s + 0.5 * PREDICT.horizon_s).isEmpty()
    assert glass.wet.rest(now_s + 2 * PREDICT.horizon_s) == ahead
    assert glass.wet.predicted_area(1).isEmpty()


def test_hand_that_retraces_its_way_is_baked_without_a_gap(glass):
    stroke = glass.start(width_pt=10.0)
    for n in range(120):
        x = 300 + 10 * (abs(n % 8 - 4))
        glass.extend(stroke, x, 200)
        glass.wet.settle(glass.pixels, DETAIL_PT)
    glass.wet.finish(1, glass.pixels, DETAIL_PT)
    shown = glass.shown()
    assert (np.abs(shown[200, 303:338] - shown[5, 5]).max(axis=1) > 60).all()


def test_resting_hand_is_baked_as_a_dot(glass):
    stroke = glass.start(width_pt=10.0)
    for _ in range(60):
        glass.extend(stroke, 300, 200)
        glass.wet.settle(glass.pixels, DETAIL_PT)
    glass.wet.finish(1, glass.pixels, DETAIL_PT)
    shown = glass.shown()
    assert np.abs(shown[200, 300] - shown[5, 5]).max() > 60
    assert np.abs(shown[200, 310] - shown[5, 5]).max() < 24
