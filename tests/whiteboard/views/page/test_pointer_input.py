import math

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QEventPoint,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QTabletEvent,
    QTouchEvent,
)

from whiteboard.model.events import Device, Phase
from whiteboard.views.page.pointer_input import (
    MOUSE_CONTACT,
    PEN_CONTACT,
    PointerInput,
    tilt_rad,
)

pytestmark = pytest.mark.usefixtures("qapp")

LEFT, RIGHT, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.NoButton,
)
MIDDLE = Qt.MouseButton.MiddleButton
PRESS, MOVE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
RELEASE, DOUBLE = QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick
TABLET_PRESS, TABLET_MOVE = QEvent.Type.TabletPress, QEvent.Type.TabletMove
TABLET_RELEASE = QEvent.Type.TabletRelease
PX_PER_MM = 4.0
DEVICES = []
"""An event only points to its device: they live as long as this module."""


class Clock:
    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source(clock):
    return PointerInput(clock, PX_PER_MM)


def mouse(kind, button, buttons, x=10.0, y=20.0, t_ms=0):
    spot = QPointF(x, y)
    event = QMouseEvent(kind, spot, spot, button, buttons, Qt.KeyboardModifier.NoModifier)
    event.setTimestamp(t_ms)
    return event


def device(kind=QPointingDevice.PointerType.Pen, pressure=True, touch=False, number=1):
    can = QInputDevice.Capability.Position
    if pressure:
        can |= QInputDevice.Capability.Pressure
    form = QInputDevice.DeviceType.TouchScreen if touch else QInputDevice.DeviceType.Stylus
    DEVICES.append(
        QPointingDevice(
            "test", 1, form, kind, can, 10, 3, "", QPointingDeviceUniqueId.fromNumericId(number)
        )
    )
    return DEVICES[-1]


def tablet(kind, buttons, pen=None, pressure=0.5, tilt=(0.0, 0.0), x=10.0, y=20.0, t_ms=0):
    event = QTabletEvent(
        kind,
        pen or device(),
        QPointF(x, y),
        QPointF(x, y),
        pressure,
        *tilt,
        0.0,
        0.0,
        0.0,
        Qt.KeyboardModifier.NoModifier,
        NONE if kind is TABLET_MOVE else LEFT,
        buttons,
    )
    event.setTimestamp(t_ms)
    return event


# Mouse ----------------------------------------------------------------------------


def phases(source, *events):
    made = [source.from_mouse(event) for event in events]
    return [None if pointer is None else pointer.phase for pointer in made]


def test_mouse_goes_down_moves_and_goes_up(source):
    assert phases(
        source, mouse(PRESS, LEFT, LEFT), mouse(MOVE, NONE, LEFT), mouse(RELEASE, LEFT, NONE)
    ) == [Phase.DOWN, Phase.MOVE, Phase.UP]


def test_mouse_event_says_where_it_was(source):
    pointer = source.from_mouse(mouse(PRESS, LEFT, LEFT, x=12.5, y=7.25))
    assert (pointer.x_view, pointer.y_view) == (12.5, 7.25)
    assert (pointer.contact, pointer.device) == (MOUSE_CONTACT, Device.MOUSE)
    assert not pointer.has_pressure
    assert not pointer.barrel


def test_mouse_without_a_button_hovers(source):
    assert phases(source, mouse(MOVE, NONE, NONE)) == [Phase.HOVER]


def test_second_click_of_a_double_click_goes_down(source):
    assert phases(source, mouse(DOUBLE, LEFT, LEFT)) == [Phase.DOWN]


def test_second_button_does_not_begin_or_end_anything(source):
    both = LEFT | RIGHT
    assert phases(
        source,
        mouse(PRESS, LEFT, LEFT),
        mouse(PRESS, RIGHT, both),
        mouse(MOVE, NONE, both),
        mouse(RELEASE, LEFT, RIGHT),
        mouse(RELEASE, RIGHT, NONE),
    ) == [Phase.DOWN, None, Phase.MOVE, None, Phase.UP]


def test_middle_button_does_not_draw(source):
    assert phases(source, mouse(PRESS, MIDDLE, MIDDLE), mouse(RELEASE, MIDDLE, NONE)) == [
        None,
        None,
    ]


def test_right_button_is_the_barrel(source):
    assert source.from_mouse(mouse(PRESS, RIGHT, RIGHT)).barrel


def test_mouse_whose_release_was_lost_goes_up_with_its_next_event(source):
    assert phases(
        source, mouse(PRESS, LEFT, LEFT), mouse(MOVE, NONE, NONE), mouse(MOVE, NONE, NONE)
    ) == [Phase.DOWN, Phase.UP, Phase.HOVER]


def test_button_that_went_down_elsewhere_does_not_draw_here(source):
    assert phases(source, mouse(MOVE, NONE, LEFT), mouse(RELEASE, LEFT, NONE)) == [
        Phase.HOVER,
        None,
    ]


# Pen ----------------------------------------------------------------------------


def test_pen_reports_pressure_and_tilt(source):
    pointer = source.from_tablet(tablet(TABLET_PRESS, LEFT, pressure=0.25, tilt=(30.0, 0.0)))
    assert (pointer.contact, pointer.device) == (PEN_CONTACT, Device.PEN)
    assert pointer.has_pressure
    assert pointer.pressure == pytest.approx(0.25)
    assert pointer.tilt_rad == pytest.approx(math.radians(30))


def test_pen_without_pressure_says_so(source):
    pen = device(pressure=False)
    pointer = source.from_tablet(tablet(TABLET_PRESS, LEFT, pen, pressure=1.0))
    assert not pointer.has_pressure
    assert pointer.pressure == 0.5


def test_pen_hovers_goes_down_moves_goes_up_and_hovers(source):
    made = [
        source.from_tablet(event).phase
        for event in (
            tablet(TABLET_MOVE, NONE),
            tablet(TABLET_PRESS, LEFT),
            tablet(TABLET_MOVE, LEFT),
            tablet(TABLET_RELEASE, NONE),
            tablet(TABLET_MOVE, NONE),
        )
    ]
    assert made == [Phase.HOVER, Phase.DOWN, Phase.MOVE, Phase.UP, Phase.HOVER]


@pytest.mark.parametrize("button", [RIGHT, MIDDLE])
def test_barrel_button_pressed_in_the_air_does_not_touch(source, button):
    pointer = source.from_tablet(tablet(TABLET_PRESS, button))
    assert pointer.phase is Phase.HOVER
    assert pointer.barrel


@pytest.mark.parametrize("button", [RIGHT, MIDDLE])
def test_barrel_button_held_while_touching_is_reported(source, button):
    pointer = source.from_tablet(tablet(TABLET_PRESS, LEFT | button))
    assert pointer.phase is Phase.DOWN
    assert pointer.barrel


def test_barrel_button_pressed_and_released_while_writing_only_moves(source):
    made = [
        source.from_tablet(event).phase
        for event in (
            tablet(TABLET_PRESS, LEFT),
            tablet(TABLET_PRESS, LEFT | RIGHT),
            tablet(TABLET_RELEASE, LEFT),
            tablet(TABLET_RELEASE, NONE),
        )
    ]
    assert made == [Phase.DOWN, Phase.MOVE, Phase.MOVE, Phase.UP]


def test_eraser_end_is_an_eraser_until_it_lifts(source):
    eraser = device(QPointingDevice.PointerType.Eraser)
    down = source.from_tablet(tablet(TABLET_PRESS, LEFT, eraser))
    up = source.from_tablet(tablet(TABLET_RELEASE, NONE))
    after = source.from_tablet(tablet(TABLET_MOVE, NONE))
    assert [p.device for p in (down, up, after)] == [Device.ERASER, Device.ERASER, Device.PEN]


def test_two_pens_write_at_once_each_with_a_contact_of_its_own(source):
    one, other = device(number=1), device(number=2)
    made = [
        source.from_tablet(event)
        for event in (
            tablet(TABLET_PRESS, LEFT, one),
            tablet(TABLET_PRESS, LEFT, other),
            tablet(TABLET_MOVE, LEFT, one),
            tablet(TABLET_RELEASE, NONE, one),
            tablet(TABLET_MOVE, LEFT, other),
        )
    ]
    first, second = made[0].contact, made[1].contact
    assert len({first, second, MOUSE_CONTACT}) == 3
    assert [(p.contact, p.phase) for p in made] == [
        (first, Phase.DOWN),
        (second, Phase.DOWN),
        (first, Phase.MOVE),
        (first, Phase.UP),
        (second, Phase.MOVE),
    ]


def test_pen_that_is_taken_away_leaves_the_other_one_writing(source):
    one, other = device(number=1), device(number=2)
    contact = source.from_tablet(tablet(TABLET_PRESS, LEFT, one)).contact
    source.from_tablet(tablet(TABLET_PRESS, LEFT, other))
    left = source.pen_left(one)
    assert [(p.contact, p.phase) for p in left] == [(contact, Phase.UP), (contact, Phase.LEAVE)]
    assert source.from_tablet(tablet(TABLET_MOVE, LEFT, other)).phase is Phase.MOVE


def test_pen_that_slides_in_with_its_tip_down_hovers(source):
    assert source.from_tablet(tablet(TABLET_MOVE, LEFT)).phase is Phase.HOVER


def test_pen_whose_release_was_lost_goes_up_when_it_hovers(source):
    source.from_tablet(tablet(TABLET_PRESS, LEFT))
    assert source.from_tablet(tablet(TABLET_MOVE, NONE)).phase is Phase.UP


@pytest.mark.parametrize(
    ("x", "y", "degrees"),
    [(0, 0, 0), (45, 0, 45), (0, -60, 60), (45, 45, 54.7356), (90, 90, 90)],
)
def test_tilt_is_the_angle_from_the_vertical(x, y, degrees):
    assert tilt_rad(x, y) == pytest.approx(math.radians(degrees), abs=0.02)


# Touch ----------------------------------------------------------------------------


def finger(number, state, x=0.0, y=0.0):
    return QEventPoint(number, state, QPointF(x, y), QPointF(x, y))


def touched(kind, *points, pressure=False, t_ms=0):
    panel = device(QPointingDevice.PointerType.Finger, pressure=pressure, touch=True)
    event = QTouchEvent(kind, panel, Qt.KeyboardModifier.NoModifier, list(points))
    event.setTimestamp(t_ms)
    return event


def test_touch_event_speaks_for_each_finger_that_did_something(source):
    state = QEventPoint.State
    event = touched(QEvent.Type.TouchBegin, finger(1, state.Pressed), finger(2, state.Pressed))
    assert [(p.contact, p.phase) for p in source.from_touch(event)] == [
        (1, Phase.DOWN),
        (2, Phase.DOWN),
    ]
    event = touched(
        QEvent.Type.TouchUpdate, finger(1, state.Stationary), finger(2, state.Updated)
    )
    assert [(p.contact, p.phase) for p in source.from_touch(event)] == [(2, Phase.MOVE)]
    event = touched(
        QEvent.Type.TouchUpdate, finger(1, state.Released), finger(2, state.Stationary)
    )
    assert [(p.contact, p.phase) for p in source.from_touch(event)] == [(1, Phase.UP)]


def test_finger_that_went_down_elsewhere_says_nothing_here(source):
    state = QEventPoint.State
    event = touched(QEvent.Type.TouchUpdate, finger(3, state.Updated))
    assert source.from_touch(event) == []
    event = touched(QEvent.Type.TouchEnd, finger(3, state.Released))
    assert source.from_touch(event) == []


def test_cancelled_touch_cancels_every_finger(source):
    state = QEventPoint.State
    event = touched(QEvent.Type.TouchBegin, finger(1, state.Pressed), finger(2, state.Pressed))
    source.from_touch(event)
    event = touched(QEvent.Type.TouchCancel)
    cancelled = source.from_touch(event)
    assert sorted(p.contact for p in cancelled) == [1, 2]
    assert {p.phase for p in cancelled} == {Phase.CANCEL}
    assert source.cancel_all() == []


def test_all_contacts_can_be_cancelled_once(source):
    state = QEventPoint.State
    event = touched(QEvent.Type.TouchBegin, finger(1, state.Pressed))
    source.from_touch(event)
    source.from_mouse(mouse(PRESS, LEFT, LEFT))
    eraser = device(QPointingDevice.PointerType.Eraser)
    source.from_tablet(tablet(TABLET_PRESS, LEFT, eraser))
    cancelled = source.cancel_all()
    assert {p.contact: p.device for p in cancelled} == {
        1: Device.TOUCH,
        MOUSE_CONTACT: Device.MOUSE,
        PEN_CONTACT: Device.ERASER,
    }
    assert {p.phase for p in cancelled} == {Phase.CANCEL}
    assert source.cancel_all() == []


# Time ----------------------------------------------------------------------------


def times(source, *events):
    return [source.from_mouse(event).t_s for event in events]


def move(t_ms):
    return mouse(MOVE, NONE, NONE, t_ms=t_ms)


def test_event_stamped_by_our_clock_keeps_its_time(source):
    assert times(source, move(999_900), move(999_908)) == pytest.approx([999.9, 999.908])


def test_event_without_a_time_came_now(source):
    assert times(source, move(0)) == [1000.0]


@pytest.mark.parametrize("base_ms", [5_000, 4_294_960_000])
def test_event_stamped_by_another_clock_is_put_on_ours(source, clock, base_ms):
    first = source.from_mouse(move(base_ms)).t_s
    clock.now_s += 0.050
    second = source.from_mouse(move(base_ms + 40)).t_s
    assert first == 1000.0
    assert second - first == pytest.approx(0.040)


def test_clock_of_the_events_may_start_again(source, clock):
    clock.now_s = 4_294_967.2
    source.from_mouse(move(4_294_967_190))
    clock.now_s += 1.0
    assert source.from_mouse(move(894)).t_s == pytest.approx(4_294_968.2)
    clock.now_s += 0.008
    assert source.from_mouse(move(902)).t_s == pytest.approx(4_294_968.208)


def test_times_never_go_back_nor_past_now(source, clock):
    last_s = 0.0
    for delay_ms in (80, 3, 40, 0, 25, 1, 60):
        clock.now_s += 0.1
        stamp_ms = round(clock.now_s * 1000) - delay_ms + 777_000
        t_s = source.from_mouse(move(stamp_ms)).t_s
        assert last_s <= t_s <= clock.now_s
        last_s = t_s
