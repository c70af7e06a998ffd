"""From the pen in one browser to the pixel in another: live ink between two guests.

    python -m benchmarks.rooms_ink --json out.json

Two windows of the same size show one page. In one a pointer writes at 60 Hz; a point's time
begins with the browser's own time stamp of its event, and ends when the other window's canvas
has ink within 3 px of the place. The other window looks after each of its frames, so half a
frame of its 60 Hz is part of every figure. Both clocks are the machine's.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.report import finish, parser, progress
from benchmarks.room_board import PAGE, page_update
from benchmarks.room_host import RoomHost, room_with_host
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, Percentiles, percentiles
from tools.chromium import Chromium, running_chromium
from tools.pacing import ticks
from tools.room_windows import GuestWindow

STROKES: Final = 12
RATE_HZ: Final = 60.0
STEP_PX: Final = 9.0
RADIUS_PX: Final = 3
P95_MS: Final = 50.0
LOST_SHARE: Final = 0.0
WAIT_MS: Final = 2_000

_NOTE_EVENTS: Final = """
() => {
  window.inkSent = [];
  document.querySelector('#board').addEventListener('pointermove', (event) => {
    const own = event.getCoalescedEvents();
    for (const one of own.length ? own : [event]) {
      inkSent.push([Math.round(one.clientX), Math.round(one.clientY),
                    performance.timeOrigin + one.timeStamp]);
    }
  }, true);
}
"""
_WATCH: Final = """
([places, radius]) => {
  const seen = window.inkSeen = {};
  let pending = places;
  const layers = [...document.querySelectorAll('canvas[data-layer]')];
  const hasInk = (x, y) => layers.some((canvas) => {
    if (canvas.dataset.layer === 'ink') return false;
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    const data = canvas.getContext('2d').getImageData(
      Math.round((x - radius - box.left) * scale), Math.round((y - radius - box.top) * scale),
      Math.ceil(2 * radius * scale), Math.ceil(2 * radius * scale)).data;
    for (let at = 3; at < data.length; at += 4) if (data[at]) return true;
    return false;
  });
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    // The path goes on: who looks at the next few misses nothing.
    for (const place of pending.slice(0, 8)) {
      if (hasInk(...place)) seen[place] = now;
    }
    pending = pending.filter((place) => !(place in seen));
  };
  // After the frame's own work is painted, not before.
  const after = new MessageChannel();
  after.port1.onmessage = look;
  const frame = () => {
    after.port2.postMessage(0);
    if (pending.length && !window.inkStop) requestAnimationFrame(frame);
  };
  window.inkStop = false;
  requestAnimationFrame(frame);
}
"""


def enter(chromium: Chromium, host: RoomHost, origin: str, name: str) -> GuestWindow:
    """Bring a guest into the room and wait for the board."""
    guest = GuestWindow(chromium.window(origin))
    guest.type_key(host.opened.key)
    guest.knock(name)
    guest.wait_until_in()
    guest.wait_for_board()
    guest.window.page.wait_for_timeout(500)
    return guest


def path(box: tuple[float, float, float, float], row: int, rows: int) -> list[tuple[int, int]]:
    """Return the places of one stroke: a wave across the board that meets no other one."""
    left, top, width, height = box
    y = top + height * (0.15 + 0.7 * row / max(1, rows - 1))
    steps = int(width * 0.7 / STEP_PX)
    return [
        (round(left + width * 0.15 + STEP_PX * n), round(y + 4 * math.sin(n / 3)))
        for n in range(steps)
    ]


def write_and_watch(
    writer: GuestWindow, reader: GuestWindow, places: list[tuple[int, int]]
) -> tuple[list[float], int]:
    """Write one stroke; return the times of its points in ms, and how many never came."""
    reader.window.page.evaluate(_WATCH, [[list(place) for place in places[1:]], RADIUS_PX])
    writer.window.page.evaluate("() => { window.inkSent.length = 0; }")
    mouse = writer.window.page.mouse
    mouse.move(*places[0])
    mouse.down()
    for tick in ticks(RATE_HZ, len(places) - 1):
        mouse.move(*places[tick + 1])
    reader.window.page.wait_for_timeout(150)
    mouse.up()
    reader.window.page.evaluate("() => { window.inkStop = true; }")
    sent: list[list[float]] = writer.window.page.evaluate("window.inkSent")
    seen: dict[str, float] = reader.window.page.evaluate("window.inkSeen")
    began = {f"{x:.0f},{y:.0f}": at for x, y, at in sent}
    wanted = [f"{x},{y}" for x, y in places[1:]]
    taken = [seen[key] - began[key] for key in wanted if key in seen and key in began]
    return taken, len(wanted) - len(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="3 strokes")
    chosen = options.parse_args(arguments)
    strokes = chosen.rounds or (3 if chosen.quick else STROKES)
    times_ms: list[float] = []
    lost = 0
    runs: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder)) as service,
        # No faces: they have a benchmark of their own, and two cores are not what calls have.
        running_chromium() as chromium,
        room_with_host(service.door) as host,
    ):
        host.send_update(page_update())
        host.send({"t": "page", "page": PAGE})
        origin = service.door.base_url
        writer = enter(chromium, host, origin, "writer")
        reader = enter(chromium, host, origin, "reader")
        for guest in (writer, reader):
            guest.window.page.click('.control[data-turn="video"]')
        writer.window.page.evaluate(_NOTE_EVENTS)
        writer.window.page.wait_for_timeout(WAIT_MS)
        for row in range(strokes):
            found, missing = write_and_watch(
                writer, reader, path(writer.board_box(), row, strokes)
            )
            lost += missing
            times_ms += found
            if found:
                runs.append(asdict(percentiles(found)) | {"lost": missing})
                say(f"stroke {row + 1}/{strokes}", percentiles(found), missing)
        for guest in (writer, reader):
            guest.window.close()
    typical = percentiles(times_ms) if times_ms else None
    bars = [
        Bar("pen to remote pixel, p95 ms", typical.p95 if typical else None, at_most=P95_MS),
        Bar("points that never came", float(lost), at_most=LOST_SHARE),
    ]
    results = {"latency_ms": typical, "timed": len(times_ms), "lost": lost, "strokes": runs}
    settings = {"strokes": strokes, "rate_hz": RATE_HZ, "step_px": STEP_PX}
    return finish("rooms_ink", settings, results, bars, chosen.json)


def say(label: str, found: Percentiles, lost: int) -> None:
    """Print one stroke's line for the person who waits."""
    progress(f"{label}: p50 {found.p50:.1f}  p95 {found.p95:.1f} ms  lost {lost}")


if __name__ == "__main__":
    sys.exit(main())
