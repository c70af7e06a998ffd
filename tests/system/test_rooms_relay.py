"""A talk through the relay alone: two real browsers that find no direct path to each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from base.clock import SystemClock
from rooms.services.turn import Turn
from tests.support.browser import watched_window
from tests.support.relay import SECRET, running_relay
from tests.support.room_seeds import running_place
from tests.support.room_visitors import Door, Visitor
from tools.chromium import Chromium, Window, has_chromium, running_chromium
from tools.room_windows import GuestWindow

pytestmark = [
    pytest.mark.skipif(not has_chromium(), reason="no Chromium here"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="no coturn here"),
]

# A firewall that lets nothing out but to the relay, as far as a browser can tell.
RELAY_ALONE = """
(() => {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(given) { super({ ...given, iceTransportPolicy: 'relay' }); }
    setConfiguration(given) {
      super.setConfiguration({ ...given, iceTransportPolicy: 'relay' });
    }
  };
})();
"""
PATHS = """
async () => {
  const found = [];
  for (const peer of window.peersOfTest) {
    const all = await peer.getStats();
    for (const one of all.values()) {
      if (one.type !== 'candidate-pair' || one.state !== 'succeeded') continue;
      found.push([all.get(one.localCandidateId), all.get(one.remoteCandidateId)]
        .map((candidate) => candidate.candidateType));
    }
  }
  return found;
}
"""
GATHERED = """
async (given) => {
  const peer = new RTCPeerConnection({ iceServers: given, iceTransportPolicy: 'relay' });
  const codes = [];
  const found = [];
  peer.onicecandidateerror = ({ errorCode }) => codes.push(errorCode);
  peer.onicecandidate = ({ candidate }) => candidate?.candidate && found.push(candidate.type);
  peer.addTransceiver('audio');
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') await new Promise((go) => setTimeout(go, 50));
  peer.close();
  return { found, codes };
}
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    # Both meet at the relay's own address: the example's exception, for this machine.
    own = ("allow-loopback-peers", "allowed-peer-ip=127.0.0.1")
    with running_relay(tmp_path_factory.mktemp("relay"), *own) as port:
        yield port


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


def _come_in(
    chromium: Chromium, stack: ExitStack, door: Door, key: str, host: Visitor
) -> Window:
    window = stack.enter_context(watched_window(chromium, door.base_url))
    window.context.add_init_script(RELAY_ALONE)
    guest = GuestWindow(window)
    guest.type_key(key)
    guest.knock("Tanaka")

    def seat() -> str | None:
        told = [text["knocks"] for text in host.texts if text["t"] == "knocks"]
        return next((one["seat"] for one in told[-1]), None) if told else None

    host.send({"t": "admit", "seat": host.until(seat, "somebody in the lobby")})
    guest.wait_until_in()
    return window


def test_two_who_find_no_direct_path_see_and_hear_each_other_through_the_relay(
    tmp_path: Path, chromium: Chromium, port: int
) -> None:
    with ExitStack() as stack:
        relay = f"turn:127.0.0.1:{port}?transport=udp"
        place = stack.enter_context(
            running_place(tmp_path, turn_urls=relay, turn_secret=SECRET)
        )
        door = stack.enter_context(place.door())
        opened = door.open_room(guest_limit=2)
        host = door.host(opened.room)
        windows = [_come_in(chromium, stack, door, opened.key, host) for _ in range(2)]
        for window in windows:
            begun = window.wait_for_inbound(frames=10, energy=1e-6)
            later = window.wait_for_inbound(begun.frames + 10, energy=begun.energy * 1.01)
            assert later.audio > begun.audio
            assert GuestWindow(window).moving_frames() == 3
            paths = window.page.evaluate(PATHS)
            assert paths
            assert {kind for path in paths for kind in path} == {"relay"}


def test_relay_lets_a_browser_in_until_its_credentials_run_out(
    tmp_path: Path, chromium: Chromium, port: int
) -> None:
    with ExitStack() as stack:
        relay = f"turn:127.0.0.1:{port}?transport=udp"
        place = stack.enter_context(running_place(tmp_path))
        page = stack.enter_context(watched_window(chromium, place.base_url)).page
        page.goto(place.base_url)

        def gathered(secret: str, valid_s: float) -> dict[str, list[Any]]:
            turn = Turn(SystemClock(), [relay], secret, (), valid_s)
            given = [one.model_dump() for one in turn.servers("seat")]
            found: dict[str, list[Any]] = page.evaluate(GATHERED, given)
            return {name: sorted(set(values)) for name, values in found.items()}

        assert gathered(SECRET, 600) == {"found": ["relay"], "codes": []}
        assert gathered(SECRET, -5) == {"found": [], "codes": [401]}
        assert gathered("guessed", 600) == {"found": [], "codes": [401]}
