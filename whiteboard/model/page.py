"""A page of a board: its place in the row, its size, and what lies under the ink."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from whiteboard.model.document import SheetRef

DEFAULT_WIDTH_PT: Final = 1440.0
DEFAULT_HEIGHT_PT: Final = 810.0
"""16:9, half a metre wide: one page fills the display at zoom 1."""
MAX_SIDE_PT: Final = 1e6
"""No page claims to be larger; only a damaged file says so."""


class Surface(StrEnum):
    """What is written on; decides whether ink takes its dark-board or light-board colours."""

    BLACKBOARD = "blackboard"
    WHITE = "white"


class Ruling(StrEnum):
    """What is printed on the surface."""

    NONE = "none"
    GRID = "grid"
    LINES = "lines"
    DOTS = "dots"
    GENKO = "genko"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Background:
    """A surface and its ruling; in the document as `surface/ruling`."""

    surface: Surface = Surface.BLACKBOARD
    ruling: Ruling = Ruling.NONE

    @property
    def is_dark(self) -> bool:
        """Whether ink on it takes the colours of a dark board."""
        return self.surface is Surface.BLACKBOARD

    def __str__(self) -> str:
        """Return the form in the document."""
        return f"{self.surface.value}/{self.ruling.value}"


def parse_background(text: object) -> Background:
    """Return the background of its form in the document.

    A name of a later version becomes the plain surface, so an old display still shows
    the page.
    """
    surface, _, ruling = str(text).partition("/")
    return Background(
        Surface(surface) if surface in set(Surface) else Surface.BLACKBOARD,
        Ruling(ruling) if ruling in set(Ruling) else Ruling.NONE,
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        id: Stable id.
        order: Place in the row of pages; equal ones go by id.
        background: What lies under the ink.
        width_pt: Nominal width; ink may lie beyond it to the right.
        height_pt: Nominal height; ink may lie beyond it below.
        sheet: The sheet of a document under the ink, None for a page of the board's own.
            Its turns are in the page's size already. Around it the surface is white.
    """

    id: str
    order: float
    background: Background = Background()
    width_pt: float = DEFAULT_WIDTH_PT
    height_pt: float = DEFAULT_HEIGHT_PT
    sheet: SheetRef | None = None


def orders_between(before: float | None, after: float | None, count: int) -> list[float]:
    """Return increasing orders for `count` pages between two (None: the end of the row).

    Raises:
        ValueError: there are not as many numbers between the two; the row must be renumbered.
    """
    if before is None:
        first = 0.0 if after is None else after - count
        return [first + place for place in range(count)]
    if after is None:
        return [before + 1.0 + place for place in range(count)]
    step = (after - before) / (count + 1)
    orders = [before + step * (place + 1) for place in range(count)]
    if not all(a < b for a, b in pairwise([before, *orders, after])):
        raise ValueError("the row of pages must be renumbered")
    return orders
