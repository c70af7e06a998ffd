"""From measurements to numbers, and from numbers to passed or missed."""

import math

import pytest

from benchmarks.summary import (
    Bar,
    Percentiles,
    median_percentiles,
    median_ratio,
    percentiles,
)


def test_percentiles_are_values_that_were_measured():
    found = percentiles([float(value) for value in range(1, 1001)])
    assert found == Percentiles(p50=500.0, p95=950.0, p99=990.0, max=1000.0)


def test_one_value_is_every_percentile():
    assert percentiles([3.5]) == Percentiles(3.5, 3.5, 3.5, 3.5)


def test_order_of_values_does_not_matter():
    assert percentiles([5.0, 1.0, 3.0]) == percentiles([1.0, 3.0, 5.0])


def test_no_values_have_no_percentiles():
    with pytest.raises(ValueError, match="no values"):
        percentiles([])


def test_medians_are_taken_for_each_percentile_by_itself():
    runs = [Percentiles(1, 20, 5, 9), Percentiles(2, 10, 6, 7), Percentiles(3, 30, 4, 8)]
    assert median_percentiles(runs) == Percentiles(2, 20, 5, 8)


def test_one_bad_round_does_not_move_the_median_ratio():
    assert median_ratio([(1.0, 2.0), (1.1, 2.2), (50.0, 2.0)]) == pytest.approx(0.5)


def test_ratio_without_a_measured_round_is_none():
    assert median_ratio([(1.0, 0.0)]) is None


@pytest.mark.parametrize(
    ("bar", "passed"),
    [
        (Bar("a", 0.8, at_most=0.8), True),
        (Bar("a", 0.81, at_most=0.8), False),
        (Bar("a", 50.0, at_least=50.0), True),
        (Bar("a", 49.9, at_least=50.0), False),
        (Bar("a", None, at_most=1.0), False),
        (Bar("a", math.nan, at_least=0.0), False),
    ],
)
def test_bar_holds_on_its_edge_and_never_without_a_measurement(bar, passed):
    assert bar.passed is passed
