"""The sheets over the board's screen, and the thumbnails they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from base.commands import Command
from base.feature import Host
from base.qt.panels import Sheet
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.thumbnails import Thumbnails
from whiteboard.services.workers import Workers
from whiteboard.views.pane import Pane
from whiteboard.views.screen import BoardScreen

if TYPE_CHECKING:
    from whiteboard.services.paper.sheet_to_page import PaperPage
    from whiteboard.views.taking.take_away_sheet import TakeAwaySheet


class BoardSheets:
    """Opens one sheet at a time over the board; a sheet is made when it is asked for.

    Args:
        screen: What the sheets slide over.
        host: What the shell hands in.
        workers: Where all that waits for a disk is done.
        picture_kept: Told the board whose first page has a new picture in its file.
    """

    def __init__(
        self,
        screen: BoardScreen,
        host: Host,
        workers: Workers,
        picture_kept: Callable[[Path], None],
    ) -> None:
        self._screen = screen
        self._host = host
        self._workers = workers
        self._picture_kept = picture_kept
        self._board: OpenBoard | None = None
        self._thumbnails: Thumbnails | None = None
        self._sheet: Sheet | None = None
        self._take_away: TakeAwaySheet | None = None
        self._page_id = ""
        screen.writing_changed.connect(self._note_writing)

    def take_board(self, board: OpenBoard) -> None:
        """Work for this board from now on."""
        self._board = board
        self._thumbnails = Thumbnails(board, self._workers.boards, parent=self._screen)
        self._thumbnails.kept.connect(self._note_kept)

    def leave_board(self, _board: OpenBoard) -> None:
        """Give the last thumbnails to the board's file and let go of it."""
        self._put_away()
        self._board = None
        if self._thumbnails is not None:
            self._thumbnails.leave()
            self._thumbnails.shutdown()
            self._thumbnails.deleteLater()
            self._thumbnails = None

    def freshen_thumbnails(self) -> None:
        """Paint what the list of boards lacks of the open board, between events."""
        if self._thumbnails is not None:
            self._thumbnails.freshen()

    def shutdown(self) -> None:
        """Close what is open."""
        self._put_away()

    def show_pages(self, pane: Pane) -> None:
        """Show all pages."""
        from whiteboard.views.pages.page_sheet import PageSheet

        if self._board is None or self._thumbnails is None:
            return
        page_id = pane.page_at_hand
        sheet = PageSheet(self._screen, self._board, pane.person, page_id, self._thumbnails)
        sheet.page_chosen.connect(pane.canvas.show_page)
        sheet.number_asked.connect(lambda: self.show_number(pane))
        sheet.strip_asked.connect(lambda: self.show_strip(pane))
        sheet.find_asked.connect(lambda: self.show_search(pane))
        sheet.notice_asked.connect(self._host.show_notice)
        self._open(sheet)

    def show_search(self, pane: Pane) -> None:
        """Show where sought words are, all over the board."""
        from whiteboard.views.reading.search_sheet import SearchSheet

        if self._board is None:
            return
        # What is being written is looked through as well.
        pane.desk.editor.commit()
        has_documents = any(page.sheet is not None for page in self._board.board.pages)
        search = pane.reading.search
        sheet = SearchSheet(self._screen, search, has_documents=has_documents)
        sheet.chosen.connect(pane.reading.show_finding)
        self._open(sheet)

    def show_address(self, address: str) -> None:
        """Show where a link leads outside."""
        from whiteboard.views.reading.link_sheet import LinkSheet

        self._open(LinkSheet(self._screen, address))

    def show_number(self, pane: Pane) -> None:
        """Let the person type the number of a page."""
        from whiteboard.views.pages.go_to_sheet import GoToSheet

        if self._board is not None:
            sheet = GoToSheet(self._screen, len(self._board.board.pages))
            sheet.entered.connect(pane.go_to)
            self._open(sheet)

    def show_strip(self, pane: Pane) -> None:
        """Show the pages beside the page of a pane."""
        if self._thumbnails is not None:
            self._close()
            pane.show_strip(self._thumbnails)

    def show_background(self, pane: Pane) -> None:
        """Show what the page can be printed with."""
        from whiteboard.views.pages.background_sheet import BackgroundSheet

        if self._board is None or self._board.file.read_only:
            return
        page_id = pane.page_at_hand
        self._open(BackgroundSheet(self._screen, self._board.board, pane.person, page_id))

    def show_more(
        self, commands: Sequence[Command], states: Mapping[str, Callable[[], bool]]
    ) -> None:
        """Show what is not in the tray.

        Args:
            commands: What can be asked for.
            states: Those that are on or off, by id.
        """
        from whiteboard.views.tray.more_sheet import MoreSheet

        pane = self._screen.pane_in_use
        is_document = pane is not None and pane.page_bar.is_upright
        sheet = MoreSheet(self._screen, commands, states, is_document=is_document)
        sheet.refresh()
        self._open(sheet)

    def show_take_away(self, pane: Pane) -> None:
        """Show how to export, save and print; it goes on when the sheet is closed."""
        from whiteboard.views.taking.take_away_sheet import TakeAwaySheet

        if self._board is None:
            return
        self._page_id = pane.page_at_hand
        if self._take_away is None:
            self._take_away = TakeAwaySheet(
                self._screen, self._board, self._host, self._workers, lambda: self._page_id
            )
            self._take_away.closed.connect(lambda: self._screen.show_bars(True))
        self._close()
        # The sheet that leaves would bring the bars back under this one.
        self._sheet = None
        self._screen.show_bars(False)
        self._take_away.show_choices()

    def show_pictures(self, pane: Pane) -> None:
        """Show the pictures that can be put on the page."""
        from whiteboard.views.taking.picture_sheet import PictureSheet

        sheet = PictureSheet(self._screen, self._host, self._workers.pictures)
        sheet.chosen.connect(pane.insert_picture)
        self._open(sheet)

    def show_paper(self, taken: Callable[[PaperPage], None]) -> None:
        """Show how a sheet of paper becomes a page; `taken` gets it."""
        from whiteboard.views.taking.paper_sheet import PaperSheet

        sheet = PaperSheet(self._screen, self._host, self._workers.pictures)
        sheet.taken.connect(taken)
        self._open(sheet)

    def show_sheet(self, sheet: Sheet) -> None:
        """Open a sheet that somebody made over the board's screen."""
        self._open(sheet)

    def _open(self, sheet: Sheet) -> None:
        self._close()
        self._sheet = sheet
        sheet.closed.connect(lambda: self._forget(sheet))
        self._screen.show_bars(False)
        sheet.open()

    def _close(self) -> None:
        if self._sheet is not None:
            self._sheet.close_sheet()

    def _put_away(self) -> None:
        """Close at once: the board under the sheet goes."""
        if self._sheet is not None:
            sheet, self._sheet = self._sheet, None
            sheet.hide()
            sheet.deleteLater()
        if self._take_away is not None:
            self._take_away.shutdown()
            self._take_away.hide()
            self._take_away.deleteLater()
            self._take_away = None
        self._screen.show_bars(True)

    def _forget(self, sheet: QWidget) -> None:
        if self._sheet is sheet:
            self._sheet = None
            self._screen.show_bars(True)
        sheet.deleteLater()

    def _note_kept(self, page_id: str) -> None:
        board = self._board
        if board is not None and [page_id] == [page.id for page in board.board.pages[:1]]:
            self._picture_kept(board.path)

    def _note_writing(self, is_writing: bool) -> None:
        if self._thumbnails is not None:
            self._thumbnails.set_writing(is_writing)
