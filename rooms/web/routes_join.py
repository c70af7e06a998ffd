"""A guest types the key."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request

from base.wire import JoinAsked, Joined
from rooms.web.access import services_of
from rooms.web.security import address_of, refusals

router: Final = APIRouter(prefix="/api/v1", tags=["guests"])


@router.post("/join", status_code=201, responses=refusals(404, 410, 423, 425))
async def join(asked: JoinAsked, request: Request) -> Joined:
    """Knock with a key: the answer is a seat in the lobby, and the token that takes it up."""
    return await services_of(request).hub.join(asked, address_of(request))
