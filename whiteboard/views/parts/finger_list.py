"""A list of buttons that is scrolled by finger and touched to choose."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEventPoint,
    QHideEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TOUCHES, painter_for
from whiteboard.model.list_scroll import ListScroll

FRAME_MS: Final = 16
_DRAG_MM: Final = 3.5
_WHEEL_MM: Final = 30.0
_WHEEL_NOTCH: Final = 120


def leave_touches_to_list(widget: QWidget) -> None:
    """Make a button one that the list around it presses, so that a finger can scroll there."""
    widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def marker_room_px() -> int:
    """Return what a list needs beside its content so that the marker covers none of it."""
    return theme.metrics().px(5.0)


class Marker(QWidget):
    """A thin bar that shows which part of a long list is seen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        leave_touches_to_list(self)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tokens().outline))
        box = QRectF(self.rect())
        painter.drawRoundedRect(box, box.width() / 2, box.width() / 2)
        painter.end()


class FingerList(QWidget):
    """Shows a part of a tall widget; a finger drags it, a flick makes it glide, a tap presses.

    The buttons inside take no touches themselves (`leave_touches_to_list`): only the list
    can tell whether a finger that came down on one scrolls or taps.

    Args:
        content: What is shown; it gets this list's width, and `set_content_height` its
            height.
        lies_low: Whether a short content lies at the bottom, where everybody can reach it.
        now_s: Monotonic clock, for the glide.
    """

    scrolled = Signal()
    """Another part is seen."""

    def __init__(
        self,
        content: QWidget,
        parent: QWidget | None = None,
        *,
        lies_low: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self._content = content
        content.setParent(self)
        self._marker = Marker(self)
        self._lies_low = lies_low
        self._now_s = now_s
        self._scroll = ListScroll()
        self._height_px = 0
        self._pressed: QAbstractButton | None = None
        self._start = QPointF()
        self._is_drag = False
        self._finger: int | None = None
        self._moved_s = 0.0
        self._frame = QTimer(self, interval=FRAME_MS)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._glide)

    @property
    def offset_px(self) -> float:
        """How far the list is scrolled."""
        return self._scroll.offset_px

    @property
    def is_still(self) -> bool:
        """Whether nothing moves by itself."""
        return not self._frame.isActive()

    def set_content_height(self, height_px: int) -> None:
        """Tell how tall the content is."""
        self._height_px = height_px
        self._fit()

    def go_to(self, offset_px: float) -> None:
        """Be at a place at once."""
        self._scroll.go_to(offset_px)
        self._place()

    def ensure_seen(self, widget: QWidget) -> None:
        """Scroll as little as it takes to see a widget of the content."""
        top = widget.mapTo(self._content, widget.rect().topLeft()).y()
        self.ensure_span(top, top + widget.height())

    def ensure_span(self, top: int, bottom: int) -> None:
        """Scroll as little as it takes to see a part of the content, px from its top."""
        if top < self._scroll.offset_px:
            self.go_to(top)
        elif bottom > self._scroll.offset_px + self.height():
            self.go_to(bottom - self.height())

    # Pointers -------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()
            self._touch(event)
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        # The first finger has the list; what others do is left aside.
        if event.type() == QEvent.Type.TouchCancel:
            self._finger = None
            self._cancel()
            return
        for point in event.points():
            t_s = event.timestamp() / 1000
            if self._finger is None and point.state() == QEventPoint.State.Pressed:
                self._finger = point.id()
                self._press(point.position(), t_s)
            elif point.id() != self._finger:
                continue
            elif point.state() == QEventPoint.State.Released:
                self._finger = None
                self._drag(point.position(), t_s)
                self._release(t_s)
            elif point.state() == QEventPoint.State.Updated:
                self._drag(point.position(), t_s)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event.position(), event.timestamp() / 1000)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position(), event.timestamp() / 1000)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._release(event.timestamp() / 1000)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / _WHEEL_NOTCH
        self.go_to(self._scroll.offset_px - notches * theme.metrics().px(_WHEEL_MM))
        event.accept()

    def _press(self, place: QPointF, t_s: float) -> None:
        self._frame.stop()
        self._start, self._is_drag = place, False
        was_moving = self._scroll.press(place.y(), t_s)
        if not was_moving:
            self._pressed = self._button_at(place)
            if self._pressed is not None:
                self._pressed.setDown(True)

    def _drag(self, place: QPointF, t_s: float) -> None:
        way_px = (place - self._start).manhattanLength()
        if not self._is_drag and way_px > theme.metrics().px(_DRAG_MM):
            self._is_drag = True
            self._let_go()
        if self._is_drag:
            self._scroll.drag(place.y(), t_s)
            self._place()

    def _release(self, t_s: float) -> None:
        self._scroll.release(t_s)
        pressed = self._let_go()
        if pressed is not None and not self._is_drag:
            pressed.click()
        self._start_glide()

    def _cancel(self) -> None:
        self._let_go()
        self._scroll.release(-1.0)
        self._start_glide()

    def _let_go(self) -> QAbstractButton | None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None:
            pressed.setDown(False)
        return pressed

    def _button_at(self, place: QPointF) -> QAbstractButton | None:
        return _innermost_button(self._content, self._content.mapFrom(self, place))

    # Motion ---------------------------------------------------------------------------

    def _start_glide(self) -> None:
        if self._scroll.is_moving:
            self._moved_s = self._now_s()
            self._frame.start()

    def _glide(self) -> None:
        now_s = self._now_s()
        self._scroll.advance(now_s - self._moved_s)
        self._moved_s = now_s
        if not self._scroll.is_moving:
            self._frame.stop()
        self._place()

    def _fit(self) -> None:
        self._scroll.set_most(self._height_px - self.height())
        self._place()

    def _place(self) -> None:
        below = self.height() - self._height_px if self._lies_low else 0
        top = max(0, below) - round(self._scroll.offset_px)
        self._content.setGeometry(0, top, self.width(), self._height_px)
        self._place_marker()
        self.scrolled.emit()

    def _place_marker(self) -> None:
        seen = self.height() / max(1, self._height_px)
        self._marker.setVisible(seen < 1.0)
        if seen >= 1.0:
            return
        thick = theme.metrics().px(1.6)
        long = max(theme.metrics().px(15), round(seen * self.height()))
        share = min(max(self._scroll.offset_px / max(1.0, self._scroll.most_px), 0.0), 1.0)
        top = round(share * (self.height() - long))
        self._marker.setGeometry(self.width() - thick, top, thick, long)
        self._marker.raise_()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._frame.stop()
        self._let_go()
        self._scroll.go_to(self._scroll.offset_px)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._place_marker()
            self._marker.update()
        super().changeEvent(event)


def _innermost_button(widget: QWidget, place: QPointF) -> QAbstractButton | None:
    """Return the button of `widget` at a place of it, one inside another before that one."""
    for child in reversed(widget.children()):
        if not isinstance(child, QWidget) or child.isHidden() or not child.isEnabled():
            continue
        if not child.geometry().contains(place.toPoint()):
            continue
        inner = _innermost_button(child, child.mapFrom(widget, place))
        if inner is not None:
            return inner
    if isinstance(widget, QAbstractButton) and widget.isEnabled():
        return widget
    return None
