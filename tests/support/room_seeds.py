"""A running service with people who have accounts: an administrator, two of the staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from base.clock import SystemClock
from rooms.model.callers import Account
from rooms.services.accounts import Accounts
from rooms.services.audit import Audit
from rooms.services.database import Database
from tests.support.room_visitors import Door
from tools.rooms_service import RoomsService, run_apart, running_rooms_service

PASSWORD: Final = "黒板 und Kreide 2026"
ADMIN: Final = "admin"
STAFF: Final = ("staff1", "staff2")


@dataclass(frozen=True, slots=True)
class Place:
    """A service, and what opens it.

    Attributes:
        service: The process.
        display_token: Of a display that is paired.
    """

    service: RoomsService
    display_token: str

    @property
    def base_url(self) -> str:
        """Where it is."""
        return self.service.base_url

    @property
    def folder(self) -> Path:
        """Where its data are."""
        return self.service.data_dir

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        return self.service.pid

    def door(self, display_token: str | None = None) -> Door:
        """Return the ways in, with a display's token."""
        return Door(self.base_url, display_token or self.display_token)

    def browser(self) -> httpx.Client:
        """Return a client that sends what a page of the service would send."""
        return httpx.Client(
            base_url=self.base_url,
            headers={"Origin": self.base_url, "Sec-Fetch-Site": "same-origin"},
            timeout=30,
            trust_env=False,
        )

    @contextmanager
    def signed_in(self, login: str) -> Iterator[httpx.Client]:
        """Give a browser in which somebody of the staff has signed in."""
        with self.browser() as client:
            answer = client.post("/staff/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    def pair_display(self, name: str) -> str:
        """Pair a display as people do, and return its token."""
        with self.browser() as display, self.signed_in(ADMIN) as admin:
            offered = display.post("/api/v1/pairings", json={"name": name}).json()
            form = {"code": offered["code"], "answer": "yes"}
            assert admin.post("/staff/displays/decide", data=form).is_redirect
            secret = {"Authorization": f"Bearer {offered['secret']}"}
            token = display.get("/api/v1/pairings", headers=secret).json()["token"]
        assert token
        return str(token)

    def revoke_display(self, admin: httpx.Client, name: str) -> None:
        """Turn a display away, by the button beside its name."""
        listed = admin.get("/staff/displays").text
        after = listed[listed.index(name) :]
        found = re.search(r'action="([^"]+/revoke)"', after)
        assert found is not None
        assert admin.post(found.group(1)).is_redirect


@contextmanager
def running_place(folder: Path, **settings: object) -> Iterator[Place]:
    """Run a service with accounts and a paired display."""
    with running_rooms_service(folder, **settings) as service:
        run_apart(_seed(service.database_url))
        yield Place(service, service.enrol_display("the display"))


async def _seed(database_url: str) -> None:
    database = await Database.open(database_url)
    try:
        clock = SystemClock()
        accounts = Accounts(database, clock, Audit(database, clock))
        admin = await accounts.create_admin(ADMIN, PASSWORD, "Administrator")
        for login in STAFF:
            await _add_staff(accounts, admin, login)
    finally:
        await database.close()


async def _add_staff(accounts: Accounts, admin: Account, login: str) -> None:
    account, given = await accounts.create(admin, login, login.title(), "127.0.0.1")
    await accounts.change_password(account, given, PASSWORD, "127.0.0.1")
