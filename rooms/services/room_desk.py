"""What people do to a room that is kept: let in, send away, take a pen, leave.

Each act changes the room in memory first, so that two at once cannot both have the last
chair; then it is written; then all are told. Whether somebody may do it was asked before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from base.clock import Clock
from base.wire import Close, Over, Problem, Role, SetPen, SetRoom
from rooms.model.refusal import Refused
from rooms.model.seat import SeatPhase, SeatState
from rooms.services.audit import Act, Audit
from rooms.services.live_room import LiveRoom
from rooms.services.room_store import RoomStore


class RoomDesk:
    """Changes rooms under way. One event loop.

    Args:
        store: Where rooms and seats are kept.
        audit: Where it is written down who did what.
        clock: When they did.
        on_gone: Called with a seat that is over, at once: its token is dead.
    """

    def __init__(
        self,
        store: RoomStore,
        audit: Audit,
        clock: Clock,
        on_gone: Callable[[SeatState], None],
    ) -> None:
        self._on_gone = on_gone
        self._store = store
        self._audit = audit
        self._clock = clock

    def now(self) -> float:
        """Return the moment, s since 1970."""
        return self._clock.now().timestamp()

    async def admit(self, room: LiveRoom, by: SeatState, seat_id: str) -> SeatState:
        """Let somebody in from the lobby; the seat still has to be welcomed.

        Raises:
            Refused: NOT_FOUND, NOT_ALLOWED (they were not asked, or said no), ROOM_FULL.
        """
        seat = _in_lobby(room, seat_id)
        if not seat.may_come_in(room.state):
            raise Refused(Problem.NOT_ALLOWED, detail="no consent")
        problem = room.state.may_admit(self.now(), room.guests())
        if problem is not None:
            raise Refused(problem)
        admitted = seat.admitted(self.now())
        room.seats[seat_id] = admitted
        room.has_knocks_news = True
        await self._store.save_seats(admitted)
        await self._note(room, by, Act.ADMITTED, seat_id)
        return admitted

    async def refuse(self, room: LiveRoom, by: SeatState, seat_id: str) -> None:
        """Send somebody in the lobby away.

        Raises:
            Refused: NOT_FOUND.
        """
        gone = _in_lobby(room, seat_id).refused(self.now())
        room.has_knocks_news = True
        self._show_out(room, gone, Over(reason="refused"))
        await self._store.save_seats(gone)
        await self._note(room, by, Act.REFUSED, seat_id)

    async def put_out(self, room: LiveRoom, by: SeatState, seat_id: str) -> None:
        """Put a guest out of the room.

        Raises:
            Refused: NOT_FOUND, NOT_ALLOWED for somebody who is no guest.
        """
        seat = room.seats.get(seat_id)
        if seat is None or not seat.is_in:
            raise Refused(Problem.NOT_FOUND, detail="seat")
        if seat.role is not Role.GUEST:
            raise Refused(Problem.NOT_ALLOWED, detail="not a guest")
        gone = seat.put_out(self.now())
        self._show_out(room, gone, Over(reason="put_out"))
        room.tell_left(seat_id)
        await self._store.save_seats(gone)
        await self._note(room, by, Act.PUT_OUT, seat_id)

    async def set_pen(self, room: LiveRoom, by: SeatState, asked: SetPen) -> None:
        """Take the pen of a guest, or of all of them, or give it back.

        Raises:
            Refused: NOT_FOUND.
        """
        if asked.seat is None:
            room.state = room.state.with_guest_pens(asked.allowed)
            guests = [s for s in room.seats.values() if s.role is Role.GUEST]
            # Given to all is given to each, also to whom it had been taken from.
            changed = [s.with_pen(True) for s in guests] if asked.allowed else guests
        else:
            seat = room.seats.get(asked.seat)
            if seat is None or seat.role is not Role.GUEST:
                raise Refused(Problem.NOT_FOUND, detail="seat")
            changed = [seat.with_pen(asked.allowed)]
        room.seats.update({seat.id: seat for seat in changed})
        await self._store.save(room.state, changed)
        if asked.seat is None:
            room.tell_room(self.now())
        # As they are now: one may have left while it was written.
        changed = [room.seats[s.id] for s in changed if s.id in room.seats]
        room.tell_rights(changed)
        for seat in changed:
            room.tell_seat(seat)
        act = Act.PEN_GIVEN if asked.allowed else Act.PEN_TAKEN
        await self._note(room, by, act, asked.seat or "all guests")

    async def set_room(self, room: LiveRoom, by: SeatState, asked: SetRoom) -> None:
        """Change how a room is."""
        before, room.state = room.state, room.state.changed(asked)
        if room.state == before:
            return
        await self._store.save_room(room.state)
        room.tell_room(self.now())
        room.tell_rights(s for s in room.seats.values() if s.role is Role.GUEST)
        if (room.state.consent, room.state.kept) != (before.consent, before.kept):
            room.has_news_for_lobby = room.has_knocks_news = True
        names = [
            f"{name}={value}" for name, value in asked if name != "t" and value is not None
        ]
        await self._note(room, by, Act.ROOM_CHANGED, " ".join(names))

    async def consent(self, room: LiveRoom, seat: SeatState, given: bool) -> None:
        """Take in what a guest in the lobby said to the banner."""
        changed = seat.consenting(given)
        room.seats[seat.id] = changed
        room.has_knocks_news = True
        await self._store.save_seats(changed)
        await self._note(room, changed, Act.CONSENTED, "yes" if given else "no")

    async def rename(self, room: LiveRoom, seat: SeatState, name: str) -> None:
        """Call somebody in the lobby by another name."""
        changed = _in_lobby(room, seat.id)
        room.seats[seat.id] = changed = replace(changed, name=name)
        room.has_knocks_news = True
        await self._store.save_seats(changed)

    async def leave(self, room: LiveRoom, seat: SeatState, over: Over | None) -> None:
        """Give a seat up: left, or lost for too long."""
        gone = seat.left(self.now())
        was_in = seat.is_in
        self._show_out(room, gone, over)
        if was_in:
            room.tell_left(seat.id)
        else:
            room.has_knocks_news = True
        await self._store.save_seats(gone)
        await self._note(room, gone, Act.LEFT, "" if was_in else "lobby")

    async def save_shown(self, room: LiveRoom) -> None:
        """Write which page is shown; it changes too often to be written each time."""
        room.is_unsaved = False
        await self._store.save_room(room.state)

    def _show_out(self, room: LiveRoom, gone: SeatState, over: Over | None) -> None:
        """Let a seat go; its connection hears why, and ends."""
        line = room.lines.get(gone.id)
        if line is not None:
            if over is not None:
                room.tell(gone.id, over)
            is_sent_away = gone.phase in (SeatPhase.REFUSED, SeatPhase.PUT_OUT)
            line.finish(Close.PUT_OUT if is_sent_away else Close.OVER, gone.phase.value)
            room.detach(gone.id, line, gone.left_at or gone.knocked_at)
        room.forget(gone.id)
        self._on_gone(gone)

    async def _note(self, room: LiveRoom, by: SeatState, act: Act, about: str) -> None:
        await self._audit.note(who_of(by), act, room.id, about)


def who_of(seat: SeatState) -> str:
    """Return how the audit log calls somebody with a seat."""
    return f"{seat.holder or f'guest:{seat.id}'} {seat.name}".rstrip()


def _in_lobby(room: LiveRoom, seat_id: str) -> SeatState:
    seat = room.seats.get(seat_id)
    if seat is None or seat.phase is not SeatPhase.LOBBY:
        raise Refused(Problem.NOT_FOUND, detail="seat")
    return seat
