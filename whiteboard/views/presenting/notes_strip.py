"""What the presenter alone is to see, at the side of the one display there is.

The strip folds away to a tab that shows the time of the talk and not a word of the notes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import (
    Layout,
    Look,
    Role,
    Text,
    TouchButton,
    TouchControl,
    paint_icon,
    painter_for,
)
from base.text import N_, _
from whiteboard.model.talk_clock import TalkClock, TalkStage
from whiteboard.views.parts.measured import LongText
from whiteboard.views.presenting.talk_timer import TalkTimer

WIDTH_MM: Final = 128.0
TALLEST_MM: Final = 190.0
_NOTES_MM: Final = 7.5
_GAP_MM: Final = 4.0
_KEEP_MS: Final = 700
"""How long after the last key what was written is kept."""
_TAB_MM: Final = (34.0, 26.0)


class FoldedTab(TouchControl):
    """What is left of the folded strip: the time of the talk, and the way back.

    Args:
        parent: Where it floats.
    """

    def __init__(self, parent: QWidget) -> None:
        self._time, self._stage = "", TalkStage.CALM
        super().__init__(N_("Unfold"), parent)

    def show_time(self, text: str, stage: TalkStage) -> None:
        """Show the digits of a talk's clock; empty for none."""
        if (text, stage) != (self._time, self._stage):
            self._time, self._stage = text, stage
            self.update()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(_TAB_MM[0]), sizes.px(_TAB_MM[1]))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        fill, ink = {
            TalkStage.CALM: (colours.surface, colours.text),
            TalkStage.SOON: (colours.accent, colours.on_accent),
            TalkStage.OVER: (colours.trouble, colours.on_trouble),
        }[self._stage]
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(box, sizes.px(5), sizes.px(5))
        painter.setPen(QColor(ink))
        upper = self.rect().adjusted(0, sizes.px(3), 0, -sizes.px(10))
        if self._time:
            painter.setFont(theme.font(sizes.px(9), bold=True))
            painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, self._time)
        else:
            paint_icon(painter, "notebook-pen", ink, upper, self.devicePixelRatioF())
        painter.setFont(theme.font(sizes.small_text_px))
        lower = self.rect().adjusted(0, 0, 0, -sizes.px(3))
        bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(lower, bottom, self.word)
        self._paint_focus(painter, box, sizes.px(5))
        painter.end()


class NotesStrip(Panel):
    """Notes of the page that is shown, and the clock of the talk.

    Args:
        parent: Over what it floats: the board's screen.
        taken: Returns where tools lie that it keeps off, px of the parent.
        now_s: Monotonic clock.
    """

    written = Signal(str, str)
    """A page, and what the presenter wrote for it."""
    clock_changed = Signal(object)
    """The clock as somebody set it: a `TalkClock`."""
    closed = Signal()
    """Somebody wants it to go, notes and clock alike."""
    placed = Signal(QRect)
    """Where it lies over its parent; empty when nothing of it is there."""
    fold_changed = Signal(bool)
    """Whether it was folded away, by a touch."""

    def __init__(
        self,
        parent: QWidget,
        taken: Callable[[], list[QRect]],
        now_s: Callable[[], float],
    ) -> None:
        super().__init__(parent)
        self.hide()
        self._taken = taken
        self._page_id, self._text = "", ""
        self._can_edit = True
        self._is_left = True
        self._is_folded = False
        self._has_notes, self._has_timer = False, False
        self.tab = FoldedTab(parent)
        self.tab.hide()
        self.tab.clicked.connect(lambda: self._fold_by_hand(is_folded=False))
        self._title = Text(N_("Notes for me"), Role.BODY)
        self._timer_title = Text(N_("Timer"), Role.BODY)
        self.side_button = TouchButton(N_("Other side"), "arrow-left-right", look=Look.BARE)
        self.fold_button = TouchButton(N_("Fold"), "chevron-down", look=Look.BARE)
        self.close_button = TouchButton(N_("Close"), "x", look=Look.BARE)
        self.close_button.clicked.connect(self.closed)
        self.side_button.clicked.connect(self._change_side)
        self.fold_button.clicked.connect(lambda: self._fold_by_hand(is_folded=True))
        self._head = QHBoxLayout()
        for title in (self._title, self._timer_title):
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._head.addWidget(title, 1)
        self._head.addWidget(self.side_button)
        self._head.addWidget(self.fold_button)
        self._head.addWidget(self.close_button)
        self.notes = self._make_notes()
        self.timer = TalkTimer(theme.metrics, now_s)
        self.timer.changed.connect(self.clock_changed)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        self._column.addWidget(self.notes, 1)
        self._column.addWidget(self.timer)
        self._keep = QTimer(self, singleShot=True, interval=_KEEP_MS)
        self._keep.timeout.connect(self.keep)
        self._tab_timer = QTimer(self, interval=500)
        self._tab_timer.timeout.connect(self._show_tab_time)
        parent.installEventFilter(self)
        QGuiApplication.inputMethod().keyboardRectangleChanged.connect(self.place)
        self._respace()

    def _make_notes(self) -> QWidget:
        box = QWidget()
        self.text = LongText(theme.metrics, _NOTES_MM)
        self.editor = QPlainTextEdit()
        self.editor.setTabChangesFocus(True)
        self.editor.textChanged.connect(self._edited)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.text)
        self._stack.addWidget(self.editor)
        self._hint = Text(
            N_("Whoever stands before this display can read this."), Role.HINT, wrap=True
        )
        self.edit_button = TouchButton(N_("Edit"), "square-pen", layout=Layout.BESIDE)
        self.edit_button.clicked.connect(self._toggle_editing)
        self._notes_column = QVBoxLayout(box)
        self._notes_column.setContentsMargins(0, 0, 0, 0)
        self._notes_column.addLayout(self._stack, 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self._hint, 1)
        self._foot.addWidget(self.edit_button)
        self._notes_column.addLayout(self._foot)
        return box

    # What is shown -------------------------------------------------------------------------

    @property
    def is_folded(self) -> bool:
        """Whether only the tab is there."""
        return self._is_folded

    @property
    def is_editing(self) -> bool:
        """Whether notes are being written."""
        return self._stack.currentWidget() is self.editor

    def show_parts(self, *, notes: bool, timer: bool) -> None:
        """Show notes, the clock, both, or nothing at all."""
        if not notes:
            self._stop_editing()
        if notes and not self._has_notes and not self._is_folded:
            self.text.verticalScrollBar().setValue(0)
        self._has_notes, self._has_timer = notes, timer
        self.notes.setVisible(notes)
        self._title.setVisible(notes)
        self._timer_title.setVisible(not notes)
        self._follow_editing()
        self._show_what_is_on()

    def fold(self, *, is_folded: bool) -> None:
        """Fold it away to its tab, or out again."""
        if is_folded:
            self._stop_editing()
        self._is_folded = is_folded
        self._show_what_is_on()

    def show_note(self, page_id: str, text: str, *, can_edit: bool) -> None:
        """Show the note of a page; what is being written for another is kept first.

        Args:
            page_id: The page.
            text: Its note, may be empty.
            can_edit: Whether the board takes notes.
        """
        if page_id != self._page_id:
            self.keep()
        self._page_id, self._text, self._can_edit = page_id, text, can_edit
        self.edit_button.setEnabled(can_edit)
        if self.is_editing and can_edit:
            if self.editor.toPlainText() != text:
                self._fill_editor()
        else:
            self._stop_editing()
        self._show_text()

    def show_clock(self, clock: TalkClock) -> None:
        """Show the clock of the talk."""
        self.timer.show_clock(clock)
        self._show_tab_time()

    def keep(self) -> None:
        """Hand out what was written and is not kept yet."""
        self._keep.stop()
        if self.is_editing and self.editor.toPlainText() != self._text:
            self._text = self.editor.toPlainText()
            self.written.emit(self._page_id, self._text)

    def put_away(self) -> None:
        """Keep what is being written and forget all words; for a board that is left."""
        self._stop_editing()
        self._page_id = self._text = ""
        self.text.show_text("")
        self.editor.clear()

    def _show_text(self) -> None:
        self.text.show_text(self._text or _("There are no notes for this page."))
        self.place()

    def _show_what_is_on(self) -> None:
        is_on = self._has_notes or self._has_timer
        self.setVisible(is_on and not self._is_folded)
        self.tab.setVisible(is_on and self._is_folded)
        if self.tab.isVisible() and self._has_timer:
            self._tab_timer.start()
        else:
            self._tab_timer.stop()
        self._show_tab_time()
        self.place()

    def _show_tab_time(self) -> None:
        face = self.timer.face
        self.tab.show_time(
            face.time_text if self._has_timer else "",
            face.stage if self._has_timer else TalkStage.CALM,
        )

    def _fold_by_hand(self, *, is_folded: bool) -> None:
        self.fold(is_folded=is_folded)
        self.fold_changed.emit(is_folded)

    def _change_side(self) -> None:
        self._is_left = not self._is_left
        self.place()

    # Writing -------------------------------------------------------------------------------

    def _toggle_editing(self) -> None:
        if self.is_editing:
            self._stop_editing()
        elif self._can_edit:
            self._fill_editor()
            self._stack.setCurrentWidget(self.editor)
            self.edit_button.set_msgid(N_("Done"))
            self.edit_button.set_icon("check")
            self._follow_editing()
            self.editor.setFocus()
            QGuiApplication.inputMethod().show()

    def _follow_editing(self) -> None:
        """Leave the room above the keys to what is being written."""
        self.timer.setVisible(self._has_timer and not self.is_editing)
        self.place()

    def _fill_editor(self) -> None:
        # Not as something that was just typed.
        self.editor.blockSignals(True)
        self.editor.setPlainText(self._text)
        self.editor.blockSignals(False)

    def _stop_editing(self) -> None:
        if not self.is_editing:
            return
        self.keep()
        self._stack.setCurrentWidget(self.text)
        self.edit_button.set_msgid(N_("Edit"))
        self.edit_button.set_icon("square-pen")
        self._follow_editing()
        self._show_text()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()

    def _edited(self) -> None:
        self._keep.start()

    # Where it lies -------------------------------------------------------------------------

    def place(self) -> None:
        """Lie at its side of the parent, in the lower half, off the tools and the keys."""
        parent = self.parentWidget()
        if parent is None or not (self.isVisible() or self.tab.isVisible()):
            self.placed.emit(QRect())
            return
        sizes = theme.metrics()
        gap = sizes.px(_GAP_MM)
        room = self._room(parent, gap)
        if self.tab.isVisible():
            self._dock(self.tab, self.tab.sizeHint(), room)
            return
        wanted = QSize(min(sizes.px(WIDTH_MM), parent.width() // 2 - gap), 0)
        least = self._column.minimumSize().height()
        tall = least + self._spare_height(wanted.width()) if self._has_notes else least
        wanted.setHeight(min(max(tall, least), room.height()))
        self._dock(self, wanted, room)

    def _spare_height(self, width: int) -> int:
        """Return what the notes need beyond the least, and no more than is comfortable."""
        most = theme.metrics().px(TALLEST_MM)
        if self.is_editing:
            return most
        inside = width - 2 * theme.metrics().px(5)
        return min(max(self.text.label.heightForWidth(inside), 0), most)

    def _room(self, parent: QWidget, gap: int) -> QRect:
        """Return where there is room at its side, px of the parent."""
        room = parent.rect().adjusted(gap, gap, -gap, -gap)
        strip = QRect(room)
        if self._is_left:
            strip.setWidth(min(theme.metrics().px(WIDTH_MM), room.width() // 2))
        else:
            strip.setLeft(strip.right() - min(theme.metrics().px(WIDTH_MM), room.width() // 2))
        for bar in self._taken():
            if not bar.intersects(strip):
                continue
            if bar.height() > bar.width() and bar.height() > room.height() // 2:
                if self._is_left:
                    room.setLeft(max(room.left(), bar.right() + gap))
                else:
                    room.setRight(min(room.right(), bar.left() - gap))
            elif bar.center().y() > parent.height() / 2:
                room.setBottom(min(room.bottom(), bar.top() - gap))
        return room & QRect(0, 0, parent.width(), self._keys_top(parent) - gap)

    def _keys_top(self, parent: QWidget) -> int:
        keys = QGuiApplication.inputMethod().keyboardRectangle().toAlignedRect()
        window = self.window()
        if keys.isEmpty() or keys.center().y() < window.height() / 2:
            return parent.height()
        return parent.mapFrom(window, keys.topLeft()).y()

    def _dock(self, widget: QWidget, size: QSize, room: QRect) -> None:
        box = QRect(QPoint(0, 0), size)
        box.moveBottomLeft(room.bottomLeft())
        if not self._is_left:
            box.moveRight(room.right())
        widget.setGeometry(box)
        widget.raise_()
        self.placed.emit(box)

    def _respace(self) -> None:
        sizes = theme.metrics()
        self._column.setContentsMargins(*(sizes.px(5),) * 4)
        for layout in (self._column, self._notes_column, self._head, self._foot):
            layout.setSpacing(sizes.px(3))
        self.editor.setFont(theme.font(sizes.px(_NOTES_MM)))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        elif event.type() == QEvent.Type.LanguageChange:
            self._show_text()
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            # Children get the change after their parent.
            QTimer.singleShot(0, self, self.place)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            QTimer.singleShot(0, self, self.place)
        return False
