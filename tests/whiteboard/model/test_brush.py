import math
from dataclasses import replace

import numpy as np
import pytest

from base.board_doc import BrushKind
from whiteboard.model.brush import BRUSHES, CHALK, HIGHLIGHTER, PEN

NONE = np.zeros(1)


def factor(brush, *, pressure=0.5, speed=0.0, tilt=0.0, measured=1.0):
    values = (np.array([v]) for v in (pressure, speed, tilt, measured))
    return float(brush.factors(*values)[0])


@pytest.mark.parametrize("kind", list(BrushKind))
def test_each_kind_has_a_valid_brush(kind):
    BRUSHES[kind].validate()
    assert BRUSHES[kind].kind is kind


@pytest.mark.parametrize("brush", [PEN, CHALK])
def test_heavier_hand_writes_thicker(brush):
    factors = [factor(brush, pressure=p) for p in np.linspace(0, 1, 11)]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(brush.thin)
    assert factors[-1] == pytest.approx(brush.thick)


@pytest.mark.parametrize("brush", [PEN, CHALK])
def test_faster_hand_writes_thinner(brush):
    factors = [factor(brush, speed=v) for v in np.linspace(0, brush.speed_full_pt_s, 11)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(factors[0] * (1 - brush.speed_thinning))
    assert factor(brush, speed=1e6) == factors[-1]


def test_pressure_that_is_not_measured_does_not_count():
    assert factor(PEN, pressure=0.1, measured=0.0) == 1.0


def test_chalk_laid_flat_is_broad():
    assert factor(CHALK, tilt=math.pi / 2) == pytest.approx(CHALK.tilt_widening * factor(CHALK))


def test_highlighter_is_always_as_wide():
    assert factor(HIGHLIGHTER, pressure=0.0, speed=9000.0, tilt=1.5) == 1.0
    assert not HIGHLIGHTER.needs_speed


@pytest.mark.parametrize("brush", list(BRUSHES.values()))
def test_no_factor_leaves_its_bounds(brush):
    rng = np.random.default_rng(7)
    factors = brush.factors(
        rng.uniform(0, 1, 500),
        rng.uniform(0, 1e5, 500),
        rng.uniform(0, math.pi / 2, 500),
        rng.integers(0, 2, 500).astype(float),
    )
    assert (factors > 0).all()
    assert factors.max() <= brush.widest_factor()


def test_speed_can_be_left_out():
    result = PEN.factors(np.array([0.5]), None, NONE, np.ones(1))
    assert result[0] == pytest.approx(factor(PEN))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thin", 0.04),
        ("thin", 4.1),
        ("thick", 0.3),
        ("thick", 4.1),
        ("gamma", 0.1),
        ("gamma", math.nan),
        ("speed_thinning", 0.95),
        ("speed_full_pt_s", 0.0),
        ("tilt_widening", 0.9),
        ("tilt_widening", 9.0),
    ],
)
def test_parameter_out_of_its_range_is_refused(name, value):
    with pytest.raises(ValueError, match=name if name != "thin" or value < 1 else "thi"):
        replace(PEN, **{name: value}).validate()
