import pytest

from whiteboard.model.list_scroll import ListScroll


@pytest.fixture
def scroll() -> ListScroll:
    made = ListScroll()
    made.set_most(1000)
    return made


def drag(scroll: ListScroll, from_y: float, to_y: float, took_s: float = 0.2) -> None:
    scroll.press(from_y, 0.0)
    for step in range(1, 21):
        share = step / 20
        scroll.drag(from_y + share * (to_y - from_y), share * took_s)


def settle(scroll: ListScroll) -> None:
    for _ in range(1000):
        scroll.advance(0.016)


def test_list_follows_the_finger(scroll: ListScroll) -> None:
    drag(scroll, 500, 300)
    assert scroll.offset_px == pytest.approx(200)


def test_flick_glides_on_and_comes_to_rest(scroll: ListScroll) -> None:
    drag(scroll, 500, 300)
    scroll.release(0.2)
    assert scroll.is_moving
    settle(scroll)
    assert not scroll.is_moving
    assert 300 < scroll.offset_px < 1000


def test_finger_that_rests_before_it_lifts_leaves_no_glide(scroll: ListScroll) -> None:
    drag(scroll, 500, 300)
    scroll.release(1.0)
    assert not scroll.is_moving


def test_glide_is_the_same_at_any_frame_rate() -> None:
    places = []
    for frame_s in (0.004, 0.016, 0.033):
        scroll = ListScroll()
        scroll.set_most(1e6)
        drag(scroll, 500, 300)
        scroll.release(0.2)
        for _ in range(round(0.528 / frame_s)):
            scroll.advance(frame_s)
        places.append(scroll.offset_px)
    assert places == pytest.approx([places[0]] * 3, rel=1e-3)


def test_glide_stops_at_the_end(scroll: ListScroll) -> None:
    scroll.go_to(950)
    drag(scroll, 500, 470, took_s=0.02)
    scroll.release(0.02)
    settle(scroll)
    assert scroll.offset_px == 1000


def test_list_gives_beyond_its_ends_and_comes_back(scroll: ListScroll) -> None:
    drag(scroll, 300, 500)
    assert -200 < scroll.offset_px < 0
    scroll.release(1.0)
    settle(scroll)
    assert scroll.offset_px == 0
    assert not scroll.is_moving


def test_list_that_is_caught_beyond_its_end_does_not_jump(scroll: ListScroll) -> None:
    drag(scroll, 300, 500)
    scroll.release(1.0)
    scroll.advance(0.016)
    place = scroll.offset_px
    scroll.press(500, 2.0)
    scroll.drag(500, 2.01)
    assert scroll.offset_px == pytest.approx(place)


def test_touch_that_stops_a_glide_is_known(scroll: ListScroll) -> None:
    assert not scroll.press(500, 0.0)
    scroll.release(1.0)
    drag(scroll, 500, 300)
    scroll.release(0.2)
    assert scroll.press(400, 0.3)
    assert not scroll.is_moving


def test_shorter_list_takes_its_place_along(scroll: ListScroll) -> None:
    scroll.go_to(900)
    scroll.set_most(200)
    assert scroll.offset_px == 200
    scroll.set_most(-50)
    assert scroll.offset_px == 0
