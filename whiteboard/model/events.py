"""The one pointer event: what a pen, a finger or a mouse said, and nothing it did before."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Device(Enum):
    """What touched the glass."""

    PEN = auto()
    ERASER = auto()
    """The other end of a pen."""
    TOUCH = auto()
    MOUSE = auto()


class Phase(Enum):
    """Where in its life a contact is."""

    HOVER = auto()
    """Near the glass or moving over it without touching; pens and mice only."""
    DOWN = auto()
    MOVE = auto()
    UP = auto()
    CANCEL = auto()
    """The system took the contact away; what it did must not count."""
    LEAVE = auto()
    """A hovering pen went away."""


class PointerEvent(NamedTuple):
    """One sample of one contact. A tuple, because one is made for each sample.

    Attributes:
        contact: Tells the contacts on the glass apart; not used again while one is down.
        device: What touches.
        phase: Where in its life the contact is.
        x_view: Position in the view, logical px, from the left.
        y_view: Position in the view, logical px, from the top.
        t_s: Monotonic time of the sample; only differences count.
        pressure: 0..1; 0.5 where the device measures none.
        has_pressure: Whether the device measures pressure.
        tilt_rad: Angle of the pen from the vertical, 0..pi/2; 0 where not measured.
        size_mm: Diameter of the contact on the glass; 0 where not measured.
        barrel: Whether the button on the pen's barrel (or the right button) is held.
    """

    contact: int
    device: Device
    phase: Phase
    x_view: float
    y_view: float
    t_s: float
    pressure: float = 0.5
    has_pressure: bool = False
    tilt_rad: float = 0.0
    size_mm: float = 0.0
    barrel: bool = False
