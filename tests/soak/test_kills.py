"""A hundred power cuts in the middle of writing; some 8 minutes."""

import pytest

from benchmarks import kill_recovery

pytestmark = pytest.mark.soak


def test_hundred_kills_lose_no_finished_stroke() -> None:
    assert kill_recovery.main(["--rounds", "100"]) == 0
