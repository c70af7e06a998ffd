"""Keys can be read out, typed by anybody, and not guessed."""

import random
import secrets
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.model import keys


@given(st.integers())
def test_drawn_key_begins_with_no_zero_and_doubles_no_digit(seed: int) -> None:
    key = keys.draw(random.Random(seed).randrange)
    assert len(key) == 8
    assert key[0] != "0"
    assert all(one != other for one, other in pairwise(key))
    assert keys.is_possible(key)


def test_every_digit_is_drawn_as_often_as_the_others() -> None:
    # The first place has nine equally likely digits, each other place nine again: whatever is
    # drawn, the key that comes out is another one.
    choices = [[first, second] for first in range(9) for second in range(9)]
    drawn = {keys.draw(_from([*choice, *[0] * 6])) for choice in choices}
    assert len({key[:2] for key in drawn}) == 81


def test_digit_after_itself_is_never_a_choice() -> None:
    seconds = {keys.draw(_from([4, n, *[0] * 6]))[1] for n in range(9)}
    assert seconds == set("012346789")


def test_system_randomness_fits() -> None:
    assert keys.is_possible(keys.draw(secrets.randbelow))


@given(st.integers(), st.data())
def test_key_is_understood_however_it_is_typed(seed: int, data: st.DataObject) -> None:
    key = keys.draw(random.Random(seed).randrange)
    digits = [data.draw(st.sampled_from(_forms_of(digit))) for digit in key]
    between = st.text(st.sampled_from(" 　-‐‑–—―−ーｰ－\t\u200b\u00ad・."), max_size=3)
    typed = "".join(data.draw(between) + digit for digit in digits) + data.draw(between)
    assert keys.normalise(typed) == key


@pytest.mark.parametrize(
    "typed",
    ["", "1234567", "123456789", "1234 567a", "１２３４５６７八", "1234+5678", "#12345678"],
)
def test_what_is_not_eight_digits_is_no_key(typed: str) -> None:
    assert keys.normalise(typed) is None


@given(st.text(max_size=64))
def test_whatever_is_typed_gives_eight_digits_or_nothing(typed: str) -> None:
    found = keys.normalise(typed)
    assert found is None or (len(found) == 8 and found.isascii() and found.isdigit())


@pytest.mark.parametrize(
    "key", ["01234567", "11345678", "1234567", "1234567a", "１２３４５６７８"]
)
def test_key_that_cannot_have_been_drawn_is_known(key: str) -> None:
    assert not keys.is_possible(key)


@given(st.integers())
def test_shown_key_is_the_key(seed: int) -> None:
    key = keys.draw(random.Random(seed).randrange)
    shown = keys.format_key(key)
    assert shown[4] == "-"
    assert keys.normalise(shown) == key


def _from(choices: list[int]):  # type: ignore[no-untyped-def]
    left = iter(choices)
    return lambda _n: next(left)


def _forms_of(digit: str) -> list[str]:
    full_width = chr(ord("０") + int(digit))
    arabic = chr(ord("٠") + int(digit))
    assert unicodedata.decimal(arabic) == int(digit)
    return [digit, full_width, arabic]
