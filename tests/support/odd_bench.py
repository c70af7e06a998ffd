"""Opens odd documents in the real render processes, and says how each of them ended."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from base.errors import AppError
from benchmarks.processes import family
from whiteboard.model.document import DocumentInfo
from whiteboard.services.rendering.render_pool import Priority, RenderPool

LIMIT_S = 10.0
"""A person has a page or a sentence by then."""
WIDTH_PX = 800
SLOW = (
    "bomb",
    "text-bomb",
    "forms-ten-to-the-tenth",
    "image-gigapixel-real",
    "gigapixel.png",
    "list-of-100000",
    "overlapping",
)
"""Beginnings of names of files that take seconds to make or to refuse."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file ended.

    Attributes:
        name: Of the file.
        said: "page", or the code of the sentence, or "nothing" after `LIMIT_S`.
        took_s: From the ask to that.
    """

    name: str
    said: str
    took_s: float

    @property
    def is_good(self) -> bool:
        """Whether a person got something in time."""
        return self.said != "nothing"


class OddBench:
    """Render processes of its own, and somebody who waits for them."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self._before = set(family(os.getpid()))
        self.pool = RenderPool()
        self.pool.warm_up()
        qtbot.waitUntil(lambda: self.pool.ready == 2, timeout=20_000)

    def show_first_sheet(self, path: Path, password: str = "") -> Ending:
        """Open a file as the board does, and wait for its first sheet."""
        began_s = time.monotonic()
        answers: list[QImage | AppError] = []

        def take(info: DocumentInfo | AppError) -> None:
            if isinstance(info, AppError):
                answers.append(info)
                return
            size = info.sheets[0]
            scale = WIDTH_PX / max(size.width_pt, size.height_pt)
            area = QRect(0, 0, *(max(1, round(side * scale)) for side in
                                 (size.width_pt, size.height_pt)))  # fmt: skip
            self.pool.render(path.name, 0, 0, scale, area, Priority.VISIBLE, answers.append)

        self.pool.open(path.name, path, take, password)
        self._wait(answers)
        took_s = time.monotonic() - began_s
        said = "nothing"
        if answers:
            is_error = isinstance(answers[0], AppError)
            said = answers[0].code.value if is_error else "page"
        self.pool.close(path.name)
        return Ending(path.name, said, took_s)

    def read_everything(self, path: Path) -> list[str]:
        """Ask for words, links and hits of a file; return what was not answered."""
        answers: dict[str, list[object]] = {"open": [], "words": [], "links": [], "search": []}
        self.pool.open(path.name, path, answers["open"].append)
        self.pool.words(path.name, 0, answers["words"].append)
        self.pool.links(path.name, 0, answers["links"].append)
        self.pool.search(path.name, "page", lambda _hits: None, answers["search"].append)
        for kept in answers.values():
            self._wait(kept)
        self.pool.close(path.name)
        return [f"{path.name}: no {what}" for what, kept in answers.items() if not kept]

    def shutdown(self) -> list[int]:
        """End the processes; return those that are there all the same."""
        self.pool.shutdown()
        return sorted(set(family(os.getpid())) - self._before)

    def _wait(self, answers: list[object]) -> None:
        end_s = time.monotonic() + LIMIT_S
        while not answers and time.monotonic() < end_s:
            self._qtbot.wait(5)


def is_slow(name: str) -> bool:
    """Return whether a file is left to the long tests."""
    return name.startswith(SLOW)
