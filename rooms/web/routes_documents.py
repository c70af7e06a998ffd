"""Documents under pages of the board, and the pictures of their pages."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from base.wire import DocumentView, Sha256, SheetSizes
from rooms.services.audit import Act
from rooms.web.routes_files import (
    Binary,
    Download,
    NamedBody,
    SeatHere,
    ServicesHere,
    name_in_log,
)
from rooms.web.security import address_of, refusals
from rooms.web.sending import (
    GONE,
    NEVER_KEPT,
    FileAnswer,
    Sent,
    body_of,
    declared_length,
    file_name,
    unless_gone,
)

router: Final = APIRouter(prefix="/api/v1/rooms/{room}/documents", tags=["documents"])

STATE_HEADER: Final = "X-Kokuban-Page"
"""Of a picture: "shown", or "unreadable" when it only says that there is none."""

DocumentId = Annotated[Sha256, Path(description="SHA-256 of the PDF.")]
Sheet = Annotated[int, Path(ge=0, lt=5000, description="Which page, from 0.")]
Width = Annotated[Literal["640", "1280", "2560"], Path(description="Of the picture, px.")]
Shown = Annotated[int, Query(ge=0, lt=5000, description="The page that is shown first.")]

PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture; of a page that cannot be read, one that says so.",
        "content": {"image/webp": Binary},
        "headers": {
            STATE_HEADER: {"schema": {"type": "string", "enum": ["shown", "unreadable"]}}
        },
    }
}


@router.post(
    "",
    status_code=201,
    responses=refusals(401, 404, 410, 415, 507),
    openapi_extra=NamedBody,
)
async def share(
    request: Request, caller: SeatHere, services: ServicesHere, page: Shown = 0
) -> DocumentView:
    """Share a PDF, or a picture as a page: the body is the file. Staff and kiosk.

    It is answered before its pages are made; a message to the room tells how many it has.
    """
    view = await services.documents.take(
        caller, file_name(request), declared_length(request), body_of(request), page
    )
    await services.audit.note(
        name_in_log(caller),
        Act.DOCUMENT_SHARED,
        room_id=caller.room,
        about=view.id,
        address=address_of(request),
    )
    await services.hub.documents_changed(caller.room)
    return view


@router.get("/{sha256}", responses=Download | refusals(401, 404), response_class=Response)
async def fetch(
    sha256: DocumentId, request: Request, caller: SeatHere, services: ServicesHere
) -> Response:
    """Fetch the PDF itself. Staff and kiosk; guests have the pictures."""
    row, path = await services.documents.original(caller, sha256)
    return FileAnswer(Sent(path, row.name, "application/pdf", sha256), request.headers)


@router.get("/{sha256}/sheets", responses=refusals(401, 404))
async def sheets(sha256: DocumentId, caller: SeatHere, services: ServicesHere) -> SheetSizes:
    """Say how large the pages are, for pages of the board to be made of them."""
    return SheetSizes(sizes_pt=await services.documents.sizes(caller, sha256))


@router.get(
    "/{sha256}/{sheet}/{width}.webp",
    responses=PICTURE | refusals(401, 404),
    response_class=Response,
)
async def picture(
    sha256: DocumentId,
    sheet: Sheet,
    width: Width,
    request: Request,
    caller: SeatHere,
    services: ServicesHere,
) -> Response:
    """Fetch a picture of a page; made now, before all others, where nobody made it yet."""
    made = await unless_gone(
        request, services.documents.page(caller, sha256, sheet, int(width))
    )
    if made is None:
        return Response(status_code=GONE)
    state = "shown" if made.is_readable else "unreadable"
    headers = {STATE_HEADER: state, "Cache-Control": NEVER_KEPT}
    return Response(made.data, media_type="image/webp", headers=headers)
