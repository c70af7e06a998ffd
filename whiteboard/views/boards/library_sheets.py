"""What can be done with one board of the list, and the boards on the sticks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet
from base.qt.widgets import Layout, Look, Role, Text, TouchButton
from base.text import N_, _
from whiteboard.model.board_words import shown_title, size_text, when_text
from whiteboard.services.boards.library import BoardEntry
from whiteboard.services.taking.board_jobs import Jobs, Place, StickBoard, find_boards
from whiteboard.views.boards.sticks import RowButton, StickWatch, stick_words
from whiteboard.views.parts.finger_list import FingerList, leave_touches_to_list

MAX_TITLE_CHARS: Final = 120
_NO_STICK: Final = N_("Put a USB stick into the display. It appears here by itself.")
_NO_BOARD: Final = N_("There is no board on the USB stick.")
_SHEET_MM: Final = 250.0


class PageStack(QStackedLayout):
    """A stack as tall as the page that is shown, not as the tallest one."""

    @override
    def sizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.sizeHint() if page is not None else super().sizeHint()

    @override
    def minimumSize(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSize()


class Rows(QWidget):
    """Rows one below another, for a `FingerList`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._rows: list[RowButton] = []

    @property
    def rows(self) -> tuple[RowButton, ...]:
        """The rows, from above."""
        return tuple(self._rows)

    def show_rows(self, rows: Sequence[RowButton]) -> None:
        """Show these rows instead of the ones before."""
        for old in self._rows:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = list(rows)
        sizes = theme.metrics()
        self._column.setSpacing(sizes.px(3))
        # Room at the right for the marker of the place.
        self._column.setContentsMargins(0, 0, sizes.px(4), 0)
        for place, row in enumerate(self._rows):
            leave_touches_to_list(row)
            self._column.insertWidget(place, row)

    def height_px(self) -> int:
        """Return how tall the rows are together."""
        gap = theme.metrics().px(3)
        return sum(row.sizeHint().height() + gap for row in self._rows) - gap * bool(self._rows)


class StickPicker(QWidget):
    """The sticks as rows, or how to get one.

    Args:
        folders: Returns the folders of the sticks.
        jobs: Where sticks are looked at.
    """

    chosen = Signal(object)
    """A stick was touched: a `Place`."""

    def __init__(
        self, folders: Callable[[], Sequence[Path]], jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._watch = StickWatch(folders, jobs, self)
        self._watch.changed.connect(self._show)
        self._hint = Text(_NO_STICK, Role.HINT, wrap=True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._hint, 1)
        self._buttons: list[RowButton] = []

    @property
    def buttons(self) -> tuple[RowButton, ...]:
        """The rows of the sticks."""
        return tuple(self._buttons)

    def start(self) -> None:
        """Look for sticks."""
        self._watch.start()

    def stop(self) -> None:
        """Look no more."""
        self._watch.stop()

    def _show(self, places: tuple[Place, ...]) -> None:
        for old in self._buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = []
        self._row.setSpacing(theme.metrics().gap_px)
        for number, place in enumerate(places):
            button = self._make_button(place)
            self._buttons.append(button)
            self._row.insertWidget(number, button)
        self._hint.setVisible(not places)

    def _make_button(self, place: Place) -> RowButton:
        button = RowButton("usb", lambda: place.name, lambda: stick_words(place))
        button.clicked.connect(lambda: self.chosen.emit(place))
        return button


class _Page(IntEnum):
    ACTIONS = 0
    STICKS = 1


class BoardSheet(Sheet):
    """Rename, duplicate, save to a stick, delete: what can be done with one board.

    Args:
        parent: What it slides over.
        folders: Returns the folders of the sticks.
        jobs: Where sticks are looked at.
    """

    open_asked = Signal(object)
    rename_asked = Signal(object)
    """A tuple of the `BoardEntry` and its new title, which is not empty."""
    duplicate_asked = Signal(object)
    save_asked = Signal(object)
    """A tuple of the `BoardEntry` and a `Place`."""
    delete_asked = Signal(object)

    def __init__(
        self, parent: QWidget, folders: Callable[[], Sequence[Path]], jobs: Jobs
    ) -> None:
        self._entry: BoardEntry | None = None
        # Before the sheet, which hides itself when it is made.
        self.sticks = StickPicker(folders, jobs)
        super().__init__(parent)
        self._name = QLineEdit()
        self._name.setMaxLength(MAX_TITLE_CHARS)
        self._name.returnPressed.connect(self._rename)
        self._rename_button = _action(N_("Rename"), "check", self._rename, main=False)
        self.sticks.chosen.connect(self._save)
        self._stack = PageStack()
        self._stack.addWidget(self._make_actions())
        self._stack.addWidget(self._make_sticks())
        self.content.addLayout(self._stack)
        self._retranslate()
        self._respace_parts()

    @property
    def name_field(self) -> QLineEdit:
        """Where the title is written."""
        return self._name

    def show_board(self, entry: BoardEntry) -> None:
        """Open for a board."""
        self._entry = entry
        self._name.setText(entry.title)
        self._name.setPlaceholderText(shown_title("", entry.created))
        self._rename_button.setEnabled(entry.is_readable)
        self._name.setEnabled(entry.is_readable)
        self._show_page(_Page.ACTIONS)
        self.open()

    def _make_actions(self) -> QWidget:
        page = QWidget()
        self._name_row = QHBoxLayout()
        self._name_row.addWidget(self._name, 1)
        self._name_row.addWidget(self._rename_button)
        self._action_row = QHBoxLayout()
        for button in (
            _action(N_("Open"), "folder-open", self._open_board),
            _action(N_("Duplicate"), "copy", self._duplicate),
            _action(N_("Save to USB stick"), "usb", self._choose_stick),
            _action(N_("Delete"), "trash-2", self._delete),
        ):
            self._action_row.addWidget(button, 1)
        self._actions = QVBoxLayout(page)
        self._actions.setContentsMargins(0, 0, 0, 0)
        self._actions.addWidget(Text(N_("Title of the board"), Role.HINT))
        self._actions.addLayout(self._name_row)
        self._actions.addLayout(self._action_row)
        return page

    def _make_sticks(self) -> QWidget:
        page = QWidget()
        self._stick_column = QVBoxLayout(page)
        self._stick_column.setContentsMargins(0, 0, 0, 0)
        self._stick_column.addWidget(Text(N_("Save to which USB stick?"), Role.TITLE))
        self._stick_column.addWidget(self.sticks)
        back = _action(N_("Go back"), "arrow-left", lambda: self._show_page(_Page.ACTIONS))
        row = QHBoxLayout()
        row.addWidget(back)
        row.addStretch(1)
        self._stick_column.addLayout(row)
        return page

    def _show_page(self, page: _Page) -> None:
        self._stack.setCurrentIndex(page)
        if page is _Page.STICKS:
            self.sticks.start()
        else:
            self.sticks.stop()
        self.content.invalidate()
        self.relayout()

    def _open_board(self) -> None:
        self._tell(self.open_asked, self._entry)

    def _rename(self) -> None:
        title = " ".join(self._name.text().split())
        if self._entry is not None and title and title != self._entry.title:
            self._tell(self.rename_asked, (self._entry, title))
        else:
            self.close_sheet()

    def _duplicate(self) -> None:
        self._tell(self.duplicate_asked, self._entry)

    def _choose_stick(self) -> None:
        self._show_page(_Page.STICKS)

    def _save(self, place: Place) -> None:
        self._tell(self.save_asked, (self._entry, place))

    def _delete(self) -> None:
        self._tell(self.delete_asked, self._entry)

    def _tell(self, signal: SignalInstance, value: object) -> None:
        self.close_sheet()
        signal.emit(value)

    def _retranslate(self) -> None:
        self._name.setAccessibleName(_("Title of the board"))
        if self._entry is not None:
            self._name.setPlaceholderText(shown_title("", self._entry.created))

    def _respace_parts(self) -> None:
        sizes = theme.metrics()
        self._name.setFont(theme.font(sizes.body_text_px))
        self._name.setMinimumHeight(sizes.px(18))
        self._name_row.setSpacing(sizes.px(5))
        self._action_row.setSpacing(sizes.gap_px)
        self._actions.setSpacing(sizes.px(5))
        self._stick_column.setSpacing(sizes.px(8))
        parent = self.parentWidget()
        room = parent.width() if parent is not None else sizes.px(_SHEET_MM)
        self.panel.setMinimumWidth(min(sizes.px(_SHEET_MM), room - sizes.px(8)))

    @override
    def open(self) -> None:
        self._respace_parts()
        super().open()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.sticks.stop()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self._respace_parts()
        super().changeEvent(event)


def _action(
    msgid: str, icon: str, run: Callable[[], None], *, main: bool = True
) -> TouchButton:
    layout = Layout.OVER if main else Layout.BESIDE
    button = TouchButton(msgid, icon, layout=layout, main=main)
    button.clicked.connect(run)
    return button


class FromStickSheet(Sheet):
    """The board files on the sticks; a touch takes one in.

    Args:
        parent: What it slides over.
        folders: Returns the folders of the sticks.
        jobs: Where sticks are looked through.
        today: Returns the date here and now.
    """

    chosen = Signal(object)
    """Path of the board file that was touched."""

    def __init__(
        self,
        parent: QWidget,
        folders: Callable[[], Sequence[Path]],
        jobs: Jobs,
        today: Callable[[], date],
    ) -> None:
        # Before the sheet, which hides itself when it is made.
        self._watch = StickWatch(folders, jobs)
        self.rows = Rows()
        self.list = FingerList(self.rows)
        super().__init__(parent)
        self._jobs = jobs
        self._today = today
        self._watch.changed.connect(self._look_through)
        self._hint = Text(_NO_STICK, Role.BODY, wrap=True)
        close = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.PLAIN)
        close.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Open from USB stick"), Role.TITLE), 1)
        head.addWidget(close)
        self.content.addLayout(head)
        self.content.addWidget(self._hint)
        self.content.addWidget(self.list)

    def show_sticks(self) -> None:
        """Open, and look through the sticks as they come."""
        self._show([], has_stick=False)
        self._watch.start()
        self.open()

    def _look_through(self, places: tuple[Place, ...]) -> None:
        folders = [place.folder for place in places]
        if not folders:
            self._show([], has_stick=False)
            return
        self._hint.set_msgid(N_("Looking through the USB stick…"))
        self._jobs.run(
            lambda: find_boards(folders), lambda found: self._show(found, has_stick=True)
        )

    def _show(self, found: Sequence[StickBoard], *, has_stick: bool) -> None:
        self.rows.show_rows([self._make_row(board) for board in found])
        self._hint.set_msgid(_NO_BOARD if has_stick else _NO_STICK)
        self._hint.setVisible(not found)
        self.list.setVisible(bool(found))
        self._size()

    def _make_row(self, board: StickBoard) -> RowButton:
        def details() -> str:
            when = when_text(board.modified, self._today())
            return f"{board.stick}  ·  {when}  ·  {size_text(board.size_bytes)}"

        row = RowButton("presentation", lambda: board.path.stem, details)
        row.clicked.connect(lambda: self._choose(board.path))
        return row

    def _choose(self, path: Path) -> None:
        self.close_sheet()
        self.chosen.emit(path)

    def _size(self) -> None:
        sizes = theme.metrics()
        parent = self.parentWidget()
        if parent is None:
            return
        height = self.rows.height_px()
        self.list.setFixedHeight(min(height, round(parent.height() * 0.55)))
        self.list.set_content_height(height)
        self.panel.setMinimumWidth(min(sizes.px(_SHEET_MM), parent.width() - sizes.px(8)))
        self.content.invalidate()
        self.relayout()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watch.stop()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._size()


class QuestionSheet(Sheet):
    """Asks before something that cannot be undone.

    Args:
        parent: What it slides over.
        words: The question, a msgid.
        yes: Word (a msgid) and icon of the button that does it.
        no: The same of the one that does not.
    """

    agreed = Signal()

    def __init__(
        self, parent: QWidget, words: str, yes: tuple[str, str], no: tuple[str, str]
    ) -> None:
        super().__init__(parent)
        self.content.addWidget(Text(words, Role.TITLE), 0, Qt.AlignmentFlag.AlignHCenter)
        self._row = QHBoxLayout()
        self.no = TouchButton(*no, layout=Layout.BESIDE, main=True, look=Look.MAIN)
        self.no.clicked.connect(self.close_sheet)
        self.yes = TouchButton(*yes, layout=Layout.BESIDE, main=True)
        self.yes.clicked.connect(self._agree)
        self._row.addWidget(self.yes)
        self._row.addWidget(self.no)
        self.content.addLayout(self._row)
        self._row.setSpacing(theme.metrics().gap_px)

    def _agree(self) -> None:
        self.close_sheet()
        self.agreed.emit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._row.setSpacing(theme.metrics().gap_px)
        super().changeEvent(event)
