"""Controls whose sizes are told to them: they appear on screens of different sizes at once.

The sizes of the theme are those of the display; a second screen beside it has others.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final, TypeAlias

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QMouseEvent,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.theme import Metrics
from base.qt.widgets import TOUCHES, TouchControl, paint_icon, painter_for
from base.text import _

_LINE_PERCENT: Final = 135
"""The typeface has hardly any room between its lines by itself."""

Sizes: TypeAlias = Callable[[], Metrics]
"""Returns the sizes of the screen that a control is on."""


class MeasuredButton(TouchControl):
    """An icon over its word.

    Args:
        msgid: The word.
        icon: Name of the icon.
        sizes: Of its screen.
        shows_word: Whether the word is painted; else it is only the accessible name.
    """

    def __init__(
        self,
        msgid: str,
        icon: str,
        sizes: Sizes,
        parent: QWidget | None = None,
        *,
        shows_word: bool = True,
    ) -> None:
        self._icon_name, self._sizes, self._shows_word = icon, sizes, shows_word
        super().__init__(msgid, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_face(self, msgid: str, icon: str) -> None:
        """Show another word and icon."""
        self._icon_name = icon
        self.set_msgid(msgid)

    @override
    def sizeHint(self) -> QSize:
        sizes = self._sizes()
        if not self._shows_word:
            return QSize(sizes.target_px, sizes.target_px)
        letters = QFontMetrics(theme.font(sizes.small_text_px))
        width = max(sizes.px(19), letters.horizontalAdvance(self.word) + sizes.px(5))
        return QSize(width, sizes.icon_px + letters.height() + sizes.px(5))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = self._sizes(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        is_there = self.isEnabled()
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.setPen(
            QPen(QColor(colours.outline if is_there else colours.hairline), sizes.line_px)
        )
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        ink = colours.text if is_there else colours.outline
        painter.setPen(QColor(ink))
        painter.setFont(theme.font(sizes.small_text_px))
        line = painter.fontMetrics().height() if self._shows_word else 0
        top = (self.height() - sizes.icon_px - line) // 2
        icon_box = QRect(0, top, self.width(), sizes.icon_px)
        paint_icon(painter, self._icon_name, ink, icon_box, self.devicePixelRatioF())
        if self._shows_word:
            word_box = QRect(0, top + sizes.icon_px, self.width(), line)
            painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()


class MeasuredText(QLabel):
    """A text on one line or several.

    Args:
        sizes: Of its screen.
        mm: Height of its letters.
        msgid: The text; `set_plain` gives one that is in the right language.
        is_quiet: Whether it only explains.
        bold: As titles are.
    """

    def __init__(
        self,
        sizes: Sizes,
        mm: float,
        msgid: str = "",
        parent: QWidget | None = None,
        *,
        is_quiet: bool = False,
        bold: bool = False,
    ) -> None:
        super().__init__(parent)
        self._sizes, self._mm, self._msgid = sizes, mm, msgid
        self._is_quiet, self._is_bold = is_quiet, bold
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.restyle()
        self._retranslate()

    def set_plain(self, text: str) -> None:
        """Show a text that is in the right language already."""
        self._msgid = ""
        self.setText(text)

    def set_mm(self, mm: float) -> None:
        """Make its letters larger or smaller."""
        self._mm = mm
        self.restyle()

    def restyle(self) -> None:
        """Follow sizes and colours."""
        made = theme.font(self._sizes().px(self._mm), bold=self._is_bold)
        if made != self.font():
            self.setFont(made)
        colours = theme.tokens()
        ink = QColor(colours.text_quiet if self._is_quiet else colours.text)
        if ink != self.palette().color(QPalette.ColorRole.WindowText):
            look = self.palette()
            look.setColor(QPalette.ColorRole.WindowText, ink)
            self.setPalette(look)

    def _retranslate(self) -> None:
        if self._msgid:
            self.setText(_(self._msgid))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self.restyle()
        super().changeEvent(event)


class LongText(QScrollArea):
    """A text as long as it likes, which a finger, a pen or a mouse draws up and down.

    Args:
        sizes: Of its screen.
        mm: Height of its letters.
    """

    def __init__(self, sizes: Sizes, mm: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last_y: float | None = None
        self._words = ""
        self.label = MeasuredText(sizes, mm)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(self.label)
        # Qt fills what it scrolls; the panel below is its ground.
        self.label.setAutoFillBackground(False)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)

    @property
    def words(self) -> str:
        """The text that is shown."""
        return self._words

    def show_text(self, text: str) -> None:
        """Show a text from its beginning, unless it is there already."""
        if text != self._words:
            self._words = text
            words = html.escape(text)
            style = f"white-space: pre-wrap; line-height: {_LINE_PERCENT}%"
            self.label.set_plain(f'<p style="{style}">{words}</p>' if words else "")
            self.verticalScrollBar().setValue(0)

    def _draw(self, y: float | None) -> None:
        if y is not None and self._last_y is not None:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - round(y - self._last_y))
        self._last_y = y

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()
            is_down = event.type() in (QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate)
            points = event.points()
            self._draw(points[0].position().y() if is_down and points else None)
            return True
        return super().viewportEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._draw(event.position().y())
        event.accept()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._draw(event.position().y())

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._draw(None)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.label.setMaximumWidth(self.viewport().width())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.label.fontMetrics().height() * 2)
