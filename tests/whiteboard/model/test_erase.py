import math
from itertools import pairwise

import numpy as np
import pytest

from base.board_doc import BrushKind, ShapeItem, ShapeKind, StrokeItem, pack_item
from tests.whiteboard.model.making import (
    circle,
    image,
    note,
    one_of_each,
    rectangle,
    samples_of,
    shape,
    stamp,
    straight,
    stroke,
    text,
)
from whiteboard.model.erase import (
    LEAST_PIECE_PT,
    erase_area,
    split_stroke,
    touched_items,
)
from whiteboard.model.shapes import shape_path


def at(x, y):
    return np.array([(x, y)], dtype=float)


def way(*points):
    return np.array(points, dtype=float)


def touches(item, path, radius):
    return touched_items([("a", item)], path, radius) == ["a"]


def distances_to_path(points, path):
    if len(path) == 1:
        return np.hypot(*(points - path[0]).T)
    result = np.full(len(points), np.inf)
    for a, b in pairwise(path):
        d = b - a
        share = np.clip((points - a) @ d / max(d @ d, 1e-12), 0, 1)
        result = np.minimum(result, np.hypot(*(points - a - share[:, None] * d).T))
    return result


# Touching


def test_eraser_touches_stroke_within_its_radius_and_half_the_ink():
    line = straight(0, 0, 100, 0, width_pt=4)
    assert touches(line, at(50, 11.9), 10)
    assert not touches(line, at(50, 12.1), 10)


def test_eraser_touches_past_the_end_of_a_stroke():
    line = straight(0, 0, 100, 0, width_pt=4)
    assert touches(line, at(111, 0), 10)
    assert not touches(line, at(110, 10), 10)


def test_fast_eraser_touches_what_it_jumps_over():
    line = straight(50, 0, 50, 100, count=2)
    assert touches(line, way((0, 50), (100, 50)), 1)


def test_eraser_touches_sparse_stroke_between_its_samples():
    assert touches(straight(0, 0, 1000, 0, count=2), at(500, 3), 2)


def test_dot_is_touched():
    assert touches(stroke([(5, 5)], width_pt=2), at(10, 5), 4)
    assert not touches(stroke([(5, 5)], width_pt=2), at(10.1, 5), 4)


def test_strokes_do_not_join_their_neighbours_in_the_array():
    entries = [("a", straight(0, 0, 10, 0)), ("b", straight(0, 100, 10, 100))]
    assert touched_items(entries, at(5, 50), 20) == []


def test_touched_items_agree_with_dense_samples():
    rng = np.random.default_rng(8)
    for _ in range(60):
        entries = [
            (str(i), stroke(rng.uniform(0, 300) + np.cumsum(rng.normal(0, 6, (20, 2)), 0)))
            for i in range(20)
        ]
        path, radius = rng.uniform(0, 320, (2, 2)), rng.uniform(1, 30)
        found = set(touched_items(entries, path, radius))
        for item_id, item in entries:
            points = item.samples()[:, :2]
            places = np.linspace(0, len(points) - 1, 4000)
            dense = np.column_stack(
                [np.interp(places, np.arange(len(points)), points[:, i]) for i in (0, 1)]
            )
            gap = distances_to_path(dense, path).min() - radius - item.width_pt / 2
            if abs(gap) > 0.05:
                assert (item_id in found) == (gap < 0)


def test_outline_is_touched_but_not_the_empty_inside():
    empty, filled = rectangle(0, 0, 100, 100), rectangle(0, 0, 100, 100, fill=3)
    assert touches(empty, at(0, 50), 2)
    assert not touches(empty, at(50, 50), 10)
    assert touches(filled, at(50, 50), 10)
    assert not touches(filled, at(150, 50), 10)


def test_arrow_is_touched_on_its_head():
    arrow = shape(ShapeKind.ARROW, (0, 0), (200, 0), width_pt=4)
    barb = shape_path(arrow)[1][0]
    assert touches(arrow, at(*barb), 0.5)


@pytest.mark.parametrize("make", [text, note, image, stamp])
def test_boxes_are_touched_inside(make):
    item = make(100, 100)
    assert touches(item, at(120, 120), 1)
    assert touches(item, at(98, 120), 3)
    assert not touches(item, at(90, 120), 3)


def test_touched_ids_come_in_the_order_given():
    entries = [(str(i), item) for i, item in enumerate(one_of_each())]
    ids = touched_items(entries, way((0, 0), (200, 200)), 30)
    assert ids == sorted(ids, key=int)


# Cutting a line


def test_eraser_splits_stroke_it_crosses():
    samples = samples_of(np.linspace((0, 0), (100, 0), 11))
    left, right = split_stroke(samples, way((50, -50), (50, 50)), 5)
    assert left[-1, :2] == pytest.approx((45, 0))
    assert right[0, :2] == pytest.approx((55, 0))
    assert left[0].tolist() == samples[0].tolist()
    assert right[-1].tolist() == samples[-1].tolist()


def test_cut_interpolates_pressure_and_time():
    samples = samples_of([(0, 0), (100, 0)])
    samples[:, 2] = (0.2, 0.8)
    samples[:, 3] = (0.0, 1.0)
    left, right = split_stroke(samples, at(50, 0), 10)
    assert left[-1, 2:4] == pytest.approx((0.44, 0.4))
    assert right[0, 2:4] == pytest.approx((0.56, 0.6))


def test_untouched_line_is_returned_itself():
    samples = samples_of([(0, 0), (100, 0)])
    (piece,) = split_stroke(samples, at(50, 20), 10)
    assert piece is samples


def test_covered_line_is_gone():
    assert split_stroke(samples_of([(0, 0), (5, 0), (10, 3)]), at(5, 0), 20) == []


def test_end_of_a_line_is_wiped_off():
    (piece,) = split_stroke(samples_of([(0, 0), (100, 0)]), at(100, 0), 10)
    assert piece[:, 0].tolist() == pytest.approx([0, 90])


def test_crumbs_go():
    samples = samples_of(np.linspace((0, 0), (100, 0), 11))
    (piece,) = split_stroke(samples, at(10, 0), 10 - LEAST_PIECE_PT / 2)
    assert piece[0, 0] == pytest.approx(20 - LEAST_PIECE_PT / 2)


def test_dot_is_kept_or_gone():
    dot = samples_of([(5, 5)])
    assert split_stroke(dot, at(5, 8), 3) == []
    (kept,) = split_stroke(dot, at(5, 9), 3)
    assert kept is dot


def test_resting_pen_is_cut_too():
    samples = samples_of([(0, 0), (50, 0), (50, 0), (50, 0), (100, 0)])
    left, right = split_stroke(samples, at(50, 0), 5)
    assert (left[-1, 0], right[0, 0]) == pytest.approx((45, 55))


def test_eraser_cuts_a_sparse_line_twice():
    samples = samples_of([(0, 0), (100, 0)])
    path = way((20, -30), (20, 30), (80, 30), (80, -30))
    pieces = split_stroke(samples, path, 5)
    assert [(p[0, 0], p[-1, 0]) for p in pieces] == [
        pytest.approx((0, 15)),
        pytest.approx((25, 75)),
        pytest.approx((85, 100)),
    ]


def test_pieces_keep_outside_and_nothing_outside_is_lost():
    rng = np.random.default_rng(9)
    for _ in range(200):
        count = int(rng.integers(2, 40))
        samples = samples_of(rng.uniform(0, 100) + np.cumsum(rng.normal(0, 8, (count, 2)), 0))
        path = rng.uniform(0, 120, (int(rng.integers(1, 4)), 2))
        radius = rng.uniform(2, 25)
        pieces = split_stroke(samples, path, radius)
        for piece in pieces:
            places = np.linspace(0, len(piece) - 1, 50 * len(piece))
            dense = np.column_stack(
                [np.interp(places, np.arange(len(piece)), piece[:, i]) for i in (0, 1)]
            )
            assert distances_to_path(dense, path).min() >= radius - 1e-6
            assert (np.diff(piece[:, 3]) >= 0).all()
        kept = sum(np.hypot(*np.diff(p[:, :2], axis=0).T).sum() for p in pieces)
        places = np.linspace(0, count - 1, 20_000)
        dense = np.column_stack(
            [np.interp(places, np.arange(count), samples[:, i]) for i in (0, 1)]
        )
        middles = (dense[1:] + dense[:-1]) / 2
        steps = np.hypot(*np.diff(dense, axis=0).T)
        outside = steps[distances_to_path(middles, path) > radius].sum()
        crumbs = LEAST_PIECE_PT * (len(path) + 1) + 0.5
        assert outside - crumbs <= kept <= outside + 0.5


def test_damaged_lines_and_erasers_are_refused():
    line = samples_of([(0, 0), (1, 1)])
    with pytest.raises(ValueError, match="finite"):
        split_stroke(np.full((2, 5), np.nan), at(0, 0), 1)
    with pytest.raises(ValueError, match="path"):
        split_stroke(line, np.empty((0, 2)), 1)
    with pytest.raises(ValueError, match="path"):
        touched_items([], at(math.nan, 0), 1)
    for radius in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="radius"):
            erase_area([], at(0, 0), radius)


# The area eraser


def test_area_eraser_leaves_pieces_like_the_stroke():
    line = straight(0, 0, 100, 0, width_pt=4, brush=BrushKind.CHALK, colour=7)
    erasure = erase_area([("a", line)], at(50, 0), 10)
    left, right = erasure.pieces["a"]
    assert erasure.removed == ()
    for piece in (left, right):
        assert isinstance(piece, StrokeItem)
        assert (piece.brush, piece.colour, piece.width_pt) == (BrushKind.CHALK, 7, 4)
        assert (piece.page, piece.z, piece.author) == (line.page, line.z, line.author)
    # The round ends of the pieces just touch the wiped track.
    assert left.samples()[-1, 0] == pytest.approx(50 - 12, abs=1 / 64)
    assert right.samples()[0, 0] == pytest.approx(50 + 12, abs=1 / 64)


def test_area_eraser_cuts_many_strokes_as_it_cuts_each():
    rng = np.random.default_rng(10)
    entries = [
        (str(i), stroke(rng.uniform(20, 80) + np.cumsum(rng.normal(0, 4, (n, 2)), 0)))
        for i, n in enumerate(rng.integers(1, 40, 60).tolist())
    ]
    path = way((40, 40), (60, 50))
    together = erase_area(entries, path, 8)
    assert together.pieces
    assert together.removed
    for item_id, item in entries:
        alone = split_stroke(item.samples(), path, 8 + item.width_pt / 2)
        if item_id in together.removed:
            assert alone == []
        elif item_id in together.pieces:
            pieces = together.pieces[item_id]
            assert len(pieces) == len(alone)
            for piece, samples in zip(pieces, alone, strict=True):
                assert piece.samples()[:, :2] == pytest.approx(samples[:, :2], abs=1 / 64)
        else:
            assert len(alone) == 1
            assert len(alone[0]) == item.count


def test_erasing_again_on_the_track_changes_nothing():
    line = straight(0, 0, 100, 0, width_pt=4)
    path = way((50, -40), (50, 40))
    pieces = erase_area([("a", line)], path, 10).pieces["a"]
    again = erase_area(list(zip("bc", pieces, strict=True)), path, 9.9)
    assert again.is_nothing


def test_wiped_stroke_is_removed():
    erasure = erase_area([("a", straight(0, 0, 10, 0))], at(5, 0), 50)
    assert erasure.removed == ("a",)
    assert not erasure.pieces


def test_line_falls_into_lines():
    line = shape(ShapeKind.LINE, (0, 0), (100, 0), width_pt=2)
    left, right = erase_area([("a", line)], at(50, 0), 9).pieces["a"]
    assert isinstance(left, ShapeItem)
    assert left.points == ((0, 0), (pytest.approx(40), 0))
    assert right.points == ((pytest.approx(60), 0), (100, 0))


def test_cut_arrow_keeps_its_head_in_front():
    arrow = shape(ShapeKind.ARROW, (0, 0), (200, 0), width_pt=2)
    back, front = erase_area([("a", arrow)], at(50, 0), 9).pieces["a"]
    assert (back.shape, front.shape) == (ShapeKind.LINE, ShapeKind.ARROW)
    assert front.points == ((pytest.approx(60), 0), (200, 0))
    assert shape_path(front)[1] == pytest.approx(shape_path(arrow)[1])


def test_wiped_arrow_head_leaves_a_line():
    arrow = shape(ShapeKind.ARROW, (0, 0), (200, 0), width_pt=2)
    (left,) = erase_area([("a", arrow)], at(200, 0), 30).pieces["a"]
    assert left.shape is ShapeKind.LINE
    assert left.points[1] == (pytest.approx(169), 0)


def test_short_rest_of_an_arrow_keeps_the_head_it_had():
    arrow = shape(ShapeKind.ARROW, (0, 0), (200, 0), width_pt=2)
    pieces = erase_area([("a", arrow)], at(170, 0), 9).pieces["a"]
    # A shorter arrow would shrink its head, so the head stays as ink.
    ink = [p for p in pieces if isinstance(p, StrokeItem)]
    assert len(ink) == 1
    assert ink[0].samples()[:, 0].max() == pytest.approx(200, abs=1 / 64)


def test_outline_falls_into_strokes_with_sharp_corners():
    box = rectangle(0, 0, 100, 60, width_pt=2, colour=5)
    (piece,) = erase_area([("a", box)], at(50, 0), 9).pieces["a"]
    assert isinstance(piece, StrokeItem)
    assert (piece.colour, piece.width_pt, piece.has_pressure) == (5, 2, False)
    points = piece.samples()[:, :2]
    for corner in ((100, 0), (100, 60), (0, 60), (0, 0)):
        assert np.hypot(*(points - corner).T).min() < 1 / 64
    assert points[0] == pytest.approx((60, 0), abs=1 / 64)
    assert points[-1] == pytest.approx((40, 0), abs=1 / 64)
    assert np.hypot(*np.diff(points, axis=0).T).max() < 2.1


def test_circle_falls_into_arcs():
    pieces = erase_area([("a", circle(0, 0, 50, width_pt=2))], way((0, -80), (0, 80)), 9)
    arcs = pieces.pieces["a"]
    assert len(arcs) == 2
    for arc in arcs:
        radii = np.hypot(*arc.samples()[:, :2].T)
        assert radii == pytest.approx(50, abs=0.1)


def test_filled_shape_goes_with_its_middle():
    box = rectangle(0, 0, 100, 100, fill=3)
    assert erase_area([("a", box)], at(25, 50), 10).is_nothing
    assert erase_area([("a", box)], at(45, 50), 10).removed == ("a",)
    disc = circle(0, 0, 50, fill=3)
    assert erase_area([("a", disc)], at(5, 0), 10).removed == ("a",)


@pytest.mark.parametrize("make", [text, note, image, stamp])
def test_boxes_go_with_their_middle_only(make):
    item = make(100, 100)
    x, y = item.box.corners().mean(axis=0)
    assert erase_area([("a", item)], at(101, 101), 10).is_nothing
    assert erase_area([("a", item)], at(x + 5, y), 10).removed == ("a",)


def test_all_pieces_fit_the_format():
    rng = np.random.default_rng(11)
    for _ in range(50):
        entries = [(str(i), item) for i, item in enumerate(one_of_each())]
        erasure = erase_area(entries, rng.uniform(-20, 150, (2, 2)), rng.uniform(0, 30))
        for pieces in erasure.pieces.values():
            assert pieces
            for piece in pieces:
                pack_item(piece)
