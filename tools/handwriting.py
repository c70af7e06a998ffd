"""Words as a hand writes them: strokes with their order and direction, for demonstrations.

A character is drawn in a box of 100 by 100, y down; a point of a stroke is a place the hand
goes through. Between the points it moves in a smooth curve, unless a point is given twice:
there it stops and turns.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BOX: Final = 100.0
STEPS: Final = 8
"""Points between two places the hand goes through."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A character: how far the next one is, and its strokes."""

    advance: float
    strokes: tuple[tuple[tuple[float, float], ...], ...]


def _letter(advance: float, *strokes: str) -> Letter:
    return Letter(advance, tuple(_points(stroke) for stroke in strokes))


def _points(stroke: str) -> tuple[tuple[float, float], ...]:
    pairs = [pair.split(",") for pair in stroke.split()]
    return tuple((float(x), float(y)) for x, y in pairs)


LETTERS: Final = {
    "黒": _letter(
        112,
        "22,12 22,12 23,46",
        "22,12 22,12 77,12 77,12 76,46",
        "24,29 75,29",
        "23,46 76,46",
        "50,12 50,68",
        "20,57 80,56",
        "7,69 50,68 93,68",
        "17,79 9,93",
        "36,80 40,92",
        "58,80 63,91",
        "78,78 92,92",
    ),
    "板": _letter(
        112,
        "5,33 46,30",
        "27,8 27,8 27,95",
        "27,34 19,54 5,70",
        "29,44 41,57",
        "53,16 93,13",
        "57,16 55,48 49,74 38,92",
        "60,40 84,38 84,38 77,61 65,80 47,94",
        "59,48 69,70 80,84 97,93",
    ),
    "今": _letter(
        108,
        "50,8 34,30 6,48",
        "51,9 66,28 95,45",
        "36,48 63,47",
        "27,64 73,62 73,62 64,80 49,96",
    ),
    "日": _letter(
        100, "26,14 26,14 27,90", "26,14 26,14 75,13 75,13 74,90", "28,50 73,50", "28,86 73,86"
    ),
    "の": _letter(96, "52,26 46,56 32,76 19,72 17,54 28,34 50,24 72,30 82,50 76,70 58,84"),
    "予": _letter(
        108,
        "24,14 74,13 74,13 62,26 50,34",
        "36,26 58,40",
        "10,48 90,46 90,46 80,62",
        "52,48 53,86 53,86 44,92 32,86",
    ),
    "定": _letter(
        112,
        "50,4 50,16",
        "14,20 12,36",
        "14,22 88,20 88,20 80,33",
        "28,42 73,41",
        "51,42 51,88",
        "52,63 76,62",
        "30,58 26,76 8,93",
        "27,74 46,88 68,92 95,91",
    ),
    "K": _letter(66, "12,10 12,10 11,90", "54,12 54,12 14,54 14,54 56,90"),
    "T": _letter(66, "4,13 62,11", "33,12 32,90"),
    "o": _letter(54, "30,46 14,52 8,70 16,87 30,90 44,82 48,66 42,50 28,46"),
    "k": _letter(50, "10,8 10,8 9,90", "42,48 42,48 12,72 12,72 44,90"),
    "u": _letter(58, "9,47 9,72 17,88 31,88 44,74 46,47 46,47 46,76 52,89"),
    "b": _letter(56, "10,8 10,50 10,89 10,89 10,62 26,46 42,54 46,70 38,86 24,91 11,84"),
    "a": _letter(58, "42,54 26,46 11,56 8,74 18,89 32,86 43,68 44,50 44,50 44,76 52,89"),
    "n": _letter(58, "9,47 9,47 9,90 9,90 10,64 24,48 38,50 44,64 44,90"),
    "d": _letter(58, "42,56 28,46 12,56 9,74 18,89 32,86 43,68 44,8 44,8 44,76 52,89"),
    "y": _letter(54, "8,47 12,66 24,76 40,66", "44,47 40,84 28,108 10,110"),
    "0": _letter(58, "30,12 14,26 9,52 15,80 30,90 45,78 50,50 44,24 29,12"),
    "1": _letter(42, "10,28 24,12 24,12 24,90"),
    "3": _letter(56, "12,20 28,11 42,22 38,40 24,47 24,47 42,54 46,74 32,90 10,82"),
    "4": _letter(60, "38,90 38,12 38,12 8,66 8,66 54,64"),
    "5": _letter(56, "14,13 12,46 12,46 30,42 46,56 42,80 26,91 10,84", "14,13 46,11"),
    ":": _letter(30, "14,40 15,42", "14,74 15,76"),
    "-": _letter(52, "10,54 42,53"),
    " ": Letter(40, ()),
}


def width(text: str, height: float) -> float:
    """Return how wide a text is when its letters are `height` high."""
    return sum(LETTERS[letter].advance for letter in text) * height / BOX


def write(text: str, x: float, y: float, height: float, seed: int = 1) -> Iterator[Floats]:
    """Yield the strokes of a text in the order they are written.

    The hand is not quite steady: sizes and places vary with the seed, the same each time.

    Args:
        text: Of the letters in `LETTERS`.
        x: Left edge.
        y: Top edge.
        height: Of a letter with its head and no tail.
        seed: What makes one writing differ from another.

    Yields:
        Shape (n, 2), n >= 2.

    Raises:
        KeyError: there is no such letter.
    """
    chance = random.Random(seed)  # noqa: S311  (a hand, not a secret)
    scale = height / BOX
    for letter in text:
        lift = chance.uniform(-2.0, 2.0)
        for stroke in LETTERS[letter].strokes:
            shaken = np.array(stroke) + [
                (chance.uniform(-0.8, 0.8), lift + chance.uniform(-0.8, 0.8)) for _ in stroke
            ]
            stops = [one == other for one, other in itertools.pairwise(stroke)]
            for place, is_stop in enumerate(stops):
                if is_stop:
                    shaken[place + 1] = shaken[place]
            yield curve(shaken) * scale + (x, y)
        x += LETTERS[letter].advance * scale


def curve(points: Floats) -> Floats:
    """Return the smooth way through points, shape (n, 2); a double point is a corner."""
    pieces = [points[:1]]
    for start, end in _smooth_parts(points):
        part = points[start : end + 1]
        before = np.vstack([2 * part[0] - part[1], part, 2 * part[-1] - part[-2]])
        pieces += [_between(before[i : i + 4]) for i in range(len(part) - 1)]
    return np.vstack(pieces)


def _smooth_parts(points: Floats) -> Iterator[tuple[int, int]]:
    start = 0
    for place in range(1, len(points)):
        is_corner = bool(np.array_equal(points[place], points[place - 1]))
        if is_corner and place - 1 > start:
            yield start, place - 1
        if is_corner:
            start = place
    if start < len(points) - 1:
        yield start, len(points) - 1


def _between(four: Floats) -> Floats:
    """Return the way from the second to the third of four points (Catmull-Rom)."""
    t = np.linspace(0, 1, STEPS + 1)[1:, None]
    p0, p1, p2, p3 = four
    way: Floats = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return way
