"""Looking for words all over a board: in its documents, its texts and its notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from base.errors import AppError
from whiteboard.model.document import Hit, SheetRef, Word
from whiteboard.model.finding import Finding, Findings, find_in_items, find_on_pages
from whiteboard.model.page import Page
from whiteboard.model.text_folding import fold
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.sheet_pixels import SheetTicket

FINDINGS_MAX: Final = 1000
"""A search for a single common letter ends here."""
SAMPLED_SHEETS: Final = 12
"""So many sheets are read to tell whether a document in which nothing is found has text."""


class SearchState(Enum):
    """How far a search is."""

    IDLE = auto()
    """Nothing is sought."""
    RUNNING = auto()
    DONE = auto()
    FULL = auto()
    """It ended early, at `FINDINGS_MAX`."""


@dataclass(slots=True)
class _Sought:
    """A document that is searched.

    Attributes:
        pages: The pages each of its sheets lies under.
        has_hits: Whether something was found in it.
    """

    document: str
    pages: dict[int, list[Page]]
    has_hits: bool = False


class BoardSearch(QObject):
    """One search at a time over one board. Belongs to the UI thread.

    Args:
        open_board: The board; documents are searched while it shows them.
    """

    changed = Signal()
    """There are more findings, or `state` is another; at most once each turn of the loop."""

    def __init__(self, open_board: OpenBoard) -> None:
        super().__init__()
        self._open = open_board
        self._tickets: list[SheetTicket] = []
        self._waiting: list[_Sought] = []
        self._query = ""
        self._folded = ""
        self.state = SearchState.IDLE
        self.findings = Findings(())
        self.unread: tuple[str, ...] = ()
        """Names of documents that could not be read."""
        self.textless: tuple[str, ...] = ()
        """Names of documents without any text, as scanned ones are."""
        self._tell = QTimer(self, singleShot=True, interval=0)
        self._tell.timeout.connect(self.changed)

    @property
    def query(self) -> str:
        """What is sought, as it was given."""
        return self._query

    def start(self, query: str) -> None:
        """Look for something else; what was sought before is given up."""
        self.cancel()
        board = self._open.board
        self._query, self._folded = query, fold(query)
        self.findings = Findings(board.pages)
        self.unread = self.textless = ()
        if self._folded:
            self.state = SearchState.RUNNING
            for page in board.pages:
                self._take(find_in_items(page, board.items(page.id), self._folded))
            if self._open.documents is not None and self.state is SearchState.RUNNING:
                self._waiting = _documents_of(board.pages)
            self._go_on()
        else:
            self.state = SearchState.IDLE
        self._tell.start()

    def cancel(self) -> None:
        """Stop looking; what was found stays."""
        for ticket in self._tickets:
            ticket.cancel()
        self._tickets.clear()
        self._waiting.clear()
        if self.state is SearchState.RUNNING:
            self.state = SearchState.DONE
            self._tell.start()

    def clear(self) -> None:
        """Forget the search."""
        self.start("")

    def shutdown(self) -> None:
        """Stop looking; nothing is told any more."""
        self.cancel()
        self._tell.stop()

    def _go_on(self) -> None:
        """Search the next document; one after the other, so that they come in order."""
        documents = self._open.documents
        if self.state is not SearchState.RUNNING:
            return
        if not self._waiting or documents is None:
            self.state = SearchState.DONE
            self._tell.start()
            return
        sought = self._waiting.pop(0)
        ticket = documents.search(
            sought.document,
            self._query,
            lambda hits: self._take_hits(sought, hits),
            lambda error: self._searched(sought, error),
        )
        self._tickets = [ticket]

    def _take_hits(self, sought: _Sought, hits: Sequence[Hit]) -> None:
        sought.has_hits = True
        for hit in hits:
            self._take(find_on_pages(sought.pages.get(hit.sheet, ()), hit, self._folded))

    def _take(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if self.state is not SearchState.RUNNING:
                return
            self.findings.add(finding)
            if len(self.findings) >= FINDINGS_MAX:
                self.cancel()
                self.state = SearchState.FULL
        if findings:
            self._tell.start()

    def _searched(self, sought: _Sought, error: AppError | None) -> None:
        if error is not None:
            self.unread = (*self.unread, self._name(sought.document))
        elif not sought.has_hits:
            self._sample(sought)
            return
        self._go_on()

    def _sample(self, sought: _Sought) -> None:
        """Find out whether a document has text at all, before the search goes on."""
        sheets = sorted(sought.pages)
        step = max(1, len(sheets) // SAMPLED_SHEETS)
        self._look_for_text(sought, sheets[::step][:SAMPLED_SHEETS])

    def _look_for_text(self, sought: _Sought, sheets: Sequence[int]) -> None:
        documents = self._open.documents
        if documents is None:
            return

        def take(answer: tuple[Word, ...] | AppError) -> None:
            if isinstance(answer, AppError) or answer:
                self._go_on()
            else:
                self._look_for_text(sought, sheets[1:])

        if sheets:
            self._tickets = [documents.words(sought.document, sheets[0], take)]
        else:
            self.textless = (*self.textless, self._name(sought.document))
            self._go_on()

    def _name(self, document: str) -> str:
        record = self._open.board.documents.get(document)
        return "" if record is None else record.name


def _documents_of(pages: Sequence[Page]) -> list[_Sought]:
    """Return the documents under pages, in the order in which they come."""
    found: dict[str, _Sought] = {}
    for page in pages:
        match page.sheet:
            case SheetRef(document, number):
                sought = found.setdefault(document, _Sought(document, {}))
                sought.pages.setdefault(number, []).append(page)
    return list(found.values())
