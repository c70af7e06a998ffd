"""When the on-screen keyboard is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto


class Policy(Enum):
    """The setting `on_screen_keyboard`."""

    AUTOMATIC = "auto"
    """When a field is touched, until somebody types on a real keyboard."""
    ALWAYS = "always"
    """Whenever a field can be written in."""
    NEVER = "never"


class Happening(Enum):
    """What can change it."""

    ENTERED = auto()
    """A field can be written in now."""
    LEFT = auto()
    """No field can be written in any more."""
    ASKED = auto()
    """The field itself asked for a keyboard, as one does that is opened by a touch."""
    TOUCHED = auto()
    """The field was touched by finger, pen or mouse."""
    TYPED = auto()
    """A key of a real keyboard was pressed in the field."""
    PUT_AWAY = auto()
    """The keyboard's own key for leaving was touched."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whether somebody wants the keyboard.

    Attributes:
        has_field: Whether there is a field to write in.
        is_asked: Whether it was touched, or the policy asks for it.
        is_refused: Whether the person sent it away: only a touch brings it back then,
            because fields of the toolkit ask again while one types.
    """

    has_field: bool = False
    is_asked: bool = False
    is_refused: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether the keyboard is to be shown."""
        return self.has_field and self.is_asked


def after(wish: Wish, happening: Happening, policy: Policy) -> Wish:
    """Return the wish after something happened."""
    if policy is Policy.NEVER:
        return Wish(has_field=happening is not Happening.LEFT)
    match happening:
        case Happening.ENTERED:
            return Wish(has_field=True, is_asked=policy is Policy.ALWAYS)
        case Happening.LEFT:
            return Wish()
        case Happening.ASKED:
            return replace(wish, is_asked=not wish.is_refused)
        case Happening.TOUCHED:
            return replace(wish, is_asked=True, is_refused=False)
        case Happening.TYPED if policy is Policy.ALWAYS:
            return wish
        case Happening.TYPED | Happening.PUT_AWAY:
            return replace(wish, is_asked=False, is_refused=True)
