"""How long somebody waits after wrong passwords: pure, with the time as an argument.

Three things are counted apart: the address (whoever tries many accounts), the account
(whoever tries one from many addresses), and the two together. An account is slowed by 30
seconds at most, so nobody can lock a member of staff out by typing their name. Where they
signed in before, only their own tries from there count: neither what strangers do to their
account nor what colleagues behind the same address mistype keeps them out.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final, TypeVar

FREE_TRIES: Final = 4
"""Wrong ones at an account before there is a wait."""
FREE_TRIES_ADDRESS: Final = 20
"""Wrong ones from an address, which may be that of a whole town hall."""
FORGOTTEN_S: Final = 900.0
"""So long after the longest wait, the count starts anew."""
LONGEST_S: Final = 900.0
"""For an address, and for an account from one address."""
LONGEST_ACCOUNT_S: Final = 30.0
"""For an account from anywhere."""
MOST_KEPT: Final = 20_000
"""Counters and known addresses kept, some 4 MB; the oldest are forgotten first."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Count:
    wrong: int
    last_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class _Change:
    key: str
    old: _Count | None
    new: _Count


@dataclass(frozen=True, slots=True)
class Tried:
    """What counting one try changed."""

    changes: tuple[_Change, ...]


class SignInGuard:
    """Counts wrong sign-ins. Not thread-safe: the event loop's alone."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    def wait_s(self, login: str, address: str, now_s: float) -> float:
        """Return how long this try has to wait; 0 when it may be made now.

        Args:
            login: Normalised, of an account or of nobody.
            address: Of who tries.
            now_s: From a clock that never goes back.
        """
        keys = _keys(login, address)
        known = keys.pair in self._known
        counted = (keys.pair,) if known else (keys.pair, keys.account, keys.address)
        untils_s = [self._counts[key].until_s for key in counted if key in self._counts]
        return max([until_s - now_s for until_s in untils_s] + [0.0])

    def count(self, login: str, address: str, now_s: float) -> Tried:
        """Count a try as wrong, before it is known: tries made at once must not slip through.

        Returns:
            What `take_back` and `note_right` want when it was right.
        """
        keys = _keys(login, address)
        return Tried(
            (
                self._count(keys.pair, now_s, LONGEST_S),
                self._count(keys.account, now_s, LONGEST_ACCOUNT_S),
                self._count(keys.address, now_s, LONGEST_S, FREE_TRIES_ADDRESS),
            )
        )

    def take_back(self, tried: Tried) -> None:
        """Undo the counting of one try, and of no other."""
        for change in tried.changes:
            now = self._counts.get(change.key)
            if now is change.new:
                self._restore(change.key, change.old)
            elif now is not None and now.wrong > 0:
                self._counts[change.key] = replace(now, wrong=now.wrong - 1)

    def note_right(self, login: str, address: str, tried: Tried) -> None:
        """Forget what was counted against an account, and remember the address.

        Of the address this one try alone is forgotten: a right password of their own must
        not buy somebody free tries at the passwords of others.
        """
        self.take_back(tried)
        keys = _keys(login, address)
        self._counts.pop(keys.pair, None)
        self._counts.pop(keys.account, None)
        _put(self._known, keys.pair, None)

    def _restore(self, key: str, old: _Count | None) -> None:
        if old is None:
            del self._counts[key]
        else:
            self._counts[key] = old

    def _count(
        self, key: str, now_s: float, longest_s: float, free: int = FREE_TRIES
    ) -> _Change:
        old = self._counts.get(key)
        fresh = old is None or now_s - old.last_s > FORGOTTEN_S + longest_s
        wrong = 1 if old is None or fresh else old.wrong + 1
        # After the free ones 2, 4, 8 … seconds; the exponent is bounded so that it ends.
        wait_s = 0.0 if wrong < free else min(longest_s, 2.0 ** min(wrong - free + 1, 20))
        new = _Count(wrong, now_s, now_s + wait_s)
        _put(self._counts, key, new)
        return _Change(key, old, new)


@dataclass(frozen=True, slots=True)
class _Keys:
    pair: str
    account: str
    address: str


def _keys(login: str, address: str) -> _Keys:
    network = network_of(address)
    return _Keys(f"p {network} {login}", f"l {login}", f"a {network}")


def _put(kept: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def network_of(address: str) -> str:
    """Return what is counted as one address: an IPv4 address, or a /64 of IPv6.

    Whoever has one address of IPv6 has the 2^64 beside it.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
