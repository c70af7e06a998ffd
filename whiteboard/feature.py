"""The whiteboard's front door: services and screens from what the shell hands in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from base.commands import Command
from base.errors import AppError
from base.feature import Host, Notice, Weight
from base.options import Settings
from base.text import N_, _
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import OpenReport
from whiteboard.services.boards.board_keeper import BoardKeeper, Opened
from whiteboard.services.boards.last_board import LastBoard
from whiteboard.services.boards.library import Library
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.chalk.chalk_sound import ChalkSound
from whiteboard.services.documents.document_folders import SUFFIXES
from whiteboard.services.documents.document_store import DocumentStore
from whiteboard.services.documents.paper_tray import PaperTray
from whiteboard.services.documents.recent_documents import RecentDocument, RecentDocuments
from whiteboard.services.rendering.render_pool import RenderPool
from whiteboard.services.taking.clipboard import BoardClipboard
from whiteboard.services.workers import Workers
from whiteboard.views.board_commands import Elsewhere, bind_keys, board_commands, command_states
from whiteboard.views.documents.document_flow import Around, DocumentFlow
from whiteboard.views.page.leaf import Surroundings
from whiteboard.views.presenting.presenting import Presenting
from whiteboard.views.screen import BoardScreen
from whiteboard.views.sheets import BoardSheets

if TYPE_CHECKING:
    from whiteboard.views.boards.library_screen import LibraryScreen
    from whiteboard.views.documents.documents_screen import DocumentsScreen

BOARD: Final = "board"
BOARDS: Final = "boards"
DOCUMENTS: Final = "documents"
BOARD_SUFFIX: Final = ".kokuban"
WARM_UP_MS: Final = 3000
"""After the feature is there: the start is over, and nobody has found a document yet."""
_MB: Final = 1024 * 1024


class WhiteboardFeature(QObject):
    """Boards: writing on them, and the list of them.

    Args:
        host: What the shell hands in.
    """

    _worker_error = Signal(object)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.id = "whiteboard"
        self.title = N_("Blackboard")
        self.icon = "presentation"
        self._host = host
        values = host.options.values
        self._workers = Workers(self._worker_failed)
        self._library = Library(host.data_dir)
        last = LastBoard(host.data_dir)
        self._keeper = BoardKeeper(self._library, last, self._workers.boards)
        self._pool = RenderPool()
        self._store = DocumentStore(host.data_dir)
        self._release_documents = self._store.hold(())
        self._sound = ChalkSound(values.sound_volume, values.sound_on)
        self._clipboard = BoardClipboard()
        around = Surroundings(time.monotonic, date.today, self._sound, self._clipboard)
        self._screen = BoardScreen(around, values)
        self._sheets = BoardSheets(self._screen, host, self._workers, self._picture_kept)
        self._presenting = Presenting(self._screen, host)
        self._library_screen: LibraryScreen | None = None
        self._recent = RecentDocuments(host.data_dir)
        self._documents_screen: DocumentsScreen | None = None
        self._documents = DocumentFlow(
            self._screen,
            Around(
                host,
                self._keeper,
                self._store,
                self._pool,
                self._recent,
                self._workers,
                self._stage,
                self._show_board,
            ),
        )
        self._paper = PaperTray(
            host.data_dir, self._workers.pictures, self._documents.insert, host.show_error
        )
        elsewhere = Elsewhere(
            pages=self._sheets.show_pages,
            find=self._sheets.show_search,
            paper=lambda _pane: self._sheets.show_paper(self._paper.take),
            background=self._sheets.show_background,
            take_away=self._sheets.show_take_away,
            documents=lambda _pane: self._choose_document(),
            boards=lambda: host.open_screen(BOARDS),
            new_board=self._new_board,
            home=host.go_home,
            finish=host.finish,
        )
        self._commands = (
            *board_commands(self._screen, host.options, elsewhere),
            *self._presenting.commands,
        )
        self._connect()
        self._settings_changed(values)

    # What the shell asks for --------------------------------------------------------------

    def screens(self) -> Sequence[str]:
        """Return the names of the screens."""
        return (BOARD, BOARDS, DOCUMENTS)

    def show(self, screen: str) -> QWidget:
        """Make a screen ready.

        Raises:
            AppError: there is no room or no right to make a board.
        """
        if screen == BOARDS:
            return self._boards()
        if screen == DOCUMENTS:
            return self._choose_documents()
        self._keeper.open_first()
        return self._screen

    def commands(self) -> Sequence[Command]:
        """Return what can be asked for on the board."""
        return self._commands

    def open_path(self, path: Path) -> bool:
        """Open a board, one of this display's itself and any other as a copy, or a document.

        A document is any file with the name of one, and a folder of pictures.
        """
        suffix = path.suffix.lower()
        if suffix == BOARD_SUFFIX:
            self._open(path)
            return True
        if suffix in SUFFIXES or path.is_dir():
            self._documents.open(path)
            return True
        return False

    def finish(self) -> None:
        """Put the board away; the next person begins with an empty one."""
        self._documents.finish()
        self._paper.clear()
        self._presenting.finish()
        self._keeper.close()
        self._clipboard.clear()

    def shutdown(self) -> None:
        """Write what is unwritten and end all threads and processes. Blocks until done."""
        self._stop_listening()
        self._warm_up.stop()
        self._documents.shutdown()
        self._presenting.shutdown()
        self._keeper.close()
        for screen in (self._library_screen, self._documents_screen):
            if screen is not None:
                screen.shutdown()
        self._sheets.shutdown()
        self._clipboard.shutdown()
        self._workers.shutdown()
        self._paper.clear()
        self._pool.shutdown()
        self._store.shutdown()
        self._sound.shutdown()
        if self._screen.parent() is None:
            # Never shown, so nobody else lets it go.
            self._screen.deleteLater()

    # Joining the parts --------------------------------------------------------------------

    def _connect(self) -> None:
        host, keeper = self._host, self._keeper
        keeper.opened.connect(self._board_opened)
        keeper.closing.connect(self._board_closing)
        keeper.failed.connect(self._open_failed)
        keeper.health_changed.connect(self._tell_health)
        self._worker_error.connect(host.show_error, Qt.ConnectionType.QueuedConnection)
        self._screen.side_chosen.connect(
            lambda side: host.options.change_for_now(toolbar_side=side)
        )
        self._screen.home_asked.connect(host.go_home)
        self._screen.failed.connect(host.show_error)
        self._screen.notice_asked.connect(host.show_notice)
        self._screen.more_asked.connect(lambda _pane: self._show_more())
        self._screen.pages_asked.connect(self._sheets.show_pages)
        self._screen.present_asked.connect(self._presenting.toggle_bar)
        self._screen.find_asked.connect(self._sheets.show_search)
        self._screen.address_asked.connect(self._sheets.show_address)
        self._screen.picture_asked.connect(self._sheets.show_pictures)
        self._screen.files_dropped.connect(self._take_dropped)
        self._documents.shown.connect(lambda: self._hold_documents(keeper.board))
        self._stop_listening = host.options.listen(self._settings_changed)
        bind_keys(self._commands, self._screen)
        # Not before the start is over: the first document does not wait for processes then.
        self._warm_up = QTimer(self, interval=WARM_UP_MS, singleShot=True)
        self._warm_up.timeout.connect(self._pool.warm_up)
        self._warm_up.start()

    def _boards(self) -> LibraryScreen:
        from whiteboard.views.boards.library_screen import LibraryScreen

        if self._library_screen is None:
            screen = LibraryScreen(self._library, self._workers, self._host)
            screen.opened.connect(self._open_from_list)
            screen.new_asked.connect(self._new_board)
            screen.import_asked.connect(self._open_from_list)
            screen.rename_open_asked.connect(self._rename)
            screen.delete_open_asked.connect(lambda: self._keeper.close(delete=True))
            self._library_screen = screen
            self._note_open()
        self._sheets.freshen_thumbnails()
        return self._library_screen

    def _choose_documents(self) -> DocumentsScreen:
        from whiteboard.views.documents.documents_screen import DocumentsScreen

        if self._documents_screen is None:
            screen = DocumentsScreen(self._host, self._recent, self._workers.pictures)
            screen.chooser.file_chosen.connect(self._documents.open)
            screen.chooser.recent_chosen.connect(self._documents.open_recent)
            screen.files_dropped.connect(self._documents.open_all)
            self._documents.remembered.connect(screen.chooser.read_recent_again)
            self._documents_screen = screen
        self._pool.warm_up()
        return self._documents_screen

    def _choose_document(self) -> None:
        """Offer what can be put behind the page that is shown, or on a board of its own."""
        from whiteboard.views.documents.documents_screen import DocumentSheet

        sheet = DocumentSheet(self._screen, self._host, self._recent, self._workers.pictures)
        flow = self._documents

        def take(path: Path) -> None:
            flow.open(path) if sheet.is_own_board else flow.insert(path)

        def take_again(entry: RecentDocument) -> None:
            flow.open_recent(entry) if sheet.is_own_board else flow.insert_recent(entry)

        sheet.chooser.file_chosen.connect(take)
        sheet.chooser.recent_chosen.connect(take_again)
        self._pool.warm_up()
        self._sheets.show_sheet(sheet)

    def _stage(self) -> QWidget:
        """Return what people look at while a document is opened."""
        screen = self._documents_screen
        return screen if screen is not None and screen.isVisible() else self._screen

    def _show_board(self) -> None:
        if self._stage() is not self._screen:
            self._host.open_screen(BOARD)

    def _take_dropped(self, paths: list[Path]) -> None:
        boards = [path for path in paths if path.suffix.lower() == BOARD_SUFFIX]
        if boards:
            self._open(boards[0])
            return
        self._documents.insert_all(paths)

    def _board_opened(self, opened: Opened) -> None:
        self._show_documents(opened.board)
        self._screen.show_board(opened.board)
        self._presenting.take_board(opened.board)
        self._sheets.take_board(opened.board)
        self._note_open()
        self._tell_report(opened)

    def _board_closing(self, board: OpenBoard) -> None:
        self._presenting.leave_board()
        self._sheets.leave_board(board)
        self._screen.show_board(None)
        board.forget_documents()
        self._hold_documents(None)
        self._note_open()

    def _hold_documents(self, board: OpenBoard | None) -> None:
        """Keep what the open board shows from going when the display's room is full."""
        self._release_documents()
        known = () if board is None else tuple(board.board.documents)
        self._release_documents = self._store.hold(known)

    def _show_documents(self, board: OpenBoard) -> None:
        board.show_documents(self._pool, self._store, lambda: _("This page cannot be shown"))
        self._hold_documents(board)
        self._documents.take_board(board)
        if board.board.documents:
            self._pool.warm_up()

    def _note_open(self) -> None:
        if self._library_screen is not None:
            board = self._keeper.board
            self._library_screen.set_open(None if board is None else board.path)

    def _picture_kept(self, path: Path) -> None:
        if self._library_screen is not None:
            self._library_screen.refresh_picture(path)

    # What a person wants ------------------------------------------------------------------

    def _new_board(self) -> None:
        try:
            self._keeper.open_new()
        except AppError as error:
            self._host.show_error(error)
            return
        self._host.open_screen(BOARD)

    def _open_from_list(self, path: Path) -> None:
        self._open(path)
        self._host.open_screen(BOARD)

    def _open(self, path: Path) -> None:
        board = self._keeper.board
        if board is not None and board.path == path:
            return
        if self._keeper.is_own(path):
            self._keeper.open(path)
        else:
            self._keeper.open_copy(path)

    def _show_more(self) -> None:
        states = command_states(self._screen, self._host.options)
        states = {**states, **self._presenting.states}
        self._sheets.show_more(self._commands, states)

    def _rename(self, title: str) -> None:
        board = self._keeper.board
        if board is not None:
            with board.board.change("") as edit:
                edit.set_title(title)

    # Words --------------------------------------------------------------------------------

    def _tell_report(self, opened: Opened) -> None:
        words = _report_words(opened.report, opened.board)
        if words:
            self._host.show_notice(Notice(words, Weight.TROUBLE))
        elif opened.was_left_open:
            self._host.show_notice(Notice(_("The board is back as it was.")))

    def _tell_health(self, error: AppError | None) -> None:
        if error is not None:
            self._host.show_error(error)
        else:
            self._host.show_notice(Notice(_("The board is being saved again.")))

    def _open_failed(self, error: AppError) -> None:
        self._host.show_error(error)
        if self._keeper.board is None:
            try:
                self._keeper.open_new()
            except AppError as other:
                self._host.show_error(other)

    def _settings_changed(self, values: Settings) -> None:
        self._sound.set_volume(values.sound_volume)
        self._sound.set_on(values.sound_on)
        surface, ruling = Surface(values.board_surface), Ruling(values.board_ruling)
        self._keeper.background = Background(surface, ruling)
        self._keeper.undo_bytes = values.undo_memory_mb * _MB
        self._store.most_bytes = values.document_cache_mb * _MB
        self._screen.take_settings(values)

    def _worker_failed(self, error: Exception) -> None:
        # On the worker's thread, logged there already: only a person still has to be told.
        if isinstance(error, AppError):
            self._worker_error.emit(error)


def _report_words(report: OpenReport, board: OpenBoard) -> str:
    if report.is_recovered:
        return _("This board was damaged. What could be read is here.")
    if board.file.read_only:
        return _("This board can only be read. Save a copy to write on it.")
    if board.board.unreadable:
        return _("Some things on this board cannot be shown here. They are kept.")
    return ""
