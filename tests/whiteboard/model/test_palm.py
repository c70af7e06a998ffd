import math
import random

import pytest

from whiteboard.model.events import Device, Phase, PointerEvent
from whiteboard.model.palm import (
    DEFAULT_RULES,
    STALE_HOVER_S,
    Become,
    Contact,
    PalmRules,
    PalmState,
    PenReport,
    Retract,
    Role,
    contact_of,
    fingers_draw,
    step,
)

PEN = 100
SMALL, FINGER, PALM = 3.0, 9.0, 60.0


class Panel:
    """A panel that reports what the test does."""

    def __init__(self, **rules):
        self.state = PalmState()
        self.rules = PalmRules(**rules)
        self.now_s = 10.0

    def send(self, device, phase, contact, x, y, size=0.0):
        self.state, verdicts = step(
            self.state, Contact(contact, device, phase, x, y, size), self.now_s, self.rules
        )
        return list(verdicts)

    def wait(self, seconds):
        self.now_s += seconds
        return self

    def finger(self, contact, x, y, size=FINGER):
        return self.send(Device.TOUCH, Phase.DOWN, contact, x, y, size)

    def drag(self, contact, x, y, size=FINGER):
        return self.send(Device.TOUCH, Phase.MOVE, contact, x, y, size)

    def lift(self, contact, x=0.0, y=0.0):
        return self.send(Device.TOUCH, Phase.UP, contact, x, y)

    def pen(self, x, y, contact=PEN):
        return self.send(Device.PEN, Phase.DOWN, contact, x, y)

    def pen_up(self, x, y, contact=PEN):
        return self.send(Device.PEN, Phase.UP, contact, x, y)

    def hover(self, x, y):
        return self.send(Device.PEN, Phase.HOVER, PEN, x, y)

    def pen_leaves(self, x, y):
        return self.send(Device.PEN, Phase.LEAVE, PEN, x, y)


def becomes(contact, role):
    return [Become(contact, role)]


# Without a pen


def test_finger_draws_until_a_pen_is_seen():
    assert Panel().finger(1, 500, 300) == becomes(1, Role.DRAW)


def test_ten_fingers_draw_at_once():
    panel = Panel()
    for i in range(10):
        assert panel.wait(0.01).finger(i, 100 + 90 * i, 300) == becomes(i, Role.DRAW)
    for i in range(10):
        assert panel.wait(0.01).drag(i, 120 + 90 * i, 320) == []
    assert all(panel.state.role(i) is Role.DRAW for i in range(10))


def test_palm_wipes():
    assert Panel().finger(1, 500, 300, PALM) == becomes(1, Role.ERASE)


def test_panel_without_sizes_never_wipes():
    assert Panel().finger(1, 500, 300, 0.0) == becomes(1, Role.DRAW)


def test_mouse_draws_whatever_the_pen_does():
    panel = Panel()
    panel.pen(100, 100)
    assert panel.send(Device.MOUSE, Phase.DOWN, 5, 110, 100) == becomes(5, Role.DRAW)


def test_fist_that_lands_with_a_corner_wipes_and_its_dot_goes():
    panel = Panel()
    panel.finger(1, 500, 300)
    verdicts = panel.wait(0.05).drag(1, 502, 300, PALM)
    assert verdicts == [Retract(1), Become(1, Role.ERASE)]


def test_hard_pressing_writer_does_not_begin_to_wipe():
    panel = Panel()
    panel.finger(1, 500, 300)
    assert panel.wait(DEFAULT_RULES.settle_s + 0.1).drag(1, 560, 300, PALM) == []
    assert panel.state.role(1) is Role.DRAW


def test_wiping_ends_below_the_lower_size_and_goes_on_above_the_upper():
    panel = Panel()
    panel.finger(1, 500, 300, PALM)
    assert panel.drag(1, 510, 300, 24) == []
    assert panel.drag(1, 520, 300, 19) == becomes(1, Role.IGNORE)
    assert panel.drag(1, 525, 300, 24) == []
    assert panel.drag(1, 530, 300, 30) == becomes(1, Role.ERASE)


def test_small_parts_of_a_wiping_palm_do_not_draw():
    panel = Panel()
    panel.finger(1, 500, 300, PALM)
    assert panel.finger(2, 540, 320) == becomes(2, Role.IGNORE)
    assert panel.finger(3, 700, 320) == becomes(3, Role.DRAW)


def test_parts_that_landed_before_the_palm_showed_are_taken_back():
    panel = Panel()
    panel.finger(1, 500, 300)
    panel.finger(2, 540, 320)
    panel.lift(2)
    assert panel.wait(0.1).finger(3, 520, 310, PALM) == [
        Retract(1),
        Become(1, Role.IGNORE),
        Retract(2),
        Become(3, Role.ERASE),
    ]


def test_writer_beside_a_wiper_keeps_what_was_written_before():
    panel = Panel()
    panel.finger(1, 500, 300)
    assert panel.wait(1.0).finger(2, 540, 300, PALM) == becomes(2, Role.ERASE)
    assert panel.state.role(1) is Role.DRAW


# With a pen


def test_pen_draws():
    assert Panel().pen(100, 100) == becomes(PEN, Role.DRAW)


def test_eraser_end_counts_as_a_pen():
    panel = Panel()
    assert panel.send(Device.ERASER, Phase.DOWN, PEN, 100, 100) == becomes(PEN, Role.DRAW)
    assert panel.finger(1, 130, 120) == becomes(1, Role.IGNORE)


@pytest.mark.parametrize("size", [FINGER, PALM])
def test_hand_at_a_writing_pen_is_ignored(size):
    panel = Panel()
    panel.pen(500, 300)
    assert panel.wait(0.2).finger(1, 560, 340, size) == becomes(1, Role.IGNORE)
    assert panel.wait(0.2).drag(1, 565, 345, PALM) == []


def test_hand_is_ignored_at_each_of_two_pens():
    panel = Panel()
    panel.pen(200, 300, PEN)
    panel.pen(900, 300, PEN + 1)
    assert panel.finger(1, 220, 320) == becomes(1, Role.IGNORE)
    assert panel.finger(2, 930, 320, PALM) == becomes(2, Role.IGNORE)


@pytest.mark.parametrize("size", [FINGER, PALM])
def test_hand_at_a_hovering_pen_is_ignored(size):
    panel = Panel()
    panel.hover(500, 300)
    assert panel.finger(1, 560, 340, size) == becomes(1, Role.IGNORE)


def test_hand_is_ignored_until_half_a_second_after_the_pen():
    panel = Panel()
    panel.pen(500, 300)
    panel.pen_up(510, 300)
    assert panel.wait(0.45).finger(1, 560, 340, PALM) == becomes(1, Role.IGNORE)
    assert panel.wait(0.1).finger(2, 600, 400, PALM) == becomes(2, Role.ERASE)


def test_palm_at_the_other_end_wipes_while_a_pen_writes():
    panel = Panel()
    panel.pen(200, 300)
    assert panel.finger(1, 1500, 300, PALM) == becomes(1, Role.ERASE)


def test_no_finger_moves_the_page_under_a_writing_pen():
    panel = Panel()
    panel.pen(200, 300)
    assert panel.finger(1, 1500, 300) == becomes(1, Role.IGNORE)


def test_landing_pen_stops_fingers_that_move_the_page():
    panel = Panel()
    panel.hover(200, 300)
    panel.finger(1, 1500, 300)
    panel.finger(2, 1600, 300)
    assert panel.wait(1).pen(200, 300) == [
        Become(1, Role.IGNORE),
        Become(2, Role.IGNORE),
        Become(PEN, Role.DRAW),
    ]


def test_fingers_move_the_page_after_the_pen():
    panel = Panel()
    panel.pen(200, 300)
    panel.pen_up(200, 300)
    panel.wait(2)
    assert panel.finger(1, 500, 300) == becomes(1, Role.MOVE)
    assert panel.finger(2, 700, 300) == becomes(2, Role.MOVE)


def test_board_belongs_to_fingers_again_when_the_pen_is_long_gone():
    panel = Panel()
    panel.pen(200, 300)
    panel.pen_up(200, 300)
    panel.wait(DEFAULT_RULES.pen_memory_s + 0.1)
    assert panel.finger(1, 210, 300) == becomes(1, Role.DRAW)


def test_memory_of_the_pen_can_last_for_ever():
    panel = Panel(pen_memory_s=math.inf)
    panel.pen(200, 300)
    panel.pen_up(200, 300)
    assert panel.wait(1e6).finger(1, 500, 300) == becomes(1, Role.MOVE)


def test_pen_that_hovers_still_stays_near():
    panel = Panel()
    panel.hover(200, 300)
    assert panel.wait(5).finger(1, 220, 300) == becomes(1, Role.IGNORE)


def test_pen_that_vanished_without_a_word_is_forgotten():
    panel = Panel(pen_memory_s=1.0)
    panel.hover(200, 300)
    assert panel.wait(STALE_HOVER_S + 0.1).finger(1, 220, 300) == becomes(1, Role.DRAW)


def test_moving_finger_that_flattens_to_a_palm_wipes():
    panel = Panel()
    panel.pen(200, 300)
    panel.pen_up(200, 300)
    panel.wait(2).finger(1, 900, 300)
    assert panel.wait(0.1).drag(1, 900, 300, PALM) == becomes(1, Role.ERASE)


# Marks before the pen


def test_mark_made_just_before_the_pen_is_taken_back():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.wait(0.1).drag(1, 600, 360)
    assert panel.wait(0.1).pen(500, 300) == [
        Retract(1),
        Become(1, Role.IGNORE),
        Become(PEN, Role.DRAW),
    ]
    assert panel.wait(0.1).drag(1, 700, 360, PALM) == []


def test_mark_lifted_before_the_pen_landed_is_taken_back():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.wait(0.1).lift(1)
    assert panel.wait(0.2).pen(500, 300) == [Retract(1), Become(PEN, Role.DRAW)]


def test_mark_is_taken_back_once():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.wait(0.1).lift(1)
    panel.wait(0.05).hover(500, 300)
    assert panel.wait(0.05).pen(500, 300) == becomes(PEN, Role.DRAW)


def test_older_mark_stays():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.lift(1)
    panel.wait(DEFAULT_RULES.retract_s + 0.05)
    assert panel.pen(500, 300) == becomes(PEN, Role.DRAW)


def test_mark_far_from_the_pen_stays():
    panel = Panel()
    panel.finger(1, 500 + DEFAULT_RULES.hand_mm + 10, 300)
    assert panel.wait(0.1).pen(500, 300) == becomes(PEN, Role.DRAW)
    assert panel.state.role(1) is Role.DRAW


def test_large_mark_is_taken_back_from_farther_away():
    panel = Panel()
    panel.finger(1, 500 + DEFAULT_RULES.hand_mm + 10, 300, PALM)
    assert panel.wait(0.1).pen(500, 300)[0] == Retract(1)


def test_wiping_of_a_palm_just_before_the_pen_is_taken_back():
    panel = Panel()
    panel.finger(1, 560, 340, PALM)
    assert panel.wait(0.1).pen(500, 300)[:2] == [Retract(1), Become(1, Role.IGNORE)]


def test_palm_that_rested_long_before_the_pen_is_taken_back():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.wait(3).drag(1, 563, 341)
    assert panel.wait(2).pen(500, 300)[0] == Retract(1)


def test_other_writer_near_the_pen_goes_on():
    panel = Panel()
    panel.finger(1, 560, 340)
    panel.wait(0.3).drag(1, 600, 380)
    assert panel.wait(0.3).pen(500, 300) == becomes(PEN, Role.DRAW)
    assert panel.state.role(1) is Role.DRAW


def test_hovering_pen_takes_back_the_mark_of_its_hand():
    panel = Panel()
    panel.finger(1, 560, 340)
    assert panel.wait(0.1).hover(500, 300) == [Retract(1), Become(1, Role.IGNORE)]


def test_ignored_hand_has_nothing_to_take_back():
    panel = Panel()
    panel.hover(500, 300)
    panel.finger(1, 560, 340)
    assert panel.wait(0.1).pen(500, 300) == becomes(PEN, Role.DRAW)


# The switch


def test_everything_small_draws_on_a_panel_without_pens():
    panel = Panel(pen_report=PenReport.NO)
    assert panel.pen(500, 300) == becomes(PEN, Role.DRAW)
    assert panel.finger(1, 520, 300, SMALL) == becomes(1, Role.DRAW)
    assert panel.finger(2, 900, 300, PALM) == becomes(2, Role.ERASE)
    assert panel.hover(500, 300) == []


def test_fingers_only_move_on_a_panel_with_pens():
    panel = Panel(pen_report=PenReport.YES)
    assert panel.finger(1, 520, 300) == becomes(1, Role.MOVE)
    assert panel.finger(2, 900, 300, PALM) == becomes(2, Role.ERASE)


def test_switch_shows_what_a_finger_would_do():
    panel = Panel()
    assert fingers_draw(panel.state, panel.now_s)
    panel.pen(500, 300)
    assert not fingers_draw(panel.state, panel.now_s)
    yes, no = PalmRules(pen_report=PenReport.YES), PalmRules(pen_report=PenReport.NO)
    assert not fingers_draw(PalmState(), 0, yes)
    assert fingers_draw(panel.state, panel.now_s, no)


# Odd reports


def test_reports_of_unknown_contacts_do_nothing():
    panel = Panel()
    assert panel.drag(1, 0, 0) == []
    assert panel.lift(1) == []
    assert panel.state == PalmState()
    assert panel.state.role(1) is None


def test_contact_id_that_is_used_again_is_a_new_contact():
    panel = Panel()
    panel.finger(1, 500, 300, PALM)
    panel.wait(0.1).lift(1)
    assert panel.wait(0.1).finger(1, 900, 300) == becomes(1, Role.DRAW)


def test_lost_up_does_not_block_a_contact_id():
    panel = Panel()
    panel.finger(1, 500, 300)
    assert panel.wait(5).finger(1, 700, 300) == becomes(1, Role.DRAW)


def test_lifted_contacts_are_forgotten():
    panel = Panel()
    for i in range(500):
        panel.wait(0.05).finger(i, 500, 300)
        panel.wait(0.05).lift(i)
    assert len(panel.state.tracks) < 12


def test_random_reports_keep_the_promises():
    rng = random.Random(7)
    for rules in (PenReport.AUTO, PenReport.YES, PenReport.NO):
        panel, known = Panel(pen_report=rules), {}
        for _ in range(6000):
            device = rng.choice(list(Device))
            phase = rng.choice([Phase.DOWN, *[Phase.MOVE] * 4, Phase.UP, *list(Phase)])
            contact = rng.randrange(8) + 10 * list(Device).index(device)
            size = rng.choice([0, 3, 9, 19, 24, 40, 90])
            verdicts = panel.wait(rng.uniform(0, 0.15)).send(
                device, phase, contact, rng.uniform(0, 1800), rng.uniform(0, 1000), size
            )
            taken = [v.contact for v in verdicts if isinstance(v, Retract)]
            assert len(set(taken)) == len(taken)
            for verdict in verdicts:
                if isinstance(verdict, Become):
                    is_news = known.get(verdict.contact) is not verdict.role
                    assert is_news or (phase is Phase.DOWN and verdict.contact == contact)
                    known[verdict.contact] = verdict.role
            if phase in (Phase.UP, Phase.CANCEL):
                known.pop(contact, None)
            for i, role in known.items():
                assert panel.state.role(i) is role


@pytest.mark.parametrize(
    "bad",
    [
        {"large_mm": 4},
        {"large_mm": math.nan},
        {"small_mm": 29},
        {"near_s": -1},
        {"pen_memory_s": 0.1},
        {"hand_mm": 2000},
        {"large_hand_mm": 100},
        {"retract_s": 6},
        {"rest_mm": -1},
        {"settle_s": 3},
        {"fragment_mm": 501},
    ],
)
def test_rules_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        PalmRules(**bad)


def test_contact_of_an_event_is_measured_on_the_glass():
    event = PointerEvent(3, Device.TOUCH, Phase.DOWN, 100, 50, 1.0, size_mm=9)
    assert contact_of(event, 0.5) == Contact(3, Device.TOUCH, Phase.DOWN, 50, 25, 9)
