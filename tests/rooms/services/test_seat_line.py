from __future__ import annotations

import asyncio

from base.wire import Close
from rooms.services.seat_line import SHED_FRAMES, Parcel, SeatLine, Weight


class Reader:
    """The other side of a connection; it reads when it is let."""

    def __init__(self, *, reads: bool = True) -> None:
        self.got: list[str | bytes] = []
        self.code: int | None = None
        self.may_read = asyncio.Event()
        if reads:
            self.may_read.set()

    async def receive(self) -> str | bytes | None:
        return None

    async def send(self, frame: str | bytes) -> None:
        await self.may_read.wait()
        self.got.append(frame)

    async def close(self, code: int, reason: str) -> None:
        self.code = code


async def emptied(line: SeatLine) -> None:
    line.finish(Close.OVER, "over")
    await line.run()
    await line.close()


def test_frames_are_sent_in_their_order_and_then_it_closes():
    async def run() -> None:
        reader = Reader()
        line = SeatLine(reader)
        for frame in ("a", b"b", "c"):
            line.put(Parcel(frame))
        await emptied(line)
        assert reader.got == ["a", b"b", "c"]
        assert reader.code == Close.OVER

    asyncio.run(run())


def test_of_positions_only_the_last_is_sent():
    async def run() -> None:
        reader = Reader()
        line = SeatLine(reader)
        for n in range(500):
            line.put(Parcel(f"at {n}", Weight.LATEST, "pointer 1"))
        line.put(Parcel("other", Weight.LATEST, "pointer 2"))
        await emptied(line)
        assert reader.got == ["at 499", "other"]

    asyncio.run(run())


def test_pieces_of_strokes_are_left_out_of_a_long_queue_and_nothing_else():
    async def run() -> None:
        reader = Reader()
        line = SeatLine(reader)
        for n in range(3 * SHED_FRAMES):
            line.put(Parcel(f"piece {n}", Weight.LIVE))
        line.put(Parcel(b"board"))
        await emptied(line)
        assert len(reader.got) == SHED_FRAMES + 1
        assert reader.got[-1] == b"board"

    asyncio.run(run())


def test_reader_who_is_too_slow_is_dropped_without_waiting_for_them():
    async def run() -> None:
        reader = Reader(reads=False)
        line = SeatLine(reader, max_frames=10)
        sending = asyncio.create_task(line.run())
        await asyncio.sleep(0)
        for _ in range(12):
            line.put(Parcel("x"))
        await asyncio.wait((sending,))
        await line.close()
        assert reader.code == Close.TOO_SLOW
        assert not line.is_open

    asyncio.run(run())


def test_queue_is_bounded_in_bytes():
    async def run() -> None:
        line = SeatLine(Reader(reads=False), max_bytes=1000)
        line.put(Parcel(b"x" * 900))
        assert line.is_open
        line.put(Parcel(b"x" * 200))
        assert line.end is Close.TOO_SLOW

    asyncio.run(run())


def test_answer_is_made_once_and_as_it_was_asked_for_last():
    async def run() -> None:
        reader = Reader()
        line = SeatLine(reader)
        line.ask("board", lambda: b"old")
        line.ask("board", lambda: b"new")
        line.ask("nothing", lambda: None)
        await emptied(line)
        assert reader.got == [b"new"]

    asyncio.run(run())
