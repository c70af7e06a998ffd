"""Pictures of boards that lack one in their file: painted from the ink, then kept there.

A board lacks its picture when somebody left it before it was painted, or when it came from
elsewhere without one.
"""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QObject, Signal

from base.board_doc import ImageItem, Item
from base.errors import AppError
from whiteboard.model.board import Board
from whiteboard.model.page import Page
from whiteboard.services.boards.board_file import keep_thumbnail
from whiteboard.services.boards.board_store import BoardStore, merge
from whiteboard.services.boards.open_board import new_id
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.painting.page_picture import paint_page, to_png
from whiteboard.services.painting.snapshot import picture_reader
from whiteboard.services.taking.board_jobs import Cancel, Jobs

T = TypeVar("T")

_SLICE_S: Final = 0.004
_PAUSE_S: Final = 0.001
"""After each slice of painting: the UI thread gets the interpreter without asking for it."""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page of a board as its file has it.

    Attributes:
        path: The file.
        page: The page.
        items: Its items by id.
        assets: The bytes of the pictures on it, by SHA-256.
        log_mark: See `BoardStore.log_mark`.
    """

    path: Path
    page: Page
    items: Mapping[str, Item]
    assets: Mapping[bytes, bytes]
    log_mark: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MadePicture:
    """The picture of a board's first page, as PNG."""

    path: Path
    png: bytes


def read_first_page(path: Path) -> FirstPage | None:
    """Return the first page of a board; None when there is none or the file is damaged.

    Blocks; on the library's thread.

    Raises:
        AppError: NOT_FOUND, MEDIUM_GONE.
    """
    with disk_errors(path):
        try:
            store = BoardStore.open_for_reading(path)
        except sqlite3.DatabaseError:
            return None
        try:
            return _read_page(store)
        except (sqlite3.DatabaseError, ValueError):
            return None
        finally:
            store.close()


def _read_page(store: BoardStore) -> FirstPage | None:
    log = store.read_log()
    if log.damaged:
        return None
    board = Board(new_id, merge(log.updates))
    if not board.pages:
        return None
    page = board.pages[0]
    items = dict(board.items(page.id))
    wanted = {item.sha256 for item in items.values() if isinstance(item, ImageItem)}
    assets = {}
    for sha256 in wanted:
        try:
            assets[sha256] = store.asset(sha256)
        except (KeyError, AppError):
            continue  # the page is shown without it, as on the board
    return FirstPage(store.path, page, items, assets, store.log_mark())


def paint_first_page(first: FirstPage, is_cancelled: Callable[[], bool]) -> bytes | None:
    """Return the picture of a page as PNG; None when it was cancelled. Blocks."""
    photo = picture_reader(lambda sha256: first.assets.get(sha256, b""))
    pause_at_s = time.perf_counter() + _SLICE_S
    for picture in paint_page(first.page, first.items, photo):
        if picture is not None:
            return to_png(picture.image)
        if is_cancelled():
            return None
        if time.perf_counter() >= pause_at_s:
            time.sleep(_PAUSE_S)
            pause_at_s = time.perf_counter() + _SLICE_S
    return None


class MissingPictures(QObject):
    """Paints the pictures that boards lack, one at a time. Belongs to the UI thread.

    Args:
        library_jobs: Where boards are read and written.
        painting_jobs: Where pictures are painted.
    """

    made = Signal(object)
    """There is a picture: a `MadePicture`. The file gets it too, if it can be written."""

    def __init__(
        self, library_jobs: Jobs, painting_jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library_jobs = library_jobs
        self._painting_jobs = painting_jobs
        self._waiting: dict[Path, None] = {}
        self._under_way = 0
        self._cancel = Cancel()

    def want(self, path: Path) -> None:
        """Ask for the picture of a board; nothing comes for one that cannot be read."""
        self._waiting[path] = None
        self._begin()

    def rest(self) -> None:
        """Paint no more: nobody looks at the list."""
        self._waiting.clear()
        self._cancel.ask()

    def _begin(self) -> None:
        if self._under_way or not self._waiting:
            return
        path = next(iter(self._waiting))
        del self._waiting[path]
        self._cancel = Cancel()
        self._step(self._library_jobs, lambda: read_first_page(path), self._paint)

    def _paint(self, first: FirstPage | None) -> None:
        if first is not None and not self._cancel():
            work = functools.partial(paint_first_page, first, self._cancel)
            self._step(self._painting_jobs, work, functools.partial(self._keep, first))

    def _keep(self, first: FirstPage, png: bytes | None) -> None:
        if png is None:
            return
        self.made.emit(MadePicture(first.path, png))
        work = functools.partial(keep_thumbnail, first.path, first.page.id, png, first.log_mark)
        self._step(self._library_jobs, work, lambda _done: None)

    def _step(self, jobs: Jobs, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do one thing after the other; the next board's turn comes when none follows."""
        self._under_way += 1
        # A board that went, is open or cannot be written: the list shows it without.
        jobs.run(work, then, failed=lambda _error: None, ended=self._step_ended)

    def _step_ended(self) -> None:
        self._under_way -= 1
        self._begin()
