"""Handing files over, and the pictures on the board."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from base.wire import DocumentView, FileView, Id, Problem, Sha256
from rooms.model.callers import SeatCaller
from rooms.model.refusal import Refused
from rooms.services.audit import Act
from rooms.services.file_store import FileRow
from rooms.services.services import Services
from rooms.web.access import SeatCallerHere, services_of
from rooms.web.security import address_of, refusals
from rooms.web.sending import FileAnswer, Sent, body_of, declared_length, file_name

router: Final = APIRouter(prefix="/api/v1/rooms/{room}", tags=["files"])

Binary: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
Body: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": Binary}}
}
NamedBody: Final[dict[str, Any]] = Body | {
    "parameters": [
        {
            "name": "X-File-Name",
            "in": "header",
            "required": False,
            "description": "What the file is called: UTF-8, percent-encoded.",
            "schema": {"type": "string", "maxLength": 4000},
        }
    ]
}
Download: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "All of it.", "content": {"application/octet-stream": Binary}},
    206: {
        "description": "The range asked for.",
        "content": {"application/octet-stream": Binary},
    },
    416: {"description": "There is no such range."},
}


async def seat_here(room: Annotated[Id, Path()], caller: SeatCallerHere) -> SeatCaller:
    """Return who asks, when the room of the path is theirs.

    Raises:
        Refused: NOT_FOUND: of other rooms nothing is said, not even that they are.
    """
    if caller.room != room:
        raise Refused(Problem.NOT_FOUND, detail=f"another room than {caller.room}")
    return caller


SeatHere = Annotated[SeatCaller, Depends(seat_here)]
ServicesHere = Annotated[Services, Depends(services_of)]
FileId = Annotated[Id, Path(description="Of the file.")]
AssetId = Annotated[Sha256, Path(description="SHA-256 of the picture's bytes.")]


def name_in_log(caller: SeatCaller) -> str:
    """Return how the audit log refers to somebody in a room."""
    return f"{caller.role.value}:{caller.seat} {caller.name}".rstrip()


@router.post(
    "/files",
    status_code=201,
    responses=refusals(401, 404, 410, 415, 507),
    openapi_extra=NamedBody,
)
async def hand_over(request: Request, caller: SeatHere, services: ServicesHere) -> FileView:
    """Hand a file over to everybody in the room: the body is the file."""
    view = await services.files.take(
        caller, file_name(request), declared_length(request), body_of(request)
    )
    await _note(services, request, caller, Act.FILE_HANDED_OVER, view)
    await services.hub.files_changed(caller.room)
    return view


@router.get("/files/{file}", responses=Download | refusals(401, 404), response_class=Response)
async def fetch(
    file: FileId, request: Request, caller: SeatHere, services: ServicesHere
) -> Response:
    """Fetch a file, byte for byte as it came; one range of it where one is asked for."""
    row, path = await services.files.find(caller, file)
    if "range" not in request.headers:
        await _note(services, request, caller, Act.FILE_FETCHED, row)
    return FileAnswer(Sent(path, row.name, row.media_type, row.sha256), request.headers)


@router.delete("/files/{file}", status_code=204, responses=refusals(401, 404))
async def remove(
    file: FileId, request: Request, caller: SeatHere, services: ServicesHere
) -> None:
    """Take a file back: one's own, or any for staff and kiosk."""
    row = await services.files.drop(caller, file)
    await _note(services, request, caller, Act.FILE_REMOVED, row)
    await services.hub.files_changed(caller.room)


@router.post(
    "/files/{file}/document",
    status_code=201,
    responses=refusals(401, 404, 410, 415, 507),
    tags=["documents"],
)
async def make_document(
    file: FileId, request: Request, caller: SeatHere, services: ServicesHere
) -> DocumentView:
    """Make a document for the board of a PDF or picture that was handed over. Staff, kiosk.

    A picture becomes one upright page without what the camera wrote into it.
    """
    row, path = await services.files.find(caller, file)
    view = await services.documents.take_file(caller, row, path)
    await services.audit.note(
        name_in_log(caller),
        Act.DOCUMENT_SHARED,
        room_id=caller.room,
        about=view.id,
        address=address_of(request),
    )
    await services.hub.documents_changed(caller.room)
    return view


@router.put(
    "/assets/{sha256}",
    status_code=204,
    responses=refusals(401, 404, 410, 415, 507),
    openapi_extra=Body,
)
async def put_asset(
    sha256: AssetId, request: Request, caller: SeatHere, services: ServicesHere
) -> None:
    """Put a picture on the service for the board to show; the body has to be that picture."""
    await services.assets.take(caller, sha256, declared_length(request), body_of(request))


@router.get(
    "/assets/{sha256}", responses=Download | refusals(401, 404), response_class=Response
)
async def fetch_asset(
    sha256: AssetId, request: Request, caller: SeatHere, services: ServicesHere
) -> Response:
    """Fetch a picture of the board."""
    row, path = await services.assets.find(caller, sha256)
    name = f"picture.{row.media_type.rpartition('/')[2]}"
    return FileAnswer(Sent(path, name, row.media_type, sha256), request.headers)


async def _note(
    services: Services, request: Request, caller: SeatCaller, act: Act, file: FileRow | FileView
) -> None:
    # Not its name, which tells of people and would outlive the room in the log.
    await services.audit.note(
        name_in_log(caller),
        act,
        room_id=caller.room,
        about=f"{file.id} {file.media_type} {file.size}",
        address=address_of(request),
    )
