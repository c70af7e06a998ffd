"""The browser's board without a service: its modules in real Chromium, on a page of their own.

Pages of one browser context are joined by a `BroadcastChannel` that stands where the line to
the service is: what one page sends, the others receive, in order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    ViewportSize,
    sync_playwright,
)

STATIC: Final = Path(__file__).parents[2] / "rooms" / "web" / "static"
PATIENCE_MS: Final = 6_000
VIEWPORT: Final[ViewportSize] = {"width": 760, "height": 640}
ORIGIN: Final = "http://localhost:9"
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)

_HTML: Final = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' \
'nonce-page'; style-src 'nonce-page'; connect-src 'self' data:; img-src blob: data:">
<style nonce="page">
  body { margin: 0 } #board { width: 720px; height: 405px } [hidden] { display: none }
</style>
<div id="board"></div>
<textarea id="memo" rows="8" cols="60"></textarea>
<script type="module" nonce="page">
import * as Y from '/vendor/yjs.js';
import * as items from '/board/items.js';
import * as pack from '/board/pack.js';
import * as painter from '/board/painter.js';
import * as outline from '/board/outline.js';
import * as lettering from '/board/lettering.js';
import { parsePage, isDark } from '/board/pages.js';
import { Scene } from '/board/scene.js';
import { Board } from '/board/board.js';
import { SharedDoc } from '/board/sync.js';
import { Memo, difference } from '/board/memo.js';

/** The Connection of a page that others are joined to without a service. */
class Line extends EventTarget {
  constructor(name, seat) {
    super();
    this.state = 'open';
    this.seat = seat;
    this.sent = [];
    this.held = null;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => (this.held ? this.held.push(data) : this.take(data));
  }
  take({ binary, message }) {
    if (binary) this.tell('binary', binary);
    else this.tell(`message:${message.t}`, message);
  }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  send(message) {
    if (this.state !== 'open') return false;
    this.sent.push({ at: performance.now(), message });
    this.channel.postMessage({ message: { ...message, seat: this.seat } });
    return true;
  }
  sendFleeting(message) { return this.send(message); }
  sendBinary(channel, bytes) {
    if (this.state !== 'open') return false;
    this.channel.postMessage({ binary: { channel, bytes: bytes.slice() } });
    return true;
  }
  hold() { this.held = []; }
  letGo() { const held = this.held; this.held = null; held.forEach((data) => this.take(data)); }
  cut() {
    this.channel.onmessage = null;
    this.state = 'lost';
    this.tell('state', { state: 'lost' });
  }
  join() {
    this.channel.onmessage = ({ data }) => this.take(data);
    this.state = 'open';
    this.tell('state', { state: 'open', again: true });
  }
}
const texts = {
  say: (text, values = {}) => text.replace(/%\\((\\w+)\\)s/g, (_, name) => values[name]),
};
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const letters = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte));
const textOf = (bytes) => btoa(letters(bytes).join(''));
const colours = { a: '#c8553d', b: '#2a6f97', c: '#588157' };
const noPicture = async () => { throw new Error('none'); };
function openBoard(seat, { page = 'p1', fetchPicture = noPicture } = {}) {
  const line = new Line('room', seat);
  const entries = Object.entries(colours);
  const seats = entries.map(([id, colour]) => ({ id, colour, name: `Name ${id}` }));
  const root = document.getElementById('board');
  const about = { connection: line, room: { page }, seat, seats };
  const board = new Board(root, { ...about, fetchPicture, texts });
  // Wide enough to be seen in one pixel, however fast the hand is.
  board.setTool({ widthPt: 14 });
  Object.assign(window, { line, board });
  return board;
}
Object.assign(window, {
  Y, items, pack, painter, outline, lettering, parsePage, isDark, Scene, Board, SharedDoc, Memo,
  difference, Line, texts, bytesOf, textOf, openBoard, isReady: true,
});
</script>
"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


class Pages:
    """Pages that are joined to one another.

    Args:
        browser: A running one.
        options: Of the context, as `has_touch`.
    """

    def __init__(self, browser: Browser, **options: Any) -> None:
        options = {"viewport": VIEWPORT} | options
        self.context: BrowserContext = browser.new_context(**options)
        self.context.route("**/*", _answer)
        self.complaints: list[str] = []

    def open(self) -> Page:
        """Open another page; its modules are there when this returns."""
        page = self._new_window()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)
        page.goto(f"{ORIGIN}/")
        page.wait_for_function("() => window.isReady")
        return page

    def _new_window(self) -> Page:
        """Open a window of its own: a tab behind another one is not painted."""
        if not self.context.pages:
            return self.context.new_page()
        size = "popup,noopener,width=800,height=700"
        with self.context.expect_page() as opened:
            self.context.pages[0].evaluate(
                f"() => void window.open('about:blank', '', '{size}')"
            )
        page = opened.value
        page.set_viewport_size(self.context.pages[0].viewport_size or VIEWPORT)
        return page

    def close(self) -> None:
        """Close all pages; what they complained of fails the test."""
        self.context.close()
        assert self.complaints == []

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def as_text(data: bytes) -> str:
    """Return bytes as the page's `bytesOf` takes them."""
    return base64.b64encode(data).decode()


def as_bytes(text: str) -> bytes:
    """Return the bytes of what the page's `textOf` made."""
    return base64.b64decode(text)


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN).split("?")[0]
    if path == "/":
        route.fulfill(body=_HTML, content_type="text/html; charset=utf-8")
        return
    file = (STATIC / path.lstrip("/")).resolve()
    if file.is_relative_to(STATIC) and file.is_file():
        route.fulfill(body=file.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(status=404, body=json.dumps(path))
