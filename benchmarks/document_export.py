"""Exports 200 annotated pages with the program's own code; see `benchmarks.documents`.

    python -m benchmarks.document_export slides.pdf out.pdf

Prints a line of JSON: seconds, and the pages whose text is not that of the original.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pymupdf

from base.board_doc import BrushKind, StrokeItem
from benchmarks.boards import stroke_samples
from whiteboard.model.board import Board
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.pdf_assembly import Source
from whiteboard.services.pdf_export import PdfExportOptions, export_document
from whiteboard.services.pdf_packing import pack_pages
from whiteboard.services.snapshot import BoardSnapshot, take_snapshot

PAGES = 200
STROKES_A_PAGE = 20
SAMPLES = 60
AUTHOR = "benchmark"


def annotated(original: Path) -> BoardSnapshot:
    """Return a board with the sheets of a document and strokes on each."""
    numbers = itertools.count()
    board = Board(lambda: f"e{next(numbers):08d}")
    document = hashlib.sha256(original.read_bytes()).hexdigest()
    with pymupdf.open(original) as pdf:
        sheets = [
            (SheetRef(document, number), SheetSize(page.rect.width, page.rect.height))
            for number, page in enumerate(pdf.pages(0, min(PAGES, len(pdf))))
        ]
    with board.change(AUTHOR) as edit:
        pages = edit.add_sheet_pages(sheets, None)
    strokes = stroke_samples(len(pages) * STROKES_A_PAGE, SAMPLES)
    with board.change(AUTHOR) as edit:
        for number, points in enumerate(strokes):
            points[:, :2] *= 0.5
            edit.add(
                StrokeItem.from_samples(
                    points,
                    page=pages[number // STROKES_A_PAGE],
                    z=float(number),
                    author=AUTHOR,
                    brush=BrushKind.HIGHLIGHTER if number % 5 == 0 else BrushKind.PEN,
                    colour=number % 6,
                    width_pt=2.0,
                    has_pressure=True,
                )
            )
    return take_snapshot(board, lambda _sha256: b"")


def different_texts(original: Path, exported: Path) -> list[int]:
    """Return the pages whose text is not the original's, from 0."""
    with pymupdf.open(original) as one, pymupdf.open(exported) as other:
        return [
            number
            for number in range(len(other))
            if one[number].get_text() != other[number].get_text()
        ]


def main() -> int:
    """Export and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("original", type=Path)
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication(["benchmark"])
    snapshot = annotated(chosen.original)
    document = hashlib.sha256(chosen.original.read_bytes()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder:
        package = Path(folder) / "package"
        began_s = time.perf_counter()
        pack_pages(snapshot, package)
        packed_s = time.perf_counter() - began_s
        export_document(
            str(package),
            [Source(document, str(chosen.original))],
            str(chosen.out),
            PdfExportOptions(when=datetime.now(UTC)),
        )
        took_s = time.perf_counter() - began_s
    wrong = different_texts(chosen.original, chosen.out)
    result = {
        "pages": len(snapshot.pages), "took_s": took_s, "of_that_packing_s": packed_s,
        "pages_with_other_text": wrong, "size_mb": chosen.out.stat().st_size / 1e6,
    }  # fmt: skip
    print(json.dumps(result))
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
