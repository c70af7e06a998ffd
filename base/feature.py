"""What the shell knows of a feature, and what it hands to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from base.commands import Command
from base.errors import AppError, ErrorCode

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from base.options import Options


class Weight(Enum):
    """How a notice looks and how long it stays."""

    CALM = auto()
    TROUBLE = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person in front of the display, already in their language.

    Attributes:
        text: What happened and what to do next.
        weight: CALM leaves by itself; TROUBLE stays until touched.
        action_text: Word on the notice's button; empty for none.
        action: What the button does.
        about: The file it is about; such notices leave when another file is opened.
    """

    text: str
    weight: Weight = Weight.CALM
    action_text: str = ""
    action: Callable[[], None] | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class RoomsPlace:
    """Where the consultation service of this display is.

    Attributes:
        url: Its address.
        token: This display's, when the service is its own; None when the display has to be
            paired with it.
        is_embedded: Whether it runs on this display.
    """

    url: str
    token: str | None = None
    is_embedded: bool = False


async def _no_rooms() -> RoomsPlace:
    raise AppError(ErrorCode.ROOMS_NOT_STARTED, "nobody knows of a service")


def _nothing() -> None:
    pass


def _nowhere(_screen: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Host:
    """What the shell hands to a feature.

    Attributes:
        data_dir: Folder of this display's data; exists and can be written.
        options: The settings in force.
        show_notice: Puts a notice on the screen. UI thread.
        show_error: Puts the words for an error on the screen. UI thread.
        go_home: Leaves the feature for the home screen. UI thread.
        removable_folders: The folders of the USB sticks that are plugged in now.
        finish: Leaves the display as it was found, for the next person. UI thread.
        open_screen: Puts another screen on the display, by its name. UI thread.
        forget_files: Takes the notices away that are about a file. UI thread.
        find_rooms: Says where the consultation service is, and starts one here when none
            is configured; raises AppError ROOMS_NOT_STARTED. Inside the running loop.
    """

    data_dir: Path
    options: Options
    show_notice: Callable[[Notice], None]
    show_error: Callable[[AppError], None]
    go_home: Callable[[], None]
    removable_folders: Callable[[], Sequence[Path]]
    finish: Callable[[], None] = _nothing
    open_screen: Callable[[str], None] = _nowhere
    forget_files: Callable[[], None] = _nothing
    find_rooms: Callable[[], Awaitable[RoomsPlace]] = _no_rooms


class Feature(Protocol):
    """The front door of a feature; `shutdown` ends all that it started."""

    id: str
    title: str
    icon: str

    def screens(self) -> Sequence[str]:
        """Return the names that `--screen` may give, the first one is the tile's."""

    def show(self, screen: str) -> QWidget:
        """Make `screen` ready and return the widget to put on the display."""

    def commands(self) -> Sequence[Command]:
        """Return what can be asked for on the feature's screens."""

    def open_path(self, path: Path) -> bool:
        """Open a file if it is one of the feature's; return whether it was."""

    def finish(self) -> None:
        """Put away what is open, keep it, and forget what was chosen.

        The next person finds the feature as on its first day. UI thread; quick.
        """

    def shutdown(self) -> None:
        """Write what is unwritten, stop threads and processes. Blocks until done."""
