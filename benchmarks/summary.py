"""From many measurements to a few numbers, and from numbers to passed or missed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of one run, in the unit of what was measured."""

    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, what was measured against it, and whether it holds.

    Attributes:
        name: What was measured, with its unit.
        measured: None when nothing could be measured, which is a miss.
        at_most: The bar from above, or None.
        at_least: The bar from below, or None.
    """

    name: str
    measured: float | None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the measurement exists and holds both sides."""
        if self.measured is None or np.isnan(self.measured):
            return False
        low = self.at_least is None or self.measured >= self.at_least
        return low and (self.at_most is None or self.measured <= self.at_most)


def percentiles(values: Sequence[float]) -> Percentiles:
    """Return the percentiles of one run, each an observed value, never one in between.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    p50, p95, p99 = (
        float(value) for value in np.percentile(values, [50, 95, 99], method="inverted_cdf")
    )
    return Percentiles(p50, p95, p99, float(max(values)))


def median_percentiles(runs: Sequence[Percentiles]) -> Percentiles:
    """Return, for each percentile, its median over the runs.

    Raises:
        ValueError: there are no runs.
    """
    if not runs:
        raise ValueError("no runs")
    return Percentiles(
        median(run.p50 for run in runs),
        median(run.p95 for run in runs),
        median(run.p99 for run in runs),
        median(run.max for run in runs),
    )


def median_ratio(pairs: Iterable[tuple[float, float]]) -> float | None:
    """Return the median of a / b over rounds that measured both; None without a round.

    Ratios are taken inside a round, where both sides met the same machine, and only then
    is their median taken.
    """
    ratios = [ours / theirs for ours, theirs in pairs if theirs > 0]
    return median(ratios) if ratios else None
