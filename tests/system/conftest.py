"""A display that can be read, and a hand on it, for tests of the whole application."""

from collections.abc import Iterator

import pytest

from tools.x11 import Pointer, Screen, XServer, start_xvfb


@pytest.fixture(scope="module")
def server() -> Iterator[XServer]:
    with start_xvfb(1920, 1080) as running:
        yield running


@pytest.fixture
def pointer(server: XServer) -> Iterator[Pointer]:
    with Pointer(server) as hand:
        yield hand
        hand.release()


@pytest.fixture
def screen(server: XServer) -> Iterator[Screen]:
    with Screen(server) as seen:
        yield seen
