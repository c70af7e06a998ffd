"""Pages to PDF: ink as filled vectors, letters as letters, pictures embedded once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF, Qt
from PySide6.QtGui import QColor, QPageSize, QPainter, QPdfWriter

from base.board_doc import BrushKind, StrokeItem
from base.errors import AppError, ErrorCode
from whiteboard.model.bounds import Rect
from whiteboard.model.palette import BOARD_RGB
from whiteboard.services.painting.ink_painting import paths_of
from whiteboard.services.painting.ink_vectors import GRID_PER_PT, grid_outlines, stroke_rgb
from whiteboard.services.painting.item_painting import Look, paint_item, ruling_marks
from whiteboard.services.painting.marks import draw_mark
from whiteboard.services.painting.sheet_pixels import spot_of
from whiteboard.services.painting.sheet_reader import fitting_scale, paint_sheet
from whiteboard.services.painting.snapshot import (
    BoardSnapshot,
    PageSnapshot,
    picture_reader,
    to_qrect,
)

CREATOR: Final = "Kokuban"
MAX_SIDE_PT: Final = 14_400.0
"""Readers refuse larger pages (PDF 32000-1, annex C); a larger board is scaled down."""
SHEET_PX_PER_PT: Final = 200 / 72
"""A sheet under the ink is a picture of 200 dots an inch here; sharp on paper."""
SHEET_PIXELS: Final = 16_000_000
BATCH: Final = 200
"""Strokes worked on at once, between two looks at whether to go on."""

# WORKAROUND(QPdfEngine writes no blend modes, until it does): highlighter ink is written
# with an opacity that nothing else here has, and in the finished file the graphics state
# of that opacity becomes one of a blend mode. Every other state then has to say that it is
# Normal. All in the same number of bytes, for the file's table holds their places.
_DARKEN_ALPHA: Final = 254
_LIGHTEN_ALPHA: Final = 253
_OPACITY_STATE: Final = re.compile(rb"(?<=\n<<\n)/ca (\S+) \n/CA (\S+) \n(?=>>)")
_PLAIN_STATE: Final = (b"/AIS false", b"/BM/Normal")
"""In the state of opaque ink: AIS is false by default."""


class PdfJob:
    """A PDF in the making, batch by batch.

    Args:
        snapshot: What is exported.
        is_on_white: Whether blackboards become white, as for paper.
    """

    def __init__(self, snapshot: BoardSnapshot, *, is_on_white: bool = False) -> None:
        self._snapshot = snapshot
        self._pages = [p.on_white() if is_on_white else p for p in snapshot.pages]
        self._picture = picture_reader(snapshot.read_asset)
        self.data = b""
        """The file, once `steps` has come to its end."""

    def steps(self) -> Iterator[int]:
        """Work; yield the number of items done after each batch.

        Raises:
            AppError: EXPORT_FAILED.
        """
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(buffer)
        writer.setTitle(self._snapshot.title)
        writer.setCreator(CREATOR)
        writer.setResolution(72 * GRID_PER_PT)
        _set_page(writer, self._pages[0].extent())
        painter = QPainter()
        if not painter.begin(writer):
            raise AppError(ErrorCode.EXPORT_FAILED, "no painter for a PDF")
        try:
            for number, page in enumerate(self._pages):
                if number:
                    _set_page(writer, page.extent())
                    writer.newPage()
                yield from self._paint_page(painter, page)
        finally:
            painter.end()
            del painter, writer  # before their buffer
        self.data = _with_blend_modes(bytes(buffer.data().data()))

    def _paint_page(self, painter: QPainter, page: PageSnapshot) -> Iterator[int]:
        extent, background = page.extent(), page.page.background
        zoom = _zoom(extent)
        look = Look(background.is_dark, float(GRID_PER_PT), self._picture)
        painter.resetTransform()
        painter.scale(GRID_PER_PT * zoom, GRID_PER_PT * zoom)
        painter.translate(-extent.left, -extent.top)
        # Page sizes are written in whole points: no white hair is to be left at an edge.
        sheet = to_qrect(extent.outset(1.0))
        painter.fillRect(sheet, QColor(*BOARD_RGB[background.surface]))
        painter.setClipRect(sheet)
        for mark in ruling_marks(background, to_qrect(extent), 1e3):
            draw_mark(painter, mark)
        spot = spot_of(page.page)
        if spot is not None and self._snapshot.read_sheet is not None:
            scale = fitting_scale(spot, SHEET_PX_PER_PT, SHEET_PIXELS)
            paint_sheet(painter, self._snapshot.read_sheet, spot, scale, SHEET_PIXELS + 10**6)
            yield 0
        for is_ink, run in groupby(page.items, lambda item: isinstance(item, StrokeItem)):
            if is_ink:
                strokes = [item for item in run if isinstance(item, StrokeItem)]
                yield from _paint_ink(painter, strokes, extent, is_dark=background.is_dark)
                continue
            for item in run:
                paint_item(painter, item, look)
                yield 1


def _paint_ink(
    painter: QPainter, strokes: Sequence[StrokeItem], extent: Rect, *, is_dark: bool
) -> Iterator[int]:
    painter.save()
    try:
        # In device units the grid's whole numbers stay whole in the file.
        painter.resetTransform()
        painter.scale(_zoom(extent), _zoom(extent))
        painter.setPen(Qt.PenStyle.NoPen)
        for start in range(0, len(strokes), BATCH):
            batch = strokes[start : start + BATCH]
            for stroke, grid in zip(
                batch, grid_outlines(batch, extent.left, extent.top), strict=True
            ):
                colour = QColor(*stroke_rgb(stroke, is_dark=is_dark))
                if stroke.brush is BrushKind.HIGHLIGHTER:
                    colour.setAlpha(_LIGHTEN_ALPHA if is_dark else _DARKEN_ALPHA)
                painter.fillPath(paths_of(grid.outlines)[0], colour)
            yield len(batch)
    finally:
        # Also when the export is cancelled between two batches.
        painter.restore()


def _set_page(writer: QPdfWriter, extent: Rect) -> None:
    zoom = _zoom(extent)
    size = QSizeF(extent.width * zoom, extent.height * zoom)
    writer.setPageSize(
        QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    )
    writer.setPageMargins(QMarginsF())


def _zoom(extent: Rect) -> float:
    return min(1.0, MAX_SIDE_PT / max(extent.width, extent.height))


def _with_blend_modes(pdf: bytes) -> bytes:
    return _OPACITY_STATE.sub(_blend_state, pdf).replace(*_PLAIN_STATE, 1)


def _blend_state(found: re.Match[bytes]) -> bytes:
    fill, line = float(found[1]), float(found[2])
    match round(fill * 255, 3):
        case alpha if abs(alpha - _DARKEN_ALPHA) < 0.01:
            state = b"/BM/Darken"
        case alpha if abs(alpha - _LIGHTEN_ALPHA) < 0.01:
            state = b"/BM/Lighten"
        case _:
            state = f"/ca {fill:.3f}/BM/Normal/CA {line:.3g}".encode()
    return state.ljust(len(found[0]) - 1) + b"\n"
