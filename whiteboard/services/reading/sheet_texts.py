"""The words and links of the sheets that are looked at: asked for ahead, kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from PySide6.QtCore import QObject, Signal

from base.errors import AppError
from whiteboard.model.document import Link, SheetRef, Word
from whiteboard.services.painting.sheet_pixels import SheetTicket

KEPT_SHEETS: Final = 24
"""Those looked at longest ago go first; a dense page has some thousand words."""

_Key = tuple[str, int]


class TextSource(Protocol):
    """What reads sheets: a board's `BoardDocuments`."""

    def words(
        self, document: str, number: int, on_done: Callable[[tuple[Word, ...] | AppError], None]
    ) -> SheetTicket:
        """See `BoardDocuments.words`."""

    def links(
        self, document: str, number: int, on_done: Callable[[tuple[Link, ...] | AppError], None]
    ) -> SheetTicket:
        """See `BoardDocuments.links`."""


class SheetTexts(QObject):
    """What is written on sheets. Belongs to the UI thread.

    Args:
        source: Reads them.
    """

    words_came = Signal(object)
    """The words of a sheet are there: its `SheetRef`, whose turns say nothing."""

    def __init__(self, source: TextSource) -> None:
        super().__init__()
        self._source = source
        self._log = structlog.get_logger(__name__)
        self._words: OrderedDict[_Key, tuple[Word, ...]] = OrderedDict()
        self._links: OrderedDict[_Key, tuple[Link, ...]] = OrderedDict()
        self._asked: dict[tuple[str, _Key], SheetTicket] = {}

    def words(self, sheet: SheetRef) -> tuple[Word, ...] | None:
        """Return the words of a sheet; None until they are there. Asks for nothing."""
        return self._words.get((sheet.document, sheet.number))

    def links(self, sheet: SheetRef) -> tuple[Link, ...]:
        """Return the links of a sheet; none until they are there. Asks for nothing."""
        return self._links.get((sheet.document, sheet.number), ())

    def want_words(self, sheet: SheetRef) -> None:
        """Ask for the words of a sheet, unless they are there; `words_came` tells."""
        key = (sheet.document, sheet.number)
        if key in self._words:
            self._words.move_to_end(key)
        elif ("words", key) not in self._asked:
            ticket = self._source.words(*key, lambda answer: self._take_words(sheet, answer))
            self._asked["words", key] = ticket

    def want_links(self, sheet: SheetRef) -> None:
        """Ask for the links of a sheet, unless they are there."""
        key = (sheet.document, sheet.number)
        if key in self._links:
            self._links.move_to_end(key)
        elif ("links", key) not in self._asked:
            ticket = self._source.links(*key, lambda answer: self._take_links(key, answer))
            self._asked["links", key] = ticket

    def shutdown(self) -> None:
        """Forget everything; nothing that was asked for comes any more."""
        for ticket in self._asked.values():
            ticket.cancel()
        self._asked.clear()
        self._words.clear()
        self._links.clear()

    def _take_words(self, sheet: SheetRef, answer: tuple[Word, ...] | AppError) -> None:
        key = (sheet.document, sheet.number)
        self._asked.pop(("words", key), None)
        if isinstance(answer, AppError):
            # A later look may find the document unlocked: nothing is kept.
            self._log.info("words of a sheet cannot be read", reason=str(answer))
            return
        self._words[key] = answer
        _forget_oldest(self._words)
        self.words_came.emit(sheet)

    def _take_links(self, key: _Key, answer: tuple[Link, ...] | AppError) -> None:
        self._asked.pop(("links", key), None)
        if isinstance(answer, AppError):
            self._log.info("links of a sheet cannot be read", reason=str(answer))
            return
        self._links[key] = answer
        _forget_oldest(self._links)


def _forget_oldest(
    kept: OrderedDict[_Key, tuple[Word, ...]] | OrderedDict[_Key, tuple[Link, ...]],
) -> None:
    while len(kept) > KEPT_SHEETS:
        kept.popitem(last=False)
