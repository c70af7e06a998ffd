import math

import numpy as np
import pytest

from base.board_doc import ShapeKind
from tests.whiteboard.model.making import circle, rectangle, shape
from whiteboard.model.shapes import (
    HEAD_HALF_ANGLE_RAD,
    HEAD_MAX_SHARE,
    arrow_head,
    ellipse_beziers,
    shape_path,
)


def bezier(handles, t):
    p0, p1, p2, p3 = handles
    t = np.asarray(t)[:, None]
    return (1 - t) ** 3 * p0 + 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t**2 * p2 + t**3 * p3


def test_line_is_its_two_ends():
    (line,) = shape_path(shape(ShapeKind.LINE, (1, 2), (30, 40)))
    assert line.tolist() == [[1, 2], [30, 40]]


def test_closed_shapes_end_where_they_begin():
    triangle = shape(ShapeKind.TRIANGLE, (0, 0), (10, 0), (5, 8))
    for item, count in ((rectangle(0, 0, 10, 5), 5), (triangle, 4)):
        (line,) = shape_path(item)
        assert len(line) == count
        assert line[0].tolist() == line[-1].tolist()


def test_ellipse_polyline_lies_on_the_ellipse():
    (line,) = shape_path(circle(50, 50, 20))
    assert np.hypot(*(line - 50).T) == pytest.approx(20)
    assert line[0].tolist() == line[-1].tolist()


def test_bezier_ellipse_strays_less_than_a_thousandth():
    curve = ellipse_beziers(circle(0, 0, 1000))
    for quarter in range(4):
        points = bezier(curve[3 * quarter : 3 * quarter + 4], np.linspace(0, 1, 101))
        assert np.abs(np.hypot(*points.T) - 1000).max() < 0.3


def test_only_ellipses_become_such_curves():
    with pytest.raises(ValueError, match="not an ellipse"):
        ellipse_beziers(rectangle(0, 0, 1, 1))


def test_arrow_head_points_at_the_end():
    head = arrow_head(np.array((0.0, 0.0)), np.array((100.0, 0.0)), 3)
    assert head[1].tolist() == [100, 0]
    assert (head[[0, 2], 0] < 100).all()
    assert head[0, 1] == pytest.approx(-head[2, 1])
    angle = math.atan2(abs(head[0, 1]), 100 - head[0, 0])
    assert angle == pytest.approx(HEAD_HALF_ANGLE_RAD)


def test_arrow_head_grows_with_the_line_width():
    start, end = np.array((0.0, 0.0)), np.array((500.0, 0.0))
    thin, thick = arrow_head(start, end, 2), arrow_head(start, end, 8)
    assert np.ptp(thick[:, 1]) > np.ptp(thin[:, 1]) * 1.5


def test_short_arrow_keeps_a_shaft():
    head = arrow_head(np.array((0.0, 0.0)), np.array((10.0, 0.0)), 20)
    assert np.hypot(*(head[0] - head[1])) == pytest.approx(10 * HEAD_MAX_SHARE)


def test_arrow_without_length_has_a_head_without_size():
    head = arrow_head(np.array((3.0, 4.0)), np.array((3.0, 4.0)), 2)
    assert head.tolist() == [[3, 4]] * 3


@pytest.mark.parametrize("kind", list(ShapeKind))
def test_wrong_number_of_points_is_refused(kind):
    with pytest.raises(ValueError, match="points"):
        shape_path(shape(kind, (0, 0)))
