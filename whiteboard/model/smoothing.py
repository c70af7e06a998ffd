"""Smoothing: takes the tremble of hand and sensor out of samples, without lag.

A sample is replaced by a weighted mean of itself and its neighbours in time, as many
before as after it, so that a straight even line stays where it is and the ends of a
stroke stay where the pen was. Weights fall off with time, not with count: samples of a
slow panel are left alone, those of a fast one are evened out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import Floats
from whiteboard.model.strokes import Borders, reach_to_ends


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Parameters of the smoothing; checked by `validate`.

    Attributes:
        window_s: Standard deviation of the weights in time; 0 switches it off, up to 0.05.
        reach: Neighbours on either side that count; 1..4.
    """

    window_s: float = 0.005
    reach: int = 2

    def validate(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a parameter is outside its range.
        """
        if not 0.0 <= self.window_s <= 0.05:
            raise ValueError(f"window_s must be 0..0.05, not {self.window_s}")
        if not 1 <= self.reach <= 4:
            raise ValueError(f"reach must be 1..4, not {self.reach}")


SMOOTH: Final = Smoothing()
RAW: Final = Smoothing(window_s=0.0)


def smooth(values: Floats, t_s: Floats, borders: Borders, smoothing: Smoothing) -> Floats:
    """Return the smoothed columns of one stroke or of many.

    Args:
        values: Shape (n, k): what is to be smoothed, stroke after stroke.
        t_s: Shape (n,), not decreasing within a stroke.
        borders: Shape (strokes + 1,): stroke i owns rows `borders[i]` to `borders[i + 1]`.
        smoothing: Checked by `validate`.

    Returns:
        Shape (n, k). The first and the last row of each stroke are unchanged.
    """
    if smoothing.window_s == 0.0 or len(values) < 3:
        return values
    reach = reach_to_ends(len(values), borders, smoothing.reach)
    total = values.copy()
    weights = np.ones(len(values))
    factor = -0.125 / smoothing.window_s**2
    for k in range(1, smoothing.reach + 1):
        if len(values) <= 2 * k:
            break
        inner = slice(k, -k)
        span = t_s[2 * k :] - t_s[: -2 * k]
        weight = np.exp(span * span * factor) * (reach[inner] >= k)
        total[inner] += weight[:, None] * (values[2 * k :] + values[: -2 * k])
        weights[inner] += 2 * weight
    total /= weights[:, None]
    return total
