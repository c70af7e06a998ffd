from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from base import text
from base.qt import theme
from base.qt.widgets import Role, Text
from whiteboard.services.documents.document_folders import EntryKind, FolderEntry
from whiteboard.views.documents.document_cells import FileGrid, FileRow
from whiteboard.views.parts.finger_list import FingerList

TAILS = "gpyqj"


def offer(name: str) -> FolderEntry:
    return FolderEntry(Path("/stick") / name, EntryKind.PDF, 1.0, 1000)


@pytest.fixture
def files(qtbot) -> tuple[FileGrid, FingerList]:
    text.set_language("en")
    grid = FileGrid()
    shown = grid.in_list(lies_low=True)
    qtbot.addWidget(shown)
    shown.resize(1750, 780)
    shown.show()
    qtbot.waitExposed(shown)
    return grid, shown


def test_few_files_are_taller_than_many(files: tuple[FileGrid, FingerList]) -> None:
    grid, _shown = files
    grid.show_offers([offer("a.pdf")] * 4, date(2026, 11, 22))
    few = grid.cells[0].height()
    grid.show_offers([offer("a.pdf")] * 40, date(2026, 11, 22))
    assert few > grid.cells[0].height() >= theme.metrics().px(FileRow.height_mm)


def test_files_stand_apart_after_the_list_has_another_height(
    files: tuple[FileGrid, FingerList], qtbot
) -> None:
    grid, shown = files
    grid.show_offers([offer("a.pdf")] * 7, date(2026, 11, 22))
    shown.resize(1750, 500)
    qtbot.waitUntil(lambda: shown.height() == 500)
    boxes = [cell.geometry() for cell in grid.cells]
    assert len({box.height() for box in boxes}) == 1
    assert all(not a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])


def ink_rows(picture: QImage, ink: QColor) -> int:
    """Return how many rows of a picture have a dot that is nearer to the ink than not."""
    ground = picture.pixelColor(2, 2)

    def is_ink(x: int, y: int) -> bool:
        colour = picture.pixelColor(x, y)
        far = sum(abs(a - b) for a, b in zip(colour.getRgb(), ground.getRgb(), strict=True))
        near = sum(abs(a - b) for a, b in zip(colour.getRgb(), ink.getRgb(), strict=True))
        return near < far

    return sum(
        any(is_ink(x, y) for x in range(picture.width())) for y in range(picture.height())
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("px_per_mm", [3.24, 4.1, 6.48])
def test_tails_of_letters_are_seen_whole(qtbot, role: Role, px_per_mm: float) -> None:
    before = theme.metrics()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply_theme(app, "white", theme.Metrics(px_per_mm))
    label = Text(role=role)
    label.set_plain(TAILS)
    qtbot.addWidget(label)
    label.resize(label.sizeHint())
    colour = label.palette().color(label.foregroundRole())
    seen = ink_rows(label.grab().toImage(), colour)
    free = QImage(label.width() + 40, 3 * label.height(), QImage.Format.Format_RGB32)
    free.fill(label.palette().color(label.backgroundRole()))
    painter = QPainter(free)
    painter.setFont(label.font())
    painter.setPen(colour)
    painter.drawText(QPoint(10, 2 * label.height()), TAILS)
    painter.end()
    theme.apply_theme(app, "board", before)
    assert seen == ink_rows(free, colour)


@pytest.mark.parametrize("size_px", [16, 20, 28, 29])
def test_tails_keep_the_length_they_were_drawn_with(qapp, size_px: int) -> None:
    ink, paper = QColor("black"), QColor("white")
    picture = QImage(size_px * 4, size_px * 2, QImage.Format.Format_RGB32)
    picture.fill(paper)
    painter = QPainter(picture)
    painter.setFont(theme.font(size_px))
    painter.setPen(ink)
    painter.drawText(QPoint(4, size_px), "p")
    painter.end()
    below = picture.copy(0, size_px, picture.width(), size_px)
    darkness = [
        min(below.pixelColor(x, y).value() for x in range(below.width()))
        for y in range(size_px)
    ]
    # 0.119 of the size, as the face says; the last row is partly covered.
    length = sum(1 - value / 255 for value in darkness)
    assert length >= 0.119 * size_px - 0.5
