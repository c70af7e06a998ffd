"""A search through a document, in slices so short that a page turn does not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from base.errors import AppError, ErrorCode
from whiteboard.model.document import Hit
from whiteboard.services.rendering.call_queue import CallQueue
from whiteboard.services.rendering.render_answers import parse_count, parse_hits
from whiteboard.services.rendering.render_protocol import Json, SearchJob
from whiteboard.services.rendering.render_queue import RenderQueue
from whiteboard.services.rendering.render_tasks import OpenDocument, Priority, Ticket

SEARCH_SLICE_S: Final = 0.05
HITS_MAX: Final = 1_000
"""A search stops here and says where it would go on. One sheet has 200 at most."""
BROKEN_SHEETS_MAX: Final = 2
"""A search passes by so many sheets that break the process; each costs two of them."""

_NO_END: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sought, and who hears of it.

    Attributes:
        query: The text.
        first: Sheet to begin with; the ones before it come last.
        on_hits: Gets hits as they are found.
        on_done: Called at the end, with an error when the document cannot be read.
        on_more: Called before `on_done` when there are too many hits, with the sheet to go
            on with.
    """

    query: str
    first: int
    on_hits: Callable[[tuple[Hit, ...]], None]
    on_done: Callable[[AppError | None], None]
    on_more: Callable[[int], None] | None = None


class Search:
    """One search. UI thread.

    Args:
        queue: Does it.
        posts: Tells of what is done at once.
        document: Where to look.
        wanted: For what.
    """

    def __init__(
        self, queue: RenderQueue, posts: CallQueue, document: OpenDocument, wanted: Wanted
    ) -> None:
        self._queue = queue
        self._posts = posts
        self._document = document
        self._wanted = wanted
        self._first = max(0, wanted.first)
        self._is_second_half = False
        self._broken = 0
        self._hits = 0
        self._part: Ticket | None = None
        self._ticket = Ticket(lambda _ticket: self._cancel())

    def start(self) -> Ticket:
        """Begin."""
        if self._wanted.query.strip():
            self._ask(self._first)
        else:
            self._posts.post(lambda: self._finish(None))
        return self._ticket

    def _ask(self, number: int) -> None:
        last = self._first if self._is_second_half else _NO_END
        job = SearchJob(
            self._document.source,
            self._wanted.query,
            number,
            last,
            SEARCH_SLICE_S,
            HITS_MAX - self._hits,
        )
        self._part = self._queue.ask(
            self._document,
            job,
            Priority.THUMBNAIL,
            _parse_found,
            lambda found: self._take(number, found),
        )

    def _take(self, number: int, found: _Found | AppError) -> None:
        if isinstance(found, AppError):
            self._pass_by(number, found)
            return
        self._hits += len(found.hits)
        if found.hits:
            self._wanted.on_hits(found.hits)
        end = min(self._first, found.sheets) if self._is_second_half else found.sheets
        if not self._ticket.is_open():
            return
        reached = max(found.reached, number + 1)
        if reached < end:
            self._go_on(reached)
        elif self._first > 0 and not self._is_second_half:
            self._is_second_half = True
            self._go_on(0)
        else:
            self._finish(None)

    def _go_on(self, number: int) -> None:
        if self._hits < HITS_MAX:
            self._ask(number)
            return
        if self._wanted.on_more is not None:
            self._wanted.on_more(number)
        self._finish(None)

    def _pass_by(self, number: int, error: AppError) -> None:
        """Go on behind a sheet that breaks the process; not for ever."""
        self._broken += 1
        if error.code is not ErrorCode.PAGE_UNREADABLE or self._broken > BROKEN_SHEETS_MAX:
            self._finish(error)
        elif self._ticket.is_open():
            self._ask(number + 1)

    def _finish(self, error: AppError | None) -> None:
        if self._ticket.close():
            self._wanted.on_done(error)

    def _cancel(self) -> None:
        if self._part is not None:
            self._part.cancel()


@dataclass(frozen=True, slots=True)
class _Found:
    hits: tuple[Hit, ...]
    reached: int
    sheets: int


def _parse_found(value: Mapping[str, Json]) -> _Found:
    return _Found(parse_hits(value), parse_count(value, "next"), parse_count(value, "sheets"))
