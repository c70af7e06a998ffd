"""Which board is on the display: opened and closed on a worker, one at a time."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from whiteboard.model.page import Background
from whiteboard.services.boards.board_file import BoardFile, OpenReport
from whiteboard.services.boards.last_board import LastBoard
from whiteboard.services.boards.library import BoardEntry, Library
from whiteboard.services.boards.open_board import OpenBoard

_Opener = Callable[[], tuple[BoardFile, OpenReport]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A board came onto the display.

    Attributes:
        board: The board, with at least one page unless it can only be read.
        report: What was found in its file.
        was_left_open: Whether it comes back after the program was killed.
    """

    board: OpenBoard
    report: OpenReport
    was_left_open: bool


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    file: BoardFile
    report: OpenReport


class BoardKeeper(QObject):
    """Keeps the one board that is open. Belongs to the UI thread.

    Args:
        library: The boards of this display; used on the worker alone from now on, but
            for an empty board, which is made at once.
        last: Remembers the open board over a crash.
        worker: Where files are opened and closed.
    """

    opened = Signal(object)
    """A board is open: an `Opened`. The one before is closed by then."""
    closing = Signal(object)
    """The board, an `OpenBoard`, is about to be let go of."""
    failed = Signal(object)
    """A board could not be opened: the `AppError`. What was open still is."""
    health_changed = Signal(object)
    """Writing fails: the `AppError`; or works again: None."""
    _read = Signal(object)
    _unread = Signal(object)
    _health = Signal(object)

    def __init__(self, library: Library, last: LastBoard, worker: Worker) -> None:
        super().__init__()
        self._library = library
        self._last = last
        self._worker = worker
        self._board: OpenBoard | None = None
        self._number = 0
        self._is_opening = False
        self._opening: Path | None = None
        self._left_open: Path | None = None
        self.background = Background()
        """What the first page of an empty board looks like."""
        self.undo_bytes = 64 * 1024 * 1024
        """See `Board`."""
        queued: Final = Qt.ConnectionType.QueuedConnection
        self._read.connect(self._take, queued)
        self._unread.connect(self._take_failure, queued)
        self._health.connect(self.health_changed, queued)

    @property
    def board(self) -> OpenBoard | None:
        """The board that is open."""
        return self._board

    @property
    def is_opening(self) -> bool:
        """Whether a board is on its way."""
        return self._is_opening

    def open_first(self) -> None:
        """Open the board that a crash left open, else an empty one, unless one is there.

        Raises:
            AppError: there is no room or no right to make a board.
        """
        if self._board is not None or self._is_opening:
            return
        self._left_open = self._last.left_open()
        if self._left_open is None:
            self.open_new()
        else:
            self.open(self._left_open)

    def open_new(self) -> None:
        """Open an empty board, at once: nobody waits for a fresh sheet.

        Raises:
            AppError: there is no room or no right to make one; what was open still is.
        """
        file = self._library.create(on_health=self._health.emit)
        self._number += 1
        self._take(_Read(self._number, file, OpenReport()))

    def open(self, path: Path) -> None:
        """Open a board of this display; `opened` or `failed` tells.

        One that is on its way already is not opened twice: after a crash, the board that
        comes back may also be the one that the command line names.
        """
        if self._is_opening and path == self._opening:
            return
        self._open_soon(functools.partial(self._open_file, path))
        self._opening = path

    def open_copy(self, path: Path) -> None:
        """Open a copy of a board from anywhere; `opened` or `failed` tells."""
        self._open_soon(functools.partial(self._import_file, path))

    def is_own(self, path: Path) -> bool:
        """Return whether a file is a board of this display itself."""
        return path.resolve().parent == self._library.boards_dir.resolve()

    def board_with(self, document: str, but: Path) -> BoardEntry | None:
        """See `Library.board_with`. On the worker alone."""
        return self._library.board_with(document, but)

    def close(self, *, delete: bool = False) -> None:
        """Let go of the board; its file is closed on the worker. A blank one is not kept.

        Args:
            delete: Whether it goes to the bin as well.
        """
        if self._board is None:
            return
        board, self._board = self._board, None
        self.closing.emit(board)
        is_blank = board.is_blank
        board.stop_keeping()
        self._last.forget()

        def job() -> None:
            board.file.close()
            if is_blank:
                board.path.unlink(missing_ok=True)
            elif delete:
                self._library.delete(board.path)

        self._worker.submit(job)
        # The collector is kept from looking at old objects while somebody writes; nobody
        # does at this moment, and a board leaves many behind.
        gc.collect()

    # On the worker ------------------------------------------------------------------------

    def _open_file(self, path: Path) -> tuple[BoardFile, OpenReport]:
        file = self._library.open(path, on_health=self._health.emit)
        return file, file.report

    def _import_file(self, path: Path) -> tuple[BoardFile, OpenReport]:
        own, report = self._library.import_board(path)
        return self._open_file(own)[0], report

    # On the UI thread ---------------------------------------------------------------------

    def _open_soon(self, opener: _Opener) -> None:
        if self._board is not None and self._board.is_blank:
            # Its file must be gone from the list before another one comes.
            self.close()
        self._is_opening = True
        self._opening = None
        self._number += 1
        number = self._number

        def job() -> None:
            try:
                file, report = opener()
            except AppError as error:
                self._unread.emit((number, error))
            else:
                self._read.emit(_Read(number, file, report))

        self._worker.submit(job)

    def _take(self, read: _Read) -> None:
        if read.number != self._number:
            # Somebody chose another board meanwhile.
            self._worker.submit(read.file.close)
            return
        self._is_opening = False
        board = OpenBoard(read.file, self.undo_bytes, self._worker)
        board.ensure_page(self.background)
        if not board.board.pages:
            # It can only be read, and there is nothing to read.
            board.stop_keeping()
            self._worker.submit(read.file.close)
            self.failed.emit(AppError(ErrorCode.BOARD_DAMAGED, f"{board.path}: no pages"))
            return
        self.close()
        self._board = board
        self._last.note(board.path)
        was_left_open = board.path == self._left_open
        self._left_open = None
        self.opened.emit(Opened(board, read.report, was_left_open))

    def _take_failure(self, failure: tuple[int, AppError]) -> None:
        number, error = failure
        if number != self._number:
            return
        self._is_opening = False
        self._left_open = None
        self._last.forget()
        self.failed.emit(error)
