"""The kiosk's client of a consultation service: rooms and seats.

A `RoomClient` is one service; what it opens or joins is a `RoomSession`, the seat.

    async with RoomClient(url, token=kiosk_token) as client:
        opened = await client.open_room(OpenAsked(title="Taxes"))
        session = client.enter(await client.take_seat(opened.room, "Counter 3"))

Everything runs on the event loop that made it, with plain asyncio. No call blocks that
loop, every call can be cancelled, and what goes wrong is a `RoomError`, or an `AppError`
where a disk is the reason. Whatever is asked of a service that is not there fails after 5 s;
only a session goes on trying, see `room_session`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import quote

from base.errors import ErrorCode
from base.wire import (
    JoinAsked,
    Joined,
    Language,
    OpenAsked,
    Opened,
    PairingAsked,
    PairingOffered,
    PairingState,
    SeatAsked,
)
from meeting.services.room_error import RoomError
from meeting.services.room_http import RoomHttp, parse_base_url
from meeting.services.room_session import RoomSession


class RoomClient:
    """One consultation service. Belongs to the event loop that runs when it is made.

    Args:
        url: The service's address.
        token: The kiosk's, from its pairing; None for who only joins by key, or pairs.

    Raises:
        RoomError: ROOMS_UNREACHABLE, when `url` is no address.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._http = RoomHttp(parse_base_url(url))
        self._token = token
        self._sessions: list[RoomSession] = []

    @property
    def url(self) -> str:
        """The service's address."""
        return self._http.base_url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all sessions (their seats are kept for a while) and connections."""
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            await session.close()
        await self._http.close()

    # Pairing; `pairing_client` keeps the token ----------------------------------------

    async def ask_pairing(self, name: str) -> PairingOffered:
        """Ask to be let in as a display and return the code to show. Raises RoomError."""
        return await self._http.ask(
            PairingOffered, "POST", "/pairings", body=PairingAsked(name=name)
        )

    async def pairing_state(self, secret: str) -> PairingState:
        """Return whether an administrator has said yes; the token comes once.

        Raises:
            RoomError: refused or unreachable.
        """
        return await self._http.ask(PairingState, "GET", "/pairings", token=secret)

    # Rooms ----------------------------------------------------------------------------

    async def open_room(self, asked: OpenAsked) -> Opened:
        """Open a room. Raises RoomError."""
        return await self._http.ask(Opened, "POST", "/rooms", token=self._paired(), body=asked)

    async def rooms(self) -> tuple[Opened, ...]:
        """Return the rooms of this display that are planned or open. Raises RoomError."""
        return await self._http.ask_many(Opened, "/rooms", token=self._paired())

    async def room(self, room: str) -> Opened:
        """Return a room. Raises RoomError."""
        return await self._http.ask(Opened, "GET", _room_path(room), token=self._paired())

    async def end_room(self, room: str) -> None:
        """End a room for all. Raises RoomError."""
        await self._http.tell("POST", _room_path(room) + "/end", token=self._paired())

    async def room_qr(self, room: str) -> bytes:
        """Return the QR code of the room's link, as SVG. Raises RoomError."""
        return await self._http.fetch(_room_path(room) + "/qr.svg", token=self._paired())

    # Seats ----------------------------------------------------------------------------

    async def take_seat(self, room: str, name: str = "") -> Joined:
        """Take this display's seat in a room, past the lobby. Raises RoomError."""
        path = _room_path(room) + "/seats"
        return await self._http.ask(
            Joined, "POST", path, token=self._paired(), body=SeatAsked(name=name)
        )

    async def join(self, key: str, name: str = "", language: Language = "ja") -> Joined:
        """Take a guest's seat in the lobby of the room with this key.

        Args:
            key: As typed: full-width digits, spaces and hyphens are taken.
            name: As others see it; empty for "guest".
            language: What the guest reads.

        Raises:
            RoomError: ROOM_WRONG_KEY, ROOM_TRY_LATER with `retry_s`, and others.
        """
        asked = JoinAsked(key=key, name=name, language=language)
        return await self._http.ask(Joined, "POST", "/join", body=asked)

    def enter(self, joined: Joined) -> RoomSession:
        """Take a seat up: its line is opened, and looked for when it is lost.

        Inside the running loop. A seat of an earlier run is taken up in the same way.
        """
        self._sessions = [s for s in self._sessions if s.state.reason is None]
        session = RoomSession(self._http, joined)
        self._sessions.append(session)
        return session

    def _paired(self) -> str:
        if self._token is None:
            raise RoomError(ErrorCode.ROOMS_NOT_PAIRED, "there is no kiosk token")
        return self._token


def _room_path(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}"
