"""Qt's tablet, touch and mouse events as `PointerEvent`s."""

from __future__ import annotations

import math
from collections.abc import Callable
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

_MOUSE_PHASES: Final = {
    QEvent.Type.MouseButtonPress: Phase.DOWN,
    QEvent.Type.MouseButtonDblClick: Phase.DOWN,
    QEvent.Type.MouseButtonRelease: Phase.UP,
}
_TABLET_PHASES: Final = {
    QEvent.Type.TabletPress: Phase.DOWN,
    QEvent.Type.TabletRelease: Phase.UP,
}
_TOUCH_PHASES: Final = {
    QEventPoint.State.Pressed: Phase.DOWN,
    QEventPoint.State.Updated: Phase.MOVE,
    QEventPoint.State.Released: Phase.UP,
}
_DRAWING_BUTTONS: Final = Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton


class PointerInput:
    """Turns Qt's events into pointer events.

    It remembers only which contacts are down, so that each one has a proper end.

    Args:
        now_s: Monotonic clock, for events without a time of their own.
        px_per_mm: Logical px per mm on the glass.
    """

    def __init__(self, now_s: Callable[[], float], px_per_mm: float) -> None:
        self._now_s = now_s
        self.px_per_mm = px_per_mm
        self._mouse_down = False
        self._touches: set[int] = set()

    def from_mouse(self, event: QMouseEvent) -> PointerEvent | None:
        """Return what a mouse event says; None where it says nothing new."""
        phase = _MOUSE_PHASES.get(event.type())
        held = bool(event.buttons() & _DRAWING_BUTTONS)
        if phase is Phase.DOWN and (self._mouse_down or not held):
            return None
        if phase is Phase.UP and (not self._mouse_down or held):
            return None
        if phase is None:
            phase = Phase.MOVE if self._mouse_down else Phase.HOVER
        self._mouse_down = phase in (Phase.DOWN, Phase.MOVE)
        place = event.position()
        return PointerEvent(
            MOUSE_CONTACT,
            Device.MOUSE,
            phase,
            place.x(),
            place.y(),
            self._time_s(event.timestamp()),
            barrel=bool(event.buttons() & Qt.MouseButton.RightButton),
        )

    def from_tablet(self, event: QTabletEvent) -> PointerEvent:
        """Return what a pen event says."""
        touching = bool(event.buttons() & Qt.MouseButton.LeftButton)
        phase = _TABLET_PHASES.get(event.type(), Phase.MOVE if touching else Phase.HOVER)
        if phase is Phase.DOWN and not touching:
            phase = Phase.HOVER
        if phase is Phase.UP and touching:
            phase = Phase.MOVE
        is_eraser = event.pointerType() is QPointingDevice.PointerType.Eraser
        device = event.pointingDevice()
        measured = bool(device.capabilities() & QInputDevice.Capability.Pressure)
        place = event.position()
        return PointerEvent(
            PEN_CONTACT,
            Device.ERASER if is_eraser else Device.PEN,
            phase,
            place.x(),
            place.y(),
            self._time_s(event.timestamp()),
            pressure=event.pressure() if measured else 0.5,
            has_pressure=measured,
            tilt_rad=tilt_rad(event.xTilt(), event.yTilt()),
            barrel=bool(event.buttons() & Qt.MouseButton.RightButton),
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
            if phase is Phase.DOWN and contact in self._touches:
                phase = Phase.MOVE
            if phase is None or (phase is not Phase.DOWN and contact not in self._touches):
                continue
            if phase is Phase.UP:
                self._touches.discard(contact)
            else:
                self._touches.add(contact)
            result.append(self._touch(point, phase, time_s, measured=measured))
        return result

    def cancel_all(self) -> list[PointerEvent]:
        """End every contact that is down, as when the window loses the glass."""
        now_s = self._now_s()
        result = self._cancel_touches(now_s)
        if self._mouse_down:
            self._mouse_down = False
            result.append(
                PointerEvent(MOUSE_CONTACT, Device.MOUSE, Phase.CANCEL, 0.0, 0.0, now_s)
            )
        return result

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
        return timestamp_ms * 0.001 if timestamp_ms else self._now_s()


def tilt_rad(x_tilt_deg: float, y_tilt_deg: float) -> float:
    """Return the angle of a pen from the vertical, of its tilts to right and bottom.

    Args:
        x_tilt_deg: Within -90..90.
        y_tilt_deg: Within -90..90.
    """
    x, y = (math.radians(min(max(a, -89.0), 89.0)) for a in (x_tilt_deg, y_tilt_deg))
    return math.atan(math.hypot(math.tan(x), math.tan(y)))
