"""What the home screen offers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HomeTile:
    """One large tile.

    Attributes:
        screen: Name of the screen it opens, as `--screen` takes it.
        title: Its word, a msgid.
        icon: Name of its icon.
        hint: One short line under the word, a msgid.
        lead: Whether it is the tile most people come for.
    """

    screen: str
    title: str
    icon: str
    hint: str
    lead: bool = False
