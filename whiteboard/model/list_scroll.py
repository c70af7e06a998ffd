"""How a list follows a finger: drag, flick, and the give at its ends."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np

from whiteboard.model.viewport import Inertia, flick

GIVE: Final = 0.35
"""Share of the finger's way that a list still follows beyond its end."""
BACK_TIME_S: Final = 0.07
"""Time constant with which it comes back from there."""
NEAR_PX: Final = 0.5
_KEPT_SAMPLES: Final = 32


class ListScroll:
    """The place of one list under one finger.

    Attributes:
        most_px: How far it can be scrolled, >= 0.
        offset_px: How far it is; outside 0..most_px while it gives at an end.
    """

    def __init__(self) -> None:
        self.most_px = 0.0
        self.offset_px = 0.0
        self._glide = Inertia()
        self._finger: deque[tuple[float, float]] = deque(maxlen=_KEPT_SAMPLES)
        self._grip_px = 0.0

    @property
    def is_moving(self) -> bool:
        """Whether time alone changes the place."""
        return not self._finger and (not self._glide.is_still or self._beyond_px() != 0.0)

    def set_most(self, most_px: float) -> None:
        """Tell how far the list can be scrolled; it stays inside unless a finger holds it."""
        self.most_px = max(0.0, most_px)
        if not self._finger:
            self.offset_px = min(max(self.offset_px, 0.0), self.most_px)

    def go_to(self, offset_px: float) -> None:
        """Be at a place at once, as far as the list goes."""
        self._glide = Inertia()
        self.offset_px = min(max(offset_px, 0.0), self.most_px)

    def press(self, y_px: float, t_s: float) -> bool:
        """Take hold; return whether the list was moving, so that the touch is no tap."""
        was_moving = not self._glide.is_still
        self._glide = Inertia()
        self._finger.clear()
        self._finger.append((t_s, y_px))
        # As if the finger had come all the way that it takes to be beyond the end.
        self._grip_px = y_px + self.offset_px + self._beyond_px() * (1 / GIVE - 1)
        return was_moving

    def drag(self, y_px: float, t_s: float) -> None:
        """Follow the finger."""
        if not self._finger:
            return
        self._finger.append((max(t_s, self._finger[-1][0]), y_px))
        wanted = self._grip_px - y_px
        inside = min(max(wanted, 0.0), self.most_px)
        self.offset_px = inside + GIVE * (wanted - inside)

    def release(self, t_s: float) -> None:
        """Let go, into a glide when the finger was moving."""
        track = np.array(self._finger, dtype=float).reshape(-1, 2)
        self._finger.clear()
        positions = np.column_stack([np.zeros(len(track)), track[:, 1]])
        glide = flick(track[:, 0], positions, t_s)
        self._glide = Inertia() if self._beyond_px() else Inertia(0.0, glide.vy_px_s)

    def advance(self, dt_s: float) -> None:
        """Let time pass: glide on, or come back from beyond an end.

        Args:
            dt_s: Time since the last call, >= 0.
        """
        if self._finger:
            return
        beyond = self._beyond_px()
        if beyond:
            left = beyond * math.exp(-dt_s / BACK_TIME_S)
            self.offset_px += (left if abs(left) > NEAR_PX else 0.0) - beyond
            return
        self._glide, _, down_px = self._glide.advanced(dt_s)
        self.offset_px -= down_px
        if self._beyond_px():
            # The end of the list stops a glide without a bounce.
            self.go_to(self.offset_px)

    def _beyond_px(self) -> float:
        """Return how far the place lies outside the list, negative before its beginning."""
        return self.offset_px - min(max(self.offset_px, 0.0), self.most_px)
