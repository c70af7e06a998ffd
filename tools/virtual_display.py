"""An X server without a screen, for tests, benchmarks and the demonstration."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

START_PATIENCE_S: Final = 30.0
END_PATIENCE_S: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class VirtualDisplay:
    """A running Xvfb.

    Attributes:
        name: What DISPLAY has to be, `:7`.
        width_px: Width of its only screen.
        height_px: Height of its only screen.
        server: Its process.
    """

    name: str
    width_px: int
    height_px: int
    server: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Return the number of the server's process."""
        return self.server.pid

    def environment(self) -> dict[str, str]:
        """Return a copy of this process's environment in which programs draw there."""
        environment = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
        return environment | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def shutdown(self) -> None:
        """End the server; waits for its end. Calling it again does nothing."""
        _end(self.server)


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
        RuntimeError: Xvfb is not installed or does not start.
    """
    if shutil.which("Xvfb") is None:
        raise RuntimeError("Xvfb is missing: packaging/debian-packages.txt lists its package")
    told, tell = os.pipe()
    command = [
        *("Xvfb", "-displayfd", str(tell), "-screen", "0", f"{width_px}x{height_px}x24"),
        *("-dpi", str(dpi), "-nolisten", "tcp", "-noreset", "-ac"),
    ]
    server = subprocess.Popen(
        command,
        pass_fds=[tell],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_end_with_parent,  # noqa: PLW1509  (one call of prctl, no Python locks)
    )
    os.close(tell)
    try:
        number = _read_number(told)
    except BaseException:
        _end(server)
        raise
    finally:
        os.close(told)
    return VirtualDisplay(f":{number}", width_px, height_px, server)


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


_LIBC: Final = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _read_number(told: int) -> int:
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([told], [], [], START_PATIENCE_S)
        piece = os.read(told, 32) if ready else b""
        if not piece:
            raise RuntimeError(f"Xvfb did not start within {START_PATIENCE_S:.0f} s")
        line += piece
    return int(line)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(END_PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
