"""Putting what came in under pages of a board."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath
from typing import TypeAlias

import structlog
from PySide6.QtCore import QObject

from base.errors import AppError
from whiteboard.model.board import Edit
from whiteboard.model.document import DocumentInfo, SheetRef, SheetSize
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.documents.document_intake import DocumentCameIn
from whiteboard.services.documents.document_opener import ComingPage, Ready
from whiteboard.services.taking.board_jobs import Jobs

_Placed: TypeAlias = list[tuple[str, ComingPage]]
"""The ids of new pages, each with what it was made of."""
_log = structlog.get_logger(__name__)


def title_of(name: str) -> str:
    """Return what a board is called after a file: its name without the suffix."""
    return PurePath(name).stem or name


class DocumentPlacer(QObject):
    """Puts pages on a board; what they need is in the board's file before they are seen.

    Args:
        failed: Told why pictures could not be kept; their pages come all the same.
    """

    def __init__(self, failed: Callable[[AppError], None]) -> None:
        super().__init__()
        self._failed = failed
        self._jobs: list[Jobs] = []

    def put(
        self,
        board: OpenBoard,
        ready: Ready,
        after_page_id: str | None,
        on_done: Callable[[list[str]], None],
    ) -> None:
        """Add the pages of what came in; at once when there are no pictures among its ink.

        Args:
            board: Any board that can be written on.
            ready: What came in.
            after_page_id: Behind which page; None for the beginning of the row.
            on_done: Gets the ids of the new pages, in their order.
        """

        def put() -> None:
            on_done(put_on_board(board, ready, after_page_id))

        if not ready.pictures:
            put()
            return
        jobs = Jobs(board.worker, self._failed)
        self._jobs = [*(one for one in self._jobs if not one.is_idle), jobs]

        def keep() -> None:
            for data in ready.pictures:
                board.file.put_asset(data)

        jobs.run(keep, lambda _none: None, ended=put)

    def forget(self) -> None:
        """Put nothing any more of what waits for its pictures."""
        for jobs in self._jobs:
            jobs.shutdown()
        self._jobs.clear()


def put_on_board(board: OpenBoard, ready: Ready, after_page_id: str | None) -> list[str]:
    """Add a page for each sheet, with its ink, and let the board keep the document.

    A board that is blank takes the document's name, and its one empty page goes.

    Args:
        board: Any board that can be written on.
        ready: What came in; the pictures among its ink are in the board's file.
        after_page_id: Behind which page; None, or one that is gone, for the beginning of
            the row.

    Returns:
        The ids of the new pages.
    """
    is_blank = board.is_blank
    known = [page.id for page in board.board.pages]
    after = after_page_id if after_page_id in known and not is_blank else None
    came, info = ready.came, ready.info
    document = came.document if came is not None and info is not None else ""
    with board.board.change("") as edit:
        if came is not None and info is not None:
            edit.add_document(came.document, came.name, len(info.sheets), came.source)
        placed: _Placed = []
        for has_sheet, run in groupby(
            _pages(ready), key=lambda page: bool(document) and page.sheet is not None
        ):
            pages = list(run)
            if has_sheet:
                ids = _add_sheets(edit, document, pages, after)
            else:
                ids = _add_papers(board, edit, pages, after)
            placed += zip(ids, pages, strict=True)
            after = ids[-1]
        for page_id, page in placed:
            for place, item in enumerate(page.items):
                edit.add(replace(item, page=page_id, z=float(place)))
        if is_blank and placed:
            edit.set_title(title_of(ready.name))
            for page_id in known:
                edit.remove_page(page_id)
    if came is not None and info is not None:
        _keep(board, came, info, ready.password, placed)
    return [page_id for page_id, _page in placed]


def _pages(ready: Ready) -> Iterator[ComingPage]:
    sheets = ready.info.sheets if ready.info is not None else ()
    if ready.pages is None:
        for number, size in enumerate(sheets):
            yield ComingPage(size, sheet=number)
        return
    for page in ready.pages:
        if page.sheet is None:
            yield page
        elif page.sheet < len(sheets):
            yield replace(page, size=sheets[page.sheet])
        else:
            # The document is not there, or shorter than the ink says: the ink stays.
            yield replace(page, sheet=None)


def _add_sheets(
    edit: Edit, document: str, pages: Sequence[ComingPage], after: str | None
) -> list[str]:
    sheets: list[tuple[SheetRef, SheetSize]] = [
        (SheetRef(document, page.sheet or 0), page.size) for page in pages
    ]
    return edit.add_sheet_pages(sheets, after)


def _add_papers(
    board: OpenBoard, edit: Edit, pages: Sequence[ComingPage], after: str | None
) -> list[str]:
    index = 0
    if after is not None:
        index = board.board.pages.index(board.board.page(after)) + 1
    return [
        edit.add_page(index + place, page.background, page.size.width_pt, page.size.height_pt)
        for place, page in enumerate(pages)
    ]


def _keep(
    board: OpenBoard, came: DocumentCameIn, info: DocumentInfo, password: str, placed: _Placed
) -> None:
    if board.documents is not None:
        board.documents.take_open(info, came.path, password)
    for page_id, page in placed:
        if page.sheet is not None and page.sheet < len(came.notes) and came.notes[page.sheet]:
            board.file.set_note(page_id, came.notes[page.sheet])

    def keep() -> None:
        try:
            board.file.put_document(came.document, came.path)
        except AppError as error:
            _log.warning("the board has no copy of its document", reason=str(error))
            raise

    board.worker.submit(keep)
