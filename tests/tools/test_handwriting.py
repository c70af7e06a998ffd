import numpy as np
import pytest

from tools.handwriting import LETTERS, curve, width, write
from tools.stage import evenly_spaced


@pytest.mark.parametrize("letter", LETTERS)
def test_letter_stays_near_its_box(letter: str) -> None:
    for stroke in write(letter, 0.0, 0.0, 100.0):
        assert len(stroke) >= 2
        assert stroke.min() > -8
        assert stroke[:, 0].max() < LETTERS[letter].advance + 8
        assert stroke[:, 1].max() < 120


def test_same_seed_writes_the_same() -> None:
    one, other = list(write("Kokuban", 5, 7, 90, seed=3)), list(write("Kokuban", 5, 7, 90, 3))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_width_is_where_the_next_letter_begins() -> None:
    assert width("黒板", 200.0) == pytest.approx(448.0)


def test_curve_goes_through_its_points() -> None:
    points = np.array([(0.0, 0.0), (10.0, 20.0), (30.0, 0.0)])
    way = curve(points)
    for point in points:
        assert np.hypot(*(way - point).T).min() < 1e-9


def test_double_point_is_a_corner() -> None:
    way = curve(np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 0.0), (10.0, 10.0)]))
    assert way[:, 0].max() == pytest.approx(10.0)
    assert way[:, 1].min() == pytest.approx(0.0)


def test_even_spacing_keeps_the_ends() -> None:
    way = evenly_spaced(np.array([(0.0, 0.0), (3.0, 4.0), (3.0, 4.0), (3.0, 60.0)]), 7.0)
    assert way[0].tolist() == [0.0, 0.0]
    assert way[-1].tolist() == [3.0, 60.0]
    assert np.hypot(*np.diff(way, axis=0).T).max() < 8
