"""Who asks: the dependencies that routes name, and nothing gets past them unasked.

Three ways to be known: a member of staff by the session cookie, a display by its token, and
anybody in a room by the token of their seat. Tokens come as `Authorization: Bearer`, which
no foreign page can make a browser send; the cookie comes by itself, so what changes anything
with it has to come from a page of ours (`security.foreign_sender`), and has to prove it.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request, Response

from base.wire import Problem
from rooms.model.callers import Account, KioskCaller, Opener, SeatCaller
from rooms.model.refusal import Refused
from rooms.services.accounts import SESSION_LONGEST_S, StaffSession
from rooms.services.services import Services
from rooms.web.security import is_https

POLL_HEADER: Final = "x-kokuban-poll"
"""Sent by a page that asks again by itself; it keeps no session alive."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{20,128})", re.IGNORECASE)


def services_of(request: Request) -> Services:
    """Return what the composition root built."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError(f"app.state.services is a {type(services).__name__}")
    return services


def bearer(request: Request) -> str | None:
    """Return the token of the Authorization header; None without one, or a malformed one."""
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return None if found is None else found.group(1)


async def seat_caller(request: Request) -> SeatCaller:
    """Return whose seat's token came with the request, in the lobby or past it.

    Raises:
        Refused: NOT_SIGNED_IN without a token of a seat.
    """
    token = bearer(request)
    caller = None if token is None else await services_of(request).hub.seat_of(token)
    if caller is None:
        raise Refused(Problem.NOT_SIGNED_IN, detail="seat")
    return caller


async def kiosk(request: Request) -> KioskCaller:
    """Return the display whose token came with the request.

    Raises:
        Refused: NOT_SIGNED_IN without a token of a display, or with one turned away.
    """
    token = bearer(request)
    caller = None if token is None else await services_of(request).pairings.caller_of(token)
    if caller is None:
        raise Refused(Problem.NOT_SIGNED_IN, detail="display")
    return caller


async def staff(request: Request) -> Account:
    """Return the member of staff who is signed in.

    Raises:
        Refused: NOT_SIGNED_IN; NOT_ALLOWED while a password from an administrator has to
            be changed; FOREIGN_ORIGIN when the request would change something and does not
            come from a page of ours.
    """
    session = await staff_session(request)
    if session.must_change:
        raise Refused(Problem.NOT_ALLOWED, detail="password has to be changed")
    return session.account


async def staff_session(request: Request) -> StaffSession:
    """Return who is signed in, even with a password that has to be changed first.

    Raises:
        Refused: NOT_SIGNED_IN; FOREIGN_ORIGIN as for `staff`.
    """
    token = session_token(request)
    if token is None:
        raise Refused(Problem.NOT_SIGNED_IN, detail="staff")
    require_own_page(request)
    awake = POLL_HEADER not in request.headers
    session = await services_of(request).accounts.session_of(token, awake=awake)
    if session is None:
        raise Refused(Problem.NOT_SIGNED_IN, detail="session")
    return session


async def admin(request: Request) -> Account:
    """Return the administrator who is signed in.

    Raises:
        Refused: NOT_ALLOWED for other staff, and as for `staff`.
    """
    account = await staff(request)
    if not account.is_admin:
        raise Refused(Problem.NOT_ALLOWED, detail="administrators alone")
    return account


async def opener(request: Request) -> Opener:
    """Return who may open rooms: a display by its token, or staff by the cookie.

    Raises:
        Refused: as for `kiosk` with an Authorization header, as for `staff` without.
    """
    if "authorization" in request.headers:
        return await kiosk(request)
    return await staff(request)


SeatCallerHere: TypeAlias = Annotated[SeatCaller, Depends(seat_caller)]
KioskHere: TypeAlias = Annotated[KioskCaller, Depends(kiosk)]
StaffHere: TypeAlias = Annotated[Account, Depends(staff)]
AdminHere: TypeAlias = Annotated[Account, Depends(admin)]
OpenerHere: TypeAlias = Annotated[Opener, Depends(opener)]


def session_token(request: Request) -> str | None:
    """Return the session's token from the cookie, unchecked."""
    token = request.cookies.get(_cookie_name(request), "")
    return token if 20 <= len(token) <= 128 else None


def set_session(request: Request, response: Response, token: str) -> None:
    """Let the browser keep a session: no script reads it, no other site sends it."""
    response.set_cookie(
        _cookie_name(request),
        token,
        max_age=int(SESSION_LONGEST_S),
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite="strict",
    )


def clear_session(request: Request, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        _cookie_name(request),
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite="strict",
    )


def require_own_page(request: Request) -> None:
    """Refuse a change that does not prove that it comes from a page of ours.

    That it names no foreign page, `security.OwnPagesOnly` has seen to; with the cookie it
    has to name ours, in one of the two headers that a page cannot forge.
    """
    if request.method in _SAFE_METHODS:
        return
    own_site = request.headers.get("sec-fetch-site") == "same-origin"
    if not own_site and request.headers.get("origin", "null") == "null":
        raise Refused(Problem.FOREIGN_ORIGIN, detail="neither Origin nor Sec-Fetch-Site")


def _cookie_name(request: Request) -> str:
    # "__Host-": not from another host of the domain, not over http, for all paths alike.
    # Browsers take it over TLS alone, so on a loopback address the plain name has to do.
    return "__Host-kokuban" if _secure(request) else "kokuban"


def _secure(request: Request) -> bool:
    return is_https(services_of(request).settings.public_url)
