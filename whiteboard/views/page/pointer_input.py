"""Qt's tablet, touch and mouse events as `PointerEvent`s."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QEventPoint,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
)

from whiteboard.model.events import Device, Phase, PointerEvent

MOUSE_CONTACT: Final = -1
PEN_CONTACT: Final = -2
"""The first pen; others have the numbers below it."""

# Looking a member up in an enumeration is a Python call on 3.11; this is the ink's path.
_DOWN: Final = Phase.DOWN
_MOVE: Final = Phase.MOVE
_UP: Final = Phase.UP
_HOVER: Final = Phase.HOVER
_MOUSE: Final = Device.MOUSE
_NO_BUTTON: Final = Qt.MouseButton.NoButton
_LEFT: Final = Qt.MouseButton.LeftButton
_RIGHT: Final = Qt.MouseButton.RightButton
_MOUSE_BUTTONS: Final = _LEFT | _RIGHT
_BARREL_BUTTONS: Final = _RIGHT | Qt.MouseButton.MiddleButton
_TOUCH_PHASES: Final = {
    QEventPoint.State.Pressed: _DOWN,
    QEventPoint.State.Updated: _MOVE,
    QEventPoint.State.Released: _UP,
}
_STALE_S: Final = 10.0
"""An event that seems this old was stamped by a clock that was set anew."""


@dataclass(slots=True)
class _Pen:
    """A pen that was seen, and where it is now.

    Attributes:
        contact: Names it in pointer events.
        down: Its end that writes; None while it is in the air.
        place: Logical px of the view.
    """

    contact: int
    down: Device | None = None
    place: tuple[float, float] = (0.0, 0.0)


class PointerInput:
    """Turns Qt's events into pointer events.

    It remembers only which contacts are down, so that each one has a proper end.

    Args:
        now_s: Monotonic clock; the times of pointer events are on it.
        px_per_mm: Logical px per mm on the glass.
    """

    def __init__(self, now_s: Callable[[], float], px_per_mm: float) -> None:
        self._now_s = now_s
        self.px_per_mm = px_per_mm
        self._mouse_down = False
        self._pens: dict[int, _Pen] = {}
        self._touches: set[int] = set()
        self._offset_s = 0.0

    def from_mouse(self, event: QMouseEvent) -> PointerEvent | None:
        """Return what a mouse event says; None where it says nothing new."""
        buttons = event.buttons()
        held = buttons is _LEFT or (
            buttons is not _NO_BUTTON and bool(buttons & _MOUSE_BUTTONS)
        )
        phase = self._mouse_phase(event, held=held)
        if phase is None:
            return None
        place = event.position()
        return PointerEvent(
            MOUSE_CONTACT,
            _MOUSE,
            phase,
            place.x(),
            place.y(),
            self._time_s(event.timestamp()),
            barrel=held and buttons is not _LEFT and bool(buttons & _RIGHT),
        )

    def from_tablet(self, event: QTabletEvent) -> PointerEvent:
        """Return what a pen event says."""
        buttons = event.buttons()
        touching = bool(buttons & _LEFT)
        device = event.pointingDevice()
        pen = self._pen_of(device)
        if pen.down is not None:
            phase = _MOVE if touching else _UP
        else:
            # A pen that comes in from outside the view with its tip down does not write.
            pressed = touching and event.type() is QEvent.Type.TabletPress
            phase = _DOWN if pressed else _HOVER
        measured = bool(device.capabilities() & QInputDevice.Capability.Pressure)
        place = event.position()
        pen.place = (place.x(), place.y())
        return PointerEvent(
            pen.contact,
            _pen_end(pen, event, phase),
            phase,
            place.x(),
            place.y(),
            self._time_s(event.timestamp()),
            pressure=event.pressure() if measured else 0.5,
            has_pressure=measured,
            tilt_rad=tilt_rad(event.xTilt(), event.yTilt()),
            barrel=buttons is not _LEFT and bool(buttons & _BARREL_BUTTONS),
        )

    def from_touch(self, event: QTouchEvent) -> list[PointerEvent]:
        """Return what a touch event says of each finger that did something."""
        time_s = self._time_s(event.timestamp())
        if event.type() is QEvent.Type.TouchCancel:
            return self._cancel_touches(time_s)
        result = []
        measured = bool(event.device().capabilities() & QInputDevice.Capability.Pressure)
        for point in event.points():
            phase = _TOUCH_PHASES.get(point.state())
            contact = point.id()
            if phase is _DOWN and contact in self._touches:
                phase = _MOVE
            if phase is None or (phase is not _DOWN and contact not in self._touches):
                continue
            if phase is _UP:
                self._touches.discard(contact)
            else:
                self._touches.add(contact)
            result.append(self._touch(point, phase, time_s, measured=measured))
        return result

    def pen_left(self, device: QPointingDevice | None = None) -> list[PointerEvent]:
        """Return what it says that a pen was taken away; one that wrote has ended there.

        Args:
            device: Which pen; None for all of them, where the system does not say.
        """
        left = list(self._pens.values()) if device is None else [self._pen_of(device)]
        now_s = self._now_s()
        result = []
        for pen in left or [_Pen(PEN_CONTACT)]:
            if pen.down is not None:
                result.append(PointerEvent(pen.contact, pen.down, _UP, *pen.place, now_s))
                pen.down = None
            gone = PointerEvent(pen.contact, Device.PEN, Phase.LEAVE, *pen.place, now_s)
            result.append(gone)
        return result

    def cancel_all(self) -> list[PointerEvent]:
        """End every contact that is down, as when the window loses the glass."""
        now_s = self._now_s()
        result = self._cancel_touches(now_s)
        if self._mouse_down:
            self._mouse_down = False
            result.append(PointerEvent(MOUSE_CONTACT, _MOUSE, Phase.CANCEL, 0.0, 0.0, now_s))
        for pen in self._pens.values():
            if pen.down is not None:
                end = PointerEvent(pen.contact, pen.down, Phase.CANCEL, 0.0, 0.0, now_s)
                result.append(end)
                pen.down = None
        return result

    def _mouse_phase(self, event: QMouseEvent, *, held: bool) -> Phase | None:
        if self._mouse_down:
            if held:
                # Another button of a mouse that draws already changes nothing.
                return _MOVE if event.button() is _NO_BUTTON else None
            # Without a release, too: another window may have taken it.
            self._mouse_down = False
            return _UP
        kind = event.type()
        if kind is QEvent.Type.MouseMove:
            # A button that went down elsewhere does not draw here.
            return _HOVER
        if held and kind is not QEvent.Type.MouseButtonRelease:
            self._mouse_down = True
            return _DOWN
        return None

    def _pen_of(self, device: QPointingDevice) -> _Pen:
        # The number in the pen, the same at both of its ends; 0 where it has none.
        number = device.uniqueId().numericId()
        pen = self._pens.get(number)
        if pen is None:
            pen = self._pens[number] = _Pen(PEN_CONTACT - len(self._pens))
        return pen

    def _touch(
        self, point: QEventPoint, phase: Phase, time_s: float, *, measured: bool
    ) -> PointerEvent:
        place = point.position()
        size = point.ellipseDiameters()
        return PointerEvent(
            point.id(),
            Device.TOUCH,
            phase,
            place.x(),
            place.y(),
            time_s,
            pressure=point.pressure() if measured else 0.5,
            has_pressure=measured,
            size_mm=max(size.width(), size.height()) / self.px_per_mm,
        )

    def _cancel_touches(self, time_s: float) -> list[PointerEvent]:
        touches, self._touches = self._touches, set()
        return [
            PointerEvent(contact, Device.TOUCH, Phase.CANCEL, 0.0, 0.0, time_s)
            for contact in touches
        ]

    def _time_s(self, timestamp_ms: int) -> float:
        """Return the time of an event on our clock.

        Whose clock stamps events depends on the system, and the one of X starts again after
        50 days. The least delay seen so far tells how far it is from ours; an event is never
        later than now, and times keep their order.
        """
        now_s = self._now_s()
        if not timestamp_ms:
            return now_s
        stamped_s = timestamp_ms * 0.001
        time_s = stamped_s + self._offset_s
        if now_s - _STALE_S < time_s <= now_s:
            return time_s
        self._offset_s = now_s - stamped_s
        return now_s


def _pen_end(pen: _Pen, event: QTabletEvent, phase: Phase) -> Device:
    """Return which end of the pen it is, the same from down to up."""
    end = pen.down
    if end is None:
        is_eraser = event.pointerType() is QPointingDevice.PointerType.Eraser
        end = Device.ERASER if is_eraser else Device.PEN
    if phase is _DOWN:
        pen.down = end
    elif phase is _UP:
        pen.down = None
    return end


def tilt_rad(x_tilt_deg: float, y_tilt_deg: float) -> float:
    """Return the angle of a pen from the vertical, of its tilts to right and bottom.

    Args:
        x_tilt_deg: Within -90..90.
        y_tilt_deg: Within -90..90.
    """
    x, y = (math.radians(min(max(a, -89.0), 89.0)) for a in (x_tilt_deg, y_tilt_deg))
    return math.atan(math.hypot(math.tan(x), math.tan(y)))
