"""What can be chosen for a tool: its colours, sizes and kinds, each with its name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from base.board_doc import ShapeKind, StampKind
from base.text import N_
from whiteboard.model.eraser_tool import EraserKind
from whiteboard.model.palette import HIGHLIGHTERS, INKS, NOTE_PAPERS, Swatch
from whiteboard.model.tool_choice import ToolChoice, ToolKind


class Aspect(Enum):
    """What about a tool is chosen."""

    COLOUR = auto()
    SIZE = auto()
    ERASER = auto()
    FOLLOWING = auto()
    SHAPE = auto()
    STAMP = auto()


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose.

    Attributes:
        aspect: What about the tool it is.
        value: A colour index, a place in the row of sizes, or the value of an enum.
        name: Its name, a msgid.
    """

    aspect: Aspect
    value: int
    name: str


ASPECTS: Final = MappingProxyType(
    {
        ToolKind.PEN: (Aspect.COLOUR, Aspect.SIZE),
        ToolKind.CHALK: (Aspect.COLOUR, Aspect.SIZE),
        ToolKind.HIGHLIGHTER: (Aspect.FOLLOWING, Aspect.COLOUR, Aspect.SIZE),
        ToolKind.ERASER: (Aspect.ERASER, Aspect.SIZE),
        ToolKind.SHAPE: (Aspect.SHAPE, Aspect.COLOUR, Aspect.SIZE),
        ToolKind.TEXT: (Aspect.COLOUR, Aspect.SIZE),
        ToolKind.NOTE: (Aspect.COLOUR,),
        ToolKind.STAMP: (Aspect.STAMP, Aspect.COLOUR),
        ToolKind.POINTER: (Aspect.COLOUR,),
    }
)
"""What can be chosen for each tool; a tool that is missing has nothing to choose."""

_SWATCHES: Final[dict[ToolKind, tuple[Swatch, ...]]] = {
    ToolKind.HIGHLIGHTER: HIGHLIGHTERS,
    ToolKind.NOTE: NOTE_PAPERS,
}
_WIDTH_NAMES: Final = (N_("Fine"), N_("Medium"), N_("Thick"), N_("Extra thick"))
_SIZE_NAMES: Final = (N_("Small"), N_("Middle"), N_("Large"), N_("Extra large"))
_ERASER_NAMES: Final = {
    EraserKind.STROKE: N_("Whole lines"),
    EraserKind.AREA: N_("Just there"),
}
_FOLLOWING_NAMES: Final = {
    int(False): N_("By hand"),
    int(True): N_("On text"),
}
_SHAPE_NAMES: Final = {
    ShapeKind.LINE: N_("Line"),
    ShapeKind.ARROW: N_("Arrow"),
    ShapeKind.RECTANGLE: N_("Box"),
    ShapeKind.ELLIPSE: N_("Round"),
    ShapeKind.TRIANGLE: N_("Triangle"),
}
_STAMP_NAMES: Final = {
    StampKind.DATE: N_("Date"),
    StampKind.DONE: N_("Dealt with"),
    StampKind.CHECK: N_("Check"),
    StampKind.STAR: N_("Star"),
}


def options_of(tool: ToolKind, aspect: Aspect, *, is_dark: bool) -> tuple[Option, ...]:
    """Return what can be chosen of one aspect of a tool.

    Args:
        tool: The tool.
        aspect: One of `ASPECTS[tool]`.
        is_dark: Whether the board is dark, where chalk white is what black is on white.
    """
    match aspect:
        case Aspect.COLOUR:
            swatches = _SWATCHES.get(tool, INKS)
            names: dict[int, str] = {i: s.name(is_dark) for i, s in enumerate(swatches)}
        case Aspect.SIZE:
            is_round = tool in (ToolKind.ERASER, ToolKind.TEXT)
            names = dict(enumerate(_SIZE_NAMES if is_round else _WIDTH_NAMES))
        case Aspect.ERASER:
            names = {kind.value: name for kind, name in _ERASER_NAMES.items()}
        case Aspect.FOLLOWING:
            names = dict(_FOLLOWING_NAMES)
        case Aspect.SHAPE:
            names = {kind.value: name for kind, name in _SHAPE_NAMES.items()}
        case Aspect.STAMP:
            names = {kind.value: name for kind, name in _STAMP_NAMES.items()}
    return tuple(Option(aspect, value, name) for value, name in names.items())


def quick_options(choice: ToolChoice, room: int, *, is_dark: bool) -> tuple[Option, ...]:
    """Return the options of the tool in hand that lie in the bar itself.

    Args:
        choice: What is in hand.
        room: How many there is room for, at least 1 where any are wanted.
        is_dark: See `options_of`.

    Returns:
        At most `room` options, the chosen one among them; none for a tool without any.
    """
    aspects = ASPECTS.get(choice.tool, ())
    if not aspects or room < 1:
        return ()
    rows = {aspect: options_of(choice.tool, aspect, is_dark=is_dark) for aspect in aspects}
    if choice.tool is ToolKind.ERASER:
        both = rows[Aspect.ERASER] + rows[Aspect.SIZE]
        return both if len(both) <= room else _kept(choice, rows[Aspect.SIZE], room)
    if choice.tool is ToolKind.HIGHLIGHTER:
        both = rows[Aspect.COLOUR] + rows[Aspect.FOLLOWING]
        return both if len(both) <= room else _kept(choice, rows[Aspect.COLOUR], room)
    first = Aspect.STAMP if choice.tool is ToolKind.STAMP else Aspect.COLOUR
    return _kept(choice, rows[first], room)


def _kept(choice: ToolChoice, row: tuple[Option, ...], room: int) -> tuple[Option, ...]:
    """Return the first options that there is room for; the chosen one is never left out."""
    if len(row) <= room:
        return row
    shown = row[:room]
    if any(is_chosen(choice, option) for option in shown):
        return shown
    chosen = tuple(option for option in row if is_chosen(choice, option))
    return (*row[: room - len(chosen)], *chosen)


def is_chosen(choice: ToolChoice, option: Option) -> bool:
    """Return whether the tool in hand has this option."""
    return taken(choice, option) == _filled(choice)


def taken(choice: ToolChoice, option: Option) -> ToolChoice:
    """Return the choice with an option for the tool in hand."""
    choice = _filled(choice)
    match option.aspect:
        case Aspect.COLOUR:
            return choice.with_colour(option.value)
        case Aspect.SIZE:
            return choice.with_size(option.value)
        case Aspect.ERASER:
            return replace(choice, eraser=EraserKind(option.value))
        case Aspect.FOLLOWING:
            return replace(choice, follows_text=bool(option.value))
        case Aspect.SHAPE:
            return replace(choice, shape=ShapeKind(option.value))
        case Aspect.STAMP:
            return replace(choice, stamp=StampKind(option.value))


def _filled(choice: ToolChoice) -> ToolChoice:
    """Return the choice with the colour and size of the tool in hand spelled out."""
    return choice.with_colour(choice.colour).with_size(choice.size)
