"""The round window of the spotlight: where it is, and how fingers move and resize it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

Place: TypeAlias = tuple[float, float]

MOST_SHARE: Final = 0.6
"""Of the view's shorter side: the largest radius."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A round window in a view.

    Attributes:
        x: Of its middle, view px.
        y: Of its middle, view px.
        radius: View px.
        least: The smallest radius, view px.
    """

    x: float
    y: float
    radius: float
    least: float

    def contains(self, place: Place) -> bool:
        """Return whether a place is in the light."""
        return math.dist(place, (self.x, self.y)) <= self.radius

    def moved_to(self, place: Place) -> Spot:
        """Return it with its middle at a place."""
        return replace(self, x=place[0], y=place[1])

    def dragged(self, before: Place, after: Place) -> Spot:
        """Return it moved as one finger went."""
        return replace(self, x=self.x + after[0] - before[0], y=self.y + after[1] - before[1])

    def pinched(self, before: tuple[Place, Place], after: tuple[Place, Place]) -> Spot:
        """Return it moved and resized as two fingers went."""
        apart = max(math.dist(*before), 1.0)
        middle_before, middle_after = _middle(*before), _middle(*after)
        moved = self.dragged(middle_before, middle_after)
        return replace(moved, radius=self.radius * math.dist(*after) / apart)

    def reaching(self, place: Place) -> Spot:
        """Return it just large enough for its edge to pass through a place."""
        return replace(self, radius=math.dist(place, (self.x, self.y)))

    def within(self, width: float, height: float) -> Spot:
        """Return it with its middle inside a view, neither too small nor too large."""
        most = max(min(width, height) * MOST_SHARE, self.least)
        return replace(
            self,
            x=min(max(self.x, 0.0), width),
            y=min(max(self.y, 0.0), height),
            radius=min(max(self.radius, self.least), most),
        )

    def handle(self, width: float, height: float, margin: float) -> Place:
        """Return where on the edge its handle is: on a diagonal that lies inside the view.

        Args:
            width: Of the view.
            height: Of the view.
            margin: How far the handle keeps from the view's border.
        """
        reach = self.radius * math.sqrt(0.5)
        for across, down in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            x, y = self.x + across * reach, self.y + down * reach
            if margin <= x <= width - margin and margin <= y <= height - margin:
                return x, y
        return min(max(self.x + reach, margin), width - margin), min(
            max(self.y + reach, margin), height - margin
        )


def _middle(one: Place, other: Place) -> Place:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
