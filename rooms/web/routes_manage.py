"""The console of administrators: staff, displays, and who did what."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from base.wire import MAX_NAME, Problem
from rooms.model.callers import Account
from rooms.model.pairing_code import format_code
from rooms.model.refusal import Refused
from rooms.services.accounts import AccountError
from rooms.web.access import services_of
from rooms.web.console import (
    ConsoleRoute,
    FormHere,
    Managing,
    fault_of,
    go,
    page,
    wait_of,
)
from rooms.web.security import address_of

PEOPLE: Final = "/staff/people"
DISPLAYS: Final = "/staff/displays"
LOG: Final = "/staff/log"
ENTRIES: Final = 100
"""Of the audit log on one page."""

router: Final = APIRouter(include_in_schema=False, route_class=ConsoleRoute)


# Staff ------------------------------------------------------------------------------------


@router.get(PEOPLE)
async def people_page(request: Request, account: Managing) -> Response:
    """Show all members of staff."""
    return await _people_page(request, account, {})


@router.post(PEOPLE)
async def add_person(request: Request, account: Managing, form: FormHere) -> Response:
    """Make an account, and show its first password once."""
    login, name = form.get("login", ""), form.get("name", "")
    try:
        made, password = await services_of(request).accounts.create(
            account, login, name, address_of(request), is_admin=bool(form.get("admin"))
        )
    except AccountError as error:
        values: dict[str, object] = {"fault": fault_of(error), "form": form}
        return await _people_page(request, account, values, status=400)
    return await _people_page(request, account, {"given": password, "given_to": made})


@router.post(PEOPLE + "/{account_id}/{act}")
async def change_person(
    request: Request, account_id: str, act: str, account: Managing
) -> Response:
    """Switch an account off or on, make it an administrator's, or reset what was lost."""
    accounts, address = services_of(request).accounts, address_of(request)
    try:
        match act:
            case "disable" | "enable":
                await accounts.set_disabled(account, account_id, act == "disable", address)
            case "admin" | "staff":
                await accounts.set_admin(account, account_id, act == "admin", address)
            case "totp":
                await accounts.reset_totp(account, account_id, address)
            case "password":
                return await _reset_password(request, account, account_id)
            case _:
                raise Refused(Problem.NOT_FOUND, detail="act")
    except AccountError as error:
        return await _people_page(request, account, {"fault": fault_of(error)}, status=409)
    return go(PEOPLE, said="changed")


async def _reset_password(request: Request, by: Account, account_id: str) -> Response:
    accounts = services_of(request).accounts
    password = await accounts.reset_password(by, account_id, address_of(request))
    whose = [one.account for one in await accounts.staff() if one.account.id == account_id]
    return await _people_page(request, by, {"given": password, "given_to": whose[0]})


async def _people_page(
    request: Request, account: Account, values: dict[str, object], *, status: int = 200
) -> Response:
    shown: dict[str, object] = {
        "staff": await services_of(request).accounts.staff(),
        "form": {},
        "given": "",
        "given_to": None,
        "max_name": MAX_NAME,
    }
    return await page(request, "console_people.html", account, shown | values, status=status)


# Displays ---------------------------------------------------------------------------------


@router.get(DISPLAYS)
async def displays_page(request: Request, account: Managing) -> Response:
    """Show all displays, and ask for the code of a new one."""
    return await _displays_page(request, account, {})


@router.post(DISPLAYS)
async def look_up_display(request: Request, account: Managing, form: FormHere) -> Response:
    """Show whose code it is, before anything is decided."""
    code = form.get("code", "")
    try:
        asking = await services_of(request).pairings.look_up(account, code)
    except Refused as refused:
        return await _displays_fault(request, account, refused, code)
    shown = {"asking": asking, "code": format_code(asking.code)}
    return await page(request, "console_display.html", account, shown)


@router.post(DISPLAYS + "/decide")
async def decide_display(request: Request, account: Managing, form: FormHere) -> Response:
    """Let a display in, or turn it away."""
    code, yes = form.get("code", ""), form.get("answer") == "yes"
    try:
        await services_of(request).pairings.decide(account, code, yes, address_of(request))
    except Refused as refused:
        return await _displays_fault(request, account, refused, "")
    return go(DISPLAYS, said="display_paired" if yes else "display_refused")


@router.post(DISPLAYS + "/{kiosk_id}/revoke")
async def revoke_display(request: Request, kiosk_id: str, account: Managing) -> Response:
    """Turn a display away that was let in."""
    await services_of(request).pairings.revoke(account, kiosk_id, address_of(request))
    return go(DISPLAYS, said="display_revoked")


async def _displays_fault(
    request: Request, account: Account, refused: Refused, code: str
) -> Response:
    if refused.problem not in {Problem.NOT_FOUND, Problem.TOO_MANY}:
        raise refused
    fault = "code_unknown" if refused.problem is Problem.NOT_FOUND else fault_of(refused)
    values: dict[str, object] = {"fault": fault, "wait_s": wait_of(refused), "code": code}
    status = 429 if refused.problem is Problem.TOO_MANY else 404
    return await _displays_page(request, account, values, status=status)


async def _displays_page(
    request: Request, account: Account, values: dict[str, object], *, status: int = 200
) -> Response:
    displays = await services_of(request).pairings.displays()
    shown: dict[str, object] = {"displays": displays, "code": ""} | values
    return await page(request, "console_displays.html", account, shown, status=status)


# Who did what -----------------------------------------------------------------------------


@router.get(LOG)
async def log_page(request: Request, account: Managing) -> Response:
    """Show the audit log, newest first."""
    before = request.query_params.get("before", "")
    before_n = int(before) if before.isdecimal() and len(before) < 16 else None
    entries = await services_of(request).audit.read(ENTRIES, before_n)
    older = entries[-1].n if len(entries) == ENTRIES else None
    values = {"entries": entries, "older": older, "first": before_n is None}
    return await page(request, "console_log.html", account, values)
