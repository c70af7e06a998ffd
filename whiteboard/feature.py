"""The whiteboard's front door: services and screens from what the shell hands in."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import structlog
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from base.commands import Command
from base.errors import AppError
from base.feature import Host, Notice, Weight
from base.options import Settings
from base.tasks import Worker
from base.text import N_, _
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.board_file import BoardFile, OpenReport
from whiteboard.services.chalk_sound import ChalkSound
from whiteboard.services.last_board import LastBoard
from whiteboard.services.library import Library
from whiteboard.services.open_board import OpenBoard
from whiteboard.views.pane import Surroundings
from whiteboard.views.screen import BoardScreen

BOARD: Final = "board"
BOARDS: Final = "boards"
SUFFIX: Final = ".kokuban"
_MB: Final = 1024 * 1024

Opener = Callable[[], tuple[BoardFile, OpenReport | None]]


class WhiteboardFeature(QObject):
    """Boards: writing on them, and the list of them.

    Args:
        host: What the shell hands in.
    """

    _health_changed = Signal(object)
    _opened = Signal(object)
    _failed = Signal(object)
    _told = Signal(object)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.id = "whiteboard"
        self.title = N_("Blackboard")
        self.icon = "presentation"
        self._host = host
        self._log = structlog.get_logger(__name__)
        values = host.options.values
        self._worker = Worker("boards", on_error=self._worker_failed)
        self._library = Library(host.data_dir)
        self._last = LastBoard(host.data_dir)
        self._sound = ChalkSound(values.sound_volume, values.sound_on)
        around = Surroundings(time.monotonic, date.today, self._sound)
        self._screen = BoardScreen(around, values)
        self._open: OpenBoard | None = None
        self._is_opening = False
        queued = Qt.ConnectionType.QueuedConnection
        self._health_changed.connect(self._tell_health, queued)
        self._opened.connect(self._take_file, queued)
        self._failed.connect(self._tell_failure, queued)
        self._told.connect(host.show_error, queued)
        self._stop_listening = host.options.listen(self._settings_changed)
        self._screen.side_chosen.connect(
            lambda side: host.options.change_for_now(toolbar_side=side)
        )

    # What the shell asks for ------------------------------------------------------------

    def screens(self) -> Sequence[str]:
        """Return the names of the screens."""
        return (BOARD, BOARDS)

    def show(self, screen: str) -> QWidget:
        """Make a screen ready.

        Raises:
            AppError: there is no room or no right to write a board.
        """
        if self._open is None and not self._is_opening:
            self._open_first()
        return self._screen

    def commands(self) -> Sequence[Command]:
        """Return what can be asked for."""
        return ()

    def open_path(self, path: Path) -> bool:
        """Open a board file: one of this display's itself, any other as a copy.

        Raises:
            AppError: there is no such file.
        """
        if path.suffix.lower() != SUFFIX:
            return False
        path = path.resolve()
        if path.parent == self._library.boards_dir.resolve():
            self._open_soon(functools.partial(self._read, path))
        else:
            self._open_soon(functools.partial(self._import, path))
        return True

    def finish(self) -> None:
        """Put the board away; the next person begins with an empty one."""
        self._close_board()

    def shutdown(self) -> None:
        """Write what is unwritten and end all threads and processes. Blocks until done."""
        self._stop_listening()
        self._close_board()
        self._worker.shutdown()
        self._sound.shutdown()

    # Boards -------------------------------------------------------------------------------

    def _open_first(self) -> None:
        """Open the board that was left open by a crash, else an empty one."""
        left = self._last.left_open()
        if left is not None:
            self._open_soon(functools.partial(self._read, left))
            self._host.show_notice(Notice(_("The board is back as it was.")))
            return
        self._take_file((self._library.create(on_health=self._health_changed.emit), None))

    def _open_soon(self, opener: Opener) -> None:
        """Open a board on the worker, and show it when it is there."""
        self._is_opening = True

        def job() -> None:
            try:
                self._opened.emit(opener())
            except AppError as error:
                self._failed.emit(error)

        self._worker.submit(job)

    def _read(self, path: Path) -> tuple[BoardFile, OpenReport | None]:
        file = self._library.open(path, on_health=self._health_changed.emit)
        return file, file.report

    def _import(self, path: Path) -> tuple[BoardFile, OpenReport | None]:
        own, report = self._library.import_board(path)
        return self._read(own)[0], report

    def _take_file(self, opened: tuple[BoardFile, OpenReport | None]) -> None:
        file, report = opened
        self._is_opening = False
        self._close_board()
        values = self._host.options.values
        self._open = OpenBoard(file, values.undo_memory_mb * _MB, self._worker)
        self._open.ensure_page(
            Background(Surface(values.board_surface), Ruling(values.board_ruling))
        )
        self._last.note(file.path)
        self._screen.show_board(self._open)
        if report is not None:
            self._tell_report(file, report)

    def _close_board(self) -> None:
        """Take the board off the screen; its file is closed behind the scenes."""
        if self._open is None:
            return
        board, self._open = self._open, None
        self._screen.show_board(None)
        is_blank = board.is_blank
        board.stop_keeping()
        self._last.forget()

        def job() -> None:
            board.file.close()
            if is_blank:
                board.path.unlink(missing_ok=True)

        self._worker.submit(job)

    # Words ----------------------------------------------------------------------------------

    def _tell_report(self, file: BoardFile, report: OpenReport) -> None:
        if report.is_recovered:
            words = _("This board was damaged. What could be read is here.")
            self._host.show_notice(Notice(words, Weight.TROUBLE))
        elif file.read_only:
            words = _("This board can only be read. Save a copy to write on it.")
            self._host.show_notice(Notice(words, Weight.TROUBLE))

    def _tell_health(self, error: AppError | None) -> None:
        if error is not None:
            self._host.show_error(error)
        else:
            self._host.show_notice(Notice(_("The board is being saved again.")))

    def _tell_failure(self, error: AppError) -> None:
        self._is_opening = False
        self._host.show_error(error)
        if self._open is None:
            self._last.forget()
            self._take_file((self._library.create(on_health=self._health_changed.emit), None))

    def _settings_changed(self, values: Settings) -> None:
        self._sound.set_on(values.sound_on)
        self._sound.set_volume(values.sound_volume)
        self._screen.take_settings(values)

    def _worker_failed(self, error: Exception) -> None:
        # On the worker's thread, logged there already: only a person still has to be told.
        if isinstance(error, AppError):
            self._told.emit(error)
