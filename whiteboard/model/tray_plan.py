"""Which tools lie in the tray, and which have to wait in the drawer beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from whiteboard.model.tool_choice import ToolKind

TRAY_ORDER: Final = tuple(ToolKind)
"""All tools as they lie in the tray."""
_BY_NEED: Final = (
    ToolKind.PEN,
    ToolKind.ERASER,
    ToolKind.CHALK,
    ToolKind.HIGHLIGHTER,
    ToolKind.LASSO,
    ToolKind.HAND,
    ToolKind.SHAPE,
    ToolKind.TEXT,
    ToolKind.NOTE,
    ToolKind.POINTER,
    ToolKind.STAMP,
    ToolKind.PICTURE,
)
_QUICK: Final = (8, 6, 5, 4)
_FEW_TOOLS: Final = 5
_FEWEST_TOOLS: Final = 2


@dataclass(frozen=True, slots=True)
class TraySizes:
    """What the parts of the tray take along its length, all in one unit.

    Attributes:
        fixed: Grip, undo, redo, menu, edges and the distances between groups.
        tool: One row of tools with the gap behind it.
        quick: One row of quick options with the gap behind it.
        change: What the field of quick options takes besides its rows.
        lanes: How many tools or options lie side by side in a row, at least 1.
    """

    fixed: float
    tool: float
    quick: float
    change: float
    lanes: int


@dataclass(frozen=True, slots=True)
class TrayPlan:
    """What lies in the tray.

    Attributes:
        tools: In their order.
        hidden: The others; a button that shows them lies in the tray when there are any.
        quick: How many quick options there is room for; 0 leaves out their field.
    """

    tools: tuple[ToolKind, ...]
    hidden: tuple[ToolKind, ...]
    quick: int

    def length(self, sizes: TraySizes) -> float:
        """Return how long the tray is."""
        cells = len(self.tools) + bool(self.hidden)
        return _length(cells, self.quick, sizes)


def plan_tray(room: float, sizes: TraySizes, in_hand: ToolKind) -> TrayPlan:
    """Choose what lies in a tray of limited length.

    Args:
        room: Greatest length of the tray.
        sizes: See the class; the same unit.
        in_hand: This tool is never hidden.

    Returns:
        The most that fits; with less room than the least tray takes, the least tray.
    """
    for count, quick in _wishes():
        cells = count + (count < len(TRAY_ORDER))
        if _length(cells, quick, sizes) <= room:
            break
    return _plan(count, quick, in_hand)


def _wishes() -> Iterator[tuple[int, int]]:
    """Yield counts of tools and quick options, the best first."""
    every = len(TRAY_ORDER)
    yield from ((every, quick) for quick in _QUICK)
    # The drawer's button takes a place itself, so one hidden tool wins nothing.
    yield from ((count, _QUICK[-1]) for count in range(every - 2, _FEW_TOOLS - 1, -1))
    yield from ((count, 0) for count in range(every - 2, _FEWEST_TOOLS - 1, -1))


def _plan(count: int, quick: int, in_hand: ToolKind) -> TrayPlan:
    shown = set(_BY_NEED[:count])
    if in_hand not in shown:
        shown = {*_BY_NEED[: count - 1], in_hand}
    return TrayPlan(
        tuple(tool for tool in TRAY_ORDER if tool in shown),
        tuple(tool for tool in TRAY_ORDER if tool not in shown),
        quick,
    )


def _length(cells: int, quick: int, sizes: TraySizes) -> float:
    tools = math.ceil(cells / sizes.lanes) * sizes.tool
    field = math.ceil(quick / sizes.lanes) * sizes.quick + sizes.change if quick else 0.0
    return sizes.fixed + tools + field
