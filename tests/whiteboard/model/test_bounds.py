import math

import numpy as np
import pytest

from base.board_doc import BrushKind, ShapeKind, StrokeItem
from tests.whiteboard.model.making import (
    circle,
    one_of_each,
    samples_of,
    shape,
    straight,
    stroke,
    text,
    turned_box,
)
from whiteboard.model.bounds import (
    Rect,
    ink_reach_pt,
    item_bounds,
    many_bounds,
    segment_bounds,
    united,
)
from whiteboard.model.brush import CHALK, PEN
from whiteboard.model.shapes import shape_path


def test_union_covers_both():
    assert Rect(0, 0, 1, 1).union(Rect(3, -2, 4, 0.5)) == Rect(0, -2, 4, 1)


def test_touching_rectangles_intersect():
    assert Rect(0, 0, 1, 1).intersects(Rect(1, 1, 2, 2))
    assert Rect(0, 0, 1, 1).intersection(Rect(1, 0, 2, 2)) == Rect(1, 0, 1, 1)


def test_rectangles_apart_do_not_intersect():
    assert not Rect(0, 0, 1, 1).intersects(Rect(1.01, 0, 2, 1))
    assert Rect(0, 0, 1, 1).intersection(Rect(0, 1.01, 1, 2)) is None


def test_rectangle_contains_itself_and_its_corners():
    rect = Rect(1, 2, 3, 4)
    assert rect.contains(rect)
    assert all(rect.contains_point(x, y) for x, y in rect.corners().tolist())
    assert not rect.contains(Rect(1, 2, 3, 4.5))


def test_shrinking_past_the_middle_stops_there():
    assert Rect(0, 0, 10, 4).outset(-100) == Rect(5, 2, 5, 2)


def test_moved_rectangle_keeps_its_size():
    moved = Rect(0, 0, 10, 4).moved(2, 3)
    assert moved == Rect(2, 3, 12, 7)
    assert (moved.width, moved.height, moved.centre) == (10, 4, (7, 5))


def test_rectangle_around_nothing_is_an_error():
    with pytest.raises(ValueError, match="no points"):
        Rect.around(np.empty((0, 2)))


def test_united_of_nothing_is_nothing():
    assert united([]) is None
    assert united([Rect(0, 0, 1, 1), Rect(2, 2, 3, 3)]) == Rect(0, 0, 3, 3)


def test_stroke_bounds_include_the_widest_ink():
    line = straight(10, 20, 110, 20, width_pt=4)
    bounds, reach = item_bounds(line), ink_reach_pt(line)
    assert reach == 2 * PEN.thick
    assert bounds == Rect(10 - reach, 20 - reach, 110 + reach, 20 + reach)


def test_dot_has_bounds_as_wide_as_its_ink():
    dot = stroke([(5, 5)], width_pt=10, brush=BrushKind.HIGHLIGHTER)
    assert item_bounds(dot) == Rect(0, 0, 10, 10)


def test_chalk_held_flat_reaches_farther():
    samples = samples_of([(0, 0), (50, 0)])
    upright_chalk = stroke(samples[:, :2], brush=BrushKind.CHALK)
    samples[:, 4] = 1.5
    flat_chalk = StrokeItem.from_samples(
        samples, page="p", z=0, author="", brush=BrushKind.CHALK, colour=0, width_pt=3,
        has_pressure=True,
    )  # fmt: skip
    assert ink_reach_pt(upright_chalk) == 1.5 * CHALK.thick
    assert ink_reach_pt(flat_chalk) == 1.5 * CHALK.widest_factor()


def test_arrow_bounds_include_its_head():
    arrow = shape(ShapeKind.ARROW, (0, 0), (200, 0), width_pt=5)
    bounds = item_bounds(arrow)
    head = shape_path(arrow)[1]
    assert bounds.top == pytest.approx(head[:, 1].min() - 2.5)
    assert bounds.bottom == pytest.approx(head[:, 1].max() + 2.5)


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.2, 2.9])
def test_ellipse_bounds_are_exact_when_turned(angle):
    c, s = math.cos(angle), math.sin(angle)
    item = shape(
        ShapeKind.ELLIPSE, (50, 60), (50 + 40 * c, 60 + 40 * s), (50 - 10 * s, 60 + 10 * c),
        width_pt=2,
    )  # fmt: skip
    turn = np.linspace(0, 2 * math.pi, 20_001)
    curve = np.array((50, 60)) + np.outer(np.cos(turn), (40 * c, 40 * s))
    curve += np.outer(np.sin(turn), (-10 * s, 10 * c))
    exact = Rect.around(curve).outset(1)
    bounds = item_bounds(item)
    for side in ("left", "top", "right", "bottom"):
        assert getattr(bounds, side) == pytest.approx(getattr(exact, side), abs=1e-4)


def test_turned_box_is_covered():
    item = text(0, 0)
    turned = type(item)(
        page="p", z=0, author="", box=turned_box(10, 10, 100, 20, math.pi / 2), colour=0,
        size_pt=12, text="",
    )  # fmt: skip
    bounds = item_bounds(turned)
    assert (bounds.left, bounds.right) == (pytest.approx(-10), pytest.approx(10))
    assert (bounds.top, bounds.bottom) == (pytest.approx(10), pytest.approx(110))


def test_many_bounds_equal_those_of_each():
    items = one_of_each()
    many = many_bounds(items)
    for row, item in zip(many.tolist(), items, strict=True):
        assert Rect(*row) == item_bounds(item)


def test_bounds_of_nothing_have_no_rows():
    assert many_bounds([]).shape == (0, 4)


def test_shape_with_missing_points_is_refused():
    for kind in (ShapeKind.ELLIPSE, ShapeKind.ARROW):
        with pytest.raises(ValueError, match="points"):
            item_bounds(shape(kind, (0, 0)))


def test_segment_bounds_grow_by_the_margin():
    assert segment_bounds(np.array([(0, 0), (10, 5)]), 2) == Rect(-2, -2, 12, 7)


def test_segment_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        segment_bounds(np.array([(0, math.nan)]), 1)


def test_circle_bounds_are_its_box():
    assert item_bounds(circle(100, 100, 40, width_pt=2)) == Rect(59, 59, 141, 141)
