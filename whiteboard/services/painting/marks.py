"""What an item looks like, as a few kinds of marks that any device can draw.

The screen, PNG and PDF draw marks with QPainter, SVG writes them as elements; so an item
looks the same wherever it goes. Marks are in page space (pt, y down).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from base.board_doc import Affine
from whiteboard.model.palette import Rgb
from whiteboard.services.painting.lettering import font

_LEAST_SIDE_PT = 1e-6


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled outline; `opacity` 0..1."""

    path: QPainterPath
    rgb: Rgb
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A path drawn with a round pen."""

    path: QPainterPath
    rgb: Rgb
    width_pt: float


@dataclass(frozen=True, slots=True)
class Run:
    """One line of text: its baseline starts at the origin of `place`.

    Attributes:
        text: Without line breaks.
        place: From the space of `lettering.font` (EM_PX to an em) to page space.
        width_px: Its length in that space.
        rgb: Its colour.
        bold: Whether the bold face is meant.
    """

    text: str
    place: QTransform
    width_px: float
    rgb: Rgb
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture laid into a box; `image` may be smaller than the asset it shows."""

    image: QImage
    box: Affine
    sha256: bytes


Mark: TypeAlias = Fill | Line | Run | Photo


def draw_mark(painter: QPainter, mark: Mark) -> None:
    """Draw a mark. The painter is in page space; its pen, brush and font are changed."""
    match mark:
        case Fill():
            colour = QColor(*mark.rgb)
            colour.setAlphaF(mark.opacity)
            painter.fillPath(mark.path, QBrush(colour))
        case Line():
            painter.strokePath(mark.path, line_pen(mark))
        case Run():
            painter.save()
            painter.setTransform(mark.place, combine=True)
            painter.setFont(font(mark.bold))
            painter.setPen(QColor(*mark.rgb))
            painter.drawText(QPointF(0, 0), mark.text)
            painter.restore()
        case Photo():
            painter.save()
            painter.setTransform(unit_square(mark.box), combine=True)
            painter.drawImage(QRectF(0, 0, 1, 1), mark.image)
            painter.restore()


def line_pen(line: Line) -> QPen:
    """Return the pen of a line, in page space."""
    return QPen(
        QColor(*line.rgb),
        line.width_pt,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )


def unit_square(box: Affine) -> QTransform:
    """Return the transform from the unit square to page space."""
    return QTransform(box.ux, box.uy, box.vx, box.vy, box.x, box.y)


def upright_frame(box: Affine) -> QTransform:
    """Return the transform from a frame of the box's size in pt (corner 0, 0) to page space.

    A box without width or height gives a transform that collapses, never one that is not
    finite.
    """
    width, height = max(box.width, _LEAST_SIDE_PT), max(box.height, _LEAST_SIDE_PT)
    return QTransform(
        box.ux / width, box.uy / width, box.vx / height, box.vy / height, box.x, box.y
    )
