"""What all pages of the console share: forms in, pages out, refusals in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from base.wire import Problem
from rooms.model.callers import Account
from rooms.model.refusal import Refused
from rooms.services.accounts import AccountError
from rooms.web.access import services_of, session_token, staff_session
from rooms.web.pages import render_page
from rooms.web.security import STATUS

HOME: Final = "/staff"
SIGN_IN: Final = "/staff/sign-in"
ME: Final = "/staff/me"
MOST_FIELDS: Final = 40
_PAGE: Final = re.compile(r"/staff(/[A-Za-z0-9_-]{1,64}){0,4}")

Form: TypeAlias = dict[str, str]


class MustChangePassword(Exception):  # noqa: N818  (a way to go, not a fault)
    """Who is signed in has a password that an administrator knows."""


class ConsoleRoute(APIRoute):
    """A route whose refusals are pages: sign in first, change the password first, or why."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers the route."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except MustChangePassword:
                return go(ME)
            except Refused as refused:
                if refused.problem is Problem.NOT_SIGNED_IN:
                    return _to_sign_in(request)
                return await refused_page(request, refused)

        return handle


async def working(request: Request) -> Account:
    """Return who is signed in and may work: the dependency of the console's pages.

    Raises:
        Refused: as for `access.staff`.
        MustChangePassword: that comes first.
    """
    session = await staff_session(request)
    if session.must_change:
        raise MustChangePassword
    return session.account


async def managing(request: Request) -> Account:
    """Return the administrator who is signed in and may work.

    Raises:
        Refused: NOT_ALLOWED for other staff, and as for `working`.
        MustChangePassword: that comes first.
    """
    account = await working(request)
    if not account.is_admin:
        raise Refused(Problem.NOT_ALLOWED, detail="administrators alone")
    return account


Working: TypeAlias = Annotated[Account, Depends(working)]
Managing: TypeAlias = Annotated[Account, Depends(managing)]


async def read_form(request: Request) -> Form:
    """Return the fields of a form, each once.

    Raises:
        Refused: WRONG_TYPE for anything but a form, MALFORMED for one that cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(Problem.WRONG_TYPE, detail="a form is wanted")
    try:
        text = (await request.body()).decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Refused(Problem.MALFORMED, detail="form") from error


FormHere: TypeAlias = Annotated[Form, Depends(read_form)]


async def page(
    request: Request,
    template: str,
    account: Account | None,
    values: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Return a page of the console.

    Args:
        request: Its language and nonce are used.
        template: "console_*.html".
        account: Who is signed in, if anybody is.
        values: What the template asks for beside them.
        status: Of HTTP.
    """
    settings = services_of(request).settings
    shared = {
        "account": account,
        "organisation": settings.organisation,
        "source_url": settings.source_url,
        "phone": settings.phone,
        "path": request.url.path,
        "said": request.query_params.get("said", "")[:40],
        "fault": "",
        "wait_s": 0,
        "local": _local,
        "size": _size,
    }
    response = render_page(request, template, shared | dict(values or {}), status=status)
    # Not "no-referrer": with it a form says "Origin: null", and a browser that sends no
    # Sec-Fetch-Site could not show that the form is ours. Other sites get neither.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


async def refused_page(request: Request, refused: Refused) -> Response:
    """Return the page that says in words why something does not happen."""
    # One who is not signed in has no name in the head of the page, and no menu.
    token = session_token(request)
    session = None
    if token is not None:
        session = await services_of(request).accounts.session_of(token, awake=False)
    values = {"problem": refused.problem.value, "wait_s": wait_of(refused)}
    account = None if session is None else session.account
    status = STATUS[refused.problem]
    return await page(request, "console_refused.html", account, values, status=status)


def go(path: str, **query: str) -> Response:
    """Return the way to another page, after a form."""
    address = f"{path}?{urlencode(query)}" if query else path
    return RedirectResponse(address, 303)


def fault_of(error: AccountError | Refused) -> str:
    """Return the name under which the templates have words for a fault."""
    return error.fault.value if isinstance(error, AccountError) else error.problem.value


def wait_of(error: AccountError | Refused) -> int:
    """Return the whole seconds until it is worth trying again; 0 for no wait."""
    retry_s = error.retry_s if isinstance(error, Refused) else None
    return 0 if retry_s is None else max(1, math.ceil(retry_s))


def next_page(asked: str) -> str:
    """Return where to go after signing in: a page of the console and nothing else."""
    return asked if _PAGE.fullmatch(asked) and not asked.startswith(SIGN_IN) else HOME


def _to_sign_in(request: Request) -> Response:
    came_for = request.url.path
    if request.method != "GET" or came_for == HOME or next_page(came_for) != came_for:
        return go(SIGN_IN)
    return go(SIGN_IN, next=came_for)


def _local(moment: float) -> datetime:
    """Return a stored moment in the zone of the service's machine."""
    return datetime.fromtimestamp(moment).astimezone()


def _size(count: int) -> str:
    """Return a number of bytes as people say it; texts.js says it the same way."""
    mega = count / 1_000_000
    if mega < 0.1:
        return f"{max(1, math.ceil(count / 1000))} KB"
    return f"{mega:.{1 if mega < 10 else 0}f} MB"
