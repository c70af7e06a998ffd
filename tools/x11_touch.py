"""A real X server with a touch screen and a pen that a program moves from outside.

Xvfb has neither. Xorg with its `dummy` video driver and its own `inputtest` input driver has
both, needs no hardware and no rights beyond starting it, and applications get the same XI2
touch and tablet events as from a panel. From Debian: xserver-xorg-core and
xserver-xorg-video-dummy.

    with start_touch_server(1920, 1080) as glass, Touch(glass) as touch:
        touch.begin(1, 500.0, 400.0)
        touch.update(1, 520.0, 410.0)
        touch.end(1, 520.0, 410.0)
"""

from __future__ import annotations

import shutil
import socket
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.x11 import X11Error, XServer, run_server

XORG = ("/usr/lib/xorg/Xorg", "Xorg")
CONTACTS = 15
"""As many as the input driver can have at once."""
AXIS_STEPS = 0x10000
TOUCH_PRESSURE_STEPS = 2047
PEN_PRESSURE_STEPS = 1000

PROTOCOL = (1, 1)
VALUATORS = 64
CLIENT_VERSION, WAIT_FOR_SYNC, MOTION, PROXIMITY, BUTTON, TOUCH = 0, 1, 2, 3, 4, 6
TOUCH_BEGIN, TOUCH_UPDATE, TOUCH_END = 18, 19, 20
X_AXIS, Y_AXIS, PRESSURE_AXIS = 0, 1, 4
ANSWER_TIMEOUT_S = 10.0

CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
  Option "DontVTSwitch" "true"
  Option "BlankTime" "0"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam {video_kb}
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 1.0-2000.0
  VertRefresh 1.0-1000.0
  Option "ReducedBlanking" "true"
  Modeline "glass" {clock_mhz:.2f} {width} {h1} {h2} {h3} {height} {v1} {v2} {v3}
  DisplaySize {width_mm} {height_mm}
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "glass"
    Virtual {width} {height}
  EndSubSection
EndSection
Section "InputDevice"
  Identifier "touch"
  Driver "inputtest"
  Option "SocketPath" "{touch}"
  Option "DeviceType" "Touch"
  Option "TouchCount" "{contacts}"
EndSection
Section "InputDevice"
  Identifier "pen"
  Driver "inputtest"
  Option "SocketPath" "{pen}"
  Option "DeviceType" "PointerAbsoluteProximity"
  Option "PointerHasPressure" "true"
EndSection
Section "ServerLayout"
  Identifier "layout"
  Screen "screen"
  InputDevice "touch" "SendCoreEvents"
  InputDevice "pen" "SendCoreEvents"
EndSection
"""


@dataclass(frozen=True, slots=True)
class Glass(XServer):
    """A server with a touch screen and a pen.

    Attributes:
        touch_socket: Where `Touch` connects.
        pen_socket: Where `Pen` connects.
    """

    touch_socket: Path = Path()
    pen_socket: Path = Path()


@contextmanager
def start_touch_server(width: int, height: int, dpi: int = 96) -> Iterator[Glass]:
    """Start Xorg with a touch screen and a pen on a free display; it ends with the block.

    Raises:
        X11Error: Xorg or its drivers are not installed, or it does not come up.
    """
    program = next((found for name in XORG if (found := shutil.which(name))), None)
    if program is None:
        raise X11Error("Xorg is not installed (xserver-xorg-core, xserver-xorg-video-dummy)")
    folder = Path(tempfile.mkdtemp(prefix="xorg-"))
    touch, pen = folder / "touch", folder / "pen"
    configuration, none = folder / "xorg.conf", folder / "none"
    none.mkdir()
    configuration.write_text(_configuration(width, height, dpi, touch, pen))
    command = [program, "-config", str(configuration), "-configdir", str(none)]
    command += ["-logfile", str(folder / "xorg.log"), "-noreset", "-nolisten", "tcp"]
    command += ["-novtswitch", "-sharevts", "-nocursor"]
    try:
        with run_server(command) as (display, pid):
            yield Glass(display, width, height, pid, None, touch, pen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(width: int, height: int, dpi: int, touch: Path, pen: Path) -> str:
    horizontal = [width + 48, width + 80, width + 160]
    vertical = [height + 3, height + 8, height + 20]
    return CONFIGURATION.format(
        video_kb=max(65536, width * height * 8 // 1024),
        clock_mhz=horizontal[-1] * vertical[-1] * 30 / 1e6,
        width=width,
        h1=horizontal[0],
        h2=horizontal[1],
        h3=horizontal[2],
        height=height,
        v1=vertical[0],
        v2=vertical[1],
        v3=vertical[2],
        width_mm=round(width * 25.4 / dpi),
        height_mm=round(height * 25.4 / dpi),
        touch=touch,
        pen=pen,
        contacts=CONTACTS,
    )


class _Device:
    """A connection to one input device; a call returns when the event is written."""

    def __init__(self, glass: Glass, path: Path) -> None:
        self._x_scale, self._y_scale = AXIS_STEPS / glass.width, AXIS_STEPS / glass.height
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        try:
            self._socket.connect(str(path))
            self._send(CLIENT_VERSION, struct.pack("=HH", *PROTOCOL))
            self._read(12)
        except OSError as error:
            self._socket.close()
            raise X11Error(f"the input device at {path} does not answer: {error}") from error

    def sync(self) -> None:
        """Return when the server has handled every event sent so far."""
        self._send(WAIT_FOR_SYNC, b"")
        self._read(8)

    def close(self) -> None:
        """Unplug."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _place(self, x: float, y: float) -> dict[int, float]:
        return {X_AXIS: (x + 0.5) * self._x_scale, Y_AXIS: (y + 0.5) * self._y_scale}

    def _send(self, kind: int, body: bytes) -> None:
        self._socket.sendall(struct.pack("=II", 8 + len(body), kind) + body)

    def _read(self, count: int) -> bytes:
        answer = b""
        while len(answer) < count:
            piece = self._socket.recv(count - len(answer))
            if not piece:
                raise X11Error("the input device has gone")
            answer += piece
        return answer


class Touch(_Device):
    """Fingers on the glass, up to `CONTACTS` at once. Positions are pixels and may be parts."""

    def __init__(self, glass: Glass) -> None:
        """Plug in.

        Raises:
            X11Error: the server does not answer.
        """
        super().__init__(glass, glass.touch_socket)

    def begin(self, contact: int, x: float, y: float, pressure: float = 0.5) -> None:
        """Put a finger down; `contact` is any number no other finger has."""
        self._touch(TOUCH_BEGIN, contact, x, y, pressure)

    def update(self, contact: int, x: float, y: float, pressure: float = 0.5) -> None:
        """Move a finger that is down."""
        self._touch(TOUCH_UPDATE, contact, x, y, pressure)

    def end(self, contact: int, x: float, y: float) -> None:
        """Lift a finger."""
        self._touch(TOUCH_END, contact, x, y, 0.0)

    def _touch(self, phase: int, contact: int, x: float, y: float, pressure: float) -> None:
        axes = {**self._place(x, y), PRESSURE_AXIS: pressure * TOUCH_PRESSURE_STEPS}
        self._send(TOUCH, struct.pack("=II", contact, phase) + _valuators(axes))


class Pen(_Device):
    """A pen with pressure, near the glass or on it. Positions are pixels and may be parts."""

    def __init__(self, glass: Glass) -> None:
        """Plug in.

        Raises:
            X11Error: the server does not answer.
        """
        super().__init__(glass, glass.pen_socket)

    def near(self, x: float, y: float) -> None:
        """Bring the pen near the glass."""
        self._send(PROXIMITY, struct.pack("=I4x", 1) + _valuators(self._place(x, y)))
        self.move(x, y, 0.0)

    def away(self, x: float, y: float) -> None:
        """Take the pen away from the glass."""
        self._send(PROXIMITY, struct.pack("=I4x", 0) + _valuators(self._place(x, y)))

    def move(self, x: float, y: float, pressure: float = 0.5) -> None:
        """Move the pen, in the air or on the glass."""
        axes = {**self._place(x, y), PRESSURE_AXIS: pressure * PEN_PRESSURE_STEPS}
        self._send(MOTION, struct.pack("=I4x", 1) + _valuators(axes))

    def press(self, button: int = 1) -> None:
        """Touch the glass (1) or press a barrel button (2, 3)."""
        self._send(BUTTON, struct.pack("=iiI4x", 1, button, 1) + _valuators({}))

    def release(self, button: int = 1) -> None:
        """Lift the pen (1) or let a barrel button go (2, 3)."""
        self._send(BUTTON, struct.pack("=iiI4x", 1, button, 0) + _valuators({}))


def _valuators(axes: Mapping[int, float]) -> bytes:
    """Return the axes as the driver's C structure, which begins on a multiple of 8 bytes."""
    mask = sum(1 << axis for axis in axes)
    values = [0.0] * VALUATORS
    for axis, value in axes.items():
        values[axis] = value
    return struct.pack(f"=IQ4x{VALUATORS}d{VALUATORS * 8}x", 0, mask, *values)
