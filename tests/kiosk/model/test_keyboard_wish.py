"""When the keyboard on the screen is shown."""

import pytest

from base.options import Settings
from kiosk.model.keyboard_wish import Happening, Policy, Wish, after

ENTERED, LEFT, ASKED = Happening.ENTERED, Happening.LEFT, Happening.ASKED
TOUCHED, TYPED, PUT_AWAY = Happening.TOUCHED, Happening.TYPED, Happening.PUT_AWAY


def shown(policy, *happenings):
    wish = Wish()
    for happening in happenings:
        wish = after(wish, happening, policy)
    return wish.is_shown


@pytest.mark.parametrize(
    ("policy", "happenings", "is_shown"),
    [
        (Policy.AUTOMATIC, (ENTERED,), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED), True),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, TYPED), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, TYPED, TOUCHED), True),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, PUT_AWAY), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, LEFT), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, LEFT, ENTERED), False),
        (Policy.AUTOMATIC, (TOUCHED,), False),
        (Policy.AUTOMATIC, (ENTERED, ASKED), True),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, TYPED, ASKED), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, PUT_AWAY, ASKED), False),
        (Policy.AUTOMATIC, (ENTERED, TOUCHED, TYPED, LEFT, ENTERED, ASKED), True),
        (Policy.ALWAYS, (ENTERED,), True),
        (Policy.ALWAYS, (ENTERED, TYPED), True),
        (Policy.ALWAYS, (ENTERED, PUT_AWAY), False),
        (Policy.ALWAYS, (ENTERED, PUT_AWAY, TOUCHED), True),
        (Policy.ALWAYS, (ENTERED, LEFT), False),
        (Policy.NEVER, (ENTERED, TOUCHED), False),
    ],
)
def test_keyboard_is_shown_when_the_policy_says_so(policy, happenings, is_shown):
    assert shown(policy, *happenings) is is_shown


def test_setting_has_the_policies():
    for policy in Policy:
        assert Settings(on_screen_keyboard=policy.value).on_screen_keyboard == policy.value
