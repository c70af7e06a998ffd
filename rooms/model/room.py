"""A room: when its key opens the lobby, and when it is over.

Moments are seconds since 1970. A change gives a new `RoomState`; nothing is changed in
place, so what was stored and what is shown cannot drift apart unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from base import wire
from base.wire import Problem
from rooms.model import keys


class RoomPhase(StrEnum):
    """Where a room is in its life."""

    PLANNED = "planned"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room as it is kept.

    Attributes:
        id: Random; not to be guessed, and not a secret either.
        title: As staff called it; may be empty.
        key: Eight digits, None once the room is over.
        opener: "account:ID" or "kiosk:ID".
        created_at: When it was asked for.
        opens_at: From when on the key opens the lobby.
        closes_at: When it ends by itself; None: until staff end it, within the hours that
            the service is set to.
        ended_at: When it ended.
        locked: Whether nobody new may knock.
        consent: Whether guests are asked to agree before they come in.
        guest_pens: Whether guests may draw.
        guest_files: Whether guests may hand files in.
        guest_limit: How many guests may be in at a time.
        memo: Whether the shared memo is open.
        page: The page that all are led to; None while the board is away.
        kept: Whether what was shared stays after the end.
    """

    id: str
    title: str
    key: str | None
    opener: str
    created_at: float
    opens_at: float
    guest_limit: int
    closes_at: float | None = None
    ended_at: float | None = None
    locked: bool = False
    consent: Literal["none", "ask"] = "none"
    guest_pens: bool = True
    guest_files: bool = True
    memo: bool = False
    page: str | None = None
    kept: bool = False

    def phase(self, now: float) -> RoomPhase:
        """Return where it is in its life."""
        if self.ended_at is not None or (self.closes_at is not None and now >= self.closes_at):
            return RoomPhase.OVER
        return RoomPhase.OPEN if now >= self.opens_at else RoomPhase.PLANNED

    def may_knock(self, now: float) -> Problem | None:
        """Return why somebody with the key may not come into the lobby; None if they may."""
        phase = self.phase(now)
        if phase is RoomPhase.OVER:
            return Problem.ROOM_OVER
        if phase is RoomPhase.PLANNED:
            return Problem.ROOM_NOT_YET
        return Problem.ROOM_LOCKED if self.locked else None

    def may_admit(self, now: float, guests: int) -> Problem | None:
        """Return why nobody more may be let in from the lobby; None if somebody may.

        Args:
            now: The moment.
            guests: How many are in; those whose seat is kept count.
        """
        if self.phase(now) is not RoomPhase.OPEN:
            return (
                Problem.ROOM_OVER if self.phase(now) is RoomPhase.OVER else Problem.ROOM_NOT_YET
            )
        return Problem.ROOM_FULL if guests >= self.guest_limit else None

    def may_enter(self, now: float) -> Problem | None:
        """Return why staff or a kiosk may not take a seat; planned rooms may be prepared."""
        return Problem.ROOM_OVER if self.phase(now) is RoomPhase.OVER else None

    def ends_at(self, room_hours: float) -> float:
        """Return when it ends by itself.

        Args:
            room_hours: How long a room lasts that has no end of its own.
        """
        return self.opens_at + room_hours * 3600 if self.closes_at is None else self.closes_at

    def ended(self, now: float) -> RoomState:
        """Return it ended: the key is dead, and may be drawn for another room."""
        if self.ended_at is not None:
            return self
        return replace(self, ended_at=now, key=None)

    def changed(self, asked: wire.SetRoom) -> RoomState:
        """Return it as staff want it; what they left None stays."""
        return replace(
            self,
            locked=self.locked if asked.locked is None else asked.locked,
            memo=self.memo if asked.memo is None else asked.memo,
            guest_files=self.guest_files if asked.guest_files is None else asked.guest_files,
            kept=self.kept if asked.kept is None else asked.kept,
            consent=self.consent if asked.consent is None else asked.consent,
        )

    def showing(self, page: str | None) -> RoomState:
        """Return it with another page, or none, before everybody's eyes."""
        return replace(self, page=page)

    def with_guest_pens(self, allowed: bool) -> RoomState:
        """Return it with the pens of all guests given or taken."""
        return replace(self, guest_pens=allowed)

    def view(self, now: float) -> wire.RoomView:
        """Return it as those in it see it."""
        return wire.RoomView(
            id=self.id,
            title=self.title,
            locked=self.locked,
            consent=self.consent,
            guest_pens=self.guest_pens,
            guest_files=self.guest_files,
            memo=self.memo,
            board=self.page is not None,
            page=self.page,
            kept=self.kept,
            closes_in_s=_left_s(self.closes_at, now),
        )

    def opened(self, now: float, public_url: str, guests: int, knocking: int) -> wire.Opened:
        """Return it as those who may open rooms see it.

        Args:
            now: The moment.
            public_url: How browsers reach the service.
            guests: How many are in.
            knocking: How many wait in the lobby.

        Raises:
            ValueError: it is over, and has no key to show.
        """
        if self.key is None:
            raise ValueError(f"room {self.id} is over and has no key")
        return wire.Opened(
            room=self.id,
            title=self.title,
            key=self.key,
            link=link_of(public_url, self.key),
            state=self.phase(now).value,
            opens_in_s=max(0.0, self.opens_at - now),
            closes_in_s=_left_s(self.closes_at, now),
            locked=self.locked,
            kept=self.kept,
            guests=guests,
            knocking=knocking,
        )


def open_room(
    asked: wire.OpenAsked, *, room_id: str, key: str, opener: str, guest_limit: int, now: float
) -> RoomState:
    """Return a new room.

    Args:
        asked: What its opener wants.
        room_id: Random.
        key: From `keys.draw`.
        opener: "account:ID" or "kiosk:ID".
        guest_limit: How many guests, where `asked` does not say.
        now: The moment.

    Raises:
        ValueError: the key is none.
    """
    if not keys.is_possible(key):
        raise ValueError("not a key")
    opens_at = now + asked.opens_in_s
    return RoomState(
        id=room_id,
        title=asked.title,
        key=key,
        opener=opener,
        created_at=now,
        opens_at=opens_at,
        closes_at=None if asked.open_for_s is None else opens_at + asked.open_for_s,
        consent=asked.consent,
        guest_pens=asked.guest_pens,
        guest_files=asked.guest_files,
        guest_limit=asked.guest_limit or guest_limit,
    )


def link_of(public_url: str, key: str) -> str:
    """Return the link that a guest opens: the key is in the fragment, and never sent."""
    return f"{public_url}/r#{key}"


def _left_s(until: float | None, now: float) -> float | None:
    return None if until is None else max(0.0, until - now)
