import numpy as np
import pytest

from whiteboard.model.smoothing import RAW, SMOOTH, Smoothing, smooth
from whiteboard.model.strokes import one_stroke


def times(count, rate_hz=120.0):
    return np.arange(count) / rate_hz


def smoothed(points, rate_hz=120.0, smoothing=SMOOTH):
    points = np.asarray(points, dtype=float)
    return smooth(points, times(len(points), rate_hz), one_stroke(len(points)), smoothing)


def trembling(seed=1, count=100, tremble=1.0):
    rng = np.random.default_rng(seed)
    line = np.column_stack((np.arange(count) * 4.0, np.zeros(count)))
    return line + rng.normal(0, tremble, (count, 2))


def test_ends_stay_where_the_pen_was():
    points = trembling()
    result = smoothed(points)
    assert np.array_equal(result[[0, -1]], points[[0, -1]])


def test_straight_even_line_stays():
    points = np.linspace((10, 20), (300, 90), 50)
    assert np.allclose(smoothed(points), points, atol=1e-9)


def test_tremble_gets_smaller():
    before, after = trembling(), smoothed(trembling())
    assert after[2:-2, 1].std() < 0.75 * before[2:-2, 1].std()


def test_smoothed_line_does_not_lag_behind_the_hand():
    points = trembling()
    error_x = (smoothed(points) - points)[:, 0]
    step_x = 4.0
    assert abs(error_x.mean()) < 0.02 * step_x


def test_backward_stroke_is_smoothed_as_the_forward_one():
    points = trembling()
    assert np.allclose(smoothed(points[::-1])[::-1], smoothed(points), atol=1e-9)


def test_samples_of_a_slow_panel_are_left_alone():
    points = trembling()
    assert np.abs(smoothed(points, rate_hz=40.0) - points).max() < 0.01


def test_switched_off_gives_the_samples_back():
    points = trembling()
    assert np.array_equal(smoothed(points, smoothing=RAW), points)


def test_strokes_side_by_side_do_not_pull_at_each_other():
    one, other = trembling(1, 30), trembling(2, 40) + 500
    borders = np.array((0, 30, 70))
    t_s = np.concatenate((times(30), times(40)))
    together = smooth(np.vstack((one, other)), t_s, borders, SMOOTH)
    assert np.allclose(together, np.vstack((smoothed(one), smoothed(other))), atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_stroke_without_a_middle_stays(count):
    points = trembling(count=count)
    assert np.array_equal(smoothed(points), points)


def test_samples_are_not_changed_in_place():
    points = trembling()
    kept = points.copy()
    smoothed(points)
    assert np.array_equal(points, kept)


def test_samples_stamped_alike_are_evened_out():
    points = trembling()
    result = smooth(points, np.zeros(100), one_stroke(100), SMOOTH)
    assert np.isfinite(result).all()
    assert result[2:-2, 1].std() < 0.6 * points[2:-2, 1].std()


@pytest.mark.parametrize("reach", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_no_point_leaves_the_hull_of_its_neighbours(seed, reach):
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 50, (40, 2))
    t_s = np.cumsum(rng.uniform(0, 0.01, 40))
    result = smooth(points, t_s, one_stroke(40), Smoothing(0.01, reach))
    for i in range(40):
        near = points[max(i - reach, 0) : i + reach + 1]
        assert (result[i] >= near.min(axis=0) - 1e-9).all()
        assert (result[i] <= near.max(axis=0) + 1e-9).all()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"window_s": -0.001}, "window_s"),
        ({"window_s": 0.051}, "window_s"),
        ({"window_s": float("nan")}, "window_s"),
        ({"reach": 0}, "reach"),
        ({"reach": 5}, "reach"),
    ],
)
def test_parameter_out_of_its_range_is_refused(values, name):
    with pytest.raises(ValueError, match=name):
        Smoothing(**values).validate()


@pytest.mark.parametrize("smoothing", [SMOOTH, RAW, Smoothing(0.05, 4)])
def test_parameter_in_its_range_is_taken(smoothing):
    smoothing.validate()
