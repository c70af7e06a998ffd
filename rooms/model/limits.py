"""How fast is too fast: messages of a seat, wrong keys of an address, wrong keys of all.

Pure but for the counts they hold: moments come in as seconds of a clock that never goes
back. Every table has a bound, whoever asks and from however many addresses.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

LOCKED_FIRST_S: Final = 60.0
LOCKED_MAX_S: Final = 15 * 60.0
FORGOTTEN_AFTER_S: Final = 60 * 60.0
"""After a lock ran out, without a wrong key: the next lock is short again."""
SLOWED_MAX_S: Final = 2.0
ADDRESSES_MAX: Final = 20_000
WINDOW_S: Final = 60.0


class TokenBucket:
    """Lets through `burst` at once, and `rate_hz` a second in the long run.

    Args:
        rate_hz: How fast it fills again, above 0.
        burst: How much it holds, at least 1; it begins full.
        now_s: The moment it begins.

    Raises:
        ValueError: a number is out of range.
    """

    __slots__ = ("_burst", "_filled_at_s", "_left", "_rate_hz")

    def __init__(self, rate_hz: float, burst: float, now_s: float) -> None:
        if not (rate_hz > 0 and burst >= 1):
            raise ValueError(f"rate {rate_hz} and burst {burst} let nothing through")
        self._rate_hz = rate_hz
        self._burst = burst
        self._left = burst
        self._filled_at_s = now_s

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """Take `cost` out, and return True; return False, taking nothing, if it is not there.

        A moment before an earlier one counts as that one.
        """
        passed_s = max(0.0, now_s - self._filled_at_s)
        self._filled_at_s += passed_s
        self._left = min(self._burst, self._left + passed_s * self._rate_hz)
        if self._left < cost:
            return False
        self._left -= cost
        return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a key that was wrong.

    Attributes:
        delay_s: How long the answer waits, 0..`SLOWED_MAX_S`.
        locked_s: How long the address is locked out from now on; 0 if it is not.
        is_news: Whether this very key locked it: worth a line in the audit log.
    """

    delay_s: float = 0.0
    locked_s: float = 0.0
    is_news: bool = False


@dataclass(slots=True)
class _Tries:
    """What is known of an address."""

    wrong_at_s: deque[float] = field(default_factory=deque)
    """The wrong keys of the last minute since the last lock: fewer than lock it."""
    last_s: float = 0.0
    locks: int = 0
    locked_until_s: float = 0.0


class KeyGuard:
    """Counts wrong keys: a locked address is not answered, and floods are slowed for all.

    An address is locked out by `each_per_minute` wrong keys within a minute: for a minute,
    and twice as long each time it goes on, up to 15 minutes. An IPv6 address counts with the
    whole /64 that a household gets. An office or a mobile network may be one address: so a
    lock is short at first, and right keys neither count nor clear anything (who has one
    valid key must not be able to try out others for ever).

    When the wrong keys of everybody pass `all_per_minute`, every wrong answer waits, the
    longer the more there are, up to 2 s.

    Args:
        each_per_minute: Wrong keys of an address in a minute that lock it, at least 1.
        all_per_minute: Wrong keys of everybody in a minute that are still answered at once.
        addresses_max: How many addresses are remembered; past that, those that were quiet
            for longest are forgotten, first of all those that are not locked.
    """

    def __init__(
        self,
        each_per_minute: int = 5,
        all_per_minute: int = 30,
        addresses_max: int = ADDRESSES_MAX,
    ) -> None:
        if min(each_per_minute, all_per_minute, addresses_max) < 1:
            raise ValueError("a limit below 1")
        self._each = each_per_minute
        self._all = all_per_minute
        self._addresses_max = addresses_max
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._flood = _MinuteCount()

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._tries)

    def locked_s(self, address: str, now_s: float) -> float:
        """Return how long an address is still locked out, in seconds; 0 if it is not.

        To be asked before the key is looked at: who is locked out learns nothing.
        """
        tries = self._tries.get(network_of(address))
        return max(0.0, tries.locked_until_s - now_s) if tries else 0.0

    def wrong(self, address: str, now_s: float) -> Verdict:
        """Count a wrong key and say what follows."""
        self._flood.add(now_s)
        delay_s = self.delay_s(now_s)
        tries = self._of(network_of(address), now_s)
        if tries.locked_until_s > now_s:
            return Verdict(delay_s, tries.locked_until_s - now_s)
        tries.wrong_at_s.append(now_s)
        if len(tries.wrong_at_s) < self._each:
            return Verdict(delay_s)
        locked_s = min(LOCKED_MAX_S, LOCKED_FIRST_S * 2.0 ** min(tries.locks, 10))
        tries.locks += 1
        tries.wrong_at_s.clear()
        tries.locked_until_s = now_s + locked_s
        return Verdict(delay_s, locked_s, is_news=True)

    def delay_s(self, now_s: float) -> float:
        """Return how long a wrong answer waits now, 0..`SLOWED_MAX_S`."""
        beyond = self._flood.count(now_s) - self._all
        return min(SLOWED_MAX_S, max(0.0, SLOWED_MAX_S * beyond / self._all))

    def _of(self, network: str, now_s: float) -> _Tries:
        tries = self._tries.get(network)
        if tries is None:
            self._make_room(now_s)
            tries = self._tries[network] = _Tries(last_s=now_s)
        self._tries.move_to_end(network)
        if now_s - max(tries.locked_until_s, tries.last_s) >= FORGOTTEN_AFTER_S:
            tries.locks = 0
        tries.last_s = now_s
        while tries.wrong_at_s and now_s - tries.wrong_at_s[0] >= WINDOW_S:
            tries.wrong_at_s.popleft()
        return tries

    def _make_room(self, now_s: float) -> None:
        if len(self._tries) < self._addresses_max:
            return
        # A few steps only: a flood from ever new addresses must not cost a search each time.
        for network in _first(self._tries, 16):
            if self._tries[network].locked_until_s <= now_s:
                del self._tries[network]
                return
        self._tries.popitem(last=False)


class _MinuteCount:
    """How often something happened in the last 60 s, to the second."""

    def __init__(self) -> None:
        self._seconds = [0] * int(WINDOW_S)
        self._last = -1

    def add(self, now_s: float) -> None:
        self._turn(now_s)
        self._seconds[self._last % len(self._seconds)] += 1

    def count(self, now_s: float) -> int:
        self._turn(now_s)
        return sum(self._seconds)

    def _turn(self, now_s: float) -> None:
        second = max(self._last, int(now_s))
        for passed in range(max(self._last + 1, second + 1 - len(self._seconds)), second + 1):
            self._seconds[passed % len(self._seconds)] = 0
        self._last = second


def network_of(address: str) -> str:
    """Return what an address counts as: itself, or the /64 of an IPv6 address.

    What is no address ("testclient", a socket's path) counts as itself.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(known) >> 64 << 64, 64)))


def _first(keys: OrderedDict[str, _Tries], n: int) -> list[str]:
    found = []
    for key in keys:
        found.append(key)
        if len(found) == n:
            break
    return found
