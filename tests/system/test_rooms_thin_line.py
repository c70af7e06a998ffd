"""A guest behind a line that is thin, lossy, slow, gone for a while, and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map

from base.wire import Channel
from benchmarks.room_board import PAGE, page_update
from tests.support.browser import watched_window
from tests.support.room_seeds import running_place
from tests.support.room_visitors import Door, Visitor
from tests.support.thin_line import (
    ELSEWHERE,
    GONE,
    GOOD,
    HERE,
    Machine,
    Quality,
    machine_behind_thin_line,
    why_no_machine,
)
from tools.chromium import ARGUMENTS, CHROMIUM, Chromium, has_chromium, running_chromium
from tools.room_windows import GuestWindow

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not has_chromium(), reason="no Chromium here"),
    pytest.mark.skipif(why_no_machine() is not None, reason=str(why_no_machine())),
]

BACK_S = 5.0
"""From a line that is there again to ink that arrives, as the issue asks."""
PATIENCE_S = 60.0


class Pair:
    """A guest near the service, and one behind a line that a test spoils."""

    def __init__(
        self, machine: Machine, host: Visitor, near: GuestWindow, far: GuestWindow
    ) -> None:
        self.machine = machine
        self.host = host
        self.near = near
        self.far = far

    def strokes(self) -> int:
        document: Any = Doc()
        items = document.get("items", type=Map)
        for frame in tuple(self.host.binaries):
            if frame[0] == Channel.BOARD_UPDATE:
                document.apply_update(frame[1:])
        return len(items)

    def draw(self, part: float) -> None:
        left, top, width, height = self.far.board_box()
        y = top + height * part
        self.far.draw([(left + width * (0.3 + 0.02 * n), y + n % 2) for n in range(20)])

    def wait_until(self, holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        page = self.far.window.page
        for _ in range(int(patience_s / 0.05)):
            if holds():
                return
            page.wait_for_timeout(50)
        raise AssertionError("it did not come about")

    def words(self) -> str:
        return self.far.window.page.inner_text("#line").strip()

    def frames(self) -> int:
        return self.far.window.inbound().frames

    def voices(self) -> int:
        return self.far.window.inbound().audio


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        machine = stack.enter_context(machine_behind_thin_line())
        place = stack.enter_context(running_place(tmp_path, host=HERE))
        # A camera needs a page that came over TLS, or a browser that is told to believe it.
        believe = f"--unsafely-treat-insecure-origin-as-secure={place.base_url}"
        here = stack.enter_context(running_chromium(believe))
        there = stack.enter_context(_chromium_there(machine, here, tmp_path, believe))
        door = stack.enter_context(place.door())
        opened = door.open_room(guest_limit=2)
        host = door.host(opened.room)
        near, far = (
            _come_in(stack, browser, door, opened.key, host, name)
            for browser, name in ((here, "Near"), (there, "Far"))
        )
        host.send_binary(Channel.BOARD_UPDATE, page_update())
        host.send({"t": "page", "page": PAGE})
        far.wait_for_board()
        far.window.wait_for_inbound(10, 1e-9)
        yield Pair(machine, host, near, far)


@contextmanager
def _chromium_there(
    machine: Machine, here: Chromium, folder: Path, *arguments: str
) -> Iterator[Chromium]:
    browser = here.kind().launch(
        executable_path=machine.program(str(CHROMIUM), folder),
        headless=True,
        args=[*ARGUMENTS, *arguments],
    )
    try:
        yield Chromium(browser)
    finally:
        browser.close()


def _come_in(
    stack: ExitStack, browser: Chromium, door: Door, key: str, host: Visitor, name: str
) -> GuestWindow:
    window = stack.enter_context(watched_window(browser, door.base_url))
    window.allow("WebSocket|ERR_|Failed to load|insecure|not secure")
    guest = GuestWindow(window)
    guest.type_key(key)
    guest.knock(name)

    def seat() -> str | None:
        told = [text["knocks"] for text in host.texts if text["t"] == "knocks"]
        known = [one["seat"] for one in told[-1] if one["name"] == name] if told else []
        return known[0] if known else None

    host.send({"t": "admit", "seat": host.until(seat, f"{name} in the lobby")})
    guest.wait_until_in()
    return guest


def test_voice_and_ink_go_on_over_a_thin_line_and_the_guest_is_told(pair: Pair) -> None:
    thin = Quality(rate_bps=150_000, loss=0.05, delay_s=0.3)
    pair.machine.be(thin)
    pair.wait_until(lambda: "映像を止め" in pair.words(), 30)
    voices = pair.voices()
    pair.wait_until(lambda: pair.voices() > voices + 100)
    for n in range(3):
        pair.draw(0.3 + 0.1 * n)
        pair.wait_until(lambda n=n: pair.strokes() == n + 1, BACK_S)
    # Never so bad that it would be called cut.
    assert not pair.far.window.page.is_visible("#line.serious")
    pair.machine.be(GOOD)
    frames = pair.frames()
    # One rung at a time, and each after a while: a line at its limit is not to flicker.
    pair.wait_until(lambda: pair.frames() > frames + 10, 90)


def test_line_that_is_gone_for_half_a_minute_comes_back_with_ink_and_faces(
    pair: Pair,
) -> None:
    page = pair.far.window.page
    pair.machine.be(GONE)
    pair.draw(0.4)
    page.wait_for_selector("#line.serious")
    page.wait_for_timeout(30_000)
    frames = pair.frames()
    pair.machine.be(GOOD)
    pair.wait_until(lambda: pair.strokes() == 1, BACK_S)
    pair.wait_until(lambda: pair.frames() > frames, BACK_S)
    pair.wait_until(lambda: pair.words() == "")
    left = [text for text in pair.host.texts if text["t"] == "seat_left"]
    assert left == []


def test_another_address_is_found_by_ink_and_faces(pair: Pair) -> None:
    pair.machine.move(ELSEWHERE)
    frames = pair.frames()
    pair.draw(0.4)
    pair.wait_until(lambda: pair.strokes() == 1, BACK_S)
    pair.wait_until(lambda: pair.frames() > frames + 10, 2 * BACK_S)
