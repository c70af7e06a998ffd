"""What the command line asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.model.navigation import HOME


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line, checked.

    Attributes:
        screen: Name of the first screen.
        windowed: Whether the window has a frame and leaves the rest of the desktop alone.
        size: Width and height of the window in device-independent px; None for the whole
            screen, or for a usual size when windowed.
        open_path: An existing file to open; None for none.
        data_dir: Folder of this display's data; None for the usual one.
        settings: Settings by name, as typed and valid.
    """

    screen: str = HOME
    windowed: bool = False
    size: tuple[int, int] | None = None
    open_path: Path | None = None
    data_dir: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
