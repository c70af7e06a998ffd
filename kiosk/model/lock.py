"""How often a PIN may be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TRIES: Final = 5
WAIT_S: Final = 30.0
"""With four digits and five tries in half a minute, trying all takes 16 hours."""
LEAST_DIGITS: Final = 4
MOST_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries in a row, and until when none is taken.

    Attributes:
        wrong: Wrong tries since the last right one or the last wait.
        closed_until_s: On the monotonic clock.
    """

    wrong: int = 0
    closed_until_s: float = float("-inf")

    def is_closed(self, now_s: float) -> bool:
        """Return whether a try at `now_s` (monotonic) is not taken."""
        return now_s < self.closed_until_s


def after_wrong_try(tries: Tries, now_s: float) -> Tries:
    """Return the state after a wrong PIN at `now_s` (monotonic)."""
    if tries.wrong + 1 < TRIES:
        return Tries(tries.wrong + 1)
    return Tries(0, now_s + WAIT_S)
