"""Displays: letting one in, knowing it again, turning it away.

A display asks and shows a code; an administrator who stands before it types the code, sees
the display's name and says yes; the display, which asks again with its secret, gets its
token. The code alone opens nothing: it only names the request.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from base.clock import Clock
from base.wire import MAX_NAME, PairingOffered, PairingState, Problem
from rooms.model.callers import Account, KioskCaller
from rooms.model.pairing_code import draw_code, normalise_code
from rooms.model.refusal import Refused
from rooms.model.sign_in_guard import network_of
from rooms.services.account_store import AccountStore, KioskRow, PairingRow
from rooms.services.accounts import hash_token, tidy_name, who_of
from rooms.services.audit import Act, Audit
from rooms.services.database import Database

PAIRING_S: Final = 600.0
"""How long a code is good."""
MOST_WAITING: Final = 100
"""Displays that wait at the same time."""
ASKED_MOST: Final = 10
"""Requests from one address in `PAIRING_S`."""
WRONG_MOST: Final = 10
"""Wrong codes that one administrator may type in `PAIRING_S`."""
MOST_COUNTED: Final = 10_000
SEEN_EVERY_S: Final = 60.0
OWN_DISPLAY: Final = KioskCaller("own", "")
"""The display that runs the service for itself: the same one after a restart."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A display that waits for an administrator.

    Attributes:
        code: What it shows.
        name: What it calls itself: not to be believed, only to be compared.
        since_s: How long it has been waiting.
    """

    code: str
    name: str
    since_s: float


@dataclass(frozen=True, slots=True)
class DisplayView:
    """A display as administrators see it; moments in seconds since 1970."""

    id: str
    name: str
    paired_at: float
    seen_at: float | None
    revoked_at: float | None


class Pairings:
    """The displays of the service. The event loop's alone.

    Args:
        database: Where they are kept.
        clock: What the time is.
        audit: Where is written who let whom in.
        own_token: Of the display that runs this service for itself, and needs nobody's
            leave; empty when there is none.

    Attributes:
        on_holder_gone: Awaited with the holder ("kiosk:ID") of a display that was turned
            away, so that its seats can be closed.
    """

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, own_token: str = ""
    ) -> None:
        self._store = AccountStore(database)
        self._clock = clock
        self._audit = audit
        self._own_hash = hash_token(own_token) if own_token else None
        self._asked = _Recent(ASKED_MOST, PAIRING_S)
        self._wrong = _Recent(WRONG_MOST, PAIRING_S)
        self.on_holder_gone: list[Callable[[str], Awaitable[None]]] = []

    # The display --------------------------------------------------------------------------

    async def ask(self, name: str, address: str) -> PairingOffered:
        """Begin to pair a display.

        Args:
            name: What it is called, "Meeting room 2".
            address: Where it asks from.

        Raises:
            Refused: MALFORMED without a name; TOO_MANY when too many wait.
        """
        shown = tidy_name(name)[:MAX_NAME].strip()
        if not shown:
            raise Refused(Problem.MALFORMED, detail="display without a name")
        self._asked.count(network_of(address), self._clock.monotonic_s())
        now = self._now()
        secret, code = secrets.token_urlsafe(32), draw_code(secrets)
        row = PairingRow(code, shown, now, now + PAIRING_S, "waiting", None)
        if not await self._store.add_pairing(row, hash_token(secret), MOST_WAITING):
            raise Refused(Problem.TOO_MANY, retry_s=60.0, detail="pairings")
        return PairingOffered(code=code, secret=secret, expires_in_s=PAIRING_S)

    async def state(self, secret: str) -> PairingState:
        """Return whether somebody said yes; with the token, once.

        An unknown secret is answered like an expired one.
        """
        secret_hash = hash_token(secret)
        row = await self._store.pairing_of_secret(secret_hash)
        if row is None:
            return PairingState(state="expired")
        if row.state == "confirmed" and row.confirmed_by is not None:
            return await self._let_in(row, row.confirmed_by, secret_hash)
        if row.state == "refused":
            return PairingState(state="refused")
        expired = row.expires_at <= self._now()
        return PairingState(state="expired" if expired else "waiting")

    async def caller_of(self, token: str) -> KioskCaller | None:
        """Return the display with this token, unless it was turned away."""
        token_hash = hash_token(token)
        if token_hash == self._own_hash:
            return OWN_DISPLAY
        row = await self._store.kiosk_of_token(token_hash)
        if row is None:
            return None
        now = self._now()
        if row.seen_at is None or now - row.seen_at >= SEEN_EVERY_S:
            await self._store.see_kiosk(row.id, now)
        return KioskCaller(row.id, row.name)

    # The administrator --------------------------------------------------------------------

    async def look_up(self, by: Account, typed: str) -> Asking:
        """Return the display that shows this code.

        Raises:
            Refused: NOT_FOUND; TOO_MANY after too many wrong codes; NOT_ALLOWED.
        """
        _require_admin(by)
        now_s = self._clock.monotonic_s()
        self._wrong.check(by.id, now_s)
        code = normalise_code(typed)
        row = None if code is None else await self._store.pairing_of_code(code)
        now = self._now()
        if row is None or row.state != "waiting" or row.expires_at <= now:
            self._wrong.count(by.id, now_s)
            raise Refused(Problem.NOT_FOUND, detail="pairing code")
        return Asking(row.code, row.name, max(0.0, now - row.created_at))

    async def decide(self, by: Account, typed: str, yes: bool, address: str) -> str:
        """Let the display in that shows this code, or turn it away; returns its name.

        Raises:
            Refused: NOT_FOUND; TOO_MANY after too many wrong codes; NOT_ALLOWED.
        """
        asking = await self.look_up(by, typed)
        state, now = "confirmed" if yes else "refused", self._now()
        until = now + PAIRING_S
        if not await self._store.decide_pairing(asking.code, state, by.id, now, until):
            raise Refused(Problem.NOT_FOUND, detail="pairing decided in between")
        act = Act.DISPLAY_PAIRED if yes else Act.DISPLAY_REFUSED
        await self._audit.note(who_of(by), act, about=asking.name, address=address)
        return asking.name

    async def revoke(self, by: Account, kiosk_id: str, address: str) -> None:
        """Turn a display away: its token is worthless, its seats are closed.

        Raises:
            Refused: NOT_FOUND; NOT_ALLOWED.
        """
        _require_admin(by)
        row = await self._store.revoke_kiosk(kiosk_id, self._now())
        if row is None:
            raise Refused(Problem.NOT_FOUND, detail="display")
        await self._audit.note(who_of(by), Act.DISPLAY_REVOKED, about=row.name, address=address)
        for gone in self.on_holder_gone:
            await gone(KioskCaller(row.id, row.name).holder)

    async def displays(self) -> tuple[DisplayView, ...]:
        """Return all displays, those turned away too, newest first."""
        return tuple(
            DisplayView(row.id, row.name, row.created_at, row.seen_at, row.revoked_at)
            for row in await self._store.kiosks()
        )

    async def enrol(self, name: str) -> str:
        """Let a display in without a code, and return its token.

        For who runs the service on the display's own machine: its command line, and the
        display that starts the service by itself.
        """
        token = secrets.token_urlsafe(32)
        row = _new_kiosk(tidy_name(name)[:MAX_NAME] or "Display", "", self._now())
        await self._store.add_kiosk(row, hash_token(token))
        await self._audit.note("service", Act.DISPLAY_PAIRED, about=row.name)
        return token

    # Inside -------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _let_in(self, row: PairingRow, by: str, secret_hash: bytes) -> PairingState:
        if row.expires_at <= self._now():
            return PairingState(state="expired")
        token = secrets.token_urlsafe(32)
        kiosk = _new_kiosk(row.name, by, self._now())
        if not await self._store.take_pairing(secret_hash, kiosk, hash_token(token)):
            return PairingState(state="expired")
        return PairingState(state="confirmed", token=token)


class _Recent:
    """Counts what happened lately, for each name apart; bounded in both directions."""

    def __init__(self, most: int, window_s: float) -> None:
        self._most = most
        self._window_s = window_s
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, name: str, now_s: float) -> None:
        """Refuse when there was too much of it lately."""
        moments = self._moments.get(name)
        if moments is None:
            return
        while moments and moments[0] <= now_s - self._window_s:
            moments.popleft()
        if len(moments) >= self._most:
            wait_s = moments[0] + self._window_s - now_s
            raise Refused(Problem.TOO_MANY, retry_s=wait_s, detail="pairing")

    def count(self, name: str, now_s: float) -> None:
        """Count one more, or refuse when there was too much of it."""
        self.check(name, now_s)
        self._moments.setdefault(name, deque()).append(now_s)
        self._moments.move_to_end(name)
        if len(self._moments) > MOST_COUNTED:
            self._moments.popitem(last=False)


def _require_admin(by: Account) -> None:
    # Asked at the door as well; a display let in by mistake would open every lobby.
    if not by.is_admin:
        raise Refused(Problem.NOT_ALLOWED, detail="displays are the administrators'")


def _new_kiosk(name: str, by: str, now: float) -> KioskRow:
    return KioskRow(secrets.token_hex(12), name, by, now, None, None)
