"""The few touch controls that every screen shares.

They are made for fingers: sizes come from `theme.metrics()`, a press shows at once,
nothing needs a hover, a double tap or a right click. Each control takes English msgids
and puts itself into another language on `QEvent.LanguageChange`, and into another theme
on `QEvent.StyleChange`.

Controls accept touches themselves instead of leaving them to the mouse that Qt makes of
unhandled touches: that mouse follows one finger only, and two people at one display press
buttons at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QTouchEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.qt import theme
from base.text import _

TOUCHES: Final = (
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.TouchCancel,
)


class Layout(Enum):
    """Where a button's icon stands."""

    OVER = auto()
    """Over the word."""
    BESIDE = auto()
    """Before the word, on one line."""


class Look(Enum):
    """How much a button asks for attention."""

    PLAIN = auto()
    """A surface with an edge."""
    BARE = auto()
    """No surface until pressed or chosen: for bars with many buttons."""
    MAIN = auto()
    """The one main action of a screen, in the accent."""
    WOOD = auto()
    """On the wood of the frame."""


def painter_for(widget: QWidget) -> QPainter:
    """Return a smooth painter on `widget`; the caller ends it."""
    painter = QPainter(widget)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    return painter


def paint_icon(
    painter: QPainter, name: str, colour: str, box: QRect, device_pixel_ratio: float
) -> None:
    """Paint the icon `name` centred into `box`, as large as its shorter side."""
    side = min(box.width(), box.height())
    pixmap = theme.icon_pixmap(name, colour, side, device_pixel_ratio)
    corner = box.center() - QPoint((side - 1) // 2, (side - 1) // 2)
    painter.drawPixmap(corner, pixmap)


class TouchControl(QAbstractButton):
    """A button that takes mouse, pen and any finger, each with feedback at once."""

    def __init__(self, msgid: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._msgid = msgid
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def set_msgid(self, msgid: str) -> None:
        """Show another word; an English msgid marked with `N_`."""
        self._msgid = msgid
        self.retranslate()

    def retranslate(self) -> None:
        """Put the word into the language in use."""
        word = _(self._msgid) if self._msgid else ""
        # Qt reads "&" in a button's text as "the next letter is the shortcut".
        self.setText(word.replace("&", "&&"))
        self.setAccessibleName(word)
        self.updateGeometry()
        self.update()

    @property
    def word(self) -> str:
        """Return the word as it is shown."""
        return self.text().replace("&&", "&")

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            self._touch(event)
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        event.accept()
        if not self.isEnabled():
            return
        point = event.points()[0].position().toPoint() if event.points() else QPoint(-1, -1)
        if event.type() == QEvent.Type.TouchCancel:
            self.setDown(False)
        elif event.type() == QEvent.Type.TouchEnd:
            inside = self.isDown() and self.hitButton(point)
            self.setDown(False)
            if inside:
                self.click()
        else:
            self.setDown(self.hitButton(point))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def _paint_focus(self, painter: QPainter, box: QRectF, radius: float) -> None:
        if not self.hasFocus():
            return
        line = theme.metrics().line_px * 1.5
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.tokens().accent_ink), line))
        painter.drawRoundedRect(box.adjusted(line, line, -line, -line), radius, radius)


class TouchButton(TouchControl):
    """An icon and its word.

    Args:
        msgid: The word, an English msgid marked with `N_`.
        icon: Name of the icon.
        layout: Where the icon stands.
        look: How much it asks for attention.
        main: Whether it is a main target (25 mm) instead of an ordinary one (15 mm).
    """

    def __init__(
        self,
        msgid: str,
        icon: str,
        parent: QWidget | None = None,
        *,
        layout: Layout = Layout.OVER,
        look: Look = Look.PLAIN,
        main: bool = False,
    ) -> None:
        self._icon_name = icon
        self._layout = layout
        self._look = look
        self._main = main
        super().__init__(msgid, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        self._icon_name = icon
        self.update()

    def _text_px(self) -> int:
        sizes = theme.metrics()
        if self._layout is Layout.BESIDE:
            return sizes.body_text_px if self._main else sizes.px(6)
        return sizes.px(6) if self._main else sizes.small_text_px

    def _icon_side(self) -> int:
        sizes = theme.metrics()
        return sizes.main_icon_px if self._main else sizes.icon_px

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        least = sizes.main_px if self._main else sizes.target_px
        text = QFontMetrics(theme.font(self._text_px(), bold=self._main))
        word_px = text.horizontalAdvance(self.word)
        if self._layout is Layout.OVER:
            height = self._icon_side() + text.height() + sizes.px(7)
            return QSize(max(least, word_px + sizes.px(6)), max(least, height))
        width = word_px + self._icon_side() + sizes.px(3 + 5 + 5)
        return QSize(max(least, width), least)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes = theme.metrics()
        painter = painter_for(self)
        fill, ink, edge = self._colours()
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(edge), sizes.line_px) if edge else Qt.PenStyle.NoPen)
        if fill or edge:
            painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        self._paint_face(painter, ink)
        if self.isChecked():
            self._paint_chosen_bar(painter, ink)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()

    def _colours(self) -> tuple[str, str, str]:
        colours = theme.tokens()
        down = self.isDown()
        if not self.isEnabled():
            if self._look is Look.WOOD:
                return "", colours.wood_shade, ""
            edge = colours.hairline if self._look is Look.PLAIN else ""
            return "", colours.outline, edge
        if self.isChecked() or self._look is Look.MAIN:
            return (
                colours.accent_pressed if down else colours.accent,
                colours.on_accent,
                "",
            )
        if self._look is Look.WOOD:
            return colours.wood_edge if down else "", colours.on_wood, colours.wood_edge
        if self._look is Look.BARE:
            return colours.surface_pressed if down else "", colours.text, ""
        fill = colours.surface_pressed if down else colours.surface
        return fill, colours.text, colours.outline if down else colours.hairline

    def _paint_face(self, painter: QPainter, ink: str) -> None:
        sizes = theme.metrics()
        painter.setFont(theme.font(self._text_px(), bold=self._main))
        painter.setPen(QColor(ink))
        side = self._icon_side()
        ratio = self.devicePixelRatioF()
        if self._layout is Layout.OVER:
            line = painter.fontMetrics().height()
            top = (self.height() - side - line - sizes.px(2)) // 2
            icon_box = QRect(0, top, self.width(), side)
            word_box = QRect(0, top + side + sizes.px(1), self.width(), line)
            paint_icon(painter, self._icon_name, ink, icon_box, ratio)
            painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
            return
        word_px = painter.fontMetrics().horizontalAdvance(self.word)
        left = max(sizes.px(4), (self.width() - side - sizes.px(3) - word_px) // 2)
        paint_icon(painter, self._icon_name, ink, QRect(left, 0, side, self.height()), ratio)
        word_box = self.rect().adjusted(left + side + sizes.px(3), 0, 0, 0)
        painter.drawText(
            word_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.word
        )

    def _paint_chosen_bar(self, painter: QPainter, ink: str) -> None:
        # A bar under the word: what is chosen can be seen without telling colours apart.
        sizes = theme.metrics()
        width, height = min(self.width() * 0.5, sizes.px(20)), sizes.px(1)
        bar = QRectF((self.width() - width) / 2, self.height() - 2 * height, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ink))
        painter.drawRoundedRect(bar, height / 2, height / 2)


class Tile(TouchControl):
    """A large tile of the home screen: an icon, a word, a line of explanation.

    Args:
        msgid: The word.
        icon: Name of the icon.
        hint: One short line under the word, a msgid; empty for none.
        lead: Whether it is the screen's main tile, edged with the accent.
    """

    def __init__(
        self,
        msgid: str,
        icon: str,
        hint: str = "",
        parent: QWidget | None = None,
        *,
        lead: bool = False,
    ) -> None:
        self._icon_name = icon
        self._hint = hint
        self._lead = lead
        super().__init__(msgid, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @override
    def retranslate(self) -> None:
        super().retranslate()
        self.setAccessibleDescription(_(self._hint) if self._hint else "")

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        word = QFontMetrics(theme.font(sizes.px(13), bold=True))
        hint = QFontMetrics(theme.font(sizes.body_text_px))
        text_px = max(
            word.horizontalAdvance(self.word),
            hint.horizontalAdvance(self.accessibleDescription()),
        )
        return QSize(max(sizes.px(80), text_px + sizes.px(20)), sizes.px(72))

    @override
    def minimumSizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(45), sizes.px(45))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        down = self.isDown()
        line = sizes.line_px * (2 if self._lead else 1)
        edge = colours.accent_ink if self._lead else colours.hairline
        box = QRectF(self.rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2)
        painter.setBrush(QColor(colours.surface_pressed if down else colours.surface))
        painter.setPen(QPen(QColor(colours.outline if down else edge), line))
        painter.drawRoundedRect(box, sizes.px(5), sizes.px(5))
        self._paint_face(painter)
        self._paint_focus(painter, box, sizes.px(5))
        painter.end()

    def _paint_face(self, painter: QPainter) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        room = self.width() - sizes.px(10)
        word_font = fitting_font(self.word, room, sizes.px(13), bold=True)
        hint = self.accessibleDescription()
        hint_font = fitting_font(hint, room, sizes.body_text_px)
        word_line = QFontMetrics(word_font).height()
        hint_line = QFontMetrics(hint_font).height() + sizes.px(4) if hint else 0
        gap = sizes.px(5)
        side = min(sizes.px(34), max(1, self.height() - word_line - hint_line - 3 * gap))
        top = (self.height() - side - gap - word_line - hint_line) // 2
        icon_box = QRect(0, top, self.width(), side)
        ink = colours.accent_ink if self._lead else colours.text
        paint_icon(painter, self._icon_name, ink, icon_box, self.devicePixelRatioF())
        painter.setPen(QColor(colours.text))
        painter.setFont(word_font)
        word_box = QRect(0, icon_box.bottom() + gap, self.width(), word_line)
        painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
        if hint:
            painter.setPen(QColor(colours.text_quiet))
            painter.setFont(hint_font)
            hint_box = QRect(0, word_box.bottom(), self.width(), hint_line)
            bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(hint_box, bottom, hint)


def fitting_font(text: str, width_px: int, pixel_size: int, *, bold: bool = False) -> QFont:
    """Return the interface's font, smaller than `pixel_size` where `text` is too long."""
    return theme.font(_fitting_px(text, width_px, pixel_size, bold=bold), bold=bold)


@lru_cache(maxsize=1024)
def _fitting_px(text: str, width_px: int, pixel_size: int, *, bold: bool) -> int:
    # A tray asks for all of its words whenever a page is turned below it.
    needed_px = QFontMetrics(theme.font(pixel_size, bold=bold)).horizontalAdvance(text)
    if needed_px > width_px > 0:
        return max(1, int(pixel_size * width_px / needed_px))
    return pixel_size


class Role(Enum):
    """What a text is for: decides its size, weight and colour."""

    ROOM = auto()
    """Read from five metres, 12 mm."""
    TITLE = auto()
    """Head of a screen or sheet, 9 mm, bold."""
    BODY = auto()
    """Read at arm's length, 7 mm."""
    HINT = auto()
    """Explains, 5.5 mm, quiet."""


class Text(QLabel):
    """A text that knows its msgid and its role.

    Args:
        msgid: The text; empty when `set_plain` gives it.
        role: What it is for.
        wrap: Whether it may take several lines.
    """

    def __init__(
        self,
        msgid: str = "",
        role: Role = Role.BODY,
        parent: QWidget | None = None,
        *,
        wrap: bool = False,
    ) -> None:
        super().__init__(parent)
        self._msgid = msgid
        self._role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        # Words under a finger or a pen must not take the touch from what lies below.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.retranslate()
        self._restyle()

    def set_msgid(self, msgid: str) -> None:
        """Show another text."""
        self._msgid = msgid
        self.retranslate()

    def set_plain(self, text: str) -> None:
        """Show a text that is in the right language already."""
        self._msgid = ""
        self.setText(text)

    def retranslate(self) -> None:
        """Put the text into the language in use."""
        if self._msgid:
            self.setText(_(self._msgid))

    def _restyle(self) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        made = {
            Role.ROOM: theme.font(sizes.room_text_px, bold=True),
            Role.TITLE: theme.font(sizes.title_text_px, bold=True),
            Role.BODY: theme.font(sizes.body_text_px),
            Role.HINT: theme.font(sizes.px(5.5)),
        }[self._role]
        if made != self.font():
            self.setFont(made)
        ink = QColor(colours.text_quiet if self._role is Role.HINT else colours.text)
        if ink != self.palette().color(QPalette.ColorRole.WindowText):
            look = self.palette()
            look.setColor(QPalette.ColorRole.WindowText, ink)
            self.setPalette(look)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)


class Toggle(TouchControl):
    """A switch that is on or off, with a tick in its knob when on."""

    def __init__(self, msgid: str = "", parent: QWidget | None = None) -> None:
        super().__init__(msgid, parent)
        self.setCheckable(True)

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        word_px = QFontMetrics(theme.font(sizes.body_text_px)).horizontalAdvance(self.word)
        gap_px = sizes.px(4) if self.word else 0
        return QSize(sizes.px(26) + gap_px + word_px, sizes.target_px)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        on = self.isChecked()
        track = QRectF(sizes.line_px, (self.height() - sizes.px(13)) / 2, 0, sizes.px(13))
        track.setWidth(sizes.px(24))
        painter.setPen(QPen(QColor(colours.accent if on else colours.outline), sizes.line_px))
        painter.setBrush(QColor(colours.accent if on else colours.surface))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        inset = sizes.px(1.6)
        side = track.height() - 2 * inset
        left = track.right() - inset - side if on else track.left() + inset
        knob = QRectF(left, track.top() + inset, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.on_accent if on else colours.outline))
        painter.drawEllipse(knob)
        if on:
            self._paint_tick(painter, knob, colours.accent)
        if self.word:
            painter.setFont(theme.font(sizes.body_text_px))
            painter.setPen(QColor(colours.text if self.isEnabled() else colours.outline))
            box = self.rect().adjusted(int(track.right()) + sizes.px(4), 0, 0, 0)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.word
            )
        self._paint_focus(painter, track, track.height() / 2)
        painter.end()

    def _paint_tick(self, painter: QPainter, knob: QRectF, colour: str) -> None:
        pen = QPen(QColor(colour), knob.width() * 0.12)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        places = ((0.28, 0.52), (0.44, 0.67), (0.73, 0.35))
        painter.drawPolyline(
            [knob.topLeft() + QPointF(x * knob.width(), y * knob.height()) for x, y in places]
        )


class Slider(QAbstractSlider):
    """A slider that goes where it is touched; whole steps between `minimum` and `maximum`.

    Args:
        msgid: Accessible name.
    """

    def __init__(self, msgid: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._msgid = msgid
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_(msgid))

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(100), sizes.target_px)

    @override
    def minimumSizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(40), sizes.target_px)

    def _knob_px(self) -> int:
        return theme.metrics().px(11)

    def _follow(self, x_px: float) -> None:
        knob = self._knob_px()
        share = (x_px - knob / 2) / max(1, self.width() - knob)
        reach = self.maximum() - self.minimum()
        self.setSliderPosition(self.minimum() + round(min(1.0, max(0.0, share)) * reach))

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()
            if event.points() and self.isEnabled():
                self.setSliderDown(event.type() != QEvent.Type.TouchEnd)
                self._follow(event.points()[0].position().x())
            if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
                self.setSliderDown(False)
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(True)
        self._follow(event.position().x())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event.position().x())

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.setSliderDown(False)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(_(self._msgid))
        elif event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        knob = self._knob_px()
        reach = max(1, self.maximum() - self.minimum())
        share = (self.sliderPosition() - self.minimum()) / reach
        x = share * (self.width() - knob)
        bar = sizes.px(2)
        middle = self.height() / 2
        track = QRectF(knob / 2, middle - bar / 2, self.width() - knob, bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.outline))
        painter.drawRoundedRect(track, bar / 2, bar / 2)
        painter.setBrush(QColor(colours.accent_ink))
        painter.drawRoundedRect(QRectF(knob / 2, track.top(), x, bar), bar / 2, bar / 2)
        painter.setBrush(
            QColor(colours.accent_pressed if self.isSliderDown() else colours.accent)
        )
        painter.setPen(QPen(QColor(colours.on_accent), sizes.line_px))
        disc = QRectF(x, middle - knob / 2, knob, knob).adjusted(1, 1, -1, -1)
        painter.drawEllipse(disc)
        painter.end()


class Choice(QWidget):
    """A row of buttons of which one is chosen.

    `chosen` carries the place of the button in the row, from 0.

    Args:
        items: Word (a msgid) and icon of each button.
        layout: Where the icons stand.
        hints: What each means, under its button; msgids, as many as items, or none.
    """

    chosen = Signal(int)

    def __init__(
        self,
        items: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
        *,
        layout: Layout = Layout.BESIDE,
        hints: Sequence[str] = (),
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for place, (msgid, icon) in enumerate(items):
            button = TouchButton(msgid, icon, layout=layout)
            button.setCheckable(True)
            self._group.addButton(button, place)
            if not hints:
                self._row.addWidget(button)
                continue
            column = QVBoxLayout()
            column.addWidget(button)
            column.addWidget(Text(hints[place], Role.HINT))
            self._row.addLayout(column)
        self._group.idClicked.connect(self.chosen)
        self._respace()

    def choose(self, place: int) -> None:
        """Show the button at `place` as chosen, without a signal."""
        self._group.button(place).setChecked(True)

    def show_item(self, place: int, *, is_shown: bool) -> None:
        """Show the button at `place`, or leave it out."""
        self._group.button(place).setVisible(is_shown)

    def _respace(self) -> None:
        self._row.setSpacing(theme.metrics().gap_px)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        super().changeEvent(event)
