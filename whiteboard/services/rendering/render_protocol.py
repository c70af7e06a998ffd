"""What the board and a render process say to each other, and how it is put on the wire.

A message is a JSON object after its length. JSON, not pickle: a process that reads strangers'
files may be taken over by one of them, and must not be able to run code in the board by what
it answers. Every answer is checked before it is used.

The document comes as a file descriptor with each job, since the process can open nothing
itself. Pixels do not travel here either: with a render job comes a descriptor of memory, and
the process paints into that. A second piece of shared memory, `CONTROL_BYTES` long, has the
same layout as MuPDF's cookie, so that the board can stop a job while it runs and see whether
it moves.

No Qt and nothing heavy: a process is ready as fast as its imports.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, TypeAlias

from base.errors import ErrorCode

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

FRAME_BYTES_MAX: Final = 64 << 20
"""No message is longer; one that says so is not believed."""

CONTROL_BYTES: Final = 4096
ABORT_AT: Final = 0
"""Where in the control memory the board writes 1 to stop the job that runs, int32."""
PROGRESS_AT: Final = 4
"""Where MuPDF counts the things it has painted, int32."""

_LENGTH: Final = struct.Struct("<I")


class ProtocolError(Exception):
    """The other side said something that makes no sense; it cannot be trusted any more."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document is.

    Attributes:
        document: Its id, any text that stays the same while it is open.
        path: The file. The process cannot open it: its descriptor comes with each job.
        password: What opens it; empty for none.
    """

    document: str
    path: str
    password: str = ""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """Say what the document is; answered with `{sizes, outline, is_repaired}`.

    Attributes:
        source: The document.
        with_outline: Whether the headings are wanted; left out when they were the trouble.
    """

    source: Source
    with_outline: bool = True


@dataclass(frozen=True, slots=True)
class RenderJob:
    """Paint a part of a sheet into the memory that comes with the job.

    Attributes:
        source: The document.
        number: Sheet, from 0.
        turns: Quarter turns clockwise, 0 to 3.
        scale: Device px per pt, > 0.
        left, top: Upper left corner of the part in the turned sheet at that scale, px.
        width, height: Its size, px; the memory has 4 * width * height bytes.
    """

    source: Source
    number: int
    turns: int
    scale: float
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class WordsJob:
    """Return the words of a sheet: `{words: [[text, left, top, right, bottom, line]]}`."""

    source: Source
    number: int


@dataclass(frozen=True, slots=True)
class LinksJob:
    """Return the links of a sheet: `{links: [[left, top, right, bottom, sheet, url]]}`."""

    source: Source
    number: int


@dataclass(frozen=True, slots=True)
class SearchJob:
    """Look for text from sheet `first` on, for about `budget_s`, one sheet at least.

    Answered with `{hits: [[sheet, [[left, top, right, bottom]], around]], next: int,
    sheets: int}`.

    Attributes:
        source: The document.
        query: What to look for.
        first: First sheet.
        last: Sheet before which to stop.
        budget_s: After so long the rest is left to the next job, seconds.
        hits_max: After so many too; the sheet that has them is finished.
    """

    source: Source
    query: str
    first: int
    last: int
    budget_s: float
    hits_max: int


@dataclass(frozen=True, slots=True)
class CloseJob:
    """Let go of a document. Not answered."""

    document: str


Job: TypeAlias = OpenJob | RenderJob | WordsJob | LinksJob | SearchJob | CloseJob
_JOBS: Final = {
    kind.__name__: kind
    for kind in (OpenJob, RenderJob, WordsJob, LinksJob, SearchJob, CloseJob)
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job.

    Attributes:
        number: Number of the job.
        value: What it found out; None when it failed or was stopped.
        error: Why it failed; None when it did not.
        detail: For the log.
        memory_bytes: Memory of the process that nobody shares, after the job.
    """

    number: int
    value: dict[str, Json] | None
    error: ErrorCode | None = None
    detail: str = ""
    memory_bytes: int = 0

    @property
    def was_stopped(self) -> bool:
        """Whether the board stopped the job."""
        return self.value is None and self.error is None


def descriptors_of(job: Job) -> int:
    """Return how many descriptors come with a job: of the document, then of memory."""
    match job:
        case CloseJob():
            return 0
        case RenderJob():
            return 2
        case _:
            return 1


def pack_message(message: Mapping[str, object]) -> bytes:
    """Return a message as it goes over the wire."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


def pack_job(number: int, job: Job) -> bytes:
    """Return a job as it goes over the wire."""
    return pack_message({"task": number, "kind": type(job).__name__} | asdict(job))


def parse_job(message: Mapping[str, Json]) -> tuple[int, Job]:
    """Return a job and its number, from what `pack_job` packed.

    Raises:
        ProtocolError: it is no job.
    """
    try:
        number = message["task"]
        if not isinstance(number, int):
            raise TypeError(f"task is {number!r}")
        kind: type[Any] = _JOBS[str(message["kind"])]
        # The board is trusted: only its answers' reader checks types.
        values: dict[str, Any] = {field.name: message[field.name] for field in fields(kind)}
        if "source" in values:
            values["source"] = Source(**values["source"])
        return number, kind(**values)
    except (KeyError, TypeError) as error:
        raise ProtocolError(f"no job: {error}") from error


def pack_answer(answer: Answer) -> bytes:
    """Return an answer as it goes over the wire."""
    return pack_message(asdict(answer))


def parse_answer(message: Mapping[str, Json]) -> Answer:
    """Return an answer, from what `pack_answer` packed.

    Raises:
        ProtocolError: it is no answer.
    """
    try:
        number, value, error = message["number"], message["value"], message["error"]
        detail, memory = message["detail"], message["memory_bytes"]
        if not (
            isinstance(number, int) and isinstance(detail, str) and isinstance(memory, int)
        ):
            raise TypeError("a field is of the wrong type")
        if not (value is None or isinstance(value, dict)):
            raise TypeError(f"value is of type {type(value)}")
        code = None if error is None else ErrorCode(str(error))
        return Answer(number, value, code, detail, memory)
    except (KeyError, TypeError, ValueError) as fault:
        raise ProtocolError(f"no answer: {fault}") from fault


class Frames:
    """Takes the bytes of a stream as they come and gives whole messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._bytes += data

    def take(self) -> Iterator[dict[str, Json]]:
        """Return the messages that are complete.

        Raises:
            ProtocolError: what came is no message.
        """
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if length > FRAME_BYTES_MAX:
                raise ProtocolError(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_LENGTH.size : end])
            del self._bytes[:end]
            yield _parse_body(body)


def _parse_body(body: bytes) -> dict[str, Json]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("a message that is no object")
    return message
