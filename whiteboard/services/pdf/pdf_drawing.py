"""Ink and marks as PDF operators: what annotations look like and what is drawn into pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import BrushKind, Floats, StrokeItem, unpack_samples
from whiteboard.model.brush import BRUSHES
from whiteboard.model.outline import CentreLine, centre_line, outline_line, refine
from whiteboard.model.palette import Rgb
from whiteboard.model.select import Transform
from whiteboard.services.painting.ink_vectors import DETAIL_PT, GRID_PER_PT, stroke_rgb
from whiteboard.services.pdf.pdf_package import (
    DrawnMark,
    FillMark,
    LineMark,
    Matrix,
    PackedItem,
    PhotoMark,
    RunMark,
)

LINE_DETAIL_PT: Final = 0.4
"""Greatest distance of a written centre line from the true one."""
_BATCH: Final = 400
_GRID_PT: Final = 1 / GRID_PER_PT


@dataclass(frozen=True, slots=True)
class Drawn:
    """One stroke, ready to be written.

    Attributes:
        outline: PDF path operators in grid steps of page space, to be filled by the winding
            rule; without the fill itself.
        bounds: Left, top, right, bottom of the outline, pt.
        line: Its middle, shape (n, 2), pt, n >= 1.
    """

    outline: bytes
    bounds: tuple[float, float, float, float]
    line: Floats


def draw_strokes(strokes: Sequence[StrokeItem]) -> list[Drawn]:
    """Return strokes as outlines and middles, in their order."""
    result: dict[int, Drawn] = {}
    by_brush: dict[BrushKind, list[int]] = {}
    for index, stroke in enumerate(strokes):
        by_brush.setdefault(stroke.brush, []).append(index)
    for brush, indices in by_brush.items():
        for start in range(0, len(indices), _BATCH):
            batch = indices[start : start + _BATCH]
            drawn = _draw_batch([strokes[i] for i in batch], brush)
            result.update(zip(batch, drawn, strict=True))
    return [result[index] for index in range(len(strokes))]


def _draw_batch(strokes: Sequence[StrokeItem], kind: BrushKind) -> Iterator[Drawn]:
    samples, borders = unpack_samples(strokes)
    counts = np.diff(borders)
    width = np.repeat([stroke.width_pt for stroke in strokes], counts)
    measured = np.repeat([float(stroke.has_pressure) for stroke in strokes], counts)
    middle = centre_line(samples, borders, BRUSHES[kind], width, measured)
    shapes = outline_line(refine(middle, DETAIL_PT), DETAIL_PT)
    # A middle as thin as a hair costs readers and the file least; its width is elsewhere.
    thin = CentreLine(middle.points, np.ones_like(middle.half_widths), middle.borders)
    line = refine(thin, LINE_DETAIL_PT)
    grid = np.rint(shapes.points * GRID_PER_PT).astype(np.int64)
    starts = shapes.borders[:-1]
    low = np.minimum.reduceat(grid, starts, axis=0) * _GRID_PT
    high = np.maximum.reduceat(grid, starts, axis=0) * _GRID_PT
    texts = _polygons(grid, shapes.is_start, shapes.borders)
    bounds = np.hstack((low, high)).tolist()
    lines = np.split(line.points, line.borders[1:-1])
    for text, (left, top, right, bottom), points in zip(texts, bounds, lines, strict=True):
        yield Drawn(text, (left, top, right, bottom), points)


def _polygons(
    grid: npt.NDArray[np.int64], is_start: npt.NDArray[np.bool_], borders: npt.NDArray[np.int64]
) -> Iterator[bytes]:
    """Yield the polygons of each stroke as operators.

    One `%` for all points of a stroke: ten times as fast as a string for each.
    """
    for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        own = grid[start:end]
        keep = np.ones(len(own), dtype=np.bool_)
        # Points that fell together on the grid say nothing.
        keep[1:] = (own[1:] != own[:-1]).any(axis=1) | is_start[start + 1 : end]
        own = own[keep]
        sizes = np.diff(np.append(np.flatnonzero(is_start[start:end][keep]), len(own)))
        form = b"".join(b"%d %d m\n" + b"%d %d l\n" * (size - 1) for size in sizes.tolist())
        yield form % tuple(own.ravel().tolist())


def place_operator(place: Matrix) -> bytes:
    """Return the operator that goes into a space."""
    return (" ".join(_number(value) for value in place) + " cm\n").encode()


def grid_place(to_user: Transform) -> Matrix:
    """Return the place of the grid of outlines, given page space to the space of a PDF page."""
    place = matrix_of(to_user)
    a, b, c, d = (value * _GRID_PT for value in place[:4])
    return a, b, c, d, place[4], place[5]


def matrix_of(transform: Transform) -> Matrix:
    """Return a transform as PDF writes it."""
    return (
        transform.xx,
        transform.yx,
        transform.xy,
        transform.yy,
        transform.dx,
        transform.dy,
    )


def fill_colour(rgb: Rgb) -> bytes:
    """Return the operator that chooses a colour to fill with."""
    return f"{colour_numbers(rgb)} rg\n".encode()


def colour_numbers(rgb: Rgb) -> str:
    """Return a colour as the three numbers of DeviceRGB."""
    return " ".join(_number(channel / 255) for channel in rgb)


def blend_name(*, is_dark: bool) -> str:
    """Return how a highlighter mixes with what lies under it.

    Multiply is what other programs do with a highlight, so a print or a merge keeps it; it
    cannot lighten a dark board, where the board's own rule stays.
    """
    return "Lighten" if is_dark else "Multiply"


class Drawing:
    """Operators in the making, and what they need beside them.

    Args:
        to_user: Page space to the space of the PDF page.
        is_dark: Whether the board is dark.

    Attributes:
        parts: The operators so far.
        opacities: Thousandths of opacity that are used.
        blends: Whether a highlighter is used.
        assets: Pictures that are used.
    """

    def __init__(self, to_user: Transform, *, is_dark: bool) -> None:
        self._to_user = to_user
        self._is_dark = is_dark
        self.parts: list[bytes] = []
        self.opacities: set[int] = set()
        self.blends = False
        self.assets: set[bytes] = set()

    def data(self) -> bytes:
        """Return the operators."""
        return b"".join(self.parts)

    def strokes(
        self, strokes: Sequence[tuple[StrokeItem, Drawn]], *, is_one_layer: bool
    ) -> None:
        """Draw strokes, lowest first.

        Args:
            strokes: With their outlines.
            is_one_layer: Whether all are of one ink: a highlighter then does not darken
                itself where strokes cross.
        """
        if not strokes:
            return
        self.parts += (b"q\n", place_operator(grid_place(self._to_user)))
        last: tuple[Rgb, bool] | None = None
        for stroke, drawn in strokes:
            is_highlight = stroke.brush is BrushKind.HIGHLIGHTER
            ink = (stroke_rgb(stroke, is_dark=self._is_dark), is_highlight)
            if ink != last:
                if last is not None and last[1] != is_highlight:
                    self.parts.append(b"/Blend gs\n" if is_highlight else b"/Plain gs\n")
                elif is_highlight and last is None:
                    self.parts.append(b"/Blend gs\n")
                self.blends |= is_highlight
                self.parts.append(fill_colour(ink[0]))
                last = ink
            self.parts.append(drawn.outline)
            if not (is_one_layer and is_highlight):
                self.parts.append(b"f\n")
        if is_one_layer and last is not None and last[1]:
            self.parts.append(b"f\n")
        self.parts.append(b"Q\n")

    def marks(self, marks: Iterable[DrawnMark]) -> None:
        """Draw marks, lowest first."""
        self.parts += (b"q\n", place_operator(matrix_of(self._to_user)), b"1 J 1 j\n")
        for mark in marks:
            match mark:
                case FillMark():
                    self._fill(mark)
                case LineMark():
                    colour = f"{colour_numbers(mark.rgb)} RG {_number(mark.width_pt)} w\n"
                    self.parts += (colour.encode(), mark.path, b"\nS\n")
                case RunMark():
                    self.parts += (fill_colour(mark.rgb), mark.path, b"\nf\n")
                case PhotoMark():
                    self.assets.add(mark.asset)
                    self.parts += (b"q\n", place_operator(_upright(mark.place)))
                    self.parts += (f"/{asset_name(mark.asset)} Do\nQ\n".encode(),)
        self.parts.append(b"Q\n")

    def items(self, items: Sequence[PackedItem], drawn: dict[int, Drawn]) -> None:
        """Draw items, lowest first; `drawn` has the strokes among them by their place."""
        run: list[tuple[StrokeItem, Drawn]] = []
        for place, one in enumerate(items):
            if isinstance(one.item, StrokeItem):
                run.append((one.item, drawn[place]))
                continue
            self.strokes(run, is_one_layer=False)
            run = []
            self.marks(one.marks)
        self.strokes(run, is_one_layer=False)

    def _fill(self, mark: FillMark) -> None:
        step = round(mark.opacity * 1000)
        if step < 1000:
            self.opacities.add(step)
            self.parts.append(f"q /{opacity_name(step)} gs\n".encode())
        self.parts += (fill_colour(mark.rgb), mark.path)
        self.parts.append(b"\nf*\n" if mark.is_even_odd else b"\nf\n")
        if step < 1000:
            self.parts.append(b"Q\n")


def asset_name(sha256: bytes) -> str:
    """Return the name of a picture among the resources."""
    return f"Im{sha256.hex()[:16]}"


def opacity_name(step: int) -> str:
    """Return the name of an opacity, in thousandths, among the resources."""
    return f"O{step}"


def _upright(place: Matrix) -> Matrix:
    """PDF's unit square has its first row of pixels at the top, where y is 1."""
    a, b, c, d, e, f = place
    return a, b, -c, -d, e + c, f + d


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if value else "0"
