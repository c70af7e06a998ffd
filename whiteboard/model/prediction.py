"""Prediction: where the pen will be in the next frame. Drawn, never stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Prediction:
    """Parameters of the prediction; checked by `validate`.

    Attributes:
        horizon_s: How far ahead; 0 switches it off, up to 0.05. One frame is 0.0167.
        history_s: How much of the past is looked at; 0.005..0.2.
        slow_pt_s: Below this speed nothing is predicted: tremble is no direction; >= 0.
        damping: Share of the predicted way that is drawn; 0..1.
    """

    horizon_s: float = 0.012
    history_s: float = 0.024
    slow_pt_s: float = 60.0
    damping: float = 0.8

    def validate(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a parameter is outside its range.
        """
        checks = (
            ("horizon_s", self.horizon_s, 0.0, 0.05),
            ("history_s", self.history_s, 0.005, 0.2),
            ("slow_pt_s", self.slow_pt_s, 0.0, 1e6),
            ("damping", self.damping, 0.0, 1.0),
        )
        for name, value, low, high in checks:
            if not low <= value <= high:
                raise ValueError(f"{name} must be {low}..{high}, not {value}")


PREDICT: Final = Prediction()
NO_PREDICTION: Final = Prediction(horizon_s=0.0)


def predict(
    xs_pt: Sequence[float],
    ys_pt: Sequence[float],
    ts_s: Sequence[float],
    prediction: Prediction,
) -> tuple[float, float] | None:
    """Return where a stroke will be one horizon after its last sample.

    The mean velocity of the last `history_s` is carried on, less where the hand is
    turning or braking: a prediction that must be taken back is worse than none. Plain
    numbers instead of arrays: it runs once per pen event, on a handful of samples.

    Args:
        xs_pt: Positions of the stroke, as many as there are times.
        ys_pt: The same, downwards.
        ts_s: Times, not decreasing.
        prediction: Checked by `validate`.

    Returns:
        The position in pt, or None where there is nothing to predict.
    """
    last = len(ts_s) - 1
    if prediction.horizon_s == 0.0 or last < 3:
        return None
    first, oldest_s = last, ts_s[last] - prediction.history_s
    while first > 0 and ts_s[first - 1] >= oldest_s:
        first -= 1
    middle = (first + last) // 2
    old_span, new_span = ts_s[middle] - ts_s[first], ts_s[last] - ts_s[middle]
    if last - first < 2 or old_span <= 0 or new_span <= 0:
        return None
    old_x = (xs_pt[middle] - xs_pt[first]) / old_span
    old_y = (ys_pt[middle] - ys_pt[first]) / old_span
    new_x = (xs_pt[last] - xs_pt[middle]) / new_span
    new_y = (ys_pt[last] - ys_pt[middle]) / new_span
    old_speed, new_speed = math.hypot(old_x, old_y), math.hypot(new_x, new_y)
    if min(old_speed, new_speed) <= prediction.slow_pt_s:
        return None
    agreement = (old_x * new_x + old_y * new_y) / (old_speed * new_speed)
    steadiness = max(agreement, 0.0) ** 4 * min(1.0, new_speed / old_speed)
    ahead_s = prediction.horizon_s * prediction.damping * steadiness
    return xs_pt[last] + new_x * ahead_s, ys_pt[last] + new_y * ahead_s
