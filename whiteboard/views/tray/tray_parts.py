"""What the chalk tray is made of: wood, buttons on it, the slate for choices, the grip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTouchEvent,
)
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import Look, TouchButton, TouchControl, fitting_font, painter_for
from base.text import N_, _
from whiteboard.views.tray.option_samples import board_ink

NEAR_MM: Final = 20.0
"""A hand that writes nearer than this to a bar makes it step aside."""
RETURN_MS: Final = 700
"""How long after the last stroke a bar that stepped aside comes back."""
_DRAG_MM: Final = 4.0
_ROW_PAD_MM: Final = 2.0
_HINT_MM: Final = 5.5
_HINT_FLOW: Final = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
_GRIP_DOTS: Final = 3


def paint_wood(painter: QPainter, box: QRectF) -> None:
    """Paint a piece of the wooden tray; flat, with a lit upper edge."""
    sizes, colours = theme.metrics(), theme.tokens()
    radius = sizes.px(4)
    line = sizes.px(0.8)
    painter.setPen(QPen(QColor(colours.wood_edge), line))
    painter.setBrush(QColor(colours.wood))
    half = line / 2
    painter.drawRoundedRect(box.adjusted(half, half, -half, -half), radius, radius)


class FloatingBar(Panel):
    """A piece of wood over the board that steps aside for a hand that writes there."""

    settled = Signal(QRect)
    """Where it is docked from now on, in the parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_writing = False
        self._is_aside = False
        self._return = QTimer(self, singleShot=True, interval=RETURN_MS)
        self._return.timeout.connect(self._come_back)

    def set_shrunk(self, is_writing: bool) -> None:
        """Say whether a hand is writing.

        Nothing is painted for that; `make_way` tells where the hand is.
        """
        if is_writing == self._is_writing:
            return
        self._is_writing = is_writing
        if is_writing:
            self._return.stop()
        elif self._is_aside:
            self._return.start()

    def make_way(self, place: QPoint) -> None:
        """Step aside if a hand writes at `place` (in the parent), until it has written.

        A few comparisons unless the bar is in the way, then one repaint of its area.
        """
        if not self._is_writing or self.isHidden():
            return
        near = theme.metrics().px(NEAR_MM)
        if self.geometry().adjusted(-near, -near, near, near).contains(place):
            self._is_aside = True
            self.hide()

    def _come_back(self) -> None:
        self._is_aside = False
        self.show()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        paint_wood(painter, QRectF(self.rect()))
        painter.end()


class RowBar(FloatingBar):
    """A floating bar with a row of buttons, whose words decide how long it is.

    Args:
        parent: Where it floats.
        gap_mm: Between the buttons.

    Attributes:
        row: The buttons.
    """

    def __init__(self, parent: QWidget, gap_mm: float = _ROW_PAD_MM) -> None:
        super().__init__(parent)
        self._gap_mm = gap_mm
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._respace()

    def _lie_anew(self) -> None:
        """Take the place for the length that the bar has now."""

    def _respace(self) -> None:
        sizes = theme.metrics()
        self.row.setContentsMargins(*(sizes.px(_ROW_PAD_MM),) * 4)
        self.row.setSpacing(sizes.px(self._gap_mm))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            # Children get the change after their parent, and their words decide the width.
            QTimer.singleShot(0, self, self._lie_anew)


class PlaceButton(TouchControl):
    """Says on a light plate which of how many is shown: a figure and what it is of."""

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.drawRoundedRect(self.rect(), sizes.radius_px, sizes.radius_px)
        painter.setPen(QColor(colours.text))
        self._paint_words(painter)
        self._paint_focus(painter, QRectF(self.rect()), sizes.radius_px)
        painter.end()

    def _paint_words(self, painter: QPainter) -> None:
        raise NotImplementedError

    def _paint_figure(
        self, painter: QPainter, figure: str, room_px: int, tall_mm: float
    ) -> None:
        sizes = theme.metrics()
        painter.setFont(fitting_font(figure, room_px, sizes.px(tall_mm), bold=True))
        upper = self.rect().adjusted(0, sizes.px(1), 0, -sizes.px(8))
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, figure)


class WoodButton(TouchButton):
    """A button on the wood; what is in hand lies on a slate."""

    def __init__(self, msgid: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(msgid, icon, parent, look=Look.WOOD)

    @override
    def _colours(self) -> tuple[str, str, str]:
        colours = theme.tokens()
        if not self.isEnabled():
            return "", colours.wood_shade, ""
        if self.isChecked():
            down = self.isDown()
            return colours.surface_pressed if down else colours.surface, colours.text, ""
        return colours.wood_edge if self.isDown() else "", colours.on_wood, ""


class SlateHint(QWidget):
    """A sentence on the slate, in the ink of the board it is for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._msgid = ""
        self._is_dark = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_hint(self, msgid: str, *, is_dark: bool) -> None:
        """Show a text, a msgid; an empty one hides the hint."""
        self._msgid, self._is_dark = msgid, is_dark
        self.setAccessibleName(_(msgid) if msgid else "")
        self.setVisible(bool(msgid))
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        words = _(self._msgid) if self._msgid else ""
        font = theme.font(theme.metrics().px(_HINT_MM))
        painter.setFont(font)
        painter.setPen(board_ink(is_dark=self._is_dark))
        box = self.rect()
        box.setWidth(even_width(words, QFontMetrics(font), self.rect().size()))
        box.moveCenter(self.rect().center())
        painter.drawText(box, _HINT_FLOW, words)
        painter.end()


def even_width(words: str, letters: QFontMetrics, room: QSize) -> int:
    """Return the least width at which words take no more lines than in all of `room`.

    Lines are about as long as one another then, and no last syllable stands alone.
    """

    def height_px(width: int) -> int:
        box = QRect(0, 0, width, room.height())
        return letters.boundingRect(box, _HINT_FLOW, words).height()

    least_height = height_px(room.width())
    narrow, wide = 0, room.width()
    while wide - narrow > 1:
        middle = (narrow + wide) // 2
        box = letters.boundingRect(QRect(0, 0, middle, room.height()), _HINT_FLOW, words)
        if box.width() <= middle and box.height() <= least_height:
            wide = middle
        else:
            narrow = middle
    return wide


class Grip(TouchControl):
    """Where a bar is taken hold of: a drag moves it, a touch asks for the next side."""

    dragged = Signal(QPoint)
    """Where the finger is now, global."""
    dropped = Signal()
    """The finger left after a drag."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._start: QPoint | None = None
        self._is_drag = False
        super().__init__(N_("Move"), parent)

    @override
    def retranslate(self) -> None:
        super().retranslate()
        self.setAccessibleName(_("Move the tools to another side"))

    def _begin(self, place: QPoint) -> None:
        self._start, self._is_drag = place, False
        self.setDown(True)

    def _go_on(self, place: QPoint) -> None:
        if self._start is None:
            return
        way = place - self._start
        far = way.manhattanLength() > theme.metrics().px(_DRAG_MM)
        self._is_drag = self._is_drag or far
        if self._is_drag:
            self.dragged.emit(place)

    def _end(self, *, is_cancelled: bool = False) -> None:
        was_drag, self._is_drag, started = self._is_drag, False, self._start
        self._start = None
        self.setDown(False)
        if was_drag:
            self.dropped.emit()
        elif started is not None and not is_cancelled:
            self.click()

    @override
    def _touch(self, event: QTouchEvent) -> None:
        event.accept()
        place = event.points()[0].globalPosition().toPoint() if event.points() else QPoint()
        match event.type():
            case QEvent.Type.TouchBegin:
                self._begin(place)
            case QEvent.Type.TouchUpdate:
                self._go_on(place)
            case _:
                self._end(is_cancelled=event.type() == QEvent.Type.TouchCancel)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._begin(event.globalPosition().toPoint())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go_on(event.globalPosition().toPoint())

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._end()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(15), sizes.px(15))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isDown():
            painter.setBrush(QColor(colours.wood_edge))
            painter.drawRoundedRect(self.rect(), sizes.radius_px, sizes.radius_px)
        word_px = sizes.px(6.5)
        self._paint_dots(painter, self.height() - word_px)
        painter.setPen(QColor(colours.on_wood))
        painter.setFont(fitting_font(self.word, self.width(), sizes.small_text_px))
        box = self.rect().adjusted(0, self.height() - word_px - sizes.px(0.6), 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.word)
        self._paint_focus(painter, QRectF(self.rect()), sizes.radius_px)
        painter.end()

    def _paint_dots(self, painter: QPainter, height_px: int) -> None:
        """Paint two rows of dots, along the longer side."""
        sizes = theme.metrics()
        pitch, dot = sizes.px(3), sizes.px(1.5)
        is_wide = self.width() > 1.4 * self.height()
        columns, rows = (_GRIP_DOTS, 2) if is_wide else (2, _GRIP_DOTS)
        left = (self.width() - (columns - 1) * pitch - dot) / 2
        top = (height_px - (rows - 1) * pitch - dot) / 2 + sizes.px(0.5)
        painter.setBrush(QColor(theme.tokens().on_wood))
        for place in range(columns * rows):
            row, column = divmod(place, columns)
            painter.drawEllipse(QRectF(left + column * pitch, top + row * pitch, dot, dot))
