"""A curtain before a page: how far it is pulled away from each side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto


class Side(Enum):
    """An edge by which the curtain is pulled."""

    TOP = auto()
    """Pulled down: the page comes out line by line."""
    LEFT = auto()
    """Pulled to the right."""
    RIGHT = auto()
    """Pulled to the left: vertical writing comes out line by line."""


@dataclass(frozen=True, slots=True)
class Curtain:
    """What of a view is covered; shares of its width and height.

    Attributes:
        top: How far it is pulled down.
        left: How far it is pulled away from the left.
        right: How far it is pulled away from the right.
    """

    top: float = 0.0
    left: float = 0.0
    right: float = 0.0

    def pulled(self, side: Side, share: float, least: float) -> Curtain:
        """Return it pulled at one side.

        Args:
            side: Which one.
            share: How far from that side of the view, 0 where it hides all.
            least: The share that always stays covered, so that it can be taken hold of.
        """
        match side:
            case Side.TOP:
                return replace(self, top=_between(share, 1.0 - least))
            case Side.LEFT:
                return replace(self, left=_between(share, 1.0 - least - self.right))
            case Side.RIGHT:
                return replace(self, right=_between(share, 1.0 - least - self.left))

    def share(self, side: Side) -> float:
        """Return how far it is pulled at a side."""
        return {Side.TOP: self.top, Side.LEFT: self.left, Side.RIGHT: self.right}[side]

    def frame(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height of what is covered of a view, px."""
        left, top = round(self.left * width), round(self.top * height)
        right = width - round(self.right * width)
        return left, top, max(right - left, 1), max(height - top, 1)


def _between(share: float, most: float) -> float:
    return min(max(share, 0.0), max(most, 0.0))
