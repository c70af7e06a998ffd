"""The presenter's own screen: this page, the next one, notes in large letters, the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QImage, QPaintEvent, QResizeEvent, QScreen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.theme import Metrics
from base.qt.widgets import painter_for
from base.text import N_, _
from whiteboard.model.talk_clock import TalkClock
from whiteboard.views.parts.measured import LongText, MeasuredButton, MeasuredText
from whiteboard.views.presenting.talk_timer import TalkTimer

NOTES_MM: Final = (6.0, 8.0, 10.0, 13.0, 16.0)
"""Heights of the letters that one can choose from."""
_FIRST_NOTES: Final = 2
_LEFT_SHARE: Final = 0.6
_NEXT_SHARE: Final = 0.34
_GAP_MM: Final = 6.0
_CAPTION_MM: Final = 6.0


class PageFace(QWidget):
    """A page's picture, as large as there is room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._words = ""

    def show_page(self, image: QImage | None, words: str = "") -> None:
        """Show a picture, or a sentence where there is none."""
        self._image, self._words = image, words
        self.update()

    @property
    def room(self) -> QSize:
        """How large a picture fits, device px."""
        return self.size() * self.devicePixelRatioF()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        if self._image is not None:
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRect(0, 0, size.width(), size.height())
            box.moveCenter(self.rect().center())
            painter.drawImage(box, self._image)
            # An empty page of the board has the colour of what lies around it.
            painter.setPen(QColor(theme.tokens().outline))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0, 0, -1, -1))
        elif self._words:
            painter.setPen(QColor(theme.tokens().text_quiet))
            painter.setFont(self.font())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()


class PresenterView(QWidget):
    """A window that fills the second screen. It never takes the keyboard from the board.

    Args:
        screen: Which screen.
        now_s: Monotonic clock.
    """

    previous_asked = Signal()
    next_asked = Signal()
    close_asked = Signal()
    clock_changed = Signal(object)
    """The clock as somebody set it: a `TalkClock`."""
    faces_resized = Signal()
    """Pictures of another size are wanted; see `rooms`."""

    def __init__(self, screen: QScreen, now_s: Callable[[], float]) -> None:
        flags = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(None, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # The display ends with its own window, not with this one.
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)
        self._on = screen
        self._sizes = theme.metrics_for(screen.size(), screen)
        self._notes_place = _FIRST_NOTES
        self._has_next = True
        self._note = ""

        def sizes() -> Metrics:
            return self._sizes

        self.now_face, self.next_face = PageFace(self), PageFace(self)
        self._now_words = MeasuredText(sizes, _CAPTION_MM, parent=self, is_quiet=True)
        self._next_words = MeasuredText(
            sizes, _CAPTION_MM, N_("Next page"), self, is_quiet=True
        )
        self._notes_words = MeasuredText(
            sizes, _CAPTION_MM, N_("Notes for me"), self, is_quiet=True
        )
        self._covered = MeasuredText(
            sizes, _CAPTION_MM, N_("The board is covered"), self, bold=True
        )
        self._covered.hide()
        self.notes = LongText(sizes, NOTES_MM[_FIRST_NOTES], self)
        self.timer = TalkTimer(sizes, now_s, self)
        self.timer.changed.connect(self.clock_changed)
        self.previous_button = MeasuredButton(N_("Back"), "chevron-left", sizes, self)
        self.next_button = MeasuredButton(N_("Next"), "chevron-right", sizes, self)
        self.smaller_button = MeasuredButton(N_("Smaller"), "zoom-out", sizes, self)
        self.larger_button = MeasuredButton(N_("Larger"), "zoom-in", sizes, self)
        self.close_button = MeasuredButton(N_("Close"), "x", sizes, self)
        self.previous_button.clicked.connect(self.previous_asked)
        self.next_button.clicked.connect(self.next_asked)
        self.close_button.clicked.connect(self.close_asked)
        self.smaller_button.clicked.connect(lambda: self._resize_notes(-1))
        self.larger_button.clicked.connect(lambda: self._resize_notes(1))
        self._retitle()

    def show_there(self) -> None:
        """Fill the screen."""
        self.setGeometry(self._on.geometry())
        # Not `showFullScreen`, which would ask for the keyboard.
        self.setWindowState(Qt.WindowState.WindowFullScreen)
        self.show()
        self._on.geometryChanged.connect(self._follow)

    def leave(self) -> None:
        """Go from the screen; the window is of no use any more."""
        self._on.geometryChanged.disconnect(self._follow)
        self.hide()
        self.deleteLater()

    @property
    def on(self) -> QScreen:
        """The screen it was made for."""
        return self._on

    @property
    def rooms(self) -> tuple[QSize, QSize]:
        """How large pictures of this page and the next one are to be, device px."""
        return self.now_face.room, self.next_face.room

    def show_place(self, number: int, count: int) -> None:
        """Say which page is shown.

        Args:
            number: From 1.
            count: How many there are.
        """
        words = _("Page {number} of {count}")
        self._now_words.set_plain(words.format(number=number, count=count))
        self.previous_button.setEnabled(number > 1)
        # Behind the last page lies a new one; that is made at the board itself.
        self.next_button.setEnabled(number < count)
        self._has_next = number < count

    def show_pages(self, now: QImage | None, after: QImage | None) -> None:
        """Show the pictures of this page and the next one."""
        self.now_face.show_page(now)
        self.next_face.show_page(after, "" if self._has_next else _("This is the last page."))

    def show_note(self, text: str) -> None:
        """Show the notes of the page."""
        self._note = text
        self.notes.show_text(text or _("There are no notes for this page."))

    def show_clock(self, clock: TalkClock) -> None:
        """Show the clock of the talk."""
        self.timer.show_clock(clock)

    def show_covered(self, *, is_covered: bool) -> None:
        """Say whether people see nothing of the board now."""
        self._covered.setVisible(is_covered)
        self._lay_out()

    def _resize_notes(self, step: int) -> None:
        self._notes_place = min(max(self._notes_place + step, 0), len(NOTES_MM) - 1)
        self.notes.label.set_mm(NOTES_MM[self._notes_place])
        self.smaller_button.setEnabled(self._notes_place > 0)
        self.larger_button.setEnabled(self._notes_place < len(NOTES_MM) - 1)

    def _follow(self, place: QRect) -> None:
        self._sizes = theme.metrics_for(place.size(), self._on)
        self.setGeometry(place)
        for text in self.findChildren(MeasuredText):
            text.restyle()
        self._lay_out()

    def _retitle(self) -> None:
        self.setWindowTitle(_("Notes for me"))

    def _lay_out(self) -> None:
        """Put everything in its place: pages and notes get what the controls leave."""
        sizes = self._sizes
        gap = sizes.px(_GAP_MM)
        room = self.rect().adjusted(gap, gap, -gap, -gap)
        line = self._now_words.sizeHint().height()
        left = QRect(room)
        left.setWidth(round(room.width() * _LEFT_SHARE))
        right = QRect(room)
        right.setLeft(left.right() + 2 * gap)
        low = self.timer.sizeHint().height()
        self._now_words.setGeometry(left.x(), left.y(), left.width() // 2, line)
        self._covered.setGeometry(left.center().x(), left.y(), left.width() // 2, line)
        self._covered.setAlignment(Qt.AlignmentFlag.AlignRight)
        face = QRect(left)
        face.setTop(left.top() + line + gap // 2)
        face.setBottom(left.bottom() - low - gap)
        self.now_face.setGeometry(face)
        controls = QRect(left.x(), left.bottom() - low, left.width(), low)
        self._place_controls(controls, gap)
        self._place_right(right, line, gap)
        self.faces_resized.emit()

    def _place_controls(self, area: QRect, gap: int) -> None:
        side = QSize(self._sizes.px(30), area.height())
        self.previous_button.setGeometry(QRect(area.topLeft(), side))
        timer = QRect(
            0,
            0,
            min(self._sizes.px(100), area.width() - 2 * side.width() - 2 * gap),
            area.height(),
        )
        timer.moveCenter(area.center())
        self.timer.setGeometry(timer)
        after = QRect(area.topLeft(), side)
        after.moveRight(area.right())
        self.next_button.setGeometry(after)

    def _place_right(self, area: QRect, line: int, gap: int) -> None:
        tall = round(area.height() * _NEXT_SHARE)
        self._next_words.setGeometry(area.x(), area.y(), area.width(), line)
        top = area.y() + line + gap // 2
        self.next_face.setGeometry(area.x(), top, area.width(), tall)
        top += tall + gap
        self._notes_words.setGeometry(area.x(), top, area.width(), line)
        top += line + gap // 2
        buttons = (self.smaller_button, self.larger_button, self.close_button)
        low = max(button.sizeHint().height() for button in buttons)
        bottom = area.bottom() - low - gap
        self.notes.setGeometry(area.x(), top, area.width(), max(bottom - top, 1))
        wide = (area.width() - 2 * gap) // len(buttons)
        for place, button in enumerate(buttons):
            button.setGeometry(area.x() + place * (wide + gap), bottom + gap, wide, low)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_asked.emit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retitle()
            self.show_note(self._note)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            QTimer.singleShot(0, self, self._lay_out)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painter_for(self)
        painter.fillRect(event.rect(), QColor(theme.tokens().ground))
        painter.end()
