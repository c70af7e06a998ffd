"""Whether a process that ended is started again, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SETTLED_S: Final = 10.0
"""Who served this long was well: its end is the first failure again."""
FIRST_WAIT_S: Final = 0.5
MOST_WAIT_S: Final = 4.0
MOST_FAILURES: Final = 6
"""In a row; with the waits between them some 10 s. Then only who asks starts it again."""


@dataclass(frozen=True, slots=True)
class Restart:
    """What follows the end of a process.

    Attributes:
        failures: In a row, this one too.
        wait_s: How long to wait before the next start; None to leave it.
    """

    failures: int
    wait_s: float | None


def plan_restart(failures: int, served_s: float | None) -> Restart:
    """Return what follows the end of a process.

    Args:
        failures: In a row, before this one.
        served_s: For how long it was ready; None when it never was.
    """
    if served_s is not None and served_s >= SETTLED_S:
        failures = 0
    failures += 1
    if failures >= MOST_FAILURES:
        return Restart(failures, None)
    # One that served goes on at once: those in its rooms are waiting.
    if failures == 1 and served_s is not None:
        return Restart(failures, 0.0)
    return Restart(failures, min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** (failures - 1)))
