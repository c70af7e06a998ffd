"""What a guest's browser loads: the one page, and the files that it is made of."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from fastapi import APIRouter, Request, Response

from base.wire import MAX_NAME, Problem
from rooms.model.refusal import Refused
from rooms.web.pages import render_page
from rooms.web.static_files import PREFIX, StaticFile, static_files

router: Final = APIRouter(include_in_schema=False)
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class _Settings(Protocol):
    """What of the settings the page shows."""

    @property
    def organisation(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def source_url(self) -> str: ...


@router.get("/")
@router.get("/r")
async def guest_page(request: Request) -> Response:
    """Return the page for guests; the key of a link stays in the browser."""
    settings: _Settings = request.app.state.services.settings
    values = {
        "organisation": settings.organisation,
        "source_url": settings.source_url,
        "phone": settings.phone,
        "max_name": MAX_NAME,
    }
    # The first page of all reads templates, catalogues and modules from the disk.
    return await asyncio.to_thread(render_page, request, "guest.html", values)


@router.get(PREFIX + "/{version}/{path:path}")
async def static_file(request: Request, version: str, path: str) -> Response:
    """Return a file of a page.

    A version that is no longer there comes from a page that was open while the service was
    replaced: it gets what there is now, and keeps nothing of it.
    """
    files = await asyncio.to_thread(static_files)
    file = files.get(path)
    if file is None:
        raise Refused(Problem.NOT_FOUND, detail=path[:100])
    tag = f'"{files.version}"'
    headers = {
        "Cache-Control": _FOR_EVER if version == files.version else "no-cache",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return _answer(file, request.headers.get("accept-encoding", ""), headers)


def _answer(file: StaticFile, accepted: str, headers: dict[str, str]) -> Response:
    body = file.plain
    if file.packed is not None and "gzip" in accepted.lower():
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=file.media_type, headers=headers)
