"""What is old goes by itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rooms.services.audit import Act, Audit
from rooms.services.config import RoomsSettings
from rooms.services.database import Database
from rooms.services.room_store import RoomStore
from rooms.services.upkeep import Upkeep


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic_s(self) -> float:
        return self.time.timestamp()


def test_lines_of_the_log_go_when_their_time_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        clock = HandClock()
        settings = RoomsSettings(data_dir=tmp_path, audit_days=30)
        database = await Database.open(settings.database_address)
        audit = Audit(database, clock)
        upkeep = Upkeep(settings, clock, audit, RoomStore(database))
        await audit.note("service", Act.SERVICE_STARTED, about="old")
        clock.time += timedelta(days=20)
        await audit.note("service", Act.SERVICE_STARTED, about="young")
        await upkeep.forget()
        assert len(await audit.read()) == 2
        clock.time += timedelta(days=10, seconds=1)
        await upkeep.forget()
        assert [entry.about for entry in await audit.read()] == ["young"]
        await database.close()

    asyncio.run(work())


def test_upkeep_ends_when_it_is_told_to(tmp_path: Path) -> None:
    async def work() -> None:
        settings = RoomsSettings(data_dir=tmp_path)
        database = await Database.open(settings.database_address)
        clock = HandClock()
        upkeep = Upkeep(settings, clock, Audit(database, clock), RoomStore(database))
        upkeep.start()
        await upkeep.close()
        await upkeep.close()
        assert [task.get_name() for task in asyncio.all_tasks()].count("upkeep") == 0
        await database.close()

    asyncio.run(work())
