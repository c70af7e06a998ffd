"""What the hands ask for: the answers of tools and gestures, carried out by the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from base.board_doc import Floats, Item, ShapeItem
from whiteboard.model.bounds import Rect
from whiteboard.model.select import Transform
from whiteboard.model.text_marker import MarkedLine
from whiteboard.model.wet_stroke import WetStroke


@dataclass(frozen=True, slots=True)
class InkStarted:
    """A stroke begins; it will grow under its contact."""

    stroke: WetStroke


@dataclass(frozen=True, slots=True)
class InkExtended:
    """The stroke of a contact has another sample."""

    contact: int


@dataclass(frozen=True, slots=True)
class InkFinished:
    """The stroke of a contact is done and becomes an item."""

    contact: int


@dataclass(frozen=True, slots=True)
class InkDropped:
    """The stroke of a contact shall not be."""

    contact: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a contact finished a moment ago shall not be: it was the palm."""

    contact: int


@dataclass(frozen=True, slots=True)
class ShapeShown:
    """A shape is being drawn by a contact; None when it is over."""

    contact: int
    shape: ShapeItem | None


@dataclass(frozen=True, slots=True)
class ItemsAdded:
    """New items, in page space; page, order and author are filled in by the view.

    Attributes:
        contact: What made them, so that they can be taken back.
        items: Lowest first.
    """

    contact: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Wiped:
    """Items under an eraser look like this now; nothing is stored yet.

    Attributes:
        contact: The eraser.
        pieces: What is left of each touched item, by the item's id.
        area: What must be painted again.
        x_pt: Where the eraser is.
        y_pt: The same, downwards.
        radius_pt: How large it is.
    """

    contact: int
    pieces: Mapping[str, tuple[Item, ...]]
    area: Rect | None
    x_pt: float
    y_pt: float
    radius_pt: float


@dataclass(frozen=True, slots=True)
class WipeFinished:
    """The eraser was lifted: what it did is stored as one step.

    Attributes:
        contact: The eraser.
        pieces: What takes the place of each item, by the item's id.
    """

    contact: int
    pieces: Mapping[str, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class WipeDropped:
    """What the eraser did shall not be.

    Attributes:
        contact: The eraser.
        item_ids: The items that are whole again.
    """

    contact: int
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pointed:
    """Vanishing ink: a contact points at a place. `is_down` False ends the trail."""

    contact: int
    x_pt: float
    y_pt: float
    t_s: float
    is_down: bool
    colour: int


@dataclass(frozen=True, slots=True)
class Tapped:
    """A contact that draws nothing tapped the page: a link there is followed."""

    x_pt: float
    y_pt: float


@dataclass(frozen=True, slots=True)
class TextMarked:
    """A contact marks text.

    Attributes:
        contact: Which one.
        lines: What it has marked so far; none when it is taken away.
        colour: Of the marks, a highlighter index.
        is_done: Whether it was lifted: the marks are items now.
    """

    contact: int
    lines: tuple[MarkedLine, ...]
    colour: int
    is_done: bool


@dataclass(frozen=True, slots=True)
class LassoShown:
    """The loop of a lasso so far, shape (n, 2) in pt; None when it is closed."""

    path: Floats | None


@dataclass(frozen=True, slots=True)
class Selected:
    """These items are chosen now; none ends the selection."""

    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelectionDragged:
    """The selection is being moved, scaled or turned.

    Attributes:
        transform: What it does to the chosen items as they are stored.
        is_done: Whether the contact was lifted: then it is stored as one step.
    """

    transform: Transform
    is_done: bool


@dataclass(frozen=True, slots=True)
class SelectionPutBack:
    """The drag of the selection shall not be: the items are where they were."""


class Asked(Enum):
    """What a tap asks the view to open."""

    TEXT = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class EditAsked:
    """A text or note shall be written at a place, or the item there be changed."""

    asked: Asked
    x_pt: float
    y_pt: float


@dataclass(frozen=True, slots=True)
class Navigated:
    """Fingers hold the page.

    Attributes:
        before: Where they were, shape (n, 2) in view px.
        after: Where they are now, the same fingers.
        t_s: When.
    """

    before: Floats
    after: Floats
    t_s: float


@dataclass(frozen=True, slots=True)
class NavigationEnded:
    """The last finger let go of the page."""

    t_s: float


Effect: TypeAlias = (
    InkStarted
    | InkExtended
    | InkFinished
    | InkDropped
    | TakenBack
    | ShapeShown
    | ItemsAdded
    | Wiped
    | WipeFinished
    | WipeDropped
    | Pointed
    | Tapped
    | TextMarked
    | LassoShown
    | Selected
    | SelectionDragged
    | SelectionPutBack
    | EditAsked
    | Navigated
    | NavigationEnded
)
