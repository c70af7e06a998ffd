"""The boards of this display: open, rename, duplicate, save to a stick, delete, put back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.clock import Clock, SystemClock
from base.feature import Host, Notice
from base.qt import theme
from base.qt.tray import FRAME_MM, Tray, paint_frame
from base.qt.widgets import Layout, Look, Role, Text, TouchButton, painter_for
from base.text import N_, _
from whiteboard.model.board_words import copy_title, shown_title
from whiteboard.services.boards.board_pictures import MadePicture, MissingPictures
from whiteboard.services.boards.library import BoardEntry, Library
from whiteboard.services.taking.board_jobs import (
    Jobs,
    Place,
    StagedBoard,
    Taken,
    decode_thumbnail,
    stage_listed_board,
    take_staged_board,
)
from whiteboard.services.workers import Workers
from whiteboard.views.boards.board_cards import CARD_RADIUS_MM, BoardCard, CardGrid
from whiteboard.views.boards.library_sheets import BoardSheet, FromStickSheet, QuestionSheet
from whiteboard.views.boards.sticks import taken_words
from whiteboard.views.parts.finger_list import FingerList

PICTURES_AT_ONCE: Final = 2
"""How many pictures are asked for at a time: a list that moves on soon wants others."""
KEPT_PICTURES: Final = 48


class Shelf(QWidget):
    """One list of boards with its pictures: those of the display, or those in the bin.

    Args:
        library: Where the boards are; used on the jobs' worker alone.
        jobs: Where it is used.
        painting_jobs: Where pictures are painted that a board lacks.
        corner: Word and icon of the button in each card's corner.
        empty: What is said when there is no board, a msgid.
        new_tile: Whether the first place is for a new board.
    """

    def __init__(
        self,
        library: Library,
        jobs: Jobs,
        painting_jobs: Jobs,
        corner: tuple[str, str],
        empty: str,
        *,
        new_tile: bool,
    ) -> None:
        super().__init__()
        self._library = library
        self._jobs = jobs
        self._asked: set[Path] = set()
        self._outdated: set[Path] = set()
        self._fresh: dict[Path, QSize] = {}
        self._lacking: set[Path] = set()
        self._open_path: Path | None = None
        self._painting_jobs = painting_jobs
        self._missing = MissingPictures(jobs, painting_jobs, self)
        self._missing.made.connect(self._take_made)
        self.grid = CardGrid(corner, new_tile=new_tile)
        self.list = FingerList(self.grid, self, lies_low=True)
        self._empty = Text(empty, Role.BODY, self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.hide()
        self.list.scrolled.connect(self._want_pictures)
        self.grid.focused.connect(self.list.ensure_seen)

    def show_boards(
        self, entries: Sequence[BoardEntry], today: date, open_path: Path | None
    ) -> None:
        """Show these boards, each with the picture it has now."""
        self._fresh.clear()
        self._outdated |= self._asked
        self._open_path = open_path
        if open_path is not None:
            self._lacking.discard(open_path)
        self.grid.show_boards(entries, today, open_path)
        self._empty.setVisible(not entries)
        self._fit()

    def refresh_picture(self, path: Path) -> None:
        """Show the picture of a board that is new in its file."""
        self._lacking.discard(path)
        self._fresh.pop(path, None)
        if path in self._asked:
            # What is on its way may have been read before.
            self._outdated.add(path)
        self._want_pictures()

    def _fit(self) -> None:
        self.list.set_content_height(self.grid.height_for(self.list.width()))

    def _want_pictures(self) -> None:
        """Ask for the pictures of the cards that are seen, and forget those far away."""
        if not self.isVisible():
            return
        seen_px = self.list.height()
        top = self.list.offset_px
        near = [
            card
            for card in self.grid.cards
            if card.y() + card.height() > top - seen_px / 2 and card.y() < top + seen_px * 1.5
        ]
        self._forget_far(near)
        for card in near:
            if len(self._asked) >= PICTURES_AT_ONCE:
                return
            is_fresh = self._fresh.get(card.entry.path) == card.picture_size()
            if not is_fresh and card.entry.path not in self._asked:
                self._ask_picture(card)

    def _forget_far(self, near: list[BoardCard]) -> None:
        with_picture = [card for card in self.grid.cards if card.has_picture]
        if len(with_picture) <= KEPT_PICTURES:
            return
        for card in with_picture:
            if card not in near:
                card.drop_picture()
                self._fresh.pop(card.entry.path, None)

    def _ask_picture(self, card: BoardCard) -> None:
        path = card.entry.path
        self._asked.add(path)
        decode, size = self._decoder(card), card.picture_size()
        self._jobs.run(
            lambda: decode(self._library.thumbnail(path)),
            functools.partial(self._take_stored, card.entry),
            failed=lambda _error: self._take_picture(path, QImage()),
            ended=functools.partial(self._picture_ended, path, size),
        )

    def _decoder(self, card: BoardCard) -> Callable[[bytes | None], QImage]:
        """Return what makes the picture of a card from a PNG, on any thread."""
        ratio = self.devicePixelRatioF()
        sizes = theme.metrics()
        radius_px = (sizes.px(CARD_RADIUS_MM) - sizes.line_px) * ratio
        size_px = card.picture_size() * ratio
        return lambda png: decode_thumbnail(png, size_px, radius_px)

    def _take_stored(self, entry: BoardEntry, picture: QImage) -> None:
        self._take_picture(entry.path, picture)
        # The board that is open paints its own.
        if picture.isNull() and entry.is_readable and entry.path != self._open_path:
            self._lacking.add(entry.path)
            self._missing.want(entry.path)

    def _take_made(self, made: MadePicture) -> None:
        def take(picture: QImage) -> None:
            # The file may have got a newer one meanwhile.
            if made.path in self._lacking:
                self._lacking.discard(made.path)
                self._take_picture(made.path, picture)

        for card in self.grid.cards:
            if card.entry.path == made.path:
                decode = functools.partial(self._decoder(card), made.png)
                self._painting_jobs.run(decode, take)

    def _take_picture(self, path: Path, picture: QImage) -> None:
        for card in self.grid.cards:
            if card.entry.path == path:
                card.show_picture(picture)

    def _picture_ended(self, path: Path, size: QSize) -> None:
        self._asked.discard(path)
        if path in self._outdated:
            self._outdated.discard(path)
        else:
            self._fresh[path] = size
        self._want_pictures()

    def restyle(self) -> None:
        """Take other sizes; the pictures are made again."""
        self.grid.lay_out()
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.list.setGeometry(self.rect())
        self._empty.setGeometry(self.rect())
        self._fit()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._want_pictures()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._missing.rest()


class LibraryScreen(QWidget):
    """The list of boards.

    Args:
        library: The boards; used on `workers.boards` alone.
        workers: Where all that waits for a disk is done.
        host: Tells of what happened, and which sticks there are.
        clock: Where the time comes from.
    """

    opened = Signal(object)
    """A board is wanted on the display: its path."""
    new_asked = Signal()
    """An empty board is wanted."""
    import_asked = Signal(object)
    """A board on a stick is wanted: its path there."""
    rename_open_asked = Signal(str)
    """The board that is open gets this title."""
    delete_open_asked = Signal()
    """The board that is open is to go to the bin."""

    def __init__(
        self,
        library: Library,
        workers: Workers,
        host: Host,
        parent: QWidget | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._library = library
        self._host = host
        self._clock = clock or SystemClock()
        self._open_path: Path | None = None
        self._jobs = Jobs(workers.boards, host.show_error)
        self._taking_jobs = Jobs(workers.taking, host.show_error)
        self._painting_jobs = Jobs(workers.pictures, host.show_error)
        self._title = Text(N_("Boards"), Role.ROOM)
        self._hint = Text("", Role.HINT)
        jobs = (self._jobs, self._painting_jobs)
        self.boards = Shelf(library, *jobs, (N_("More"), "ellipsis"), "", new_tile=True)
        self.bin = Shelf(
            library,
            *jobs,
            (N_("Put back"), "undo-2"),
            N_("The bin is empty."),
            new_tile=False,
        )
        self._shelves = QStackedLayout()
        self._shelves.addWidget(self.boards)
        self._shelves.addWidget(self.bin)
        self._lay_out()
        self.sheet = BoardSheet(self, host.removable_folders, self._jobs)
        self.from_stick = FromStickSheet(self, host.removable_folders, self._jobs, self._today)
        self.question = QuestionSheet(
            self,
            N_("Delete all boards in the bin for good?"),
            (N_("Delete for good"), "trash-2"),
            (N_("Keep"), "undo-2"),
        )
        self._connect()
        self._restyle()
        self._show_shelf(self.boards)

    def set_open(self, path: Path | None) -> None:
        """Tell which board is open on the display; None for none."""
        self._open_path = path
        if self.isVisible():
            self.refresh()

    def refresh_picture(self, path: Path) -> None:
        """Show the picture of a board that is new in its file."""
        self.boards.refresh_picture(path)

    def refresh(self) -> None:
        """Read the lists again."""
        self._jobs.run(self._library.boards, self._take_boards)
        self._jobs.run(self._library.deleted_boards, self._take_deleted)

    def shutdown(self) -> None:
        """Hear of no result any more."""
        for jobs in (self._jobs, self._taking_jobs, self._painting_jobs):
            jobs.shutdown()
        self.sheet.sticks.stop()

    # Parts ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignBottom)
        self._body = QVBoxLayout()
        self._body.addLayout(head)
        self._body.addLayout(self._shelves, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._body, 1)
        column.addWidget(self._make_tray())

    def _make_tray(self) -> Tray:
        tray = Tray()
        self._back = self._tray_button(N_("Boards"), "arrow-left", self._leave_bin)
        self._empty = self._tray_button(N_("Empty the bin"), "trash-2", self._ask_empty)
        self._from_stick = self._tray_button(
            N_("Open from USB stick"), "usb", self._show_sticks
        )
        self._to_bin = self._tray_button(N_("Bin"), "trash-2", self._enter_bin)
        for button in (self._back, self._empty, self._from_stick, self._to_bin):
            tray.row.addWidget(button)
        tray.row.addStretch(1)
        home = TouchButton(N_("Home"), "house", look=Look.WOOD, main=True, layout=Layout.BESIDE)
        home.clicked.connect(self._host.go_home)
        tray.row.addWidget(home)
        return tray

    def _tray_button(self, msgid: str, icon: str, run: object) -> TouchButton:
        button = TouchButton(msgid, icon, look=Look.WOOD, main=True)
        button.clicked.connect(run)
        return button

    def _connect(self) -> None:
        grid = self.boards.grid
        grid.new_asked.connect(self.new_asked)
        grid.chosen.connect(self._open_board)
        grid.corner_touched.connect(self.sheet.show_board)
        self.bin.grid.chosen.connect(self._put_back)
        self.bin.grid.corner_touched.connect(self._put_back)
        self.sheet.open_asked.connect(self._open_board)
        self.sheet.rename_asked.connect(self._rename)
        self.sheet.duplicate_asked.connect(self._duplicate)
        self.sheet.save_asked.connect(self._save_to_stick)
        self.sheet.delete_asked.connect(self._delete)
        self.from_stick.chosen.connect(self.import_asked)
        self.question.agreed.connect(self._empty_bin)

    def _show_shelf(self, shelf: Shelf) -> None:
        in_bin = shelf is self.bin
        self._shelves.setCurrentWidget(shelf)
        self._title.set_msgid(N_("Bin") if in_bin else N_("Boards"))
        for button in (self._back, self._empty):
            button.setVisible(in_bin)
        for button in (self._from_stick, self._to_bin):
            button.setVisible(not in_bin)
        self._hint.set_msgid(N_("Boards stay here for 30 days.") if in_bin else "")
        self._hint.setVisible(in_bin)

    def _show_sticks(self) -> None:
        self.from_stick.show_sticks()

    def _today(self) -> date:
        return self._clock.now().date()

    def _enter_bin(self) -> None:
        self._show_shelf(self.bin)

    def _leave_bin(self) -> None:
        self._show_shelf(self.boards)

    # Lists ----------------------------------------------------------------------------

    def _take_boards(self, entries: list[BoardEntry]) -> None:
        self.boards.show_boards(entries, self._today(), self._open_path)

    def _take_deleted(self, entries: list[BoardEntry]) -> None:
        self.bin.show_boards(entries, self._today(), None)
        self._empty.setEnabled(bool(entries))

    # What is asked for ------------------------------------------------------------------

    def _open_board(self, entry: BoardEntry) -> None:
        self.opened.emit(entry.path)

    def _rename(self, wanted: tuple[BoardEntry, str]) -> None:
        entry, title = wanted
        if entry.path == self._open_path:
            self.rename_open_asked.emit(title)
            # The file will say so in a moment, when its writer has come to it.
            self.boards.grid.rename(entry.path, title)
            return
        self._jobs.run(
            lambda: self._library.rename(entry.path, title),
            lambda _done: None,
            ended=self.refresh,
        )

    def _duplicate(self, entry: BoardEntry) -> None:
        title = copy_title(shown_title(entry.title, entry.created))
        self._jobs.run(
            lambda: self._library.duplicate(entry.path, title),
            lambda _copy: self._tell(_("Made: %(title)s") % {"title": title}),
            ended=self.refresh,
        )

    def _save_to_stick(self, wanted: tuple[BoardEntry, Place]) -> None:
        entry, place = wanted
        today = self._today()
        self._tell(_("Saving to %(stick)s. Leave it in.") % {"stick": place.name})

        def take(staged: StagedBoard) -> None:
            self._taking_jobs.run(lambda: take_staged_board(staged, place, today), self._saved)

        self._jobs.run(lambda: stage_listed_board(self._library, entry), take)

    def _saved(self, taken: Taken) -> None:
        self._tell(taken_words(taken))

    def _delete(self, entry: BoardEntry) -> None:
        if entry.path == self._open_path:
            # Closing and deleting go to the same worker, before what is asked for here.
            self.delete_open_asked.emit()
            self._jobs.run(
                self._library.deleted_boards,
                functools.partial(self._find_deleted, entry),
                ended=self.refresh,
            )
            return
        self._jobs.run(
            lambda: self._library.delete(entry.path), self._tell_deleted, ended=self.refresh
        )

    def _find_deleted(self, entry: BoardEntry, deleted: list[BoardEntry]) -> None:
        if deleted and deleted[0].path.stem.startswith(entry.path.stem):
            self._tell_deleted(deleted[0])

    def _tell_deleted(self, entry: BoardEntry) -> None:
        words = _("Deleted: %(title)s") % {"title": shown_title(entry.title, entry.created)}
        undo = functools.partial(self._put_back, entry, quiet=True)
        self._host.show_notice(Notice(words, action_text=N_("Undo"), action=undo))

    def _put_back(self, entry: BoardEntry, *, quiet: bool = False) -> None:
        def tell(back: BoardEntry) -> None:
            title = shown_title(back.title, back.created)
            if not quiet:
                self._tell(_("Put back: %(title)s") % {"title": title})

        self._jobs.run(lambda: self._library.restore(entry.path), tell, ended=self.refresh)

    def _tell(self, words: str) -> None:
        self._host.show_notice(Notice(words))

    def _ask_empty(self) -> None:
        self.question.open()

    def _empty_bin(self) -> None:
        self._jobs.run(
            lambda: self._library.empty_bin(timedelta(0)),
            lambda _done: self._tell(_("The bin is empty.")),
            ended=self.refresh,
        )

    # Qt -----------------------------------------------------------------------------------

    def _restyle(self) -> None:
        sizes = theme.metrics()
        frame = sizes.px(FRAME_MM)
        side = frame + sizes.px(22)
        self._body.setContentsMargins(side, frame + sizes.px(10), side - sizes.px(5), 0)
        self._body.setSpacing(sizes.px(8))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_shelf(self.boards)
        self.refresh()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for sheet in (self.sheet, self.from_stick, self.question):
            sheet.hide()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
            self.boards.restyle()
            self.bin.restyle()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        paint_frame(painter, QRectF(self.rect()))
        painter.end()
