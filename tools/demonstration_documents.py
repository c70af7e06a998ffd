"""The act "documents": a deck is opened, written on, taken away, and opened again with its ink.

The deck is a PowerPoint file where LibreOffice is installed, else a PDF.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pikepdf
import pymupdf

from tools.demonstration_board import count_strokes, wait_for, wait_for_strokes
from tools.handwriting import Floats, write
from tools.running import RunningKokuban, run_kokuban
from tools.sample_documents import cached
from tools.sample_office import notes_of
from tools.stage import Stage
from tools.x11 import Pixels, Rect
from whiteboard.services.documents.office import find_office

PAGES: Final = 5
WORDS: Final = ("予定", "今日")
"""What is written on the first slides, one word each."""
PLACE: Final = (1080.0, 735.0, 120.0)
"""Left, top and height of a word, in px of the display: where the slides leave room."""
SLIDE: Final = Rect(300, 60, 1200, 600)
"""What lies on the slide wherever that is fitted, and under no tool."""
WHITE: Final = 200
CONVERSION_S: Final = 90.0
PATIENCE_S: Final = 30.0
OPTIONS: Final = ("--screen", "board", "--size", "1920x1080", "--language", "ja")


def play(stage: Stage) -> None:
    """Play the act.

    Raises:
        ActError: something did not go well.
        EndedError: the application ended by itself.
        TimeoutError: the display did not show what it should.
    """
    with tempfile.TemporaryDirectory(prefix="kokuban-demo-") as folder:
        home = Path(folder)
        deck = _make_deck(stage, home)
        exported = _write_and_take_away(stage, home / "first", deck)
        (sheets,) = (home / "first" / "documents").glob("*.pdf")
        _check(stage, exported, sheets)
        _open_again(stage, home / "second", exported)
        shutil.copyfile(deck, stage.folder / deck.name)
        shutil.copyfile(exported, stage.folder / "deck-with-ink.pdf")


def _make_deck(stage: Stage, home: Path) -> Path:
    kind = "deck" if find_office() is not None else "slides"
    made = cached(kind, home / "made", PAGES)
    deck = home / f"deck{made.suffix}"
    made.replace(deck)
    if kind == "slides":
        stage.say("There is no LibreOffice here: the deck is a PDF.")
    return deck


def _write_and_take_away(stage: Stage, data_dir: Path, deck: Path) -> Path:
    with run_kokuban(stage.server, data_dir, *OPTIONS, is_driven=True) as kokuban:
        kokuban.wait_until_started()
        kokuban.open(deck)
        stage.screen.wait_until(SLIDE, _is_sheet, CONVERSION_S)
        # The first slide can be seen before there is a board under it.
        kokuban.wait_for_button("More", PATIENCE_S)
        stage.take_picture("1-opened")
        stage.say(f"A deck of slides was opened: {deck.name}.")
        written = 0
        for number, word in enumerate(WORDS):
            if number:
                _turn(stage)
            written += _write(stage, kokuban, word, written)
            stage.take_picture(f"2-written-{number + 1}")
        stage.say(f"A hand wrote on {len(WORDS)} slides: {written} strokes.")
        exported = _take_away(stage, kokuban)
        stage.expect(kokuban.end() == 0, "it did not end in order")
        stage.expect(not kokuban.complaints(), "; ".join(kokuban.complaints()))
    return exported


def _is_sheet(pixels: Pixels) -> bool:
    """Return whether most of what is seen is paper, and not the empty board."""
    return bool(np.median(pixels[:, :, :3]) > WHITE)


def _turn(stage: Stage) -> None:
    before = stage.screen.wait_until_still(SLIDE)
    stage.pointer.tap_key("Page_Down")
    stage.screen.wait_for_change(SLIDE, since=before)
    stage.screen.wait_until_still(SLIDE)


def _write(stage: Stage, kokuban: RunningKokuban, word: str, before: int) -> int:
    strokes: Sequence[Floats] = list(write(word, *PLACE))
    for number, stroke in enumerate(strokes, start=before + 1):
        stage.draw(stroke)
        wait_for_strokes(kokuban, number)
    return len(strokes)


def _take_away(stage: Stage, kokuban: RunningKokuban) -> Path:
    exports = kokuban.data_dir / "exports"
    for button in ("More", "Take away"):
        stage.screen.wait_until_still()
        stage.pointer.click(*kokuban.wait_for_button(button))
    stage.take_picture("3-take-away")
    stage.pointer.click(*kokuban.wait_for_button("This display"))
    has_file: Callable[[], bool] = lambda: any(exports.glob("*.pdf"))  # noqa: E731
    wait_for(has_file, "no PDF was exported", PATIENCE_S)
    (made,) = exports.glob("*.pdf")
    stage.expect(made.stem.startswith("deck 20"), f"the file is called {made.name}")
    return made


def _check(stage: Stage, exported: Path, sheets: Path) -> None:
    """Look at the file with other eyes than those of the program that wrote it."""
    with pikepdf.open(exported) as pdf:
        inked = [_ink_annotations(page) for page in pdf.pages]
    wanted = [int(number < len(WORDS)) for number in range(len(inked))]
    stage.expect(inked == wanted, f"the pages have {inked} ink annotations, not {wanted}")
    readers = {"MuPDF": _mupdf_texts}
    if shutil.which("pdftotext"):
        readers["Poppler"] = _poppler_texts
    for name, texts in readers.items():
        same = texts(exported) == texts(sheets)
        stage.expect(same, f"{name} reads another text than that of the deck")
    text = "".join(_mupdf_texts(exported))
    stage.expect(bool(text.strip()), "the deck has no text that could be compared")
    private = notes_of(0).splitlines()[0]
    stage.expect(private not in text, "the speaker's notes are in the file")
    stage.say(
        "It was taken away as a PDF: the ink as annotations, the text as in the deck "
        f"({', '.join(readers)})."
    )


def _ink_annotations(page: pikepdf.Page) -> int:
    found: Iterable[pikepdf.Object] = page.obj.get("/Annots", pikepdf.Array())
    return sum(str(one.get("/Subtype", "")) == "/Ink" for one in found)


def _mupdf_texts(path: Path) -> list[str]:
    with pymupdf.open(path) as document:
        return [page.get_text() for page in document]


def _poppler_texts(path: Path) -> list[str]:
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return done.stdout.decode().split("\f")


def _open_again(stage: Stage, data_dir: Path, exported: Path) -> None:
    """Open the exported file on another display; its ink is ink there."""
    strokes = sum(len(list(write(word, *PLACE))) for word in WORDS)
    with run_kokuban(stage.server, data_dir, *OPTIONS, is_driven=True) as kokuban:
        kokuban.wait_until_started()
        kokuban.open(exported)
        stage.screen.wait_until(SLIDE, _is_sheet, PATIENCE_S)
        is_back = functools.partial(_has_strokes, kokuban, strokes)
        wait_for(is_back, "the ink did not come back as ink", PATIENCE_S)
        stage.take_picture("4-opened-again")
        stage.expect(kokuban.end() == 0, "it did not end in order")
        stage.expect(not kokuban.complaints(), "; ".join(kokuban.complaints()))
    stage.say(f"Opened on another display, all {strokes} strokes can be written on again.")


def _has_strokes(kokuban: RunningKokuban, wanted: int) -> bool:
    return any(count_strokes(board) == wanted for board in kokuban.boards())
