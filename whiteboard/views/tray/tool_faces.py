"""The word and the icon of each tool."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from base.text import N_
from whiteboard.model.tool_choice import ToolKind

TOOL_FACES: Final = MappingProxyType(
    {
        ToolKind.PEN: (N_("Pen"), "pen"),
        ToolKind.CHALK: (N_("Chalk"), "chalk"),
        ToolKind.HIGHLIGHTER: (N_("Marker"), "highlighter"),
        ToolKind.ERASER: (N_("Eraser"), "eraser"),
        ToolKind.LASSO: (N_("Select"), "lasso"),
        ToolKind.SHAPE: (N_("Shapes"), "shapes"),
        ToolKind.TEXT: (N_("Text"), "type"),
        ToolKind.NOTE: (N_("Note"), "sticky-note"),
        ToolKind.STAMP: (N_("Stamp"), "stamp"),
        ToolKind.PICTURE: (N_("Picture"), "image"),
        ToolKind.POINTER: (N_("Pointer"), "pointer"),
        ToolKind.HAND: (N_("Hand"), "hand"),
    }
)
"""Word (a msgid) and icon of each tool."""

TOOL_HINTS: Final = MappingProxyType(
    {
        ToolKind.LASSO: N_("Draw a loop round what you want to move or change."),
        ToolKind.PICTURE: N_("Choose a picture to put on the board."),
        ToolKind.HAND: N_("Drag the page. Spread two fingers to see it larger."),
    }
)
"""What to do with a tool that has nothing to choose."""
