"""How a display asks to be let in; see `rooms.services.pairing`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request

from base.wire import PairingAsked, PairingOffered, PairingState, Problem
from rooms.model.refusal import Refused
from rooms.web.access import bearer, services_of
from rooms.web.security import address_of, refusals

router: Final = APIRouter(prefix="/api/v1/pairings", tags=["displays"])


@router.post("", status_code=201, responses=refusals())
async def ask(asked: PairingAsked, request: Request) -> PairingOffered:
    """Ask to be let in: show the code, keep the secret, and ask again with it."""
    return await services_of(request).pairings.ask(asked.name, address_of(request))


@router.get("", responses=refusals(401))
async def state(request: Request) -> PairingState:
    """Say whether an administrator agreed; the secret comes as `Authorization: Bearer`.

    With `confirmed` comes the display's token, once.
    """
    secret = bearer(request)
    if secret is None:
        raise Refused(Problem.NOT_SIGNED_IN, detail="pairing secret")
    return await services_of(request).pairings.state(secret)
