"""The rooms under way: opened, joined by key, connected to, ended, forgotten.

All of it is one event loop's. What is said in a room goes from memory to memory; what has to
outlive a kill (rooms, seats, boards) is written by `RoomDesk` and `BoardHub`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from base.clock import Clock
from base.wire import (
    WIRE_VERSION,
    Close,
    Documents,
    DocumentView,
    Files,
    FileView,
    Hello,
    JoinAsked,
    Joined,
    OpenAsked,
    Opened,
    Over,
    Problem,
    Role,
    pack,
    parse_client,
)
from rooms.model import keys
from rooms.model.callers import Account, Opener, SeatCaller
from rooms.model.limits import KeyGuard
from rooms.model.refusal import Refused
from rooms.model.room import RoomState, open_room
from rooms.model.room_document import BrokenDocumentError
from rooms.model.seat import SeatPhase, SeatState, choose_colour
from rooms.services.audit import Act, Audit
from rooms.services.board_hub import BoardHub
from rooms.services.bus import LocalBus
from rooms.services.config import RoomsSettings
from rooms.services.database import Database
from rooms.services.live_room import LiveRoom
from rooms.services.room_desk import RoomDesk
from rooms.services.room_store import Document, KeyTakenError, RoomStore
from rooms.services.seat_line import Frame, Parcel, SeatLine, Transport
from rooms.services.topology import Mesh
from rooms.services.turn import Turn
from rooms.services.visit import Visit

TICK_S: Final = 0.1
"""News of the lobby are told so often, at most, however many knock."""
TICKS_OF_SWEEP: Final = 10
"""Every so many ticks it is looked at what ran out."""
SWEEPS_OF_CLEARING: Final = 3600
HELLO_S: Final = 10.0
"""For saying who one is."""
GREETINGS_MAX: Final = 2000
"""Connections at a time that have not said it yet."""
DRAIN_S: Final = 3.0
"""For the last words of a connection that is ended from this side."""
EMPTY_ROOM_S: Final = 2 * 3600.0
"""A room without an end of its own ends when nobody was in it for so long."""
BOARD_KEPT_READY_S: Final = 30.0
"""In memory, after the last one went."""
LOBBY_SHARES: Final = 50
"""This part of all places is a room's own, however many wait at the doors of others."""
STAFF_SEATS_MAX: Final = 32
"""Of a room."""
KEY_DRAWS: Final = 20
_NOTHING: Final = b"\0\0"
"""A Yjs update that says nothing."""
_ALL_UPDATES: Final = 2**62

_log = structlog.get_logger(__name__)


class FileViews(Protocol):
    """The files of rooms, as those in them see them."""

    async def views(self, room: str) -> tuple[FileView, ...]:
        """Return the files of a room."""


class DocumentViews(Protocol):
    """The documents of rooms, as those in them see them."""

    async def views(self, room: str) -> tuple[DocumentView, ...]:
        """Return the documents of a room."""


@dataclass(frozen=True, slots=True)
class _Gone:
    """A seat that is over.

    Attributes:
        seat: As it was.
        until: While its token still fetches files, or is told why it is dead.
    """

    seat: SeatState
    until: float


class Hub:
    """Owns the rooms under way. One event loop.

    Args:
        database: Where they are kept.
        settings: Limits, and how long what lasts.
        clock: Where the time comes from.
        audit: Where it is written down who did what.
        turn: For what browsers need to reach each other.
        files: What was handed over in rooms; None for nothing.
        documents: What lies under pages of boards; None for nothing.

    Attributes:
        on_room_gone: Called with the room when what it had is to go.
    """

    def __init__(
        self,
        database: Database,
        settings: RoomsSettings,
        clock: Clock,
        audit: Audit,
        turn: Turn,
        files: FileViews | None = None,
        documents: DocumentViews | None = None,
    ) -> None:
        self.on_room_gone: list[Callable[[str], Awaitable[object]]] = []
        self._settings = settings
        self._clock = clock
        self._audit = audit
        self._turn = turn
        self._files = files
        self._documents = documents
        self._store = RoomStore(database)
        self._boards = BoardHub(self._store)
        self._desk = RoomDesk(self._store, audit, clock, self._note_gone)
        self._bus = LocalBus()
        self._topology = Mesh()
        self._guard = KeyGuard(
            settings.wrong_keys_per_minute, settings.wrong_keys_of_all_per_minute
        )
        self._rooms: dict[str, LiveRoom] = {}
        self._by_key: dict[str, str] = {}
        self._by_token: dict[bytes, tuple[str, str]] = {}
        self._gone: dict[bytes, _Gone] = {}
        self._lines: dict[SeatLine, asyncio.Task[object]] = {}
        self._ending: set[str] = set()
        self._greeting = 0
        self._ticker: asyncio.Task[None] | None = None

    # Life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what was under way when the service ended, however it did."""
        now = self._now()
        window = now - self._files_for_s()
        for state in await self._store.rooms_alive():
            await self._take_up(state, now)
        for kept in (False, True):
            for state in await self._store.rooms_ended(now + 1.0, kept=kept):
                if not kept or (state.ended_at or 0.0) > window:
                    await self._take_up(state, now)
        self._boards.start()
        self._ticker = asyncio.create_task(self._tick_for_ever(), name="rooms ticker")

    async def close(self) -> None:
        """Send everybody away to come again, and write what is not written."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        for line in tuple(self._lines):
            line.finish(Close.SERVICE_ENDS, "service ends")
        if self._lines:
            await asyncio.wait(set(self._lines.values()), timeout=2 * DRAIN_S)
        for room in self._rooms.values():
            if room.is_unsaved:
                await self._desk.save_shown(room)
        await self._boards.close()

    async def _take_up(self, state: RoomState, now: float) -> None:
        seats = await self._store.seats_of(state.id)
        room = LiveRoom(state, seats, self._bus, self._turn, now)
        self._rooms[state.id] = room
        if state.key is not None:
            self._by_key[state.key] = state.id
        for seat in seats:
            self._by_token[seat.token_hash] = (state.id, seat.id)

    # Over HTTP -----------------------------------------------------------------------

    async def join(self, asked: JoinAsked, address: str) -> Joined:
        """Give somebody with a key a seat in the lobby.

        Raises:
            Refused: WRONG_KEY, LOCKED_OUT, ROOM_OVER, ROOM_LOCKED, ROOM_NOT_YET, TOO_MANY.
        """
        locked_s = self._guard.locked_s(address, self._clock.monotonic_s())
        if locked_s > 0:
            raise Refused(Problem.LOCKED_OUT, retry_s=locked_s)
        key = keys.normalise(asked.key)
        room = self._rooms.get(self._by_key.get(key or "", ""))
        if room is None:
            await self._refuse_key(address)
            raise Refused(Problem.WRONG_KEY)
        now = self._now()
        problem = room.state.may_knock(now)
        if problem is Problem.ROOM_NOT_YET:
            raise Refused(problem, retry_s=max(1.0, room.state.opens_at - now))
        if problem is not None:
            raise Refused(problem)
        if self._is_lobby_full(room):
            raise Refused(Problem.TOO_MANY, retry_s=30.0, detail="lobbies are full")
        seat = _new_seat(room, Role.GUEST, now, name=asked.name)
        joined = await self._seat(room, replace(seat[0], language=asked.language), seat[1])
        await self._audit.note(
            f"guest:{joined.seat} {asked.name}".rstrip(), Act.KNOCKED, room.id, "", address
        )
        return joined

    async def open_room(self, asked: OpenAsked, opener: Opener, address: str) -> Opened:
        """Open a room, now or for a time to come.

        Raises:
            Refused: TOO_MANY.
        """
        alive = sum(room.state.ended_at is None for room in self._rooms.values())
        if alive >= self._settings.rooms_max:
            raise Refused(Problem.TOO_MANY, detail="rooms")
        room = await self._add_room(asked, opener)
        who = f"{opener.holder} {opener.name}"
        await self._audit.note(who, Act.ROOM_OPENED, room.id, room.state.title, address)
        return self._opened(room)

    async def rooms_of(self, opener: Opener | None) -> list[Opened]:
        """Return the rooms of somebody that are not over, the oldest first; None: all."""
        now = self._now()
        return [
            self._opened(room)
            for room in self._rooms.values()
            if not room.is_over(now) and (opener is None or room.state.opener == opener.holder)
        ]

    async def room(self, room_id: str) -> Opened:
        """Return a room that is not over.

        Raises:
            Refused: NOT_FOUND, ROOM_OVER.
        """
        return self._opened(self._room_here(room_id))

    def may_manage(self, room_id: str, opener: Opener) -> bool:
        """Return whether a room is somebody's to see, enter and end; False for none."""
        room = self._rooms.get(room_id)
        if room is None:
            return False
        is_admin = isinstance(opener, Account) and opener.is_admin
        return is_admin or room.state.opener == opener.holder

    async def take_seat(self, room_id: str, opener: Opener, name: str, address: str) -> Joined:
        """Give staff or a kiosk a seat past the lobby.

        Raises:
            Refused: NOT_FOUND, ROOM_OVER, TOO_MANY.
        """
        room = self._room_here(room_id)
        problem = room.state.may_enter(self._now())
        if problem is not None:
            raise Refused(problem)
        await self._give_up_former(room, opener)
        if sum(s.role is not Role.GUEST for s in room.seats.values()) >= STAFF_SEATS_MAX:
            raise Refused(Problem.TOO_MANY, detail="seats of staff")
        now = self._now()
        seat, token = _new_seat(room, opener.role, now, name=name or opener.name)
        seat = replace(seat, holder=opener.holder).admitted(now)
        joined = await self._seat(room, seat, token)
        who = f"{opener.holder} {opener.name}"
        await self._audit.note(who, Act.SEAT_TAKEN, room.id, seat.id, address)
        return joined

    async def seat_of(self, token: str) -> SeatCaller | None:
        """Return whose token this is; None when it is nobody's, or no longer."""
        token_hash = _hash(token)
        found = self._by_token.get(token_hash)
        if found is not None:
            room = self._rooms.get(found[0])
            seat = None if room is None else room.seats.get(found[1])
            return None if seat is None else _caller(seat, may_fetch=seat.is_in)
        gone = self._gone.get(token_hash)
        if gone is None or gone.seat.phase is not SeatPhase.LEFT or gone.until < self._now():
            return None
        # Left of their own accord, from the room and not from the lobby.
        return _caller(gone.seat, may_fetch=True) if gone.seat.came_at is not None else None

    async def end_room(
        self, room_id: str, by: str, reason: Literal["ended", "time"] | str = "ended"
    ) -> None:
        """End a room: its key is dead, all hear it, what was drawn and written goes.

        Does nothing to a room that is over.
        """
        room = self._rooms.get(room_id)
        if room is None or room.state.ended_at is not None or room_id in self._ending:
            return
        self._ending.add(room_id)
        try:
            await self._end(room, by, "time" if reason == "time" else "ended")
        finally:
            self._ending.discard(room_id)

    async def delete_room(self, room_id: str, by: str, address: str) -> None:
        """Delete a room that is over and was kept, before its time; its last tokens die, too.

        Args:
            room_id: The room.
            by: Who does it, as the audit log refers to them.
            address: Where they are.
        """
        room = self._rooms.pop(room_id, None)
        for seat in () if room is None else tuple(room.seats.values()):
            self._by_token.pop(seat.token_hash, None)
        self._gone = {k: v for k, v in self._gone.items() if v.seat.room_id != room_id}
        await self._delete(room_id, by, address)

    async def holder_gone(self, holder: str) -> None:
        """Take the seats of an account or a display that may no longer come in."""
        for room in tuple(self._rooms.values()):
            for seat in tuple(room.seats.values()):
                if seat.holder == holder:
                    await self._desk.leave(room, seat, Over(reason="left"))

    async def files_changed(self, room_id: str) -> None:
        """Tell a room what files it has now."""
        room = self._rooms.get(room_id)
        if room is not None and self._files is not None:
            room.tell_all(Files(files=await self._files.views(room_id)))

    async def documents_changed(self, room_id: str) -> None:
        """Tell a room what documents it has now."""
        room = self._rooms.get(room_id)
        if room is not None and self._documents is not None:
            room.tell_all(Documents(documents=await self._documents.views(room_id)))

    # Over websockets -----------------------------------------------------------------

    async def serve(self, transport: Transport, address: str) -> None:
        """Run one connection from its hello to its end.

        Args:
            transport: Accepted already.
            address: Where it comes from.
        """
        _log.debug("connected", address=address)
        line = SeatLine(transport)
        sender = asyncio.create_task(line.run(), name="seat line")
        reader = asyncio.create_task(self._read(transport, line), name="seat reader")
        self._lines[line] = reader
        try:
            await asyncio.wait((sender, reader), return_when=asyncio.FIRST_COMPLETED)
            if line.end is not None and not sender.done():
                await asyncio.wait((sender,), timeout=DRAIN_S)
        finally:
            await _stop(reader, sender)
            try:
                await line.close()
            finally:
                del self._lines[line]

    async def _read(self, transport: Transport, line: SeatLine) -> None:
        try:
            hello = await self._hello(transport, line)
            found = None if hello is None else await self._seat_for(hello, line)
            if hello is not None and found is not None:
                await self._attend(*found, hello, transport, line)
        except (SQLAlchemyError, OSError, BrokenDocumentError):
            _log.exception("a connection failed")
            line.finish(Close.SERVICE_ENDS, "trouble", at_once=True)

    async def _attend(
        self, room: LiveRoom, seat_id: str, hello: Hello, transport: Transport, line: SeatLine
    ) -> None:
        """Connect a seat for as long as the other side is there and the line is open."""
        former = room.attach(seat_id, line)
        if former is not None:
            former.finish(Close.TAKEN_ELSEWHERE, "taken elsewhere", at_once=True)
        try:
            await self._receive_seat(room, room.seats[seat_id], hello, line)
            visit = self._visit(room, seat_id, line)
            while line.is_open and (frame := await transport.receive()) is not None:
                await visit.take(frame)
        finally:
            is_last = room.detach(seat_id, line, self._now())
            seat = room.seats.get(seat_id)
            if is_last and seat is not None:
                room.tell_seat(seat)

    def _visit(self, room: LiveRoom, seat_id: str, line: SeatLine) -> Visit:
        return Visit(
            room,
            seat_id,
            line,
            house=self,
            desk=self._desk,
            boards=self._boards,
            topology=self._topology,
            turn=self._turn,
            clock=self._clock,
        )

    async def _seat_for(self, hello: Hello, line: SeatLine) -> tuple[LiveRoom, str] | None:
        """Return whose token it is; None when the line was finished instead."""
        token_hash = _hash(hello.token)
        found = self._by_token.get(token_hash)
        if found is None:
            gone = self._gone.get(token_hash)
            is_out = gone is not None and gone.seat.phase is not SeatPhase.LEFT
            line.finish(Close.PUT_OUT if is_out else Close.BAD_TOKEN, "no seat")
            return None
        room = self._rooms[found[0]]
        if room.is_over(self._now()):
            await self._tell_over(room, line, room.seats[found[1]].is_in)
            return None
        return room, found[1]

    async def _receive_seat(
        self, room: LiveRoom, seat: SeatState, hello: Hello, line: SeatLine
    ) -> None:
        if seat.is_in:
            await self.welcome(room, seat.id)
            return
        if hello.name is not None and hello.name != seat.name:
            await self._desk.rename(room, seat, hello.name)
        room.has_knocks_news = True
        # They may have been let in while their name was written down.
        here = room.seats.get(seat.id)
        if here is not None and not here.is_in:
            line.put(Parcel(pack(room.waiting(here))))

    async def _hello(self, transport: Transport, line: SeatLine) -> Hello | None:
        if self._greeting >= GREETINGS_MAX:
            line.finish(Close.SERVICE_ENDS, "too many at once")
            return None
        self._greeting += 1
        frame: Frame | None = None
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HELLO_S):
                    frame = await transport.receive()
        finally:
            self._greeting -= 1
        try:
            hello = parse_client(frame) if isinstance(frame, str) else None
        except ValueError:
            hello = None
        if not isinstance(hello, Hello):
            line.finish(Close.MALFORMED, "no hello")
            return None
        if hello.version != WIRE_VERSION:
            line.finish(Close.OLD_CLIENT, "another version")
            return None
        return hello

    # What visits ask -----------------------------------------------------------------

    async def welcome(self, room: LiveRoom, seat_id: str) -> None:
        """Let a seat that was let in see and hear the room, if it has a connection."""
        line = room.lines.get(seat_id)
        if line is not None:
            await self._boards.open(room.id)
            files, documents = await self._views(room.id)
            seat = room.seats.get(seat_id)
            if seat is None or not seat.is_in or room.lines.get(seat_id) is not line:
                return
            # From here on nothing waits: no word falls between the welcome and the next.
            welcome = room.welcome(seat, files, documents, self._now())
            line.put(Parcel(pack(welcome)))
            room.let_hear(seat)
        seat = room.seats.get(seat_id)
        if seat is not None:
            room.tell_seat(seat, but=seat_id)

    async def farewell(self, room: LiveRoom, seat: SeatState) -> None:
        """Let somebody go who says good-bye; they may fetch the files for a while."""
        over = Over(reason="left")
        if seat.is_in:
            files = (await self._views(room.id))[0]
            over = Over(reason="left", files=files, files_for_s=self._files_for_s())
        if room.seats.get(seat.id) is not None:
            await self._desk.leave(room, room.seats[seat.id], over)

    def _note_gone(self, seat: SeatState) -> None:
        """Remember that a token is dead, and for how long it is told why."""
        self._by_token.pop(seat.token_hash, None)
        self._gone[seat.token_hash] = _Gone(seat, self._now() + self._files_for_s())

    # Inside --------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _files_for_s(self) -> float:
        return self._settings.files_after_minutes * 60

    def _room_here(self, room_id: str) -> LiveRoom:
        room = self._rooms.get(room_id)
        if room is None:
            raise Refused(Problem.NOT_FOUND, detail="room")
        if room.state.key is None:
            raise Refused(Problem.ROOM_OVER)
        return room

    def _opened(self, room: LiveRoom) -> Opened:
        url = self._settings.public_url
        return room.state.opened(self._now(), url, room.guests(), len(room.knocking()))

    def _is_lobby_full(self, room: LiveRoom) -> bool:
        """Return whether nobody more may wait; a flood at one door leaves others open."""
        most = self._settings.lobby_max
        if room.in_lobby() < max(1, most // LOBBY_SHARES):
            return False
        here = (one for one in self._rooms.values() if one.state.ended_at is None)
        return sum(one.in_lobby() for one in here) >= most

    async def _views(
        self, room_id: str
    ) -> tuple[tuple[FileView, ...], tuple[DocumentView, ...]]:
        files = () if self._files is None else await self._files.views(room_id)
        documents = () if self._documents is None else await self._documents.views(room_id)
        return files, documents

    async def _refuse_key(self, address: str) -> None:
        verdict = self._guard.wrong(address, self._clock.monotonic_s())
        if verdict.is_news:
            await self._audit.note("service", Act.LOCKED_OUT, None, "", address)
        if verdict.delay_s > 0:
            await asyncio.sleep(verdict.delay_s)
        if verdict.locked_s > 0:
            raise Refused(Problem.LOCKED_OUT, retry_s=verdict.locked_s)

    async def _add_room(self, asked: OpenAsked, opener: Opener) -> LiveRoom:
        for _ in range(KEY_DRAWS):
            key = keys.draw(secrets.randbelow)
            if key in self._by_key:
                continue
            state = open_room(
                asked,
                room_id=secrets.token_hex(12),
                key=key,
                opener=opener.holder,
                guest_limit=self._settings.guest_limit,
                now=self._now(),
            )
            try:
                await self._store.add_room(state)
            except KeyTakenError:
                continue
            room = LiveRoom(state, (), self._bus, self._turn, self._now())
            self._rooms[state.id] = room
            self._by_key[key] = state.id
            return room
        raise Refused(Problem.TOO_MANY, detail="no free key")

    async def _seat(self, room: LiveRoom, seat: SeatState, token: str) -> Joined:
        # First in memory: it counts at once for whoever else asks for a place.
        room.seats[seat.id] = seat
        try:
            await self._store.add_seat(seat)
        except BaseException:
            room.forget(seat.id)
            raise
        self._by_token[seat.token_hash] = (room.id, seat.id)
        return Joined(seat=seat.id, token=token, room=room.id, title=room.state.title)

    async def _give_up_former(self, room: LiveRoom, opener: Opener) -> None:
        """Give up the seats that somebody left behind when their page or display fell over."""
        for seat in tuple(room.seats.values()):
            is_left_behind = seat.id not in room.lines and seat.lost_at is not None
            if seat.holder == opener.holder and is_left_behind and not seat.is_over:
                await self._desk.leave(room, seat, None)

    async def _end(self, room: LiveRoom, by: str, reason: Literal["ended", "time"]) -> None:
        key = room.state.key
        room.state = room.state.ended(self._now())
        await self._store.save_room(room.state)
        if key is not None:
            self._by_key.pop(key, None)
        await self._audit.note(by, Act.ROOM_ENDED, room.id, reason)
        files = (await self._views(room.id))[0]
        last_words = Over(reason=reason, files=files, files_for_s=self._files_for_s())
        for seat_id, line in tuple(room.lines.items()):
            seat = room.seats.get(seat_id)
            is_in = seat is not None and seat.is_in
            line.put(Parcel(pack(last_words if is_in else Over(reason=reason))))
            line.finish(Close.OVER, reason)
        room.close_topics()
        await self._forget_boards(room)

    async def _forget_boards(self, room: LiveRoom) -> None:
        if room.state.kept:
            await self._boards.flush()
            self._boards.release(room.id)
            return
        await self._boards.forget(room.id)
        for document in (Document.BOARD, Document.NOTES, Document.WRITERS):
            await self._store.compact(room.id, document, _NOTHING, _ALL_UPDATES)

    async def _tell_over(self, room: LiveRoom, line: SeatLine, is_in: bool) -> None:
        over = Over(reason="ended")
        if is_in and room.state.ended_at is not None:
            left_s = room.state.ended_at + self._files_for_s() - self._now()
            files = (await self._views(room.id))[0]
            over = Over(reason="ended", files=files, files_for_s=max(0.0, left_s))
        line.put(Parcel(pack(over)))
        line.finish(Close.OVER, "over")

    # What runs out -------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        # However often the service is started anew, what has run out goes.
        await self._survive(self._clear())
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            self._tell_lobbies()
            if ticks % TICKS_OF_SWEEP:
                continue
            await self._survive(self._sweep())
            if ticks % (TICKS_OF_SWEEP * SWEEPS_OF_CLEARING) == 0:
                await self._survive(self._clear())

    async def _survive(self, work: Coroutine[object, object, None]) -> None:
        """Do something that may fail for want of the database; the next time is soon."""
        try:
            await work
        except (SQLAlchemyError, OSError):
            _log.exception("what ran out could not be cleared")

    def _tell_lobbies(self) -> None:
        now = self._now()
        for room in self._rooms.values():
            if room.has_news_for_lobby:
                room.tell_lobby()
            if room.has_knocks_news:
                room.tell_knocks(now)

    async def _sweep(self) -> None:
        now = self._now()
        for token_hash, gone in tuple(self._gone.items()):
            if gone.until < now:
                del self._gone[token_hash]
        for room in tuple(self._rooms.values()):
            if room.state.ended_at is not None:
                if now >= room.state.ended_at + self._files_for_s():
                    await self._let_go(room)
            elif self._has_run_out(room, now):
                await self.end_room(room.id, "service", "time")
            else:
                await self._sweep_room(room, now)

    def _has_run_out(self, room: LiveRoom, now: float) -> bool:
        if now >= room.state.ends_at(self._settings.room_hours):
            return True
        is_empty = not room.has_anybody_in() and now - room.empty_since >= EMPTY_ROOM_S
        return room.state.closes_at is None and is_empty

    async def _sweep_room(self, room: LiveRoom, now: float) -> None:
        for seat in tuple(room.seats.values()):
            if seat.id in room.lines or not seat.is_expired(now, self._settings.seat_kept_s):
                continue
            await self._desk.leave(room, seat, None)
        if room.is_unsaved:
            await self._desk.save_shown(room)
        if not room.has_anybody_in() and now - room.empty_since >= BOARD_KEPT_READY_S:
            self._boards.release(room.id)

    async def _let_go(self, room: LiveRoom) -> None:
        """Forget a room whose files nobody can fetch any more, unless it is kept."""
        if not room.state.kept:
            await self._delete(room.id)
        self._rooms.pop(room.id, None)
        for seat in room.seats.values():
            self._by_token.pop(seat.token_hash, None)

    async def _clear(self) -> None:
        """Delete what was kept for as long as it may be."""
        before = self._now() - self._settings.kept_days * 86_400
        for state in await self._store.rooms_ended(before, kept=True):
            if state.id not in self._rooms:
                await self._delete(state.id)

    async def _delete(self, room_id: str, by: str = "service", address: str = "") -> None:
        await self._boards.forget(room_id)
        for forget in self.on_room_gone:
            await forget(room_id)
        await self._store.delete_room(room_id)
        await self._audit.note(by, Act.ROOM_FORGOTTEN, room_id, "", address)


def _new_seat(room: LiveRoom, role: Role, now: float, *, name: str) -> tuple[SeatState, str]:
    """Return a new seat in the lobby, and the token that takes it up."""
    token = secrets.token_urlsafe(32)
    seat = SeatState(
        id=secrets.token_hex(8),
        room_id=room.id,
        token_hash=_hash(token),
        role=role,
        colour=choose_colour([s.colour for s in room.seats.values() if s.is_in]),
        knocked_at=now,
        name=name,
        lost_at=now,
    )
    return seat, token


def _caller(seat: SeatState, *, may_fetch: bool) -> SeatCaller:
    return SeatCaller(
        seat=seat.id,
        room=seat.room_id,
        role=seat.role,
        name=seat.name,
        is_in=seat.is_in,
        may_fetch=may_fetch,
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            _log.error("a connection broke", exc_info=outcome)
