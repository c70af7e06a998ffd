"""What every act of the demonstration plays on: a display, a hand, and a folder of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tools.x11 import Pixels, Pointer, Screen, XServer, write_png

WRITING_HZ = 250.0
"""Rate of the pen's reports."""
WRITING_PX = 7.0
"""Way of the pen between two reports: a brisk hand, on a display of 1.4 px a mm."""


class ActError(Exception):
    """What was to be shown did not happen; the text says it in a sentence."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A display, a hand and a folder.

    Attributes:
        server: The display.
        pointer: The hand.
        screen: What is seen on the display.
        folder: Where pictures and files go; empty at first.
    """

    server: XServer
    pointer: Pointer
    screen: Screen
    folder: Path

    def say(self, sentence: str) -> None:
        """Tell the person who watches what has been done."""
        print(f"  {sentence}", flush=True)

    def take_picture(self, name: str) -> Pixels:
        """Keep what the display shows once it has come to rest, and return it."""
        self.pointer.sync()
        pixels = self.screen.wait_until_still(still_s=0.4)
        write_png(self.folder / f"{name}.png", pixels)
        return pixels

    def draw(self, points: npt.NDArray[np.float64]) -> None:
        """Draw a stroke, shape (n, 2) in px of the display."""
        whole = [(round(x), round(y)) for x, y in evenly_spaced(points, WRITING_PX).tolist()]
        self.pointer.stroke(whole, WRITING_HZ)

    def expect(self, is_so: bool, otherwise: str) -> None:
        """Go on only when something is so.

        Raises:
            ActError: it is not.
        """
        if not is_so:
            raise ActError(otherwise)


def evenly_spaced(points: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.float64]:
    """Return points on the same way, about `distance` apart; shapes (n, 2), n >= 2."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    along = np.linspace(0.0, way[-1], max(round(way[-1] / distance), 1) + 1)
    return np.column_stack([np.interp(along, way, points[:, axis]) for axis in (0, 1)])
