"""Stamps as outlines: seals as they come off a vermilion pad, a check and a star."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker

from base.board_doc import StampItem, StampKind
from whiteboard.services.lettering import letters_path
from whiteboard.services.marks import unit_square

_DONE_TEXT: Final = "済"
_SEAL_RADIUS: Final = 0.47
_RING: Final = 0.045
_DATE_BAND: Final = 0.175
"""Half the height of the band that the date stands in; the seal is 1 wide."""


def stamp_path(item: StampItem) -> QPainterPath:
    """Return the inked part of a stamp in page space, to be filled."""
    match item.stamp:
        case StampKind.DATE:
            path = _date_seal(item.text)
        case StampKind.DONE:
            path = _done_seal()
        case StampKind.CHECK:
            path = _check()
        case StampKind.STAR:
            path = _star()
    return unit_square(item.box).map(path)


def _ring(radius: float, width: float) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    path.addEllipse(QPointF(0.5, 0.5), radius, radius)
    path.addEllipse(QPointF(0.5, 0.5), radius - width, radius - width)
    return path


def _date_seal(text: str) -> QPainterPath:
    """A round seal whose two caps are inked, the date between them on bare board."""
    path = _ring(_SEAL_RADIUS, _RING)
    caps = QPainterPath()
    caps.addEllipse(QPointF(0.5, 0.5), _SEAL_RADIUS - 0.075, _SEAL_RADIUS - 0.075)
    band = QPainterPath()
    band.addRect(QRectF(0, 0.5 - _DATE_BAND, 1, 2 * _DATE_BAND))
    path = path.united(caps.subtracted(band))
    return path.united(letters_path(text, QRectF(0.095, 0.385, 0.81, 0.23)))


def _done_seal() -> QPainterPath:
    path = _ring(_SEAL_RADIUS, 0.055)
    return path.united(letters_path(_DONE_TEXT, QRectF(0.21, 0.21, 0.58, 0.58)))


def _check() -> QPainterPath:
    """A check as a brush makes it: set down, short, turned, and drawn out thin."""
    path = QPainterPath(QPointF(0.08, 0.56))
    path.cubicTo(0.10, 0.47, 0.19, 0.45, 0.24, 0.52)
    path.lineTo(0.395, 0.705)
    path.cubicTo(0.53, 0.47, 0.69, 0.26, 0.90, 0.085)
    path.cubicTo(0.95, 0.05, 0.99, 0.09, 0.955, 0.135)
    path.cubicTo(0.78, 0.34, 0.62, 0.60, 0.495, 0.865)
    path.cubicTo(0.455, 0.945, 0.36, 0.95, 0.305, 0.875)
    path.lineTo(0.105, 0.635)
    path.cubicTo(0.085, 0.61, 0.075, 0.59, 0.08, 0.56)
    path.closeSubpath()
    return path


def _star() -> QPainterPath:
    """A five-pointed star with rounded points, centred by its circle."""
    points = []
    for i in range(10):
        radius = 0.43 if i % 2 == 0 else 0.205
        angle = math.radians(-90 + 36 * i)
        points.append(QPointF(0.5 + radius * math.cos(angle), 0.53 + radius * math.sin(angle)))
    star = QPainterPath(points[0])
    for point in points[1:]:
        star.lineTo(point)
    star.closeSubpath()
    pen = QPainterPathStroker()
    pen.setWidth(0.07)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCurveThreshold(0.01)
    return star.united(pen.createStroke(star))
