"""Which screen is shown, and what has to be done when a person asks for another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

HOME: Final = "home"
SETTINGS: Final = "settings"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the display is.

    Attributes:
        screen: Name of the screen that is shown.
        locked: Whether a PIN stands before the settings.
        asking: Whether the PIN is being asked for.
    """

    screen: str = HOME
    locked: bool = False
    asking: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """Someone asked for a screen."""

    screen: str


@dataclass(frozen=True, slots=True)
class LockChanged:
    """A PIN was set (True) or taken away (False)."""

    locked: bool


@dataclass(frozen=True, slots=True)
class PinAnswered:
    """The PIN pad was answered rightly (True) or left (False)."""

    right: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """Someone leaves the display."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The screen that was asked for could not be shown."""


Event = Opened | LockChanged | PinAnswered | Finished | Failed


class Duty(Enum):
    """Something to do that has no argument."""

    ASK_PIN = auto()
    PUT_AWAY = auto()
    """Let every feature keep and close what is open."""
    FORGET_CHOICES = auto()
    """Go back to the language and the colours that are kept."""
    CLEAR_NOTICES = auto()
    TELL_FINISHED = auto()
    """Say that the display is ready, also to who was on the home screen already."""


@dataclass(frozen=True, slots=True)
class Show:
    """Put a screen on the display."""

    screen: str


Action = Duty | Show


def navigate(place: Place, event: Event) -> tuple[Place, tuple[Action, ...]]:
    """Return where the display is after `event`, and what to do, in order."""
    match event:
        case Opened(screen):
            return _open(place, screen)
        case LockChanged(locked):
            return replace(place, locked=locked), ()
        case PinAnswered(right):
            if not place.asking or not right:
                return replace(place, asking=False), ()
            return replace(place, screen=SETTINGS, asking=False), (Show(SETTINGS),)
        case Finished():
            home = replace(place, screen=HOME, asking=False)
            return home, (
                Duty.PUT_AWAY,
                Duty.FORGET_CHOICES,
                Duty.CLEAR_NOTICES,
                Show(HOME),
                Duty.TELL_FINISHED,
            )
        case Failed():
            if place.screen == HOME:
                return place, ()
            return replace(place, screen=HOME, asking=False), (Show(HOME),)


def _open(place: Place, screen: str) -> tuple[Place, tuple[Action, ...]]:
    if screen == SETTINGS and place.locked and place.screen != SETTINGS:
        return replace(place, asking=True), (Duty.ASK_PIN,)
    return replace(place, screen=screen, asking=False), (Show(screen),)
