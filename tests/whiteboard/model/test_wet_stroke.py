"""The stroke under the pen."""

import math

import numpy as np
import pytest

from base.board_doc import BrushKind
from whiteboard.model.brush import BRUSHES
from whiteboard.model.outline import LAG
from whiteboard.model.wet_stroke import InkStyle, WetStroke

PEN = InkStyle(BrushKind.PEN, 4, 3.5)


def wet(style=PEN, *, has_pressure=True, start_s=10.0):
    return WetStroke(7, style, has_pressure=has_pressure, start_s=start_s)


def written(points, *, pressure=0.5, tilt_rad=0.0, step_s=0.01, **options):
    stroke = wet(**options)
    for n, (x, y) in enumerate(points):
        stroke.append(x, y, pressure, tilt_rad, 10.0 + n * step_s)
    return stroke


def test_times_count_from_pen_down():
    stroke = written([(0, 0), (1, 1)], step_s=0.25)
    assert stroke.times == [0.0, 0.25]


def test_time_that_goes_back_counts_as_the_last_one():
    stroke = wet()
    stroke.append(0, 0, 0.5, 0.0, 10.5)
    stroke.append(1, 1, 0.5, 0.0, 10.2)
    assert stroke.times == [0.5, 0.5]


def test_time_before_pen_down_is_pen_down():
    stroke = wet()
    stroke.append(0, 0, 0.5, 0.0, 9.0)
    assert stroke.times == [0.0]


@pytest.mark.parametrize(("said", "kept"), [(-0.2, 0.0), (0.3, 0.3), (1.7, 1.0)])
def test_pressure_is_brought_into_its_range(said, kept):
    assert written([(0, 0)], pressure=said).pressures == [kept]


@pytest.mark.parametrize(("said", "kept"), [(-1.0, 0.0), (0.5, 0.5), (3.0, math.pi / 2)])
def test_tilt_is_brought_into_its_range(said, kept):
    assert written([(0, 0)], tilt_rad=said).tilts == [kept]


def test_speed_is_that_of_the_last_few_samples():
    stroke = written([(0, 0)] * 20 + [(n * 2.0, 0) for n in range(1, 9)], step_s=0.01)
    assert stroke.speed_pt_s() == pytest.approx(200.0)


def test_single_sample_has_no_speed():
    assert written([(0, 0)]).speed_pt_s() == 0.0


def test_samples_at_one_time_have_a_finite_speed():
    assert math.isfinite(written([(0, 0), (100, 0)], step_s=0.0).speed_pt_s())


def test_end_of_a_stroke_is_not_settled():
    stroke = written([(n, 0) for n in range(LAG + 5)])
    assert stroke.can_settle() == 4
    assert written([(0, 0)]).can_settle() == 0


def test_finished_stroke_has_all_samples_and_the_style():
    points = [(10.0, 20.0), (30.0, 40.0), (50.0, 45.5)]
    item = written(points, pressure=0.75).finish("p1", 3.0, "aoi")
    assert np.allclose(item.samples()[:, :2], points)
    assert (item.brush, item.colour, item.width_pt) == (BrushKind.PEN, 4, 3.5)
    assert (item.page, item.z, item.author, item.has_pressure) == ("p1", 3.0, "aoi", True)


def test_empty_stroke_cannot_be_finished():
    with pytest.raises(ValueError, match="sample"):
        wet().finish("p1", 0.0, "aoi")


def test_samples_can_be_had_from_a_row_on():
    stroke = written([(n, 2 * n) for n in range(6)])
    assert stroke.samples(4)[:, 0].tolist() == [4.0, 5.0]


def test_harder_pressure_guesses_a_wider_line():
    light, hard = (written([(n, 0) for n in range(30)], pressure=p) for p in (0.1, 0.9))
    assert hard.half_widths[-1] > light.half_widths[-1]


def test_pressure_that_is_not_measured_changes_no_width():
    light, hard = (
        written([(n, 0) for n in range(30)], pressure=p, has_pressure=False) for p in (0.1, 0.9)
    )
    assert hard.half_widths == light.half_widths


def test_tilted_chalk_guesses_a_wider_line():
    chalk = InkStyle(BrushKind.CHALK, 0, 7.0)
    upright, flat = (
        written([(n, 0) for n in range(30)], style=chalk, tilt_rad=t) for t in (0.0, 1.2)
    )
    assert (flat.half_widths[-1] > upright.half_widths[-1]) == (
        BRUSHES[BrushKind.CHALK].tilt_widening > 1
    )


def test_guessed_width_does_not_jump():
    stroke = written([(n, 0) for n in range(20)], pressure=0.1)
    before = stroke.half_widths[-1]
    stroke.append(20, 0, 1.0, 0.0, 10.2)
    assert stroke.half_widths[-1] - before < 0.5 * 3.5 * BRUSHES[BrushKind.PEN].thick * 0.5
