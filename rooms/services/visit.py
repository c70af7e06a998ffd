"""One connection of a seat: what it says, whether it may, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from base.clock import Clock
from base.wire import (
    MAX_BINARY_BYTES,
    MAX_TEXT_BYTES,
    Admit,
    AskIce,
    Bye,
    Channel,
    Close,
    Consent,
    End,
    Hello,
    Ice,
    Line,
    Live,
    Media,
    Message,
    PageShown,
    Ping,
    Pointer,
    Pong,
    Problem,
    PutOut,
    Refuse,
    Role,
    SetPen,
    SetRoom,
    Signal,
    Trouble,
    pack,
    parse_client,
)
from rooms.model.board_gate import Writer
from rooms.model.refusal import Refused
from rooms.model.room_document import BrokenDocumentError
from rooms.model.seat import SeatPhase, SeatState
from rooms.services.board_hub import BoardHub
from rooms.services.live_room import LiveRoom, Presence
from rooms.services.room_desk import RoomDesk
from rooms.services.room_store import Document
from rooms.services.seat_line import Frame, Parcel, SeatLine, Weight
from rooms.services.topology import Topology
from rooms.services.turn import Turn

VECTOR_COST: Final = 20.0
"""Messages that a state vector counts as: the answer may be the whole board."""
BYTES_PER_COST: Final = 256 * 1024
"""Of an update, that count as one message more."""
_ABOUT: Final = {Document.BOARD: "board", Document.NOTES: "notes"}
_MANAGERS_ALONE: Final = (Admit, Refuse, PutOut, SetPen, SetRoom, PageShown, End)

_log = structlog.get_logger(__name__)


class House(Protocol):
    """What a visit asks of the hub."""

    async def welcome(self, room: LiveRoom, seat_id: str) -> None:
        """Let a seat that was let in see and hear the room."""

    async def end_room(self, room_id: str, by: str, reason: str) -> None:
        """End a room."""

    async def farewell(self, room: LiveRoom, seat: SeatState) -> None:
        """Let somebody go who says good-bye."""


class Visit:
    """Takes in the frames of one connection, one after the other.

    Args:
        room: The room.
        seat_id: Whose connection it is.
        line: Where answers go.
        house: The hub.
        desk: For what is kept.
        boards: The shared documents.
        topology: Where signalling goes.
        turn: For fresh credentials.
        clock: For the limits.
    """

    def __init__(
        self,
        room: LiveRoom,
        seat_id: str,
        line: SeatLine,
        *,
        house: House,
        desk: RoomDesk,
        boards: BoardHub,
        topology: Topology,
        turn: Turn,
        clock: Clock,
    ) -> None:
        self._room = room
        self._id = seat_id
        self._line = line
        self._house = house
        self._desk = desk
        self._boards = boards
        self._topology = topology
        self._turn = turn
        self._clock = clock
        self._bucket = room.bucket(seat_id, clock.monotonic_s())
        # Those that come sixty times a second do not wait for anything.
        self._at_once: dict[type[Message], Callable[[Any, SeatState], None]] = {
            Live: self._live,
            Pointer: self._pointer,
            Signal: self._signal,
            Media: self._media,
            Line: self._ladder,
            AskIce: self._ask_ice,
        }
        self._acts: dict[type[Message], Callable[[Any, SeatState], Awaitable[None]]] = {
            Admit: self._admit,
            Refuse: self._refuse,
            PutOut: self._put_out,
            SetPen: self._set_pen,
            SetRoom: self._set_room,
            PageShown: self._page_shown,
            End: self._end,
        }

    async def take(self, frame: Frame) -> None:
        """Take in a frame. What is too large, too fast or malformed ends the connection."""
        seat = self._room.seats.get(self._id)
        if seat is None or not self._line.is_open:
            return
        if len(frame) > (MAX_TEXT_BYTES if isinstance(frame, str) else MAX_BINARY_BYTES):
            self._line.finish(Close.TOO_LARGE, "too large", at_once=True)
        elif not self._bucket.take(self._clock.monotonic_s(), _cost(frame)):
            self._line.finish(Close.TOO_FAST, "too fast", at_once=True)
        elif isinstance(frame, str):
            await self._take_text(frame, seat)
        else:
            await self._take_binary(frame, seat)

    # Text ----------------------------------------------------------------------------

    async def _take_text(self, text: str, seat: SeatState) -> None:
        try:
            message = parse_client(text)
        except ValueError:
            self._line.finish(Close.MALFORMED, "malformed", at_once=True)
            return
        try:
            await self._act(message, seat)
        except Refused as refused:
            self._say(Trouble(problem=refused.problem, about=message.t))

    async def _act(self, message: Message, seat: SeatState) -> None:
        if isinstance(message, Ping):
            self._say(Pong(n=message.n))
        elif isinstance(message, Hello):
            self._line.finish(Close.MALFORMED, "hello again", at_once=True)
        elif isinstance(message, Bye):
            await self._house.farewell(self._room, seat)
        elif isinstance(message, Consent):
            await self._consent(message, seat)
        elif not seat.is_in:
            raise Refused(Problem.NOT_ALLOWED, detail="in the lobby")
        elif isinstance(message, _MANAGERS_ALONE) and not self._room.manages(seat):
            raise Refused(Problem.NOT_ALLOWED, detail="guests do not manage")
        elif type(message) in self._at_once:
            self._at_once[type(message)](message, seat)
        else:
            await self._acts[type(message)](message, seat)

    def _live(self, message: Live, seat: SeatState) -> None:
        if not _may_draw(self._room, seat):
            return
        # Packed anew from what was understood: nothing passes that only looked like it.
        frame = pack(message.model_copy(update={"seat": seat.id}))
        weight = Weight.VITAL if message.end else Weight.LIVE
        self._room.relay(Parcel(frame, weight, sender=seat.id))

    def _pointer(self, message: Pointer, seat: SeatState) -> None:
        frame = pack(message.model_copy(update={"seat": seat.id}))
        self._room.relay(Parcel(frame, Weight.LATEST, f"pointer {seat.id}", seat.id))

    def _signal(self, message: Signal, seat: SeatState) -> None:
        routed = self._topology.route(message, seat.id)
        to = None if routed is None else self._room.seats.get(routed[0])
        if routed is None or to is None or not to.is_in:
            raise Refused(Problem.NOT_FOUND, detail="seat")
        self._room.tell(routed[0], routed[1])

    def _media(self, message: Media, seat: SeatState) -> None:
        rung = self._room.presence(seat.id).rung
        self._be(seat, Presence(message.microphone, message.camera, rung))

    def _ladder(self, message: Line, seat: SeatState) -> None:
        there = self._room.presence(seat.id)
        self._be(seat, Presence(there.microphone, there.camera, message.rung))

    def _be(self, seat: SeatState, presence: Presence) -> None:
        if self._room.set_presence(seat.id, presence):
            self._room.tell_seat(seat)

    def _ask_ice(self, _message: AskIce, seat: SeatState) -> None:
        self._say(Ice(ice=self._turn.servers(seat.id)))

    async def _consent(self, message: Consent, seat: SeatState) -> None:
        if seat.phase is not SeatPhase.LOBBY:
            raise Refused(Problem.NOT_ALLOWED, detail="not in the lobby")
        await self._desk.consent(self._room, seat, message.given)

    async def _admit(self, message: Admit, seat: SeatState) -> None:
        await self._desk.admit(self._room, seat, message.seat)
        await self._house.welcome(self._room, message.seat)

    async def _refuse(self, message: Refuse, seat: SeatState) -> None:
        await self._desk.refuse(self._room, seat, message.seat)

    async def _put_out(self, message: PutOut, seat: SeatState) -> None:
        await self._desk.put_out(self._room, seat, message.seat)

    async def _set_pen(self, message: SetPen, seat: SeatState) -> None:
        await self._desk.set_pen(self._room, seat, message)

    async def _set_room(self, message: SetRoom, seat: SeatState) -> None:
        await self._desk.set_room(self._room, seat, message)

    async def _page_shown(self, message: PageShown, seat: SeatState) -> None:
        self._room.state = self._room.state.showing(message.page)
        self._room.is_unsaved = True
        shown = message.model_copy(update={"seat": seat.id})
        self._room.tell_all(shown, sender=seat.id)

    async def _end(self, _message: End, seat: SeatState) -> None:
        await self._house.end_room(self._room.id, f"{seat.holder} {seat.name}", "ended")

    # Binary --------------------------------------------------------------------------

    async def _take_binary(self, frame: bytes, seat: SeatState) -> None:
        try:
            channel = Channel(frame[0])
        except (IndexError, ValueError):
            self._line.finish(Close.MALFORMED, "malformed", at_once=True)
            return
        is_notes = channel in (Channel.NOTES_UPDATE, Channel.NOTES_STATE_VECTOR)
        document = Document.NOTES if is_notes else Document.BOARD
        if not seat.is_in or (is_notes and not seat.rights(self._room.state).notes):
            self._trouble(Problem.NOT_ALLOWED, document)
            return
        if not self._boards.is_ready(self._room.id):
            await self._boards.open(self._room.id)
        try:
            if channel in (Channel.BOARD_UPDATE, Channel.NOTES_UPDATE):
                await self._update(channel, document, frame[1:], seat)
            else:
                self._vector(channel, document, frame[1:])
        except ValueError:
            self._line.finish(Close.MALFORMED, "malformed", at_once=True)
        except BrokenDocumentError:
            # They connect again, and the document is read anew from what was kept.
            _log.error("a document gave up", room=self._room.id, seat=seat.id)
            self._line.finish(Close.MALFORMED, "malformed", at_once=True)
            for line in self._room.lines.values():
                line.finish(Close.SERVICE_ENDS, "document is read anew")

    async def _update(
        self, channel: Channel, document: Document, data: bytes, seat: SeatState
    ) -> None:
        rights = seat.rights(self._room.state)
        writer = Writer(seat.id, seat.role is not Role.GUEST, rights.draw, rights.memo)
        taken = self._boards.take(self._room.id, document, data, writer)
        if taken.claimed:
            # Whoever hands it in first after a kill would own what is not known to be theirs.
            await self._boards.write_now()
        head = bytes((channel,))
        if taken.update:
            parcel = Parcel(head + taken.update, sender=seat.id)
            if document is Document.NOTES:
                self._room.relay_to_managers(parcel)
            else:
                self._room.relay(parcel)
        if taken.undo:
            self._line.put(Parcel(head + taken.undo))
        if taken.problem is not None:
            self._trouble(taken.problem, document)
        if taken.has_gap:
            self._ask_for_missing(document)

    def _vector(self, channel: Channel, document: Document, vector: bytes) -> None:
        room_id, head = self._room.id, bytes((channel - 1,))
        # Looked at now, while it can be refused; answered when it is its turn.
        self._boards.check_vector(vector)

        def answer() -> bytes | None:
            if not self._boards.is_ready(room_id):
                return None
            return head + self._boards.answer(room_id, document, vector)

        self._line.ask(f"answer {document}", answer)
        self._ask_for_missing(document)

    def _ask_for_missing(self, document: Document) -> None:
        room_id = self._room.id
        is_notes = document is Document.NOTES
        channel = Channel.NOTES_STATE_VECTOR if is_notes else Channel.BOARD_STATE_VECTOR

        def ask() -> bytes | None:
            if not self._boards.is_ready(room_id):
                return None
            return bytes((channel,)) + self._boards.vector(room_id, document)

        self._line.ask(f"vector {document}", ask)

    def _trouble(self, problem: Problem, document: Document) -> None:
        self._say(Trouble(problem=problem, about=_ABOUT[document]))

    def _say(self, message: Message) -> None:
        self._line.put(Parcel(pack(message)))


def _cost(frame: Frame) -> float:
    if isinstance(frame, str):
        return 1.0
    if frame[:1] in (
        bytes((Channel.BOARD_STATE_VECTOR,)),
        bytes((Channel.NOTES_STATE_VECTOR,)),
    ):
        return VECTOR_COST
    return 1.0 + len(frame) / BYTES_PER_COST


def _may_draw(room: LiveRoom, seat: SeatState) -> bool:
    """Return `Rights.draw` without making all rights: this is asked for every piece of ink."""
    return seat.role is not Role.GUEST or (room.state.guest_pens and not seat.pen_taken)
