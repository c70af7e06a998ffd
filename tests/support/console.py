"""The console as a browser sees it, over the real application and a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rooms.model.callers import Account
from rooms.services.services import Services
from tests.support.rooms import in_app_services
from tests.support.staff import PASSWORD, TurnedClock

SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser with its cookies, before the console."""

    services: Services
    client: httpx.AsyncClient
    clock: TurnedClock
    admin: Account

    @property
    def origin(self) -> str:
        return self.services.settings.public_url

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={"Accept-Language": "en"} | headers)

    async def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Any:
        sent = {"Accept-Language": "en", "Origin": self.origin} | headers
        return await self.client.post(path, data=form or {}, headers=sent)

    async def sign_in(self, login: str = "hana", password: str = PASSWORD) -> httpx.Response:
        found = await self.post("/staff/sign-in", {"login": login, "password": password})
        assert isinstance(found, httpx.Response)
        return found

    async def add(self, login: str = "taro", name: str = "太郎") -> str:
        """Make an account of staff with a password of their own, and return its id."""
        accounts = self.services.accounts
        account, given = await accounts.create(self.admin, login, name, "")
        await accounts.change_password(account, given, PASSWORD, "")
        return account.id


def in_console(
    tmp_path: Path, act: Callable[[Browser], Awaitable[None]], **settings: Any
) -> None:
    """Run `act` before a console with one administrator, whose name has a script in it."""

    async def run() -> None:
        clock = TurnedClock()
        async with in_app_services(tmp_path, clock, **settings) as (app, client):
            services = app.state.services
            admin = await services.accounts.create_admin("hana", PASSWORD, f"花{SCRIPT}")
            await act(Browser(services, client, clock, admin))

    asyncio.run(run())
