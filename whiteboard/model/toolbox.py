"""From what a person chose to the tool in their hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from whiteboard.model.effects import Asked
from whiteboard.model.eraser_tool import EraserKind, EraserTool, Lookup
from whiteboard.model.lasso_tool import LassoTool
from whiteboard.model.text_marker import PageText
from whiteboard.model.text_marker_tool import TextMarkerTool
from whiteboard.model.tool_choice import INK_TOOLS, ToolChoice, ToolKind
from whiteboard.model.tools import EditTool, InkTool, PointerTool, ShapeTool, StampTool, Tool


@dataclass(frozen=True, slots=True)
class Workbench:
    """What tools need to know of the view they work on.

    Attributes:
        px_per_mm: Logical px per design millimetre.
        lookup: Finds the items of the page that is shown.
        today: Returns the date, for stamps.
        text: Returns the text of the page that is shown; None while it is not known.
    """

    px_per_mm: float
    lookup: Lookup
    today: Callable[[], date]
    text: Callable[[], PageText | None] = field(default=lambda: None)


def make_tool(choice: ToolChoice, bench: Workbench) -> Tool | None:
    """Return the tool of a choice; None for the hand, which moves the page."""
    match choice.tool:
        case tool if tool in INK_TOOLS:
            straightens = tool is not ToolKind.HIGHLIGHTER
            ink = InkTool(choice.ink, straightens=straightens, px_per_mm=bench.px_per_mm)
            if tool is ToolKind.HIGHLIGHTER and choice.follows_text:
                return TextMarkerTool(ink, choice.colour, bench.text)
            return ink
        case ToolKind.ERASER:
            return make_eraser(choice, bench)
        case ToolKind.LASSO:
            return LassoTool(bench.px_per_mm, bench.lookup)
        case ToolKind.SHAPE:
            return ShapeTool(choice.shape, choice.colour, choice.shape_width_pt)
        case ToolKind.TEXT:
            return EditTool(Asked.TEXT, bench.px_per_mm)
        case ToolKind.NOTE:
            return EditTool(Asked.NOTE, bench.px_per_mm)
        case ToolKind.STAMP:
            return StampTool(choice.stamp, choice.colour, bench.today, bench.px_per_mm)
        case ToolKind.POINTER:
            return PointerTool(choice.colour, bench.px_per_mm)
        case _:
            return None


def make_eraser(choice: ToolChoice, bench: Workbench) -> Tool:
    """Return the eraser of a choice, as the eraser tool uses it."""
    return EraserTool(choice.eraser, choice.eraser_radius_mm, bench.px_per_mm, bench.lookup)


def make_palm(choice: ToolChoice, bench: Workbench) -> Tool:
    """Return what palms, eraser ends and barrel buttons wipe with: just what they touch."""
    return EraserTool(EraserKind.AREA, choice.eraser_radius_mm, bench.px_per_mm, bench.lookup)
