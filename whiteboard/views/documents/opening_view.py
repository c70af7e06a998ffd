"""What is seen while a document is opened: its name, its first page, how far it is."""

from __future__ import annotations

import math
import time
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPaintEvent, QPen, QTouchEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.tray import paint_frame
from base.qt.widgets import TOUCHES, Role, Text, TouchButton, painter_for
from base.text import N_, _
from whiteboard.model.board_words import size_text
from whiteboard.services.documents.document_intake import IntakeProgress, Stage

PATIENCE_MS: Final = 250
"""What takes less time is not told."""
_BAR_MM: Final = 120.0
_BAR_HIGH_MM: Final = 3.0
_FOOT_MM: Final = 46.0
_FRAME_MS: Final = 40
_SWING_S: Final = 2.4
"""So long a piece of the bar takes there and back where nobody knows how far it is."""
_PIECE_SHARE: Final = 0.22


def stage_words(progress: IntakeProgress | None) -> str:
    """Return what is being done, in the language in use."""
    if progress is None:
        return _("Opening it")
    done, total = progress.done, progress.total
    match progress.stage:
        case Stage.READING if total > 1_000_000:
            words = {"done": size_text(done), "total": size_text(total)}
            return _("Copying it: %(done)s of %(total)s") % words
        case Stage.READING:
            return _("Copying it")
        case Stage.CHECKING:
            return _("Checking the file")
        case Stage.CONVERTING:
            return _("Preparing the document")
        case Stage.PICTURES:
            numbers = {"done": done, "total": total}
            return _("Putting pictures on pages: %(done)d of %(total)d") % numbers
        case Stage.KEEPING:
            return _("Keeping the pages for the next time")
        case Stage.INK:
            return _("Making the writing on it editable again")


def stage_share(progress: IntakeProgress | None) -> float | None:
    """Return how much of what is being done is done, 0 to 1; None where nobody knows."""
    if progress is None or progress.total <= 0:
        return None
    if progress.stage in (Stage.READING, Stage.PICTURES):
        return min(1.0, progress.done / progress.total)
    return None


class OpeningView(QWidget):
    """Lies over a screen while a document is on its way there.

    It comes after a moment, so what opens at once shows nothing of it.
    """

    cancel_asked = Signal()
    """The person does not want it any more."""

    def __init__(self) -> None:
        super().__init__()
        self.hide()
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stage: QWidget | None = None
        self._picture = QImage()
        self._progress: IntakeProgress | None = None
        self._is_asking = False
        self._name = Text(role=Role.TITLE, parent=self)
        self._words = Text(role=Role.BODY, parent=self)
        for text in (self._name, self._words):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._cancel = TouchButton(N_("Cancel"), "x", self, main=True)
        self._cancel.clicked.connect(self.cancel_asked)
        self._swing = QTimer(self, interval=_FRAME_MS)
        self._swing.timeout.connect(lambda: self.update(self._bar()))
        self._wait = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._wait.timeout.connect(self._appear)

    @property
    def is_wanted(self) -> bool:
        """Whether something is on its way, seen or not."""
        return self._stage is not None

    @property
    def picture(self) -> QImage:
        """The first page; empty as long as it is not there."""
        return self._picture

    @property
    def words(self) -> str:
        """What is being done."""
        return self._words.text()

    @property
    def cancel_button(self) -> TouchButton:
        """The button that gives it up."""
        return self._cancel

    def begin(self, stage: QWidget, name: str) -> None:
        """Come over a screen, unless it is done in a moment.

        Args:
            stage: The screen.
            name: What people call the document.
        """
        was_seen = self.isVisible() and self._stage is stage
        self._let_go()
        self._stage = stage
        self._picture, self._progress, self._is_asking = QImage(), None, False
        self._name.set_plain(name)
        self._say()
        self.setParent(stage)
        stage.installEventFilter(self)
        if was_seen:
            self._appear()
        else:
            self._wait.start()

    def show_picture(self, picture: QImage) -> None:
        """Show the first page, at once: it is what people wait for."""
        if self._is_asking:
            self.go_on()
        self._picture = picture
        if self._stage is not None and not self.isVisible():
            self._wait.stop()
            self._appear()
        self._lay_out()
        self.update()

    def wait_for_person(self) -> None:
        """Lie under a question, and say nothing beside it until it is answered."""
        self._wait.stop()
        self._is_asking = True
        self._say()
        if not self.isVisible():
            self._appear()
        self.update()

    def go_on(self) -> None:
        """The question was answered."""
        self._is_asking = False
        self._say()
        self.update()

    def show_progress(self, progress: IntakeProgress) -> None:
        """Tell how far it is."""
        self._progress = progress
        self._say()
        self.update(self._bar())

    def end(self) -> None:
        """Go away."""
        self._wait.stop()
        self._let_go()
        self.hide()
        self.setParent(None)
        self._picture = QImage()

    def _let_go(self) -> None:
        if self._stage is not None:
            self._stage.removeEventFilter(self)
        self._stage = None
        self._swing.stop()

    def _appear(self) -> None:
        if self._stage is None:
            return
        self.setGeometry(self._stage.rect())
        self._lay_out()
        self.show()
        self.raise_()
        self.setFocus()

    def _piece_left(self) -> float:
        """Return where the piece of the bar is now, 0 to 1 of its way."""
        turn = time.monotonic() / _SWING_S * math.tau
        return 0.5 - math.cos(turn) / 2

    def _swing_or_rest(self) -> None:
        """Move while something is done of which nobody knows how far it is."""
        progress = self._progress
        is_unknown = progress is not None and progress.stage is Stage.CONVERTING
        if is_unknown and not self._is_asking and self._stage is not None:
            self._swing.start()
        else:
            self._swing.stop()

    def _say(self) -> None:
        self._swing_or_rest()
        self._cancel.setVisible(not self._is_asking)
        self._words.set_plain("" if self._is_asking else stage_words(self._progress))

    # How it looks -----------------------------------------------------------------------

    def _lay_out(self) -> None:
        sizes = theme.metrics()
        width, height = self.width(), self.height()
        cancel = self._cancel.sizeHint()
        side = cancel.width() + sizes.px(20)
        if self._picture.isNull():
            top = height // 2 - sizes.px(20)
            below = top + sizes.px(46)
            self._cancel.setGeometry(
                (width - cancel.width()) // 2, below, cancel.width(), cancel.height()
            )
        else:
            top = height - sizes.px(_FOOT_MM) + sizes.px(7)
            left = width - cancel.width() - sizes.px(14)
            middle = height - sizes.px(_FOOT_MM) // 2
            self._cancel.setGeometry(
                left, middle - cancel.height() // 2, cancel.width(), cancel.height()
            )
        self._name.setGeometry(side, top, max(1, width - 2 * side), sizes.px(13))
        self._words.setGeometry(side, top + sizes.px(13), width - 2 * side, sizes.px(11))

    def _bar(self) -> QRect:
        sizes = theme.metrics()
        width = min(sizes.px(_BAR_MM), self.width())
        top = self._words.geometry().bottom() + sizes.px(2)
        return QRect((self.width() - width) // 2, top, width, sizes.px(_BAR_HIGH_MM))

    def _page(self) -> QRect:
        """Return where the first page lies."""
        sizes = theme.metrics()
        edge = sizes.px(8)
        room = self.rect().adjusted(edge, edge, -edge, -sizes.px(_FOOT_MM))
        size = self._picture.size() / self.devicePixelRatioF()
        size = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        page = QRect(room.topLeft(), size)
        page.moveCenter(room.center())
        return page

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = painter_for(self)
        paint_frame(painter, QRectF(self.rect()))
        if not self._picture.isNull():
            page = self._page()
            painter.drawImage(page, self._picture)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.hairline), theme.metrics().line_px))
            painter.drawRect(page)
        share = None if self._is_asking else stage_share(self._progress)
        if share is not None or self._swing.isActive():
            bar = QRectF(self._bar())
            radius = bar.height() / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.outline))
            painter.drawRoundedRect(bar, radius, radius)
            if share is not None:
                bar.setWidth(max(bar.height(), bar.width() * share))
            else:
                piece = bar.width() * _PIECE_SHARE
                bar.moveLeft(bar.left() + (bar.width() - piece) * self._piece_left())
                bar.setWidth(piece)
            painter.setBrush(QColor(colours.accent_ink))
            painter.drawRoundedRect(bar, radius, radius)
        painter.end()

    # Qt ---------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()  # nothing below it is touched
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancel_asked.emit()
        else:
            super().keyPressEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._stage and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._stage.rect())
            self._lay_out()
        return False

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.StyleChange:
            self._lay_out()
            self.update()
