"""The text under a page, as a marker that follows it sees it: letters in lines.

A hand that marks starts on a line and goes on over the text, roughly. What lies between is
taken in the order of the text: whole words where words have spaces, letters in Japanese.
Everything is in page space, so the text of a turned sheet runs as it is seen.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import numpy as np

from base.board_doc import BrushKind, StrokeItem
from whiteboard.model.bounds import Rect, united
from whiteboard.model.document import Word
from whiteboard.model.select import Transform
from whiteboard.model.text_folding import is_wide

_REACH: Final = 0.35
"""A hand starts on a line this share of its height beside it at most."""
_HOLD: Final = 0.8
"""A hand that drifts stays on its line until it is this share of its height beside it."""
_UPRIGHT_RATIO: Final = 1.5
"""A word of several letters that is so much taller than wide is written downwards."""
_COLUMN_GAP: Final = 0.15
"""Letters of a column are this share of their size apart, or beside each other, at most."""
_ROUND_SHARE: Final = 0.3
"""The round ends of a mark begin this share of its width inside the letters."""
_LEAST_STEP_PT: Final = 0.5
_MARK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Unit:
    """What is marked as a whole: a word, or a letter of a script without spaces.

    Attributes:
        text: Its letters.
        box: Where it is, page space.
        begins_word: Whether a word of the file begins here.
    """

    text: str
    box: Rect
    begins_word: bool


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text.

    Attributes:
        units: In the order of the text, at least one.
        box: Around all of them, page space.
        is_upright: Whether it runs downwards (or upwards) instead of across.
    """

    units: tuple[Unit, ...]
    box: Rect
    is_upright: bool

    @property
    def thickness_pt(self) -> float:
        """How thick the line is across its direction."""
        return self.box.width if self.is_upright else self.box.height

    def away_pt(self, x_pt: float, y_pt: float) -> float:
        """Return how far a place is beside the line, across its direction; 0 on it."""
        if self.is_upright:
            return _outside(x_pt, self.box.left, self.box.right)
        return _outside(y_pt, self.box.top, self.box.bottom)

    def unit_at(self, x_pt: float, y_pt: float) -> int:
        """Return the place in the line of the unit nearest to a place of the page."""
        return min(
            range(len(self.units)),
            key=lambda place: _distance_pt(self.units[place].box, x_pt, y_pt),
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """A unit of the text: its line and its place there, both from 0."""

    line: int
    unit: int


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """The part of a line that is marked.

    Attributes:
        box: Where it is, as thick as the line; page space.
        is_upright: See `TextLine`.
        text: Its words.
    """

    box: Rect
    is_upright: bool
    text: str


class PageText:
    """The text of one page; see `text_of`.

    Args:
        lines: In the order of the text.
    """

    def __init__(self, lines: Sequence[TextLine]) -> None:
        self.lines = tuple(lines)
        self._whole: dict[int, MarkedLine] = {}
        # Lines by their upper edge: a hand is looked for among those around it.
        self._by_top = sorted(range(len(lines)), key=lambda place: lines[place].box.top)
        self._tops = [lines[place].box.top for place in self._by_top]
        self._tallest_pt = max((line.box.height for line in lines), default=0.0)

    def spot_at(self, x_pt: float, y_pt: float) -> Spot | None:
        """Return the unit that a hand lands on; None beside the text."""
        best: tuple[float, int] | None = None
        for place in self._near(y_pt):
            line = self.lines[place]
            reach = _REACH * line.thickness_pt
            if line.box.outset(reach).contains_point(x_pt, y_pt):
                found = (_distance_pt(line.box, x_pt, y_pt), place)
                best = found if best is None else min(best, found)
        if best is None:
            return None
        return Spot(best[1], self.lines[best[1]].unit_at(x_pt, y_pt))

    def spot_near(self, x_pt: float, y_pt: float, last: Spot) -> Spot:
        """Return the unit that a hand has gone to, on the text or beside it.

        Args:
            x_pt: Where it is on the page.
            y_pt: The same, downwards.
            last: Where it was: a hand that drifts a little stays on its line.
        """
        line = self.lines[last.line]
        if line.away_pt(x_pt, y_pt) <= _HOLD * line.thickness_pt and not self._is_beyond(
            line, x_pt, y_pt
        ):
            return Spot(last.line, line.unit_at(x_pt, y_pt))
        place = min(
            range(len(self.lines)),
            key=lambda place: _distance_pt(self.lines[place].box, x_pt, y_pt),
        )
        return Spot(place, self.lines[place].unit_at(x_pt, y_pt))

    def between(self, one: Spot, other: Spot) -> tuple[MarkedLine, ...]:
        """Return what lies between two units, both included, line by line."""
        first, last = sorted((one, other), key=lambda spot: (spot.line, spot.unit))
        ends = self.lines[first.line], self.lines[last.line]
        marked = []
        for place in range(first.line, last.line + 1):
            line = self.lines[place]
            if place not in (first.line, last.line) and not _lies_between(line, *ends):
                continue
            begin = first.unit if place == first.line else 0
            end = last.unit + 1 if place == last.line else len(line.units)
            is_whole = begin == 0 and end == len(line.units)
            units = line.units[begin:end]
            marked.append(self._whole_line(place) if is_whole else _marked(line, units))
        return tuple(marked)

    def words_under(self, areas: Iterable[Rect]) -> str:
        """Return the text whose letters have their middle in one of some areas."""
        wanted = tuple(areas)
        found = []
        for line in self.lines:
            near = [area for area in wanted if area.intersects(line.box)]
            units = [
                unit
                for unit in line.units
                if any(a.contains_point(*unit.box.centre) for a in near)
            ]
            if units:
                found.append(_written(units))
        return "\n".join(found)

    def _whole_line(self, place: int) -> MarkedLine:
        """Return a line that is marked as a whole; made once, a hand asks at each move."""
        marked = self._whole.get(place)
        if marked is None:
            line = self.lines[place]
            marked = self._whole[place] = _marked(line, line.units)
        return marked

    def _near(self, y_pt: float) -> Iterable[int]:
        """Return the lines that may reach down to a height of the page."""
        reach = self._tallest_pt * (1 + _REACH)
        first = bisect_right(self._tops, y_pt - reach - self._tallest_pt)
        last = bisect_right(self._tops, y_pt + reach)
        return self._by_top[first:last]

    def _is_beyond(self, line: TextLine, x_pt: float, y_pt: float) -> bool:
        """Return whether a place is past the end of a line, on another one in its row."""
        if line.box.outset(line.thickness_pt).contains_point(x_pt, y_pt):
            return False
        other = self.spot_at(x_pt, y_pt)
        return other is not None and self.lines[other.line] is not line


def text_of(words: Sequence[Word], to_page: Transform) -> PageText:
    """Return the text of a page.

    Args:
        words: Of its sheet, in the order of the text.
        to_page: From sheet space to page space, by quarter turns.
    """
    is_turned = to_page.xx == 0.0
    lines = _joined([tuple(group) for _line, group in groupby(words, key=_line_of)])
    clear = [upright for line in lines if (upright := _runs_down(line)) is not None]
    most_run_down = sum(clear) * 2 > len(clear)
    made = []
    for line in lines:
        runs_down = _runs_down(line)
        is_upright = most_run_down if runs_down is None else runs_down
        units = [unit for word in line for unit in _units(word, is_upright)]
        boxes = to_page_boxes([unit.box for unit in units], to_page)
        placed = tuple(
            Unit(unit.text, box, unit.begins_word)
            for unit, box in zip(units, boxes, strict=True)
        )
        around = united(boxes)
        if around is not None and min(around.width, around.height) > 0:
            made.append(TextLine(placed, around, is_upright is not is_turned))
    return PageText(made)


def to_page_boxes(boxes: Sequence[Rect], to_page: Transform) -> list[Rect]:
    """Return where boxes are after a transform by quarter turns."""
    if not boxes or to_page == Transform():
        return list(boxes)
    corners = np.array([((b.left, b.top), (b.right, b.bottom)) for b in boxes])
    moved = to_page.points(corners.reshape(-1, 2)).reshape(-1, 2, 2)
    low, high = moved.min(axis=1).tolist(), moved.max(axis=1).tolist()
    return [Rect(*a, *b) for a, b in zip(low, high, strict=True)]


def mark_strokes(marked: Sequence[MarkedLine], colour: int) -> tuple[StrokeItem, ...]:
    """Return the highlighter strokes that cover marked lines; page and author are left open."""
    return tuple(_stroke(line, colour) for line in marked)


def marked_text(marked: Sequence[MarkedLine]) -> str:
    """Return the words that are marked, line by line."""
    return "\n".join(line.text for line in marked)


def _stroke(line: MarkedLine, colour: int) -> StrokeItem:
    box = line.box
    width = box.width if line.is_upright else box.height
    (x0, y0), (x1, y1) = _ends(line, width * _ROUND_SHARE)
    samples = np.zeros((2, 5))
    samples[0, :2], samples[1, :2] = (x0, y0), (x1, y1)
    samples[:, 2] = 0.5
    samples[1, 3] = _MARK_S
    return StrokeItem.from_samples(
        samples,
        page="-",
        z=0.0,
        author="",
        brush=BrushKind.HIGHLIGHTER,
        colour=colour,
        width_pt=width,
        has_pressure=False,
    )


def _ends(line: MarkedLine, inset_pt: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the middle line of a mark begins and ends; never in one place."""
    box, (x, y) = line.box, line.box.centre
    if line.is_upright:
        half = max(box.height / 2 - inset_pt, _LEAST_STEP_PT / 2)
        return (x, y - half), (x, y + half)
    half = max(box.width / 2 - inset_pt, _LEAST_STEP_PT / 2)
    return (x - half, y), (x + half, y)


def _line_of(word: Word) -> int:
    return word.line


def _joined(lines: Sequence[Sequence[Word]]) -> list[Sequence[Word]]:
    """Join the letters of columns: text that is written downwards comes as a line for each."""
    joined: list[list[Word]] = []
    for line in lines:
        if joined and len(line) == 1 and stands_below(joined[-1][-1].box, line[0].box):
            is_column = len(joined[-1]) == 1 or joined[-1][0].line != joined[-1][-1].line
            if is_column and len(line[0].text) == 1 and len(joined[-1][-1].text) == 1:
                joined[-1].append(line[0])
                continue
        joined.append(list(line))
    return list(joined)


def stands_below(upper: Rect, lower: Rect) -> bool:
    """Return whether two letters follow each other in a column, without a gap."""
    size = max(upper.width, lower.width)
    is_close = abs(lower.top - upper.bottom) <= _COLUMN_GAP * max(upper.height, lower.height)
    centres = abs(upper.centre[0] - lower.centre[0])
    return is_close and size > 0 and centres <= _COLUMN_GAP * size


def _runs_down(line: Sequence[Word]) -> bool | None:
    """Return whether a line is written downwards; None where its shape does not tell."""
    around = united(word.box for word in line)
    letters = sum(len(word.text) for word in line)
    if around is None or letters < 2:
        return None
    if around.height > around.width * _UPRIGHT_RATIO:
        return True
    return False if around.width > around.height * _UPRIGHT_RATIO else None


def _units(word: Word, is_upright: bool) -> list[Unit]:
    """Return a word's parts: letters of Japanese are all of one width, so they part evenly."""
    count = len(word.text)
    if count < 2 or not all(is_wide(letter) for letter in word.text):
        return [Unit(word.text, word.box, True)]
    box = word.box
    borders = [place / count for place in range(count + 1)]
    parts = []
    for letter, (begin, end) in zip(word.text, pairwise(borders), strict=True):
        if is_upright:
            top = box.top
            part = Rect(box.left, top + begin * box.height, box.right, top + end * box.height)
        else:
            left = box.left
            part = Rect(left + begin * box.width, box.top, left + end * box.width, box.bottom)
        parts.append(Unit(letter, part, begin == 0.0))
    return parts


def _marked(line: TextLine, units: Sequence[Unit]) -> MarkedLine:
    around = united(unit.box for unit in units) or line.box
    # As thick as the whole line, so that small letters get no thinner mark.
    if line.is_upright:
        box = Rect(line.box.left, around.top, line.box.right, around.bottom)
    else:
        box = Rect(around.left, line.box.top, around.right, line.box.bottom)
    return MarkedLine(box, line.is_upright, _written(units))


def _written(units: Sequence[Unit]) -> str:
    text = units[0].text
    for before, unit in pairwise(units):
        has_space = unit.begins_word and not (is_wide(before.text[-1]) or is_wide(unit.text[0]))
        text += f" {unit.text}" if has_space else unit.text
    return text


def _lies_between(line: TextLine, one: TextLine, other: TextLine) -> bool:
    """Return whether a line lies where the eye goes from one line to another.

    The order of a file may have notes, page numbers and other columns in between. Where both
    lines stand in one column, what stands outside of what they span is left out.
    """
    if line.is_upright is not one.is_upright or one.is_upright is not other.is_upright:
        return False
    if not _share_column(one, other):
        return True
    span = one.box.union(other.box)
    x, y = line.box.centre
    if one.is_upright:
        return span.left <= x <= span.right
    return span.top <= y <= span.bottom


def _share_column(one: TextLine, other: TextLine) -> bool:
    if one.is_upright:
        return one.box.top <= other.box.bottom and other.box.top <= one.box.bottom
    return one.box.left <= other.box.right and other.box.left <= one.box.right


def _outside(value: float, low: float, high: float) -> float:
    return max(low - value, value - high, 0.0)


def _distance_pt(box: Rect, x_pt: float, y_pt: float) -> float:
    across = _outside(x_pt, box.left, box.right)
    down = _outside(y_pt, box.top, box.bottom)
    return math.hypot(across, down)
