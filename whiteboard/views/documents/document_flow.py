"""What a person sees while a document is opened, and where its pages go."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect, QSize, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from base.errors import AppError, ErrorCode
from base.feature import Host, Notice, Weight
from base.text import _, ngettext
from whiteboard.model.board_words import when_text
from whiteboard.services.boards.board_documents import Refused
from whiteboard.services.boards.board_keeper import BoardKeeper
from whiteboard.services.boards.library import BoardEntry
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.documents.document_folders import shown_name
from whiteboard.services.documents.document_intake import (
    DocumentCameIn,
    DocumentIntake,
    IntakeProgress,
)
from whiteboard.services.documents.document_opener import (
    LOCKED,
    DocumentOpener,
    Looked,
    PasswordAsked,
    Ready,
)
from whiteboard.services.documents.document_pages import DocumentPlacer
from whiteboard.services.documents.document_store import DocumentStore
from whiteboard.services.documents.recent_documents import (
    PICTURE_SIDE_PX,
    RecentDocument,
    RecentDocuments,
    recent_key,
)
from whiteboard.services.rendering.render_pool import Priority, RenderPool
from whiteboard.services.taking.board_jobs import Jobs
from whiteboard.services.workers import Workers
from whiteboard.views.documents.document_locks import DocumentLocks
from whiteboard.views.documents.opening_view import OpeningView
from whiteboard.views.screen import BoardScreen

if TYPE_CHECKING:
    from whiteboard.views.documents.password_sheet import PasswordSheet

_LOOK_MS: Final = 16
_SHARP_MS: Final = 1500
"""So long the first page stays over the board while the board paints the same."""


@dataclass(slots=True)
class _Wish:
    """Where the pages of the document on its way go: behind a page of a board, or on a new one.

    Attributes:
        board: The board that was open when it was asked for; None for a board of its own.
        after_page_id: Behind which page of it.
        is_shown: Whether people see the first of the pages already.
    """

    board: OpenBoard | None = None
    after_page_id: str | None = None
    is_shown: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What the flow of documents works with.

    Attributes:
        host: What the shell hands in.
        keeper: Opens boards.
        store: Where documents are kept.
        pool: Renders them.
        recent: What was opened before.
        workers: Where all that waits for a disk is done.
        stage: Returns the screen that people look at.
        show_board: Puts the board on the display.
    """

    host: Host
    keeper: BoardKeeper
    store: DocumentStore
    pool: RenderPool
    recent: RecentDocuments
    workers: Workers
    stage: Callable[[], QWidget]
    show_board: Callable[[], None]


class DocumentFlow(QObject):
    """Opens documents and tells how it goes.

    Args:
        screen: Where the board is shown.
        around: What it works with.
    """

    shown = Signal()
    """The pages of a document are on the board."""

    remembered = Signal()
    """The list of recent documents is another one."""

    def __init__(self, screen: BoardScreen, around: Around) -> None:
        super().__init__()
        self._screen = screen
        self._around = around
        self._host = around.host
        self._keeper = around.keeper
        self._jobs = Jobs(around.workers.pictures, around.host.show_error)
        self._board_jobs = Jobs(around.workers.boards, around.host.show_error)
        self._intake = DocumentIntake(around.store, around.pool.run)
        self._opener = DocumentOpener(self._intake, around.pool, self._room)
        self._placer = DocumentPlacer(around.host.show_error)
        self._locks = DocumentLocks(screen, around.host)
        self._wish = _Wish()
        self._waiting: deque[Path] = deque()
        self._number = 0
        self._name = ""
        self._first: QImage | None = None
        self._sheet: PasswordSheet | None = None
        self.view = OpeningView()
        self._sharp = QTimer(self, interval=_LOOK_MS)
        self._sharp.timeout.connect(self._look_at_board)
        self._looks = 0
        self.view.cancel_asked.connect(self.cancel)
        self._opener.progressed.connect(self._take_progress)
        self._opener.looked.connect(self._take_look)
        self._opener.password_asked.connect(self._ask_password)
        self._opener.ready.connect(self._put)
        self._opener.failed.connect(self._fail)
        around.keeper.closing.connect(lambda _board: self._placer.forget())

    # What is asked for ------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a document on a board of its own, or on the one that is open and blank."""
        self._begin([path], _Wish())

    def open_all(self, paths: Sequence[Path]) -> None:
        """Open several documents, one behind the other, on a board of their own."""
        self._begin(paths, _Wish())

    def insert(self, path: Path) -> None:
        """Put the pages of a document behind the page that is shown."""
        self.insert_all([path])

    def insert_all(self, paths: Sequence[Path]) -> None:
        """Put the pages of documents behind the page that is shown, in this order."""
        wish = self._behind_page()
        if wish is not None:
            self._begin(paths, wish)

    def open_recent(self, entry: RecentDocument) -> None:
        """Open a document again, on a board of its own."""
        self._begin_recent(entry, _Wish())

    def insert_recent(self, entry: RecentDocument) -> None:
        """Put a document that was opened before behind the page that is shown."""
        wish = self._behind_page()
        if wish is not None:
            self._begin_recent(entry, wish)

    def cancel(self) -> None:
        """Give up what is on its way; pages that are on the board stay."""
        self._number += 1
        self._waiting.clear()
        self._opener.cancel()
        self._placer.forget()
        self._end_view()

    def finish(self) -> None:
        """Give up what is on its way and leave nothing for the next person to answer."""
        self.cancel()
        self._locks.forget()
        if not self._host.options.values.recent_documents_stay:
            self._jobs.run(self._around.recent.forget_all, lambda _none: None)

    def take_board(self, board: OpenBoard) -> None:
        """Tell what goes wrong with the documents of a board, and let it have them all."""
        if board.documents is not None:
            board.documents.refused.connect(functools.partial(self._tell_refused, board))
        self._locks.take_board(board)
        if board.file.read_only:
            return
        used = {page.sheet.document for page in board.board.pages if page.sheet is not None}
        wanted = tuple(used)

        def complete() -> None:
            # A copy that was cut off when the display lost its power goes on here.
            for document in wanted:
                path = self._around.store.path(document)
                if path is not None and not board.file.has_document(document):
                    board.file.put_document(document, path)

        if wanted:
            board.worker.submit(complete)

    def shutdown(self) -> None:
        """Give up what is on its way and end its threads. Blocks until done."""
        self.cancel()
        self._locks.forget()
        self._jobs.shutdown()
        self._board_jobs.shutdown()
        self._opener.shutdown()
        self._intake.shutdown()
        self.view.deleteLater()

    # On its way -------------------------------------------------------------------------

    def _behind_page(self) -> _Wish | None:
        """Return the wish for the page that is shown; None when nothing can be put there."""
        board, pane = self._keeper.board, self._screen.pane_in_use
        if board is None or pane is None or board.is_blank:
            return _Wish()
        if board.file.read_only:
            self._host.show_error(AppError(ErrorCode.READ_ONLY, str(board.path)))
            return None
        return _Wish(board, pane.page_at_hand)

    def _begin(self, paths: Sequence[Path], wish: _Wish) -> None:
        if not paths:
            return
        self._start(wish, shown_name(paths[0]))
        self._waiting = deque(paths[1:])
        self._opener.open(paths[0])

    def _start(self, wish: _Wish, name: str) -> None:
        """What is on its way makes room for this."""
        self._number += 1
        self._waiting.clear()
        self._opener.cancel()
        self._placer.forget()
        self._close_sheet()
        self._sharp.stop()
        self._host.forget_files()
        self._wish, self._first, self._name = wish, None, name
        self.view.begin(self._around.stage(), name)

    def _begin_recent(self, entry: RecentDocument, wish: _Wish) -> None:
        self._start(wish, entry.name)
        number, recent, store = self._number, self._around.recent, self._around.store

        def find() -> DocumentCameIn | Path:
            try:
                return recent.come_in(entry, store)
            except AppError:
                if not entry.path.exists():
                    raise
                return entry.path

        def found(what: DocumentCameIn | Path) -> None:
            if number != self._number:
                return
            if isinstance(what, Path):
                self._opener.open(what)
            else:
                self._opener.open_kept(what, entry.path)

        def failed(error: AppError) -> None:
            if number == self._number:
                self._lose_recent(entry, error)

        self._jobs.run(find, found, failed=failed)

    def _lose_recent(self, entry: RecentDocument, error: AppError) -> None:
        self._end_view()
        if error.code is not ErrorCode.NOT_FOUND:
            self._host.show_error(error)
            return
        words = _("“%(name)s” is not on this display any more. Open it from where it is kept.")
        self._host.show_notice(Notice(words % {"name": entry.name}, Weight.TROUBLE))
        self._jobs.run(lambda: self._around.recent.forget(entry.key), lambda _none: None)

    def _room(self) -> QSize:
        stage = self._around.stage()
        return stage.size() * stage.devicePixelRatioF()

    def _take_progress(self, progress: IntakeProgress) -> None:
        self.view.show_progress(progress)

    def _take_look(self, looked: Looked) -> None:
        self._close_sheet()
        self._first = looked.picture
        self.view.show_picture(looked.picture)

    def _fail(self, error: AppError) -> None:
        self._host.show_error(AppError(error.code, error.detail, self._name))
        self._go_on()

    def _go_on(self) -> None:
        """Take the next one of several files, or be done."""
        self._close_sheet()
        if self._waiting:
            path = self._waiting.popleft()
            self._first, self._name = None, shown_name(path)
            self.view.begin(self._around.stage(), self._name)
            self._opener.open(path)
        else:
            self._end_view()

    def _end_view(self) -> None:
        self._close_sheet()
        self._sharp.stop()
        self._first = None
        self.view.end()

    # Passwords --------------------------------------------------------------------------

    def _ask_password(self, asked: PasswordAsked) -> None:
        from whiteboard.views.documents.password_sheet import PasswordSheet

        if self._sheet is None:
            sheet = PasswordSheet(self._around.stage())
            sheet.entered.connect(self._unlock)
            sheet.closed.connect(functools.partial(self._password_left, sheet))
            self._sheet = sheet
        self.view.wait_for_person()
        self._sheet.ask(asked.name, is_again=asked.is_again)
        self._sheet.raise_()

    def _unlock(self, password: str) -> None:
        self.view.go_on()
        self._opener.unlock(password)

    def _password_left(self, sheet: PasswordSheet) -> None:
        sheet.deleteLater()
        if self._sheet is sheet:
            self._sheet = None
            self.cancel()

    def _close_sheet(self) -> None:
        sheet, self._sheet = self._sheet, None
        if sheet is not None:
            sheet.hide()
            sheet.deleteLater()

    # There ------------------------------------------------------------------------------

    def _put(self, ready: Ready) -> None:
        self._close_sheet()
        wish = self._wish
        board = self._keeper.board
        after = wish.after_page_id if wish.board is board else None
        try:
            if board is None or (after is None and not board.is_blank):
                self._keeper.open_new()
                board = self._keeper.board
        except AppError as error:
            self._host.show_error(error)
            self._go_on()
            return
        if board is None:
            self._end_view()
            return
        there = board
        self._placer.put(board, ready, after, lambda pages: self._placed(there, ready, pages))

    def _placed(self, board: OpenBoard, ready: Ready, pages: list[str]) -> None:
        pane = self._screen.pane_in_use
        if self._keeper.board is not board:
            self._end_view()
            return
        if pane is not None and pages and not self._wish.is_shown:
            pane.canvas.show_page(pages[0])
        if self._wish.after_page_id is None:
            self._look_for_board(board, ready)
        self._remember(ready, len(pages))
        self._tell(ready)
        self.shown.emit()
        if self._waiting:
            after = pages[-1] if pages else self._wish.after_page_id
            self._wish = _Wish(board, after, self._wish.is_shown or bool(pages))
            self._go_on()
            return
        self._around.show_board()
        self._looks = _SHARP_MS // _LOOK_MS
        self._sharp.start()

    def _look_for_board(self, board: OpenBoard, ready: Ready) -> None:
        """Offer the board that somebody wrote on before, with the same document."""
        if ready.came is None:
            return
        document, path = ready.came.document, board.path

        def found(entry: BoardEntry | None) -> None:
            if entry is None or self._keeper.board is not board:
                return
            when = when_text(entry.modified, datetime.now(UTC).astimezone().date())
            words = _("There is a board with this document already: %(when)s") % {"when": when}
            self._host.show_notice(
                Notice(
                    words,
                    action_text=_("Open that board"),
                    action=lambda: self._keeper.open(entry.path),
                    about=ready.name,
                )
            )

        self._board_jobs.run(lambda: self._keeper.board_with(document, path), found)

    def _look_at_board(self) -> None:
        """Leave when the board shows the same page, sharp."""
        pane = self._screen.pane_in_use
        self._looks -= 1
        if pane is None or pane.canvas.is_sharp or self._looks <= 0:
            self._end_view()

    def _remember(self, ready: Ready, pages: int) -> None:
        """Put a document on the list of recent ones; never one that asked for a password."""
        if ready.password:
            return
        opened = ready.opened
        document = opened.document if opened is not None else ""
        source = opened.source if opened is not None else ""
        key = recent_key(document, ready.path)
        name = ready.name.encode("utf-8", "replace").decode("utf-8")
        now = datetime.now(UTC)
        entry = RecentDocument(key, name, ready.path, document, source, pages, now)

        def note(picture: QImage | AppError | None) -> None:
            image = picture if isinstance(picture, QImage) else None
            recent = self._around.recent
            self._jobs.run(
                lambda: recent.note(entry, image), lambda _none: self.remembered.emit()
            )

        # At once: a board that is closed soon takes its document away from who paints it.
        note(self._first)
        if self._first is not None or ready.came is None or ready.info is None:
            return
        size = ready.info.sheets[0]
        scale = PICTURE_SIDE_PX / max(size.width_pt, size.height_pt)
        area = QRect(0, 0, round(size.width_pt * scale), round(size.height_pt * scale))
        self._around.pool.render(
            ready.came.document,
            0,
            0,
            scale,
            area.united(QRect(0, 0, 1, 1)),
            Priority.BACKGROUND,
            note,
        )

    def _tell(self, ready: Ready) -> None:
        for notice in _notices(ready):
            self._host.show_notice(notice)
        if ready.came is not None and ready.came.trouble is not None:
            self._host.show_error(ready.came.trouble)

    def _tell_refused(self, board: OpenBoard, refused: Refused) -> None:
        if refused.error.code in LOCKED:
            self._locks.ask(board, refused)
        elif refused.error.code is ErrorCode.NOT_FOUND:
            record = board.board.documents.get(refused.document)
            words = _(
                "“%(name)s” is missing, so its pages are empty. "
                "What is written on them is safe."
            )
            name = record.name if record is not None and record.name else _("A document")
            self._host.show_notice(Notice(words % {"name": name}, Weight.TROUBLE))
        else:
            self._host.show_error(refused.error)


def _notices(ready: Ready) -> list[Notice]:
    """Return what has to be said of a document that is on the board."""
    said: list[str] = []
    came = ready.came
    if ready.info is not None and ready.info.is_repaired:
        said.append(_("This file was damaged. What could be read is here."))
    if ready.lacks_document:
        said.append(
            _("The PDF under this notebook was not found. Its writing is here on plain pages.")
        )
    if ready.lost:
        words = ngettext(
            "%(count)d thing on these pages could not be read and was left out.",
            "%(count)d things on these pages could not be read and were left out.",
            ready.lost,
        )
        said.append(words % {"count": ready.lost})
    if came is not None and came.skipped:
        words = ngettext(
            "%(count)d picture could not be read and was left out.",
            "%(count)d pictures could not be read and were left out.",
            len(came.skipped),
        )
        said.append(words % {"count": len(came.skipped)})
    if came is not None and came.reduced:
        said.append(_("A very large picture is shown smaller than it is."))
    return [Notice(words) for words in said]
