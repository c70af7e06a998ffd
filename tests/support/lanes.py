"""How the tests are shared out among the workers of pytest-xdist."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling

BROWSERS: Final = "browsers"
"""The lane of the tests that run several browsers at once: one after the other, or each takes
the processor from the others until something times out."""
_BROWSER_TESTS: Final = "tests/system/test_rooms_"
_SLOW_TESTS: Final = "tests/system/"


def is_slow_lane(nodeid: str) -> bool:
    """Return whether a test belongs to those that take longest."""
    return nodeid.startswith(_SLOW_TESTS)


def lane(nodeid: str) -> str:
    """Return what a test shares a worker with: its module, whose fixtures are made once."""
    return BROWSERS if nodeid.startswith(_BROWSER_TESTS) else nodeid.partition("::")[0]


class Lanes(LoadScopeScheduling):
    """Gives a worker one lane after the other, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)
