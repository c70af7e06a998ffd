import math
import random

import numpy as np
import pytest

from whiteboard.model.bounds import Rect
from whiteboard.model.viewport import (
    BAND_SHARE,
    GLIDE_STOP_PX_S,
    MAX_FLICK_PX_S,
    MAX_ZOOM,
    MIN_ZOOM,
    Inertia,
    Viewport,
    flick,
)


def fitted():
    return Viewport.fitted(1920, 1080, 1440, 810)


def test_fitted_page_fills_the_view():
    view = fitted()
    assert view.zoom == pytest.approx(1)
    assert view.to_view(0, 0) == pytest.approx((0, 0))
    assert view.to_view(1440, 810) == pytest.approx((1920, 1080))


def test_fitted_page_of_another_shape_is_in_the_middle():
    view = Viewport.fitted(1920, 1080, 595, 842)
    left, top = view.to_view(0, 0)
    right, bottom = view.to_view(595, 842)
    assert (top, bottom) == (pytest.approx(0), pytest.approx(1080))
    assert left == pytest.approx(1920 - right)
    assert view.clamped().left_pt == pytest.approx(view.left_pt)


def test_page_and_view_are_inverse():
    view = Viewport(1920, 1080, 1440, 810, 3.7, 120.5, -33.25)
    points = np.random.default_rng(1).uniform(-5000, 5000, (100, 2))
    assert view.points_to_page(view.points_to_view(points)) == pytest.approx(points)
    x, y = view.to_view(*points[0])
    assert (x, y) == pytest.approx(tuple(view.points_to_view(points[:1])[0]))
    assert view.to_page(x, y) == pytest.approx(tuple(points[0]))


def test_visible_rectangle_maps_to_the_canvas():
    view = Viewport(1920, 1080, 1440, 810, 2.0, 10, 20)
    seen = view.rect_to_view(view.visible)
    assert (seen.left, seen.top, seen.right, seen.bottom) == pytest.approx((0, 0, 1920, 1080))


def test_zoom_keeps_the_point_under_the_finger():
    view = fitted()
    before = view.to_page(700, 300)
    assert view.zoomed(2.5, 700, 300).to_page(700, 300) == pytest.approx(before)


def test_pan_follows_the_finger():
    view = Viewport(1920, 1080, 1440, 810, 2.0, 10, 20)
    before = view.to_page(100, 100)
    assert view.panned(30, -40).to_page(130, 60) == pytest.approx(before)


def test_pinch_keeps_both_page_points_under_the_fingers():
    rng = np.random.default_rng(2)
    view = Viewport(1920, 1080, 1440, 810, 1.5, 200, 100)
    for _ in range(50):
        before = rng.uniform(0, 1080, (2, 2))
        grow, shift = rng.uniform(0.5, 2), rng.uniform(-200, 200, 2)
        middle = before.mean(axis=0)
        after = middle + (before - middle) * grow + shift
        if np.hypot(*(before[0] - before[1])) < 60:
            continue
        pinched = view.pinched(before, after)
        assert pinched.points_to_page(after) == pytest.approx(view.points_to_page(before))


def test_turning_fingers_keep_their_middle_and_distance():
    view = fitted()
    before = np.array([(400, 500), (600, 500)])
    after = np.array([(500, 400), (500, 600)])
    pinched = view.pinched(before, after)
    assert pinched.scale == pytest.approx(view.scale)
    assert pinched.to_page(500, 500) == pytest.approx(view.to_page(500, 500))


def test_one_finger_pans():
    view = fitted()
    assert view.pinched(np.array([(10, 10)]), np.array([(60, 30)])) == view.panned(50, 20)


def test_fingers_on_one_spot_do_not_zoom():
    view = fitted()
    pinched = view.pinched(np.array([(10, 10), (12, 10)]), np.array([(10, 10), (30, 10)]))
    assert pinched.scale == view.scale


def test_pinch_in_steps_equals_one_pinch():
    view = fitted()
    start = np.array([(400.0, 500.0), (800.0, 700.0)])
    end = start * 1.4 + (30, -60)
    stepped, last = view, start
    for share in np.linspace(0, 1, 25)[1:]:
        here = start + (end - start) * share
        stepped, last = stepped.pinched(last, here), here
    whole = view.pinched(start, end)
    assert stepped.scale == pytest.approx(whole.scale)
    assert stepped.left_pt == pytest.approx(whole.left_pt)


@pytest.mark.parametrize(
    ("before", "after"),
    [(np.empty((0, 2)), np.empty((0, 2))), (np.zeros((2, 2)), np.zeros((1, 2)))],
)
def test_pinch_without_matching_contacts_is_refused(before, after):
    with pytest.raises(ValueError, match="contact"):
        fitted().pinched(before, after)


def test_zoom_stays_in_its_limits():
    view = fitted()
    assert view.zoomed(1e6, 5, 5).clamped().zoom == pytest.approx(MAX_ZOOM)
    assert view.zoomed(1e-6, 5, 5).clamped().zoom == pytest.approx(MIN_ZOOM)


def test_page_ends_to_the_left_and_above():
    view = fitted().zoomed(2, 0, 0).panned(5000, 5000).clamped()
    assert view.to_view(0, 0) == pytest.approx((view.margin_px, view.margin_px))


def test_page_has_no_end_to_the_right_and_below():
    view = fitted().panned(-1e5, -1e5)
    assert view.clamped().left_pt == pytest.approx(view.left_pt)


def test_small_page_stays_in_the_middle_when_pulled_to_the_right():
    view = fitted().zoomed(0.5, 960, 540).panned(5000, 5000).clamped()
    left, top = view.to_view(0, 0)
    right, bottom = view.to_view(1440, 810)
    assert (left, top) == (pytest.approx(1920 - right), pytest.approx(1080 - bottom))


def test_clamped_view_is_stable():
    rng = random.Random(3)
    for _ in range(300):
        view = Viewport(
            rng.uniform(100, 4000), rng.uniform(100, 4000), rng.uniform(100, 4000),
            rng.uniform(100, 4000), rng.uniform(0.001, 100), rng.uniform(-1e4, 1e4),
            rng.uniform(-1e4, 1e4),
        ).clamped()  # fmt: skip
        again = view.clamped()
        assert again.scale == pytest.approx(view.scale)
        assert again.left_pt == pytest.approx(view.left_pt)
        assert again.top_pt == pytest.approx(view.top_pt)


def test_band_leaves_views_inside_the_limits_alone():
    view = fitted().zoomed(2, 0, 0).panned(-100, -100)
    assert view.banded() == view


def test_band_shows_a_part_of_the_pull_and_gets_tougher():
    rest = fitted().zoomed(2, 0, 0)
    rest = rest.panned(5000, 5000).clamped()
    at = rest.to_view(0, 0)[0]
    shown = [rest.panned(pull, 0).banded().to_view(0, 0)[0] - at for pull in (10, 100, 1000)]
    assert shown[0] == pytest.approx(10 * BAND_SHARE, rel=0.02)
    assert shown[0] < shown[1] < shown[2] < 1920 * BAND_SHARE
    assert shown[2] < shown[1] * 10


def test_band_shows_a_part_of_the_zoom():
    view = fitted().zoomed(MAX_ZOOM * 2, 960, 540)
    assert MAX_ZOOM < view.banded().zoom < MAX_ZOOM * 2


def test_fit_width_keeps_the_height_on_the_page():
    view = Viewport.fitted(1920, 1080, 595, 842).fit_width()
    assert view.to_view(595, 0)[0] - view.to_view(0, 0)[0] == pytest.approx(1920)


def test_fit_rect_shows_it_all():
    view = fitted().fit_rect(Rect(2000, 3000, 2600, 3100))
    assert view.visible.contains(Rect(2000, 3000, 2600, 3100))
    assert view.visible.centre == pytest.approx((2300, 3050))


def test_fit_rect_of_a_point_stops_at_the_largest_zoom():
    assert fitted().fit_rect(Rect(500, 500, 500, 500)).zoom == pytest.approx(MAX_ZOOM)


def test_low_page_lies_at_the_top_of_a_high_view():
    view = Viewport.fitted(960, 1080, 1440, 810)
    assert view.to_view(0, 0) == pytest.approx((0, 0))
    assert view.clamped() == view


def test_whole_page_is_whole_again_when_the_board_is_split():
    split = fitted().resized(960, 1080)
    assert split == Viewport.fitted(960, 1080, 1440, 810)
    assert split.resized(1920, 1080) == fitted()


def test_resizing_keeps_the_middle_and_the_zoom():
    view = fitted().zoomed(2, 960, 540)
    resized = view.resized(3840, 2160)
    assert resized.zoom == pytest.approx(view.zoom)
    assert resized.visible.centre == pytest.approx(view.visible.centre)


def test_blend_goes_from_here_to_there():
    here, there = fitted(), fitted().zoomed(8, 300, 300)
    assert here.blended(there, 0).scale == pytest.approx(here.scale)
    assert here.blended(there, 1) == there
    middle = here.blended(there, 0.5)
    assert middle.scale == pytest.approx(math.sqrt(here.scale * there.scale))
    # A zoom about a point keeps that point still all the way.
    assert middle.to_page(300, 300) == pytest.approx(here.to_page(300, 300))


@pytest.mark.parametrize("field", ["view_width_px", "page_height_pt", "scale"])
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_sizes_must_be_positive(field, bad):
    values = {
        "view_width_px": 1.0, "view_height_px": 1.0, "page_width_pt": 1.0,
        "page_height_pt": 1.0, "scale": 1.0,
    }  # fmt: skip
    with pytest.raises(ValueError, match="positive"):
        Viewport(**(values | {field: bad}))


def test_place_and_margin_must_be_finite():
    with pytest.raises(ValueError, match="finite"):
        Viewport(1, 1, 1, 1, 1, left_pt=math.nan)
    with pytest.raises(ValueError, match="margin"):
        Viewport(1, 1, 1, 1, 1, margin_px=-1)


def glide_to_end(inertia, rate_hz):
    x = y = elapsed = 0.0
    while not inertia.is_still:
        inertia, dx, dy = inertia.advanced(1 / rate_hz)
        x, y, elapsed = x + dx, y + dy, elapsed + 1 / rate_hz
    return x, y, elapsed


def test_glide_does_not_depend_on_the_frame_rate():
    start = Inertia(3000, -1200)
    ways = [glide_to_end(start, rate)[:2] for rate in (24, 60, 144, 1000)]
    for way in ways[1:]:
        assert way == pytest.approx(ways[0])


def test_glide_in_uneven_steps_equals_one_step():
    rng = random.Random(4)
    inertia, x = Inertia(2000, 0), 0.0
    elapsed = 0.0
    for _ in range(20):
        dt = rng.uniform(0, 0.05)
        inertia, dx, _ = inertia.advanced(dt)
        x, elapsed = x + dx, elapsed + dt
    whole, way, _ = Inertia(2000, 0).advanced(elapsed)
    assert x == pytest.approx(way)
    assert inertia.vx_px_s == pytest.approx(whole.vx_px_s)


def test_glide_stops():
    _, _, elapsed = glide_to_end(Inertia(MAX_FLICK_PX_S, 0), 60)
    assert elapsed < 3
    assert Inertia(GLIDE_STOP_PX_S, 0).advanced(0.01) == (Inertia(), 0.0, 0.0)


def test_time_does_not_go_back():
    for bad in (-0.001, math.nan):
        with pytest.raises(ValueError, match="time"):
            Inertia(100, 0).advanced(bad)


def swipe(velocity=(1500.0, 300.0), count=20, rate_hz=120.0):
    times = np.arange(count) / rate_hz
    return times, times[:, None] * velocity


def test_flick_takes_the_speed_of_the_fingers():
    times, positions = swipe()
    inertia = flick(times, positions, times[-1] + 0.008)
    assert (inertia.vx_px_s, inertia.vy_px_s) == pytest.approx((1500, 300))


def test_flick_ignores_a_jump_when_the_finger_rolls_off():
    times, positions = swipe()
    positions[-1] -= (120, 90)
    inertia = flick(times, positions, times[-1])
    assert (inertia.vx_px_s, inertia.vy_px_s) == pytest.approx((1500, 300))


def test_flick_survives_jitter():
    times, positions = swipe()
    positions += np.random.default_rng(5).normal(0, 0.5, positions.shape)
    assert flick(times, positions, times[-1]).vx_px_s == pytest.approx(1500, rel=0.15)


def test_fingers_that_rest_throw_nothing():
    times, positions = swipe()
    assert flick(times, positions, times[-1] + 0.2).is_still
    rested = np.vstack((positions, np.repeat(positions[-1:], 20, axis=0)))
    assert flick(np.arange(40) / 120, rested, 39 / 120).is_still


def test_too_few_samples_throw_nothing():
    assert flick(np.array([]), np.empty((0, 2)), 0.0).is_still
    assert flick(np.array([0.0, 0.0, 0.0]), np.zeros((3, 2)), 0.0).is_still


def test_flick_is_never_faster_than_the_limit():
    times, positions = swipe((1e6, 0))
    assert flick(times, positions, times[-1]).vx_px_s == pytest.approx(MAX_FLICK_PX_S)


def test_flick_with_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="shape"):
        flick(np.zeros(3), np.zeros((2, 2)), 0.0)


ROOM = Rect(100.0, 0.0, 1800.0, 960.0)


def sheet_view(width_pt: float = 595.0, height_pt: float = 842.0) -> Viewport:
    return Viewport.fitted(1920, 1080, width_pt, height_pt, room=ROOM)


def test_page_with_borders_lies_in_the_middle_of_its_room():
    view = sheet_view()
    assert view.to_view(297.5, 421.0) == pytest.approx(ROOM.centre)
    assert view.to_view(0, 0)[1] == pytest.approx(0.0)
    assert view.to_view(0, 842)[1] == pytest.approx(960.0)
    assert view.is_page_fitted
    assert view.is_whole


def test_fitted_page_with_borders_cannot_be_pushed_away():
    view = sheet_view()
    moved = view.panned(300, -500).clamped()
    assert moved.is_page_fitted


def test_wide_page_with_borders_begins_at_its_top_and_ends_at_its_bottom():
    view = sheet_view().fit_width()
    assert view.is_width_fitted
    assert not view.is_whole
    assert view.to_view(0, 0) == pytest.approx((100.0, 0.0))
    assert view.to_view(595, 0)[0] == pytest.approx(1800.0)
    end = view.panned(0, -1e6).clamped()
    assert end.to_view(0, 842)[1] == pytest.approx(960.0)


def test_pull_past_either_end_of_a_page_with_borders_is_shown_in_part():
    view = sheet_view().fit_width()
    above = view.panned(0, 200).banded().to_view(0, 0)[1]
    assert 0 < above < 200
    end = view.panned(0, -1e6).clamped()
    below = end.panned(0, -200).banded().to_view(0, 842)[1]
    assert 760 < below < 960


def test_room_that_changes_keeps_a_page_whole_or_wide():
    other = Rect(0.0, 0.0, 1920.0, 1080.0)
    assert sheet_view().resized(1920, 1080, other).is_page_fitted
    wide = sheet_view().fit_width().resized(1920, 1080, other)
    assert wide.is_width_fitted
    assert wide.to_view(595, 0)[0] == pytest.approx(1920.0)
