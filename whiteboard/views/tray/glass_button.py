"""Buttons of glass over the page: they show what lies under them and take no hand for a finger.

They lie where hands rest and where people write, so they let go of everything that is not a
short touch of one finger, of a pen or of a mouse; while a hand writes they are not there.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPaintEvent, QPen, QTouchEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TouchControl, fitting_font, paint_icon, painter_for
from whiteboard.views.tray.tray_parts import NEAR_MM, RETURN_MS

SIDE_MM: Final = 25.0
RESTS_MS: Final = 900
"""What stays longer than this rests there and touches nothing."""
_FINGER_MOST_MM: Final = 22.0
"""A larger contact is a palm or an arm."""
_FILL: Final = QColor(24, 48, 40, 150)
_FILL_DOWN: Final = QColor(24, 48, 40, 215)
_EDGE: Final = QColor(255, 255, 255, 90)
_INK: Final = QColor(255, 255, 255)
_GHOST_SHARE: Final = 0.3


class GlassButton(TouchControl):
    """An icon and its word on dark glass, 25 mm wide and high.

    Args:
        msgid: The word, marked with `N_`.
        icon: Name of the icon.
        parent: What it floats over.
    """

    def __init__(self, msgid: str, icon: str, parent: QWidget) -> None:
        self._icon_name = icon
        self._is_writing = False
        self._is_aside = False
        self._is_due = False
        self._is_refused = False
        self._began_ms = 0
        super().__init__(msgid, parent)
        self.hide()
        self._return = QTimer(self, singleShot=True, interval=RETURN_MS)
        self._return.timeout.connect(self._come_back)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        self._icon_name = icon
        self.update()

    def set_due(self, is_due: bool) -> None:
        """Say whether there is anything to press it for; else it is not there."""
        self._is_due = is_due
        self._follow()

    def set_shrunk(self, is_writing: bool) -> None:
        """Say whether a hand is at work: then it is a ghost that takes no touch."""
        if is_writing == self._is_writing:
            return
        self._is_writing = is_writing
        if is_writing:
            self._return.stop()
            self._refuse()
            self._make_ghost(True)
        else:
            self._return.start()

    def make_way(self, place: QPoint) -> None:
        """Go away if a hand works at `place` (in the parent), until it has done."""
        near = theme.metrics().px(NEAR_MM)
        if self._is_writing and self.geometry().adjusted(-near, -near, near, near).contains(
            place
        ):
            self._is_aside = True
            self._follow()

    def place_at(self, middle: QPoint) -> None:
        """Lie around a point of the parent."""
        box = QRect(QPoint(0, 0), self.sizeHint())
        box.moveCenter(middle)
        self.setGeometry(box)

    @override
    def sizeHint(self) -> QSize:
        side = theme.metrics().px(SIDE_MM)
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    # What touches it ----------------------------------------------------------------------

    @override
    def _touch(self, event: QTouchEvent) -> None:
        event.accept()
        if event.type() == QEvent.Type.TouchBegin:
            self._is_refused, self._began_ms = self._is_writing, event.timestamp()
        if len(event.points()) > 1 or self._is_palm(event):
            self._refuse()
        is_late = event.timestamp() - self._began_ms > RESTS_MS
        if event.type() == QEvent.Type.TouchEnd and is_late:
            self._refuse()
        if not self._is_refused:
            super()._touch(event)

    def _is_palm(self, event: QTouchEvent) -> bool:
        most_px = _FINGER_MOST_MM * theme.metrics().glass_px_per_mm
        sizes = [point.ellipseDiameters() for point in event.points()]
        return any(max(size.width(), size.height()) > most_px for size in sizes)

    def _refuse(self) -> None:
        self._is_refused = True
        self.setDown(False)

    # What is seen -------------------------------------------------------------------------

    def _come_back(self) -> None:
        self._is_aside = False
        self._make_ghost(False)
        self._follow()

    def _make_ghost(self, is_ghost: bool) -> None:
        # A touch there belongs to the page under it.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, is_ghost)
        self.update()

    @property
    def is_ghost(self) -> bool:
        """Whether touches go through it."""
        return self.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def _follow(self) -> None:
        self.setVisible(self._is_due and not self._is_aside)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes = theme.metrics()
        painter = painter_for(self)
        if self.is_ghost:
            painter.setOpacity(_GHOST_SHARE)
        line = max(1.0, sizes.line_px)
        box = QRectF(self.rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2)
        painter.setBrush(_FILL_DOWN if self.isDown() else _FILL)
        painter.setPen(QPen(_EDGE, line))
        painter.drawRoundedRect(box, sizes.px(6), sizes.px(6))
        side, word_px = sizes.px(11), sizes.px(6)
        top = (self.height() - side - word_px) // 2
        icon_box = QRect(0, top, self.width(), side)
        paint_icon(painter, self._icon_name, _INK.name(), icon_box, self.devicePixelRatioF())
        painter.setPen(_INK)
        room = self.width() - sizes.px(2)
        painter.setFont(fitting_font(self.word, room, sizes.small_text_px))
        word_box = QRect(0, top + side, self.width(), word_px)
        painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
        self._paint_focus(painter, box, sizes.px(6))
        painter.end()
