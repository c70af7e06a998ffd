import numpy as np
import pytest

from whiteboard.model.effects import Navigated
from whiteboard.model.page_swipe import SLIDE_S, PageSlide, PageSwipe

PX_PER_MM = 2.0
WIDTH = 1920.0
Place = tuple[float, float]


class Fingers:
    """Two fingers, 60 mm apart, that report one after the other as a panel does."""

    def __init__(self, swipe: PageSwipe, *, can_turn: bool = True, can_scroll: bool = False):
        self.swipe = swipe
        self.at = np.array(((500.0, 400.0), (620.0, 400.0)))
        self.t_s = 0.0
        self.rest: list[Navigated] = []
        swipe.begin(can_turn=can_turn, can_scroll=can_scroll)

    def move(self, one: Place, other: Place, *, steps: int = 10, step_s: float = 0.01) -> None:
        """Move each finger by a way in mm."""
        for _ in range(steps):
            self.t_s += step_s
            for finger, way in enumerate((one, other)):
                before = self.at.copy()
                self.at[finger] += np.array(way) * PX_PER_MM / steps
                if (before == self.at).all():
                    continue
                effect = Navigated(before, self.at.copy(), self.t_s)
                left = self.swipe.moved(effect, PX_PER_MM)
                if left is not None:
                    self.rest.append(left)

    def lift(self) -> int:
        return self.swipe.lifted(self.t_s + 0.005, WIDTH, PX_PER_MM)


@pytest.fixture
def fingers() -> Fingers:
    return Fingers(PageSwipe())


@pytest.mark.parametrize(("way_mm", "step"), [(-150.0, 1), (150.0, -1)])
def test_far_way_turns(fingers: Fingers, way_mm: float, step: int) -> None:
    fingers.move((way_mm, 0), (way_mm, 0), steps=40, step_s=0.05)
    assert fingers.swipe.is_turning
    assert fingers.rest == []
    assert fingers.lift() == step


def test_short_slow_way_turns_nothing(fingers: Fingers) -> None:
    fingers.move((-50, 0), (-50, 0), steps=40, step_s=0.05)
    assert fingers.swipe.is_turning
    assert fingers.lift() == 0


def test_short_quick_way_turns(fingers: Fingers) -> None:
    fingers.move((-40, 0), (-40, 0), steps=8, step_s=0.01)
    assert fingers.lift() == 1


def test_way_that_is_taken_back_quickly_turns_nothing(fingers: Fingers) -> None:
    fingers.move((-120, 0), (-120, 0), steps=30)
    fingers.move((60, 0), (60, 0), steps=8)
    assert fingers.lift() == 0


def test_report_of_one_finger_ahead_is_no_pinch(fingers: Fingers) -> None:
    fingers.move((-120, 0), (-120, 0), steps=5)
    assert fingers.swipe.is_turning


def test_fingers_that_part_never_turn(fingers: Fingers) -> None:
    fingers.move((-60, 0), (40, 0))
    assert not fingers.swipe.is_turning
    fingers.move((-150, 0), (-150, 0))
    assert fingers.lift() == 0


def test_zoom_begins_where_the_fingers_began(fingers: Fingers) -> None:
    start = fingers.at.copy()
    fingers.move((-30, 0), (30, 0))
    assert (fingers.rest[0].before == start).all()


def test_turn_ends_when_the_fingers_part_after_all(fingers: Fingers) -> None:
    fingers.move((-60, 0), (-60, 0))
    assert fingers.swipe.is_turning
    fingers.move((-60, 0), (10, 0))
    assert not fingers.swipe.is_turning
    assert fingers.lift() == 0


def test_slanting_way_moves_the_page(fingers: Fingers) -> None:
    fingers.move((-60, 50), (-60, 50))
    assert fingers.rest
    assert fingers.lift() == 0


def test_wide_page_scrolls_straight() -> None:
    fingers = Fingers(PageSwipe(), can_scroll=True)
    fingers.move((4, -60), (4, -60))
    moved = sum((e.after - e.before).mean(axis=0) for e in fingers.rest)
    assert moved[0] == 0
    assert moved[1] == pytest.approx(-120)


def test_page_that_may_not_be_turned_is_moved_at_once() -> None:
    fingers = Fingers(PageSwipe(), can_turn=False)
    fingers.move((-60, 0), (-60, 0))
    assert len(fingers.rest) == 20


def test_interrupted_turn_is_none(fingers: Fingers) -> None:
    fingers.move((-150, 0), (-150, 0))
    fingers.swipe.interrupt()
    assert fingers.swipe.drawn_px == 0
    assert fingers.lift() == 0


def test_slide_ends_at_home_in_time() -> None:
    slide = PageSlide(800.0, 10.0)
    ways = [slide.at(10.0 + SLIDE_S * n / 10) for n in range(11)]
    assert ways[0] == 800.0
    assert ways == sorted(ways, reverse=True)
    assert slide.at(10.0 + SLIDE_S + 0.001) == 0.0
