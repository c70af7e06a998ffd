"""The code that a display shows."""

import random

import pytest

from rooms.model.pairing_code import ALPHABET, LENGTH, draw_code, format_code, normalise_code


def test_code_has_nothing_that_looks_alike() -> None:
    drawn = "".join(draw_code(random.Random(seed)) for seed in range(500))
    assert set(drawn) == set(ALPHABET)
    assert not set(drawn) & set("01OIL")
    assert len(draw_code(random.Random(1))) == LENGTH


@pytest.mark.parametrize(
    "typed", ["AB2C-DE3F", " ab2c de3f ", "ＡＢ２Ｃ－ＤＥ３Ｆ", "ab2c‐de3f"]
)
def test_code_is_taken_as_people_type_it(typed: str) -> None:
    assert normalise_code(typed) == "AB2CDE3F"


@pytest.mark.parametrize("typed", ["", "AB2CDE3", "AB2CDE3FG", "AB0CDE3F", "AB2C<E3F", "é" * 8])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert normalise_code(typed) is None


def test_code_is_read_out_in_two_halves() -> None:
    assert format_code("AB2CDE3F") == "AB2C-DE3F"
