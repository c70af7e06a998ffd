"""A seat in a room: what is known of the room, and all that can be done in it.

Calls and a line that is lost:

- commands (`admit`, `set_room`, `signal`, …) raise ROOM_OFFLINE at once: the room may have
  changed by the time they would get through, so a person decides again;
- `draw_live` and `point` are dropped; the finished stroke comes through the document;
- `set_media` and `tell_line` are remembered and said again when the line is back;
- the documents catch up by themselves, both ways;
- files are HTTP: sending fails with ROOMS_UNREACHABLE, fetching tries for some 20 s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import structlog

from base.errors import ErrorCode
from base.wire import (
    Admit,
    AskIce,
    Candidate,
    Channel,
    Consent,
    Description,
    DocumentView,
    End,
    FileView,
    Joined,
    Line,
    Live,
    Media,
    PageShown,
    Pointer,
    PutOut,
    Refuse,
    ServerMessage,
    SetPen,
    SetRoom,
    Signal,
    Trouble,
    Welcome,
)
from meeting.model.link import EndReason, LinkState, Phase
from meeting.model.room import Room, after_message
from meeting.services.board_sync import DocSync, SharedDoc
from meeting.services.downloads import download
from meeting.services.room_error import RoomError, fault
from meeting.services.room_http import Progress, RoomHttp
from meeting.services.room_link import RoomLink

WIDTHS: Final = (640, 1280, 2560)
"""Of the pictures of document pages, in px."""

Heard = TypeVar("Heard", bound=ServerMessage)


class RoomSession:
    """A seat that was taken. Made by `RoomClient`; belongs to its event loop.

    Listeners are called on the loop's thread, in the order in which they were added, and
    must not wait for anything. Those of `on_room` and of `on` hear of a message after
    `room` has changed.

    Args:
        http: The service.
        joined: The seat and its token.
    """

    def __init__(self, http: RoomHttp, joined: Joined) -> None:
        self._http = http
        self._log = structlog.get_logger(__name__)
        self.room_id = joined.room
        self.seat = joined.seat
        self.title = joined.title
        self._token = joined.token
        self._room = Room()
        self._media: Media | None = None
        self._line: Line | None = None
        self._syncs: list[DocSync] = []
        self._state_listeners: list[Callable[[LinkState], None]] = []
        self._room_listeners: list[Callable[[Room], None]] = []
        self._message_listeners: dict[type, list[Callable[[ServerMessage], None]]] = {}
        self._link = RoomLink(http, joined.token, self)

    # What is known --------------------------------------------------------------------

    @property
    def state(self) -> LinkState:
        """The state of the line."""
        return self._link.state

    @property
    def room(self) -> Room:
        """The room; as it was last known while the line is lost."""
        return self._room

    @property
    def rtt_s(self) -> float | None:
        """The last round trip over the line; None before the first one."""
        return self._link.rtt_s

    def on_state(self, listener: Callable[[LinkState], None]) -> Callable[[], None]:
        """Call `listener` when the state of the line changes; return how to stop that."""
        return _listen(self._state_listeners, listener)

    def on_room(self, listener: Callable[[Room], None]) -> Callable[[], None]:
        """Call `listener` when something about the room changes; return how to stop that."""
        return _listen(self._room_listeners, listener)

    def on(self, kind: type[Heard], listener: Callable[[Heard], None]) -> Callable[[], None]:
        """Call `listener` with each message of a kind; return how to stop that.

        `Signal`, `Live`, `Pointer` and `Trouble` are heard of in no other way.
        """

        def tell(message: ServerMessage) -> None:
            if isinstance(message, kind):
                listener(message)

        return _listen(self._message_listeners.setdefault(kind, []), tell)

    def retry_now(self) -> None:
        """Look at the line at once: the network changed, or the machine woke up."""
        self._link.retry_now()

    async def wait_over(self) -> EndReason:
        """Return why the line is over, when it is."""
        return await self._link.wait_over()

    # Coming and going -----------------------------------------------------------------

    async def leave(self) -> None:
        """Leave for good: the seat is given up. Takes 1 s at most."""
        await self._link.leave()
        self._let_documents_go()

    async def close(self) -> None:
        """Drop the line and keep the seat for as long as the service does."""
        await self._link.close()
        self._let_documents_go()

    def consent(self, *, given: bool) -> None:
        """Answer the consent banner. Raises RoomError as all commands."""
        self._link.send(Consent(given=given))

    # What staff and the room's display can do -----------------------------------------

    def admit(self, seat: str) -> None:
        """Open the door for somebody in the lobby. Raises RoomError as all commands."""
        self._link.send(Admit(seat=seat))

    def refuse(self, seat: str) -> None:
        """Send somebody in the lobby away. Raises RoomError as all commands."""
        self._link.send(Refuse(seat=seat))

    def put_out(self, seat: str) -> None:
        """Put a guest out of the room. Raises RoomError as all commands."""
        self._link.send(PutOut(seat=seat))

    def set_pen(self, seat: str | None, *, allowed: bool) -> None:
        """Take the pen of a guest, None for all, or give it back. Raises RoomError."""
        self._link.send(SetPen(seat=seat, allowed=allowed))

    def set_room(self, change: SetRoom) -> None:
        """Change how the room is. Raises RoomError as all commands."""
        self._link.send(change)

    def lock(self, *, locked: bool) -> None:
        """Lock the room or unlock it. Raises RoomError as all commands."""
        self._link.send(SetRoom(locked=locked))

    def show_page(self, page: str | None) -> None:
        """Lead all to a page; None puts the board away. Raises RoomError."""
        self._link.send(PageShown(page=page))

    def end_room(self) -> None:
        """End the room for all. Raises RoomError as all commands."""
        self._link.send(End())

    # Media ----------------------------------------------------------------------------

    def signal(
        self,
        seat: str,
        *,
        description: Description | None = None,
        candidate: Candidate | None = None,
    ) -> None:
        """Hand a description or a candidate to another seat. Raises RoomError."""
        self._link.send(Signal(seat=seat, description=description, candidate=candidate))

    def ask_ice(self) -> None:
        """Ask for fresh TURN credentials; they come with `Room.ice`. Raises RoomError."""
        self._link.send(AskIce())

    def set_media(self, *, microphone: bool, camera: bool) -> None:
        """Say whether microphone and camera are on; said again when the line is back."""
        self._media = Media(microphone=microphone, camera=camera)
        self._say_again(self._media)

    def tell_line(
        self, rung: int, *, rtt_ms: float | None = None, loss: float | None = None
    ) -> None:
        """Say how the media's line is, see `base.wire.Line`; said again when it is back."""
        self._line = Line(rung=rung, rtt_ms=rtt_ms, loss=loss)
        self._say_again(self._line)

    # The board ------------------------------------------------------------------------

    def share_board(self, doc: SharedDoc) -> DocSync:
        """Keep a document in step with the room's board, which the shared memo is part of.

        Until `DocSync.close`, or until the session is left or closed.
        """
        return self._share(doc, Channel.BOARD_UPDATE, Channel.BOARD_STATE_VECTOR)

    def share_notes(self, doc: SharedDoc) -> DocSync:
        """Keep a document in step with the staff's notes; needs `Rights.notes`."""
        return self._share(doc, Channel.NOTES_UPDATE, Channel.NOTES_STATE_VECTOR)

    def draw_live(self, piece: Live) -> bool:
        """Send a piece of a stroke; return whether it will be tried.

        Call it for each event of the pen: pieces are joined to at most 60 a second.

        Raises:
            ValueError: more than `MAX_LIVE_POINTS` points, or half a point.
        """
        return self._link.send_fleeting(piece)

    def point(self, page: str | None, x_pt: float = 0.0, y_pt: float = 0.0) -> bool:
        """Show where one points, None for nowhere; return whether it will be tried."""
        return self._link.send_fleeting(Pointer(page=page, x_pt=x_pt, y_pt=y_pt))

    # Files ----------------------------------------------------------------------------

    async def send_file(
        self,
        file: Path,
        *,
        name: str = "",
        media_type: str = "application/octet-stream",
        on_progress: Progress | None = None,
    ) -> FileView:
        """Hand a file over.

        Args:
            file: Read piece by piece, on another thread.
            name: As others see it; empty for its own.
            media_type: As the sender knows it; the service looks for itself.
            on_progress: Told of what was sent.

        Raises:
            RoomError: refused (size, kind, right), or unreachable.
            AppError: NOT_FOUND when it cannot be read.
        """
        return await self._http.send_file(
            FileView,
            f"/rooms/{self.room_id}/files",
            file,
            name=name or file.name,
            token=self._token,
            media_type=media_type,
            on_progress=on_progress,
        )

    async def fetch_file(
        self, view: FileView, target: Path, on_progress: Progress | None = None
    ) -> None:
        """Fetch a file of the room, also for a while after its end; see `download`."""
        await download(
            self._http,
            f"/rooms/{self.room_id}/files/{view.id}",
            target,
            size=view.size,
            token=self._token,
            on_progress=on_progress,
        )

    async def remove_file(self, file_id: str) -> None:
        """Take a file back. Raises RoomError."""
        path = f"/rooms/{self.room_id}/files/{file_id}"
        await self._http.tell("DELETE", path, token=self._token)

    async def send_document(
        self,
        file: Path,
        *,
        name: str = "",
        page: int = 0,
        on_progress: Progress | None = None,
    ) -> DocumentView:
        """Hand a PDF over whose pages lie under pages of the board.

        Args:
            file: The PDF.
            name: As others see it; empty for its own.
            page: The sheet that is shown now, from 0: its picture is made first.
            on_progress: Told of what was sent.

        Raises:
            RoomError: refused or unreachable.
            AppError: NOT_FOUND when it cannot be read.
        """
        return await self._http.send_file(
            DocumentView,
            f"/rooms/{self.room_id}/documents?page={page}",
            file,
            name=name or file.name,
            token=self._token,
            media_type="application/pdf",
            on_progress=on_progress,
        )

    async def fetch_sheet(self, document: str, sheet: int, width_px: int) -> bytes:
        """Return the picture of a document's page, WebP, in one of `WIDTHS`.

        Raises:
            ValueError: there are no pictures of this width.
            RoomError: refused or unreachable.
        """
        if width_px not in WIDTHS:
            raise ValueError(f"there are pictures {WIDTHS} px wide, none of {width_px}")
        path = f"/rooms/{self.room_id}/documents/{quote(document, safe='')}"
        return await self._http.fetch(f"{path}/{sheet}/{width_px}.webp", token=self._token)

    async def send_asset(self, sha256: str, data: bytes, media_type: str) -> None:
        """Hand over a picture that items of the board refer to. Raises RoomError."""
        await self._http.put(
            self._asset_path(sha256), data, token=self._token, media_type=media_type
        )

    async def fetch_asset(self, sha256: str) -> bytes:
        """Return a picture that items of the board refer to.

        Raises:
            RoomError: refused, unreachable, or other bytes than were asked for.
        """
        data = await self._http.fetch(self._asset_path(sha256), token=self._token)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise fault(f"asset {sha256}: other bytes came")
        return data

    def _asset_path(self, sha256: str) -> str:
        return f"/rooms/{self.room_id}/assets/{quote(sha256, safe='')}"

    # What comes over the line ---------------------------------------------------------

    def link_message(self, message: ServerMessage) -> None:
        """Take a message of the service; called by the line."""
        before, self._room = self._room, after_message(self._room, message)
        if isinstance(message, Welcome):
            self._welcomed()
        elif isinstance(message, Trouble):
            self._log.info("trouble", problem=message.problem.value, about=message.about)
        if self._room is not before:
            self._tell_each(self._room_listeners, self._room)
        self._tell_each(self._message_listeners.get(type(message), []), message)

    def link_binary(self, channel: int, content: bytes) -> None:
        """Take a binary frame of the service; called by the line."""
        for sync in tuple(self._syncs):
            if sync.receive(channel, content):
                return

    def link_state(self, state: LinkState) -> None:
        """Take a new state of the line; called by it."""
        if state.phase is not Phase.OPEN:
            for sync in self._syncs:
                sync.lost()
        self._tell_each(self._state_listeners, state)

    # Inside ---------------------------------------------------------------------------

    def _welcomed(self) -> None:
        for message in (self._media, self._line):
            if message is not None:
                self._say_again(message)
        for sync in self._syncs:
            sync.opened()

    def _say_again(self, message: Media | Line) -> None:
        if self._room.is_in and self._link.is_open:
            try:
                self._link.send(message)
            except RoomError as error:
                self._log.info("not said", error=error.detail)

    def _share(self, doc: SharedDoc, update: Channel, vector: Channel) -> DocSync:
        if any(sync.channel is update for sync in self._syncs):
            raise RoomError(ErrorCode.ROOM_NOT_ALLOWED, f"{update.name} is shared already")
        sync = DocSync(doc, update, vector, self._link.wake)
        self._syncs.append(sync)
        stop_asking = self._link.outbox.add_source(sync)

        def forget() -> None:
            stop_asking()
            self._syncs.remove(sync)

        sync.on_closed = forget
        if self._room.is_in and self._link.is_open:
            sync.opened()
        return sync

    def _let_documents_go(self) -> None:
        for sync in tuple(self._syncs):
            sync.close()

    def _tell_each(self, listeners: list[Callable[[Told], None]], told: Told) -> None:
        for listener in tuple(listeners):
            try:
                listener(told)
            except Exception:  # noqa: BLE001  (the others still have to hear of it)
                self._log.exception("listener failed")


Told = TypeVar("Told")


def _listen(
    listeners: list[Callable[[Told], None]], listener: Callable[[Told], None]
) -> Callable[[], None]:
    listeners.append(listener)

    def stop() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return stop
