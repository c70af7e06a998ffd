"""The page in the fingers: drawn along, thrown, and drawn back where it was pulled too far."""

from __future__ import annotations

from typing import Final

import numpy as np

from whiteboard.model.effects import Navigated
from whiteboard.model.viewport import Inertia, Viewport, flick

BAND_BACK_S: Final = 0.16
"""How long a page takes back from where it was pulled past its border."""


class PageGrip:
    """What fingers do to a viewport, and what it does after them. No clock, no Qt."""

    def __init__(self) -> None:
        self._free: Viewport | None = None
        self._way: list[tuple[float, float, float]] = []
        self._inertia = Inertia()
        self._band: tuple[float, Viewport, Viewport] | None = None
        self._last_s = 0.0
        self.is_gliding = False
        """Whether the page still moves by itself: then `frame` is due."""

    @property
    def is_held(self) -> bool:
        """Whether fingers hold the page."""
        return self._free is not None

    def hold(self, viewport: Viewport, effect: Navigated) -> Viewport:
        """Return what is shown after fingers moved.

        Args:
            viewport: What is shown now.
            effect: How they moved.
        """
        if self._free is None:
            self.stop()
            self._free = viewport
            self._way.clear()
        self._free = self._free.pinched(effect.before, effect.after)
        x, y = effect.after.mean(axis=0).tolist()
        if (self._way and len(effect.after) > 1) or not self._way:
            # A finger more or less moves the middle, but not the page.
            dx, dy = (effect.after.mean(axis=0) - effect.before.mean(axis=0)).tolist()
            last_x, last_y = self._way[-1][1:] if self._way else (x, y)
            x, y = last_x + dx, last_y + dy
        self._way.append((effect.t_s, x, y))
        return self._free.banded()

    def drop(self) -> None:
        """Take no notice any more of fingers that hold the page: they do something else."""
        self._free = None
        self.stop()

    def let_go(self, now_s: float, t_s: float) -> None:
        """Let the page glide on.

        Args:
            now_s: Now, on the clock of `frame`.
            t_s: When the fingers lifted, on the clock of their events.
        """
        if self._free is None:
            return
        self._free = None
        way = np.array(self._way)
        self._inertia = flick(way[:, 0], way[:, 1:], t_s)
        self._band = None
        self._last_s = now_s
        self.is_gliding = True

    def frame(self, viewport: Viewport, now_s: float) -> Viewport:
        """Return the next frame of a glide; `is_gliding` is False when it was the last."""
        dt_s, self._last_s = now_s - self._last_s, now_s
        if not self._inertia.is_still:
            self._inertia, dx, dy = self._inertia.advanced(dt_s)
            moved = viewport.panned(dx, dy)
            if moved.clamped() == moved:
                return moved
            self._inertia = Inertia()
        if self._band is None:
            self._band = (now_s, viewport, viewport.clamped())
        start_s, here, rest = self._band
        share = min((now_s - start_s) / BAND_BACK_S, 1.0)
        if here == rest or share >= 1.0:
            self.stop()
            return rest
        return here.blended(rest, 1 - (1 - share) ** 3)

    def stop(self) -> None:
        """Stop gliding where the page is."""
        self._inertia, self._band = Inertia(), None
        self.is_gliding = False
