"""Windows of real people, for tests: what nobody expected of them fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.chromium import Chromium, Window


@contextmanager
def watched_window(chromium: Chromium, origin: str, **options: Any) -> Iterator[Window]:
    """Open a window for somebody, and close it with a look at what it complained of.

    Args:
        chromium: The browser.
        origin: The only server it may talk to.
        options: Of playwright's `new_context`.

    Raises:
        AssertionError: an error, a warning, a breach of the content policy, or a request to
            another server that was not `allow`ed.
    """
    window = chromium.window(origin, **options)
    try:
        yield window
        complaints = window.unexpected()
        assert complaints == [], complaints
    finally:
        window.close()
