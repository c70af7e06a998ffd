"""The console's pages of rooms that are over and were kept."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from base.wire import Seconds
from rooms.services.kept_rooms import LISTED, Part
from rooms.web.console import ConsoleRoute, Working, go, page
from rooms.web.routes_documents import DocumentId
from rooms.web.routes_files import FileId, ServicesHere
from rooms.web.routes_kept import send_document, send_file, send_text
from rooms.web.routes_rooms import RoomId
from rooms.web.security import address_of

KEPT: Final = "/staff/kept"

router: Final = APIRouter(include_in_schema=False, route_class=ConsoleRoute, prefix=KEPT)


@router.get("")
async def rooms_page(
    request: Request,
    account: Working,
    services: ServicesHere,
    before: Annotated[Seconds | None, Query()] = None,
) -> Response:
    """Show the kept rooms, the newest first."""
    rooms = await services.kept.listed(account, before)
    values = {
        "rooms": rooms,
        "kept_days": max(1, int(services.settings.kept_days)),
        "older": rooms[-1].ended_at if len(rooms) == LISTED else None,
        "first": before is None,
    }
    return await page(request, "console_kept_list.html", account, values)


@router.get("/{room}")
async def room_page(
    room: RoomId, request: Request, account: Working, services: ServicesHere
) -> Response:
    """Show a kept room: board, memo, notes, files."""
    contents = await services.kept.contents(account, room)
    texts = await services.kept.texts(account, room)
    await services.kept.note_read(account, room, Part.ALL, address_of(request))
    values = {"kept": contents, "memo": texts.board.memo, "notes": texts.notes}
    return await page(request, "console_kept.html", account, values)


@router.get("/{room}/memo")
async def memo(
    room: RoomId, request: Request, account: Working, services: ServicesHere
) -> Response:
    """Save the shared memo."""
    return await send_text(request, services, account, room, Part.MEMO)


@router.get("/{room}/notes")
async def notes(
    room: RoomId, request: Request, account: Working, services: ServicesHere
) -> Response:
    """Save the notes of the staff."""
    return await send_text(request, services, account, room, Part.NOTES)


@router.get("/{room}/files/{file}")
async def file(
    room: RoomId, file: FileId, request: Request, account: Working, services: ServicesHere
) -> Response:
    """Save a file."""
    return await send_file(request, services, account, room, file)


@router.get("/{room}/documents/{sha256}")
async def document(
    room: RoomId,
    sha256: DocumentId,
    request: Request,
    account: Working,
    services: ServicesHere,
) -> Response:
    """Save the PDF of a document."""
    return await send_document(request, services, account, room, sha256)


@router.post("/{room}/delete")
async def delete(
    room: RoomId, request: Request, account: Working, services: ServicesHere
) -> Response:
    """Delete a kept room for good."""
    await services.kept.delete(account, room, address_of(request))
    return go(KEPT, said="kept_deleted")
