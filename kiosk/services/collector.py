"""The garbage collector, kept from holding up the pen."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 20_000
"""Objects made between two looks at the young ones: a fraction of a millisecond each."""
MIDDLE: Final = 50
OLD: Final = 1_000
"""A look at everything comes after this many at the middle-aged: in days of writing."""


def keep_collector_short() -> None:
    """Leave what the program is made of out of all later collections.

    A look at everything takes some 50 ms once a large board is open, and would come in the
    middle of a stroke. Call it when the first screen is there, and again when a board is.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
