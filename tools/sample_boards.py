"""Boards as they look after a morning in a town hall, for pictures of the screens."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pymupdf
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPainterPath, QPen

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
)
from tools.handwriting import Floats, curve, width, write
from tools.stage import evenly_spaced
from whiteboard.model.board import Board, Edit
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.taking.pictures import parse_picture

AUTHOR: Final = "display"
SAMPLE_HZ: Final = 125.0
STEP_PT: Final = 4.0
HILLS: Final = (("#8fae9b", 330, 70), ("#5f8a72", 400, 46), ("#3f6b55", 470, 26))
WHITE, YELLOW, RED, BLUE, GREEN, ORANGE = range(6)


@dataclass(frozen=True, slots=True)
class Words:
    """What is typed and written on the boards, in one language."""

    heading: str
    rows: tuple[tuple[str, str], ...]
    note: str
    other_note: str
    stage: str
    seats: str
    entrance: str
    titles: tuple[str, ...]


WORDS: Final = {
    "ja": Words(
        heading="今日の予定",
        rows=(("10:00", "開会のあいさつ"), ("10:30", "町の防災計画"), ("11:45", "質問と相談")),
        note="マイクは2本\n予備の電池は\n受付にあります",
        other_note="駐車券は\n受付で押します",
        stage="ステージ",
        seats="席 40",
        entrance="入口",
        titles=("防災の説明会", "朝の打合せ", "子育て相談", "窓口の研修"),
    ),
    "en": Words(
        heading="Today",
        rows=(
            ("10:00", "Welcome"),
            ("10:30", "In an earthquake"),
            ("11:45", "Questions"),
        ),
        note="Two microphones\nand batteries\nat the desk",
        other_note="Parking tickets\nare stamped\nat the desk",
        stage="Stage",
        seats="40 seats",
        entrance="Entrance",
        titles=("Safety meeting", "Morning round", "Family advice", "Counter training"),
    ),
}


def write_main_board(path: Path, language: str, surface: Surface) -> None:
    """Write the board that shows what can be on one; four pages.

    Args:
        path: Where; nothing may be there yet.
        language: "ja" or "en".
        surface: Of every page.
    """
    words = WORDS[language]
    with _NewBoard(path, words.titles[0]) as new:
        first = new.page(surface, Ruling.NONE)
        for item in _morning(words, new.keep_picture(_postcard())):
            new.put(first, item)
        plan = new.page(surface, Ruling.GRID)
        for item in _plan(words):
            new.put(plan, item)
        manuscript = new.page(surface, Ruling.GENKO)
        for item in _handwriting("黒板", 420, 250, 260, WHITE, 6.0):
            new.put(manuscript, item)
        music = new.page(surface, Ruling.STAFF)
        for item in _handwriting("Kokuban", 360, 250, 240, YELLOW, 6.0):
            new.put(music, item)


def write_other_boards(folder: Path, language: str, surface: Surface) -> None:
    """Write the boards that lie beside it in the list."""
    words = WORDS[language]
    contents: tuple[list[Item], ...] = (
        [*_handwriting("Kokuban", 230, 260, 260, WHITE, 7.0, BrushKind.CHALK)],
        [*_handwriting("黒板", 340, 200, 340, YELLOW, 9.0, BrushKind.CHALK)],
        [*_plan(words)],
    )
    for number, (title, items) in enumerate(zip(words.titles[1:], contents, strict=True)):
        with _NewBoard(folder / f"board-{number}.kokuban", title) as new:
            page = new.page(surface, Ruling.DOTS if number == 0 else Ruling.NONE)
            for item in items:
                new.put(page, item)


def write_slides_board(path: Path, language: str, slides: Path) -> None:
    """Write a board on the first slides of `tools.sample_pdfs.write_slides`, with ink on one.

    Args:
        path: Where; nothing may be there yet.
        language: "ja" or "en".
        slides: The PDF.
    """
    words = WORDS[language]
    with _NewBoard(path, words.titles[0]) as new:
        first, *_others = new.sheets(slides)
        for item in _on_slide(words):
            new.put(first, item)


class _NewBoard:
    """A board that is being made."""

    def __init__(self, path: Path, title: str) -> None:
        numbers = itertools.count(1)
        self._file = BoardFile.create(path, title=title)
        self._board = Board(lambda: f"s{next(numbers):06d}")
        self._stop = keep_board(self._board, self._file)
        self._z = itertools.count(1)
        with self._board.change(AUTHOR) as edit:
            edit.set_title(title)

    def __enter__(self) -> _NewBoard:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop()
        self._file.flush()
        self._file.close()

    def page(self, surface: Surface, ruling: Ruling) -> str:
        with self._board.change(AUTHOR) as edit:
            return edit.add_page(len(self._board.pages), Background(surface, ruling))

    def sheets(self, document: Path) -> list[str]:
        """Add a page for each sheet of a PDF; return their ids."""
        name = hashlib.sha256(document.read_bytes()).hexdigest()
        self._file.put_document(name, document)
        with pymupdf.open(document) as pdf:
            sizes = [SheetSize(page.rect.width, page.rect.height) for page in pdf]
        sheets = [(SheetRef(name, number), size) for number, size in enumerate(sizes)]
        with self._board.change(AUTHOR) as edit:
            edit.add_document(name, document.name, len(sheets))
            return edit.add_sheet_pages(sheets, None)

    def put(self, page: str, item: Item) -> None:
        with self._board.change(AUTHOR) as edit:
            self._add(edit, page, item)

    def _add(self, edit: Edit, page: str, item: Item) -> None:
        edit.add(replace(item, page=page, z=float(next(self._z)), author=AUTHOR))

    def keep_picture(self, image: QImage) -> bytes:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return self._file.put_asset(parse_picture(bytes(buffer.data().data())).data)


def _morning(words: Words, sha256: bytes) -> Iterator[Item]:
    heading = width(words.heading, 104)
    wave = [(90 + share * (heading - 20), 196 + 5 * np.sin(6 * share)) for share in
            np.linspace(0, 1, 7)]  # fmt: skip
    yield _stroke(curve(np.array(wave)), RED, 7.0, BrushKind.CHALK)
    yield from _handwriting(words.heading, 90, 70, 104, WHITE, 8.0, BrushKind.CHALK)
    for number, (hour, what) in enumerate(words.rows):
        y = 258 + number * 104
        if number == 1:
            bar = np.array([(84.0, y + 38), (420.0, y + 36), (700.0, y + 39)])
            yield _stroke(curve(bar), 0, 56.0, BrushKind.HIGHLIGHTER)
        yield from _handwriting(hour, 96, y, 62, YELLOW, 4.0, seed=number + 5)
        yield TextItem(
            page="", z=0, author="", box=Affine.upright(318, y + 6, 520, 76),
            colour=WHITE, size_pt=42, text=what,
        )  # fmt: skip
    yield _stamp(StampKind.DONE, Affine.upright(730, 240, 84, 84))
    yield _stamp(StampKind.CHECK, Affine.upright(30, 268, 44, 44), GREEN)
    yield _note(words.note, Affine(92, 586, 196, -6, 6, 116), 0)
    yield _note(words.other_note, Affine(338, 578, 196, 5, -5, 116), 2)
    yield ImageItem(
        page="", z=0, author="", box=Affine(880, 66, 468, 10, -6.6, 309), sha256=sha256
    )
    yield from _room(words, 880, 418)


def _room(words: Words, x: float, y: float) -> Iterator[Item]:
    yield _shape(ShapeKind.RECTANGLE, [(x, y), (x + 470, y), (x + 470, y + 236), (x, y + 236)])
    corners = [(x + 130, y + 18), (x + 340, y + 18), (x + 340, y + 62), (x + 130, y + 62)]
    yield _shape(ShapeKind.RECTANGLE, corners, BLUE)
    yield TextItem(
        page="", z=0, author="", box=Affine.upright(x + 190, y + 24, 150, 44),
        colour=WHITE, size_pt=24, text=words.stage,
    )  # fmt: skip
    for row, column in itertools.product(range(3), range(6)):
        cx, cy = x + 105 + column * 54, y + 98 + row * 38
        yield _shape(ShapeKind.ELLIPSE, [(cx, cy), (cx + 13, cy), (cx, cy + 13)], GREEN)
    yield _shape(ShapeKind.ARROW, [(x - 66, y + 190), (x + 64, y + 190)], ORANGE, 5.0)
    yield TextItem(
        page="", z=0, author="", box=Affine.upright(x - 132, y + 196, 124, 44),
        colour=ORANGE, size_pt=24, text=words.entrance,
    )  # fmt: skip
    yield _stamp(StampKind.STAR, Affine.upright(x + 410, y + 166, 46, 46), YELLOW)


def _plan(words: Words) -> Iterator[Item]:
    axes = np.array([(180.0, 110.0), (180.0, 110.0), (180.0, 610.0), (180.0, 610.0),
                     (1100.0, 610.0)])  # fmt: skip
    yield _stroke(curve(axes), WHITE, 5.0)
    line = np.array([(190, 560), (340, 470), (520, 500), (720, 320), (900, 260), (1060, 150)])
    yield _stroke(curve(line.astype(np.float64)), YELLOW, 7.0, BrushKind.CHALK)
    dashed = np.array([(190, 590), (480, 560), (800, 470), (1060, 420)])
    yield _stroke(curve(dashed.astype(np.float64)), BLUE, 6.0)
    yield _note(words.seats, Affine.upright(1130, 130, 190, 110), 3)


def _on_slide(words: Words) -> Iterator[Item]:
    """Yield what somebody writes on the first slide while they speak."""
    for y, right in ((204.0, 506.0), (229.0, 192.0)):
        line = np.array([(82.0, y), (right, y)])
        yield _stroke(line, WHITE, 20.0, BrushKind.HIGHLIGHTER)
    around = np.linspace(0.3, 2 * np.pi + 0.6, 40)
    ring = np.column_stack([773 + 31 * np.cos(around), 322 + 138 * np.sin(around)])
    yield _stroke(ring, RED, 4.0)
    yield _shape(ShapeKind.ARROW, [(660, 150), (742, 196)], RED, 4.0)
    text, height = ("今日", 56.0) if words is WORDS["ja"] else ("Today", 44.0)
    yield from _handwriting(text, 644 - width(text, height), 96, height, RED, 4.0)


def _handwriting(
    text: str, x: float, y: float, height: float, colour: int, width_pt: float,
    brush: BrushKind = BrushKind.PEN, seed: int = 1,
) -> Iterator[StrokeItem]:  # fmt: skip
    for way in write(text, x, y, height, seed):
        yield _stroke(way, colour, width_pt, brush)


def _stroke(
    way: Floats, colour: int, width_pt: float, brush: BrushKind = BrushKind.PEN
) -> StrokeItem:
    points = evenly_spaced(way, STEP_PT)
    along = np.linspace(0, 1, len(points))
    samples = np.column_stack(
        [
            points,
            # Firm at the beginning, lighter towards the end, as a hand lets go.
            np.clip(0.62 + 0.12 * np.sin(np.pi * along) - 0.2 * along**3, 0, 1),
            np.arange(len(points)) / SAMPLE_HZ,
            np.full(len(points), 0.5),
        ]
    )
    return StrokeItem.from_samples(
        samples, page="p", z=0, author="", brush=brush, colour=colour, width_pt=width_pt,
        has_pressure=brush is not BrushKind.HIGHLIGHTER,
    )  # fmt: skip


def _shape(
    kind: ShapeKind,
    points: list[tuple[float, float]],
    colour: int = WHITE,
    width_pt: float = 3.5,
) -> ShapeItem:
    return ShapeItem(
        page="", z=0, author="", shape=kind, colour=colour, fill=NO_FILL, width_pt=width_pt,
        points=tuple(points),
    )  # fmt: skip


def _stamp(kind: StampKind, box: Affine, colour: int = RED) -> StampItem:
    return StampItem(page="", z=0, author="", box=box, stamp=kind, colour=colour, text="")


def _note(text: str, box: Affine, paper: int) -> NoteItem:
    return NoteItem(page="", z=0, author="", box=box, colour=paper, size_pt=20, text=text)


def _postcard() -> QImage:
    """Paint a town hall under hills: a picture whose rights are ours."""
    image = QImage(960, 634, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    sky = QLinearGradient(0, 0, 0, 634)
    sky.setColorAt(0, QColor("#8fc3e0"))
    sky.setColorAt(0.7, QColor("#f3e9d4"))
    painter.fillRect(image.rect(), sky)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#fbf3dc"))
    painter.drawEllipse(QPointF(770, 130), 54, 54)
    for colour, top, swing in (
        ("#8fae9b", 330, 70),
        ("#5f8a72", 400, 46),
        ("#3f6b55", 470, 26),
    ):
        _paint_hill(painter, colour, top, swing)
    _paint_hall(painter)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#fffdf6"), 26))
    painter.drawRect(QRectF(0, 0, 960, 634))
    painter.end()
    return image


def _paint_hill(painter: QPainter, colour: str, top: float, swing: float) -> None:
    path = QPainterPath(QPointF(0, 634))
    for x in range(0, 961, 20):
        path.lineTo(x, top + swing * np.sin(x / 150 + top) + swing * 0.4 * np.sin(x / 61))
    path.lineTo(960, 634)
    painter.setBrush(QColor(colour))
    painter.drawPath(path)


def _paint_hall(painter: QPainter) -> None:
    painter.setBrush(QColor("#efe6d2"))
    painter.drawRect(QRectF(300, 350, 360, 190))
    painter.drawRect(QRectF(440, 250, 80, 110))
    painter.setBrush(QColor("#9a5b3c"))
    painter.drawPolygon([QPointF(280, 352), QPointF(340, 300), QPointF(620, 300),
                         QPointF(680, 352)])  # fmt: skip
    painter.drawPolygon([QPointF(428, 252), QPointF(480, 190), QPointF(532, 252)])
    painter.setBrush(QColor("#fffdf6"))
    painter.drawEllipse(QPointF(480, 282), 20, 20)
    painter.setBrush(QColor("#56707c"))
    for column, row in itertools.product(range(6), range(2)):
        if column not in (2, 3) or row == 0:
            painter.drawRect(QRectF(322 + column * 56, 376 + row * 78, 34, 46))
    painter.setBrush(QColor("#6d4a30"))
    painter.drawRect(QRectF(450, 456, 60, 84))
    painter.setBrush(QColor("#2f5745"))
    painter.drawRect(QRectF(0, 538, 960, 96))
