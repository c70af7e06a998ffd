"""Which contacts may draw, erase or move the page: pens, fingers, palms and fists.

A state machine without clock and device: `step(state, contact, now, rules)` returns the
next state and what to do. Where the panel tells the sizes apart, a palm or fist wipes.
What fingers do depends on the pen:

* No pen is in use: every finger draws, ten at once.
* A pen is in use: fingers move the page, one pans and two zoom, because that is what
  people with a pen in the hand expect. It stays so until no pen was near for
  `pen_memory_s`; then the board belongs to the fingers again.
* A pen is at the glass, hovering or down: what lies around it is the hand that holds
  it, and is ignored. While it is down, no finger moves the page under it.

A hand often lands before its pen, and leaves a mark. When the pen arrives, contacts around
it that began just before, or that rest where they landed, are taken back, even when they
were lifted meanwhile.

Panels that report no pen are served by a switch (`PenReport.NO`): everything small draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Final, TypeAlias

from whiteboard.model.events import Device, Phase, PointerEvent

_PENS: Final = frozenset((Device.PEN, Device.ERASER))

STALE_HOVER_S: Final = 10.0
"""A hovering pen that said nothing for this long has gone without a word."""


class PenReport(StrEnum):
    """Whether the panel tells pens from fingers."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Contact:
    """One report of one contact.

    Attributes:
        id: The same from DOWN to UP; not used again within `PalmRules.retract_s`.
        device: What touches.
        phase: What it does.
        x_mm: Place on the glass, from its left border.
        y_mm: Place on the glass, from its upper border.
        diameter_mm: Size of the contact (its longer axis); 0 when the panel says nothing.
    """

    id: int
    device: Device
    phase: Phase
    x_mm: float
    y_mm: float
    diameter_mm: float = 0.0


def contact_of(event: PointerEvent, mm_per_px: float) -> Contact:
    """Return the contact of a pointer event.

    Args:
        event: The event, in the view.
        mm_per_px: Size of a logical pixel on the glass, > 0.
    """
    return Contact(
        event.contact,
        event.device,
        event.phase,
        event.x_view * mm_per_px,
        event.y_view * mm_per_px,
        event.size_mm,
    )


@dataclass(frozen=True, slots=True)
class PalmRules:
    """The numbers of the palm rule. All are checked.

    Attributes:
        pen_report: Whether the panel tells pens from fingers. AUTO learns it from the
            first pen; YES lets fingers only move; NO lets everything small draw.
        large_mm: A contact of this diameter and more is a palm or fist and wipes; 5 to 200.
        small_mm: A wiping contact that shrinks below this wipes no longer; 1 to `large_mm`.
        near_s: How long a pen counts as at the glass after its last report; 0 to 10.
        pen_memory_s: How long fingers keep moving the page after the pen went; at least
            `near_s`; infinite for until the board is left.
        hand_mm: Reach of the hand around its pen; 0 to 1000.
        large_hand_mm: Reach of a large contact around its pen; at least `hand_mm`.
        retract_s: How long before the pen a mark counts as its hand's; 0 to 5.
        rest_mm: A contact that never left this circle rests; 0 to 100.
        settle_s: How long after landing a contact may still turn out to be large; 0 to 2.
        fragment_mm: Small contacts this close to a wiping one belong to it; 0 to 500.

    Raises:
        ValueError: a value is out of its range.
    """

    pen_report: PenReport = PenReport.AUTO
    large_mm: float = 28.0
    small_mm: float = 20.0
    near_s: float = 0.5
    pen_memory_s: float = 60.0
    hand_mm: float = 120.0
    large_hand_mm: float = 240.0
    retract_s: float = 0.4
    rest_mm: float = 8.0
    settle_s: float = 0.3
    fragment_mm: float = 60.0

    def __post_init__(self) -> None:
        ranges = {
            "large_mm": (5.0, 200.0),
            "small_mm": (1.0, self.large_mm),
            "near_s": (0.0, 10.0),
            "pen_memory_s": (self.near_s, math.inf),
            "hand_mm": (0.0, 1000.0),
            "large_hand_mm": (self.hand_mm, 2000.0),
            "retract_s": (0.0, 5.0),
            "rest_mm": (0.0, 100.0),
            "settle_s": (0.0, 2.0),
            "fragment_mm": (0.0, 500.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be {low} to {high}, not {value}")


DEFAULT_RULES: Final = PalmRules()


class Role(Enum):
    """What a contact does to the board."""

    DRAW = auto()
    ERASE = auto()
    MOVE = auto()
    IGNORE = auto()


@dataclass(frozen=True, slots=True)
class Become:
    """The contact has this role from now on; what it did in its last role stays."""

    contact: int
    role: Role


@dataclass(frozen=True, slots=True)
class Retract:
    """Take back all the contact drew or wiped, finished or not; no undo step remains.

    A `Become` follows when it is still on the glass.
    """

    contact: int


Verdict: TypeAlias = Become | Retract


@dataclass(frozen=True, slots=True)
class _Track:
    """A contact that is on the glass, or was shortly before (then `ended_s` is finite)."""

    id: int
    device: Device
    role: Role
    began_s: float
    x0_mm: float
    y0_mm: float
    x_mm: float
    y_mm: float
    largest_mm: float
    rests: bool
    ended_s: float = math.inf
    acted: bool = False
    """Whether it drew or wiped, so that there is something to take back."""

    @property
    def is_down(self) -> bool:
        return self.ended_s == math.inf


@dataclass(frozen=True, slots=True)
class PalmState:
    """What is remembered; start with `PalmState()`, and again when the board is left."""

    tracks: tuple[_Track, ...] = ()
    pen_s: float = -math.inf
    pen_x_mm: float = 0.0
    pen_y_mm: float = 0.0
    pen_hovers: bool = False

    def role(self, contact_id: int) -> Role | None:
        """Return the role of a contact on the glass; None when it is not there."""
        track = self._track(contact_id)
        return track.role if track is not None and track.is_down else None

    def _track(self, contact_id: int) -> _Track | None:
        for track in self.tracks:
            if track.id == contact_id:
                return track
        return None


def step(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules = DEFAULT_RULES
) -> tuple[PalmState, tuple[Verdict, ...]]:
    """Take in one report.

    Args:
        state: What was returned last.
        contact: The report.
        now_s: When it was made, on a clock that does not go back.
        rules: The numbers.

    Returns:
        The next state, and the verdicts in the order in which to follow them. A contact
        that lands gets exactly one `Become` with its report, others only when their role
        changes. UP and CANCEL end a contact without a verdict.
    """
    is_pen = contact.device in _PENS and rules.pen_report is not PenReport.NO
    match contact.phase:
        case Phase.HOVER | Phase.LEAVE:
            if not is_pen:
                return state, ()
            return _pen_in_the_air(state, contact, now_s, rules)
        case Phase.DOWN:
            state = _forget(state, contact.id, now_s, rules)
            if is_pen:
                return _pen_lands(state, contact, now_s, rules)
            return _lands(state, contact, now_s, rules)
        case Phase.MOVE:
            return _moves(state, contact, now_s, rules, is_pen=is_pen)
        case Phase.UP | Phase.CANCEL:
            return _ends(state, contact, now_s, is_pen=is_pen), ()


def fingers_draw(state: PalmState, now_s: float, rules: PalmRules = DEFAULT_RULES) -> bool:
    """Return whether a finger that lands now draws: what the visible switch shows."""
    match rules.pen_report:
        case PenReport.NO:
            return True
        case PenReport.YES:
            return False
        case PenReport.AUTO:
            return not _is_pen_in_use(state, now_s, rules.pen_memory_s)


# The pen --------------------------------------------------------------------------------


def _is_pen_down(state: PalmState) -> bool:
    return any(t.device in _PENS and t.is_down for t in state.tracks)


def _is_pen_in_use(state: PalmState, now_s: float, memory_s: float) -> bool:
    silent_s = now_s - state.pen_s
    hovers = state.pen_hovers and silent_s <= STALE_HOVER_S
    return hovers or silent_s <= memory_s or _is_pen_down(state)


def _with_pen_at(
    state: PalmState, contact: Contact, now_s: float, *, hovers: bool
) -> PalmState:
    return replace(
        state, pen_s=now_s, pen_x_mm=contact.x_mm, pen_y_mm=contact.y_mm, pen_hovers=hovers
    )


def _pen_in_the_air(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules
) -> tuple[PalmState, tuple[Verdict, ...]]:
    arrives = contact.phase is Phase.HOVER and not _is_pen_in_use(state, now_s, rules.near_s)
    state = _with_pen_at(state, contact, now_s, hovers=contact.phase is Phase.HOVER)
    if not arrives:
        return state, ()
    return _take_back_hand(state, contact, now_s, rules)


def _pen_lands(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules
) -> tuple[PalmState, tuple[Verdict, ...]]:
    state = _with_pen_at(state, contact, now_s, hovers=state.pen_hovers)
    state, taken_back = _take_back_hand(state, contact, now_s, rules)
    state, stopped = _stop_moving(state)
    state = _added(state, _new_track(contact, Role.DRAW, now_s))
    return state, (*taken_back, *stopped, Become(contact.id, Role.DRAW))


def _take_back_hand(
    state: PalmState, pen: Contact, now_s: float, rules: PalmRules
) -> tuple[PalmState, tuple[Verdict, ...]]:
    """Take back what the hand of an arriving pen did, and ignore it from now on."""
    tracks: list[_Track] = []
    verdicts: list[Verdict] = []
    for track in state.tracks:
        if not _is_hand_of(track, pen, now_s, rules):
            tracks.append(track)
            continue
        if track.acted:
            verdicts.append(Retract(track.id))
        if track.is_down:
            if track.role is not Role.IGNORE:
                verdicts.append(Become(track.id, Role.IGNORE))
            tracks.append(replace(track, role=Role.IGNORE, acted=False))
    return replace(state, tracks=tuple(tracks)), tuple(verdicts)


def _is_hand_of(track: _Track, pen: Contact, now_s: float, rules: PalmRules) -> bool:
    if track.device is not Device.TOUCH:
        return False
    is_large = track.largest_mm >= rules.large_mm
    reach_mm = rules.large_hand_mm if is_large else rules.hand_mm
    if math.hypot(track.x_mm - pen.x_mm, track.y_mm - pen.y_mm) > reach_mm:
        return False
    is_fresh = now_s - track.began_s <= rules.retract_s
    # A hand may lie there for long while its owner thinks; writing does not stand still.
    rested_until_now = track.rests and now_s - min(track.ended_s, now_s) <= rules.retract_s
    return is_fresh or rested_until_now


def _stop_moving(state: PalmState) -> tuple[PalmState, tuple[Verdict, ...]]:
    """No finger moves the page under a pen that writes."""
    moving = [t for t in state.tracks if t.is_down and t.role is Role.MOVE]
    for track in moving:
        state = _replaced(state, replace(track, role=Role.IGNORE))
    return state, tuple(Become(track.id, Role.IGNORE) for track in moving)


# Fingers, palms and the mouse -------------------------------------------------------------


def _lands(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules
) -> tuple[PalmState, tuple[Verdict, ...]]:
    role = _first_role(state, contact, now_s, rules)
    state = _added(state, _new_track(contact, role, now_s))
    verdicts: tuple[Verdict, ...] = (Become(contact.id, role),)
    if role is Role.ERASE:
        state, gathered = _gather_fragments(state, contact, now_s, rules)
        verdicts = (*gathered, *verdicts)
    return state, verdicts


def _first_role(state: PalmState, contact: Contact, now_s: float, rules: PalmRules) -> Role:
    if contact.device is not Device.TOUCH:
        return Role.DRAW
    is_large = contact.diameter_mm >= rules.large_mm
    if rules.pen_report is not PenReport.NO:
        if _is_hand_at_pen(state, contact, now_s, rules, is_large=is_large):
            return Role.IGNORE
        if not is_large and _is_pen_down(state):
            return Role.IGNORE
    if is_large:
        return Role.ERASE
    if _is_fragment(state, contact, rules):
        return Role.IGNORE
    return Role.DRAW if fingers_draw(state, now_s, rules) else Role.MOVE


def _is_hand_at_pen(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules, *, is_large: bool
) -> bool:
    if not _is_pen_in_use(state, now_s, rules.near_s):
        return False
    reach_mm = rules.large_hand_mm if is_large else rules.hand_mm
    if _distance_mm(contact, state.pen_x_mm, state.pen_y_mm) <= reach_mm:
        return True
    # The last report may be another pen's.
    return any(
        t.device in _PENS and t.is_down and _distance_mm(contact, t.x_mm, t.y_mm) <= reach_mm
        for t in state.tracks
    )


def _is_fragment(state: PalmState, contact: Contact, rules: PalmRules) -> bool:
    """A wiping palm falls apart into several contacts; the small ones do not draw."""
    return any(
        track.is_down
        and track.role is Role.ERASE
        and _distance_mm(contact, track.x_mm, track.y_mm) <= rules.fragment_mm
        for track in state.tracks
    )


def _gather_fragments(
    state: PalmState, palm: Contact, now_s: float, rules: PalmRules
) -> tuple[PalmState, tuple[Verdict, ...]]:
    """Take back what parts of a palm drew before it proved to be one."""
    verdicts: list[Verdict] = []
    for track in state.tracks:
        if (
            track.id == palm.id
            or track.device is not Device.TOUCH
            or track.role not in (Role.DRAW, Role.MOVE)
            or now_s - track.began_s > rules.settle_s
            or _distance_mm(palm, track.x_mm, track.y_mm) > rules.fragment_mm
        ):
            continue
        if track.acted:
            verdicts.append(Retract(track.id))
        if track.is_down:
            verdicts.append(Become(track.id, Role.IGNORE))
        state = _replaced(state, replace(track, role=Role.IGNORE, acted=False))
    return state, tuple(verdicts)


def _moves(
    state: PalmState, contact: Contact, now_s: float, rules: PalmRules, *, is_pen: bool
) -> tuple[PalmState, tuple[Verdict, ...]]:
    track = state._track(contact.id)
    if track is None or not track.is_down:
        return state, ()
    if is_pen:
        state = _with_pen_at(state, contact, now_s, hovers=state.pen_hovers)
    role, takes_back = _next_role(state, track, contact, now_s, rules)
    away_mm = _distance_mm(contact, track.x0_mm, track.y0_mm)
    moved = replace(
        track,
        role=role,
        x_mm=contact.x_mm,
        y_mm=contact.y_mm,
        largest_mm=max(track.largest_mm, contact.diameter_mm),
        rests=track.rests and away_mm <= rules.rest_mm,
        acted=(track.acted and not takes_back) or role in (Role.DRAW, Role.ERASE),
    )
    state = _replaced(state, moved)
    if role is track.role:
        return state, ()
    verdicts: tuple[Verdict, ...] = (Become(contact.id, role),)
    if takes_back and track.acted:
        verdicts = (Retract(contact.id), *verdicts)
    if role is Role.ERASE:
        state, gathered = _gather_fragments(state, contact, now_s, rules)
        verdicts = (*gathered, *verdicts)
    return state, verdicts


def _next_role(
    state: PalmState, track: _Track, contact: Contact, now_s: float, rules: PalmRules
) -> tuple[Role, bool]:
    """Return the role of a contact that moved, and whether its past is taken back."""
    if track.device is not Device.TOUCH:
        return track.role, False
    is_large = contact.diameter_mm >= rules.large_mm
    was_wiping = track.largest_mm >= rules.large_mm
    match track.role:
        case Role.ERASE if contact.diameter_mm < rules.small_mm:
            # The palm is being lifted: its last corner must not wipe a trail.
            return Role.IGNORE, False
        case Role.DRAW | Role.MOVE if is_large and now_s - track.began_s <= rules.settle_s:
            if _is_at_pen(state, contact, now_s, rules):
                return Role.IGNORE, True
            return Role.ERASE, True
        case Role.IGNORE if is_large and was_wiping and track.acted:
            # Only what wiped before wipes again; the hand of a pen never starts to.
            return Role.ERASE, False
    return track.role, False


def _is_at_pen(state: PalmState, contact: Contact, now_s: float, rules: PalmRules) -> bool:
    return rules.pen_report is not PenReport.NO and _is_hand_at_pen(
        state, contact, now_s, rules, is_large=True
    )


def _ends(state: PalmState, contact: Contact, now_s: float, *, is_pen: bool) -> PalmState:
    track = state._track(contact.id)
    if track is None or not track.is_down:
        return state
    if is_pen:
        state = _with_pen_at(state, contact, now_s, hovers=state.pen_hovers)
    return _replaced(state, replace(track, ended_s=now_s))


# The tracks -------------------------------------------------------------------------------


def _new_track(contact: Contact, role: Role, now_s: float) -> _Track:
    return _Track(
        id=contact.id,
        device=contact.device,
        role=role,
        began_s=now_s,
        x0_mm=contact.x_mm,
        y0_mm=contact.y_mm,
        x_mm=contact.x_mm,
        y_mm=contact.y_mm,
        largest_mm=contact.diameter_mm,
        rests=True,
        acted=role in (Role.DRAW, Role.ERASE),
    )


def _added(state: PalmState, track: _Track) -> PalmState:
    return replace(state, tracks=(*state.tracks, track))


def _replaced(state: PalmState, track: _Track) -> PalmState:
    return replace(
        state, tracks=tuple(track if old.id == track.id else old for old in state.tracks)
    )


def _forget(state: PalmState, new_id: int, now_s: float, rules: PalmRules) -> PalmState:
    """Drop what ended too long ago to be taken back, and an id that is used again."""
    kept = tuple(
        t for t in state.tracks if t.id != new_id and now_s - t.ended_s <= rules.retract_s
    )
    return state if len(kept) == len(state.tracks) else replace(state, tracks=kept)


def _distance_mm(contact: Contact, x_mm: float, y_mm: float) -> float:
    return math.hypot(contact.x_mm - x_mm, contact.y_mm - y_mm)
