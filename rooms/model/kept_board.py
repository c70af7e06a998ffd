"""What is read of the documents of a room that is over: nothing is written to them any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pycrdt import Doc, Map, Text

from base.board_doc import PAGES
from rooms.model.board_gate import MEMO
from rooms.model.room_document import apply_update

NOTES: Final = "notes"
"""The root text of the staff's notes, in their own document."""


@dataclass(frozen=True, slots=True)
class KeptBoard:
    """The board of a room that is over.

    Attributes:
        state: All of it, as one Yjs update.
        pages: How many pages it has.
        memo: The text of the shared memo.
    """

    state: bytes
    pages: int
    memo: str


def read_board(updates: Iterable[bytes]) -> KeptBoard:
    """Return the board that these updates come to. Takes some 100 ms for 10,000 strokes.

    Args:
        updates: In any order.

    Raises:
        BrokenDocumentError: they are none.
    """
    document = _document(updates)
    memo: Text = document.get(MEMO, type=Text)
    pages: Map[Any] = document.get(PAGES, type=Map)
    return KeptBoard(document.get_update(), len(pages), str(memo))


def read_notes(updates: Iterable[bytes]) -> str:
    """Return the staff's notes that these updates come to.

    Raises:
        BrokenDocumentError: as for `read_board`.
    """
    notes: Text = _document(updates).get(NOTES, type=Text)
    return str(notes)


def _document(updates: Iterable[bytes]) -> Doc[Any]:
    document: Doc[Any] = Doc()
    for update in updates:
        apply_update(document, update)
    return document
