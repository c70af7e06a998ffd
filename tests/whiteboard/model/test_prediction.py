import math

import numpy as np
import pytest

from whiteboard.model.prediction import NO_PREDICTION, PREDICT, Prediction, predict

RATE_HZ = 120.0


def predicted(points, prediction=PREDICT, rate_hz=RATE_HZ):
    xs, ys = np.asarray(points, dtype=float).T.tolist()
    ts = (np.arange(len(xs)) / rate_hz).tolist()
    return predict(xs, ys, ts, prediction)


def line(speed_pt_s, count=12, angle=0.0):
    way = np.arange(count) * speed_pt_s / RATE_HZ
    return np.column_stack((way * math.cos(angle), way * math.sin(angle)))


def ahead_pt(points, prediction=PREDICT):
    place = predicted(points, prediction)
    return 0.0 if place is None else math.dist(place, points[-1])


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, -2.0])
def test_steady_hand_is_carried_on_in_its_direction(angle):
    x, y = predicted(line(1000, angle=angle))
    last = line(1000, angle=angle)[-1]
    way = 1000 * PREDICT.horizon_s * PREDICT.damping
    assert x == pytest.approx(last[0] + way * math.cos(angle))
    assert y == pytest.approx(last[1] + way * math.sin(angle))


def test_longer_horizon_reaches_farther():
    assert ahead_pt(line(1000), Prediction(horizon_s=0.024)) == pytest.approx(
        2 * ahead_pt(line(1000))
    )


def test_prediction_without_damping_is_where_the_steady_hand_will_be():
    points = line(1000, count=13)
    rule = Prediction(horizon_s=1 / RATE_HZ, damping=1.0)
    assert predicted(points[:-1], rule) == pytest.approx(tuple(points[-1]))


def test_slow_hand_is_not_predicted():
    assert predicted(line(PREDICT.slow_pt_s * 0.9)) is None


def test_resting_hand_is_not_predicted():
    assert predicted([(5.0, 5.0)] * 20) is None


def test_trembling_hand_is_not_predicted():
    rng = np.random.default_rng(4)
    points = np.full((40, 2), 100.0) + rng.choice([-0.3, 0.3], (40, 2))
    assert max(ahead_pt(points[:n]) for n in range(4, 41)) < 0.3


def test_hand_that_turns_sharply_is_hardly_predicted():
    corner = np.vstack((line(1500, 6), line(1500, 3)[:, ::-1] + line(1500, 6)[-1]))
    assert ahead_pt(corner[:8]) < 0.2 * ahead_pt(line(1500))


def test_hand_that_turns_back_is_not_carried_on():
    there = line(1500, 6)
    back = np.vstack((there, there[-2:-3:-1]))
    assert predicted(back) in (None, tuple(back[-1]))


def test_braking_hand_is_predicted_less():
    braking = np.column_stack((np.cumsum([20, 20, 20, 16, 8, 4]), np.zeros(6)))
    steady = np.column_stack((np.cumsum([4] * 6), np.zeros(6)))
    assert ahead_pt(braking) < ahead_pt(steady)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_samples_are_not_predicted(count):
    assert predicted(line(1000, count)) is None


def test_horizon_of_zero_switches_it_off():
    assert predicted(line(1000), NO_PREDICTION) is None


def test_samples_stamped_alike_are_not_predicted():
    assert predict([0.0, 9.0, 18.0, 27.0], [0.0] * 4, [0.5] * 4, PREDICT) is None


def test_prediction_depends_on_its_arguments_alone_and_leaves_them():
    xs, ys, ts = [0.0, 8.0, 16.0, 24.0, 32.0], [0.0] * 5, [i / 120 for i in range(5)]
    kept = (xs.copy(), ys.copy(), ts.copy())
    assert predict(xs, ys, ts, PREDICT) == predict(xs, ys, ts, PREDICT)
    assert (xs, ys, ts) == kept


@pytest.mark.parametrize("seed", range(10))
def test_prediction_never_reaches_farther_than_the_fastest_hand_would(seed):
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(0, 10, (60, 2)), axis=0)
    fastest = np.hypot(*np.diff(points, axis=0).T).max() * RATE_HZ
    for count in range(4, 61):
        assert ahead_pt(points[:count]) <= fastest * PREDICT.horizon_s


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("horizon_s", -0.001),
        ("horizon_s", 0.051),
        ("horizon_s", math.nan),
        ("history_s", 0.004),
        ("history_s", 0.21),
        ("slow_pt_s", -1.0),
        ("damping", -0.1),
        ("damping", 1.1),
    ],
)
def test_parameter_out_of_its_range_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        Prediction(**{name: value}).validate()


@pytest.mark.parametrize(
    "prediction", [PREDICT, NO_PREDICTION, Prediction(0.05, 0.2, 0.0, 1.0)]
)
def test_parameter_in_its_range_is_taken(prediction):
    prediction.validate()
