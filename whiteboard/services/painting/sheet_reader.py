"""Whole sheets for exports: asked for on a worker thread, rendered through the UI thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from PySide6.QtCore import QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter

from base.errors import AppError, ErrorCode
from whiteboard.services.painting.sheet_pixels import (
    SheetSource,
    SheetSpot,
    SheetTicket,
    paint_words,
)
from whiteboard.services.rendering.render_pool import Priority

TIMEOUT_S: Final = 60.0
"""The pool itself gives up a sheet earlier."""

ReadSheet: TypeAlias = Callable[[SheetSpot, float, QRect], QImage]
"""Returns a part of a sheet (px of the turned sheet) at a scale in device px per pt; blocks."""


@dataclass(slots=True, eq=False)
class _Question:
    """A part that a worker thread waits for."""

    spot: SheetSpot
    scale: float
    area: QRect
    answered: threading.Event = field(default_factory=threading.Event)
    answer: QImage | AppError | None = None
    ticket: SheetTicket | None = None


class SheetReader(QObject):
    """Hands sheets to exports. Made and shut down on the UI thread; `read` is for others.

    Args:
        source: Renders sheets.
        words: Returns the sentence for a sheet that cannot be shown.
    """

    _asked = Signal(object)

    def __init__(
        self, source: SheetSource, words: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._words = words
        self._open: set[_Question] = set()
        self._is_shut = False
        self._asked.connect(self._ask, Qt.ConnectionType.QueuedConnection)

    def read(self, spot: SheetSpot, scale: float, area: QRect) -> QImage:
        """Return a part of a sheet; one that cannot be shown says so. Blocks.

        Raises:
            AppError: EXPORT_FAILED when the sheet does not come in time, or the board is
                being closed.
            RuntimeError: called on the UI thread, which would wait for itself.
        """
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("a sheet is read on a worker thread")
        question = _Question(spot, scale, QRect(area))
        self._asked.emit(question)
        if not question.answered.wait(TIMEOUT_S) or question.answer is None:
            raise AppError(ErrorCode.EXPORT_FAILED, f"no pixels of sheet {spot.sheet.number}")
        if isinstance(question.answer, QImage):
            return question.answer
        return self._placeholder(question)

    def shutdown(self) -> None:
        """Let everybody go who waits."""
        self._is_shut = True
        for question in self._open:
            if question.ticket is not None:
                question.ticket.cancel()
            question.answered.set()
        self._open.clear()

    def _ask(self, question: _Question) -> None:
        if self._is_shut:
            question.answered.set()
            return
        self._open.add(question)
        sheet = question.spot.sheet
        question.ticket = self._source.render(
            sheet.document,
            sheet.number,
            sheet.turns,
            question.scale,
            question.area,
            Priority.BACKGROUND,
            lambda answer: self._take(question, answer),
        )

    def _take(self, question: _Question, answer: QImage | AppError) -> None:
        self._open.discard(question)
        question.answer = answer
        question.answered.set()

    def _placeholder(self, question: _Question) -> QImage:
        image = QImage(question.area.size(), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.translate(-question.area.topLeft())
        frame = question.spot.frame_px(question.scale)
        paint_words(painter, question.area, frame, self._words())
        painter.end()
        return image


def paint_sheet(
    painter: QPainter, read: ReadSheet, spot: SheetSpot, scale: float, most_pixels: int
) -> None:
    """Paint a whole sheet under an export's ink. Blocks; for worker threads.

    Args:
        painter: In page space.
        read: Returns the pixels.
        spot: The sheet.
        scale: How sharp, device px per pt.
        most_pixels: Of one picture; a larger sheet comes in bands.

    Raises:
        AppError: see `SheetReader.read`.
    """
    frame = spot.frame_px(scale)
    rows = max(most_pixels // frame.width(), 1)
    for top in range(0, frame.height(), rows):
        area = frame & QRect(0, top, frame.width(), rows)
        target = QRectF(0.0, area.y() / scale, area.width() / scale, area.height() / scale)
        painter.drawImage(target, read(spot, scale, area))


def fitting_scale(spot: SheetSpot, scale: float, most_pixels: int) -> float:
    """Return a scale at which a sheet has at most so many pixels."""
    pixels = spot.size.width_pt * spot.size.height_pt * scale * scale
    return scale * min(1.0, math.sqrt(most_pixels / pixels))
