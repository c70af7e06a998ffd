"""Which tool a person holds, and with what ink: pure values, changed by plain functions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from base.board_doc import BrushKind, ShapeKind, StampKind
from whiteboard.model.eraser_tool import EraserKind
from whiteboard.model.wet_stroke import InkStyle


class ToolKind(StrEnum):
    """What lies in the tray."""

    PEN = "pen"
    CHALK = "chalk"
    HIGHLIGHTER = "highlighter"
    ERASER = "eraser"
    LASSO = "lasso"
    SHAPE = "shape"
    TEXT = "text"
    NOTE = "note"
    STAMP = "stamp"
    PICTURE = "picture"
    POINTER = "pointer"
    HAND = "hand"


INK_TOOLS: Final = (ToolKind.PEN, ToolKind.CHALK, ToolKind.HIGHLIGHTER)
COLOURED_TOOLS: Final = (*INK_TOOLS, ToolKind.SHAPE, ToolKind.TEXT, ToolKind.NOTE,
                         ToolKind.STAMP, ToolKind.POINTER)  # fmt: skip
"""Tools whose colour can be chosen; NOTE chooses its paper, HIGHLIGHTER its four inks."""

WIDTHS_PT: Final = MappingProxyType(
    {
        ToolKind.PEN: (2.0, 3.5, 6.0, 11.0),
        ToolKind.CHALK: (4.0, 7.0, 11.0, 18.0),
        ToolKind.HIGHLIGHTER: (14.0, 22.0, 32.0, 48.0),
        ToolKind.SHAPE: (2.0, 3.5, 6.0, 11.0),
    }
)
"""The widths to choose from, pt, thin to thick."""
TEXT_SIZES_PT: Final = (18.0, 28.0, 42.0, 64.0)
ERASER_RADII_MM: Final = (5.0, 10.0, 20.0, 40.0)

_BRUSHES: Final = {
    ToolKind.PEN: BrushKind.PEN,
    ToolKind.CHALK: BrushKind.CHALK,
    ToolKind.HIGHLIGHTER: BrushKind.HIGHLIGHTER,
}


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """What a person holds.

    Attributes:
        tool: The tool in hand.
        colours: Ink colour of each tool, where it was chosen; see `colour`.
        sizes: Place in the row of widths or sizes of each tool; see `size`.
        eraser: What the eraser takes.
        follows_text: Whether the highlighter marks the text it lands on.
        shape: Which shape the shape tool draws.
        stamp: Which stamp the stamp tool puts.
    """

    tool: ToolKind = ToolKind.PEN
    colours: MappingProxyType[ToolKind, int] = field(
        default_factory=lambda: MappingProxyType({ToolKind.STAMP: 2, ToolKind.POINTER: 2})
    )
    sizes: MappingProxyType[ToolKind, int] = field(default_factory=lambda: MappingProxyType({}))
    eraser: EraserKind = EraserKind.STROKE
    follows_text: bool = False
    shape: ShapeKind = ShapeKind.RECTANGLE
    stamp: StampKind = StampKind.DONE

    @property
    def colour(self) -> int:
        """Colour of the tool in hand: an ink, highlighter or paper index."""
        return self.colours.get(self.tool, 0)

    @property
    def size(self) -> int:
        """Place of the tool in hand in its row of sizes, 0 to 3."""
        return self.sizes.get(self.tool, 1)

    @property
    def ink(self) -> InkStyle:
        """What an ink tool in hand draws with.

        Raises:
            KeyError: the tool in hand is no ink tool.
        """
        return InkStyle(_BRUSHES[self.tool], self.colour, WIDTHS_PT[self.tool][self.size])

    @property
    def shape_width_pt(self) -> float:
        """Line width of the shape tool."""
        return WIDTHS_PT[ToolKind.SHAPE][self.sizes.get(ToolKind.SHAPE, 1)]

    @property
    def text_size_pt(self) -> float:
        """Letter size of texts."""
        return TEXT_SIZES_PT[self.sizes.get(ToolKind.TEXT, 1)]

    @property
    def eraser_radius_mm(self) -> float:
        """Radius of the eraser on the glass."""
        return ERASER_RADII_MM[self.sizes.get(ToolKind.ERASER, 1)]

    def with_tool(self, tool: ToolKind) -> ToolChoice:
        """Return the choice with another tool in hand."""
        return replace(self, tool=tool)

    def with_colour(self, colour: int) -> ToolChoice:
        """Return the choice with another colour for the tool in hand."""
        return replace(self, colours=MappingProxyType({**self.colours, self.tool: colour}))

    def with_size(self, size: int) -> ToolChoice:
        """Return the choice with another size, 0 to 3, for the tool in hand.

        Raises:
            ValueError: there is no such size.
        """
        if not 0 <= size <= 3:
            raise ValueError(f"size must be 0..3, not {size}")
        return replace(self, sizes=MappingProxyType({**self.sizes, self.tool: size}))
