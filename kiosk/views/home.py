"""The home screen: the time, the day, and a few large tiles."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from base import text
from base.clock import Clock
from base.qt import theme
from base.qt.tray import FRAME_MM, Tray, paint_frame
from base.qt.widgets import Layout, Look, Role, Text, Tile, TouchButton, painter_for
from base.text import N_
from kiosk.model.clock_face import date_text, ms_to_next_minute, time_text
from kiosk.model.navigation import SETTINGS
from kiosk.model.tiles import HomeTile


class Home(QWidget):
    """The first screen.

    `opened` carries the name of the screen whose tile was touched, `language_chosen` and
    `theme_chosen` the value to take, `finish_asked` comes from Finish.

    Args:
        tiles: What can be opened, the first on the left.
        clock: Where the time comes from.
    """

    opened = Signal(str)
    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    finish_asked = Signal()

    def __init__(
        self, tiles: Sequence[HomeTile], clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._minute = QTimer(self, singleShot=True)
        self._minute.setTimerType(Qt.TimerType.PreciseTimer)
        self._minute.timeout.connect(self._tick)
        self._time = QLabel()
        self._date = Text(role=Role.ROOM)
        self._tiles = QHBoxLayout()
        for tile in tiles:
            self._add_tile(tile)
        self._upper = QVBoxLayout()
        self._upper.addStretch(1)
        self._upper.addWidget(self._time)
        self._upper.addWidget(self._date)
        self._upper.addStretch(1)
        self._body = QVBoxLayout()
        self._body.addLayout(self._upper, 10)
        self._body.addLayout(self._tiles, 11)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._body, 1)
        column.addWidget(self._make_tray())
        self._restyle()
        self._retranslate()

    def _add_tile(self, tile: HomeTile) -> None:
        made = Tile(tile.title, tile.icon, tile.hint, lead=tile.lead)
        made.clicked.connect(lambda: self.opened.emit(tile.screen))
        self._tiles.addWidget(made, 3 if tile.lead else 2)

    def _make_tray(self) -> Tray:
        tray = Tray(with_chalk=True)
        # Each language calls itself by its own name, so it is found by who needs it.
        self._language = TouchButton("English", "languages", look=Look.WOOD, main=True)
        self._language.clicked.connect(
            lambda: self.language_chosen.emit("en" if text.language() == "ja" else "ja")
        )
        self._theme = TouchButton(N_("Light"), "sun", look=Look.WOOD, main=True)
        self._theme.clicked.connect(
            lambda: self.theme_chosen.emit("white" if theme.tokens().dark else "board")
        )
        settings = TouchButton(N_("Settings"), "settings", look=Look.WOOD, main=True)
        settings.clicked.connect(lambda: self.opened.emit(SETTINGS))
        finish = TouchButton(
            N_("Finish"), "log-out", look=Look.WOOD, main=True, layout=Layout.BESIDE
        )
        finish.clicked.connect(self.finish_asked)
        for button in (self._language, self._theme, settings):
            tray.row.addWidget(button)
        tray.row.addStretch(1)
        tray.row.addWidget(finish)
        return tray

    def _tick(self) -> None:
        self._tell_time()
        self._minute.start(ms_to_next_minute(self._clock.now()))

    def _tell_time(self) -> None:
        now = self._clock.now()
        self._time.setText(time_text(now))
        self._date.set_plain(date_text(now))
        self._align_date()

    def _align_date(self) -> None:
        # Large digits stand further from their box than small letters: put both on one line.
        large, small = QFontMetrics(self._time.font()), QFontMetrics(self._date.font())
        first_digit, first_letter = self._time.text()[0], self._date.text()[0]
        inset = large.leftBearing(first_digit) - small.leftBearing(first_letter)
        self._date.setContentsMargins(max(0, inset), 0, 0, 0)

    def _retranslate(self) -> None:
        self._language.set_msgid("English" if text.language() == "ja" else "日本語")
        self._tell_time()

    def _restyle(self) -> None:
        sizes = theme.metrics()
        dark = theme.tokens().dark
        self._theme.set_msgid(N_("Light") if dark else N_("Dark"))
        self._theme.set_icon("sun" if dark else "moon")
        self._time.setFont(theme.font(sizes.px(44), bold=True))
        frame = sizes.px(FRAME_MM)
        side = frame + sizes.px(22)
        self._body.setContentsMargins(side, frame + sizes.px(8), side, sizes.px(18))
        self._body.setSpacing(sizes.gap_px)
        self._tiles.setSpacing(sizes.px(10))
        self._upper.setSpacing(sizes.px(2))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._tick()
        super().showEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._minute.stop()
        super().hideEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        paint_frame(painter, QRectF(self.rect()))
        painter.end()
