"""Strokes for files without pixels: outlines on a grid, so that they can be written short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import BrushKind, StrokeItem
from whiteboard.model.outline import Outlines, outlines
from whiteboard.model.palette import Rgb, highlighter_rgb, ink_rgb

GRID_PER_PT: Final = 20
"""Outlines are written in whole steps of 1/20 pt (18 µm): finer than any printer."""
DETAIL_PT: Final = 0.12
"""Greatest distance of a written outline from the true curve."""


@dataclass(frozen=True, slots=True)
class GridOutline:
    """The outline of one stroke, to be filled by the winding rule.

    Attributes:
        outlines: Of this stroke alone; its points are whole numbers of grid steps.
    """

    outlines: Outlines

    def polygons(self) -> list[npt.NDArray[np.int64]]:
        """Return the closed polygons, each of shape (n, 2), in grid steps."""
        points = self.outlines.points.astype(np.int64)
        return np.split(points, np.flatnonzero(self.outlines.is_start)[1:])


def grid_outlines(
    strokes: Sequence[StrokeItem], left_pt: float, top_pt: float
) -> list[GridOutline]:
    """Return the outlines of strokes, in their order, measured from a corner of the page."""
    result: list[GridOutline | None] = [None] * len(strokes)
    by_brush: dict[BrushKind, list[int]] = {}
    for index, stroke in enumerate(strokes):
        by_brush.setdefault(stroke.brush, []).append(index)
    for indices in by_brush.values():
        shapes = outlines([strokes[i] for i in indices], DETAIL_PT)
        grid = np.rint((shapes.points - (left_pt, top_pt)) * GRID_PER_PT)
        borders = shapes.borders.tolist()
        for index, start, end in zip(indices, borders[:-1], borders[1:], strict=True):
            own = replace(
                shapes,
                points=grid[start:end],
                is_start=shapes.is_start[start:end],
                borders=np.array([0, end - start]),
            )
            result[index] = GridOutline(own)
    return [outline for outline in result if outline is not None]


def stroke_rgb(stroke: StrokeItem, *, is_dark: bool) -> Rgb:
    """Return the colour of a stroke; a highlighter's is meant for `darken` or `lighten`."""
    if stroke.brush is BrushKind.HIGHLIGHTER:
        return highlighter_rgb(stroke.colour, is_dark)
    return ink_rgb(stroke.colour, is_dark)
