"""Stamps as outlines: seals as they come off a vermilion pad, a check and a star."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker, QTransform

from base.board_doc import StampItem, StampKind
from whiteboard.services.painting.lettering import letters_path
from whiteboard.services.painting.marks import unit_square

_DONE_TEXT: Final = "済"
_CENTRE: Final = QPointF(500, 500)
_SEAL_RADIUS: Final = 470.0
# Stamps are drawn on a square of 1000: Qt cuts curves into pieces of about one unit when
# it joins outlines, so a unit must be small.
_SIDE: Final = 1000.0


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
    to_unit = QTransform.fromScale(1 / _SIDE, 1 / _SIDE)
    return (to_unit * unit_square(item.box)).map(path)


def _disc(radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(_CENTRE, radius, radius)
    return path


def _date_seal(text: str) -> QPainterPath:
    """A round seal whose two caps are inked, the date between them on bare board."""
    ring = _disc(_SEAL_RADIUS).subtracted(_disc(_SEAL_RADIUS - 42))
    band = QPainterPath()
    band.addRect(QRectF(0, 335, 1000, 330))
    caps = _disc(_SEAL_RADIUS - 75).subtracted(band)
    # Added, not united: the parts do not touch, and curves stay curves.
    ring.addPath(caps)
    ring.addPath(letters_path(text, QRectF(112, 390, 776, 220)))
    return ring


def _done_seal() -> QPainterPath:
    ring = _disc(_SEAL_RADIUS).subtracted(_disc(_SEAL_RADIUS - 55))
    ring.addPath(letters_path(_DONE_TEXT, QRectF(210, 210, 580, 580)))
    return ring


def _check() -> QPainterPath:
    """A check as a brush makes it: set down, short, turned, and drawn out thin."""
    path = QPainterPath(QPointF(80, 560))
    path.cubicTo(100, 470, 190, 450, 240, 520)
    path.lineTo(395, 705)
    path.cubicTo(530, 470, 690, 260, 900, 85)
    path.cubicTo(950, 50, 990, 90, 955, 135)
    path.cubicTo(780, 340, 620, 600, 495, 865)
    path.cubicTo(455, 945, 360, 950, 305, 875)
    path.lineTo(105, 635)
    path.cubicTo(85, 610, 75, 590, 80, 560)
    path.closeSubpath()
    return path


def _star() -> QPainterPath:
    """A five-pointed star with rounded points, centred by its circle."""
    star = QPainterPath()
    for i in range(10):
        radius = 430 if i % 2 == 0 else 205
        angle = math.radians(-90 + 36 * i)
        point = QPointF(500 + radius * math.cos(angle), 530 + radius * math.sin(angle))
        if i == 0:
            star.moveTo(point)
        else:
            star.lineTo(point)
    star.closeSubpath()
    pen = QPainterPathStroker()
    pen.setWidth(70)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return star.united(pen.createStroke(star))
