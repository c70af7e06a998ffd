"""Statistics of the ink path: event rate, and time from an event to its frame."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 2.0
_PAUSE_S: Final = 0.1
"""A longer pause between two events is the hand's, not the panel's."""
_MOST_WAITING: Final = 4096
"""A window that is covered gets no frames: its events must not pile up."""


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """What the meter shows.

    Attributes:
        rate_hz: Events per second while the hand moves.
        p50_ms: Median time from an event to the end of its frame.
        p95_ms: The same, exceeded by one in twenty.
        worst_ms: The longest.
    """

    rate_hz: float
    p50_ms: float
    p95_ms: float
    worst_ms: float


class FrameStatistics:
    """Collects times of the last `WINDOW_S`; times are those of one monotonic clock."""

    def __init__(self) -> None:
        self._waiting: deque[float] = deque(maxlen=_MOST_WAITING)
        self._latencies: deque[tuple[float, float]] = deque()
        self._intervals: deque[tuple[float, float]] = deque()
        self._last_event_s: float | None = None

    def note_event(self, now_s: float) -> None:
        """An event came in."""
        if self._last_event_s is not None and now_s - self._last_event_s < _PAUSE_S:
            self._intervals.append((now_s, now_s - self._last_event_s))
        self._last_event_s = now_s
        self._waiting.append(now_s)

    def note_frame(self, now_s: float) -> None:
        """A frame went out; every event that waited is in it."""
        self._latencies.extend((now_s, now_s - event_s) for event_s in self._waiting)
        self._waiting.clear()

    def figures(self, now_s: float) -> FrameFigures | None:
        """Return the figures of the last `WINDOW_S`; None when nobody wrote."""
        for times in (self._latencies, self._intervals):
            while times and now_s - times[0][0] > WINDOW_S:
                times.popleft()
        if not self._latencies or not self._intervals:
            return None
        latencies = sorted(latency for _, latency in self._latencies)
        intervals = [interval for _, interval in self._intervals]
        return FrameFigures(
            rate_hz=len(intervals) / max(sum(intervals), 1e-6),
            p50_ms=1000 * percentile(latencies, 0.5),
            p95_ms=1000 * percentile(latencies, 0.95),
            worst_ms=1000 * latencies[-1],
        )


def percentile(ordered: list[float], share: float) -> float:
    """Return the least value that `share` (0..1) of the ordered values do not exceed."""
    # Rounded first: 0.95 * 20 is a little more than 19.
    return ordered[max(math.ceil(round(share * len(ordered), 6)) - 1, 0)]
