"""A room as this seat sees it: one frozen value, and how each message changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from base.wire import (
    Documents,
    DocumentView,
    Files,
    FileView,
    Ice,
    IceServer,
    Knock,
    Knocks,
    Over,
    PageShown,
    Rights,
    RightsChanged,
    Role,
    RoomChanged,
    RoomView,
    SeatChanged,
    SeatLeft,
    SeatView,
    ServerMessage,
    Waiting,
    Welcome,
)

NO_RIGHTS = Rights(draw=False, point=False, files=False, memo=False)


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of the room.

    Attributes:
        seat: The own seat; empty until the service has said something.
        is_in: Whether the seat is past the lobby.
        role: Of the own seat; guest while in the lobby.
        view: How the room is; None until the service has said something.
        staff_here: In the lobby: whether somebody is there who can open.
        seats: Who is in the room, by seat, in the order they came; the own one too.
        rights: What the own seat may do.
        ice: The way through firewalls, with credentials that end.
        files: What was handed over.
        documents: Documents under pages of the board.
        knocks: The first of those in the lobby.
        knocking: How many there are.
        files_for_s: After the end: how long files can still be fetched.
    """

    seat: str = ""
    is_in: bool = False
    role: Role = Role.GUEST
    view: RoomView | None = None
    staff_here: bool = False
    seats: tuple[SeatView, ...] = ()
    rights: Rights = NO_RIGHTS
    ice: tuple[IceServer, ...] = ()
    files: tuple[FileView, ...] = ()
    documents: tuple[DocumentView, ...] = ()
    knocks: tuple[Knock, ...] = ()
    knocking: int = 0
    files_for_s: float = 0.0

    def seat_view(self, seat: str) -> SeatView | None:
        """Return somebody in the room, or None."""
        return next((view for view in self.seats if view.id == seat), None)


def after_message(room: Room, message: ServerMessage) -> Room:
    """Return the room after a message; the same one when that says nothing of it."""
    match message:
        case Welcome():
            return _welcomed(message)
        case Waiting(seat=seat, room=view, staff_here=staff_here):
            return Room(seat=seat, view=view, staff_here=staff_here)
        case SeatChanged(seat=changed):
            knocks = tuple(knock for knock in room.knocks if knock.seat != changed.id)
            knocking = room.knocking - (len(room.knocks) - len(knocks))
            return replace(
                room,
                seats=_with_seat(room.seats, changed),
                # Who came in waits no longer, whenever the list is sent anew.
                knocks=knocks,
                knocking=knocking,
            )
        case SeatLeft(seat=gone):
            return replace(room, seats=tuple(s for s in room.seats if s.id != gone))
        case Knocks(knocks=knocks, total=total):
            return replace(room, knocks=knocks, knocking=total)
        case RightsChanged(rights=rights):
            return replace(room, rights=rights)
        case RoomChanged(room=view):
            return replace(room, view=view)
        case PageShown(page=page) if room.view is not None:
            shown = {"page": page, "board": page is not None}
            return replace(room, view=room.view.model_copy(update=shown))
        case Files(files=files):
            return replace(room, files=files)
        case Documents(documents=documents):
            return replace(room, documents=documents)
        case Ice(ice=ice):
            return replace(room, ice=ice)
        case Over(files=files, files_for_s=files_for_s):
            return replace(
                room, is_in=False, rights=NO_RIGHTS, files=files, files_for_s=files_for_s
            )
        case _:
            return room


def _welcomed(message: Welcome) -> Room:
    return Room(
        seat=message.seat,
        is_in=True,
        role=message.role,
        view=message.room,
        staff_here=True,
        seats=message.seats,
        rights=message.rights,
        ice=message.ice,
        files=message.files,
        documents=message.documents,
        knocks=message.knocks,
        knocking=message.knocking,
    )


def _with_seat(seats: tuple[SeatView, ...], changed: SeatView) -> tuple[SeatView, ...]:
    if all(seat.id != changed.id for seat in seats):
        return (*seats, changed)
    return tuple(changed if seat.id == changed.id else seat for seat in seats)
