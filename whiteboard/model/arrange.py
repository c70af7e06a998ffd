"""What is done with chosen items beside moving them: colours, copies, order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from base.board_doc import BrushKind, ImageItem, Item, NoteItem, StrokeItem
from whiteboard.model.bounds import Rect
from whiteboard.model.select import pasted, recoloured, selection_bounds

COPY_STEP_PT: Final = 24.0
"""A copy lies this far to the right of and below what it was made of."""


class ColourSet(Enum):
    """Where a colour index points to: see `whiteboard.model.palette`."""

    INK = auto()
    HIGHLIGHTER = auto()
    PAPER = auto()


def colour_set_of(item: Item) -> ColourSet | None:
    """Return which colours an item can have; None for a picture."""
    match item:
        case ImageItem():
            return None
        case NoteItem():
            return ColourSet.PAPER
        case StrokeItem(brush=BrushKind.HIGHLIGHTER):
            return ColourSet.HIGHLIGHTER
        case _:
            return ColourSet.INK


def shared_colour_set(items: Iterable[Item]) -> ColourSet | None:
    """Return the colours to offer for items: ink before highlighters before paper.

    None when there is nothing but pictures.
    """
    found = {colour_set_of(item) for item in items}
    return next((one for one in ColourSet if one in found), None)


def shared_colour(items: Iterable[Item], colours: ColourSet) -> int | None:
    """Return the colour of all items that have one of `colours`; None when they differ."""
    found = {
        item.colour
        for item in items
        if not isinstance(item, ImageItem) and colour_set_of(item) is colours
    }
    return found.pop() if len(found) == 1 else None


def recolour(items: Mapping[str, Item], colours: ColourSet, colour: int) -> dict[str, Item]:
    """Return those of the items that another colour changes, in that colour, by id."""
    result: dict[str, Item] = {}
    for item_id, item in items.items():
        if colour_set_of(item) is not colours:
            continue
        other = (
            replace(item, colour=colour)
            if isinstance(item, NoteItem)
            else recoloured(item, colour)
        )
        if other != item:
            result[item_id] = other
    return result


def raised(items: Mapping[str, Item], z: float) -> dict[str, Item]:
    """Return items from stacking order `z` on, in the order they have among themselves."""
    ranked = sorted(items, key=lambda item_id: (items[item_id].z, item_id))
    return {item_id: replace(items[item_id], z=z + rank) for rank, item_id in enumerate(ranked)}


def copies_beside(items: Sequence[Item], *, page: str, author: str, z: float) -> list[Item]:
    """Return copies for the same page, a step to the right and down.

    Raises:
        ValueError: a copy would leave the page.
    """
    step = COPY_STEP_PT
    return pasted(items, page=page, author=author, z=z, dx_pt=step, dy_pt=step)


def copies_at(
    items: Sequence[Item], place: tuple[float, float], *, page: str, author: str, z: float
) -> list[Item]:
    """Return copies whose middle lies at `place`, page pt.

    Raises:
        ValueError: a copy would leave the page.
    """
    bounds = selection_bounds(items)
    x, y = (0.0, 0.0) if bounds is None else bounds.centre
    return pasted(items, page=page, author=author, z=z, dx_pt=place[0] - x, dy_pt=place[1] - y)


def picture_box(width_px: int, height_px: int, visible: Rect, share: float) -> Rect:
    """Return where a new picture goes: in the middle of what is seen, its shape kept.

    Args:
        width_px: Width of the picture, > 0.
        height_px: Height of the picture, > 0.
        visible: The part of the page that is seen, pt.
        share: How much of the view it may take in width and height at most.
    """
    scale = min(visible.width * share / width_px, visible.height * share / height_px)
    width, height = width_px * scale, height_px * scale
    x, y = visible.centre
    return Rect(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
