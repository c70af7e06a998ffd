"""Prediction: where the pen will be in the next frame. Drawn, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import Floats


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


def predict(samples: Floats, prediction: Prediction) -> Floats:
    """Return the sample one horizon ahead.

    The mean velocity of the last `history_s` is carried on, less where the hand is
    turning or braking: a prediction that must be taken back is worse than none.

    Args:
        samples: Shape (n, 5), the last ones of a stroke, see `base.board_doc`.
        prediction: Checked by `validate`.

    Returns:
        Shape (0, 5) or (1, 5).
    """
    none = samples[:0]
    if prediction.horizon_s == 0.0 or len(samples) < 4:
        return none
    recent = samples[samples[:, 3] >= samples[-1, 3] - prediction.history_s]
    if len(recent) < 3:
        return none
    half = len(recent) // 2
    first, middle, last = recent[0], recent[half], recent[-1]
    old_span, new_span = middle[3] - first[3], last[3] - middle[3]
    if old_span <= 0 or new_span <= 0:
        return none
    old = (middle[:2] - first[:2]) / old_span
    new = (last[:2] - middle[:2]) / new_span
    old_speed, new_speed = float(np.hypot(*old)), float(np.hypot(*new))
    if min(old_speed, new_speed) <= prediction.slow_pt_s:
        return none
    agreement = float(old @ new) / (old_speed * new_speed)
    steadiness = max(agreement, 0.0) ** 4 * min(1.0, new_speed / old_speed)
    ahead: Floats = last.copy()
    ahead[:2] += new * (prediction.horizon_s * prediction.damping * steadiness)
    ahead[3] += prediction.horizon_s
    return ahead[None, :]
