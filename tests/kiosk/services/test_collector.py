import gc
from collections.abc import Iterator

import pytest

from kiosk.services.collector import keep_collector_short


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_collector_leaves_out_what_the_program_is_made_of() -> None:
    keep_collector_short()

    assert gc.get_freeze_count() > 10_000


def test_writing_for_long_makes_no_look_at_everything() -> None:
    keep_collector_short()
    before = gc.get_stats()[2]["collections"]

    kept = [[place] for place in range(2_000_000)]

    assert len(kept) == 2_000_000
    assert gc.get_stats()[2]["collections"] == before


def test_what_is_thrown_away_in_circles_is_still_found_when_asked_for() -> None:
    keep_collector_short()
    circle: list[object] = []
    circle.append(circle)
    del circle

    assert gc.collect() >= 1
