"""The documents under the pages of one board: found, and opened when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage

from base.errors import AppError
from base.tasks import Worker
from whiteboard.model.document import DocumentInfo, Hit, Link, Word
from whiteboard.services.painting.sheet_pixels import SheetSource, SheetTicket
from whiteboard.services.rendering.render_pool import Priority


class DocumentPool(SheetSource, Protocol):
    """What opens documents and renders their sheets: a `RenderPool`."""

    def open(
        self,
        document: str,
        path: Path,
        on_done: Callable[[DocumentInfo | AppError], None],
        password: str = "",
    ) -> SheetTicket:
        """See `RenderPool.open`."""

    def know(self, document: str, path: Path, password: str = "") -> None:
        """See `RenderPool.know`."""

    def close(self, document: str) -> None:
        """See `RenderPool.close`."""

    def words(
        self, document: str, number: int, on_done: Callable[[tuple[Word, ...] | AppError], None]
    ) -> SheetTicket:
        """See `RenderPool.words`."""

    def links(
        self, document: str, number: int, on_done: Callable[[tuple[Link, ...] | AppError], None]
    ) -> SheetTicket:
        """See `RenderPool.links`."""

    def search(
        self,
        document: str,
        query: str,
        on_hits: Callable[[tuple[Hit, ...]], None],
        on_done: Callable[[AppError | None], None],
    ) -> SheetTicket:
        """See `RenderPool.search`."""


@dataclass(slots=True, eq=False)
class _Late:
    """An ask that waits until its document was found.

    Attributes:
        ask: Asks the pool.
        refuse: Tells that there is no such document.
    """

    ask: Callable[[], SheetTicket]
    refuse: Callable[[AppError], None]
    is_cancelled: bool = False
    ticket: SheetTicket | None = None

    def cancel(self) -> None:
        """Not wanted any more."""
        self.is_cancelled = True
        if self.ticket is not None:
            self.ticket.cancel()


@dataclass(slots=True, eq=False)
class _Document:
    """One document: looked for while there is neither path nor trouble."""

    path: Path | None = None
    trouble: AppError | None = None
    info: DocumentInfo | None = None
    waiting: list[_Late] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Fetched:
    document: str
    result: Path | AppError


class BoardDocuments(QObject):
    """Renders the sheets of a board's documents. Belongs to the UI thread.

    Args:
        pool: Opens and renders.
        fetch: Returns where a document's bytes lie, or raises AppError; on the worker.
        worker: Where that is done.
    """

    opened = Signal(object)
    """A document is open: its `DocumentInfo`."""
    refused = Signal(object)
    """A document cannot be opened: a `Refused`."""
    _fetched = Signal(object)

    def __init__(
        self, pool: DocumentPool, fetch: Callable[[str], Path], worker: Worker
    ) -> None:
        super().__init__()
        self._pool = pool
        self._fetch = fetch
        self._worker = worker
        self._log = structlog.get_logger(__name__)
        self._documents: dict[str, _Document] = {}
        self._fetched.connect(self._take_path, Qt.ConnectionType.QueuedConnection)

    def info(self, document: str) -> DocumentInfo | None:
        """Return what is known of a document that is open."""
        known = self._documents.get(document)
        return None if known is None else known.info

    def path(self, document: str) -> Path | None:
        """Return where a document that was found lies."""
        known = self._documents.get(document)
        return None if known is None else known.path

    def open(self, document: str) -> None:
        """Open a document ahead of its first sheet; `opened` or `refused` tells."""
        if document not in self._documents:
            self._documents[document] = _Document()
            self._worker.submit(lambda: self._find(document))

    def take_open(self, info: DocumentInfo, path: Path, password: str = "") -> None:
        """Take over a document of which all is known already, as one that just came in.

        Args:
            info: What was found out.
            path: Where it lies.
            password: What opens it; empty for none.
        """
        known = self._documents.setdefault(info.document, _Document())
        known.path = path
        known.trouble = None
        self._pool.know(info.document, path, password)
        self._take_info(info.document, info)
        self._go_on(info.document)

    def unlock(self, document: str, password: str) -> None:
        """Open a document again, with a password; `opened` or `refused` tells."""
        known = self._documents.get(document)
        if known is not None and known.path is not None:
            self._open_in_pool(document, known.path, password)

    def render(
        self,
        document: str,
        number: int,
        turns: int,
        scale: float,
        area: QRect,
        priority: Priority,
        on_done: Callable[[QImage | AppError], None],
    ) -> SheetTicket:
        """Render a part of a sheet; see `RenderPool.render`."""
        part = QRect(area)
        return self._when_found(
            document,
            lambda: self._pool.render(document, number, turns, scale, part, priority, on_done),
            on_done,
        )

    def words(
        self, document: str, number: int, on_done: Callable[[tuple[Word, ...] | AppError], None]
    ) -> SheetTicket:
        """Ask for the words of a sheet; see `RenderPool.words`."""
        return self._when_found(
            document, lambda: self._pool.words(document, number, on_done), on_done
        )

    def links(
        self, document: str, number: int, on_done: Callable[[tuple[Link, ...] | AppError], None]
    ) -> SheetTicket:
        """Ask for the links of a sheet; see `RenderPool.links`."""
        return self._when_found(
            document, lambda: self._pool.links(document, number, on_done), on_done
        )

    def search(
        self,
        document: str,
        query: str,
        on_hits: Callable[[tuple[Hit, ...]], None],
        on_done: Callable[[AppError | None], None],
    ) -> SheetTicket:
        """Look for text in all sheets; see `RenderPool.search`."""
        return self._when_found(
            document, lambda: self._pool.search(document, query, on_hits, on_done), on_done
        )

    def _when_found(
        self,
        document: str,
        ask: Callable[[], SheetTicket],
        refuse: Callable[[AppError], None],
    ) -> SheetTicket:
        """Ask the pool at once, or when it is known where the document lies."""
        self.open(document)
        known = self._documents[document]
        if known.path is not None:
            return ask()
        late = _Late(ask, refuse)
        known.waiting.append(late)
        if known.trouble is not None:
            # Later, as every answer: whoever asks does not have the ticket yet.
            self._fetched.emit(_Fetched(document, known.trouble))
        return late

    def shutdown(self) -> None:
        """Close all documents."""
        for document, known in self._documents.items():
            for late in known.waiting:
                late.cancel()
            if known.path is not None:
                self._pool.close(document)
        self._documents.clear()

    def _find(self, document: str) -> None:
        """Find where a document lies. Worker thread."""
        result: Path | AppError
        try:
            result = self._fetch(document)
        except AppError as error:
            result = error
        self._fetched.emit(_Fetched(document, result))

    def _take_path(self, fetched: _Fetched) -> None:
        known = self._documents.get(fetched.document)
        if known is None or known.path is not None:
            return
        if isinstance(fetched.result, AppError):
            is_news, known.trouble = known.trouble is None, fetched.result
            if is_news:
                self._take_info(fetched.document, fetched.result)
        else:
            known.path = fetched.result
            self._open_in_pool(fetched.document, fetched.result)
        self._go_on(fetched.document)

    def _open_in_pool(self, document: str, path: Path, password: str = "") -> None:
        self._pool.open(document, path, lambda a: self._take_info(document, a), password)

    def _take_info(self, document: str, answer: DocumentInfo | AppError) -> None:
        known = self._documents.get(document)
        if known is None:
            return
        if isinstance(answer, DocumentInfo):
            known.info = answer
            self.opened.emit(answer)
        else:
            self._log.info("document cannot be opened", reason=str(answer))
            self.refused.emit(Refused(document, answer))

    def _go_on(self, document: str) -> None:
        """Ask the pool for what waited: it takes asks before it knows the document."""
        known = self._documents[document]
        waiting, known.waiting = known.waiting, []
        for late in waiting:
            if late.is_cancelled:
                continue
            if known.trouble is not None:
                late.refuse(known.trouble)
            else:
                late.ticket = late.ask()


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that cannot be opened.

    Attributes:
        document: Its id.
        error: Why.
    """

    document: str
    error: AppError
