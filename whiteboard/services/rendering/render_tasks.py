"""What is asked of the render processes: how soon, of which document, and who wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, TypeAlias, TypeVar

from whiteboard.services.rendering.document_files import DocumentFile
from whiteboard.services.rendering.render_protocol import (
    Job,
    Json,
    LinksJob,
    OpenJob,
    RenderJob,
    SearchJob,
    Source,
    WordsJob,
)

T = TypeVar("T")
Parse: TypeAlias = Callable[[Mapping[str, Json]], T]
"""Checks an answer; a `ProtocolError` means that the process is not itself."""


class Priority(IntEnum):
    """What is done first. THUMBNAIL and BACKGROUND never take the last free process."""

    VISIBLE = 0
    NEXT = 1
    THUMBNAIL = 2
    BACKGROUND = 3


class Ticket:
    """What was asked for; UI thread."""

    def __init__(self, on_cancel: Callable[[Ticket], None]) -> None:
        self._on_cancel: Callable[[Ticket], None] | None = on_cancel

    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self._on_cancel is not None

    def cancel(self) -> None:
        """Want it no more: no callback is called after this. Calling it again does nothing."""
        on_cancel, self._on_cancel = self._on_cancel, None
        if on_cancel is not None:
            on_cancel(self)

    def close(self) -> bool:
        """Return whether an answer may be given, and let it be the last."""
        was_open, self._on_cancel = self.is_open(), None
        return was_open


@dataclass(slots=True, eq=False)
class OpenDocument:
    """A document as it was opened last.

    Attributes:
        source: What the processes know it by.
        file: What they read.
        unreadable: Sheets that have broken two processes.
    """

    source: Source
    file: DocumentFile
    unreadable: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Task:
    """A job that waits or runs, and who wants its outcome."""

    number: int
    document: OpenDocument
    job: Job
    priority: Priority
    parse: Parse[Any]
    wanted_by: list[tuple[Ticket, Callable[[Any], None]]]
    attempts: int = 0

    @property
    def name(self) -> str:
        """The document's id."""
        return self.document.source.document

    @property
    def sheet(self) -> int | None:
        """The sheet, for jobs that are about one."""
        if isinstance(self.job, RenderJob | WordsJob | LinksJob):
            return self.job.number
        return None

    @property
    def is_hopeless(self) -> bool:
        """Whether its sheet has broken two processes."""
        return self.sheet in self.document.unreadable

    def tell(self, outcome: object) -> None:
        """Give everybody who wants it the outcome."""
        wanted_by, self.wanted_by = self.wanted_by, []
        for ticket, on_done in wanted_by:
            if ticket.close():
                on_done(outcome)


def gentler(job: Job) -> Job:
    """Return a job as it is tried the second time."""
    match job:
        case OpenJob():
            # Headings are the likeliest to go in circles, and can be done without.
            return replace(job, with_outline=False)
        case SearchJob():
            # One sheet: then it is known which one breaks the process.
            return replace(job, budget_s=0.0)
        case _:
            return job
