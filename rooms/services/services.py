"""Everything that the service is made of, opened and closed in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from base.clock import Clock
from rooms.services.accounts import Accounts
from rooms.services.assets import RoomAssets
from rooms.services.audit import Act, Audit
from rooms.services.config import MB, RoomsSettings
from rooms.services.database import Database
from rooms.services.documents import RoomDocuments
from rooms.services.files import RoomFiles
from rooms.services.hub import Hub
from rooms.services.intake import Folders, Intake
from rooms.services.kept_rooms import KeptRooms
from rooms.services.pairing import Pairings
from rooms.services.room_store import RoomStore
from rooms.services.turn import Turn
from rooms.services.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Services:
    """What routes find in `app.state.services`; all of it belongs to one event loop."""

    settings: RoomsSettings
    clock: Clock
    database: Database
    audit: Audit
    hub: Hub
    accounts: Accounts
    pairings: Pairings
    files: RoomFiles
    documents: RoomDocuments
    assets: RoomAssets
    kept: KeptRooms
    turn: Turn


@asynccontextmanager
async def open_services(settings: RoomsSettings, clock: Clock) -> AsyncIterator[Services]:
    """Open everything, and close it in the opposite order.

    Args:
        settings: What is set; the data folder is made if it is not there.
        clock: Where the time comes from.

    Raises:
        OSError: the data folder cannot be used.
        DatabaseTooNewError: a later version of the service wrote the database.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as closing:
        database = await Database.open(settings.database_address)
        closing.push_async_callback(database.close)
        audit = Audit(database, clock)
        turn = Turn(
            clock,
            settings.turn_urls,
            settings.turn_secret,
            settings.stun_urls,
            settings.turn_hours * 3600,
        )
        intake = Intake(Folders(settings.data_dir), kept_free_bytes=settings.free_min_mb * MB)
        files = RoomFiles(settings, database, clock, intake)
        documents = RoomDocuments(settings, database, intake)
        hub = Hub(database, settings, clock, audit, turn, files, documents)
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            audit=audit,
            hub=hub,
            accounts=Accounts(database, clock, audit),
            pairings=Pairings(database, clock, audit, settings.display_token),
            files=files,
            documents=documents,
            assets=RoomAssets(settings, database, intake),
            kept=KeptRooms(settings, database, clock, audit, hub, intake.folders),
            turn=turn,
        )
        _join(services)
        await audit.note("service", Act.SERVICE_STARTED)
        await files.start()
        await documents.start()
        closing.push_async_callback(documents.close)
        await services.hub.start()
        closing.push_async_callback(services.hub.close)
        upkeep = Upkeep(settings, clock, audit, RoomStore(database))
        upkeep.start()
        closing.push_async_callback(upkeep.close)
        yield services
        await audit.note("service", Act.SERVICE_ENDED)


def _join(services: Services) -> None:
    """Tell each other what they have to know, without their knowing each other."""
    hub = services.hub
    services.documents.on_changed = hub.documents_changed
    hub.on_room_gone.append(services.files.forget_room)
    hub.on_room_gone.append(services.documents.forget_room)
    services.accounts.on_holder_gone.append(hub.holder_gone)
    services.pairings.on_holder_gone.append(hub.holder_gone)
