"""A curtain before the page, pulled away by its edges; and one over everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import (
    TOUCHES,
    Layout,
    Role,
    Text,
    TouchButton,
    paint_icon,
    painter_for,
)
from base.text import N_, _
from whiteboard.model.curtain import Curtain, Side
from whiteboard.views.pane import Pane
from whiteboard.views.tray.tray_parts import FloatingBar

HANDLE_MM: Final = 18.0
"""How thick an edge is where it can be taken hold of."""
KNOB_MM: Final = 46.0
"""Length of the part that looks like a handle; the whole edge is one."""
_GAP_MM: Final = 6.0
_DECIDED_MM: Final = 6.0
"""After this much of a way it is clear whether the curtain goes down or aside."""
_DIRECTLY: Final = Qt.FindChildOption.FindDirectChildrenOnly
_COVER_RGB: Final = "#000000"
_COVER_WORDS: Final = "#9a9a9a"


def _follow_finger(
    event: QTouchEvent,
    begin: Callable[[QPoint], None],
    go_on: Callable[[QPoint], None],
    end: Callable[[], None],
) -> None:
    """Tell where the first finger is, global."""
    event.accept()
    place = event.points()[0].globalPosition().toPoint() if event.points() else None
    if event.type() == QEvent.Type.TouchBegin and place is not None:
        begin(place)
    elif event.type() == QEvent.Type.TouchUpdate and place is not None:
        go_on(place)
    else:
        end()


class CurtainEdge(QWidget):
    """A broad handle along one edge of a curtain.

    Args:
        side: Which edge.
        parent: The curtain.
    """

    pulled = Signal(object, QPoint)
    """Its side, and where the middle of the handle is to be, global."""

    def __init__(self, side: Side, parent: QWidget) -> None:
        super().__init__(parent)
        self.side = side
        self._grip: QPoint | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.retranslate()

    def retranslate(self) -> None:
        """Put its name into the language in use."""
        words = {
            Side.TOP: _("Pull the curtain down"),
            Side.LEFT: _("Pull the curtain to the right"),
            Side.RIGHT: _("Pull the curtain to the left"),
        }
        self.setAccessibleName(words[self.side])

    def _begin(self, place: QPoint) -> None:
        self._grip = place - self.mapToGlobal(self.rect().center())
        self.update()

    def _go_on(self, place: QPoint) -> None:
        if self._grip is not None:
            self.pulled.emit(self.side, place - self._grip)

    def _end(self) -> None:
        self._grip = None
        self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            _follow_finger(event, self._begin, self._go_on, self._end)
            return True
        return super().event(event)

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
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        is_top = self.side is Side.TOP
        long, thick = sizes.px(KNOB_MM), sizes.px(HANDLE_MM - 6)
        knob = QRect(0, 0, long if is_top else thick, thick if is_top else long)
        knob.moveCenter(self.rect().center())
        painter.setPen(Qt.PenStyle.NoPen)
        is_held = self._grip is not None
        painter.setBrush(QColor(colours.accent_pressed if is_held else colours.accent))
        painter.drawRoundedRect(knob, thick / 2, thick / 2)
        icon = {
            Side.TOP: "chevron-down",
            Side.LEFT: "chevron-right",
            Side.RIGHT: "chevron-left",
        }[self.side]
        box = QRect(0, 0, thick, thick)
        box.moveCenter(knob.center())
        paint_icon(painter, icon, colours.on_accent, box, self.devicePixelRatioF())
        painter.end()


class CurtainView(Panel):
    """The curtain over one person's page: as large as what it hides, opaque.

    What it has set free is free: pens write there as ever. When the page is turned it falls
    back before the new one.

    Args:
        pane: Whose page it hides.
    """

    close_asked = Signal()

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        self.hide()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pane = pane
        self._curtain = Curtain()
        self._drag: QPoint | None = None
        self._drawn_side: Side | None = None
        self._drawn_from = 0.0
        self._hint = Text(N_("Draw it down or aside"), Role.HINT, self)
        self._edges = [CurtainEdge(side, self) for side in Side]
        for edge in self._edges:
            edge.pulled.connect(self._pull)
        self._shut = TouchButton(N_("Take the curtain away"), "x", self, layout=Layout.BESIDE)
        self._shut.clicked.connect(self.close_asked)
        self.stackUnder(pane.toolbar)
        pane.installEventFilter(self)
        pane.canvas.page_changed.connect(self.fall)
        pane.toolbar.settled.connect(self._lay_out)
        self._place()

    @property
    def pane(self) -> Pane:
        """Whose page it hides."""
        return self._pane

    @property
    def curtain(self) -> Curtain:
        """How far it is pulled away."""
        return self._curtain

    def edge(self, side: Side) -> CurtainEdge:
        """Return the handle of a side."""
        return next(edge for edge in self._edges if edge.side is side)

    def fall(self) -> None:
        """Hide all of the page again."""
        self._curtain = Curtain()
        self._place()

    def _pull(self, side: Side, place: QPoint) -> None:
        """Bring the middle of an edge's handle to a place, global."""
        at = self._pane.mapFromGlobal(place)
        half = theme.metrics().px(HANDLE_MM) / 2
        reach_px = {
            Side.TOP: at.y() - half,
            Side.LEFT: at.x() - half,
            Side.RIGHT: self._pane.width() - at.x() - half,
        }[side]
        self._pull_to(side, reach_px)

    def _pull_to(self, side: Side, reach_px: float) -> None:
        """Pull an edge so far from its side of the pane."""
        pane, handle_px = self._pane, theme.metrics().px(HANDLE_MM)
        length = max(pane.height() if side is Side.TOP else pane.width(), 1)
        least = 2 * handle_px / length
        if side is Side.TOP:
            # Its handle must never go where the tools lie over it.
            least = max(least, 1.0 - (self._floor() - handle_px) / length)
        self._curtain = self._curtain.pulled(side, reach_px / length, least)
        self._place()

    # Drawn anywhere, for those who do not reach its upper edge -----------------------------

    def _begin(self, place: QPoint) -> None:
        self._drag, self._drawn_side = place, None

    def _go_on(self, place: QPoint) -> None:
        if self._drag is None:
            return
        way = place - self._drag
        if self._drawn_side is None:
            if way.manhattanLength() < theme.metrics().px(_DECIDED_MM):
                return
            is_down = abs(way.y()) >= abs(way.x())
            aside = Side.LEFT if way.x() > 0 else Side.RIGHT
            self._drawn_side = Side.TOP if is_down else aside
            self._drawn_from = self._curtain.share(self._drawn_side)
        side = self._drawn_side
        by = {Side.TOP: way.y(), Side.LEFT: way.x(), Side.RIGHT: -way.x()}[side]
        length = self._pane.height() if side is Side.TOP else self._pane.width()
        self._pull_to(side, self._drawn_from * length + by)

    def _end(self) -> None:
        self._drag = self._drawn_side = None

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            _follow_finger(event, self._begin, self._go_on, self._end)
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._begin(event.globalPosition().toPoint())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._go_on(event.globalPosition().toPoint())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._end()

    # Where everything lies -----------------------------------------------------------------

    def _floor(self) -> int:
        """Return where the tools at the lower border begin."""
        pane = self._pane
        bars = (pane.toolbar, pane.page_bar, pane.home_bar)
        middle = pane.height() / 2
        return min(
            (b.y() for b in bars if b.isVisible() and b.y() > middle), default=pane.height()
        )

    def _place(self) -> None:
        pane = self._pane
        self.setGeometry(QRect(*self._curtain.frame(pane.width(), pane.height())))
        self._lay_out()

    def _lay_out(self) -> None:
        sizes = theme.metrics()
        thick, gap = sizes.px(HANDLE_MM), sizes.px(_GAP_MM)
        width, height = self.width(), self.height()
        tall = max(height - thick, 1)
        for edge in self._edges:
            match edge.side:
                case Side.TOP:
                    edge.setGeometry(thick, 0, max(width - 2 * thick, 1), thick)
                case Side.LEFT:
                    column = QRect(0, min(thick, height - 1), thick, tall)
                    edge.setGeometry(self._free_part(column))
                case Side.RIGHT:
                    column = QRect(width - thick, min(thick, height - 1), thick, tall)
                    edge.setGeometry(self._free_part(column))
        size = self._shut.sizeHint()
        room = QRect(0, 0, width, min(height, self._floor() - self.y()))
        self._shut.resize(size)
        self._shut.move(
            max((width - size.width()) // 2, 0),
            max((room.height() + thick - size.height()) // 2, thick + gap),
        )
        hint = self._hint.sizeHint()
        below = self._shut.geometry().bottom() + gap
        self._hint.setGeometry((width - hint.width()) // 2, below, hint.width(), hint.height())
        self._hint.setVisible(
            hint.width() + 2 * (thick + gap) <= width and below + hint.height() <= room.height()
        )
        fits = size.width() + 2 * (thick + gap) <= width
        self._shut.setVisible(fits and self._shut.geometry().bottom() + gap <= room.height())

    def _free_part(self, column: QRect) -> QRect:
        """Return the part of an edge that no tools lie over, beside those that take it all."""
        pane, whole = self._pane, QRect(column)
        bars = [
            bar.geometry().translated(-self.pos())
            for bar in pane.findChildren(FloatingBar, options=_DIRECTLY)
            if not bar.isHidden()
        ]
        tall = [bar for bar in bars if bar.height() > pane.height() / 2]
        for bar in (bar for bar in tall if bar.intersects(column)):
            is_left = column.center().x() < self.width() / 2
            column.moveLeft(bar.right() + 1 if is_left else bar.left() - column.width())
        for bar in (bar for bar in bars if bar.intersects(column)):
            if bar.center().y() > column.center().y():
                column.setBottom(bar.top() - 1)
            else:
                column.setTop(bar.bottom() + 1)
        return column if column.height() >= column.width() else whole

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self._place()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._pane:
            self._place()
        return False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.fillRect(event.rect(), QColor(colours.surface))
        line = sizes.px(0.8)
        painter.setPen(QPen(QColor(colours.outline), line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = line / 2
        painter.drawRect(QRectF(self.rect()).adjusted(half, half, -half, -half))
        painter.end()


class PauseCover(Panel):
    """Covers a screen, black or in the board's colour, until somebody touches it.

    Any key ends it too, so that the button of a clicker that began it does.

    Args:
        parent: What it covers; it follows its size.
    """

    ended = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._is_black = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        parent.installEventFilter(self)

    def cover(self, *, is_black: bool) -> None:
        """Hide everything below.

        Args:
            is_black: Whether it is black; else the board's colour.
        """
        self._is_black = is_black
        self.setAccessibleName(_("The screen is covered. Touch it to go on."))
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.setFocus()
        self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            event.accept()
            if event.type() == QEvent.Type.TouchEnd:
                self.ended.emit()
            return True
        if event.type() == QEvent.Type.ShortcutOverride:
            # Keys of the board behind it would turn pages that nobody sees.
            event.accept()
            return True
        return super().event(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.ended.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        if not event.isAutoRepeat():
            self.ended.emit()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        parent = self.parentWidget()
        if event.type() == QEvent.Type.Resize and watched is parent and parent is not None:
            self.setGeometry(parent.rect())
        return False

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.fillRect(self.rect(), QColor(_COVER_RGB if self._is_black else colours.ground))
        painter.setPen(QColor(_COVER_WORDS if self._is_black else colours.text_quiet))
        painter.setFont(theme.font(sizes.body_text_px))
        box = self.rect().adjusted(0, 0, 0, -sizes.px(12))
        bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(box, bottom, _("Touch to go on"))
        painter.end()
