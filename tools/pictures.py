"""Takes the pictures of every screen into docs/pictures/: `make pictures`.

The real application shows boards of `tools.sample_boards` on virtual displays, in both
languages and both colours; each touch is a touch. Those of the consultation rooms come from
`tools.room_pictures`. A picture that would be larger than
`MOST_BYTES`, or all of them than `MOST_BYTES_TOGETHER`, fails the run.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtGui import QGuiApplication, QImage

from tools import room_pictures
from tools.running import ROOT, RunningKokuban, run_kokuban
from tools.sample_boards import write_main_board, write_other_boards, write_slides_board
from tools.sample_documents import KINDS
from tools.x11 import Pixels, Pointer, Screen, start_xvfb
from whiteboard.model.page import Surface

FOLDER: Final = ROOT / "docs" / "pictures"
QUALITY: Final = 75
"""Of the WebP: edges of letters stay clean, the grain of the board costs little."""
MOST_BYTES: Final = 250_000
MOST_BYTES_TOGETHER: Final = 4_000_000
STILL_S: Final = 0.35
"""Longer than the slide of a sheet lasts, shorter than a caret is on."""
FULL_HD: Final = (1920, 1080)
ULTRA_HD: Final = (3840, 2160)


@dataclass(frozen=True, slots=True)
class Occasion:
    """How the display is set up for some pictures.

    Attributes:
        language: "ja" or "en".
        is_dark: Whether boards and screens are.
        size_px: Of the display.
        screens: Which pictures; None for all.
    """

    language: str
    is_dark: bool
    size_px: tuple[int, int] = FULL_HD
    screens: frozenset[str] | None = None


SAMPLES: Final = (
    ("photos", 2, {"ja": "まつりの写真", "en": "Festival photos"}),
    ("drawings", 1, {"ja": "庁舎の図面", "en": "Town hall plans"}),
    ("report", 3, {"ja": "年次報告", "en": "Annual report"}),
    ("slides", 6, {"ja": "防災計画の説明", "en": "Safety plan"}),
)
"""Kind, pages and name of the documents that were opened, the last one written on."""

OCCASIONS: Final = (
    *(Occasion(*way) for way in itertools.product(("ja", "en"), (True, False))),
    Occasion("ja", True, ULTRA_HD, frozenset({"board", "home"})),
    Occasion("en", False, ULTRA_HD, frozenset({"board"})),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FOLDER)
    folder = parser.parse_args(arguments).output
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QGuiApplication.instance() or QGuiApplication([])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    for occasion in OCCASIONS:
        _take(occasion, folder)
    del app
    room_pictures.take_all(folder)
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.webp"))}
    too_large = [name for name, size in sizes.items() if size > MOST_BYTES]
    together = sum(sizes.values())
    print(f"{len(sizes)} pictures, {together / 1e6:.2f} MB, in {folder}")
    if too_large or together > MOST_BYTES_TOGETHER:
        print(f"too large: {', '.join(too_large) or 'all of them together'}")
        return 1
    return 0


def _take(occasion: Occasion, folder: Path) -> None:
    width, height = occasion.size_px
    surface = Surface.BLACKBOARD if occasion.is_dark else Surface.WHITE
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-pictures-") as data,
        start_xvfb(width, height) as server,
        Pointer(server) as pointer,
        Screen(server) as screen,
    ):
        boards = Path(data) / "boards"
        boards.mkdir()
        write_other_boards(boards, occasion.language, surface)
        write_main_board(boards / "main.kokuban", occasion.language, surface)
        samples = _write_samples(Path(data) / "samples", occasion.language)
        write_slides_board(Path(data) / "slides.kokuban", occasion.language, samples[-1])
        options = ["--language", occasion.language, "--size", f"{width}x{height}"]
        options += ["--theme", "board" if occasion.is_dark else "white", "--screen", "board"]
        options += ["--board-surface", surface.value]
        with run_kokuban(server, Path(data), *options, is_driven=True) as running:
            running.wait_until_started()
            photographer = _Photographer(running, pointer, screen, occasion, folder)
            photographer.take_all()
            photographer.take_documents(samples, Path(data) / "slides.kokuban")


def _write_samples(folder: Path, language: str) -> list[Path]:
    folder.mkdir()
    made = []
    for kind, pages, names in SAMPLES:
        path = folder / f"{names[language]}{KINDS[kind].suffix}"
        KINDS[kind].write(path, pages, 1)
        made.append(path)
    return made


class _Photographer:
    """Walks through the screens and takes those that are wanted."""

    def __init__(
        self,
        running: RunningKokuban,
        pointer: Pointer,
        screen: Screen,
        occasion: Occasion,
        folder: Path,
    ) -> None:
        self._running, self._pointer, self._screen = running, pointer, screen
        self._occasion, self._folder = occasion, folder

    def take_all(self) -> None:
        # Each board is seen once, so that the list has its picture.
        boards = self._running.data_dir / "boards"
        for board in [*sorted(boards.glob("board-*.kokuban")), boards / "main.kokuban"]:
            self._rest()
            self._running.open(board)
        self._shoot("board")
        self._touch("Chalk", "Change")
        self._shoot("tools")
        self._touch("Close", "Pages")
        self._shoot("pages")
        self._touch("Close", "More")
        self._shoot("more")
        self._touch("Two people")
        self._pointer.tap_key("Escape")
        self._shoot("split")
        self._touch("More", "Boards")
        self._shoot("boards")
        self._touch("Home")
        self._shoot("home")
        self._touch("Settings")
        self._shoot("settings")

    def take_documents(self, documents: Sequence[Path], board: Path) -> None:
        """Take the screens of documents.

        Args:
            documents: All are opened, so that the display remembers them.
            board: A board on one of them, with ink.
        """
        self._running.open(board)
        self._shoot("document")
        self._touch("More", "Take away")
        self._shoot("take-away")
        self._pointer.tap_key("Escape")
        for document in documents:
            before = len(self._running.boards())
            self._running.open(document)
            while len(self._running.boards()) == before:
                self._rest()
            # Its first page is remembered as it is seen.
            self._running.wait_for_button("More")
            self._rest()
        self._touch("Home", "Documents")
        self._shoot("documents")

    def _touch(self, *words: str) -> None:
        for word in words:
            self._rest()
            self._pointer.click(*self._running.wait_for_button(word))

    def _rest(self) -> Pixels:
        self._pointer.sync()
        return self._screen.wait_until_still(still_s=STILL_S)

    def _shoot(self, name: str) -> None:
        wanted = self._occasion.screens
        if wanted is not None and name not in wanted:
            return
        colours = "dark" if self._occasion.is_dark else "light"
        size = "-4k" if self._occasion.size_px == ULTRA_HD else ""
        path = self._folder / f"{name}-{self._occasion.language}-{colours}{size}.webp"
        _write_webp(path, self._rest())


def _write_webp(path: Path, pixels: Pixels) -> None:
    rows = np.ascontiguousarray(pixels)
    height, width = rows.shape[:2]
    image = QImage(rows.data, width, height, width * 4, QImage.Format.Format_RGBX8888)
    if not image.save(str(path), "WEBP", QUALITY):  # type: ignore[call-overload]
        raise OSError(f"{path} was not written")


if __name__ == "__main__":
    sys.exit(main())
