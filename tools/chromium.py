"""Real Chromium windows with a camera and a microphone that need no hardware.

One Chromium, and for each person a context of its own: no window knows of another one's
storage. Each window remembers what its websockets received and sent, what it asked of which
server, and what it complained of.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    Request,
    WebSocket,
    sync_playwright,
)

from benchmarks.processes import family

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
PATIENCE_MS: Final = 20_000
GONE_AFTER_S: Final = 15.0

# Peer connections are made inside modules, where a test cannot reach them.
_KEEP_PEERS: Final = """
(() => {
  const Native = window.RTCPeerConnection;
  window.peersOfTest = [];
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...args) { super(...args); window.peersOfTest.push(this); }
  };
})();
"""

_INBOUND: Final = """
async () => {
  const found = {frames: 0, bytes: 0, energy: 0, samples: 0, audio: 0, connected: 0};
  for (const peer of window.peersOfTest) {
    if (peer.connectionState !== 'connected') continue;
    found.connected += 1;
    for (const one of (await peer.getStats()).values()) {
      if (one.type !== 'inbound-rtp') continue;
      found.bytes += one.bytesReceived || 0;
      if (one.kind === 'video') found.frames += one.framesDecoded || 0;
      if (one.kind === 'audio') {
        found.audio += one.packetsReceived || 0;
        found.energy += one.totalAudioEnergy || 0;
        found.samples += one.totalSamplesReceived || 0;
      }
    }
  }
  return found;
}
"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What all connected peers of a window have received so far.

    Attributes:
        connected: Peer connections that stand.
        frames: Video frames that were decoded.
        bytes: Of sound and picture.
        audio: Packets of sound.
        energy: Sum of squared loudness times time: grows when something is to be heard.
        samples: Of sound.
    """

    connected: int
    frames: int
    bytes: int
    audio: int
    energy: float
    samples: int


@dataclass(slots=True)
class Traffic:
    """What went over the line of a window, oldest first."""

    received: list[str | bytes] = field(default_factory=list)
    sent: list[str | bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    sockets: int = 0

    def everything_received(self) -> bytes:
        """Return all websocket frames that arrived, as one run of bytes to search in."""
        frames = (one.encode() if isinstance(one, str) else one for one in self.received)
        return b"\0".join(frames)


class Window:
    """One person's browser."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin
        self.traffic = Traffic()
        self.complaints: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        context.add_init_script(_KEEP_PEERS)
        self.page = self._watched(context.new_page())

    def allow(self, pattern: str) -> None:
        """Say that complaints matching `pattern` may come."""
        self._allowed.append(re.compile(pattern))

    def inbound(self) -> Inbound:
        """Return what media have arrived."""
        return Inbound(**self.page.evaluate(_INBOUND))

    def wait_for_inbound(self, frames: int, energy: float, peers: int = 1) -> Inbound:
        """Wait until that much picture and sound have come from at least `peers` others.

        Raises:
            TimeoutError: they do not come.
        """
        deadline_s = time.monotonic() + PATIENCE_MS / 1000
        while True:
            found = self.inbound()
            if (
                found.connected >= peers
                and found.frames >= frames
                and found.energy >= energy > 0
            ):
                return found
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"only {found}")
            self.page.wait_for_timeout(100)

    def wait_for_truth(self, expression: str, timeout_ms: float = PATIENCE_MS) -> None:
        """Wait until an expression is true in the page.

        Playwright's own way evaluates it inside the page, which a strict policy forbids.

        Raises:
            TimeoutError: it does not become true.
        """
        deadline_s = time.monotonic() + timeout_ms / 1000
        while not self.page.evaluate(expression):
            if time.monotonic() > deadline_s:
                raise TimeoutError(expression)
            self.page.wait_for_timeout(20)

    def unexpected(self) -> list[str]:
        """Return what the window complained of, and whom else it asked for anything."""
        foreign = [
            f"asked {url}"
            for url in self.traffic.requests
            if not url.startswith(("data:", "blob:", "about:")) and _origin(url) != self.origin
        ]
        complaints = [
            text for text in self.complaints if not any(p.search(text) for p in self._allowed)
        ]
        return complaints + foreign

    def close(self) -> None:
        """Close it, as somebody who shuts the laptop."""
        self.context.close()

    def _watched(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("websocket", self._on_socket)
        page.on("request", self._on_request)
        return page

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = message.location.get("url", "")
            self.complaints.append(f"{message.type}: {message.text} ({where})")

    def _on_request(self, request: Request) -> None:
        self.traffic.requests.append(request.url)

    def _on_socket(self, socket: WebSocket) -> None:
        self.traffic.sockets += 1
        self.traffic.requests.append(socket.url.replace("ws", "http", 1))
        # Playwright keeps its own names on the functions: built-in ones take none.
        socket.on("framereceived", self._on_received)
        socket.on("framesent", self._on_sent)

    def _on_received(self, frame: str | bytes) -> None:
        self.traffic.received.append(frame)

    def _on_sent(self, frame: str | bytes) -> None:
        self.traffic.sent.append(frame)


class Chromium:
    """A running browser; makes windows."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def kind(self) -> BrowserType:
        """Return what launches another one like this."""
        return self._browser.browser_type

    def window(self, origin: str, **options: Any) -> Window:  # noqa: ANN401
        """Open an empty window for somebody new.

        Args:
            origin: The only server it may talk to: `http://127.0.0.1:PORT`.
            options: Of playwright's `new_context`: locale, viewport, colour scheme; their
                types are its own.
        """
        wanted: Mapping[str, Any] = {
            "locale": "ja-JP",
            "viewport": {"width": 1280, "height": 800},
            "accept_downloads": True,
            **options,
        }
        return Window(self._browser.new_context(**wanted), origin)


def has_chromium() -> bool:
    """Return whether there is a browser to test with."""
    return CHROMIUM.exists() or shutil.which("chromium") is not None


@contextmanager
def running_chromium(*more_arguments: str) -> Iterator[Chromium]:
    """Start Chromium with nobody's settings, and end it with all its processes."""
    before = set(family(os.getpid()))
    path = CHROMIUM if CHROMIUM.exists() else Path(shutil.which("chromium") or CHROMIUM)
    started: set[int] = set()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path,
                headless=True,
                args=[*ARGUMENTS, *more_arguments],
                # Chromium asks the desktop for colours, keys and sounds when it finds one.
                env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": "disabled:", "DISPLAY": ""},
            )
            try:
                yield Chromium(browser)
            finally:
                started = set(family(os.getpid())) - before
                browser.close()
    finally:
        # On a busy machine one of its helpers does not always hear that it is over.
        for pid in _wait_until_gone(started):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _wait_until_gone(pids: set[int]) -> set[int]:
    deadline_s = time.monotonic() + GONE_AFTER_S
    left = pids
    while left and time.monotonic() < deadline_s:
        left = {pid for pid in left if _is_running(pid)}
        time.sleep(0.02)
    return left


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
