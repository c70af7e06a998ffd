"""Brushes: how pressure, speed and tilt shape the width of a stroke."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import BrushKind, Floats


@dataclass(frozen=True, slots=True)
class Brush:
    """What makes the width of a stroke; checked by `validate`.

    The width at a sample is `width_pt` times a factor. With measured pressure p the
    factor is `thin + (thick - thin) * p ** gamma`; without, it is 1. Speed v takes away up
    to `speed_thinning` of it as v goes from 0 to `speed_full_pt_s`; tilt widens it up to
    `tilt_widening` times at a flat pen.

    Attributes:
        kind: How it is painted.
        thin: Factor at pressure 0; 0.05..4.
        thick: Factor at pressure 1; `thin`..4.
        gamma: Shape of the pressure curve; 0.2..5. Below 1 a light hand already counts.
        speed_thinning: Share of the width that a fast hand takes away; 0..0.9.
        speed_full_pt_s: Speed at which all of that is taken; > 0.
        tilt_widening: Factor at a tilt of 90 degrees; 1..8.
    """

    kind: BrushKind
    thin: float
    thick: float
    gamma: float
    speed_thinning: float
    speed_full_pt_s: float
    tilt_widening: float

    def validate(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a parameter is outside its range.
        """
        checks = (
            ("thin", self.thin, 0.05, 4.0),
            ("thick", self.thick, self.thin, 4.0),
            ("gamma", self.gamma, 0.2, 5.0),
            ("speed_thinning", self.speed_thinning, 0.0, 0.9),
            ("speed_full_pt_s", self.speed_full_pt_s, 1.0, 1e6),
            ("tilt_widening", self.tilt_widening, 1.0, 8.0),
        )
        for name, value, low, high in checks:
            if not low <= value <= high:
                raise ValueError(f"{name} must be {low}..{high}, not {value}")

    @property
    def needs_speed(self) -> bool:
        """Whether speed changes the width."""
        return self.speed_thinning > 0

    def widest_factor(self) -> float:
        """Return the largest factor the brush can reach."""
        return max(self.thick, 1.0) * self.tilt_widening

    def factors(
        self, pressure: Floats, speed_pt_s: Floats | None, tilt_rad: Floats, measured: Floats
    ) -> Floats:
        """Return the width factor of each sample.

        Args:
            pressure: Shape (n,), 0..1.
            speed_pt_s: Shape (n,); None where speed does not count.
            tilt_rad: Shape (n,), 0..pi/2.
            measured: Shape (n,), 1 where pressure was measured, else 0.

        Returns:
            Shape (n,), > 0.
        """
        by_pressure = self.thin + (self.thick - self.thin) * pressure**self.gamma
        factor = measured * by_pressure + (1.0 - measured)
        if speed_pt_s is not None and self.speed_thinning > 0:
            share = np.minimum(speed_pt_s * (1.0 / self.speed_full_pt_s), 1.0)
            factor = factor * (1.0 - self.speed_thinning * share)
        if self.tilt_widening > 1.0 and tilt_rad.any():
            factor = factor * (1.0 + (self.tilt_widening - 1.0) * tilt_rad * (2 / math.pi))
        return factor


PEN: Final = Brush(BrushKind.PEN, 0.35, 1.55, 0.85, 0.35, 2500.0, 1.0)
CHALK: Final = Brush(BrushKind.CHALK, 0.75, 1.25, 1.0, 0.12, 2500.0, 2.5)
HIGHLIGHTER: Final = Brush(BrushKind.HIGHLIGHTER, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0)

BRUSHES: Final = {brush.kind: brush for brush in (PEN, CHALK, HIGHLIGHTER)}
