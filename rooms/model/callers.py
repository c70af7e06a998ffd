"""Who asks the service for something."""

from __future__ import annotations

from dataclasses import dataclass

from base.wire import Role


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff who is signed in.

    Attributes:
        id: Of the account.
        login: What is typed to sign in.
        name: As it is shown.
        is_admin: Whether staff, displays and the audit log are theirs to manage.
    """

    id: str
    login: str
    name: str
    is_admin: bool

    @property
    def holder(self) -> str:
        """How rooms and seats refer to it."""
        return f"account:{self.id}"

    @property
    def role(self) -> Role:
        """What it is in a room."""
        return Role.STAFF


@dataclass(frozen=True, slots=True)
class KioskCaller:
    """A display that was paired.

    Attributes:
        id: Of the display.
        name: As it was called when it was paired.
    """

    id: str
    name: str

    @property
    def holder(self) -> str:
        """How rooms and seats refer to it."""
        return f"kiosk:{self.id}"

    @property
    def role(self) -> Role:
        """What it is in a room."""
        return Role.KIOSK


Opener = Account | KioskCaller
"""Who may open rooms and take a seat without the lobby."""


@dataclass(frozen=True, slots=True)
class SeatCaller:
    """Somebody with a seat's token.

    Attributes:
        seat: The seat.
        room: Its room.
        role: Staff, kiosk or guest.
        name: As it was typed.
        is_in: Whether they are past the lobby, and neither left nor put out.
        may_fetch: Whether they may fetch the files: those who are in, and for a while those
            who left.
    """

    seat: str
    room: str
    role: Role
    name: str
    is_in: bool
    may_fetch: bool = False
