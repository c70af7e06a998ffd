"""Waiting for a moment more exactly than the scheduler would."""

from __future__ import annotations

import time
from collections.abc import Iterator

SPIN_S = 0.0004
"""The last stretch before a deadline is spun: a sleep may end this much too late."""


def wait_until(deadline_s: float) -> None:
    """Return at `deadline_s` on the `time.perf_counter` scale, or at once if it is past."""
    ahead_s = deadline_s - time.perf_counter()
    if ahead_s > SPIN_S:
        time.sleep(ahead_s - SPIN_S)
    while time.perf_counter() < deadline_s:
        pass


def ticks(rate_hz: float, count: int) -> Iterator[int]:
    """Yield 0..count-1, each on its own place of one schedule that does not drift.

    A tick that comes late does not move the ones after it.
    """
    start_s = time.perf_counter()
    for index in range(count):
        wait_until(start_s + index / rate_hz)
        yield index
