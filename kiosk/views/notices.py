"""Notices: sentences at the top of the display that come and go by themselves."""

from __future__ import annotations

import html
from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPaintEvent, QPalette, QPen, QTouchEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from base.feature import Notice, Weight
from base.qt import theme
from base.qt.widgets import Layout, TouchButton, paint_icon, painter_for
from base.text import N_

CALM_STAYS_MS: Final = 6000
MOST_AT_ONCE: Final = 3


class Toast(QWidget):
    """One notice. A touch anywhere on it sends it away."""

    left = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(notice.text)
        # Rich text only for the distance of the lines, which the font leaves at none.
        self._words = QLabel(f'<p style="line-height: 130%">{html.escape(notice.text)}</p>')
        self._words.setWordWrap(True)
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._words, 1)
        if notice.action_text:
            self._add_button(notice.action_text, "arrow-right", self._act)
        if notice.weight is Weight.TROUBLE:
            self._add_button(N_("Close"), "x", self.left.emit)
        else:
            self._timer = QTimer(self, singleShot=True, interval=CALM_STAYS_MS)
            self._timer.timeout.connect(self.left)
            self._timer.start()
        self._restyle()

    def _add_button(self, msgid: str, icon: str, act: object) -> None:
        button = TouchButton(msgid, icon, layout=Layout.BESIDE)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(act)
        self._row.addWidget(button)

    def _act(self) -> None:
        if self.notice.action is not None:
            self.notice.action()
        self.left.emit()

    def _ink(self) -> str:
        colours = theme.tokens()
        return colours.on_trouble if self._is_trouble else colours.text

    @property
    def _is_trouble(self) -> bool:
        return self.notice.weight is Weight.TROUBLE

    def _restyle(self) -> None:
        sizes = theme.metrics()
        self._words.setFont(theme.font(sizes.px(6.5)))
        look = self._words.palette()
        look.setColor(QPalette.ColorRole.WindowText, QColor(self._ink()))
        self._words.setPalette(look)
        side = sizes.px(4) * 2 + sizes.px(9)
        self._row.setContentsMargins(side, sizes.px(4), sizes.px(5), sizes.px(4))
        self._row.setSpacing(sizes.px(5))
        self.setMinimumHeight(sizes.px(20))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            event.accept()
            if event.type() == QEvent.Type.TouchEnd:
                self.left.emit()
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.left.emit()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        fill = colours.trouble if self._is_trouble else colours.surface
        edge = colours.trouble if self._is_trouble else colours.outline
        painter.setBrush(QColor(fill))
        painter.setPen(QPen(QColor(edge), sizes.line_px))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(box, sizes.px(4), sizes.px(4))
        name = "triangle-alert" if self._is_trouble else "info"
        icon_box = QRect(sizes.px(5), 0, sizes.px(9), self.height())
        paint_icon(painter, name, self._ink(), icon_box, self.devicePixelRatioF())
        painter.end()


class Notices(QWidget):
    """The notices on the display, newest below; it covers no more than they need.

    Args:
        parent: The window; tell changes of its size to `place`.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._toasts: list[Toast] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.hide()

    @property
    def shown(self) -> tuple[Notice, ...]:
        """Return the notices that can be read now, oldest first."""
        return tuple(toast.notice for toast in self._toasts)

    def show_notice(self, notice: Notice) -> None:
        """Show a notice; one with the same words that is still there is replaced."""
        for toast in tuple(self._toasts):
            if toast.notice.text == notice.text:
                self._remove(toast)
        while len(self._toasts) >= MOST_AT_ONCE:
            self._remove(self._least_needed())
        toast = Toast(notice)
        toast.left.connect(lambda: self._remove(toast))
        self._toasts.append(toast)
        self._column.addWidget(toast)
        # At once: a layout gives no room to a child that waits to be shown.
        toast.show()
        self.place()

    def forget_files(self) -> None:
        """Take the notices away that are about a file."""
        for toast in tuple(self._toasts):
            if toast.notice.about:
                self._remove(toast)

    def clear(self) -> None:
        """Take all notices away."""
        for toast in tuple(self._toasts):
            self._remove(toast)

    def place(self) -> None:
        """Fit into the top of the parent, above everything else there."""
        parent = self.parentWidget()
        if parent is None or not self._toasts:
            self.hide()
            return
        sizes = theme.metrics()
        self._column.setSpacing(sizes.px(3))
        width = min(parent.width() - 2 * sizes.gap_px, sizes.px(280))
        self._column.activate()
        height = self._column.totalHeightForWidth(width)
        left = (parent.width() - width) // 2
        self.setGeometry(left, sizes.px(6), width, height)
        self.show()
        self.raise_()

    def _least_needed(self) -> Toast:
        calm = [toast for toast in self._toasts if toast.notice.weight is Weight.CALM]
        return (calm or self._toasts)[0]

    def _remove(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._column.removeWidget(toast)
            toast.hide()
            toast.deleteLater()
            self.place()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            # The toasts learn of the new sizes after this widget.
            QTimer.singleShot(0, self, self.place)
