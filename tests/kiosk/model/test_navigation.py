import pytest

from kiosk.model.navigation import (
    HOME,
    SETTINGS,
    Duty,
    Failed,
    Finished,
    LockChanged,
    Opened,
    PinAnswered,
    Place,
    Show,
    navigate,
)

LOCKED = Place(locked=True)


def test_tile_opens_its_screen() -> None:
    assert navigate(Place(), Opened("board")) == (Place("board"), (Show("board"),))


def test_settings_without_pin_open_at_once() -> None:
    assert navigate(Place(), Opened(SETTINGS)) == (Place(SETTINGS), (Show(SETTINGS),))


def test_settings_with_pin_ask_first_and_stay_where_one_is() -> None:
    place, actions = navigate(LOCKED, Opened(SETTINGS))
    assert place == Place(HOME, locked=True, asking=True)
    assert actions == (Duty.ASK_PIN,)


def test_right_pin_opens_the_settings() -> None:
    asking, _ = navigate(LOCKED, Opened(SETTINGS))
    assert navigate(asking, PinAnswered(right=True)) == (
        Place(SETTINGS, locked=True),
        (Show(SETTINGS),),
    )


def test_leaving_the_pad_changes_nothing() -> None:
    asking, _ = navigate(LOCKED, Opened(SETTINGS))
    assert navigate(asking, PinAnswered(right=False)) == (LOCKED, ())


@pytest.mark.parametrize("event", [Opened("board"), Finished()])
def test_right_pin_comes_too_late_when_the_person_went_elsewhere(event: object) -> None:
    asking, _ = navigate(LOCKED, Opened(SETTINGS))
    elsewhere, _ = navigate(asking, event)
    assert navigate(elsewhere, PinAnswered(right=True)) == (elsewhere, ())


def test_pin_set_in_the_settings_does_not_lock_the_person_out() -> None:
    inside, _ = navigate(Place(SETTINGS), LockChanged(locked=True))
    assert navigate(inside, Opened(SETTINGS))[1] == (Show(SETTINGS),)


def test_finish_puts_away_before_it_shows_home() -> None:
    place, actions = navigate(Place("board", locked=True), Finished())
    assert place == LOCKED
    assert actions == (
        Duty.PUT_AWAY,
        Duty.FORGET_CHOICES,
        Duty.CLEAR_NOTICES,
        Show(HOME),
        Duty.TELL_FINISHED,
    )


def test_screen_that_fails_leads_home() -> None:
    assert navigate(Place("board"), Failed()) == (Place(), (Show(HOME),))


def test_home_that_fails_does_not_try_for_ever() -> None:
    assert navigate(Place(), Failed()) == (Place(), ())
