import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from base.board_doc import ShapeKind
from tests.support.canvas_bench import pixels
from tests.whiteboard.model.making import shape
from whiteboard.model.bounds import Rect
from whiteboard.model.effects import Pointed
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.item_painting import Look
from whiteboard.views.page.overlays import (
    TRAIL_S,
    Overlays,
    Ring,
    no_image,
    to_view_rect,
    to_view_transform,
)

pytestmark = pytest.mark.usefixtures("qapp")

VIEWPORT = Viewport(800, 450, 1440.0, 810.0, 0.5, left_pt=40.0, top_pt=20.0)
WHOLE = QRect(0, 0, 800, 450)


@pytest.fixture
def overlays():
    return Overlays(4.0)


def point(overlays, x, y, t_s, contact=1, *, is_down=True):
    overlays.point(Pointed(contact, x, y, t_s, is_down, 2))


def painted(overlays, now_s=0.0):
    image = QImage(800, 450, QImage.Format.Format_RGB32)
    image.fill(0xFF24463A)
    painter = QPainter(image)
    overlays.paint(painter, VIEWPORT, Look(True, 0.5, no_image), now_s)
    painter.end()
    return (pixels(image) != (0x24, 0x46, 0x3A)).any(axis=2)


def is_inside(changed, area):
    inside = np.zeros_like(changed)
    inside[max(area.top(), 0) : area.bottom() + 1, max(area.left(), 0) : area.right() + 1] = (
        True
    )
    return bool(changed.any()) and not (changed & ~inside).any()


def test_nothing_floats_at_first(overlays):
    assert not overlays
    assert not painted(overlays).any()


def test_trail_is_where_the_hand_pointed(overlays):
    for n in range(10):
        point(overlays, 100 + 20 * n, 200, n * 0.01)
    changed = painted(overlays, 0.1)
    x, y = VIEWPORT.to_view(200, 200)
    assert changed[round(y), round(x)]
    assert is_inside(changed, overlays.fade(0.1, VIEWPORT))


def test_new_piece_of_a_trail_names_its_place(overlays):
    point(overlays, 100, 200, 0.0)
    before = painted(overlays)
    point(overlays, 300, 250, 0.01)
    area = overlays.trail_tip_area(1, VIEWPORT)
    assert is_inside(painted(overlays, 0.01) & ~before, area)


def test_trail_vanishes_some_time_after_the_hand_went(overlays):
    point(overlays, 100, 200, 0.0)
    point(overlays, 300, 200, 0.1, is_down=False)
    assert painted(overlays, 0.5).any()
    overlays.fade(0.1 + TRAIL_S + 0.01, VIEWPORT)
    assert not overlays.has_trails
    assert not overlays


def test_trail_of_a_resting_hand_goes_on_when_it_moves(overlays):
    point(overlays, 100, 200, 0.0)
    overlays.fade(5.0, VIEWPORT)
    assert overlays.has_trails
    painted(overlays, 5.0)
    point(overlays, 140, 200, 5.1)
    assert painted(overlays, 5.1).any()


def test_two_hands_point_at_once(overlays):
    point(overlays, 100, 100, 0.0, 1)
    point(overlays, 900, 500, 0.0, 2)
    changed = painted(overlays)
    for place in ((100, 100), (900, 500)):
        x, y = VIEWPORT.to_view(*place)
        assert changed[round(y), round(x)]
    assert overlays.trail_tip_area(3, VIEWPORT).isEmpty()


def test_shape_being_drawn_is_inside_its_area(overlays):
    overlays.shapes[1] = shape(ShapeKind.ARROW, (100, 100), (500, 400), width_pt=12.0)
    assert is_inside(painted(overlays), overlays.shape_area(1, VIEWPORT))
    assert overlays.shape_area(2, VIEWPORT).isEmpty()


def test_ring_of_an_eraser_is_inside_its_area(overlays):
    overlays.rings[1] = Ring(400.0, 300.0, 60.0)
    assert is_inside(painted(overlays), overlays.ring_area(1, VIEWPORT))
    assert overlays.ring_area(2, VIEWPORT).isEmpty()


def test_loop_of_a_lasso_is_painted(overlays):
    overlays.loop = np.array([(100.0, 100.0), (500.0, 100.0), (500.0, 400.0)])
    assert is_inside(painted(overlays), overlays.loop_area(VIEWPORT))
    overlays.loop = None
    assert overlays.loop_area(VIEWPORT).isEmpty()


def test_loop_of_one_place_shows_nothing_yet(overlays):
    overlays.loop = np.array([(100.0, 100.0)])
    assert overlays
    assert not painted(overlays).any()


def test_map_to_the_view_is_that_of_the_viewport():
    to_view = to_view_transform(VIEWPORT)
    assert to_view.map(100.0, 200.0) == pytest.approx(VIEWPORT.to_view(100, 200))


def test_rectangle_in_the_view_is_rounded_outwards():
    area = to_view_rect(Rect(100.3, 100.3, 200.6, 150.6), VIEWPORT)
    left, top = VIEWPORT.to_view(100.3, 100.3)
    right, bottom = VIEWPORT.to_view(200.6, 150.6)
    assert area.left() <= left
    assert area.top() <= top
    assert area.right() >= right
    assert area.bottom() >= bottom


def test_rectangle_beyond_all_bounds_still_covers_the_view():
    assert to_view_rect(Rect(-1e12, -1e12, 1e12, 1e12), VIEWPORT).contains(WHOLE)
