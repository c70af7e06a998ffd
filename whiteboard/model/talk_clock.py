"""The clock of a talk: how long it has gone on, and what is left of its time.

No clock is read here; `now_s` is always seconds on one monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

MOST_PLANNED_MIN: Final = 180
SOON_SHARE: Final = 0.2
SOON_MOST_S: Final = 300
"""The last fifth of a talk is its end, and never more than the last five minutes."""
_SMALL_STEP_BELOW_MIN: Final = 10
_LARGE_STEP_MIN: Final = 5


class TalkStage(Enum):
    """How a talk stands in its time."""

    CALM = auto()
    """There is time, or nobody planned any."""
    SOON = auto()
    """The end comes near."""
    OVER = auto()
    """The time is used up."""


@dataclass(frozen=True, slots=True)
class TalkClock:
    """A clock that runs or stands.

    Attributes:
        planned_min: How long the talk is to be, minutes; 0 for no plan.
        gathered_s: What has gone by before it was stopped last, seconds.
        since_s: When it was started; None while it stands.
    """

    planned_min: int = 0
    gathered_s: float = 0.0
    since_s: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.since_s is not None

    @property
    def is_fresh(self) -> bool:
        """Whether it was not started yet."""
        return self.since_s is None and self.gathered_s == 0.0

    def started(self, now_s: float) -> TalkClock:
        """Return it running; one that runs goes on."""
        return self if self.is_running else replace(self, since_s=now_s)

    def stopped(self, now_s: float) -> TalkClock:
        """Return it standing; what has gone by stays."""
        return replace(self, gathered_s=self.elapsed_s(now_s), since_s=None)

    def reset(self) -> TalkClock:
        """Return it at zero and standing, with the same plan."""
        return TalkClock(self.planned_min)

    def longer(self) -> TalkClock:
        """Return it with a longer plan: by a minute, from ten on by five."""
        step = 1 if self.planned_min < _SMALL_STEP_BELOW_MIN else _LARGE_STEP_MIN
        return replace(self, planned_min=min(self.planned_min + step, MOST_PLANNED_MIN))

    def shorter(self) -> TalkClock:
        """Return it with a shorter plan, in the steps of `longer`; at last without one."""
        step = 1 if self.planned_min <= _SMALL_STEP_BELOW_MIN else _LARGE_STEP_MIN
        return replace(self, planned_min=max(self.planned_min - step, 0))

    def elapsed_s(self, now_s: float) -> float:
        """Return how long the talk has gone on, seconds."""
        running_s = 0.0 if self.since_s is None else max(now_s - self.since_s, 0.0)
        return self.gathered_s + running_s

    def left_s(self, now_s: float) -> float:
        """Return what is left of the planned time, seconds; below 0 when it is over."""
        return self.planned_min * 60 - self.elapsed_s(now_s)

    def stage(self, now_s: float) -> TalkStage:
        """Return how the talk stands in its time."""
        if not self.planned_min:
            return TalkStage.CALM
        left_s = self.left_s(now_s)
        if left_s <= 0:
            return TalkStage.OVER
        soon_s = min(self.planned_min * 60 * SOON_SHARE, SOON_MOST_S)
        return TalkStage.SOON if left_s <= soon_s else TalkStage.CALM

    def shown_s(self, now_s: float) -> int:
        """Return the whole seconds that are shown large: left, beyond the end, or gone by."""
        if not self.planned_min:
            return math.floor(self.elapsed_s(now_s))
        left_s = self.left_s(now_s)
        return math.ceil(left_s) if left_s > 0 else math.floor(-left_s)

    def next_change_s(self, now_s: float) -> float:
        """Return after how many seconds of running another second is shown, above 0."""
        return 1.0 - self.elapsed_s(now_s) % 1.0


def digits(seconds: int) -> str:
    """Return seconds as a clock shows them: `4:05`, `1:04:05`."""
    minutes, second = divmod(max(seconds, 0), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
