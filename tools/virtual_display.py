"""An X server without a screen that lasts longer than a block: the tests' display."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.x11 import XServer, end_process, launch_server, xvfb_command


@dataclass(frozen=True, slots=True)
class VirtualDisplay:
    """A running Xvfb.

    Attributes:
        server: What `tools.x11` moves and looks at.
        process: The server's process.
    """

    server: XServer
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """Return what DISPLAY has to be, `:7`."""
        return self.server.display

    @property
    def pid(self) -> int:
        """Return the number of the server's process."""
        return self.process.pid

    def environment(self) -> dict[str, str]:
        """Return a copy of this process's environment in which programs draw there."""
        return self.server.environment({"QT_QPA_PLATFORM": "xcb"})

    def shutdown(self) -> None:
        """End the server; waits for its end. Calling it again does nothing."""
        end_process(self.process)


def start_virtual_display(
    width_px: int = 1920, height_px: int = 1080, *, dpi: int = 96
) -> VirtualDisplay:
    """Start an Xvfb of its own, on a display number that is free.

    The server listens on a local socket alone. It runs until `shutdown` is called or this
    process ends, even if that is killed.

    Args:
        width_px: Width of the screen, in pixels.
        height_px: Height of the screen, in pixels.
        dpi: Dots an inch that the screen claims.

    Raises:
        X11Error: Xvfb is not installed or does not start.
    """
    # Without a file of pixels: nothing lies about when the tests are killed.
    display, process = launch_server(xvfb_command(width_px, height_px, dpi))
    return VirtualDisplay(XServer(display, width_px, height_px, process.pid), process)


@contextlib.contextmanager
def virtual_display(
    width_px: int = 1920, height_px: int = 1080, *, dpi: int = 96
) -> Iterator[VirtualDisplay]:
    """Run an Xvfb as `start_virtual_display` does, until the block ends."""
    display = start_virtual_display(width_px, height_px, dpi=dpi)
    try:
        yield display
    finally:
        display.shutdown()
