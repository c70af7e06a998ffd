"""The console of the staff: signing in, rooms, one's own account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from pydantic import ValidationError

from base.wire import MAX_NAME, MAX_TITLE, OpenAsked, Opened, Problem
from rooms.model.callers import Account
from rooms.model.refusal import Refused
from rooms.services.accounts import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    AccountError,
    CodeWanted,
    SignedIn,
)
from rooms.services.qr import qr_svg
from rooms.web.access import (
    clear_session,
    require_own_page,
    services_of,
    session_token,
    set_session,
    staff_session,
)
from rooms.web.console import (
    HOME,
    ME,
    SIGN_IN,
    ConsoleRoute,
    Form,
    FormHere,
    Working,
    fault_of,
    go,
    next_page,
    page,
    wait_of,
)
from rooms.web.routes_kept_pages import KEPT
from rooms.web.security import address_of

router: Final = APIRouter(include_in_schema=False, route_class=ConsoleRoute)
_MINUTE_S: Final = 60
_LENGTHS_MIN: Final = (30, 60, 90, 120, 240, 480)
"""Lengths of a room that is planned, as the form offers them."""


# Signing in -------------------------------------------------------------------------------


@router.get(SIGN_IN)
async def sign_in_page(request: Request) -> Response:
    """Ask who somebody is; who is signed in already goes on."""
    came_for = next_page(request.query_params.get("next", ""))
    try:
        await staff_session(request)
    except Refused:
        return await _sign_in_page(request, {"came_for": came_for})
    return go(came_for)


@router.post(SIGN_IN)
async def sign_in(request: Request, form: FormHere) -> Response:
    """Take login and password."""
    require_own_page(request)
    login, password = form.get("login", "")[:200], form.get("password", "")
    came_for = next_page(form.get("next", ""))
    try:
        found = await services_of(request).accounts.sign_in(
            login, password, address_of(request), session_token(request)
        )
    except Refused as refused:
        return await _sign_in_page(request, {"came_for": came_for, "login": login}, refused)
    if isinstance(found, CodeWanted):
        values = {"came_for": came_for, "half_way": found.half_way}
        return await _sign_in_page(request, values)
    return _signed_in(request, found, came_for)


@router.post(SIGN_IN + "/code")
async def sign_in_with_code(request: Request, form: FormHere) -> Response:
    """Take the six digits."""
    require_own_page(request)
    half_way = form.get("half_way", "")[:128]
    came_for = next_page(form.get("next", ""))
    try:
        found = await services_of(request).accounts.sign_in_with_code(
            half_way, form.get("code", ""), address_of(request), session_token(request)
        )
    except Refused as refused:
        # Too late, or changed in between: from the beginning.
        still = "" if refused.problem is Problem.NOT_FOUND else half_way
        values = {"came_for": came_for, "half_way": still}
        return await _sign_in_page(request, values, refused)
    return _signed_in(request, found, came_for)


@router.post("/staff/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    require_own_page(request)
    token = session_token(request)
    if token is not None:
        await services_of(request).accounts.sign_out(token)
    response = go(SIGN_IN, said="signed_out")
    clear_session(request, response)
    # What other pages of the console left in this browser goes too.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.post("/staff/awake")
async def awake(_account: Working) -> Response:
    """Keep the session of somebody who is busy in a room."""
    return Response(status_code=204)


async def _sign_in_page(
    request: Request, values: Mapping[str, object], refused: Refused | None = None
) -> Response:
    shown: dict[str, object] = {"login": "", "half_way": "", "came_for": HOME, **values}
    if refused is None:
        return await page(request, "console_sign_in.html", None, shown)
    shown |= {"fault": fault_of(refused), "wait_s": wait_of(refused)}
    status = 429 if refused.problem is Problem.SLOWED else 401
    return await page(request, "console_sign_in.html", None, shown, status=status)


def _signed_in(request: Request, found: SignedIn, came_for: str) -> Response:
    response = go(came_for)
    set_session(request, response, found.token)
    return response


# Rooms ------------------------------------------------------------------------------------


@router.get(HOME)
async def rooms_page(request: Request, account: Working) -> Response:
    """Show the rooms, and the form that opens one."""
    return await _rooms_page(request, account, {})


@router.get("/staff/list")
async def rooms_list(request: Request, account: Working) -> Response:
    """Return the list of rooms alone, for the page to put in place of its own."""
    values = {"rooms": await _rooms_shown(request, account)}
    return await page(request, "console_rooms_list.html", account, values)


@router.post("/staff/rooms")
async def open_room(request: Request, account: Working, form: FormHere) -> Response:
    """Open a room, now or for a time."""
    services = services_of(request)
    try:
        asked = _open_asked(form, services.clock.now())
    except ValueError:
        values: dict[str, object] = {"form": form, "fault": "room_malformed"}
        return await _rooms_page(request, account, values, status=400)
    opened = await services.hub.open_room(asked, account, address_of(request))
    return go(f"/staff/rooms/{opened.room}")


@router.get("/staff/rooms/{room_id}")
async def room_page(request: Request, room_id: str, account: Working) -> Response:
    """Show the key of a room, large, with link and QR code."""
    room = await _room_of(request, account, room_id)
    # Paths alone, drawn by us from our own link.
    code = Markup(qr_svg(room.link).decode())  # noqa: S704
    values = {"room": room, "qr": code, "kept_days": _kept_days(request)}
    return await page(request, "console_key.html", account, values)


@router.get("/staff/rooms/{room_id}/in")
async def in_room_page(request: Request, room_id: str, account: Working) -> Response:
    """Return the page on which staff are in a room."""
    room = await _room_of(request, account, room_id)
    if room.state == "over":
        raise Refused(Problem.ROOM_OVER, detail=room_id)
    values = {"room": room, "max_name": MAX_NAME, "kept_days": _kept_days(request)}
    return await page(request, "console_room.html", account, values)


@router.post("/staff/rooms/{room_id}/end")
async def end_room(request: Request, room_id: str, account: Working) -> Response:
    """End a room for all who are in it."""
    room = await _room_of(request, account, room_id)
    if room.state != "over":
        await services_of(request).hub.end_room(room.room, account.holder, "ended")
    if room.kept:
        return go(f"{KEPT}/{room.room}", said="room_kept")
    return go(HOME, said="room_ended")


async def _rooms_page(
    request: Request, account: Account, values: dict[str, object], *, status: int = 200
) -> Response:
    shown: dict[str, object] = {
        "rooms": await _rooms_shown(request, account),
        "form": {},
        "max_title": MAX_TITLE,
        "lengths_min": _LENGTHS_MIN,
    }
    return await page(request, "console_rooms.html", account, shown | values, status=status)


async def _rooms_shown(request: Request, account: Account) -> list[Opened]:
    # An administrator sees every room there is; that they look is in the audit log when
    # they go in.
    whose = None if account.is_admin else account
    rooms = await services_of(request).hub.rooms_of(whose)
    return [room for room in rooms if room.state != "over"]


async def _room_of(request: Request, account: Account, room_id: str) -> Opened:
    for room in await _rooms_shown(request, account):
        if room.room == room_id:
            return room
    # The same for one that is not there and one that is somebody else's.
    raise Refused(Problem.NOT_FOUND, detail="room")


def _kept_days(request: Request) -> int:
    """Return the whole days for which a room is kept, at least one."""
    return max(1, int(services_of(request).settings.kept_days))


def _open_asked(form: Form, now: datetime) -> OpenAsked:
    """Return what a form asks for.

    Raises:
        ValueError: it cannot be read, or lies in the past.
    """
    values: dict[str, object] = {
        "title": " ".join(form.get("title", "").split()),
        "consent": "ask" if form.get("consent") else "none",
        "guest_pens": bool(form.get("guest_pens")),
        "guest_files": bool(form.get("guest_files")),
    }
    if form.get("when") == "later":
        # A browser's own field for a moment names no zone: the service's is meant.
        opens = datetime.fromisoformat(form.get("opens", ""))
        if opens.tzinfo is None:
            opens = opens.replace(tzinfo=now.tzinfo)
        in_s = (opens - now).total_seconds()
        # The minute that is under way counts as now.
        if in_s < -_MINUTE_S:
            raise ValueError("a moment that is over")
        values["opens_in_s"] = max(0.0, in_s)
        values["open_for_s"] = int(form.get("length_min", "")) * _MINUTE_S
    try:
        return OpenAsked.model_validate(values)
    except ValidationError as error:
        raise ValueError("fields") from error


# One's own account ------------------------------------------------------------------------


@router.get(ME)
async def me_page(request: Request) -> Response:
    """Show what one can change about oneself."""
    return await _me_page(request, {})


@router.post(ME + "/password")
async def change_password(request: Request, form: FormHere) -> Response:
    """Change one's password."""
    session = await staff_session(request)
    if form.get("new", "") != form.get("again", ""):
        return await _me_page(request, {"fault": "not_the_same"}, status=400)
    try:
        found = await services_of(request).accounts.change_password(
            session.account, form.get("old", ""), form.get("new", ""), address_of(request)
        )
    except (AccountError, Refused) as error:
        return await _me_fault(request, error)
    response = go(ME, said="password_changed")
    set_session(request, response, found.token)
    return response


@router.post(ME + "/totp")
async def switch_totp(request: Request, account: Working, form: FormHere) -> Response:
    """Switch the second step on or off."""
    accounts, address = services_of(request).accounts, address_of(request)
    password = form.get("password", "")
    try:
        if form.get("on"):
            await accounts.confirm_totp(account, password, form.get("code", ""), address)
        else:
            await accounts.remove_totp(account, password, address)
    except (AccountError, Refused) as error:
        return await _me_fault(request, error)
    return go(ME, said="totp_on" if form.get("on") else "totp_off")


@router.post(ME + "/sign-out-everywhere")
async def sign_out_everywhere(request: Request, account: Working) -> Response:
    """End all sessions."""
    await services_of(request).accounts.sign_out_everywhere(account, address_of(request))
    response = go(SIGN_IN, said="signed_out")
    clear_session(request, response)
    return response


async def _me_fault(request: Request, error: AccountError | Refused) -> Response:
    values: dict[str, object] = {"fault": fault_of(error), "wait_s": wait_of(error)}
    return await _me_page(request, values, status=429 if wait_of(error) else 400)


async def _me_page(
    request: Request, values: dict[str, object], *, status: int = 200
) -> Response:
    session = await staff_session(request)
    accounts = services_of(request).accounts
    has_totp = await accounts.has_totp(session.account)
    shown: dict[str, object] = {
        "must_change": session.must_change,
        "has_totp": has_totp,
        "shortest": SHORTEST_PASSWORD,
        "longest": LONGEST_PASSWORD,
        "offer": None,
        "qr": "",
    }
    if not has_totp and not session.must_change:
        offer = accounts.offer_totp(session.account)
        shown |= {"offer": offer, "qr": Markup(qr_svg(offer.uri).decode())}  # noqa: S704
    return await page(
        request, "console_me.html", session.account, shown | values, status=status
    )
