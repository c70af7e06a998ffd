from itertools import pairwise

import numpy as np

from whiteboard.model.effects import Navigated
from whiteboard.model.page_grip import BAND_BACK_S, PageGrip
from whiteboard.model.viewport import Viewport

START = Viewport.fitted(1920, 1080, 1440, 810)


def drag(grip: PageGrip, viewport: Viewport, places, start_s: float = 0.0) -> Viewport:
    """Draw the page along with one finger, 10 ms from place to place."""
    for number, (before, after) in enumerate(pairwise(places)):
        effect = Navigated(np.array([before]), np.array([after]), start_s + 0.01 * number)
        viewport = grip.hold(viewport, effect)
    return viewport


def glide_out(grip: PageGrip, viewport: Viewport, now_s: float) -> list[Viewport]:
    """Return all frames of a glide, 60 a second."""
    frames = []
    while grip.is_gliding:
        now_s += 1 / 60
        viewport = grip.frame(viewport, now_s)
        frames.append(viewport)
        assert len(frames) < 600
    return frames


def test_page_follows_the_finger() -> None:
    grip = PageGrip()

    shown = drag(grip, START, [(900.0, 500.0), (700.0, 400.0)])

    assert shown.to_page(700, 400) == START.to_page(900, 500)
    assert grip.is_held


def test_thrown_page_glides_on_the_same_way_and_comes_to_rest() -> None:
    grip = PageGrip()
    places = [(900.0 - 20 * n, 500.0) for n in range(12)]
    shown = drag(grip, START, places)

    grip.let_go(1.0, 0.11)
    frames = glide_out(grip, shown, 1.0)

    lefts = [frame.left_pt for frame in (shown, *frames)]
    assert lefts == sorted(lefts)
    assert lefts[-1] > lefts[0] + 50
    assert frames[-1] == frames[-1].clamped()


def test_page_that_was_laid_down_stays_where_it_is() -> None:
    grip = PageGrip()
    shown = drag(grip, START, [(900.0, 500.0), (700.0, 400.0)])

    grip.let_go(3.0, 2.0)

    assert glide_out(grip, shown, 3.0)[-1] == shown


def test_page_pulled_past_its_border_comes_back_in_time() -> None:
    grip = PageGrip()
    shown = drag(grip, START, [(300.0, 500.0), (1300.0, 500.0)])
    assert shown != shown.clamped()

    grip.let_go(3.0, 2.0)
    frames = glide_out(grip, shown, 3.0)

    assert frames[-1] == shown.clamped()
    assert len(frames) <= BAND_BACK_S * 60 + 2


def test_glide_can_be_stopped() -> None:
    grip = PageGrip()
    shown = drag(grip, START, [(900.0 - 20 * n, 500.0) for n in range(12)])
    grip.let_go(1.0, 0.11)
    grip.frame(shown, 1.02)

    grip.stop()

    assert not grip.is_gliding


def test_letting_go_of_a_page_nobody_holds_is_nothing() -> None:
    grip = PageGrip()

    grip.let_go(1.0, 1.0)

    assert not grip.is_gliding


def test_second_finger_does_not_throw_the_page() -> None:
    grip = PageGrip()
    shown = drag(grip, START, [(900.0, 500.0), (899.0, 500.0), (898.0, 500.0)])
    both = np.array([(898.0, 500.0), (300.0, 500.0)])
    for number in range(4):
        shown = grip.hold(shown, Navigated(both, both, 0.03 + 0.01 * number))

    grip.let_go(1.0, 0.07)

    assert abs(glide_out(grip, shown, 1.0)[-1].left_pt - shown.left_pt) < 20
