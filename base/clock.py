"""Time as a thing to pass in: services take a `Clock`, models take its readings."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary moment; never goes back. For durations."""


class SystemClock:
    """This machine's clock, in this machine's zone. Any thread may ask."""

    def now(self) -> datetime:
        """Return the time of day in the machine's zone."""
        return datetime.now(UTC).astimezone()

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary moment."""
        return time.monotonic()
