"""Two fingers that turn the page: told from a pinch and a scroll, and followed until they lift.

What two fingers mean is decided once, after a few millimetres: sideways turns the page, up
or down scrolls it, apart or together zooms. Whatever was decided holds until all fingers
have lifted; only a turn can still become nothing, when the fingers part after all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

import numpy as np

from base.board_doc import Floats
from whiteboard.model.effects import Navigated
from whiteboard.model.viewport import flick

DECIDED_MM: Final = 8.0
"""What fingers do is decided when their middle went this far."""
ALONG: Final = 2.0
"""A turn goes this many times as far sideways as up or down."""
PARTED_MM: Final = 8.0
PARTED_SHARE: Final = 0.12
"""Fingers that part or close by both of these zoom."""
UNTURNED_SHARE: Final = 0.3
"""A turn becomes nothing when the fingers part or close by this share."""
LATE_MM: Final = 5.0
"""The second finger may come until the first one went this far."""
TURN_SHARE: Final = 0.22
TURN_MM: Final = 80.0
"""Drawn aside by this share of the view or this far, a page is turned when fingers lift."""
FLUNG_MM: Final = 6.0
FLUNG_MM_S: Final = 220.0
"""Or by this much, when they are as fast as this."""
END_SHARE: Final = 0.25
"""How much of the way is shown where there is no page to turn to."""
SLIDE_S: Final = 0.16
"""How long a page slides home after the fingers lifted."""


class _Way(Enum):
    OPEN = auto()
    TURN = auto()
    SCROLL = auto()
    FREE = auto()


class PageSwipe:
    """What the fingers that hold a page want of it. No clock, no Qt."""

    def __init__(self) -> None:
        self._way: _Way | None = None
        self._can_scroll = False
        self._start: Floats | None = None
        self._moved: frozenset[int] = frozenset()
        self._one_mm = 0.0
        self._from_px = 0.0
        self._drawn_px = 0.0
        self._path: list[tuple[float, float]] = []

    @property
    def is_turning(self) -> bool:
        """Whether the fingers draw the page aside."""
        return self._way is _Way.TURN

    @property
    def drawn_px(self) -> float:
        """How far they have drawn it, to the right; 0 unless it is being turned."""
        return self._drawn_px

    @property
    def is_begun(self) -> bool:
        """Whether fingers are there; then `begin` is not due."""
        return self._way is not None

    def begin(self, *, can_turn: bool, can_scroll: bool) -> None:
        """Take in that fingers take hold of the page.

        Args:
            can_turn: Whether two of them may turn it.
            can_scroll: Whether it is as wide as the view, so that it scrolls straight.
        """
        self.forget()
        self._way = _Way.OPEN if can_turn or can_scroll else _Way.FREE
        self._can_scroll = can_scroll

    def moved(self, effect: Navigated, px_per_mm: float) -> Navigated | None:
        """Take in a movement; return what of it moves the page as ever.

        Args:
            effect: The movement.
            px_per_mm: Logical px per mm on the glass.
        """
        if self._way is _Way.FREE or self._way is None:
            return effect
        if self._way is _Way.SCROLL:
            return _upright(effect)
        if self._way is _Way.TURN:
            self._turn(effect)
            return None if self.is_turning else effect
        if len(effect.after) == 1 and self._start is None:
            return self._one(effect, px_per_mm)
        if len(effect.after) != 2:
            self._way = _Way.FREE
            return effect
        return self._decide(effect, px_per_mm)

    def interrupt(self) -> None:
        """Let the fingers turn nothing any more, until they have lifted."""
        if self._way is not None:
            self._way = _Way.FREE
        self._drawn_px = 0.0

    def forget(self) -> None:
        """Take in that all fingers are gone."""
        self._way, self._start = None, None
        self._moved = frozenset()
        self._one_mm, self._drawn_px = 0.0, 0.0
        self._path.clear()

    def lifted(self, t_s: float, width_px: float, px_per_mm: float) -> int:
        """Return where to turn when the fingers lift: 1 to the next page, -1 back, 0 not.

        Args:
            t_s: When they lifted, on the clock of their events.
            width_px: Width of the view.
            px_per_mm: Logical px per mm on the glass.
        """
        drawn_px, is_turn = self._drawn_px, self.is_turning
        path = np.array(self._path).reshape(-1, 2)
        self.forget()
        if not is_turn or drawn_px == 0.0:
            return 0
        way = np.stack((path[:, 1], np.zeros(len(path))), axis=1)
        speed = flick(path[:, 0], way, t_s).vx_px_s
        is_fast = abs(speed) >= FLUNG_MM_S * px_per_mm
        is_on = math.copysign(1.0, speed) == math.copysign(1.0, drawn_px)
        is_far = abs(drawn_px) >= min(TURN_SHARE * width_px, TURN_MM * px_per_mm)
        is_flung = is_fast and is_on and abs(drawn_px) >= FLUNG_MM * px_per_mm
        if (is_far and (is_on or not is_fast)) or is_flung:
            return -1 if drawn_px > 0 else 1
        return 0

    def _one(self, effect: Navigated, px_per_mm: float) -> Navigated:
        """One finger moves the page; soon after it a second may come."""
        dx, dy = (effect.after - effect.before)[0].tolist()
        self._one_mm += math.hypot(dx, dy) / px_per_mm
        if self._one_mm > LATE_MM:
            is_steep = self._can_scroll and abs(dy) > abs(dx)
            self._way = _Way.SCROLL if is_steep else _Way.FREE
        return effect

    def _decide(self, effect: Navigated, px_per_mm: float) -> Navigated | None:
        if self._start is None:
            self._start = effect.before.copy()
        start, places = self._start, self._settled(effect)
        if places is None:
            return None
        dx, dy = (places.mean(axis=0) - start.mean(axis=0)).tolist()
        whole = replace(effect, before=start)
        before_px, after_px = _apart(start), _apart(places)
        parted_px = abs(after_px - before_px)
        if parted_px > PARTED_MM * px_per_mm and parted_px > PARTED_SHARE * before_px:
            self._way = _Way.FREE
            return whole
        decided_px = DECIDED_MM * px_per_mm
        if abs(dx) >= decided_px and abs(dx) >= ALONG * abs(dy):
            # Only the way to the decision is not drawn; fingers may be told of far beyond it.
            self._way, self._from_px = _Way.TURN, math.copysign(decided_px, dx)
            self._drawn_px = dx - self._from_px
            return None
        if math.hypot(dx, dy) >= decided_px and abs(dx) < ALONG * abs(dy):
            is_steep = self._can_scroll and abs(dy) > abs(dx)
            self._way = _Way.SCROLL if is_steep else _Way.FREE
            return _upright(whole) if is_steep else whole
        return None

    def _settled(self, effect: Navigated) -> Floats | None:
        """Return where two fingers are as of one moment; None while one is a report ahead.

        They are told of one after the other: a quick finger is centimetres ahead of the
        other for the moment between, which looks like a pinch and is none.
        """
        changed = frozenset(
            np.flatnonzero((effect.after != effect.before).any(axis=1)).tolist()
        )
        if self._moved & changed:
            # It moves again, so the other one stood still.
            self._moved = changed
            return effect.before
        self._moved |= changed
        if len(self._moved) < len(effect.after):
            return None
        self._moved = frozenset()
        return effect.after

    def _turn(self, effect: Navigated) -> None:
        """Follow two fingers; of one that stays behind nothing more is read."""
        if self._start is None or len(effect.after) != 2:
            return
        places = self._settled(effect)
        if places is None:
            return
        before_px, after_px = _apart(self._start), _apart(places)
        if abs(after_px - before_px) > UNTURNED_SHARE * before_px:
            self.interrupt()
            return
        x = float(places.mean(axis=0)[0] - self._start.mean(axis=0)[0])
        self._drawn_px = x - self._from_px
        self._path.append((effect.t_s, x))


@dataclass(frozen=True, slots=True)
class PageSlide:
    """A page on its way home.

    Attributes:
        from_px: Where it began, to the right of home.
        start_s: When.
    """

    from_px: float
    start_s: float

    def at(self, now_s: float) -> float:
        """Return how far from home it is; 0 when it has arrived."""
        share = min(max((now_s - self.start_s) / SLIDE_S, 0.0), 1.0)
        return self.from_px * (1 - share) ** 3 if share < 1.0 else 0.0


def _apart(places: Floats) -> float:
    return float(np.hypot(*(places[1] - places[0])))


def _upright(effect: Navigated) -> Navigated:
    """Return a movement without what goes sideways, and without a zoom."""
    dy = float((effect.after - effect.before).mean(axis=0)[1])
    return replace(effect, after=np.add(effect.before, (0.0, dy)))
