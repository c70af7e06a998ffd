"""Lines that break in the ways lines do: what is drawn arrives, and nobody is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from pycrdt import Doc, Map

from base.wire import Channel, Opened
from benchmarks.room_board import PAGE, packed_stroke, page_update
from tests.support.browser import watched_window
from tests.support.line import LineOfThread, line_in_thread
from tests.support.room_seeds import running_place
from tests.support.room_visitors import Door, Visitor, board_update
from tools.chromium import Chromium, has_chromium, running_chromium
from tools.room_windows import MEMO, GuestWindow

pytestmark = pytest.mark.skipif(not has_chromium(), reason="no Chromium here")

PATIENCE_S = 30.0
BACK_S = 5.0
"""From a line that is good again to a talk that goes on."""
FOUND_OUT_S = 8.0
"""A line that says nothing, and a talk that goes on over another one."""
LARGE = 1500
"""Strokes of a board that is full."""
NARROW_S = 15.0
"""For all of them: longer than a line may be silent otherwise."""
CUT = "#line.serious"


@dataclass(slots=True)
class Talk:
    """The display in a room with one guest, whose browser has a line that a test can break."""

    door: Door
    opened: Opened
    host: Visitor
    guest: GuestWindow
    line: LineOfThread

    def draw(self, part: float) -> None:
        """Let the guest write a stroke at a height of the board, 0..1."""
        left, top, width, height = self.guest.board_box()
        y = top + height * part
        self.guest.draw([(left + width * (0.3 + 0.02 * n), y + n % 2) for n in range(20)])

    def strokes(self) -> int:
        """Return how many items the display has received."""
        document: Any = Doc()
        items = document.get("items", type=Map)
        for frame in tuple(self.host.binaries):
            if frame[0] == Channel.BOARD_UPDATE:
                document.apply_update(frame[1:])
        return len(items)

    def seats(self) -> set[str]:
        """Return the seats that the display has heard of."""
        return {text["seat"]["id"] for text in self.host.texts if text["t"] == "seat"}

    def wait_until(self, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Return after how many seconds something holds that nobody announces."""
        begun_s = time.monotonic()
        while not holds():
            if time.monotonic() > begun_s + patience_s:
                raise AssertionError("it did not come about")
            self.guest.window.page.wait_for_timeout(20)
        return time.monotonic() - begun_s

    def line_words(self) -> str:
        """Return what the guest is told of the line; nothing while it is good."""
        return self.guest.window.page.inner_text("#line").strip()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


@pytest.fixture
def talk(tmp_path: Path, chromium: Chromium) -> Iterator[Talk]:
    with ExitStack() as stack:
        line = stack.enter_context(line_in_thread())
        place = stack.enter_context(running_place(tmp_path, public_url=line.url))
        line.lead_to(place.base_url)
        door = stack.enter_context(place.door())
        opened = door.open_room()
        host = door.host(opened.room)
        window = stack.enter_context(watched_window(chromium, line.url))
        window.allow("WebSocket|ERR_CONNECTION|ERR_EMPTY|Failed to load")
        guest = GuestWindow(window)
        guest.type_key(opened.key)
        guest.knock("Tanaka")

        def seat() -> str | None:
            told = [text["knocks"] for text in host.texts if text["t"] == "knocks"]
            return next((one["seat"] for one in told[-1]), None) if told else None

        host.send({"t": "admit", "seat": host.until(seat, "somebody in the lobby")})
        guest.wait_until_in()
        host.send_binary(Channel.BOARD_UPDATE, page_update())
        host.send({"t": "page", "page": PAGE})
        host.send({"t": "set_room", "memo": True})
        guest.wait_for_board()
        window.page.wait_for_selector(MEMO, state="visible")
        yield Talk(door, opened, host, guest, line)
        line.mend()


def test_line_that_is_dead_without_a_word_is_found_out_and_nothing_drawn_is_lost(
    talk: Talk,
) -> None:
    talk.draw(0.3)
    talk.wait_until(lambda: talk.strokes() == 1)
    # As after a router that forgot everything: both sides wait for ever, new lines are good.
    talk.line.forget()
    talk.draw(0.5)
    change = board_update(
        lambda doc: doc.get("items", type=Map).update({"h1": packed_stroke("host")})
    )
    talk.host.send_binary(Channel.BOARD_UPDATE, change)
    assert talk.wait_until(lambda: talk.strokes() == 2) < FOUND_OUT_S
    talk.draw(0.7)
    talk.wait_until(lambda: talk.strokes() == 3)
    received = talk.guest.window.traffic.everything_received
    talk.wait_until(lambda: b"h1" in received())
    assert talk.line_words() == ""


def test_network_that_comes_back_while_a_try_hangs_brings_everybody_back_soon(
    talk: Talk,
) -> None:
    page = talk.guest.window.page
    seats = talk.seats()
    talk.line.swallow()
    talk.line.reset()
    page.wait_for_selector(CUT)
    tries = talk.line.connections
    talk.draw(0.3)
    page.focus(MEMO)
    page.keyboard.insert_text("while it was gone")
    # What is on its way now is lost with the network, and nobody says so.
    talk.wait_until(lambda: talk.line.connections > tries)
    talk.line.forget()
    talk.line.mend()
    assert talk.wait_until(lambda: talk.strokes() == 1) < BACK_S
    talk.host.wait_for_binary(Channel.BOARD_UPDATE, b"while it was gone")
    talk.wait_until(lambda: talk.line_words() == "")
    assert talk.seats() == seats


@pytest.mark.soak
def test_large_board_arrives_over_a_narrow_line(talk: Talk) -> None:
    talk.line.cut()
    talk.guest.window.page.wait_for_selector(CUT)
    strokes = {f"h{n}": packed_stroke("host") for n in range(LARGE)}
    change = board_update(lambda doc: doc.get("items", type=Map).update(strokes))
    talk.host.send_binary(Channel.BOARD_UPDATE, change)
    talk.host.is_answered()
    traffic = talk.guest.window.traffic
    talk.line.narrow(8 * len(change) / NARROW_S)
    talk.line.mend()
    talk.wait_until(lambda: any(len(f) > len(change) / 2 for f in traffic.received), 60)
    # With the first answer: nobody hung up meanwhile and asked again.
    hellos = [f for f in traffic.sent if isinstance(f, str) and '"hello"' in f]
    assert len(hellos) == 2


GOOD: Final = {"heard": True, "loss": 0.0, "rttMs": 40}
NOTHING: Final = {"heard": False, "loss": None, "rttMs": None}
LADDER: Final = """
async (phases) => {
  const { Ladder } = await import('/static/x/ladder.js');
  const ladder = new Ladder(0);
  const rungs = [];
  let nowMs = 5000;
  for (const [seconds, measured] of phases) {
    for (let second = 0; second < seconds; second += 1) {
      nowMs += 1000;
      ladder.step(measured, nowMs);
    }
    rungs.push(ladder.rung);
  }
  return rungs;
}
"""


def test_line_on_which_nothing_comes_is_not_called_good(
    tmp_path: Path, chromium: Chromium
) -> None:
    with running_place(tmp_path) as place, ExitStack() as stack:
        window = stack.enter_context(watched_window(chromium, place.base_url, bypass_csp=True))
        window.page.goto(place.base_url)
        bad = {"heard": True, "loss": 0.08, "rttMs": 40}
        phases = [(5, bad), (5, GOOD), (60, NOTHING), (3, GOOD), (6, GOOD)]
        assert window.page.evaluate(LADDER, phases) == [2, 2, 2, 2, 1]
        # With microphones and cameras off only now and then something is heard: still good.
        quiet = [(1, GOOD), (2, NOTHING)]
        assert window.page.evaluate(LADDER, [(5, bad), *quiet * 8])[-1] <= 1


STATS: Final = """
async (reports) => {
  const { readStats } = await import('/static/x/media.js');
  return readStats(reports);
}
"""


def test_what_was_said_of_a_picture_that_is_paused_says_nothing_of_the_line(
    tmp_path: Path, chromium: Chromium
) -> None:
    with running_place(tmp_path) as place, ExitStack() as stack:
        window = stack.enter_context(watched_window(chromium, place.base_url, bypass_csp=True))
        window.page.goto(place.base_url)
        voice = {"type": "remote-inbound-rtp", "fractionLost": 0, "roundTripTime": 0.01}
        # A browser keeps the last report of a picture for as long as it is paused.
        picture = {"type": "remote-inbound-rtp", "fractionLost": 0.3, "roundTripTime": 0.6}
        sent = {"type": "outbound-rtp", "kind": "video", "qualityLimitationReason": "bandwidth"}
        pair = {"type": "candidate-pair", "nominated": True, "availableOutgoingBitrate": 89e3}
        reports = [
            {**voice, "timestamp": 59_000},
            {**picture, "timestamp": 31_000},
            {**sent, "timestamp": 60_000, "active": False},
            {**pair, "timestamp": 60_000},
        ]
        read = window.page.evaluate(STATS, reports)
        assert (read["loss"], read["rttMs"], read["bps"]) == (0, 10, None)
