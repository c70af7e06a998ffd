"""Takes 200 annotated pages away by touch, and reads what came of it with three readers.

    python -m benchmarks.document_export slides.pdf

A board on the document, 30 strokes on each page, is opened in the running application; what
is timed is from the touch on "This display" until the file lies there whole and the sheet
has gone. Prints a line of JSON; `benchmarks.documents` has the bar.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pymupdf
import pypdfium2

from base.board_doc import BrushKind, StrokeItem
from benchmarks.boards import stroke_samples
from tools.running import EndedError, RunningKokuban, run_kokuban
from tools.x11 import Pointer, Screen, start_xvfb
from whiteboard.model.board import Board
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.pdf.pdf_ink import read_ink

PAGES: Final = 200
STROKES_A_PAGE: Final = 30
SAMPLES: Final = 60
AUTHOR: Final = "display"
PATIENCE_S: Final = 120.0
POLL_S: Final = 0.01
WAYS: Final = (("annotated", "Keep as ink"), ("flattened", "Fix to the page"))
"""What is chosen on the sheet, by its button."""
Texts = list[str]


def measure_export(original: Path) -> dict[str, object]:
    """Export annotated and flattened pages; the figures of the first have the plain names."""
    with tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder:
        home = Path(folder)
        board = home / "boards" / "annotated.kokuban"
        board.parent.mkdir()
        strokes = write_annotated(board, original)
        made = {way: _export(home / way, board, button) for way, button in WAYS}
        annotated, annotated_s = made["annotated"]
        flattened, flattened_s = made["flattened"]
        wrong = {
            f"{way} {reader.__name__}": different_pages(reader, original, path)
            for way, (path, _took_s) in made.items()
            for reader in (poppler, mupdf, pdfium)
        }
        back = read_ink(annotated, home / "sheets.pdf")
        editable = 0 if back is None else sum(len(page.items) for page in back.pages)
        return {
            "pages": min(PAGES, len(poppler(original))),
            "strokes": strokes,
            "took_s": annotated_s,
            "flattened_s": flattened_s,
            "size_mb": annotated.stat().st_size / 1e6,
            "flattened_mb": flattened.stat().st_size / 1e6,
            "other_texts": {way: pages for way, pages in wrong.items() if pages},
            "pages_with_other_text": sorted({n for pages in wrong.values() for n in pages}),
            "strokes_that_do_not_come_back": strokes - editable,
        }  # fmt: skip


def write_annotated(path: Path, original: Path) -> int:
    """Make a board with the sheets of a document and strokes on each; return their number."""
    numbers = itertools.count()
    board = Board(lambda: f"e{next(numbers):08d}")
    document = hashlib.sha256(original.read_bytes()).hexdigest()
    with pymupdf.open(original) as pdf:
        sheets = [
            (SheetRef(document, number), SheetSize(page.rect.width, page.rect.height))
            for number, page in enumerate(pdf.pages(0, min(PAGES, len(pdf))))
        ]
    with board.change(AUTHOR) as edit:
        edit.add_document(document, original.name, len(sheets))
        pages = edit.add_sheet_pages(sheets, None)
    strokes = len(pages) * STROKES_A_PAGE
    with board.change(AUTHOR) as edit:
        for number, points in enumerate(stroke_samples(strokes, SAMPLES)):
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
    file = BoardFile.create(path)
    file.put_document(document, original)
    file.append(board.state())
    file.close()
    return strokes


def _export(home: Path, board: Path, way: str) -> tuple[Path, float]:
    """Take a board away as somebody in front of the display does; return file and seconds."""
    options = ["--screen", "board", "--size", "1920x1080", "--language", "en"]
    with (
        start_xvfb(1920, 1080) as server,
        Pointer(server) as pointer,
        Screen(server) as screen,
        run_kokuban(server, home, *options, is_driven=True) as kokuban,
    ):
        kokuban.wait_until_started()
        kokuban.open(board)
        for word in ("More", "Take away", way):
            screen.wait_until_still()
            pointer.click(*kokuban.wait_for_button(word))
        screen.wait_until_still(still_s=1.0)
        place = kokuban.wait_for_button("This display")
        began_s = time.perf_counter()
        pointer.click(*place)
        made = _wait_for_file(kokuban)
        return made, time.perf_counter() - began_s


def _wait_for_file(kokuban: RunningKokuban) -> Path:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        found = list((kokuban.data_dir / "exports").glob("*.pdf"))
        if found and kokuban.where("Cancel") is None:
            return found[0]
        time.sleep(POLL_S)
    raise EndedError(f"nothing was exported: {kokuban.complaints()}")


# Readers ----------------------------------------------------------------------------


def poppler(path: Path) -> Texts:
    """Return the text of each page as pdftotext sees it."""
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True
    )
    return done.stdout.decode().split("\f")[:-1]


def mupdf(path: Path) -> Texts:
    """Return the text of each page as MuPDF sees it."""
    with pymupdf.open(path) as document:
        return [page.get_text() for page in document]


def pdfium(path: Path) -> Texts:
    """Return the text of each page as PDFium sees it."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def different_pages(
    reader: Callable[[Path], Texts], original: Path, exported: Path
) -> list[int]:
    """Return the pages whose text is not the original's, from 0."""
    wanted, found = reader(original)[:PAGES], reader(exported)
    missing = range(min(len(wanted), len(found)), max(len(wanted), len(found)))
    pairs = zip(wanted, found, strict=False)
    return [*(n for n, (one, other) in enumerate(pairs) if one != other), *missing]


def main(arguments: Sequence[str] | None = None) -> int:
    """Export and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("original", type=Path)
    print(json.dumps(measure_export(parser.parse_args(arguments).original)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
