"""Hands: who draws, who wipes, who moves the page."""

import math

import numpy as np
import pytest

from base.board_doc import BrushKind
from tests.whiteboard.model.hand import only, pointer
from whiteboard.model.effects import (
    InkDropped,
    InkExtended,
    InkFinished,
    InkStarted,
    Navigated,
    NavigationEnded,
    TakenBack,
    Wiped,
    WipeDropped,
    WipeFinished,
)
from whiteboard.model.eraser_tool import EraserKind, EraserTool
from whiteboard.model.events import Device, Phase
from whiteboard.model.hands import PINCH_TOGETHER_S, PINCH_WIDE_MM, Hands
from whiteboard.model.palm import PalmRules, PenReport
from whiteboard.model.tools import InkTool
from whiteboard.model.viewport import Viewport
from whiteboard.model.wet_stroke import InkStyle

PEN_ID, MOUSE = 50, 51
PALM_MM = 60.0


class Glass:
    """A view under hands; one px is one mm, one pt is one px."""

    def __init__(self, *, scale=1.0, left_pt=0.0, top_pt=0.0, **rules):
        nothing = lambda _area: []  # noqa: E731  (the page is empty)
        self.pen = InkTool(InkStyle(BrushKind.PEN, 0, 3.0), straightens=True, px_per_mm=1.0)
        self.wiper = EraserTool(EraserKind.AREA, 10.0, 1.0, nothing)
        self.hands = Hands(PalmRules(**rules), 1.0, self.pen, self.wiper)
        self.viewport = Viewport(1920, 1080, 1440, 810, scale, left_pt, top_pt)
        self.now_s = 100.0

    def wait(self, seconds):
        self.now_s += seconds

    def send(self, phase, x, y, contact=1, device=Device.TOUCH, **more):
        event = pointer(x, y, self.now_s, contact=contact, phase=phase, device=device, **more)
        return list(self.hands.handle(event, self.viewport))

    def down(self, x, y, contact=1, device=Device.TOUCH, **more):
        return self.send(Phase.DOWN, x, y, contact, device, **more)

    def move(self, x, y, contact=1, device=Device.TOUCH, **more):
        self.wait(0.01)
        return self.send(Phase.MOVE, x, y, contact, device, **more)

    def up(self, x, y, contact=1, device=Device.TOUCH, **more):
        self.wait(0.01)
        return self.send(Phase.UP, x, y, contact, device, **more)

    def strokes(self, effects):
        return [effect.stroke for effect in only(effects, InkStarted)]


@pytest.fixture
def glass():
    return Glass()


# Drawing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("device", [Device.PEN, Device.TOUCH, Device.MOUSE])
def test_each_device_draws(glass, device):
    effects = glass.down(10, 10, device=device)
    effects += glass.move(20, 20, device=device)
    effects += glass.up(30, 30, device=device)
    assert [type(e) for e in effects] == [InkStarted, InkExtended, InkExtended, InkFinished]


def test_place_on_the_page_follows_from_the_view():
    glass = Glass(scale=2.0, left_pt=100.0, top_pt=50.0)
    (stroke,) = glass.strokes(glass.down(20, 40, device=Device.PEN))
    assert (stroke.xs, stroke.ys) == ([110.0], [70.0])


def test_ten_fingers_draw_ten_strokes(glass):
    started = []
    for n in range(10):
        started += glass.strokes(glass.down(100 + 150 * n, 300, contact=n))
        glass.wait(0.01)
    for n in range(10):
        glass.move(110 + 150 * n, 320, contact=n)
    assert [len(stroke) for stroke in started] == [2] * 10


def test_hands_are_busy_while_something_is_on_the_glass(glass):
    assert not glass.hands.are_busy
    glass.down(10, 10)
    assert glass.hands.are_busy
    glass.up(10, 10)
    assert not glass.hands.are_busy


def test_cancelled_contact_drops_its_stroke(glass):
    glass.down(10, 10)
    assert glass.send(Phase.CANCEL, 10, 10) == [InkDropped(1)]
    assert not glass.hands.are_busy


def test_move_of_a_contact_that_never_landed_does_nothing(glass):
    assert glass.move(10, 10) == []
    assert glass.up(10, 10) == []


def test_hovering_pen_draws_nothing(glass):
    assert glass.send(Phase.HOVER, 10, 10, PEN_ID, Device.PEN) == []


def test_lost_end_of_a_stroke_does_not_draw_it_to_the_next_one(glass):
    (first,) = glass.strokes(glass.down(10, 10, PEN_ID, Device.PEN))
    glass.move(20, 10, PEN_ID, Device.PEN)
    effects = glass.down(900, 900, PEN_ID, Device.PEN)
    assert first.xs == [10, 20]
    assert [type(e) for e in effects] == [InkFinished, InkStarted]


def test_time_straightens_the_stroke_of_a_hand_that_holds(glass):
    glass.down(10, 10, PEN_ID, Device.PEN)
    for x in range(15, 300, 5):
        glass.move(x, 10, PEN_ID, Device.PEN)
    assert glass.hands.tick(glass.now_s + 0.1) == ()
    assert only(glass.hands.tick(glass.now_s + 2.0), InkDropped) == [InkDropped(PEN_ID)]


# Wiping -----------------------------------------------------------------------------------


def test_eraser_end_of_a_pen_wipes(glass):
    effects = glass.down(10, 10, PEN_ID, Device.ERASER)
    effects += glass.up(10, 10, PEN_ID, Device.ERASER)
    assert only(effects, InkStarted) == []
    assert only(effects, WipeFinished)


def test_barrel_button_wipes(glass):
    assert only(glass.down(10, 10, PEN_ID, Device.PEN, barrel=True), Wiped)


def test_palm_wipes(glass):
    assert only(glass.down(500, 500, size_mm=PALM_MM), Wiped)


def test_contact_that_grows_into_a_palm_takes_its_ink_back(glass):
    glass.down(500, 500, size_mm=8)
    effects = glass.move(502, 500, size_mm=PALM_MM)
    assert [type(e) for e in effects[:2]] == [InkDropped, TakenBack]
    assert only(effects, Wiped)
    assert only(effects, InkFinished) == []


def test_last_corner_of_a_lifted_palm_wipes_no_trail(glass):
    glass.down(500, 500, size_mm=PALM_MM)
    glass.move(510, 500, size_mm=PALM_MM)
    effects = glass.move(600, 500, size_mm=5)
    assert only(effects, WipeFinished)
    assert {effect.x_pt for effect in only(effects, Wiped)} == {510}


def test_pen_takes_back_what_its_hand_drew_before(glass):
    glass.down(500, 500)
    glass.up(500, 500)
    effects = glass.down(450, 450, PEN_ID, Device.PEN)
    assert only(effects, TakenBack) == [TakenBack(1)]


def test_pen_drops_what_its_hand_is_drawing(glass):
    glass.down(500, 500)
    effects = glass.down(450, 450, PEN_ID, Device.PEN)
    assert only(effects, InkDropped) == [InkDropped(1)]
    assert glass.move(510, 510) == []


def test_hand_beside_a_pen_that_went_far_does_not_wipe(glass):
    glass.down(100, 500, PEN_ID, Device.PEN)
    for x in range(120, 1500, 20):
        glass.move(x, 500, PEN_ID, Device.PEN)
    effects = glass.down(1560, 560, contact=2, size_mm=PALM_MM)
    assert effects == []


def test_hand_far_from_a_pen_that_went_far_wipes(glass):
    glass.down(100, 500, PEN_ID, Device.PEN)
    for x in range(120, 1500, 20):
        glass.move(x, 500, PEN_ID, Device.PEN)
    assert only(glass.down(200, 500, contact=2, size_mm=PALM_MM), Wiped)


def test_pen_that_is_not_told_from_fingers_draws_like_one():
    glass = Glass(pen_report=PenReport.NO)
    glass.down(500, 500)
    effects = glass.down(450, 450, PEN_ID, Device.PEN)
    assert only(effects, TakenBack) == []


# The page ---------------------------------------------------------------------------------


def moved_page(effects):
    """How far the page went, as the sum of all steps of its fingers' middle."""
    steps = [e.after.mean(axis=0) - e.before.mean(axis=0) for e in only(effects, Navigated)]
    return np.sum(steps, axis=0).tolist() if steps else [0.0, 0.0]


def two_fingers(glass, ways, *, apart=60.0, late_s=0.0, steps=10):
    """Two fingers land side by side and go their ways, px each."""
    starts = ((500.0, 500.0), (500.0 + apart, 500.0))
    effects = glass.down(*starts[0], contact=1)
    glass.wait(late_s)
    effects += glass.down(*starts[1], contact=2)
    for n in range(1, steps + 1):
        for contact, (x, y), (dx, dy) in zip((1, 2), starts, ways, strict=True):
            effects += glass.move(x + dx * n / steps, y + dy * n / steps, contact=contact)
    return effects


def test_two_fingers_that_go_together_move_the_page(glass):
    effects = two_fingers(glass, [(100, 0), (100, 0)])
    assert {e.contact for e in only(effects, InkDropped)} == {1, 2}
    assert moved_page(effects)[0] > 80


def test_two_fingers_that_part_zoom_the_page(glass):
    effects = only(two_fingers(glass, [(-60, 0), (60, 0)]), Navigated)
    first, last = effects[0], effects[-1]
    assert np.ptp(last.after[:, 0]) > np.ptp(first.before[:, 0]) + 40


def test_two_fingers_far_apart_draw(glass):
    effects = two_fingers(glass, [(100, 0), (100, 0)], apart=400.0)
    assert only(effects, Navigated) == []
    assert len(only(effects, InkStarted)) == 2


def test_second_finger_that_lands_late_draws(glass):
    effects = two_fingers(glass, [(100, 0), (100, 0)], late_s=PINCH_TOGETHER_S + 0.05)
    assert only(effects, Navigated) == []


def test_two_fingers_that_go_across_each_other_draw(glass):
    effects = two_fingers(glass, [(100, 0), (0, 100)])
    assert only(effects, Navigated) == []


def test_long_strokes_that_come_to_lie_side_by_side_stay_ink(glass):
    two_fingers(glass, [(0, 100), (100, 0)])
    effects = []
    for n in range(1, 21):
        effects += glass.move(500 + 10 * n, 600 + 10 * n, contact=1)
        effects += glass.move(660 + 10 * n, 500 + 10 * n, contact=2)
    assert only(effects, InkDropped) == []


def test_third_finger_beside_two_stops_no_stroke(glass):
    glass.down(900, 900, contact=3)
    effects = two_fingers(glass, [(100, 0), (100, 0)])
    assert only(effects, InkDropped) == []


@pytest.fixture
def deck(glass):
    """A view on a document, where fingers that lie far apart hold the page as well."""
    glass.hands.pinch_apart_mm = PINCH_WIDE_MM
    return glass


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 60])
@pytest.mark.parametrize("late_s", [0.0, 0.05, 0.14])
@pytest.mark.parametrize("apart", [30.0, 200.0, 390.0])
@pytest.mark.parametrize(
    "ways",
    [
        [(-300, 0), (-300, 0)],
        [(200, 20), (170, -20)],
        [(0, 250), (0, 200)],
        [(-90, 0), (110, 0)],
    ],
)
def test_fingers_on_a_document_hold_the_page_however_it_is_told(
    deck, ways, apart, late_s, steps
):
    effects = two_fingers(deck, ways, apart=apart, late_s=late_s, steps=steps)
    assert {e.contact for e in only(effects, InkDropped)} == {1, 2}
    middle = [(a + b) / 2 for a, b in zip(*ways, strict=True)]
    assert moved_page(effects) == pytest.approx(middle)
    for contact, (x, y) in enumerate(ways, 1):
        effects += deck.up(500 + x, 500 + y, contact=contact)
    assert only(effects, InkFinished) == []


def test_first_finger_may_have_gone_far_when_the_second_lands(deck):
    effects = deck.down(900, 500, contact=1) + deck.move(840, 500, contact=1)
    effects += deck.down(1040, 500, contact=2)
    for x in (800, 700, 600):
        effects += deck.move(x, 500, contact=1) + deck.move(x + 200, 500, contact=2)
    assert {e.contact for e in only(effects, InkDropped)} == {1, 2}
    assert moved_page(effects)[0] == pytest.approx(-240.0)


def test_way_that_is_told_with_the_lifting_moves_the_page(deck):
    effects = deck.down(500, 500, contact=1) + deck.down(700, 500, contact=2)
    effects += deck.move(300, 500, contact=1) + deck.up(500, 500, contact=2)
    effects += deck.up(300, 500, contact=1)
    assert only(effects, InkFinished) == []
    assert moved_page(effects) == pytest.approx([-200.0, 0.0])
    assert len(only(effects, NavigationEnded)) == 1


@pytest.mark.parametrize(("apart", "late_s"), [(410.0, 0.0), (200.0, 0.2), (900.0, 0.05)])
def test_two_people_on_a_document_write(deck, apart, late_s):
    effects = two_fingers(deck, [(100, 0), (100, 0)], apart=apart, late_s=late_s)
    assert only(effects, InkDropped) == []


def test_finger_beside_one_that_rests_writes_for_good(deck):
    effects = two_fingers(deck, [(0, 0), (150, 0)], apart=200.0)
    for n in range(1, 21):
        effects += deck.move(500 + 10 * n, 500, contact=1)
        effects += deck.move(850 + 10 * n, 500, contact=2)
    assert only(effects, InkDropped) == []


def test_page_is_let_go_with_the_last_finger(glass):
    two_fingers(glass, [(100, 0), (100, 0)])
    assert only(glass.up(600, 500, contact=1), NavigationEnded) == []
    assert len(only(glass.up(660, 500, contact=2), NavigationEnded)) == 1
    assert not glass.hands.are_busy


def test_page_follows_the_finger_that_is_left(glass):
    two_fingers(glass, [(100, 0), (100, 0)])
    glass.up(600, 500, contact=1)
    assert moved_page(glass.move(680, 530, contact=2)) == pytest.approx([20.0, 30.0])


def test_finger_moves_the_page_after_a_pen():
    glass = Glass()
    glass.down(100, 100, PEN_ID, Device.PEN)
    glass.up(100, 100, PEN_ID, Device.PEN)
    glass.wait(2.0)
    effects = glass.down(1500, 900) + glass.move(1510, 920)
    assert only(effects, InkStarted) == []
    assert moved_page(effects) == [10.0, 20.0]


def test_pen_that_lands_stops_the_fingers_that_move_the_page():
    glass = Glass(pen_report=PenReport.YES)
    glass.down(1500, 900)
    effects = glass.down(100, 100, PEN_ID, Device.PEN)
    assert len(only(effects, NavigationEnded)) == 1
    assert glass.move(1600, 900) == []


def test_hand_tool_moves_the_page_with_any_device(glass):
    glass.hands.moves_only = True
    effects = glass.down(10, 10, MOUSE, Device.MOUSE) + glass.move(30, 10, MOUSE, Device.MOUSE)
    assert moved_page(effects) == [20.0, 0.0]
    assert only(glass.up(30, 10, MOUSE, Device.MOUSE), NavigationEnded)


def test_hand_tool_still_wipes_with_the_eraser_end(glass):
    glass.hands.moves_only = True
    assert only(glass.down(10, 10, PEN_ID, Device.ERASER), Wiped)


def test_cancelled_finger_lets_the_page_go(glass):
    glass.hands.moves_only = True
    glass.down(10, 10)
    assert only(glass.send(Phase.CANCEL, 10, 10), NavigationEnded)


# Leaving ----------------------------------------------------------------------------------


def test_cancelling_all_drops_what_every_hand_does(glass):
    glass.down(10, 10, contact=1)
    glass.down(900, 10, contact=2, size_mm=PALM_MM)
    effects = glass.hands.cancel_all(glass.now_s)
    assert {type(e) for e in effects} == {InkDropped, WipeDropped}
    assert not glass.hands.are_busy


def test_lifting_all_keeps_what_every_hand_did(glass):
    glass.down(10, 10, contact=1)
    glass.down(900, 10, contact=2, size_mm=PALM_MM)
    effects = glass.hands.lift_all(glass.now_s)
    assert {type(e) for e in effects} == {InkFinished, WipeFinished}
    assert not glass.hands.are_busy
    assert glass.move(20, 20) + glass.up(30, 30) == []


def test_cancelling_all_ends_the_moving_of_the_page(glass):
    glass.hands.moves_only = True
    glass.down(10, 10)
    assert only(glass.hands.cancel_all(glass.now_s), NavigationEnded)


def test_contact_that_stays_down_when_all_are_cancelled_draws_no_more(glass):
    glass.down(10, 10)
    glass.hands.cancel_all(glass.now_s)
    assert glass.move(20, 20) + glass.up(30, 30) == []


def test_turned_page_does_not_forget_the_pen(glass):
    glass.down(100, 100, PEN_ID, Device.PEN)
    glass.up(100, 100, PEN_ID, Device.PEN)
    assert not glass.hands.fingers_draw(glass.now_s)
    glass.hands.cancel_all(glass.now_s)
    assert not glass.hands.fingers_draw(glass.now_s)


def test_fingers_draw_again_when_the_pen_was_away_for_long(glass):
    glass.down(100, 100, PEN_ID, Device.PEN)
    glass.up(100, 100, PEN_ID, Device.PEN)
    assert glass.hands.fingers_draw(glass.now_s + 61.0)
    assert math.isfinite(glass.now_s)
