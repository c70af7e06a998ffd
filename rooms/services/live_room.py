"""A room under way: who is in it, and what they hear.

Everything here is memory and happens at once; what has to be kept is written by those who
change it. What many hear is packed once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from base.wire import (
    MESSAGES_BURST,
    MESSAGES_HZ,
    DocumentView,
    FileView,
    Knock,
    Knocks,
    Message,
    RightsChanged,
    Role,
    RoomChanged,
    RoomView,
    SeatChanged,
    SeatLeft,
    SeatView,
    Waiting,
    Welcome,
    pack,
)
from rooms.model.limits import TokenBucket
from rooms.model.room import RoomPhase, RoomState
from rooms.model.seat import SeatPhase, SeatState
from rooms.services.bus import Bus
from rooms.services.seat_line import Parcel, SeatLine
from rooms.services.turn import Turn

KNOCKS_SHOWN: Final = 50
"""Of a lobby; how many more there are is said with them."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What a seat says of itself that is not kept.

    Attributes:
        microphone: Whether it is on.
        camera: Whether it is on.
        rung: Of the ladder.
    """

    microphone: bool = False
    camera: bool = False
    rung: int = 0


class LiveRoom:
    """A room under way, or over a little while ago.

    Args:
        state: As it is kept.
        seats: Those that are not over.
        bus: Who hears what.
        turn: For what a seat needs to reach the others.
        now: The moment, s since 1970.
    """

    def __init__(
        self, state: RoomState, seats: Iterable[SeatState], bus: Bus, turn: Turn, now: float
    ) -> None:
        self.state = state
        self.seats: dict[str, SeatState] = {seat.id: seat.lost(now) for seat in seats}
        self.lines: dict[str, SeatLine] = {}
        self.buckets: dict[str, TokenBucket] = {}
        self.has_news_for_lobby = False
        self.has_knocks_news = False
        self.is_unsaved = False
        self.empty_since = max(now, state.opens_at)
        self._presence: dict[str, Presence] = {}
        self._bus = bus
        self._turn = turn
        self._all = f"{state.id}/all"
        self._managers = f"{state.id}/managers"

    @property
    def id(self) -> str:
        """Of the room."""
        return self.state.id

    # Who is there --------------------------------------------------------------------

    def guests(self) -> int:
        """Return how many guests are in; those whose seat is kept count."""
        return sum(s.role is Role.GUEST and s.is_in for s in self.seats.values())

    def in_lobby(self) -> int:
        """Return how many seats there are before the door, with a connection or without."""
        return sum(seat.phase is SeatPhase.LOBBY for seat in self.seats.values())

    def knocking(self) -> list[SeatState]:
        """Return who waits in the lobby with a connection, the first first."""
        return [
            seat
            for seat in self.seats.values()
            if seat.phase is SeatPhase.LOBBY
            and seat.id in self.lines
            and seat.may_come_in(self.state)
        ]

    def is_staff_here(self) -> bool:
        """Return whether somebody is there who can open."""
        return any(self.seats[s].role is not Role.GUEST for s in self.lines if self._is_in(s))

    def has_anybody_in(self) -> bool:
        """Return whether somebody past the lobby has a connection."""
        return any(self._is_in(seat) for seat in self.lines)

    def manages(self, seat: SeatState) -> bool:
        """Return whether a seat may let people in, put them out and end."""
        return seat.rights(self.state).manage

    def bucket(self, seat: str, now_s: float) -> TokenBucket:
        """Return what bounds the messages of a seat, over all its connections."""
        if seat not in self.buckets:
            self.buckets[seat] = TokenBucket(MESSAGES_HZ, MESSAGES_BURST, now_s)
        return self.buckets[seat]

    # How it looks --------------------------------------------------------------------

    def seat_view(self, seat: SeatState) -> SeatView:
        """Return a seat as the others see it."""
        there = self._presence.get(seat.id, Presence())
        return SeatView(
            id=seat.id,
            name=seat.name,
            role=seat.role,
            colour=seat.colour,
            connected=seat.id in self.lines,
            microphone=there.microphone,
            camera=there.camera,
            may_draw=seat.rights(self.state).draw,
            rung=there.rung,
        )

    def welcome(
        self,
        seat: SeatState,
        files: tuple[FileView, ...],
        documents: tuple[DocumentView, ...],
        now: float,
    ) -> Welcome:
        """Return all there is to know for somebody who is in."""
        waiting = self.knocking() if self.manages(seat) else []
        return Welcome(
            seat=seat.id,
            role=seat.role,
            room=self.state.view(now),
            seats=tuple(self.seat_view(s) for s in self.seats.values() if s.is_in),
            rights=seat.rights(self.state),
            ice=self._turn.servers(seat.id),
            files=files,
            documents=documents,
            knocks=self._knocks(waiting, now),
            knocking=len(waiting),
        )

    def waiting(self, seat: SeatState) -> Waiting:
        """Return what somebody in the lobby may know."""
        state = self.state
        room = RoomView(id=state.id, title=state.title, consent=state.consent, kept=state.kept)
        return Waiting(seat=seat.id, room=room, staff_here=self.is_staff_here())

    def _waiting_all(self) -> Iterator[tuple[SeatLine, Waiting]]:
        """Yield what each in the lobby may know; what is the same for all is found once."""
        there = [
            (seat, self.lines[id_]) for id_, seat in self.seats.items() if id_ in self.lines
        ]
        lobby = [(seat, line) for seat, line in there if seat.phase is SeatPhase.LOBBY]
        if not lobby:
            return
        common = self.waiting(lobby[0][0])
        for seat, line in lobby:
            yield line, common.model_copy(update={"seat": seat.id})

    # Who hears what ------------------------------------------------------------------

    def attach(self, seat: str, line: SeatLine) -> SeatLine | None:
        """Give a seat a connection; return the one it had."""
        former = self.lines.get(seat)
        self.lines[seat] = line
        self.seats[seat] = self.seats[seat].taken_up()
        return former

    def let_hear(self, seat: SeatState) -> None:
        """Let somebody who is in hear the room, from the next word on."""
        line = self.lines[seat.id]
        self._bus.listen(self._all, seat.id, line)
        if self.manages(seat):
            self._bus.listen(self._managers, seat.id, line)
            self.has_news_for_lobby = True

    def detach(self, seat: str, line: SeatLine, now: float) -> bool:
        """Take a connection away; return False when the seat has a newer one."""
        self._bus.forget(self._all, seat, line)
        self._bus.forget(self._managers, seat, line)
        if self.lines.get(seat) is not line:
            return False
        del self.lines[seat]
        state = self.seats.get(seat)
        if state is None:
            return True
        self.seats[seat] = state.lost(now)
        if state.phase is SeatPhase.LOBBY:
            self.has_knocks_news = True
        if not self.has_anybody_in():
            self.empty_since = now
        if state.role is not Role.GUEST:
            self.has_news_for_lobby = True
        return True

    def forget(self, seat: str) -> None:
        """Let go of a seat that is over."""
        self.seats.pop(seat, None)
        self.buckets.pop(seat, None)
        self._presence.pop(seat, None)

    def close_topics(self) -> None:
        """Let nobody hear anything any more."""
        self._bus.drop(self._all)
        self._bus.drop(self._managers)

    def tell_all(self, message: Message, sender: str = "") -> None:
        """Say something to all who are in, packed once."""
        self._bus.publish(self._all, Parcel(pack(message), sender=sender))

    def relay(self, parcel: Parcel) -> None:
        """Hand a parcel on to all who are in, but its sender."""
        self._bus.publish(self._all, parcel)

    def relay_to_managers(self, parcel: Parcel) -> None:
        """Hand a parcel on to staff and kiosk alone."""
        self._bus.publish(self._managers, parcel)

    def tell(self, seat: str, message: Message) -> None:
        """Say something to one seat, if it has a connection."""
        line = self.lines.get(seat)
        if line is not None:
            line.put(Parcel(pack(message)))

    # News ----------------------------------------------------------------------------

    def tell_seat(self, seat: SeatState, *, but: str = "") -> None:
        """Tell all how a seat is now."""
        if seat.is_in:
            self.tell_all(SeatChanged(seat=self.seat_view(seat)), but)

    def tell_left(self, seat: str) -> None:
        """Tell all that a seat is given up."""
        self.tell_all(SeatLeft(seat=seat))

    def tell_room(self, now: float) -> None:
        """Tell all how the room is now."""
        self.tell_all(RoomChanged(room=self.state.view(now)))

    def tell_rights(self, seats: Iterable[SeatState]) -> None:
        """Tell each of some seats what it may do now."""
        for seat in seats:
            if seat.is_in:
                self.tell(seat.id, RightsChanged(rights=seat.rights(self.state)))

    def tell_knocks(self, now: float) -> None:
        """Tell those who can open who waits."""
        self.has_knocks_news = False
        waiting = self.knocking()
        message = Knocks(knocks=self._knocks(waiting, now), total=len(waiting))
        self._bus.publish(self._managers, Parcel(pack(message)))

    def tell_lobby(self) -> None:
        """Tell all in the lobby what is different there."""
        self.has_news_for_lobby = False
        for line, waiting in self._waiting_all():
            line.put(Parcel(pack(waiting)))

    def set_presence(self, seat: str, presence: Presence) -> bool:
        """Take in what a seat says of itself; return whether that is news."""
        if self.presence(seat) == presence:
            return False
        self._presence[seat] = presence
        return True

    def presence(self, seat: str) -> Presence:
        """Return what a seat said of itself."""
        return self._presence.get(seat, Presence())

    def is_over(self, now: float) -> bool:
        """Return whether it is over."""
        return self.state.phase(now) is RoomPhase.OVER

    def _is_in(self, seat: str) -> bool:
        state = self.seats.get(seat)
        return state is not None and state.is_in

    def _knocks(self, waiting: list[SeatState], now: float) -> tuple[Knock, ...]:
        return tuple(
            Knock(
                seat=seat.id,
                name=seat.name,
                language=seat.language,
                since_s=max(0.0, now - seat.knocked_at),
            )
            for seat in waiting[:KNOCKS_SHOWN]
        )
