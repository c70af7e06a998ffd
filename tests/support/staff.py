"""Accounts and displays over a real database, with a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp

from rooms.model.callers import Account
from rooms.services.accounts import Accounts, SignedIn
from rooms.services.audit import Audit, Entry
from rooms.services.database import Database
from rooms.services.pairing import Pairings

PASSWORD = "wooden chalk rain"
HERE = "203.0.113.7"


@dataclass(slots=True)
class TurnedClock:
    """A clock that goes on when a test says so."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 22, 9, tzinfo=UTC))
    passed_s: float = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.passed_s

    def go_on(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.passed_s += seconds


@dataclass(frozen=True, slots=True)
class Office:
    """What tests of accounts and displays need."""

    database: Database
    clock: TurnedClock
    audit: Audit
    accounts: Accounts
    pairings: Pairings

    async def admin(self, login: str = "hana") -> Account:
        return await self.accounts.create_admin(login, PASSWORD, "花 <script>alert(1)</script>")

    async def sign_in(self, login: str = "hana", password: str = PASSWORD) -> SignedIn:
        found = await self.accounts.sign_in(login, password, HERE)
        assert isinstance(found, SignedIn)
        return found

    async def staff(self, by: Account, login: str = "taro") -> tuple[Account, str]:
        return await self.accounts.create(by, login, "太郎", HERE)

    async def totp(self, account: Account) -> pyotp.TOTP:
        """Switch the second step on; the step of now is used up by it."""
        secret = self.accounts.offer_totp(account).secret.replace(" ", "")
        totp = pyotp.TOTP(secret)
        await self.accounts.confirm_totp(account, PASSWORD, self.code(totp), HERE)
        return totp

    def code(self, totp: pyotp.TOTP) -> str:
        return totp.at(self.clock.now())

    async def log(self) -> list[Entry]:
        return await self.audit.read(500)


def in_office(tmp_path: Path, act: Callable[[Office], Awaitable[None]]) -> None:
    """Run `act` with everything open, and close it."""

    async def run() -> None:
        database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'rooms.sqlite3'}")
        try:
            clock = TurnedClock()
            audit = Audit(database, clock)
            accounts = Accounts(database, clock, audit)
            pairings = Pairings(database, clock, audit)
            await act(Office(database, clock, audit, accounts, pairings))
        finally:
            await database.close()

    asyncio.run(run())
