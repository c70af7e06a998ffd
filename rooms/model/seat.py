"""A seat: from the knock to the farewell, and the while in which a lost one is kept.

    knock ──► lobby ──admit──► in ──leave──► left
                │               │
                ├─refuse► refused└─put out─► put_out
                └─leave──► left

A seat whose connection is gone stays what it is, and is "lost"; after the while for which
it is kept it counts as left. Moments are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from base.wire import Language, Rights, Role
from rooms.model.room import RoomState

COLOURS: Final = (
    "#e86a5e",
    "#4c94e5",
    "#c6820a",
    "#ac78e7",
    "#12a08d",
    "#de63ab",
    "#829816",
    "#8791a6",
)
"""Pens and pointers: at least 3.1 : 1 against white paper and against the board's green."""


class SeatPhase(StrEnum):
    """Where somebody is."""

    LOBBY = "lobby"
    IN = "in"
    LEFT = "left"
    REFUSED = "refused"
    PUT_OUT = "put_out"


class WrongStepError(ValueError):
    """A seat cannot go from where it is to where it was sent."""


@dataclass(frozen=True, slots=True)
class SeatState:
    """A seat as it is kept.

    Attributes:
        id: Of the seat; everybody in the room sees it.
        room_id: Its room.
        token_hash: SHA-256 of the token that takes it up.
        role: Staff, kiosk or guest.
        holder: "account:ID" or "kiosk:ID"; empty for guests.
        name: As it was typed; may be empty.
        language: What the guest reads.
        colour: Of pen and pointer, "#rrggbb".
        phase: Where they are.
        pen_taken: Whether staff took the pen away.
        consent: What they said to the banner; None while they have not.
        knocked_at: When they came to the door.
        came_at: When they were let in.
        lost_at: When the last connection went; None while there is one.
        left_at: When they left, were refused or put out.
    """

    id: str
    room_id: str
    token_hash: bytes
    role: Role
    colour: str
    knocked_at: float
    holder: str = ""
    name: str = ""
    language: Language = "ja"
    phase: SeatPhase = SeatPhase.LOBBY
    pen_taken: bool = False
    consent: bool | None = None
    came_at: float | None = None
    lost_at: float | None = None
    left_at: float | None = None

    @property
    def is_in(self) -> bool:
        """Whether they are past the lobby, and neither left nor put out."""
        return self.phase is SeatPhase.IN

    @property
    def is_over(self) -> bool:
        """Whether the seat is given up: its token is dead."""
        return self.phase not in {SeatPhase.LOBBY, SeatPhase.IN}

    def is_expired(self, now: float, kept_s: float) -> bool:
        """Return whether it was lost for longer than a seat is kept."""
        return not self.is_over and self.lost_at is not None and now - self.lost_at >= kept_s

    def admitted(self, now: float) -> SeatState:
        """Return it let in.

        Raises:
            WrongStepError: it is not in the lobby.
        """
        self._must_be(SeatPhase.LOBBY)
        return replace(self, phase=SeatPhase.IN, came_at=now)

    def refused(self, now: float) -> SeatState:
        """Return it sent away from the lobby.

        Raises:
            WrongStepError: it is not in the lobby.
        """
        self._must_be(SeatPhase.LOBBY)
        return replace(self, phase=SeatPhase.REFUSED, left_at=now)

    def put_out(self, now: float) -> SeatState:
        """Return it put out of the room.

        Raises:
            WrongStepError: it is not in.
        """
        self._must_be(SeatPhase.IN)
        return replace(self, phase=SeatPhase.PUT_OUT, left_at=now)

    def left(self, now: float) -> SeatState:
        """Return it given up, by itself or because it was lost for too long.

        Raises:
            WrongStepError: it is over already.
        """
        self._must_be(SeatPhase.LOBBY, SeatPhase.IN)
        return replace(self, phase=SeatPhase.LEFT, left_at=now)

    def lost(self, now: float) -> SeatState:
        """Return it without a connection; the first moment of that counts."""
        return self if self.is_over or self.lost_at is not None else replace(self, lost_at=now)

    def taken_up(self) -> SeatState:
        """Return it with a connection.

        Raises:
            WrongStepError: it is over.
        """
        self._must_be(SeatPhase.LOBBY, SeatPhase.IN)
        return replace(self, lost_at=None)

    def consenting(self, given: bool) -> SeatState:
        """Return it with what they said to the banner."""
        return replace(self, consent=given)

    def with_pen(self, allowed: bool) -> SeatState:
        """Return it with its pen given or taken."""
        return replace(self, pen_taken=not allowed)

    def may_come_in(self, room: RoomState) -> bool:
        """Return whether they said what the room asks of guests before they come in."""
        return self.role is not Role.GUEST or room.consent == "none" or self.consent is True

    def rights(self, room: RoomState) -> Rights:
        """Return what they may do in their room; nothing before they are in."""
        if not self.is_in:
            return Rights(draw=False, point=False, files=False, memo=False)
        if self.role is not Role.GUEST:
            return Rights(manage=True, notes=True)
        return Rights(
            draw=room.guest_pens and not self.pen_taken,
            files=room.guest_files,
            memo=room.memo,
        )

    def _must_be(self, *phases: SeatPhase) -> None:
        if self.phase not in phases:
            raise WrongStepError(f"seat {self.id} is {self.phase.value}")


def choose_colour(taken: Collection[str]) -> str:
    """Return a colour for a newcomer: the first that fewest of those who are there have.

    Args:
        taken: The colours of the seats that are not over.
    """
    counts = dict.fromkeys(COLOURS, 0)
    for colour in taken:
        if colour in counts:
            counts[colour] += 1
    return min(COLOURS, key=lambda colour: counts[colour])
