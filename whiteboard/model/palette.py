"""Ink, highlighter and paper colours, on dark and on light boards.

An index keeps its meaning when the background changes: ink 2 is red on every board, but
a red that can be read there. The colours were searched for the greatest smallest
difference between any two, as seen by people with normal sight and with each of the
three colour blindnesses; `tests/whiteboard/model/test_palette.py` holds the bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from base.text import N_
from whiteboard.model.page import Surface

Rgb: TypeAlias = tuple[int, int, int]
"""Red, green, blue, each 0..255, sRGB."""

_FIRST_EXPLICIT: Final = 256


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour to choose.

    Attributes:
        name_dark: Its name on a dark board, a msgid (chalk white is black on white).
        name_light: Its name on a light board, a msgid.
        dark: As it is on a dark board.
        light: As it is on a light board.
    """

    name_dark: str
    name_light: str
    dark: Rgb
    light: Rgb

    def rgb(self, is_dark: bool) -> Rgb:
        """Return the colour for a dark or a light board."""
        return self.dark if is_dark else self.light

    def name(self, is_dark: bool) -> str:
        """Return the msgid of the name for a dark or a light board."""
        return self.name_dark if is_dark else self.name_light


def _rgb(text: str) -> Rgb:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def _swatch(name: str, dark: str, light: str) -> Swatch:
    return Swatch(name, name, _rgb(dark), _rgb(light))


BOARD_RGB: Final = {Surface.BLACKBOARD: _rgb("#24463a"), Surface.WHITE: _rgb("#fbfaf5")}
"""The bare surface of a board."""

INKS: Final = (
    Swatch(N_("White"), N_("Black"), _rgb("#f5f3ec"), _rgb("#17221f")),
    _swatch(N_("Yellow"), "#fee777", "#b08801"),
    _swatch(N_("Red"), "#f26260", "#d44345"),
    _swatch(N_("Blue"), "#77b8fc", "#295edb"),
    _swatch(N_("Green"), "#62eaab", "#2c946d"),
    _swatch(N_("Orange"), "#ee9f2c", "#a25305"),
    _swatch(N_("Purple"), "#b981b5", "#6f0b6b"),
    _swatch(N_("Grey"), "#a2a8a3", "#626b6c"),
)
"""The colours of pen, chalk, shapes, texts and stamps; an item's colour is the index."""

HIGHLIGHTERS: Final = (
    _swatch(N_("Yellow"), "#7d7420", "#fff07a"),
    _swatch(N_("Pink"), "#8a4560", "#ffb3c4"),
    _swatch(N_("Blue"), "#2c6a96", "#9fd8ff"),
    _swatch(N_("Green"), "#2f8350", "#a9e89a"),
)
"""The colours of the highlighter; a highlighter stroke's colour is the index.

They are opaque colours for a blend that leaves ink as it is: darken or multiply on a
light board, lighten or screen on a dark one.
"""

NOTE_PAPERS: Final = (
    _swatch(N_("Yellow"), "#ffee94", "#ffee94"),
    _swatch(N_("Pink"), "#ffc4c9", "#ffc4c9"),
    _swatch(N_("Blue"), "#b4dcfa", "#b4dcfa"),
    _swatch(N_("Green"), "#8fcf93", "#8fcf93"),
    _swatch(N_("White"), "#f8f5ec", "#f8f5ec"),
)
"""The papers of a sticky note; a note's colour is the index. Paper is paper on any board."""

NOTE_INK_RGB: Final = _rgb("#17221f")
"""What is written on a note."""

STAMP_INK: Final = 2
"""The ink of the stamp pad: vermilion."""


def ink_rgb(colour: int, is_dark: bool) -> Rgb:
    """Return an ink colour as it is on a dark or a light board.

    Args:
        colour: Index into `INKS`, or an explicit colour (`base.board_doc`). An index of a
            later version with more inks becomes one of those there are.
        is_dark: Whether the board is dark.
    """
    return _resolve(INKS, colour, is_dark)


def highlighter_rgb(colour: int, is_dark: bool) -> Rgb:
    """Return a highlighter colour, opaque; see `HIGHLIGHTERS` and `ink_rgb`."""
    return _resolve(HIGHLIGHTERS, colour, is_dark)


def note_rgb(colour: int) -> Rgb:
    """Return the colour of a note's paper; see `NOTE_PAPERS` and `ink_rgb`."""
    return _resolve(NOTE_PAPERS, colour, is_dark=False)


def _resolve(swatches: tuple[Swatch, ...], colour: int, is_dark: bool) -> Rgb:
    if colour >= _FIRST_EXPLICIT:
        return colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF
    return swatches[colour % len(swatches)].rgb(is_dark)
