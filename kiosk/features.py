"""The features in order, and what of each stands on the home screen.

Nothing of a feature is imported before it is needed: the command line knows the names of
the screens, and the home screen its tiles, without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from base.feature import Feature, Host
from base.text import N_
from kiosk.model.navigation import HOME, SETTINGS
from kiosk.model.tiles import HomeTile


@dataclass(frozen=True, slots=True)
class FeatureEntry:
    """A feature before it is loaded.

    Attributes:
        id: Its stable name.
        tiles: Its screens, each with its tile.
        load: Imports and builds it.
    """

    id: str
    tiles: tuple[HomeTile, ...]
    load: Callable[[Host], Feature]


def _load_whiteboard(host: Host) -> Feature:
    from whiteboard.feature import WhiteboardFeature

    return WhiteboardFeature(host)


ENTRIES: Final = (
    FeatureEntry(
        id="whiteboard",
        tiles=(
            HomeTile("board", N_("Blackboard"), "presentation", N_("Write now"), lead=True),
            HomeTile("documents", N_("Documents"), "file-text", N_("Slides, PDF, pictures")),
            HomeTile("boards", N_("Boards"), "layout-grid", N_("Written on this display")),
        ),
        load=_load_whiteboard,
    ),
)


def screen_names() -> tuple[str, ...]:
    """Return every name that `--screen` takes, home first."""
    tiles = (tile.screen for entry in ENTRIES for tile in entry.tiles)
    return (HOME, *tiles, SETTINGS)
