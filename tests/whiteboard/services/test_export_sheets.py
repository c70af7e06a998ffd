"""Exports show the sheet of a document under the ink."""

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtSvg import QSvgRenderer

from base.board_doc import BrushKind
from tests.support.canvas_bench import pixels
from tests.support.painted_sheets import Asked, colour_of
from tests.whiteboard.services.page_bench import ink
from whiteboard.model.document import SheetRef
from whiteboard.model.page import Background, Page, Surface
from whiteboard.model.palette import BOARD_RGB
from whiteboard.services.rendering.render_pool import Priority
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportFormat,
    ExportOptions,
    PageSnapshot,
    export_board,
)

WIDTH_PX = 960
STRIPES = [colour_of(1).red(), colour_of(1).green(), colour_of(1).blue()]


def read_sheet(spot, scale, area: QRect):
    """Return stripes of 20 pt, as `PaintedSheets` does."""
    sheet = spot.sheet
    part = Asked(sheet.document, 1, sheet.turns, scale, area, Priority.BACKGROUND, print)
    return part.paint()


def shot():
    sheet = SheetRef("ab" * 32, 1)
    page = Page("p1", 0.0, Background(Surface.WHITE), 960.0, 540.0, sheet)
    pen = ink([(100, 30), (400, 30)], page="p1", colour=2, width_pt=8.0)
    marker = ink(
        [(500, 50), (800, 50)], page="p1", brush=BrushKind.HIGHLIGHTER, colour=0, width_pt=60.0
    )
    return BoardSnapshot("t", (PageSnapshot(page, (pen, marker)),), lambda _: b"", read_sheet)


def seen(path):
    """Return what another program shows of an export, 960 px wide."""
    if path.suffix == ".png":
        return pixels(QImage(str(path)))
    if path.suffix == ".pdf":
        document = QPdfDocument()
        document.load(str(path))
        size = document.pagePointSize(0).toSize()
        image = document.render(0, size * (WIDTH_PX / size.width()))
        white = QImage(image.size(), QImage.Format.Format_RGB32)
        white.fill(0xFFFFFFFF)
        painter = QPainter(white)
        painter.drawImage(0, 0, image)
        painter.end()
        document.close()
        return pixels(white)
    image = QImage(WIDTH_PX, 540, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(str(path)).render(painter)
    painter.end()
    return pixels(image)


@pytest.mark.parametrize("kind", ExportFormat)
def test_exports_show_the_sheet_under_the_ink(qapp, tmp_path, kind):
    path = tmp_path / f"deck.{kind.value}"
    export_board(shot(), kind, path, ExportOptions(width_px=WIDTH_PX))
    shown = seen(path)
    assert np.abs(shown[10, 50] - STRIPES).max() < 12
    assert np.abs(shown[30, 50] - 255).max() < 6
    assert np.abs(shown[50, 50] - STRIPES).max() < 12
    assert np.abs(shown[30, 250] - 255).max() > 60  # the pen's ink on white


@pytest.mark.parametrize("kind", [ExportFormat.PNG, ExportFormat.PDF])
def test_highlighter_leaves_what_the_sheet_says_as_dark_as_it_was(qapp, tmp_path, kind):
    path = tmp_path / f"deck.{kind.value}"
    export_board(shot(), kind, path, ExportOptions(width_px=WIDTH_PX))
    shown = seen(path)
    on_white, on_stripe = shown[70, 650], shown[50, 650]
    assert (on_white <= 255).all()
    assert np.abs(on_white - 255).max() > 40
    assert (on_stripe <= np.array(STRIPES) + 12).all()


def test_page_without_a_reader_has_white_paper(qapp, tmp_path):
    snapshot = shot()
    bare = BoardSnapshot("t", snapshot.pages, snapshot.read_asset)
    path = tmp_path / "deck.png"
    export_board(bare, ExportFormat.PNG, path, ExportOptions(width_px=WIDTH_PX))
    assert tuple(seen(path)[10, 50].tolist()) == BOARD_RGB[Surface.WHITE]
