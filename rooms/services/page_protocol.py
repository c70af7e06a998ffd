"""What the service and its page process say to each other.

A job is `JOB`, with the descriptor of the file it is about when its kind has one. An answer
is `ANSWER` and as many bytes as that says. The first answer, number 0, says that the process
is ready; its state is whether the kernel confined it.

Everything is of fixed size and checked: a process that a file has taken over can send wrong
bytes, and no more than that.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

JOB: Final = struct.Struct("<IB32sIIdd")
ANSWER: Final = struct.Struct("<IBI")
SIZE: Final = struct.Struct("<dd")
ANSWER_BYTES_MAX: Final = 32 << 20
SHEETS_MAX: Final = 5000
SIDE_MIN_PT: Final = 20.0
SIDE_MAX_PT: Final = 20_000.0
"""The longest side of a sheet is brought between these, as on the board: 7 mm and 7 m."""


class JobKind(IntEnum):
    """What is to be done."""

    OPEN = 1
    """Answered with the `SIZE` of each sheet, pt."""
    SHEET = 2
    """A picture of a sheet, WebP."""
    SENTENCE = 3
    """A picture that says that there is none, WebP. Without a file."""
    PHOTO = 4
    """A document of one page from a picture, PDF."""


class State(IntEnum):
    """What became of a job."""

    DONE = 0
    UNREADABLE = 1
    ENCRYPTED = 2
    TOO_LARGE = 3


@dataclass(frozen=True, slots=True)
class PageJob:
    """Something for the page process to do.

    Attributes:
        kind: What.
        document: SHA-256 of the file, raw; only to recognise it again.
        sheet: Which, from 0.
        width: Of the picture, px.
        size_pt: Width and height of the sheet that the sentence stands for.
    """

    kind: JobKind
    document: bytes = bytes(32)
    sheet: int = 0
    width: int = 0
    size_pt: tuple[float, float] = (0.0, 0.0)

    def pack(self, number: int) -> bytes:
        """Return it as bytes, with its number."""
        return JOB.pack(number, self.kind, self.document, self.sheet, self.width, *self.size_pt)


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What became of a job, and its outcome."""

    state: State
    data: bytes


def parse_job(data: bytes) -> tuple[int, PageJob]:
    """Return the number of a job, and the job.

    Raises:
        ValueError: its kind is unknown.
    """
    number, kind, document, sheet, width, *size = JOB.unpack(data)
    return number, PageJob(JobKind(kind), document, sheet, width, (size[0], size[1]))


def parse_sizes(data: bytes) -> tuple[tuple[float, float], ...]:
    """Return width and height of each sheet, pt.

    Raises:
        ValueError: they are none that sheets can have.
    """
    if len(data) % SIZE.size or not 0 < len(data) <= SIZE.size * SHEETS_MAX:
        raise ValueError(f"sizes of {len(data)} bytes")
    sizes = tuple((width, height) for width, height in SIZE.iter_unpack(data))
    if not all(0 < side <= SIDE_MAX_PT for size in sizes for side in size):
        raise ValueError("a sheet without a size")
    return sizes
