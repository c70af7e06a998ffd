"""The clock of a talk: large digits, and the buttons that start, stop and plan it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import fitting_font, painter_for
from base.text import N_, _, ngettext
from whiteboard.model.talk_clock import TalkClock, TalkStage, digits
from whiteboard.views.parts.measured import MeasuredButton, MeasuredText, Sizes

DIGITS_MM: Final = 17.0
"""Read at a glance by whoever stands a step away from the display."""
_WORDS_MM: Final = 6.0
_WIDEST: Final = "88:88"


class TalkFace(QWidget):
    """The digits, and what they mean in words under them; colour and words warn alike.

    Args:
        sizes: Of its screen.
        now_s: Monotonic clock.
    """

    def __init__(
        self, sizes: Sizes, now_s: Callable[[], float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._sizes, self._now_s = sizes, now_s
        self._clock = TalkClock()
        self._shown: tuple[str, str, TalkStage] | None = None
        self._next = QTimer(self, singleShot=True)
        self._next.setTimerType(Qt.TimerType.PreciseTimer)
        self._next.timeout.connect(self._tick)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_clock(self, clock: TalkClock) -> None:
        """Show a clock, and go on by itself while it runs."""
        self._clock = clock
        self._tick()

    @property
    def stage(self) -> TalkStage:
        """How the talk stands in its time."""
        return self._clock.stage(self._now_s())

    @property
    def time_text(self) -> str:
        """The digits."""
        now_s = self._now_s()
        sign = "+" if self.stage is TalkStage.OVER else ""
        return sign + digits(self._clock.shown_s(now_s))

    @property
    def words(self) -> str:
        """What the digits mean."""
        clock = self._clock
        if not clock.planned_min:
            return _("gone by")
        match self.stage:
            case TalkStage.OVER:
                return _("over the time")
            case TalkStage.SOON:
                return _("left: come to the end")
        left = ngettext(
            "left of %(count)d minute", "left of %(count)d minutes", clock.planned_min
        )
        return left % {"count": clock.planned_min}

    def _tick(self) -> None:
        """Show the second that it is, and wake up for the next one."""
        shown = self.time_text, self.words, self.stage
        if shown != self._shown:
            self._shown = shown
            self.setAccessibleName(f"{shown[0]} {shown[1]}")
            self.update()
        if self._clock.is_running and self.isVisible():
            self._next.start(math.ceil(self._clock.next_change_s(self._now_s()) * 1000) + 1)
        else:
            self._next.stop()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self.updateGeometry()
            self._tick()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        sizes = self._sizes()
        letters = QFontMetrics(theme.font(sizes.px(DIGITS_MM), bold=True))
        width = letters.horizontalAdvance(_WIDEST) + sizes.px(8)
        return QSize(width, sizes.px(DIGITS_MM * 1.15 + _WORDS_MM * 1.5 + 3))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = self._sizes(), theme.tokens()
        fill, ink = {
            TalkStage.CALM: ("", colours.text),
            TalkStage.SOON: (colours.accent, colours.on_accent),
            TalkStage.OVER: (colours.trouble, colours.on_trouble),
        }[self.stage]
        painter = painter_for(self)
        if fill:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(fill))
            painter.drawRoundedRect(QRectF(self.rect()), sizes.radius_px, sizes.radius_px)
        painter.setPen(QColor(ink))
        room = self.width() - sizes.px(4)
        low = sizes.px(_WORDS_MM * 1.5 + 1)
        text, words = self.time_text, self.words
        painter.setFont(fitting_font(text, room, sizes.px(DIGITS_MM), bold=True))
        upper = self.rect().adjusted(0, 0, 0, -low)
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, text)
        painter.setFont(fitting_font(words, room, sizes.px(_WORDS_MM)))
        lower = self.rect().adjusted(0, self.height() - low, 0, -sizes.px(1))
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()


class TalkTimer(QWidget):
    """The face of a talk's clock with its buttons.

    Args:
        sizes: Of its screen.
        now_s: Monotonic clock.
    """

    changed = Signal(object)
    """The clock as somebody set it: a `TalkClock`."""

    def __init__(
        self, sizes: Sizes, now_s: Callable[[], float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._sizes, self._now_s = sizes, now_s
        self._clock = TalkClock()
        self.face = TalkFace(sizes, now_s)
        self.start_button = MeasuredButton(N_("Start"), "play", sizes)
        self.reset_button = MeasuredButton(N_("To zero"), "rotate-ccw", sizes)
        self.shorter_button = MeasuredButton(N_("Shorter"), "minus", sizes)
        self.longer_button = MeasuredButton(N_("Longer"), "plus", sizes)
        self._plan = MeasuredText(sizes, _WORDS_MM)
        self._plan.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.start_button.clicked.connect(self._start_or_stop)
        self.reset_button.clicked.connect(lambda: self._set(self._clock.reset()))
        self.shorter_button.clicked.connect(lambda: self._set(self._clock.shorter()))
        self.longer_button.clicked.connect(lambda: self._set(self._clock.longer()))
        self._row = QHBoxLayout()
        for button in (self.start_button, self.reset_button):
            self._row.addWidget(button, 1)
        self._plan_row = QHBoxLayout()
        self._plan_row.addWidget(self.shorter_button)
        self._plan_row.addWidget(self._plan, 1)
        self._plan_row.addWidget(self.longer_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.face)
        self._column.addLayout(self._row)
        self._column.addLayout(self._plan_row)
        self._respace()
        self.show_clock(self._clock)

    def show_clock(self, clock: TalkClock) -> None:
        """Show a clock."""
        self._clock = clock
        self.face.show_clock(clock)
        if clock.is_running:
            self.start_button.set_face(N_("Pause"), "pause")
        else:
            self.start_button.set_face(N_("Start") if clock.is_fresh else N_("Go on"), "play")
        self.reset_button.setEnabled(not clock.is_fresh)
        self.shorter_button.setEnabled(clock.planned_min > 0)
        self._tell_plan()

    def _set(self, clock: TalkClock) -> None:
        self.show_clock(clock)
        self.changed.emit(clock)

    def _start_or_stop(self) -> None:
        now_s, clock = self._now_s(), self._clock
        self._set(clock.stopped(now_s) if clock.is_running else clock.started(now_s))

    def _tell_plan(self) -> None:
        minutes = self._clock.planned_min
        words = ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
        self._plan.set_plain(words if minutes else _("no limit"))

    def _respace(self) -> None:
        gap = self._sizes().px(3)
        for layout in (self._row, self._plan_row, self._column):
            layout.setSpacing(gap)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        elif event.type() == QEvent.Type.LanguageChange:
            self._tell_plan()
