"""What the board tells the chalk's process: a ring of records in shared memory.

The board writes and never looks whether anybody reads; the process reads what is new with
each block of sound while it is awake. A process that falls behind loses the
oldest records. That is harmless: every record says all that shapes the sound, the next one
says it again, and a hand of which nothing more is heard falls silent by itself.

A socket beside it carries only what must wake somebody: the process that sleeps, the board
that waits for the loudspeaker, either that the other has ended.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from enum import IntEnum
from multiprocessing import get_context
from typing import Final

READY: Final = b"R"
"""What the process sends, once: the loudspeaker is open."""

BELL: Final = b"B"
"""What the board sends to a process that sleeps: there is something in the ring."""

RING_RECORDS: Final = 1024
"""Ten hands at 120 samples a second need 12 between two looks."""

# Native order and no padding: written and read on one machine.
_RECORD: Final = struct.Struct("@qifff")
_HEAD_BYTES: Final = 16
_RING_BYTES: Final = RING_RECORDS * _RECORD.size

SharedBytes = ctypes.Array[ctypes.c_ubyte]
Record = tuple[int, int, float, float, float]
"""Contact id, kind, speed in mm/s, pressure 0 to 1, volume 0 to 1."""


class Kind(IntEnum):
    """What a record reports."""

    TOUCH = 1
    LIFT = 2
    HUSH = 3
    WAKE = 4


class Exit(IntEnum):
    """Why the process ended by itself; its exit code."""

    ASKED = 0
    NO_DEVICE = 81
    DEVICE_LOST = 82


def make_shared_bytes() -> SharedBytes:
    """Return zeroed memory for one ring; hand it to a spawned process as an argument."""
    return get_context("spawn").RawArray(ctypes.c_ubyte, _HEAD_BYTES + _RING_BYTES)


class Ring:
    """One end of the ring: one thread of one process writes, one of another reads.

    A reader sees what was written after it was made.

    Args:
        shared: From `make_shared_bytes`.
    """

    def __init__(self, shared: SharedBytes) -> None:
        view = memoryview(shared).cast("B")
        # Whole machine words through a cast view are stored at once; `struct` copies bytes.
        self._head = view[:_HEAD_BYTES].cast("Q")
        self._records = view[_HEAD_BYTES:]
        self._count = self._head[0]

    @property
    def asleep(self) -> bool:
        """Whether the reader sleeps until the bell rings."""
        return bool(self._head[1])

    @asleep.setter
    def asleep(self, asleep: bool) -> None:
        self._head[1] = asleep

    def put(
        self, kind: int, contact_id: int, speed_mm_s: float, pressure: float, volume: float
    ) -> bool:
        """Write a record, over the oldest one when the ring is full.

        Returns:
            Whether the reader sleeps and wants the bell.

        Raises:
            struct.error: contact_id needs more than 64 bits.
            OverflowError: a number is beyond single precision.
        """
        place = self._count % RING_RECORDS * _RECORD.size
        _RECORD.pack_into(self._records, place, contact_id, kind, speed_mm_s, pressure, volume)
        self._count += 1
        self._head[0] = self._count
        return bool(self._head[1])

    def take(self) -> Iterator[Record]:
        """Return what is new, oldest first."""
        written = self._head[0]
        self._count = max(self._count, written - RING_RECORDS)
        while self._count < written:
            place = self._count % RING_RECORDS * _RECORD.size
            self._count += 1
            yield _RECORD.unpack_from(self._records, place)
