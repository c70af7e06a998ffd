"""What lies over a screen for a while: panels, sheets that slide in, a number pad."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QObject,
    QPoint,
    QPropertyAnimation,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QPen,
    QTouchEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TOUCHES, TouchControl, paint_icon, painter_for
from base.text import N_

SLIDE_MS: Final = 150

_AS_MOUSE: Final = {
    QEvent.Type.TouchBegin: QEvent.Type.MouseButtonPress,
    QEvent.Type.TouchUpdate: QEvent.Type.MouseMove,
    QEvent.Type.TouchEnd: QEvent.Type.MouseButtonRelease,
}


def ask_for_keys() -> None:
    """Ask for the keyboard on the screen, for a field that was given the focus just now.

    Whoever holds a key of a real keyboard, as for a shortcut, has one. UI thread.
    """
    if QGuiApplication.queryKeyboardModifiers() == Qt.KeyboardModifier.NoModifier:
        QGuiApplication.inputMethod().show()


class Panel(QWidget):
    """A surface with an edge that keeps touches from what lies below it.

    Fields of the toolkit that lie on it know no fingers: they get the first one as a mouse.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._touched: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            event.accept()
            self._touch_field(event)
            return True
        return super().event(event)

    def _touch_field(self, event: QTouchEvent) -> None:
        """Hand a finger on a field to it, from its first touch until it lifts."""
        point = event.points()[0] if event.points() else None
        if event.type() == QEvent.Type.TouchBegin and point is not None:
            self._touched = self._field_at(point.position().toPoint())
        target = self._touched
        kind = _AS_MOUSE.get(event.type())
        if kind in (None, QEvent.Type.MouseButtonRelease):
            self._touched = None
        # It may have gone while the finger was down.
        if kind is None or point is None or target is None or not isValid(target):
            return
        if kind == QEvent.Type.MouseButtonPress:
            target.setFocus(Qt.FocusReason.MouseFocusReason)
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        made = QMouseEvent(
            kind,
            target.mapFrom(self, point.position()),
            point.globalPosition(),
            none if kind == QEvent.Type.MouseMove else left,
            none if kind == QEvent.Type.MouseButtonRelease else left,
            event.modifiers(),
        )
        QGuiApplication.sendEvent(target, made)

    def _field_at(self, place: QPoint) -> QWidget | None:
        """Return the field at a place, or the part of one that takes its mouse."""
        found = self.childAt(place)
        if found is None or not found.isEnabled():
            return None
        parent = found.parentWidget()
        is_view = isinstance(parent, QPlainTextEdit) and found is parent.viewport()
        return found if is_view or isinstance(found, QLineEdit) else None

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.setBrush(QColor(colours.surface))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(box, sizes.px(5), sizes.px(5))
        painter.end()


class Sheet(QWidget):
    """A panel that slides in from an edge and leaves when one touches beside it.

    It covers its parent while open, and nothing waits for it: `closed` tells the end.
    Put the content into `content`, a vertical layout; then `open()`.

    Args:
        parent: What it slides over; the sheet follows its size.
        edge: The side it comes from.
    """

    closed = Signal()

    def __init__(self, parent: QWidget, edge: Qt.Edge = Qt.Edge.BottomEdge) -> None:
        super().__init__(parent)
        self.hide()
        self._edge = edge
        self._closing = False
        self.panel = Panel(self)
        self.content = QVBoxLayout(self.panel)
        self._slide = QPropertyAnimation(self.panel, b"pos", self)
        self._slide.setDuration(SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.finished.connect(self._slid)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        parent.installEventFilter(self)
        # A keyboard on the screen lies below what it writes in.
        QGuiApplication.inputMethod().keyboardRectangleChanged.connect(self.relayout)
        self._respace()

    def open(self) -> None:
        """Slide in. Takes the keyboard, so that Escape closes it."""
        self._closing = False
        self.setGeometry(self._over())
        self.show()
        self.raise_()
        self.setFocus()
        inside = self._place()
        self.panel.setGeometry(inside)
        self._slide.stop()
        self._slide.setStartValue(self._outside(inside))
        self._slide.setEndValue(inside.topLeft())
        self._slide.start()

    def close_sheet(self) -> None:
        """Slide out, then hide and tell `closed`."""
        if self._closing or not self.isVisible():
            return
        self._closing = True
        self._slide.stop()
        self._slide.setStartValue(self.panel.pos())
        self._slide.setEndValue(self._outside(self.panel.geometry()))
        self._slide.start()

    def _slid(self) -> None:
        if self._closing:
            self._closing = False
            self.hide()
            self.closed.emit()

    def _over(self) -> QRect:
        parent = self.parentWidget()
        return parent.rect() if parent is not None else self.geometry()

    def _place(self) -> QRect:
        """Return where the open panel lies."""
        gap = theme.metrics().px(4)
        room = self.rect().adjusted(gap, gap, -gap, -gap)
        room.setBottom(min(room.bottom(), self._keys_top() - gap))
        self.content.activate()
        wanted = self.panel.sizeHint().expandedTo(self.panel.minimumSize())
        wanted = wanted.boundedTo(room.size())
        if self.panel.hasHeightForWidth():
            wanted.setHeight(min(room.height(), self.panel.heightForWidth(wanted.width())))
        box = QRect(QPoint(0, 0), wanted)
        box.moveCenter(room.center())
        if self._edge == Qt.Edge.LeftEdge:
            box.moveLeft(room.left())
        elif self._edge == Qt.Edge.RightEdge:
            box.moveRight(room.right())
        elif self._edge == Qt.Edge.TopEdge:
            box.moveTop(room.top())
        else:
            box.moveBottom(room.bottom())
        return box

    def _keys_top(self) -> int:
        """Return where keys in the lower half of the window begin; the bottom without any."""
        keys = QGuiApplication.inputMethod().keyboardRectangle().toAlignedRect()
        window = self.window()
        if keys.isEmpty() or keys.center().y() < window.height() / 2:
            return self.height()
        return self.mapFrom(window, keys.topLeft()).y()

    def _outside(self, inside: QRect) -> QPoint:
        if self._edge == Qt.Edge.LeftEdge:
            return QPoint(-inside.width(), inside.top())
        if self._edge == Qt.Edge.RightEdge:
            return QPoint(self.width(), inside.top())
        if self._edge == Qt.Edge.TopEdge:
            return QPoint(inside.left(), -inside.height())
        return QPoint(inside.left(), self.height())

    def relayout(self) -> None:
        """Fit the open panel to what it holds now."""
        if self.isVisible() and not self._closing:
            self._slide.stop()
            self.panel.setGeometry(self._place())

    def _respace(self) -> None:
        sizes = theme.metrics()
        self.content.setContentsMargins(*(sizes.px(8),) * 4)
        self.content.setSpacing(sizes.px(5))

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()
            if event.type() == QEvent.Type.TouchBegin:
                self.close_sheet()
            return True
        if event.type() == QEvent.Type.LayoutRequest:
            self.relayout()
        return super().event(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The filter sits on the parent alone, which gets no pointer events of its own
        # while the sheet covers it.
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over())
            self.relayout()
        return False

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
            self.relayout()
        super().changeEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.close_sheet()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)


class _Key(TouchControl):
    """One key of a pad: a digit, or an icon for what is not a digit."""

    def __init__(self, digit: str = "", msgid: str = "", icon: str = "") -> None:
        self._digit = digit
        self._icon_name = icon
        super().__init__(msgid)
        if digit:
            self.setText(digit)
            self.setAccessibleName(digit)

    @override
    def retranslate(self) -> None:
        if not self._digit:
            super().retranslate()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(34), sizes.px(22))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        if self._icon_name:
            side = sizes.icon_px
            icon_box = QRect(0, sizes.px(3), self.width(), side)
            ratio = self.devicePixelRatioF()
            paint_icon(painter, self._icon_name, colours.text, icon_box, ratio)
            word_box = self.rect().adjusted(0, icon_box.bottom(), 0, -sizes.px(1))
            painter.setFont(theme.font(sizes.small_text_px))
        else:
            word_box = self.rect()
            painter.setFont(theme.font(sizes.title_text_px, bold=True))
        painter.setPen(QColor(colours.text))
        painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()


class NumberPad(QWidget):
    """Ten digits, one key that takes a digit back and one that is done.

    `changed` carries the digits so far, `entered` all of them.

    Args:
        most_digits: Further digits are not taken.
        hidden: Whether dots stand for the digits.
    """

    changed = Signal(str)
    entered = Signal(str)

    def __init__(
        self, most_digits: int, parent: QWidget | None = None, *, hidden: bool = False
    ) -> None:
        super().__init__(parent)
        self._most = most_digits
        self._hidden = hidden
        self._digits = ""
        self._shown = QLabel()
        self._shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._keys = QGridLayout()
        for place, digit in enumerate("123456789"):
            self._add_digit(digit, place // 3, place % 3)
        take_back = _Key(msgid=N_("Erase"), icon="arrow-left")
        take_back.clicked.connect(self._take_back)
        self._keys.addWidget(take_back, 3, 0)
        self._add_digit("0", 3, 1)
        done = _Key(msgid=N_("Done"), icon="check")
        done.clicked.connect(self._finish)
        self._keys.addWidget(done, 3, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._shown)
        column.addLayout(self._keys)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._respace()

    def clear(self) -> None:
        """Forget the digits."""
        self._set("")

    def _add_digit(self, digit: str, row: int, column: int) -> None:
        key = _Key(digit)
        key.clicked.connect(lambda: self._type(digit))
        self._keys.addWidget(key, row, column)

    def _type(self, digit: str) -> None:
        if len(self._digits) < self._most:
            self._set(self._digits + digit)

    def _take_back(self) -> None:
        self._set(self._digits[:-1])

    def _finish(self) -> None:
        if self._digits:
            self.entered.emit(self._digits)

    def _set(self, digits: str) -> None:
        self._digits = digits
        self._shown.setText("●" * len(digits) if self._hidden else digits)
        self.changed.emit(digits)

    def _respace(self) -> None:
        sizes = theme.metrics()
        self._keys.setSpacing(sizes.gap_px)
        self._shown.setFont(theme.font(sizes.title_text_px, bold=True))
        self._shown.setMinimumHeight(sizes.target_px)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() in tuple("0123456789"):
            self._type(event.text())
        elif event.key() == Qt.Key.Key_Backspace:
            self._take_back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
        else:
            super().keyPressEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        super().changeEvent(event)
