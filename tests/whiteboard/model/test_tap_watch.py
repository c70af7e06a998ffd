from tests.whiteboard.model.hand import on_page, only, pointer, stroke_along
from tests.whiteboard.model.test_hands import Glass
from whiteboard.model.effects import InkFinished, Navigated, Pointed, Tapped
from whiteboard.model.events import Device, Phase
from whiteboard.model.palm import PenReport
from whiteboard.model.tap_watch import TAP_S, TAP_WAY_MM, TapWatch
from whiteboard.model.tools import PointerTool


def taps(*events) -> bool:
    watch = TapWatch(1.0)
    watch.down(events[0])
    for event in events[1:-1]:
        watch.move(event)
    return watch.up(events[-1])


def test_contact_that_comes_and_goes_taps() -> None:
    assert taps(pointer(5, 5), pointer(6, 5, 0.1), pointer(6, 6, 0.2))


def test_contact_that_slides_away_and_back_does_not_tap() -> None:
    far = 5 + TAP_WAY_MM + 1
    assert not taps(pointer(5, 5), pointer(far, 5, 0.1), pointer(5, 5, 0.2))


def test_contact_that_rests_does_not_tap() -> None:
    assert not taps(pointer(5, 5), pointer(5, 5, TAP_S + 0.1))


def test_two_contacts_do_not_tap() -> None:
    watch = TapWatch(1.0)
    watch.down(pointer(5, 5, contact=1))
    watch.down(pointer(50, 5, contact=2))
    assert not watch.up(pointer(5, 5, 0.1, contact=1))
    assert not watch.up(pointer(50, 5, 0.1, contact=2))


def test_pointer_that_taps_says_so() -> None:
    effects = stroke_along(PointerTool(2, 1.0), [(7, 8), (7, 8)])
    assert only(effects, Tapped) == [Tapped(7, 8)]


def test_pointer_that_draws_does_not_tap() -> None:
    effects = stroke_along(PointerTool(2, 1.0), [(7, 8), (70, 8)])
    assert only(effects, Pointed)
    assert only(effects, Tapped) == []


def test_pointer_that_is_taken_away_does_not_tap() -> None:
    tool = PointerTool(2, 1.0)
    tool.down(on_page(7, 8))
    assert only(tool.cancel(1), Tapped) == []


def through_the_hand(*places: tuple[float, float]) -> list:
    """Return what the hand tool makes of a finger."""
    glass = Glass()
    glass.hands.moves_only = True
    effects = []
    for n, (x, y) in enumerate(places):
        phase = Phase.DOWN if n == 0 else Phase.UP if n == len(places) - 1 else Phase.MOVE
        event = pointer(x, y, n * 0.02, phase=phase, device=Device.TOUCH, size_mm=8.0)
        effects += glass.hands.handle(event, glass.viewport)
    return effects


def test_finger_with_the_hand_tool_taps_the_page() -> None:
    assert len(only(through_the_hand((30, 30), (30, 30)), Tapped)) == 1


def test_finger_that_moves_the_page_does_not_tap_it() -> None:
    effects = through_the_hand((30, 30), (60, 30), (90, 30), (90, 30))
    assert only(effects, Navigated)
    assert only(effects, Tapped) == []


def test_finger_taps_the_page_where_a_pen_is_in_use_and_fingers_move_it() -> None:
    glass = Glass(pen_report=PenReport.YES)
    glass.hands.handle(pointer(300, 300, phase=Phase.HOVER, device=Device.PEN), glass.viewport)
    effects = []
    for phase, t_s in ((Phase.DOWN, 0.1), (Phase.UP, 0.2)):
        event = pointer(30, 30, t_s, phase=phase, device=Device.TOUCH, size_mm=8.0)
        effects += glass.hands.handle(event, glass.viewport)
    assert only(effects, Tapped) == [Tapped(30, 30)]


def test_pen_never_taps_the_page() -> None:
    glass = Glass(pen_report=PenReport.YES)
    effects = []
    for phase, t_s in ((Phase.DOWN, 0.1), (Phase.UP, 0.2)):
        event = pointer(30, 30, t_s, phase=phase, device=Device.PEN)
        effects += glass.hands.handle(event, glass.viewport)
    assert only(effects, InkFinished)
    assert only(effects, Tapped) == []
