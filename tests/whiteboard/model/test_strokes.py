import numpy as np
import pytest

from whiteboard.model.strokes import one_stroke, reach_to_ends, speeds_pt_s


def test_reach_counts_rows_to_the_nearer_end_of_the_own_stroke():
    assert reach_to_ends(9, np.array((0, 5, 6, 9)), 4).tolist() == [0, 1, 2, 1, 0, 0, 0, 1, 0]


def test_reach_stops_at_its_limit():
    assert reach_to_ends(7, one_stroke(7), 2).tolist() == [0, 1, 2, 2, 2, 1, 0]


def test_steady_hand_has_its_speed_everywhere():
    points = np.column_stack((np.arange(20) * 3.0, np.arange(20) * 4.0))
    speeds = speeds_pt_s(points, np.arange(20) / 100, one_stroke(20))
    assert np.allclose(speeds, 500.0)


def test_speed_does_not_see_the_way_to_the_next_stroke():
    points = np.array([(0.0, 0.0), (1, 0), (2, 0), (900, 0), (901, 0), (902, 0)])
    t_s = np.array([0.0, 0.01, 0.02, 0.0, 0.01, 0.02])
    assert np.allclose(speeds_pt_s(points, t_s, np.array((0, 3, 6))), 100.0)


@pytest.mark.parametrize("count", [0, 1])
def test_single_sample_stands_still(count):
    assert (
        speeds_pt_s(np.ones((count, 2)), np.zeros(count), one_stroke(count)).tolist()
        == [0.0] * count
    )


def test_single_sample_between_strokes_stands_still():
    points = np.array([(0.0, 0.0), (1, 0), (50, 50), (0, 0), (1, 0)])
    t_s = np.array([0.0, 0.01, 0.0, 0.0, 0.01])
    assert speeds_pt_s(points, t_s, np.array((0, 2, 3, 5)))[2] == 0.0


def test_samples_stamped_alike_make_no_endless_speed():
    points = np.array([(0.0, 0.0), (2.0, 0.0), (4.0, 0.0)])
    speeds = speeds_pt_s(points, np.zeros(3), one_stroke(3))
    assert np.isfinite(speeds).all()
    assert speeds.max() <= 4.0 / 0.002
