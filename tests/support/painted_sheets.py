"""Sheets painted in the test's own process, which come when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from base.errors import AppError
from whiteboard.services.rendering.render_pool import Priority


@dataclass(eq=False)
class Asked:
    """A part of a sheet that was asked for; also its ticket."""

    document: str
    number: int
    turns: int
    scale: float
    area: QRect
    priority: Priority
    on_done: Callable[[QImage | AppError], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Not wanted any more."""
        self.is_cancelled = True

    def paint(self) -> QImage:
        """Return the part: stripes of 20 pt that go across, in the colour of the sheet."""
        image = QImage(self.area.size(), QImage.Format.Format_RGB32)
        image.fill(QColor(255, 255, 255))
        painter = QPainter(image)
        painter.translate(-self.area.topLeft())
        painter.scale(self.scale, self.scale)
        for top in range(0, 2000, 40):
            painter.fillRect(0, top, 2000, 20, colour_of(self.number))
        painter.end()
        return image


def colour_of(number: int) -> QColor:
    """Return the colour of a sheet's stripes."""
    return QColor((60 + 50 * number) % 256, 40, 200 - 30 * number % 200)


class PaintedSheets:
    """Renders like a pool, one answer after another, when `answer` is called."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        """All that was ever asked for."""
        self.broken: dict[int, AppError] = {}
        """What sheets answer instead of pixels, by number."""
        self._waiting: list[Asked] = []

    def render(
        self,
        document: str,
        number: int,
        turns: int,
        scale: float,
        area: QRect,
        priority: Priority,
        on_done: Callable[[QImage | AppError], None],
    ) -> Asked:
        """Take a part; see `RenderPool.render`."""
        asked = Asked(document, number, turns, scale, QRect(area), priority, on_done)
        self.asked.append(asked)
        self._waiting.append(asked)
        return asked

    @property
    def waiting(self) -> list[Asked]:
        """What was asked for and has not come."""
        return [asked for asked in self._waiting if not asked.is_cancelled]

    def answer(self, *which: Asked) -> None:
        """Let parts come, in this order; without any, all that wait now."""
        for asked in which or tuple(sorted(self.waiting, key=lambda a: a.priority)):
            self._waiting.remove(asked)
            asked.on_done(self.broken.get(asked.number) or asked.paint())

    def answer_all(self) -> None:
        """Let everything come, and what is asked for after it."""
        while self.waiting:
            self.answer()
