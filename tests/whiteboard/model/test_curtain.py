"""How far a curtain is pulled away."""

from __future__ import annotations

import itertools

from whiteboard.model.curtain import Curtain, Side

SHARES = (-1.0, 0.0, 0.4, 0.9, 2.0)


def test_new_curtain_hides_everything() -> None:
    assert Curtain().frame(800, 600) == (0, 0, 800, 600)


def test_curtain_pulled_down_sets_the_upper_part_free() -> None:
    assert Curtain().pulled(Side.TOP, 0.25, 0.1).frame(800, 600) == (0, 150, 800, 450)


def test_curtain_pulled_aside_sets_one_side_free() -> None:
    assert Curtain().pulled(Side.RIGHT, 0.25, 0.1).frame(800, 600) == (0, 0, 600, 600)
    assert Curtain().pulled(Side.LEFT, 0.25, 0.1).frame(800, 600) == (200, 0, 600, 600)


def test_enough_of_it_stays_to_take_hold_of() -> None:
    pulls = list(itertools.product(Side, SHARES))
    for several in itertools.product(pulls, repeat=3):
        curtain = Curtain()
        for side, share in several:
            curtain = curtain.pulled(side, share, 0.1)
        left, top, width, height = curtain.frame(1000, 1000)
        assert min(left, top) >= 0
        assert max(left + width, top + height) <= 1000
        assert min(width, height) >= 98
