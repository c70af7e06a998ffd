"""The meter: how often the pen reports, and how long its ink takes to the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.text import _
from whiteboard.model.frame_statistics import FrameFigures, FrameStatistics

_REFRESH_MS: Final = 500
_WIDEST: Final = FrameFigures(1000.0, 100.0, 100.0, 1000.0)
"""What the meter has room for."""


class Meter(QWidget):
    """Shows the figures of one view while somebody writes; lets every touch through.

    Args:
        now_s: Monotonic clock.
        parent: The view it floats over.
    """

    def __init__(self, now_s: Callable[[], float], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._now_s = now_s
        self._statistics = FrameStatistics()
        self._figures: FrameFigures | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        self.note_event = self._statistics.note_event
        self.note_frame = self._statistics.note_frame
        self.resize(self.sizeHint())

    @property
    def figures(self) -> FrameFigures | None:
        """What is shown."""
        return self._figures

    def start(self) -> None:
        """Show it and keep it up to date."""
        self.show()
        self._timer.start()

    def stop(self) -> None:
        """Hide it."""
        self._timer.stop()
        self.hide()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        words = self._words_of(_WIDEST)
        letters = QFontMetrics(theme.font(sizes.small_text_px))
        room = letters.boundingRect(QRect(0, 0, 9999, 9999), Qt.AlignmentFlag.AlignLeft, words)
        return room.size() + QSize(sizes.px(6), sizes.px(4))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, sizes = theme.tokens(), theme.metrics()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(self.rect(), sizes.radius_px, sizes.radius_px)
        painter.setPen(QColor(colours.text))
        painter.setFont(theme.font(sizes.small_text_px))
        inside = self.rect().adjusted(sizes.px(3), 0, -sizes.px(3), 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, self._words())
        painter.end()

    def _words(self) -> str:
        return _("Write to measure") if self._figures is None else self._words_of(self._figures)

    def _words_of(self, figures: FrameFigures) -> str:
        return _(
            "{rate:.0f} events/s\nTo frame {p50:.1f} ms, 95% {p95:.1f} ms, worst {worst:.1f} ms"
        ).format(
            rate=figures.rate_hz,
            p50=figures.p50_ms,
            p95=figures.p95_ms,
            worst=figures.worst_ms,
        )

    def _refresh(self) -> None:
        figures = self._statistics.figures(self._now_s())
        if figures != self._figures:
            self._figures = figures
            self.update()
