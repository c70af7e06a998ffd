"""A display is let into a service by an administrator, and keeps its token."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from base.clock import SystemClock
from base.errors import ErrorCode
from base.wire import OpenAsked, PairingOffered
from meeting.services.pairing_client import Paired, Pairing, TokenStore, pair
from meeting.services.room_client import RoomClient
from meeting.services.room_error import RoomError
from rooms.model.callers import Account
from rooms.services.audit import Audit
from rooms.services.config import RoomsSettings
from rooms.services.database import Database
from rooms.services.pairing import Pairings
from tests.support.rooms import Service, running_service

ADMIN = Account("a1", "hana", "花", is_admin=True)
POLL_S = 0.05


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


async def decide(service: Service, code: str, *, yes: bool) -> None:
    """Say yes or no, as the console does."""
    settings = RoomsSettings(data_dir=service.data_dir)
    database = await Database.open(settings.database_address)
    try:
        clock = SystemClock()
        pairings = Pairings(database, clock, Audit(database, clock))
        await pairings.decide(ADMIN, code, yes, "127.0.0.1")
    finally:
        await database.close()


async def paired(service: Service, store: TokenStore, *, yes: bool) -> Paired:
    shown: asyncio.Future[PairingOffered] = asyncio.get_running_loop().create_future()
    pairing = asyncio.ensure_future(
        pair(service.url, "会議室 1", store, shown.set_result, poll_s=POLL_S)
    )
    await decide(service, (await shown).code, yes=yes)
    async with asyncio.timeout(20):
        return await pairing


def test_display_that_an_administrator_lets_in_opens_rooms(
    service: Service, data_dir: Path
) -> None:
    async def work() -> None:
        outcome = await paired(service, TokenStore(data_dir), yes=True)
        assert outcome.outcome is Pairing.CONFIRMED
        token = TokenStore(data_dir).read(service.url)
        async with RoomClient(service.url, token=token) as client:
            opened = await client.open_room(OpenAsked(title="窓口"))
            assert (await client.room(opened.room)).key == opened.key
            assert (await client.room_qr(opened.room)).lstrip().startswith(b"<")

    asyncio.run(work())


def test_display_that_is_refused_has_no_token(service: Service, data_dir: Path) -> None:
    outcome = asyncio.run(paired(service, TokenStore(data_dir), yes=False))
    assert outcome == Paired(Pairing.REFUSED)
    assert TokenStore(data_dir).read(service.url) is None


def test_display_that_was_turned_away_is_told(service: Service, data_dir: Path) -> None:
    async def work() -> None:
        outcome = await paired(service, TokenStore(data_dir), yes=True)
        async with RoomClient(service.url, token=outcome.token) as client:
            await client.rooms()
            await turn_all_away(service)
            with pytest.raises(RoomError) as caught:
                await client.rooms()
            assert caught.value.code is ErrorCode.ROOMS_NOT_PAIRED

    asyncio.run(work())


async def turn_all_away(service: Service) -> None:
    settings = RoomsSettings(data_dir=service.data_dir)
    database = await Database.open(settings.database_address)
    try:
        clock = SystemClock()
        pairings = Pairings(database, clock, Audit(database, clock))
        for display in await pairings.displays():
            if display.revoked_at is None:
                await pairings.revoke(ADMIN, display.id, "127.0.0.1")
    finally:
        await database.close()
