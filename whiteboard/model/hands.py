"""All hands on one view: who draws, who wipes, who moves the page.

Each pointer event goes through the palm rule, which gives its contact a role; then to
the tool of that role. Two fingers that land together and move together take hold of the
page, even where fingers draw; what they had drawn by then is dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from base.board_doc import Floats
from whiteboard.model import palm
from whiteboard.model.effects import Effect, Navigated, NavigationEnded, TakenBack, Tapped
from whiteboard.model.events import Device, Phase, PointerEvent
from whiteboard.model.palm import PalmRules, PalmState, Role
from whiteboard.model.tap_watch import TapWatch
from whiteboard.model.tools import Effects, PageEvent, Tool
from whiteboard.model.viewport import Viewport

PINCH_TOGETHER_S: Final = 0.15
"""Two fingers that land within this time may mean the page."""
PINCH_APART_MM: Final = 110.0
"""And that lie no further apart than the fingers of a spread hand."""
PINCH_WIDE_MM: Final = 400.0
"""The same where pages are turned: two hands of one person. Two people stand further apart."""
PINCH_MOVED_MM: Final = 5.0
"""And that both moved this far before anything is decided."""
PINCH_DECIDED_MM: Final = 45.0
"""A finger that went this far draws for good: long strokes are never taken for a pinch."""
_LATE_MOVES: Final = 3
"""So many moves beyond that are waited for the other finger: a busy machine tells of long
ways in one piece, and of one finger after the other."""
_ALONG_COS: Final = 0.8
_APART_RATIO: Final = 0.25
_APART_MM: Final = 30.0
"""How much the distance of two fingers has to change, at the most."""


@dataclass(slots=True)
class _Finger:
    """A finger that draws and might yet turn out to hold the page."""

    began_s: float
    x0: float
    y0: float
    x: float
    y: float
    far_moves: int = 0
    """How many moves it made beyond where its fate is decided."""
    has_news: bool = False
    """Whether it moved since both were looked at."""

    @property
    def way(self) -> tuple[float, float]:
        return self.x - self.x0, self.y - self.y0

    @property
    def place(self) -> tuple[float, float]:
        return self.x, self.y

    def start_here(self) -> None:
        self.x0, self.y0, self.far_moves = self.x, self.y, 0

    def go_to(self, x: float, y: float, decided_px: float) -> None:
        self.x, self.y = x, y
        self.far_moves += math.hypot(*self.way) > decided_px
        self.has_news = True


class Hands:
    """The contacts of one view. No clock, no Qt: fed with events, answers with effects.

    Args:
        rules: The palm rule.
        px_per_mm: Logical px per mm on the glass.
        tool: What draws.
        eraser: What wipes: palms, eraser ends, barrel buttons.
    """

    def __init__(self, rules: PalmRules, px_per_mm: float, tool: Tool, eraser: Tool) -> None:
        self.rules = rules
        self.px_per_mm = px_per_mm
        self.tool = tool
        self.eraser = eraser
        self.moves_only = False
        """Whether everything that would draw moves the page: the hand tool."""
        self.pinch_apart_mm = PINCH_APART_MM
        """How far apart two fingers may land that mean the page."""
        self._palm = PalmState()
        self._tools: dict[int, Tool] = {}
        self._fingers: dict[int, _Finger] = {}
        self._holding: dict[int, tuple[float, float]] = {}
        self._taps = TapWatch(px_per_mm)
        self._last: dict[int, PointerEvent] = {}
        self._untold: set[int] = set()

    @property
    def are_busy(self) -> bool:
        """Whether anything is on the glass."""
        return bool(self._tools or self._holding)

    @property
    def are_drawing(self) -> bool:
        """Whether a tool is at work, not only fingers that hold the page."""
        return bool(self._tools)

    def places(self) -> list[tuple[float, float]]:
        """Return where the contacts are that are on the glass, view px."""
        return [(event.x_view, event.y_view) for event in self._last.values()]

    def fingers_draw(self, now_s: float) -> bool:
        """Return whether a finger that lands now would draw."""
        return palm.fingers_draw(self._palm, now_s, self.rules)

    def handle(self, event: PointerEvent, viewport: Viewport) -> Effects:
        """Take in one event and say what should happen."""
        contact = event.contact
        if event.phase is Phase.MOVE:
            # The hot path: a contact whose role cannot change goes straight to its tool.
            tool = self._tools.get(contact)
            if tool is not None and event.device is not Device.TOUCH:
                self._last[contact] = event
                self._untold.add(contact)
                return tool.move(_on_page(event, viewport))
        if self._untold:
            self._tell_palm()
        report = palm.contact_of(event, 1 / self.px_per_mm)
        self._palm, verdicts = palm.step(self._palm, report, event.t_s, self.rules)
        effects: list[Effect] = []
        for verdict in verdicts:
            match verdict:
                case palm.Retract(taken):
                    effects += self._take_back(taken)
                case palm.Become(changed, role):
                    effects += self._give_role(changed, role, event, viewport)
        effects += self._route(event, viewport)
        return tuple(effects)

    def tick(self, now_s: float) -> Effects:
        """Let time pass for the tools whose contacts are down."""
        effects: list[Effect] = []
        for tool in set(self._tools.values()):
            effects += tool.tick(now_s)
        return tuple(effects)

    def cancel_all(self, now_s: float) -> Effects:
        """Take every contact away, as when the page is gone: nothing of it counts."""
        effects: list[Effect] = []
        for contact in list(self._tools):
            effects += self._tools.pop(contact).cancel(contact)
        return (*effects, *self._forget_all(now_s))

    def lift_all(self, now_s: float) -> Effects:
        """End every contact where it is, as when the page is turned under the hands.

        What was written and wiped up to there counts; see `Tool.lift`. A hand that stays on
        the glass does nothing more until it lands again.
        """
        effects: list[Effect] = []
        for contact in list(self._tools):
            effects += self._tools.pop(contact).lift(contact)
        return (*effects, *self._forget_all(now_s))

    def _forget_all(self, now_s: float) -> Effects:
        effects: list[Effect] = []
        if self._holding:
            effects.append(NavigationEnded(now_s))
        self._holding.clear()
        self._fingers.clear()
        self._last.clear()
        self._untold.clear()
        # Whose hands are there is forgotten, but not that a pen is in use.
        pen = self._palm
        self._palm = PalmState(
            pen_s=pen.pen_s,
            pen_x_mm=pen.pen_x_mm,
            pen_y_mm=pen.pen_y_mm,
            pen_hovers=pen.pen_hovers,
        )
        return tuple(effects)

    def _tell_palm(self) -> None:
        """Tell the palm rule where pens went meanwhile: what lies around them is a hand."""
        for contact in self._untold:
            event = self._last.get(contact)
            if event is not None:
                report = palm.contact_of(event, 1 / self.px_per_mm)
                self._palm, _nothing = palm.step(self._palm, report, event.t_s, self.rules)
        self._untold.clear()

    # Roles ---------------------------------------------------------------------------

    def _give_role(
        self, contact: int, role: Role, event: PointerEvent, viewport: Viewport
    ) -> Effects:
        """Start what a contact does from now on, after ending what it did."""
        effects: list[Effect] = []
        old = self._tools.pop(contact, None)
        last = self._last.get(contact)
        where = event if contact == event.contact else last
        if old is not None:
            # Where it was, not where it is: what it did in its old role ended there.
            effects += old.cancel(contact) if last is None else old.up(_on_page(last, viewport))
        effects += self._let_go(contact, event.t_s)
        self._fingers.pop(contact, None)
        if where is None or where.phase in (Phase.UP, Phase.CANCEL):
            return tuple(effects)
        tool = self._tool_for(role, where)
        if tool is not None:
            self._tools[contact] = tool
            if contact != event.contact or event.phase is not Phase.DOWN:
                effects += tool.down(_on_page(where, viewport))
            if role is Role.DRAW and where.device is Device.TOUCH:
                place = (where.x_view, where.y_view)
                for other in self._fingers.values():
                    # What it went before its partner came says nothing about the two.
                    if where.t_s - other.began_s <= PINCH_TOGETHER_S:
                        other.start_here()
                self._fingers[contact] = _Finger(where.t_s, *place, *place)
        elif role is Role.MOVE or (role is Role.DRAW and self.moves_only):
            self._holding[contact] = (where.x_view, where.y_view)
            if contact == event.contact and event.phase is Phase.DOWN:
                self._taps.down(event)
        return tuple(effects)

    def _tool_for(self, role: Role, event: PointerEvent) -> Tool | None:
        if role is Role.ERASE:
            return self.eraser
        if role is not Role.DRAW:
            return None
        if event.device is Device.ERASER or event.barrel:
            return self.eraser
        return None if self.moves_only else self.tool

    def _take_back(self, contact: int) -> Effects:
        tool = self._tools.pop(contact, None)
        self._fingers.pop(contact, None)
        dropped = () if tool is None else tool.cancel(contact)
        return (*dropped, TakenBack(contact))

    # Events --------------------------------------------------------------------------

    def _route(self, event: PointerEvent, viewport: Viewport) -> Effects:
        contact, phase = event.contact, event.phase
        tool = self._tools.get(contact)
        match phase:
            case Phase.DOWN:
                self._last[contact] = event
                return () if tool is None else tool.down(_on_page(event, viewport))
            case Phase.MOVE:
                self._last[contact] = event
                if contact in self._holding:
                    return self._hold(event)
                if tool is None:
                    return ()
                if contact in self._fingers:
                    taken = self._maybe_pinch(event)
                    if taken is not None:
                        return taken
                return tool.move(_on_page(event, viewport))
            case Phase.UP:
                self._last.pop(contact, None)
                if contact in self._fingers:
                    # Its last way may be told only as it lifts.
                    taken = self._maybe_pinch(event)
                    if taken is not None:
                        return (*taken, *self._let_go(contact, event.t_s))
                self._fingers.pop(contact, None)
                self._tools.pop(contact, None)
                done = () if tool is None else tool.up(_on_page(event, viewport))
                tapped = self._tapped(event, viewport)
                return (*done, *self._let_go(contact, event.t_s), *tapped)
            case Phase.CANCEL:
                self._last.pop(contact, None)
                self._fingers.pop(contact, None)
                self._tools.pop(contact, None)
                dropped = () if tool is None else tool.cancel(contact)
                return (*dropped, *self._let_go(contact, event.t_s))
        return ()

    # The page ------------------------------------------------------------------------

    def _hold(self, event: PointerEvent) -> Effects:
        before = self._places()
        self._taps.move(event)
        self._holding[event.contact] = (event.x_view, event.y_view)
        return (Navigated(before, self._places(), event.t_s),)

    def _tapped(self, event: PointerEvent, viewport: Viewport) -> Effects:
        if event.contact not in self._holding or not self._taps.up(event):
            return ()
        place = _on_page(event, viewport)
        return (Tapped(place.x_pt, place.y_pt),)

    def _let_go(self, contact: int, t_s: float) -> Effects:
        self._taps.forget(contact)
        if self._holding.pop(contact, None) is None or self._holding:
            return ()
        return (NavigationEnded(t_s),)

    def _places(self) -> Floats:
        return np.array(list(self._holding.values()), dtype=np.float64)

    def _maybe_pinch(self, event: PointerEvent) -> Effects | None:
        """Decide whether two drawing fingers hold the page; then drop what they drew.

        The page follows them from where they landed: what they went until now is no less
        meant for it.
        """
        finger = self._fingers[event.contact]
        finger.go_to(event.x_view, event.y_view, PINCH_DECIDED_MM * self.px_per_mm)
        if len(self._fingers) != 2 or len(self._tools) != 2:
            return None
        one, other = self._fingers.values()
        if not (one.has_news and other.has_news):
            # Told of one after the other, a quick finger is far ahead for a moment.
            return None
        one.has_news = other.has_news = False
        if not _is_pinch(one, other, self.px_per_mm, self.pinch_apart_mm):
            return None
        effects: list[Effect] = []
        for contact, finger in self._fingers.items():
            effects += self._tools.pop(contact).cancel(contact)
            self._holding[contact] = (finger.x0, finger.y0)
        before = self._places()
        for contact, finger in self._fingers.items():
            self._holding[contact] = finger.place
        self._fingers.clear()
        return (*effects, Navigated(before, self._places(), event.t_s))


def _is_pinch(one: _Finger, other: _Finger, px_per_mm: float, most_apart_mm: float) -> bool:
    if abs(one.began_s - other.began_s) > PINCH_TOGETHER_S:
        return False
    if max(one.far_moves, other.far_moves) > _LATE_MOVES:
        return False
    apart = math.hypot(other.x0 - one.x0, other.y0 - one.y0)
    if apart > most_apart_mm * px_per_mm:
        return False
    ways = [one.way, other.way]
    lengths = [math.hypot(*way) for way in ways]
    if min(lengths) < PINCH_MOVED_MM * px_per_mm:
        return False
    along = (ways[0][0] * ways[1][0] + ways[0][1] * ways[1][1]) / (lengths[0] * lengths[1])
    apart_now = math.hypot(other.x - one.x, other.y - one.y)
    least_change = min(_APART_RATIO * max(apart, 1.0), _APART_MM * px_per_mm)
    return along > _ALONG_COS or (along < 0 and abs(apart_now - apart) > least_change)


def _on_page(event: PointerEvent, viewport: Viewport) -> PageEvent:
    scale = viewport.scale
    return PageEvent(
        event,
        event.x_view / scale + viewport.left_pt,
        event.y_view / scale + viewport.top_pt,
        scale,
    )
