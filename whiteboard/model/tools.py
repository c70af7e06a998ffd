"""The tools: small state machines from pointer events to effects.

A tool serves many contacts at once and keeps what it needs of each. It never touches a
widget and never changes the board: it says what should happen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple, Protocol

from base.board_doc import (
    NO_FILL,
    Affine,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
)
from whiteboard.model.effects import (
    Asked,
    EditAsked,
    Effect,
    InkDropped,
    InkExtended,
    InkFinished,
    InkStarted,
    ItemsAdded,
    Pointed,
    ShapeShown,
    Tapped,
)
from whiteboard.model.events import PointerEvent
from whiteboard.model.recogniser import HoldDetector, recognise
from whiteboard.model.tap_watch import TapWatch
from whiteboard.model.wet_stroke import InkStyle, WetStroke

STAMP_SIZE_PT: Final = 84.0
STILL_MM: Final = 2.0
"""A hand that stays within this holds still."""
TAP_MM: Final = 10.0
"""A touch that leaves this circle was no tap: someone slid over the board."""
_LEAST_SHAPE_PT: Final = 4.0
_SNAP_RAD: Final = math.radians(4)

Effects = tuple[Effect, ...]


class PageEvent(NamedTuple):
    """A pointer event and where it is on the page. A tuple: one is made for each sample.

    Attributes:
        pointer: What the device said.
        x_pt: Place on the page.
        y_pt: The same, downwards.
        scale: Logical px per pt.
    """

    pointer: PointerEvent
    x_pt: float
    y_pt: float
    scale: float


class Tool(Protocol):
    """What every tool can do; each contact goes down, moves, and goes up or is cancelled."""

    def down(self, event: PageEvent, /) -> Effects:
        """A contact lands."""

    def move(self, event: PageEvent, /) -> Effects:
        """A contact moves."""

    def up(self, event: PageEvent, /) -> Effects:
        """A contact lifts: what it did counts."""

    def cancel(self, contact: int, /) -> Effects:
        """A contact is taken away: what it did must not count."""

    def lift(self, contact: int, /) -> Effects:
        """A contact has to end where it was last: ink and wiping up to there count.

        As when the page is turned under it. What only a hand's own lifting would decide,
        like a tap, does not happen.
        """

    def tick(self, now_s: float, /) -> Effects:
        """Time passes while contacts are down."""


class InkTool:
    """Pen, highlighter or chalk; a stroke held still at its end becomes a shape.

    Args:
        style: What is drawn with.
        straightens: Whether holding still straightens.
        px_per_mm: Logical px per design millimetre, for how still a hand is.
    """

    def __init__(self, style: InkStyle, *, straightens: bool, px_per_mm: float) -> None:
        self._style = style
        self._straightens = straightens
        self._px_per_mm = px_per_mm
        self._strokes: dict[int, WetStroke] = {}
        self._shapes: dict[int, ShapeItem] = {}
        self._tried: dict[int, int] = {}
        self._scale = 1.0

    def down(self, event: PageEvent) -> Effects:
        """Start a stroke."""
        pointer = event.pointer
        stroke = WetStroke(
            pointer.contact,
            self._style,
            has_pressure=pointer.has_pressure,
            start_s=pointer.t_s,
        )
        self._scale = event.scale
        _append(stroke, event)
        self._strokes[pointer.contact] = stroke
        return (InkStarted(stroke),)

    def move(self, event: PageEvent) -> Effects:
        """Add a sample, or bend the shape that the stroke has become."""
        contact = event.pointer.contact
        shape = self._shapes.get(contact)
        if shape is not None:
            self._shapes[contact] = shape = _dragged(shape, event.x_pt, event.y_pt)
            return (ShapeShown(contact, shape),)
        stroke = self._strokes.get(contact)
        if stroke is None:
            return ()
        _append(stroke, event)
        return (InkExtended(contact),)

    def up(self, event: PageEvent) -> Effects:
        """Finish the stroke or the shape."""
        contact = event.pointer.contact
        stroke = self._strokes.get(contact)
        if stroke is None or contact in self._shapes:
            return self.lift(contact)
        if (event.x_pt, event.y_pt) == (stroke.xs[-1], stroke.ys[-1]):
            return self.lift(contact)
        _append(stroke, event)
        return (InkExtended(contact), *self.lift(contact))

    def lift(self, contact: int) -> Effects:
        """Finish the stroke or the shape as it is."""
        self._tried.pop(contact, None)
        stroke = self._strokes.pop(contact, None)
        shape = self._shapes.pop(contact, None)
        if shape is not None:
            return (ShapeShown(contact, None), ItemsAdded(contact, (shape,)))
        return () if stroke is None else (InkFinished(contact),)

    def cancel(self, contact: int) -> Effects:
        """Drop the stroke or the shape."""
        self._tried.pop(contact, None)
        stroke = self._strokes.pop(contact, None)
        if self._shapes.pop(contact, None) is not None:
            return (ShapeShown(contact, None),)
        return () if stroke is None else (InkDropped(contact),)

    def tick(self, now_s: float) -> Effects:
        """Straighten the strokes whose hand holds still."""
        if not self._straightens:
            return ()
        effects: list[Effect] = []
        for contact, stroke in self._strokes.items():
            if contact in self._shapes or self._tried.get(contact) == len(stroke):
                continue
            shape = self._straightened(stroke, now_s)
            if shape is not None:
                self._shapes[contact] = shape
                effects += [InkDropped(contact), ShapeShown(contact, shape)]
        return tuple(effects)

    def _straightened(self, stroke: WetStroke, now_s: float) -> ShapeItem | None:
        holds = HoldDetector(radius_pt=STILL_MM * self._px_per_mm / self._scale)
        samples = stroke.samples()
        if not holds.is_held(samples, stroke.age_s(now_s)):
            return None
        self._tried[stroke.contact] = len(stroke)
        found = recognise(samples[:, :2])
        if found is None:
            return None
        style = stroke.style
        return _shape(found.shape, found.points, style.colour, style.width_pt)


class ShapeTool:
    """Draws a shape from one corner to the other.

    Args:
        kind: Which shape.
        colour: Ink colour of its line.
        width_pt: Width of its line.
    """

    def __init__(self, kind: ShapeKind, colour: int, width_pt: float) -> None:
        self._kind = kind
        self._colour = colour
        self._width_pt = width_pt
        self._starts: dict[int, tuple[float, float]] = {}
        self._shapes: dict[int, ShapeItem] = {}

    def down(self, event: PageEvent) -> Effects:
        """Put the first corner."""
        self._starts[event.pointer.contact] = (event.x_pt, event.y_pt)
        return ()

    def move(self, event: PageEvent) -> Effects:
        """Draw the other corner along."""
        contact = event.pointer.contact
        start = self._starts.get(contact)
        if start is None:
            return ()
        end = (event.x_pt, event.y_pt)
        if math.dist(start, end) < _LEAST_SHAPE_PT:
            return ()
        points = points_between(self._kind, start, end)
        shape = _shape(self._kind, points, self._colour, self._width_pt)
        self._shapes[contact] = shape
        return (ShapeShown(contact, shape),)

    def up(self, event: PageEvent) -> Effects:
        """Finish the shape; a mere touch draws none."""
        self.move(event)
        return self.lift(event.pointer.contact)

    def lift(self, contact: int) -> Effects:
        """Finish the shape as it is."""
        self._starts.pop(contact, None)
        shape = self._shapes.pop(contact, None)
        if shape is None:
            return ()
        return (ShapeShown(contact, None), ItemsAdded(contact, (shape,)))

    def cancel(self, contact: int) -> Effects:
        """Drop the shape."""
        self._starts.pop(contact, None)
        if self._shapes.pop(contact, None) is None:
            return ()
        return (ShapeShown(contact, None),)

    def tick(self, _now_s: float, /) -> Effects:
        """Nothing waits."""
        return ()


class PointerTool:
    """Vanishing ink: shows where one points, and is gone. A mere tap follows a link.

    Args:
        colour: Ink colour of the trail.
        px_per_mm: Logical px per design millimetre.
    """

    def __init__(self, colour: int, px_per_mm: float) -> None:
        self._colour = colour
        self._taps = TapWatch(px_per_mm)
        self._last: dict[int, tuple[float, float, float]] = {}

    def down(self, event: PageEvent) -> Effects:
        """Start a trail."""
        self._taps.down(event.pointer)
        return self._point(event, is_down=True)

    def move(self, event: PageEvent) -> Effects:
        """Draw the trail on."""
        if event.pointer.contact not in self._last:
            return ()
        self._taps.move(event.pointer)
        return self._point(event, is_down=True)

    def up(self, event: PageEvent) -> Effects:
        """End the trail."""
        if self._last.pop(event.pointer.contact, None) is None:
            return ()
        ended = self._point(event, is_down=False)
        if not self._taps.up(event.pointer):
            return ended
        return (*ended, Tapped(event.x_pt, event.y_pt))

    def cancel(self, contact: int) -> Effects:
        """End the trail."""
        self._taps.forget(contact)
        last = self._last.pop(contact, None)
        if last is None:
            return ()
        return (Pointed(contact, *last, is_down=False, colour=self._colour),)

    def lift(self, contact: int) -> Effects:
        """End the trail; no link is followed."""
        return self.cancel(contact)

    def tick(self, _now_s: float, /) -> Effects:
        """Nothing waits: trails fade by themselves."""
        return ()

    def _point(self, event: PageEvent, *, is_down: bool) -> Effects:
        contact = event.pointer.contact
        place = (event.x_pt, event.y_pt, event.pointer.t_s)
        if is_down:
            self._last[contact] = place
        return (Pointed(contact, *place, is_down=is_down, colour=self._colour),)


class _TapTool:
    """A tool that acts where a contact lifts, if it has not gone far."""

    def __init__(self, px_per_mm: float) -> None:
        self._px_per_mm = px_per_mm
        self._downs: dict[int, tuple[float, float]] = {}

    def down(self, event: PageEvent) -> Effects:
        """Remember where."""
        self._downs[event.pointer.contact] = (event.x_pt, event.y_pt)
        return ()

    def move(self, event: PageEvent) -> Effects:
        """Forget a contact that goes far."""
        contact = event.pointer.contact
        start = self._downs.get(contact)
        if start is not None:
            way_px = math.dist(start, (event.x_pt, event.y_pt)) * event.scale
            if way_px > TAP_MM * self._px_per_mm:
                del self._downs[contact]
        return ()

    def up(self, event: PageEvent) -> Effects:
        """Act."""
        self.move(event)
        if self._downs.pop(event.pointer.contact, None) is None:
            return ()
        return self._tapped(event)

    def cancel(self, contact: int) -> Effects:
        """Forget."""
        self._downs.pop(contact, None)
        return ()

    def lift(self, contact: int) -> Effects:
        """Forget: it was no tap yet."""
        return self.cancel(contact)

    def tick(self, _now_s: float, /) -> Effects:
        """Nothing waits."""
        return ()

    def _tapped(self, event: PageEvent) -> Effects:
        raise NotImplementedError


class StampTool(_TapTool):
    """Puts a stamp where the board is touched.

    Args:
        stamp: Which one.
        colour: Ink colour.
        today: Returns the date for a date stamp.
        px_per_mm: Logical px per design millimetre.
    """

    def __init__(
        self, stamp: StampKind, colour: int, today: Callable[[], date], px_per_mm: float
    ) -> None:
        super().__init__(px_per_mm)
        self._stamp = stamp
        self._colour = colour
        self._today = today

    def _tapped(self, event: PageEvent) -> Effects:
        half = STAMP_SIZE_PT / 2
        box = Affine.upright(event.x_pt - half, event.y_pt - half, 2 * half, 2 * half)
        is_date = self._stamp is StampKind.DATE
        text = f"{self._today():%Y.%m.%d}" if is_date else ""
        item = StampItem("-", 0.0, "", box, self._stamp, self._colour, text)
        return (ItemsAdded(event.pointer.contact, (item,)),)


class EditTool(_TapTool):
    """Asks for a text or a sticky note where the board is touched.

    Args:
        asked: Which of the two.
        px_per_mm: Logical px per design millimetre.
    """

    def __init__(self, asked: Asked, px_per_mm: float) -> None:
        super().__init__(px_per_mm)
        self._asked = asked

    def _tapped(self, event: PageEvent) -> Effects:
        return (EditAsked(self._asked, event.x_pt, event.y_pt),)


def points_between(
    kind: ShapeKind, start: tuple[float, float], end: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """Return the points of a shape that spans two places, as `ShapeItem` means them."""
    (x0, y0), (x1, y1) = start, end
    match kind:
        case ShapeKind.LINE | ShapeKind.ARROW:
            return (start, _snapped(start, end))
        case ShapeKind.RECTANGLE:
            return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        case ShapeKind.TRIANGLE:
            return (((x0 + x1) / 2, y0), (x1, y1), (x0, y1))
        case ShapeKind.ELLIPSE:
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            return ((x, y), (x1, y), (x, y1))


def _snapped(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Return the end of a line, upright or level where it nearly is."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    if abs(dy) < abs(dx) * math.tan(_SNAP_RAD):
        return end[0], start[1]
    if abs(dx) < abs(dy) * math.tan(_SNAP_RAD):
        return start[0], end[1]
    return end


def _shape(
    kind: ShapeKind, points: tuple[tuple[float, float], ...], colour: int, width_pt: float
) -> ShapeItem:
    return ShapeItem("-", 0.0, "", kind, colour, NO_FILL, width_pt, points)


def _dragged(shape: ShapeItem, x_pt: float, y_pt: float) -> ShapeItem:
    """Return a recognised shape after its hand went on: a line's end follows."""
    if shape.shape not in (ShapeKind.LINE, ShapeKind.ARROW):
        return shape
    start = shape.points[0]
    return replace(shape, points=(start, _snapped(start, (x_pt, y_pt))))


def _append(stroke: WetStroke, event: PageEvent) -> None:
    pointer = event.pointer
    stroke.append(event.x_pt, event.y_pt, pointer.pressure, pointer.tilt_rad, pointer.t_s)
