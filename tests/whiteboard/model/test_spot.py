"""The window of the spotlight under fingers."""

from __future__ import annotations

import itertools

import pytest

from whiteboard.model.spot import MOST_SHARE, Spot

SPOT = Spot(400.0, 300.0, 100.0, least=30.0)
SIDES = (-2000.0, 0.0, 1.0, 299.5, 600.0, 799.0, 4000.0)
RADII = (0.0, 30.0, 200.0, 5000.0)


def test_drag_moves_the_window_as_far_as_the_finger() -> None:
    moved = SPOT.dragged((390.0, 310.0), (420.0, 300.0))
    assert (moved.x, moved.y, moved.radius) == (430.0, 290.0, 100.0)


def test_parting_fingers_enlarge_the_window() -> None:
    grown = SPOT.pinched(((350.0, 300.0), (450.0, 300.0)), ((350.0, 300.0), (550.0, 300.0)))
    assert (grown.x, grown.y, grown.radius) == (450.0, 300.0, 200.0)


def test_handle_draws_the_edge_to_the_finger() -> None:
    assert SPOT.reaching((400.0, 450.0)).radius == 150.0


def test_window_stays_in_the_view() -> None:
    for x, y, radius in itertools.product(SIDES, SIDES, RADII):
        spot = Spot(x, y, radius, least=30.0).within(800.0, 600.0)
        assert 0 <= spot.x <= 800
        assert 0 <= spot.y <= 600
        assert 30.0 <= spot.radius <= 600 * MOST_SHARE


def test_handle_can_always_be_reached() -> None:
    for x, y, radius in itertools.product(SIDES, SIDES, RADII):
        spot = Spot(x, y, radius, least=30.0).within(800.0, 600.0)
        across, down = spot.handle(800.0, 600.0, 20.0)
        assert 20.0 <= across <= 780.0
        assert 20.0 <= down <= 580.0


def test_handle_lies_on_the_edge_where_there_is_room() -> None:
    x, y = SPOT.handle(800.0, 600.0, 20.0)
    assert (x - SPOT.x) ** 2 + (y - SPOT.y) ** 2 == pytest.approx(SPOT.radius**2)
