import math
from itertools import pairwise

import numpy as np
import pytest

from base.board_doc import ShapeKind
from tests.whiteboard.model import drawing
from tests.whiteboard.model.making import samples_of
from whiteboard.model.recogniser import HoldDetector, Thresholds, recognise

DRAWINGS = 1000


def drawn(path, seed=1, **options):
    return drawing.by_hand(
        np.asarray(path, dtype=float), np.random.default_rng(seed), **options
    )


def ring(*corners):
    return drawing.corner_path([*corners, corners[0]], np.random.default_rng(0), rounding=0.03)


def box(left, top, right, bottom):
    return ring((left, top), (right, top), (right, bottom), (left, bottom))


def round_path(x, y, a, b, angle_deg=0.0, around=1.0):
    turn = np.linspace(0, 2 * math.pi * around, 100)
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    points = np.column_stack((a * np.cos(turn), b * np.sin(turn)))
    return points @ np.array(((c, s), (-s, c))) + np.array((x, y))


# The corpus


@pytest.mark.parametrize("name", list(drawing.SHAPES))
def test_shapes_drawn_by_hand_are_recognised(name):
    hits = 0
    for seed in range(DRAWINGS):
        found = recognise(drawing.SHAPES[name](np.random.default_rng((20, seed))))
        hits += found is not None and found.shape is ShapeKind[name]
    assert hits >= 0.97 * DRAWINGS


def test_writing_is_left_alone():
    wrong = [
        seed
        for seed in range(DRAWINGS)
        if recognise(drawing.writing(np.random.default_rng((21, seed)))) is not None
    ]
    assert len(wrong) <= 0.02 * DRAWINGS


@pytest.mark.parametrize("name", ["8", "a", "alpha", "3", "6", "C", "S", "heart", "no"])
def test_glyph_is_left_alone(name):
    wrong = 0
    for seed in range(50):
        rng = np.random.default_rng((22, seed))
        points = np.array(drawing.GLYPHS[name]) + rng.normal(0, 0.03, (1, 2))
        path = drawing.placed(drawing.spline(points), rng, turn=rng.normal(0, 0.15))
        wrong += recognise(drawing.by_hand(path, rng)) is not None
    assert wrong <= 1


@pytest.mark.parametrize("make", [drawing.spiral, drawing.zigzag, drawing.wave])
def test_scribble_is_left_alone(make):
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng((23, seed))
        wrong += recognise(drawing.by_hand(drawing.placed(make(rng), rng), rng)) is not None
    assert wrong <= 4


# What comes out


def test_line_keeps_its_ends():
    found = recognise(drawn([(100, 100), (400, 300)]))
    assert found.shape is ShapeKind.LINE
    assert np.array(found.points) == pytest.approx(np.array([(100, 100), (400, 300)]), abs=6)


def test_nearly_level_line_becomes_level():
    found = recognise(drawn([(100, 100), (400, 112)]))
    (_, y0), (_, y1) = found.points
    assert y0 == pytest.approx(y1)


def test_nearly_upright_line_becomes_upright():
    found = recognise(drawn([(100, 100), (110, 400)]))
    (x0, _), (x1, _) = found.points
    assert x0 == pytest.approx(x1)


def test_slanting_line_stays_slanting():
    (x0, y0), (x1, y1) = recognise(drawn([(100, 100), (400, 140)], wobble=0.002)).points
    assert math.degrees(math.atan2(y1 - y0, x1 - x0)) == pytest.approx(7.6, abs=1)


@pytest.mark.parametrize("is_head_first", [False, True])
def test_arrow_points_at_its_head(is_head_first):
    path = [(100, 100), (400, 250), (350, 255), (400, 250), (370, 205)]
    found = recognise(drawn(path[::-1] if is_head_first else path, wobble=0.003))
    assert found.shape is ShapeKind.ARROW
    assert found.points[1] == pytest.approx((400, 250), abs=8)
    assert found.points[0] == pytest.approx((100, 100), abs=8)


def test_rectangle_keeps_its_corners_and_stands_upright():
    found = recognise(drawn(box(100, 100, 420, 250), wobble=0.003))
    assert found.shape is ShapeKind.RECTANGLE
    points = np.array(found.points)
    wanted = np.array([(100, 100), (420, 100), (420, 250), (100, 250)])
    assert points == pytest.approx(wanted, abs=5)
    assert points[0, 1] == pytest.approx(points[1, 1])
    assert points[1, 0] == pytest.approx(points[2, 0])


def test_nearly_square_becomes_square():
    points = np.array(recognise(drawn(box(100, 100, 300, 315))).points)
    sides = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    assert sides == pytest.approx(sides[0])


def test_turned_rectangle_stays_turned_with_right_angles():
    corners = np.array(box(-150, -60, 150, 60))
    c, s = math.cos(0.5), math.sin(0.5)
    found = recognise(drawn(corners @ np.array(((c, s), (-s, c))) + 400, wobble=0.003))
    assert found.shape is ShapeKind.RECTANGLE
    points = np.array(found.points)
    sides = np.roll(points, -1, axis=0) - points
    assert math.atan2(sides[0, 1], sides[0, 0]) == pytest.approx(0.5, abs=0.04)
    for one, other in pairwise(sides):
        assert one @ other == pytest.approx(0, abs=1e-6)


def test_nearly_round_becomes_a_circle():
    found = recognise(drawn(round_path(300, 300, 100, 93)))
    assert found.shape is ShapeKind.ELLIPSE
    centre, a, b = np.array(found.points)
    assert np.hypot(*(a - centre)) == pytest.approx(np.hypot(*(b - centre)))
    assert centre == pytest.approx((300, 300), abs=5)
    assert np.hypot(*(a - centre)) == pytest.approx(96.5, abs=5)


@pytest.mark.parametrize(("angle_deg", "expected"), [(5, 0), (30, 30), (84, 90)])
def test_ellipse_keeps_its_axes_and_snaps_upright(angle_deg, expected):
    found = recognise(drawn(round_path(400, 300, 160, 80, angle_deg), wobble=0.003))
    centre, a, b = np.array(found.points)
    assert np.hypot(*(a - centre)) == pytest.approx(160, abs=8)
    assert np.hypot(*(b - centre)) == pytest.approx(80, abs=8)
    turn = math.degrees(math.atan2(*(a - centre)[::-1])) % 180
    off = min(abs(turn - expected), 180 - abs(turn - expected))
    assert off < (4 if expected == 30 else 1e-6)


def test_triangle_keeps_its_corners_and_gets_a_level_base():
    corners = np.array([(300, 100), (450, 330), (150, 320)])
    found = recognise(drawn(ring(*corners), wobble=0.003))
    assert found.shape is ShapeKind.TRIANGLE
    points = np.array(found.points)
    for corner in corners:
        assert np.hypot(*(points - corner).T).min() < 14
    low = points[np.argsort(points[:, 1])[1:]]
    assert low[0, 1] == pytest.approx(low[1, 1])


def test_neat_drawing_has_more_confidence_than_a_rough_one():
    neat = recognise(drawn(box(100, 100, 420, 250), wobble=0.0))
    rough = recognise(drawn(box(100, 100, 420, 250), wobble=0.015))
    assert 0.5 <= rough.confidence < neat.confidence <= 1


# What must not matter


@pytest.mark.parametrize("name", list(drawing.SHAPES))
def test_shape_does_not_depend_on_place_size_or_sampling(name):
    same, shift = 0, np.array((1234.5, -800.0))
    for seed in range(20):
        points = drawing.SHAPES[name](np.random.default_rng((24, seed)))
        found = recognise(points)
        moved = recognise(points + shift)
        assert (found is None) == (moved is None)
        if found is None:
            continue
        assert np.array(moved.points) == pytest.approx(np.array(found.points) + shift, abs=0.5)
        twice = np.repeat(points, 2, axis=0)
        denser = recognise((twice[1:] + twice[:-1]) / 2)
        larger = recognise(points * 2, Thresholds(least_size_pt=36, rest_pt=10))
        turned = recognise(np.column_stack((-points[:, 1], points[:, 0])))
        same += all(f and f.shape is found.shape for f in (denser, larger, turned))
    assert same >= 19


def test_way_round_does_not_matter():
    for seed in range(40):
        for name in ("RECTANGLE", "ELLIPSE", "TRIANGLE"):
            points = drawing.SHAPES[name](np.random.default_rng((25, seed)))[:-60]
            backwards = recognise(points[::-1])
            assert backwards is not None
            assert backwards.shape is ShapeKind[name]


# Odd strokes


def test_dots_and_tiny_strokes_are_left_alone():
    assert recognise(np.array([(5.0, 5.0)])) is None
    assert recognise(np.repeat([(5.0, 5.0)], 50, axis=0)) is None
    assert recognise(np.array([(0.0, 0.0), (9.0, 9.0)])) is None


def test_mouse_line_of_two_points_is_a_line():
    assert recognise(np.array([(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)])).shape is ShapeKind.LINE


def test_there_and_back_is_left_alone():
    path = np.array([(0.0, 0.0), (200.0, 0.0), (0.0, 1.0)])
    assert recognise(path) is None


def test_wildly_random_points_never_fail():
    rng = np.random.default_rng(26)
    for _ in range(300):
        scale = 10 ** rng.uniform(-3, 6)
        recognise(rng.normal(0, scale, (int(rng.integers(1, 40)), 2)))
        recognise(np.round(rng.normal(0, 2, (int(rng.integers(1, 40)), 2))) * 20)


@pytest.mark.parametrize("bad", [np.zeros((3, 3)), np.zeros(4), np.full((3, 2), np.nan)])
def test_damaged_positions_are_refused(bad):
    with pytest.raises(ValueError, match="positions"):
        recognise(bad)


@pytest.mark.parametrize(
    "bad", [{"gap": 0.4}, {"misfit": -0.1}, {"snap_aspect": 0.9}, {"line_bend": math.nan}]
)
def test_thresholds_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Thresholds(**bad)


# The hold


def stroke_then_rest(rest_s, tremble_pt=0.5):
    way = np.linspace((0, 0), (200, 0), 60)
    count = int(rest_s * 120)
    rest = np.repeat(way[-1:], count, axis=0)
    rest += np.random.default_rng(27).normal(0, tremble_pt, rest.shape)
    return samples_of(np.vstack((way, rest)))


def test_pen_that_rests_is_held():
    samples, hold = stroke_then_rest(0.6), HoldDetector(5.0)
    end = samples[-1, 3]
    assert hold.is_held(samples, end)
    assert hold.held_since(samples) == pytest.approx(end - 0.6, abs=0.03)


def test_short_rest_is_not_held():
    samples = stroke_then_rest(0.4)
    assert not HoldDetector(5.0).is_held(samples, samples[-1, 3])


def test_still_pen_that_sends_nothing_is_held():
    samples, hold = stroke_then_rest(0.0), HoldDetector(5.0)
    end = samples[-1, 3]
    assert not hold.is_held(samples, end + 0.4)
    assert hold.is_held(samples, end + 0.6)


def test_slowly_moving_pen_is_not_held():
    samples = samples_of(np.linspace((0, 0), (200, 0), 600))
    assert not HoldDetector(5.0).is_held(samples, samples[-1, 3])


def test_dot_is_never_held():
    dot = samples_of(np.zeros((200, 2)))
    assert not HoldDetector(5.0).is_held(dot, 10.0)
    short = samples_of(np.linspace((0, 0), (8, 0), 20))
    assert not HoldDetector(5.0).is_held(short, 10.0)
    assert not HoldDetector(5.0).is_held(np.empty((0, 5)), 10.0)


@pytest.mark.parametrize("bad", [{"radius_pt": 0.0}, {"radius_pt": 1.0, "hold_s": math.nan}])
def test_hold_out_of_range_is_refused(bad):
    with pytest.raises(ValueError, match="hold"):
        HoldDetector(**bad)
