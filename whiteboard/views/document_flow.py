"""What a person sees while a document is opened, and where its pages go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal

from base.errors import AppError, ErrorCode
from base.feature import Host, Notice
from base.text import _, ngettext
from whiteboard.services.board_documents import Refused
from whiteboard.services.board_keeper import BoardKeeper
from whiteboard.services.document_intake import DocumentIntake
from whiteboard.services.document_opener import LOCKED, DocumentOpener, Ready
from whiteboard.services.document_pages import put_on_board
from whiteboard.services.documents import DocumentStore
from whiteboard.services.open_board import OpenBoard
from whiteboard.services.render_pool import RenderPool
from whiteboard.views.screen import BoardScreen


@dataclass(slots=True)
class _Wish:
    """Where the pages of the document on its way go: behind a page of a board, or on a new one.

    Attributes:
        board: The board that was open when it was asked for; None for a board of its own.
        after_page_id: Behind which page of it.
    """

    board: OpenBoard | None = None
    after_page_id: str | None = None


class DocumentFlow(QObject):
    """Opens documents and tells how it goes.

    Args:
        screen: Where the board is shown.
        host: What the shell hands in.
        keeper: Opens boards.
        store: Where documents are kept.
        pool: Renders them.
    """

    shown = Signal()
    """The pages of a document are on the board."""

    def __init__(
        self,
        screen: BoardScreen,
        host: Host,
        keeper: BoardKeeper,
        store: DocumentStore,
        pool: RenderPool,
    ) -> None:
        super().__init__()
        self._screen = screen
        self._host = host
        self._keeper = keeper
        self._store = store
        self._intake = DocumentIntake(store, pool.run)
        self._opener = DocumentOpener(self._intake, pool, self._room)
        self._wish = _Wish()
        self._opener.ready.connect(self._put)
        self._opener.failed.connect(host.show_error)

    def open(self, path: Path) -> None:
        """Open a document on a board of its own."""
        self._wish = _Wish()
        self._opener.open(path)

    def insert(self, path: Path) -> None:
        """Put the pages of a document behind the page that is shown."""
        board, pane = self._keeper.board, self._screen.pane_in_use
        if board is None or pane is None or board.is_blank:
            self.open(path)
            return
        if board.file.read_only:
            self._host.show_error(AppError(ErrorCode.READ_ONLY, str(board.path)))
            return
        self._wish = _Wish(board, pane.canvas.page_id)
        self._opener.open(path)

    def cancel(self) -> None:
        """Give up what is on its way."""
        self._opener.cancel()

    def take_board(self, board: OpenBoard) -> None:
        """Tell what goes wrong with the documents of a board, and let it have them all."""
        if board.documents is not None:
            board.documents.refused.connect(self._tell_refused)
        if board.file.read_only:
            return
        pages = board.board.pages
        wanted = tuple({page.sheet.document for page in pages if page.sheet is not None})

        def complete() -> None:
            # A copy that was cut off when the display lost its power goes on here.
            for document in wanted:
                path = self._store.path(document)
                if path is not None and not board.file.has_document(document):
                    board.file.put_document(document, path)

        if wanted:
            board.worker.submit(complete)

    def shutdown(self) -> None:
        """Give up what is on its way and end its threads. Blocks until done."""
        self._opener.shutdown()
        self._intake.shutdown()

    def _room(self) -> QSize:
        return self._screen.size() * self._screen.devicePixelRatioF()

    def _put(self, ready: Ready) -> None:
        wish, self._wish = self._wish, _Wish()
        board = self._keeper.board
        after = wish.after_page_id if wish.board is board else None
        try:
            if board is None or (after is None and not board.is_blank):
                self._keeper.open_new()
                board = self._keeper.board
        except AppError as error:
            self._host.show_error(error)
            return
        if board is None:
            return
        pages = put_on_board(board, ready, after)
        pane = self._screen.pane_in_use
        if pane is not None and pages:
            pane.canvas.show_page(pages[0])
        self._tell(ready)
        self.shown.emit()

    def _tell(self, ready: Ready) -> None:
        came = ready.came
        if ready.info is not None and ready.info.is_repaired:
            self._host.show_notice(
                Notice(_("This file was damaged. What could be read is here."))
            )
        if came is None:
            return
        if came.trouble is not None:
            self._host.show_error(came.trouble)
        if came.skipped:
            words = ngettext(
                "%(count)d picture could not be read and was left out.",
                "%(count)d pictures could not be read and were left out.",
                len(came.skipped),
            )
            self._host.show_notice(Notice(words % {"count": len(came.skipped)}))
        if came.reduced:
            self._host.show_notice(
                Notice(_("A very large picture is shown smaller than it is."))
            )

    def _tell_refused(self, refused: Refused) -> None:
        if refused.error.code not in LOCKED:
            self._host.show_error(refused.error)
