"""The act "board": ink is written, survives a power cut, and leaves as PDF, SVG and PNG."""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from base.board_doc import StrokeItem
from base.errors import AppError
from tools.handwriting import Floats, width, write
from tools.running import RunningKokuban, run_kokuban
from tools.stage import ActError, Stage
from tools.x11 import Pixels, Rect
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile

Ink = npt.NDArray[np.bool_]
"""Where ink is, shape (height, width)."""

WORDS: Final = (("黒板", 220.0, 330.0), ("Kokuban", 640.0, 200.0))
"""What is written, the top of it and its height, in px of the display."""
INK_AREA: Final = Rect(400, 190, 1120, 690)
"""What is looked at, with all ink and nothing else: no tools, no notice."""
PATIENCE_S: Final = 10.0
POLL_S: Final = 0.005
EXPORTS: Final = (("PDF", "pdf"), ("Picture (PNG)", "png"), ("Drawing (SVG)", "svg"))
"""The buttons of the sheet, and what comes of them."""
INK_DIFFERENCE: Final = 60
"""Of a channel: what differs more from the board is ink."""
LEAST_SAME_INK: Final = 0.98
LEAST_SAME_EXPORT: Final = 0.8
"""Less than of pictures of one program: others smooth edges in their own way."""
HOMES: Final = tuple(itertools.product(("ja", "en"), ("board", "white")))


def play(stage: Stage) -> None:
    """Play the act.

    Raises:
        ActError: something did not go well.
        EndedError: the application ended by itself.
        TimeoutError: the display did not show what it should.
    """
    with tempfile.TemporaryDirectory(prefix="kokuban-demo-") as folder:
        data_dir = Path(folder)
        before = _write_and_kill(stage, data_dir)
        board = _come_back(stage, data_dir, before)
        shutil.copyfile(board, stage.folder / "board.kokuban")
    _read_exports(stage, before)
    _show_homes(stage)


def _write_and_kill(stage: Stage, data_dir: Path) -> Pixels:
    with run_kokuban(stage.server, data_dir, *_on_board("ja")) as kokuban:
        kokuban.wait_until_started()
        empty = stage.screen.wait_until_still()
        strokes = _strokes()
        for number, stroke in enumerate(strokes, start=1):
            stage.draw(stroke)
            wait_for_strokes(kokuban, number)
        before = stage.take_picture("1-written")
        stage.expect(not np.array_equal(before, empty), "the ink does not show")
        stage.say(
            f"A hand wrote 黒板 and Kokuban: {len(strokes)} strokes, "
            "each in the file before the next began."
        )
        kokuban.kill()
        stage.say("The program was killed, as when the plug is pulled.")
    return before


def _on_board(language: str) -> list[str]:
    return ["--screen", "board", "--size", "1920x1080", "--language", language]


def _strokes() -> list[Floats]:
    found: list[Floats] = []
    for text, top, height in WORDS:
        left = (1920 - width(text, height)) / 2
        found += write(text, left, top, height)
    return found


def wait_for_strokes(kokuban: RunningKokuban, wanted: int) -> None:
    """Return when the file on the disk has that many strokes."""
    end_s = time.monotonic() + PATIENCE_S
    there = -1
    while there != wanted:
        if time.monotonic() > end_s:
            raise ActError(f"{wanted} strokes were written, the file has {max(there, 0)}")
        time.sleep(POLL_S)
        boards = kokuban.boards()
        if boards:
            there = count_strokes(boards[-1])


def count_strokes(path: Path) -> int:
    """Return how many strokes a board has; -1 when it cannot be read just now."""
    numbers = itertools.count()
    try:
        file = BoardFile.open(path, read_only=True)
    except AppError:
        return -1
    board = Board(lambda: f"d{next(numbers)}", file.board_update)
    file.close()
    items = (board.items(page.id).values() for page in board.pages)
    return sum(isinstance(item, StrokeItem) for item in itertools.chain.from_iterable(items))


def _come_back(stage: Stage, data_dir: Path, before: Pixels) -> Path:
    """Start again and look; return the board's file, closed in order."""
    options = _on_board("ja")
    with run_kokuban(stage.server, data_dir, *options, is_driven=True) as kokuban:
        kokuban.wait_until_started()
        ink = _ink(before)
        stage.screen.wait_until(INK_AREA, lambda now: _same_share(_ink(now), ink) > 0, 20)
        after = stage.take_picture("2-after-the-kill")
        same = _same_share(_ink(after), ink)
        stage.expect(same >= LEAST_SAME_INK, f"only {same:.0%} of the ink came back")
        stage.say("Started again, it showed the same board with all its ink.")
        _take_away(stage, kokuban)
        (board,) = kokuban.boards()
        stage.expect(kokuban.end() == 0, "it did not end in order")
        stage.expect(not kokuban.complaints(), "; ".join(kokuban.complaints()))
    wanted = len(_strokes())
    stage.expect(count_strokes(board) == wanted, "the file has lost strokes")
    return board


def _ink(pixels: Pixels) -> Ink:
    """Return where ink is in the watched area, of a picture of it or of the whole display."""
    if pixels.shape[:2] != (INK_AREA.height, INK_AREA.width):
        rows = pixels[INK_AREA.y : INK_AREA.y + INK_AREA.height]
        pixels = rows[:, INK_AREA.x : INK_AREA.x + INK_AREA.width]
    return _differing(pixels)


def _differing(pixels: npt.NDArray[np.uint8]) -> Ink:
    """Return where a picture differs from what most of it is; shape (height, width, 4)."""
    colours = pixels[:, :, :3].astype(np.int16)
    board = np.median(colours, axis=(0, 1))
    found: Ink = (np.abs(colours - board) > INK_DIFFERENCE).any(axis=2)
    return found


def _same_share(now: Ink, then: Ink) -> float:
    """Return how much of the ink of both pictures is in both, 0..1."""
    either = np.count_nonzero(now | then)
    return float(np.count_nonzero(now & then) / either) if either else 0.0


def _take_away(stage: Stage, kokuban: RunningKokuban) -> None:
    """Export by the sheet of the board itself, as somebody in front of it would."""
    exports = kokuban.data_dir / "exports"
    for word, kind in EXPORTS:
        for button in ("More", "Take away", word):
            stage.screen.wait_until_still()
            stage.pointer.click(*kokuban.wait_for_button(button))
        stage.take_picture(f"3-take-away-{kind}")
        stage.pointer.click(*kokuban.wait_for_button("This display"))
        is_there = functools.partial(_has_file, exports, kind)
        wait_for(is_there, f"no {kind} was exported")
    for kind in (kind for _word, kind in EXPORTS):
        (made,) = exports.glob(f"*.{kind}")
        shutil.copyfile(made, stage.folder / f"board.{kind}")


def _has_file(folder: Path, kind: str) -> bool:
    return any(folder.glob(f"*.{kind}"))


def wait_for(is_so: Callable[[], bool], otherwise: str, patience_s: float = PATIENCE_S) -> None:
    """Return when something is so.

    Raises:
        ActError: it is not, in time; says `otherwise`.
    """
    end_s = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > end_s:
            raise ActError(otherwise)
        time.sleep(POLL_S)


def _read_exports(stage: Stage, shown: Pixels) -> None:
    """Look at the exported files with other readers than the program that wrote them."""
    app = QGuiApplication.instance() or QGuiApplication([])
    reference = QImage(str(stage.folder / "board.png"))
    stage.expect(not reference.isNull(), "the PNG cannot be read")
    # At this width a pixel of the picture is one of the display.
    share = _same_share(_ink(_pixels_of(reference)), _ink(shown))
    stage.expect(share >= LEAST_SAME_EXPORT, f"the PNG shows only {share:.0%} of the ink")
    _compare(stage, "the SVG", _render_svg(stage.folder / "board.svg", reference), reference)
    readers = ["Qt for SVG and PNG"]
    if shutil.which("pdftoppm"):
        _compare(
            stage, "the PDF", _render_pdf(stage.folder / "board.pdf", reference), reference
        )
        readers.append("poppler for PDF")
    del app
    stage.say(
        f"It was taken away as PDF, PNG and SVG; others read them ({', '.join(readers)})."
    )


def _compare(stage: Stage, what: str, image: QImage, reference: QImage) -> None:
    """Expect the ink of an exported page where it is on the board."""
    stage.expect(not image.isNull(), f"{what} cannot be read")
    stage.expect(image.size() == reference.size(), f"{what} has another size")
    share = _same_share(_ink_of(image), _ink_of(reference))
    stage.expect(share >= LEAST_SAME_EXPORT, f"{what} shows only {share:.0%} of the ink")


def _ink_of(image: QImage) -> Ink:
    return _differing(_pixels_of(image))


def _pixels_of(image: QImage) -> npt.NDArray[np.uint8]:
    """Return the pixels, shape (height, width, 4)."""
    plain = image.convertToFormat(QImage.Format.Format_RGBX8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1, 4)
    return rows[:, : plain.width()].copy()


def _render_svg(path: Path, reference: QImage) -> QImage:
    image = QImage(reference.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(path.read_bytes())).render(painter)
    painter.end()
    return image


def _render_pdf(path: Path, reference: QImage) -> QImage:
    target = path.with_name("board-pdf-page")
    command = ["pdftoppm", "-png", "-singlefile", "-scale-to-x", str(reference.width())]
    command += ["-scale-to-y", "-1", str(path), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise ActError(f"poppler does not read the PDF: {done.stderr.strip()}")
    return QImage(f"{target}.png")


def _show_homes(stage: Stage) -> None:
    with tempfile.TemporaryDirectory(prefix="kokuban-demo-") as folder:
        for language, theme in HOMES:
            options = ["--language", language, "--theme", theme, "--size", "1920x1080"]
            with run_kokuban(stage.server, Path(folder), *options) as kokuban:
                kokuban.wait_until_started()
                stage.take_picture(f"home-{language}-{'dark' if theme == 'board' else 'white'}")
                stage.expect(kokuban.end() == 0, "it did not end in order")
    stage.say("The home screen spoke Japanese and English, on dark and on white.")
