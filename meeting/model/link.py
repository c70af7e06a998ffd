"""The line to a room: its states, what follows its end, and how long to wait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from base.wire import Close, Over

FIRST_WAIT_S: Final = 0.25
MOST_WAIT_S: Final = 4.0
"""With the jitter at most this long: a line that is there again is found within 5 s."""
LEAST_SHARE: Final = 0.5
"""Of a wait that is left by the jitter, so that a thousand clients do not come at once."""
SETTLED_S: Final = 10.0
"""A line that held this long was no failed try: the next wait is the first one again."""


class Phase(StrEnum):
    """What the line is doing."""

    CONNECTING = "connecting"
    """For the first time."""
    OPEN = "open"
    LOST = "lost"
    """It was open once and is being looked for."""
    OVER = "over"
    """For good; `LinkState.reason` says why."""


class EndReason(StrEnum):
    """Why a line is over."""

    ENDED = "ended"
    """The room was ended."""
    TIME = "time"
    """The room's time was up."""
    REFUSED = "refused"
    """Refused in the lobby."""
    PUT_OUT = "put_out"
    LEFT = "left"
    """Given up from this side."""
    TAKEN_ELSEWHERE = "taken_elsewhere"
    """Somebody took the same seat up with the same token."""
    SEAT_GONE = "seat_gone"
    """The service does not know the seat (any more)."""
    OLD_CLIENT = "old_client"
    """Service and client do not speak the same version."""
    CLOSED = "closed"
    """Closed from this side; the seat is kept for a while."""


class Retry(Enum):
    """When to try again."""

    AT_ONCE = auto()
    LATER = auto()


@dataclass(frozen=True, slots=True)
class LinkState:
    """The state of a line, for who shows it.

    Attributes:
        phase: What it is doing.
        reason: Why it is over; None in all other phases.
        tries: Tries that failed since it was open last.
        retry_in_s: How long it waits before the next try; None while it tries.
    """

    phase: Phase
    reason: EndReason | None = None
    tries: int = 0
    retry_in_s: float | None = None


_ENDS: Final = {
    Close.BAD_TOKEN: EndReason.SEAT_GONE,
    Close.PUT_OUT: EndReason.PUT_OUT,
    Close.TAKEN_ELSEWHERE: EndReason.TAKEN_ELSEWHERE,
    Close.OVER: EndReason.ENDED,
    Close.OLD_CLIENT: EndReason.OLD_CLIENT,
}
_AT_ONCE: Final = (Close.TOO_SLOW,)


def plan_after_close(code: int | None, over: Over | None) -> Retry | EndReason:
    """Return what follows the end of a connection.

    Args:
        code: Of the close frame; None or 1006 when the line just broke.
        over: The message `Over`, when one came; it says more than the code.
    """
    if over is not None:
        return EndReason(over.reason)
    if code is not None and code in _ENDS:
        return _ENDS[Close(code)]
    return Retry.AT_ONCE if code in _AT_ONCE else Retry.LATER


def wait_s(tries: int, chance: float) -> float:
    """Return how long to wait after a number of failed tries, in seconds.

    Args:
        tries: Tries that failed, from 1.
        chance: 0..1, drawn anew each time.

    Raises:
        ValueError: an argument is out of its range.
    """
    if tries < 1 or not 0 <= chance <= 1:
        raise ValueError(f"{tries} tries, chance {chance}")
    # From the fifth try on it is the longest; a power of a thousand would be no number.
    full = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries - 1, 8))
    return full * (LEAST_SHARE + (1 - LEAST_SHARE) * chance)
