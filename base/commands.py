"""A command, declared once: buttons, shortcuts and help are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can ask for.

    Attributes:
        id: Stable dotted name, `board.undo`.
        title: English msgid of the word on its button, marked with `N_`.
        icon: Name of a file in `assets/icons/` without its ending.
        run: Does it. Called on the UI thread.
        shortcut: Qt's portable text of a key sequence, `Ctrl+Z`; empty for none.
        enabled: Whether it can be asked for now. Cheap; called on the UI thread.
        keys: More keys in the form of `shortcut`, such as a presenter's clicker sends. They
            work only where nothing else takes them: a letter still goes into a text.
    """

    id: str
    title: str
    icon: str
    run: Callable[[], None]
    shortcut: str = ""
    enabled: Callable[[], bool] = _always
    keys: tuple[str, ...] = ()
