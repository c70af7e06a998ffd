"""Rooms that are over and were kept: for the display whose they were, and for the console.

Whoever asks is known by the token of a display or by the session of the staff; a room that is
somebody else's is answered like one that never was.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from base.wire import KeptContents, KeptRoom, Seconds
from rooms.model.callers import Opener
from rooms.model.file_names import safe_name
from rooms.services.audit import Act
from rooms.services.kept_rooms import Part, name_in_log
from rooms.services.services import Services
from rooms.web.access import OpenerHere
from rooms.web.routes_documents import PICTURE, STATE_HEADER, DocumentId, Sheet, Width
from rooms.web.routes_files import AssetId, Binary, Download, FileId, ServicesHere
from rooms.web.routes_rooms import RoomId
from rooms.web.security import address_of, refusals
from rooms.web.sending import (
    GONE,
    NEVER_KEPT,
    FileAnswer,
    Sent,
    attachment,
    unless_gone,
)

router: Final = APIRouter(prefix="/api/v1/kept", tags=["kept rooms"])

Before = Annotated[Seconds | None, Query(description="Rooms that ended before: s since 1970.")]

_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "UTF-8.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
_UPDATE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One Yjs update: docs/reference/board-file.md has the layout.",
        "content": {"application/octet-stream": Binary},
    }
}


@router.get("", responses=refusals(401))
async def rooms(
    services: ServicesHere, opener: OpenerHere, before: Before = None
) -> list[KeptRoom]:
    """Return kept rooms of whoever asks, newest first, 50 at most; administrators see all."""
    return await services.kept.listed(opener, before)


@router.get("/{room}", responses=refusals(401, 404))
async def room(
    room: RoomId, request: Request, services: ServicesHere, opener: OpenerHere
) -> KeptContents:
    """Return what there is of a kept room."""
    contents = await services.kept.contents(opener, room)
    await services.kept.note_read(opener, room, Part.ALL, address_of(request))
    return contents


@router.delete("/{room}", status_code=204, responses=refusals(401, 404))
async def delete(
    room: RoomId, request: Request, services: ServicesHere, opener: OpenerHere
) -> None:
    """Delete a kept room for good: board, memo, notes, files."""
    await services.kept.delete(opener, room, address_of(request))


@router.get("/{room}/board", responses=_UPDATE | refusals(401, 404), response_class=Response)
async def board(
    room: RoomId, request: Request, services: ServicesHere, opener: OpenerHere
) -> Response:
    """Fetch the board, with the shared memo in it."""
    texts = await services.kept.texts(opener, room)
    await services.kept.note_read(opener, room, Part.BOARD, address_of(request))
    headers = {"Cache-Control": NEVER_KEPT}
    return Response(texts.board.state, media_type="application/octet-stream", headers=headers)


@router.get("/{room}/memo.txt", responses=_TEXT | refusals(401, 404), response_class=Response)
async def memo(
    room: RoomId, request: Request, services: ServicesHere, opener: OpenerHere
) -> Response:
    """Fetch the shared memo."""
    return await send_text(request, services, opener, room, Part.MEMO)


@router.get("/{room}/notes.txt", responses=_TEXT | refusals(401, 404), response_class=Response)
async def notes(
    room: RoomId, request: Request, services: ServicesHere, opener: OpenerHere
) -> Response:
    """Fetch the notes of the staff."""
    return await send_text(request, services, opener, room, Part.NOTES)


@router.get(
    "/{room}/files/{file}", responses=Download | refusals(401, 404), response_class=Response
)
async def file(
    room: RoomId, file: FileId, request: Request, services: ServicesHere, opener: OpenerHere
) -> Response:
    """Fetch a file that was handed over."""
    return await send_file(request, services, opener, room, file)


@router.get(
    "/{room}/assets/{sha256}", responses=Download | refusals(401, 404), response_class=Response
)
async def asset(
    room: RoomId, sha256: AssetId, request: Request, services: ServicesHere, opener: OpenerHere
) -> Response:
    """Fetch a picture that lies on the board."""
    reader = await services.kept.reader(opener, room)
    row, path = await services.assets.find(reader, sha256)
    name = f"picture.{row.media_type.rpartition('/')[2]}"
    return FileAnswer(Sent(path, name, row.media_type, sha256), request.headers)


@router.get(
    "/{room}/documents/{sha256}",
    responses=Download | refusals(401, 404),
    response_class=Response,
)
async def document(
    room: RoomId,
    sha256: DocumentId,
    request: Request,
    services: ServicesHere,
    opener: OpenerHere,
) -> Response:
    """Fetch the PDF under pages of the board."""
    return await send_document(request, services, opener, room, sha256)


@router.get(
    "/{room}/documents/{sha256}/{sheet}/{width}.webp",
    responses=PICTURE | refusals(401, 404),
    response_class=Response,
)
async def picture(
    room: RoomId,
    sha256: DocumentId,
    sheet: Sheet,
    width: Width,
    request: Request,
    services: ServicesHere,
    opener: OpenerHere,
) -> Response:
    """Fetch a picture of a page of a document."""
    reader = await services.kept.reader(opener, room)
    made = await unless_gone(
        request, services.documents.page(reader, sha256, sheet, int(width))
    )
    if made is None:
        return Response(status_code=GONE)
    state = "shown" if made.is_readable else "unreadable"
    headers = {STATE_HEADER: state, "Cache-Control": NEVER_KEPT}
    return Response(made.data, media_type="image/webp", headers=headers)


async def send_text(
    request: Request, services: Services, opener: Opener, room: str, part: Part
) -> Response:
    """Return memo or notes, to be saved as a text file.

    Raises:
        Refused: NOT_FOUND.
    """
    about = await services.kept.find(opener, room)
    texts = await services.kept.texts(opener, room)
    await services.kept.note_read(opener, room, part, address_of(request))
    name = safe_name(f"{about.title} {part.value}.txt".strip(), (".txt",))
    headers = {"Content-Disposition": attachment(name), "Cache-Control": NEVER_KEPT}
    text = texts.board.memo if part is Part.MEMO else texts.notes
    return Response(text.encode(), media_type="text/plain", headers=headers)


async def send_file(
    request: Request, services: Services, opener: Opener, room: str, file: str
) -> Response:
    """Return a file, byte for byte as it came.

    Raises:
        Refused: NOT_FOUND.
    """
    reader = await services.kept.reader(opener, room)
    row, path = await services.files.find(reader, file)
    about = f"{row.id} {row.media_type} {row.size}"
    await _note_fetched(request, services, opener, room, about)
    return FileAnswer(Sent(path, row.name, row.media_type, row.sha256), request.headers)


async def send_document(
    request: Request, services: Services, opener: Opener, room: str, sha256: str
) -> Response:
    """Return the PDF of a document.

    Raises:
        Refused: NOT_FOUND.
    """
    reader = await services.kept.reader(opener, room)
    row, path = await services.documents.original(reader, sha256)
    await _note_fetched(request, services, opener, room, sha256)
    return FileAnswer(Sent(path, row.name, "application/pdf", sha256), request.headers)


async def _note_fetched(
    request: Request, services: Services, opener: Opener, room: str, about: str
) -> None:
    # Once, and not for each range of it.
    if "range" not in request.headers:
        who, address = name_in_log(opener), address_of(request)
        await services.audit.note(who, Act.FILE_FETCHED, room, about, address)
