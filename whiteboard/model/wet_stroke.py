"""The stroke under the pen: its samples so far, and a quick guess at its width.

The guess paints the last few samples until the outline of them is settled; it costs a
few microseconds where the exact width costs a hundred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import BrushKind, Floats, StrokeItem
from whiteboard.model.brush import BRUSHES
from whiteboard.model.outline import LAG

_WIDTH_MEMORY: Final = 0.7
"""Share of the last width guess that the next one keeps, so that it does not flicker."""


@dataclass(frozen=True, slots=True)
class InkStyle:
    """What the hand holds.

    Attributes:
        brush: Kind of ink.
        colour: Ink colour, see `base.board_doc.explicit_colour`.
        width_pt: Nominal width; > 0.
    """

    brush: BrushKind
    colour: int
    width_pt: float


class WetStroke:
    """A stroke that grows. Page space; time in seconds since pen down.

    Args:
        contact: The contact that draws it.
        style: What it is drawn with.
        has_pressure: Whether pressure is measured.
        start_s: Monotonic time of the first sample.
    """

    __slots__ = (
        "_brush",
        "_start_s",
        "_width",
        "contact",
        "half_widths",
        "has_pressure",
        "pressures",
        "settled",
        "style",
        "tilts",
        "times",
        "xs",
        "ys",
    )

    def __init__(
        self, contact: int, style: InkStyle, *, has_pressure: bool, start_s: float
    ) -> None:
        self.contact = contact
        self.style = style
        self.has_pressure = has_pressure
        self.xs: list[float] = []
        self.ys: list[float] = []
        self.pressures: list[float] = []
        self.times: list[float] = []
        self.tilts: list[float] = []
        self.half_widths: list[float] = []
        self.settled = 0
        self._brush = BRUSHES[style.brush]
        self._start_s = start_s
        self._width = 0.0

    def __len__(self) -> int:
        return len(self.xs)

    def append(
        self, x_pt: float, y_pt: float, pressure: float, tilt_rad: float, t_s: float
    ) -> None:
        """Add a sample; a time that goes back counts as the last one."""
        since_s = t_s - self._start_s
        if self.times and since_s < self.times[-1]:
            since_s = self.times[-1]
        self.xs.append(x_pt)
        self.ys.append(y_pt)
        self.pressures.append(min(max(pressure, 0.0), 1.0))
        self.tilts.append(min(max(tilt_rad, 0.0), math.pi / 2))
        self.times.append(max(since_s, 0.0))
        self.half_widths.append(self._guess_half_width())

    def speed_pt_s(self) -> float:
        """Return the speed over the last few samples."""
        if len(self.xs) < 2:
            return 0.0
        back = max(len(self.xs) - 5, 0)
        span = max(self.times[-1] - self.times[back], 0.002)
        return math.hypot(self.xs[-1] - self.xs[back], self.ys[-1] - self.ys[back]) / span

    def age_s(self, now_s: float) -> float:
        """Return the time since the first sample, on the clock of the samples."""
        return now_s - self._start_s

    def can_settle(self) -> int:
        """Return the row up to which the centre line will not change any more."""
        return max(len(self.xs) - 1 - LAG, 0)

    def samples(self, start: int = 0) -> Floats:
        """Return the samples from row `start` on, shape (n, 5)."""
        columns = (
            self.xs[start:],
            self.ys[start:],
            self.pressures[start:],
            self.times[start:],
            self.tilts[start:],
        )
        return np.array(columns).T

    def finish(self, page: str, z: float, author: str) -> StrokeItem:
        """Return the finished stroke.

        Raises:
            ValueError: there are no samples, or they lie off any page.
        """
        return StrokeItem.from_samples(
            self.samples(),
            page=page,
            z=z,
            author=author,
            brush=self.style.brush,
            colour=self.style.colour,
            width_pt=self.style.width_pt,
            has_pressure=self.has_pressure,
        )

    def _guess_half_width(self) -> float:
        brush = self._brush
        factor = 1.0
        if self.has_pressure:
            p = self.pressures[-1]
            factor = brush.thin + (brush.thick - brush.thin) * p**brush.gamma
        if brush.needs_speed:
            share = min(self.speed_pt_s() / brush.speed_full_pt_s, 1.0)
            factor *= 1.0 - brush.speed_thinning * share
        tilt = self.tilts[-1]
        if tilt:
            factor *= 1.0 + (brush.tilt_widening - 1.0) * tilt * (2 / math.pi)
        width = factor * self.style.width_pt * 0.5
        if self._width:
            width += (self._width - width) * _WIDTH_MEMORY
        self._width = width
        return width
