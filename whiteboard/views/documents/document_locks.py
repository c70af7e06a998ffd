"""Documents of the open board that ask for a password."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from base.errors import AppError, ErrorCode
from base.feature import Host, Notice
from base.text import _
from whiteboard.model.document import DocumentInfo
from whiteboard.services.boards.board_documents import Refused
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.screen import BoardScreen

if TYPE_CHECKING:
    from whiteboard.views.documents.password_sheet import PasswordSheet


class DocumentLocks(QObject):
    """Asks for one password at a time, over the board whose pages wait for it.

    Args:
        screen: Where the board is shown.
        host: Tells what stays locked.
    """

    def __init__(self, screen: BoardScreen, host: Host) -> None:
        super().__init__()
        self._screen = screen
        self._host = host
        self._board: OpenBoard | None = None
        self._waiting: list[Refused] = []
        self._asked: str | None = None
        self._sheet: PasswordSheet | None = None

    def take_board(self, board: OpenBoard) -> None:
        """Work for this board from now on."""
        self.forget()
        self._board = board
        if board.documents is not None:
            board.documents.opened.connect(functools.partial(self._note_opened, board))

    def forget(self) -> None:
        """Ask for nothing any more: the board goes."""
        self._board, self._asked = None, None
        self._waiting.clear()
        self._close()

    def ask(self, board: OpenBoard, refused: Refused) -> None:
        """Ask for the password of a document of the board, behind those asked for already."""
        if board is not self._board:
            return
        if self._asked not in (None, refused.document):
            if refused.document not in [one.document for one in self._waiting]:
                self._waiting.append(refused)
            return
        from whiteboard.views.documents.password_sheet import PasswordSheet

        self._asked = refused.document
        if self._sheet is None:
            sheet = PasswordSheet(self._screen)
            sheet.entered.connect(self._unlock)
            sheet.closed.connect(functools.partial(self._left, sheet))
            self._sheet = sheet
        is_again = refused.error.code is ErrorCode.DOCUMENT_STILL_ENCRYPTED
        self._sheet.ask(self._name(refused.document), is_again=is_again)

    def _name(self, document: str) -> str:
        record = self._board.board.documents.get(document) if self._board is not None else None
        return record.name if record is not None and record.name else _("A document")

    def _unlock(self, password: str) -> None:
        board, document = self._board, self._asked
        if board is not None and board.documents is not None and document is not None:
            board.documents.unlock(document, password)

    def _note_opened(self, board: OpenBoard, info: DocumentInfo) -> None:
        if board is not self._board or info.document != self._asked:
            return
        if board.sheets is not None:
            board.sheets.try_again(info.document)
        self._asked = None
        self._close()
        self._ask_next()

    def _left(self, sheet: PasswordSheet) -> None:
        sheet.deleteLater()
        if self._sheet is not sheet:
            return
        self._sheet = None
        board, document = self._board, self._asked
        self._asked = None
        if board is not None and document is not None:
            self._tell_locked(board, document)
        self._ask_next()

    def _tell_locked(self, board: OpenBoard, document: str) -> None:
        words = _("The pages of “%(name)s” stay locked.") % {"name": self._name(document)}

        def ask() -> None:
            self.ask(board, Refused(document, AppError(ErrorCode.DOCUMENT_ENCRYPTED)))

        self._host.show_notice(Notice(words, action_text=_("Enter the password"), action=ask))

    def _ask_next(self) -> None:
        if self._waiting and self._board is not None:
            self.ask(self._board, self._waiting.pop(0))

    def _close(self) -> None:
        sheet, self._sheet = self._sheet, None
        if sheet is not None:
            sheet.hide()
            sheet.deleteLater()
