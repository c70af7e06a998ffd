import math

import numpy as np
import pytest

from base.board_doc import BrushKind
from tests.whiteboard.model.making import samples_of, stroke
from tests.whiteboard.model.winding import (
    distances_to_ink,
    distances_to_line,
    signed_area,
    split_polygons,
    winding_numbers,
)
from whiteboard.model.brush import BRUSHES, CHALK, HIGHLIGHTER, PEN
from whiteboard.model.outline import (
    LAG,
    CentreLine,
    centre_line,
    outline,
    outline_line,
    outlines,
    refine,
)
from whiteboard.model.smoothing import RAW, SMOOTH
from whiteboard.model.strokes import one_stroke

TOLERANCE_PT = 0.2
LINE_ERROR_PT = 2.5 * TOLERANCE_PT
"""How far the refined line of handwriting may be from the line with all its points."""
T = np.linspace(0, 1, 80)[:, None]


def polar(angle, radius):
    return np.hstack((np.cos(angle) * radius, np.sin(angle) * radius))


def straight_way(x0, y0, x1, y1):
    return np.array((x0, y0)) * (1 - T) + np.array((x1, y1)) * T


def hand(seed, count=90):
    """Return the path of a hand: its direction and speed change smoothly, by chance."""
    rng = np.random.default_rng(seed)
    turn = np.cumsum(np.convolve(rng.normal(0, 0.5, count + 4), np.ones(5) / 5, "valid"))
    step = 3 + 2 * np.sin(np.arange(count) / 7 + seed)
    return np.cumsum(polar(turn[:, None], step[:, None]), axis=0)


PATHS = {
    "spiral": polar(T * 30, 60 * T + 2),
    "loop": polar(T * 12, 8),
    "loop tighter than the pen": polar(T * 12, 1),
    "u-turn": np.vstack((straight_way(0, 0, 100, 0), straight_way(100, 0.5, 0, 0.5))),
    "zigzag": np.array([(3.0 * i, 40.0 * (i % 2)) for i in range(20)]),
    "there and back": np.array([(0, 0), (60, 0), (0, 0), (60, 0)]),
    "sharp corner": np.vstack((straight_way(0, 0, 100, 0), straight_way(100, 0, 100, 90))),
    "dot": np.array([(5, 5)]),
    "long dot": np.array([(5, 5)] * 12),
    "two points": np.array([(5, 5), (6, 5)]),
    "rests at both ends": np.array([(5, 5)] * 10 + [(50, 5)] * 10),
    **{f"hand {seed}": hand(seed) for seed in range(4)},
}
WIDTHS_PT = (2.0, 11.0, 48.0)


def refined(path, width_pt, *, pressure=0.5, brush=PEN, thin_out=True, tolerance=TOLERANCE_PT):
    samples = samples_of(path, pressure=pressure)
    line = centre_line(samples, one_stroke(len(samples)), brush, width_pt, 1.0)
    return refine(line, tolerance, thin_out=thin_out)


def places_around(shapes, line, seed=0, count=1500):
    """Return places all over the outline, and those of the line itself."""
    rng = np.random.default_rng(seed)
    low, high = shapes.points.min(axis=0) - 2, shapes.points.max(axis=0) + 2
    return np.vstack((rng.uniform(low, high, (count, 2)), line.points))


@pytest.mark.parametrize("width_pt", WIDTHS_PT)
@pytest.mark.parametrize("name", PATHS)
def test_polygons_all_turn_the_same_way(name, width_pt):
    shapes = outline_line(refined(PATHS[name], width_pt), TOLERANCE_PT)
    discs_and_body = [signed_area(p) for p in split_polygons(shapes)]
    assert min(discs_and_body) > 0


@pytest.mark.parametrize("width_pt", WIDTHS_PT)
@pytest.mark.parametrize("name", PATHS)
def test_winding_fill_shows_ink_without_holes_and_no_more(name, width_pt):
    line = refined(PATHS[name], width_pt)
    shapes = outline_line(line, TOLERANCE_PT)
    places = places_around(shapes, line)
    is_filled = winding_numbers(places, split_polygons(shapes)) != 0
    outside = distances_to_ink(places, line.points, line.half_widths)
    assert is_filled[outside < -TOLERANCE_PT].all()
    assert not is_filled[outside > TOLERANCE_PT].any()


def test_ink_that_swells_faster_than_it_goes_on_is_filled():
    line = CentreLine(
        np.array([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0)]),
        np.array([1.0, 12.0, 1.0, 1.0]),
        one_stroke(4),
    )
    shapes = outline_line(line, TOLERANCE_PT)
    places = places_around(shapes, line)
    is_filled = winding_numbers(places, split_polygons(shapes)) != 0
    disc = np.hypot(places[:, 0] - 1, places[:, 1]) < 12 - TOLERANCE_PT
    assert is_filled[disc].all()


@pytest.mark.parametrize("name", PATHS)
def test_refined_line_keeps_within_its_tolerance_of_the_line_with_all_points(name):
    line = refined(PATHS[name], 3.5)
    dense = refined(PATHS[name], 3.5, thin_out=False, tolerance=TOLERANCE_PT / 50)
    assert distances_to_line(dense.points, line.points).max() <= LINE_ERROR_PT
    assert distances_to_line(line.points, dense.points).max() <= LINE_ERROR_PT


def test_corner_does_not_make_the_straight_lines_beside_it_bulge():
    line = refined(PATHS["sharp corner"], 3.5)
    beside = line.points[(line.points[:, 0] > 2) & (line.points[:, 0] < 90)]
    assert np.abs(beside[:, 1]).max() < 0.1


def test_thinning_out_leaves_few_points_on_a_straight_line():
    line = refined(straight_way(0, 0, 100, 30), 3.5)
    assert len(line.points) <= 8


def test_sparse_samples_of_a_circle_become_round():
    samples = samples_of(polar(np.linspace(0, 6, 24)[:, None], 50), rate_hz=30.0)
    line = refine(centre_line(samples, one_stroke(24), PEN, 3.5, 1.0), TOLERANCE_PT)
    radii = np.hypot(line.points[:, 0], line.points[:, 1])
    # Chords alone would come as near as 49.6.
    assert radii[4:-4].min() > 49.7
    assert len(line.points) > 40


def test_dot_is_as_wide_as_its_heaviest_pressure():
    line = refined([(5, 5)] * 10, 6.0, pressure=np.linspace(0, 1, 10))
    assert line.points.tolist() == [[5, 5]]
    lightest, heaviest = PEN.thin * 3.0, PEN.thick * 3.0
    assert lightest < 0.9 * heaviest < line.half_widths[0] <= heaviest


def test_dot_is_a_disc():
    shapes = outline_line(refined([(5, 7)], 6.0), TOLERANCE_PT)
    radii = np.hypot(*(shapes.points - (5, 7)).T)
    assert radii.max() - radii.min() < 1e-9
    assert signed_area(shapes.points) == pytest.approx(math.pi * radii[0] ** 2, rel=0.1)


@pytest.mark.parametrize("brush", list(BRUSHES))
def test_many_strokes_at_once_are_the_same_ink_as_one_by_one(brush):
    strokes = [stroke(p, width_pt=w, brush=brush) for p in PATHS.values() for w in (3.0, 9.0)]
    together = outlines(strokes, TOLERANCE_PT)
    assert len(together.borders) == len(strokes) + 1
    for i, item in enumerate(strokes):
        part = slice(together.borders[i], together.borders[i + 1])
        alone = outlines([item], TOLERANCE_PT)
        polygons = np.split(together.points[part], np.flatnonzero(together.is_start[part])[1:])
        places = places_around(
            alone, CentreLine(alone.points, np.zeros(0), alone.borders), i, 150
        )
        here = winding_numbers(places, polygons) != 0
        there = winding_numbers(places, split_polygons(alone)) != 0
        # Round ends have more corners beside a thicker stroke: places on the very edge differ.
        edges = np.vstack([np.vstack((p, p[:1])) for p in split_polygons(alone)])
        off_edge = distances_to_line(places, edges) > TOLERANCE_PT
        assert np.array_equal(here[off_edge], there[off_edge])


def test_batch_leaves_each_line_where_it_is_alone():
    strokes = [stroke(path) for path in PATHS.values()]
    samples = [item.samples() for item in strokes]
    borders = np.concatenate(([0], np.cumsum([len(s) for s in samples])))
    together = refine(centre_line(np.vstack(samples), borders, PEN, 3.0, 1.0), TOLERANCE_PT)
    for i, one in enumerate(samples):
        alone = refine(centre_line(one, one_stroke(len(one)), PEN, 3.0, 1.0), TOLERANCE_PT)
        rows = slice(together.borders[i], together.borders[i + 1])
        # Not the same rows: how often rows are thinned out depends on the batch.
        assert distances_to_line(together.points[rows], alone.points).max() <= LINE_ERROR_PT
        assert distances_to_line(alone.points, together.points[rows]).max() <= LINE_ERROR_PT
        ends = together.points[rows][[0, -1]]
        assert np.array_equal(ends, alone.points[[0, -1]])


def test_batch_of_two_kinds_of_brush_is_refused():
    with pytest.raises(ValueError, match="one brush"):
        outlines([stroke([(1, 1)]), stroke([(1, 1)], brush=BrushKind.CHALK)], TOLERANCE_PT)


def test_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="one brush"):
        outlines([], TOLERANCE_PT)


@pytest.mark.parametrize("brush", [PEN, CHALK, HIGHLIGHTER], ids=lambda b: b.kind.name)
@pytest.mark.parametrize("seed", range(12))
def test_any_stroke_gives_finite_ink_within_its_bounds(seed, brush):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 120))
    samples = np.zeros((count, 5))
    spread = 10.0 ** rng.uniform(-3, 3)
    samples[:, :2] = np.round(np.cumsum(rng.normal(0, spread, (count, 2)), axis=0) * 64) / 64
    samples[:, 2] = rng.uniform(0, 1, count)
    # Panels stamp several samples alike.
    samples[:, 3] = np.cumsum(rng.choice([0.0, 0.001, 0.008, 0.5], count))
    samples[:, 4] = rng.uniform(0, math.pi / 2, count) * rng.integers(0, 2)
    line = centre_line(samples, one_stroke(count), brush, 5.0, float(rng.integers(0, 2)))
    shapes = outline_line(refine(line, TOLERANCE_PT), TOLERANCE_PT)
    assert np.isfinite(shapes.points).all()
    assert (line.half_widths > 0).all()
    assert line.half_widths.max() <= 2.5 * brush.widest_factor() + 1e-9
    reach = line.half_widths.max() + 0.3 * np.hypot(*np.diff(line.points, axis=0).T).max(
        initial=0
    )
    assert (shapes.points >= samples[:, :2].min(axis=0) - reach - TOLERANCE_PT).all()
    assert (shapes.points <= samples[:, :2].max(axis=0) + reach + TOLERANCE_PT).all()


@pytest.mark.parametrize("smoothing", [SMOOTH, RAW], ids=["smooth", "raw"])
@pytest.mark.parametrize("seed", range(6))
def test_rows_before_the_lag_stay_as_they_are_when_samples_come(seed, smoothing):
    rng = np.random.default_rng(seed)
    samples = np.zeros((80, 5))
    samples[:, :2] = np.cumsum(rng.normal(0, 4, (80, 2)), axis=0)
    samples[:, 2] = rng.uniform(0, 1, 80)
    samples[:, 3] = np.cumsum(rng.choice([0.0, 0.004, 0.008], 80))
    samples[:, 4] = rng.uniform(0, 1.5, 80)
    for brush in BRUSHES.values():
        whole = centre_line(samples, one_stroke(80), brush, 5.0, 1.0, smoothing)
        for count in range(LAG + 2, 80, 3):
            part = centre_line(samples[:count], one_stroke(count), brush, 5.0, 1.0, smoothing)
            settled = count - 1 - LAG
            assert np.array_equal(part.points[:settled], whole.points[:settled])
            assert np.array_equal(part.half_widths[:settled], whole.half_widths[:settled])


def test_rows_behind_a_cut_of_the_lag_are_those_of_the_whole_stroke():
    # What is baked while wet sees only the last rows; see `views.wet_ink`.
    samples = samples_of(hand(3))
    whole = centre_line(samples, one_stroke(90), PEN, 5.0, 1.0)
    cut = centre_line(samples[40:], one_stroke(50), PEN, 5.0, 1.0)
    assert np.allclose(cut.points[LAG:], whole.points[40 + LAG :])
    assert np.allclose(cut.half_widths[LAG:], whole.half_widths[40 + LAG :])


@pytest.mark.parametrize("caps", [(True, False), (False, True), (False, False)])
def test_end_without_a_cap_is_cut_off_square(caps):
    line = refined(straight_way(0, 0, 100, 0), 6.0)
    start_cap, end_cap = caps
    shapes = outline_line(line, TOLERANCE_PT, start_cap=start_cap, end_cap=end_cap)
    assert bool(shapes.points[:, 0].min() < -1) is start_cap
    assert bool(shapes.points[:, 0].max() > 101) is end_cap


def test_outline_for_hit_tests_is_the_body_alone():
    body = outline(samples_of(PATHS["zigzag"]), PEN, 4.0, has_pressure=True)
    assert body.ndim == 2
    assert signed_area(body) > 0


@pytest.mark.parametrize(
    "samples", [np.zeros((0, 5)), samples_of([(1, math.nan)])], ids=["empty", "not finite"]
)
def test_outline_of_no_stroke_is_refused(samples):
    with pytest.raises(ValueError, match="finite and at least one"):
        outline(samples, PEN, 3.0, has_pressure=True)
