"""Putting what came in under pages of a board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import structlog

from base.errors import AppError
from whiteboard.model.document import DocumentInfo, SheetRef
from whiteboard.services.document_intake import DocumentCameIn
from whiteboard.services.document_opener import Ready
from whiteboard.services.open_board import OpenBoard

_log = structlog.get_logger(__name__)


def title_of(name: str) -> str:
    """Return what a board is called after a file: its name without the suffix."""
    return PurePath(name).stem or name


def put_on_board(board: OpenBoard, ready: Ready, after_page_id: str | None) -> list[str]:
    """Add a page for each sheet, and let the board keep the document.

    A board that is blank takes the document's name, and its one empty page goes.

    Args:
        board: Any board that can be written on.
        ready: What came in.
        after_page_id: Behind which page; None for the beginning of the row.

    Returns:
        The ids of the new pages.
    """
    is_blank = board.is_blank
    blank = [page.id for page in board.board.pages] if is_blank else []
    came, info = ready.came, ready.info
    added: list[str] = []
    with board.board.change("") as edit:
        if came is not None and info is not None and ready.notebook is None:
            edit.add_document(came.document, came.name, len(info.sheets), came.source)
            sheets = [
                (SheetRef(came.document, number), size)
                for number, size in enumerate(info.sheets)
            ]
            added = edit.add_sheet_pages(sheets, None if is_blank else after_page_id)
        if is_blank and added:
            edit.set_title(title_of(ready.name))
            for page_id in blank:
                edit.remove_page(page_id)
    if came is not None and info is not None:
        _keep(board, came, info, added)
    return added


def _keep(
    board: OpenBoard, came: DocumentCameIn, info: DocumentInfo, pages: Sequence[str]
) -> None:
    if board.documents is not None:
        board.documents.take_open(info, came.path)
    for page_id, note in zip(pages, came.notes, strict=False):
        if note:
            board.file.set_note(page_id, note)

    def keep() -> None:
        try:
            board.file.put_document(came.document, came.path)
        except AppError as error:
            _log.warning("the board has no copy of its document", reason=str(error))
            raise

    board.worker.submit(keep)
