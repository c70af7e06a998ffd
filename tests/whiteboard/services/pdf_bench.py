"""Documents, boards over them, and what three PDF libraries make of the result."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    ImageItem,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
)
from base.errors import AppError, ErrorCode
from whiteboard.model.document import SheetRef
from whiteboard.model.page import Background, Page, Ruling, Surface
from whiteboard.services.painting.item_painting import Look, paint_background, paint_items
from whiteboard.services.painting.snapshot import BoardSnapshot, PageSnapshot
from whiteboard.services.pdf.pdf_export import PdfExportOptions, Source, export_document
from whiteboard.services.pdf.pdf_packing import pack_pages
from whiteboard.services.taking.pictures import decode_asset

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PLAINLY = PdfExportOptions(when=WHEN)
WHITE = Background(Surface.WHITE)
DARK_GRID = Background(Surface.BLACKBOARD, Ruling.GRID)


def picture_bytes(file_format="PNG", *, is_half_clear=False):
    image = QImage(60, 40, QImage.Format.Format_ARGB32)
    image.fill(QColor(30, 90, 200, 128 if is_half_clear else 255))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, file_format)
    return bytes(buffer.data().data())


def stroke(
    points, *, brush=BrushKind.PEN, colour=2, width=6.0, author="haru", z=1.0, pressure=None
):
    xy = np.array(points, dtype=float)
    samples = np.zeros((len(xy), 5))
    samples[:, :2] = xy
    samples[:, 2] = 0.5 if pressure is None else pressure
    samples[:, 3] = np.linspace(0, 0.5, len(xy))
    return StrokeItem.from_samples(
        samples,
        page="p",
        z=z,
        author=author,
        brush=brush,
        colour=colour,
        width_pt=width,
        has_pressure=pressure is not None,
    )


def wave(x0=40.0, y0=60.0, length=200.0, height=20.0, count=60):
    x = np.linspace(x0, x0 + length, count)
    return np.column_stack((x, y0 + height * np.sin((x - x0) / 15)))


def all_kinds(asset):
    """One of everything, apart from each other, on 360 x 270 pt."""
    placed = {"page": "p", "author": "aki"}
    box = Affine.upright
    turned = Affine(230, 30, 40, 15, -12, 32)
    return [
        stroke(wave(20, 40, 160), width=4.0, pressure=np.linspace(0.1, 1, 60), z=1.0),
        stroke(wave(20, 90, 160, 4), brush=BrushKind.HIGHLIGHTER, colour=0, width=14.0, z=2.0),
        ShapeItem(z=3.0, shape=ShapeKind.ARROW, colour=3, fill=NO_FILL, width_pt=3.5,
                  points=((20, 130), (90, 150)), **placed),
        ShapeItem(z=4.0, shape=ShapeKind.RECTANGLE, colour=4, fill=1, width_pt=2.0,
                  points=((110, 120), (150, 120), (150, 150), (110, 150)), **placed),
        ShapeItem(z=5.0, shape=ShapeKind.ELLIPSE, colour=6, fill=NO_FILL, width_pt=3.0,
                  points=((185, 135), (205, 135), (185, 150)), **placed),
        ShapeItem(z=6.0, shape=ShapeKind.TRIANGLE, colour=5, fill=NO_FILL, width_pt=3.0,
                  points=((220, 150), (250, 150), (235, 115)), **placed),
        TextItem(z=7.0, box=box(20, 165, 150, 60), colour=0, size_pt=16.0,
                 text="予算の内訳\nBudget 2026", **placed),
        NoteItem(z=8.0, box=box(190, 165, 70, 70), colour=1, size_pt=14.0,
                 text="要確認", **placed),
        ImageItem(z=9.0, box=turned, sha256=asset, **placed),
        StampItem(z=10.0, box=box(280, 165, 60, 60), stamp=StampKind.DATE, colour=2,
                  text="2026.11.21", **placed),
    ]  # fmt: skip


def make_document(path, count=3, *, size=(360, 270), prepare=None, encryption=None):
    """Write a PDF whose pages have text to select; return its id.

    `prepare(pdf)` may change it before it is written.
    """
    with Pdf.new() as pdf:
        font = pdf.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        )
        for number in range(count):
            pdf.add_blank_page(page_size=size)
            page = pdf.pages[number].obj
            page.Resources = Dictionary(Font=Dictionary(F=font))
            lines = b"".join(
                b"BT /F 14 Tf 20 %d Td (Sheet %d line %d) Tj ET\n" % (240 - 20 * k, number, k)
                for k in range(8)
            )
            page.Contents = Stream(pdf, lines)
        if prepare is not None:
            prepare(pdf)
        pdf.save(path, encryption=encryption or False)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sheet_page(document, number, items=(), *, size=(360, 270), turns=0, name=None):
    page = Page(
        name or f"page{number}",
        float(number),
        WHITE,
        float(size[0]),
        float(size[1]),
        SheetRef(document, number, turns),
    )
    return PageSnapshot(page, tuple(items))


def board_page(items=(), background=DARK_GRID, name="own"):
    return PageSnapshot(Page(name, 0.0, background, 480.0, 270.0), tuple(items))


class PdfBench:
    """Exports of boards over documents in a folder of the test's own."""

    def __init__(self, folder):
        self.folder = folder
        self.assets = {}
        self._count = 0
        self.sources = []

    def asset(self, data):
        name = hashlib.sha256(data).digest()
        self.assets[name] = data
        return name

    def document(self, count=3, *, password="", **options):
        path = self.folder / f"document{len(self.sources)}.pdf"
        document = make_document(path, count, **options)
        self.sources.append(Source(document, str(path), password))
        return document

    def path(self, document):
        return Path(next(s.path for s in self.sources if s.document == document))

    def read_asset(self, sha256):
        if sha256 in self.assets:
            return self.assets[sha256]
        raise AppError(ErrorCode.BOARD_DAMAGED, sha256.hex())

    def package(self, pages, **options):
        self._count += 1
        package = self.folder / f"package{self._count}"
        snapshot = BoardSnapshot("Test", tuple(pages), self.read_asset)
        assert pack_pages(snapshot, package, **options)
        return package

    def export(self, pages, *, packing=None, options=PLAINLY):
        package = self.package(pages, **(packing or {}))
        target = self.folder / f"export{self._count}.pdf"
        assert export_document(str(package), self.sources, str(target), options)
        return target

    def expected(self, page, under, scale):
        """Return what our own painting makes of a page, shape (height, width, 3).

        `under` is the sheet as pixels; None for a page of the board's own.
        """
        extent = page.extent()
        image = QImage(
            round(extent.width * scale),
            round(extent.height * scale),
            QImage.Format.Format_RGB32,
        )
        image.fill(QColor(255, 255, 255))
        painter = QPainter(image)
        if under is not None:
            data = np.ascontiguousarray(under)
            height, width = data.shape[:2]
            sheet = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            painter.drawImage(
                QRectF(-extent.left * scale, -extent.top * scale, width, height), sheet
            )
        painter.scale(scale, scale)
        painter.translate(-extent.left, -extent.top)
        background = page.page.background
        if under is None:
            rect = QRectF(extent.left, extent.top, extent.width, extent.height)
            paint_background(painter, background, rect, scale, is_textured=False)
        look = Look(background.is_dark, scale, lambda name: decode_asset(self.assets[name]))
        paint_items(painter, page.items, look)
        painter.end()
        return qimage_pixels(image)


def qimage_pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


# Other programs ---------------------------------------------------------------------


def pdfium_pixels(path, number=0, scale=2.0, password=None):
    document = pypdfium2.PdfDocument(path, password=password)
    try:
        bitmap = document[number].render(scale=scale, may_draw_forms=False)
        return bitmap.to_numpy()[:, :, 2::-1].copy()
    finally:
        document.close()


def poppler_pixels(path, number=0, scale=2.0):
    out = path.with_name(f"{path.stem}-{number}")
    subprocess.run(
        ["pdftoppm", "-png", "-singlefile", "-cropbox", "-r", str(72 * scale),
         "-f", str(number + 1), "-l", str(number + 1), path, out],
        check=True,
    )  # fmt: skip
    return qimage_pixels(QImage(f"{out}.png"))


_MUPDF = """
import json, sys, pymupdf
document = pymupdf.open(sys.argv[1])
print(json.dumps([page.get_text() for page in document]))
"""


def mupdf_texts(path):
    """Return the text of each page; MuPDF runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MUPDF, path], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def poppler_texts(path):
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", path, "-"], check=True, capture_output=True, text=True
    )
    return done.stdout.split("\f")[:-1]


def pdfium_texts(path):
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def share_off(picture, expected, step=48):
    """Return the share of pixels that are unlike the expected one and all its neighbours.

    So an edge half a pixel away does not count.
    """
    height = min(len(picture), len(expected))
    width = min(picture.shape[1], expected.shape[1])
    a = picture[:height, :width].astype(int)
    b = np.pad(expected[:height, :width].astype(int), ((1, 1), (1, 1), (0, 0)), mode="edge")
    best = np.full((height, width), 255)
    for dy in range(3):
        for dx in range(3):
            other = b[dy : dy + height, dx : dx + width]
            best = np.minimum(best, np.abs(a - other).max(axis=2))
    return float((best > step).mean())


def annotations(path, number=0):
    """Return the annotations of a page as plain dictionaries, without what is indirect."""
    with pikepdf.open(path) as pdf:
        return [
            {key: value for key, value in plain(one).items() if key != "/P"}
            for one in pdf.pages[number].obj.get("/Annots", [])
        ]


def plain(value):
    if isinstance(value, pikepdf.Stream):
        return value.read_bytes()
    if isinstance(value, Dictionary):
        return {k: plain(v) for k, v in value.items() if k not in ("/P", "/Parent")}
    if isinstance(value, Array):
        return [plain(one) for one in value]
    if isinstance(value, (pikepdf.String, Name)):
        return str(value)
    return float(value) if not isinstance(value, (bool, int)) else value
