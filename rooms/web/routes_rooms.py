"""Rooms, for those who open them: staff who are signed in, and displays."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from base.wire import Joined, OpenAsked, Opened, Problem, SeatAsked
from rooms.model.callers import Account, Opener
from rooms.model.refusal import Refused
from rooms.services.qr import qr_svg
from rooms.web.access import OpenerHere, services_of
from rooms.web.security import address_of, refusals

router: Final = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])

RoomId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$", description="The room's id, not its key.")
]


@router.post("", status_code=201, responses=refusals(401))
async def open_room(asked: OpenAsked, request: Request, opener: OpenerHere) -> Opened:
    """Open a room, now or for a time to come: the answer has its key."""
    return await services_of(request).hub.open_room(asked, opener, address_of(request))


@router.get("", responses=refusals(401))
async def rooms(request: Request, opener: OpenerHere) -> list[Opened]:
    """Return the rooms of whoever asks that are not over; all of them to administrators."""
    sees_all = isinstance(opener, Account) and opener.is_admin
    return await services_of(request).hub.rooms_of(None if sees_all else opener)


@router.get("/{room}", responses=refusals(401, 404, 410))
async def room(room: RoomId, request: Request, opener: OpenerHere) -> Opened:
    """Return one room."""
    _require(request, room, opener)
    return await services_of(request).hub.room(room)


@router.post("/{room}/seats", status_code=201, responses=refusals(401, 404, 410))
async def take_seat(
    room: RoomId, asked: SeatAsked, request: Request, opener: OpenerHere
) -> Joined:
    """Take a seat in a room, past the lobby."""
    _require(request, room, opener)
    hub = services_of(request).hub
    return await hub.take_seat(room, opener, asked.name, address_of(request))


@router.post("/{room}/end", status_code=204, responses=refusals(401, 404, 410))
async def end(room: RoomId, request: Request, opener: OpenerHere) -> None:
    """End a room for all who are in it; one that is over stays so."""
    _require(request, room, opener)
    who = f"{opener.holder} {opener.name}"
    await services_of(request).hub.end_room(room, who, "ended")


@router.get(
    "/{room}/qr.svg",
    responses={200: {"content": {"image/svg+xml": {}}}, **refusals(401, 404, 410)},
    response_class=Response,
)
async def qr(room: RoomId, request: Request, opener: OpenerHere) -> Response:
    """Return the code that a phone's camera reads to come to the room's lobby."""
    _require(request, room, opener)
    opened = await services_of(request).hub.room(room)
    # It has the key in it: nobody's cache keeps it.
    headers = {"Cache-Control": "no-store"}
    return Response(qr_svg(opened.link), media_type="image/svg+xml", headers=headers)


def _require(request: Request, room: str, opener: Opener) -> None:
    """See that a room is the caller's.

    Raises:
        Refused: NOT_FOUND, the same for one that is not there and one of somebody else.
    """
    if not services_of(request).hub.may_manage(room, opener):
        raise Refused(Problem.NOT_FOUND, detail="room")
