"""What is printed on a page, as geometry: rules, dots and solids in page space.

A ruling starts at the page's upper left corner and goes on without end to the right and
down. Every coordinate depends on the page alone, never on the part that is asked for, so
tiles that are painted one by one join without a seam.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from whiteboard.model.bounds import Rect
from whiteboard.model.page import DEFAULT_HEIGHT_PT, DEFAULT_WIDTH_PT, Ruling

PT_PER_MM: Final = 72 / 25.4

GRID_PITCH_PT: Final = 5 * PT_PER_MM
GRID_BOLD_EVERY: Final = 5
LINE_PITCH_PT: Final = 8 * PT_PER_MM
FIRST_LINE: Final = 2
"""The first written line stands two pitches below the upper edge."""
DOT_PITCH_PT: Final = 5 * PT_PER_MM
DOT_BOLD_EVERY: Final = 5
DOT_RADIUS_PT: Final = 1.0
STAFF_GAP_PT: Final = 5 * PT_PER_MM
STAFF_LINES: Final = 5
STAFF_TOP_PT: Final = 25 * PT_PER_MM
STAFF_PITCH_PT: Final = 45 * PT_PER_MM

# A manuscript sheet of 20 by 20, one on each 16:9 page: two halves of ten columns, written
# from the right, each column with a narrow one at its right for the furigana.
GENKO_ROWS: Final = 20
GENKO_HALF_COLUMNS: Final = 10
GENKO_CELL_PT: Final = 12 * PT_PER_MM
GENKO_FURIGANA_PT: Final = 5 * PT_PER_MM
GENKO_SPINE_PT: Final = 20 * PT_PER_MM
GENKO_SHEET_PT: Final = (DEFAULT_WIDTH_PT, DEFAULT_HEIGHT_PT)

FINE_PT: Final = 0.6
BOLD_PT: Final = 1.2

_VANISH_PX: Final = 3.0
_FULL_PX: Final = 9.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal or vertical line.

    Attributes:
        x0, y0, x1, y1: From and to, pt; x0 <= x1, y0 <= y1.
        width_pt: Its width.
        strength: 1 is the ruling's full colour, 0 the bare board.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    width_pt: float
    strength: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A round dot at a place in pt; strength as in `Rule`."""

    x: float
    y: float
    radius_pt: float
    strength: float


@dataclass(frozen=True, slots=True)
class Solid:
    """A filled polygon with corners in pt; strength as in `Rule`."""

    corners: tuple[tuple[float, float], ...]
    strength: float


@dataclass(frozen=True, slots=True)
class Print:
    """Everything that is printed on a part of a page."""

    rules: tuple[Rule, ...] = ()
    dots: tuple[Dot, ...] = ()
    solids: tuple[Solid, ...] = ()


def plan_ruling(ruling: Ruling, part: Rect, scale: float) -> Print:
    """Return what is printed on a part of a page.

    Args:
        ruling: Which one.
        part: Nothing that would show inside it is left out.
        scale: Device pixels per pt. What would stand closer than a few pixels fades and
            then goes, so that a page seen from far stays calm.
    """
    reach = max(BOLD_PT, DOT_RADIUS_PT) + 2 / scale
    on_page = part.outset(reach).intersection(Rect(0.0, 0.0, math.inf, math.inf))
    if on_page is None:
        return Print()
    part = on_page
    match ruling:
        case Ruling.GRID:
            return Print(rules=tuple(_grid(part, scale)))
        case Ruling.LINES:
            return Print(rules=tuple(_lines(part, scale)))
        case Ruling.DOTS:
            return Print(dots=tuple(_dots(part, scale)))
        case Ruling.GENKO:
            return _genko(part, scale)
        case Ruling.STAFF:
            return _staff(part, scale)
        case Ruling.NONE:
            return Print()


def fade(pitch_pt: float, scale: float) -> float:
    """Return the strength of marks that stand `pitch_pt` apart."""
    return min(max((pitch_pt * scale - _VANISH_PX) / (_FULL_PX - _VANISH_PX), 0.0), 1.0)


def _steps(start: float, end: float, pitch: float, first: int) -> range:
    """Return the whole multiples of `pitch` in start..end, none before `first`."""
    return range(max(math.ceil(start / pitch), first), math.floor(end / pitch) + 1)


def _grid(part: Rect, scale: float) -> Iterator[Rule]:
    # Bold after fine, so that a bold line is not cut where it is crossed.
    for is_bold in (False, True):
        pitch = GRID_PITCH_PT * (GRID_BOLD_EVERY if is_bold else 1)
        strength = fade(pitch, scale) * (1.0 if is_bold else 0.55)
        width = BOLD_PT if is_bold else FINE_PT
        if strength <= 0:
            continue
        for i in _steps(part.left, part.right, pitch, 1):
            if is_bold or i % GRID_BOLD_EVERY:
                yield Rule(i * pitch, part.top, i * pitch, part.bottom, width, strength)
        for i in _steps(part.top, part.bottom, pitch, 1):
            if is_bold or i % GRID_BOLD_EVERY:
                yield Rule(part.left, i * pitch, part.right, i * pitch, width, strength)


def _lines(part: Rect, scale: float) -> Iterator[Rule]:
    strength = fade(LINE_PITCH_PT, scale) * 0.8
    if strength > 0:
        for i in _steps(part.top, part.bottom, LINE_PITCH_PT, FIRST_LINE):
            y = i * LINE_PITCH_PT
            yield Rule(part.left, y, part.right, y, FINE_PT, strength)


def _dots(part: Rect, scale: float) -> Iterator[Dot]:
    """From far only every fifth dot stays."""
    fine = fade(DOT_PITCH_PT, scale)
    if fine > 0:
        yield from _dot_rows(part, DOT_PITCH_PT, fine)
    if fine < 1:
        pitch = DOT_PITCH_PT * DOT_BOLD_EVERY
        bold = fade(pitch, scale)
        if bold > fine:
            yield from _dot_rows(part, pitch, bold)


def _dot_rows(part: Rect, pitch: float, strength: float) -> Iterator[Dot]:
    columns = _steps(part.left, part.right, pitch, 1)
    for j in _steps(part.top, part.bottom, pitch, 1):
        for i in columns:
            yield Dot(i * pitch, j * pitch, DOT_RADIUS_PT, strength)


def _staff(part: Rect, scale: float) -> Print:
    strength = fade(STAFF_GAP_PT, scale)
    height = (STAFF_LINES - 1) * STAFF_GAP_PT
    rules: list[Rule] = []
    solids: list[Solid] = []
    first = math.floor((part.top - STAFF_TOP_PT - height) / STAFF_PITCH_PT)
    last = math.ceil((part.bottom - STAFF_TOP_PT) / STAFF_PITCH_PT)
    for i in range(max(first, 0), last + 1):
        top = STAFF_TOP_PT + i * STAFF_PITCH_PT
        if strength > 0:
            for j in range(STAFF_LINES):
                y = top + j * STAFF_GAP_PT
                rule = Rule(part.left, y, part.right, y, FINE_PT, strength)
                if _touches(rule, part):
                    rules.append(rule)
        if strength < 1:  # from far a staff is a pale band
            band = 0.25 * (1 - strength)
            solids.append(_box(part.left, top, part.right, top + height, band))
    return Print(rules=tuple(rules), solids=tuple(solids))


def _box(x0: float, y0: float, x1: float, y1: float, strength: float) -> Solid:
    return Solid(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), strength)


def _genko(part: Rect, scale: float) -> Print:
    width, height = GENKO_SHEET_PT
    rules: list[Rule] = []
    solids: list[Solid] = []
    for j in range(math.floor(part.top / height), math.floor(part.bottom / height) + 1):
        for i in range(math.floor(part.left / width), math.floor(part.right / width) + 1):
            sheet = _Sheet(i * width, j * height, scale)
            rules += [rule for rule in sheet.rules() if _touches(rule, part)]
            solids += [solid for solid in sheet.fish_tails() if _lies_in(solid, part)]
    return Print(rules=tuple(rules), solids=tuple(solids))


def _touches(rule: Rule, part: Rect) -> bool:
    return part.intersects(Rect(rule.x0, rule.y0, rule.x1, rule.y1))


def _lies_in(solid: Solid, part: Rect) -> bool:
    xs, ys = zip(*solid.corners, strict=True)
    return part.intersects(Rect(min(xs), min(ys), max(xs), max(ys)))


class _Sheet:
    """One manuscript sheet; x, y is the corner of the page it lies on."""

    def __init__(self, x: float, y: float, scale: float) -> None:
        half = GENKO_HALF_COLUMNS * (GENKO_CELL_PT + GENKO_FURIGANA_PT)
        width, height = 2 * half + GENKO_SPINE_PT, GENKO_ROWS * GENKO_CELL_PT
        self._left = x + (GENKO_SHEET_PT[0] - width) / 2
        self._top = y + (GENKO_SHEET_PT[1] - height) / 2
        self._right, self._bottom = self._left + width, self._top + height
        self._spine = self._left + half
        self._scale = scale

    def rules(self) -> Iterator[Rule]:
        """Yield the lines, the frame last."""
        fine = fade(GENKO_FURIGANA_PT, self._scale)
        for left in (self._left, self._spine + GENKO_SPINE_PT):
            if fine < 1:
                yield from self._columns(left, 1 - fine)
            if fine > 0:
                yield from self._cells(left, 0.75 * fine)
        for x in (self._spine, self._spine + GENKO_SPINE_PT):
            yield self._vertical(x, BOLD_PT, 1.0)
        yield self._vertical(self._left, BOLD_PT, 1.0)
        yield self._vertical(self._right, BOLD_PT, 1.0)
        for y in (self._top, self._bottom):
            yield Rule(self._left, y, self._right, y, BOLD_PT, 1.0)

    def _cells(self, left: float, strength: float) -> Iterator[Rule]:
        pitch = GENKO_CELL_PT + GENKO_FURIGANA_PT
        for column in range(GENKO_HALF_COLUMNS):
            x0, x1 = left + column * pitch, left + column * pitch + GENKO_CELL_PT
            if column:
                yield self._vertical(x0, FINE_PT, strength)
            yield self._vertical(x1, FINE_PT, strength)
            for row in range(1, GENKO_ROWS):
                y = self._top + row * GENKO_CELL_PT
                yield Rule(x0, y, x1, y, FINE_PT, strength)

    def _columns(self, left: float, share: float) -> Iterator[Rule]:
        """From far, one line between two columns stands for all their cells."""
        pitch = GENKO_CELL_PT + GENKO_FURIGANA_PT
        strength = fade(pitch, self._scale) * 0.4 * share
        if strength > 0:
            for column in range(1, GENKO_HALF_COLUMNS):
                x = left + column * pitch - GENKO_FURIGANA_PT / 2
                yield self._vertical(x, FINE_PT, strength)

    def fish_tails(self) -> Iterator[Solid]:
        """Yield the two marks on the spine, along which a sheet is folded.

        Each is a bar and, towards the middle, a block with a notch like a fish's tail.
        """
        x0, x1 = self._spine, self._spine + GENKO_SPINE_PT
        middle, cell = (x0 + x1) / 2, GENKO_CELL_PT
        for y, down in ((self._top + 5 * cell, 1.0), (self._bottom - 5 * cell, -1.0)):
            bar, gap, block, notch = (down * cell * k for k in (0.14, 0.16, 1.1, 0.62))
            yield _box(x0, min(y, y + bar), x1, max(y, y + bar), 1.0)
            top = y + bar + gap
            tail = ((x0, top), (x1, top), (x1, top + block), (middle, top + block - notch))
            yield Solid((*tail, (x0, top + block)), 1.0)

    def _vertical(self, x: float, width: float, strength: float) -> Rule:
        return Rule(x, self._top, x, self._bottom, width, strength)
