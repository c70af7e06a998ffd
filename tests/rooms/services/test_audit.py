"""Who did what is on the disk, in order, and for as long as it was said."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rooms.services.audit import Act, Audit, Entry
from rooms.services.database import Database


class SteppingClock:
    """A clock that goes on by a minute with every look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now

    def monotonic_s(self) -> float:
        return self._now.timestamp()


def test_line_comes_back_as_it_was_written(tmp_path: Path) -> None:
    async def work(audit: Audit) -> None:
        await audit.note("account:a1 佐藤", Act.ADMITTED, "r1", about="guest:s1", address="::1")
        [entry] = await audit.read()
        at = datetime(2026, 11, 22, 0, 1, tzinfo=UTC).timestamp()
        assert entry == Entry(1, at, "account:a1 佐藤", "admitted", "r1", "guest:s1", "::1")

    within(tmp_path, work)


def test_newest_lines_come_first_page_by_page(tmp_path: Path) -> None:
    async def work(audit: Audit) -> None:
        for n in range(5):
            await audit.note("service", Act.KEY_WRONG, about=str(n))
        first = await audit.read(limit=2)
        assert [one.about for one in first] == ["4", "3"]
        assert [one.about for one in await audit.read(2, first[-1].n)] == ["2", "1"]

    within(tmp_path, work)


def test_text_that_is_too_long_is_cut_not_lost(tmp_path: Path) -> None:
    async def work(audit: Audit) -> None:
        await audit.note("x" * 1000, Act.KEY_WRONG, about="y" * 1000, address="z" * 1000)
        [entry] = await audit.read()
        assert (len(entry.who), len(entry.about), len(entry.address)) == (100, 200, 64)
        assert entry.about.endswith("…")

    within(tmp_path, work)


def test_old_lines_are_forgotten_and_their_numbers_not_given_out_again(tmp_path: Path) -> None:
    async def work(audit: Audit) -> None:
        for n in range(3):
            await audit.note("service", Act.KEY_WRONG, about=str(n))
        newest = (await audit.read())[0]
        assert await audit.forget(newest.at) == 2
        assert await audit.forget(newest.at + 1) == 1
        await audit.note("service", Act.KEY_WRONG)
        assert [one.n for one in await audit.read()] == [newest.n + 1]

    within(tmp_path, work)


def within(tmp_path: Path, work) -> None:  # type: ignore[no-untyped-def]
    """Run `work` with a log on a fresh database."""

    async def run() -> None:
        database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
        try:
            await work(Audit(database, SteppingClock()))
        finally:
            await database.close()

    asyncio.run(run())
