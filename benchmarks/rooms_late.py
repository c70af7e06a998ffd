"""A guest comes late to a full board: how long until all of it is to be seen?

    python -m benchmarks.rooms_late --json out.json

The board has 10,000 strokes of 60 points and, above all of them, a red bar across the middle,
so that the bar shows when everything under it has been painted. The guest waits in the lobby
with the page loaded; the time runs from the message that opens the door.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pycrdt import Doc, Map

from base.board_doc import ITEMS
from base.wire import MAX_BINARY_BYTES
from benchmarks.report import finish, parser, progress
from benchmarks.room_board import PAGE, PAGE_PT, full_board, packed_bar
from benchmarks.room_host import room_with_host
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, percentiles
from tools.chromium import Chromium, running_chromium
from tools.room_windows import GuestWindow

STROKES: Final = 10_000
ROUNDS: Final = 7
VISIBLE_S: Final = 1.5

_WATCH: Final = """
(() => {
  const look = () => {
    const canvas = document.querySelector('canvas[data-layer="ink"]');
    if (canvas && canvas.width > 300) {
      const data = canvas.getContext('2d').getImageData(
        canvas.width / 2 - 4, canvas.height / 2 - 4, 8, 8).data;
      let red = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] > 180 && data[at + 1] < 80 && data[at + 2] < 80) red += 1;
      }
      if (red === 64) {
        window.visibleAt = performance.timeOrigin + performance.now();
        return;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


def come_late(chromium: Chromium, origin: str, key: str) -> float:
    """Come in and return the seconds from the opened door to the whole picture."""
    guest = GuestWindow(chromium.window(origin))
    guest.window.context.add_init_script(_WATCH)
    try:
        guest.type_key(key)
        guest.window.page.wait_for_timeout(500)
        # The host opens as soon as somebody knocks; the knock is what Enter sends.
        begun_ms = 1000 * time.time()
        guest.knock("late")
        guest.window.wait_for_truth("window.visibleAt > 0", timeout_ms=60_000)
        visible_ms: float = guest.window.page.evaluate("window.visibleAt")
    finally:
        guest.window.close()
    return (visible_ms - begun_ms) / 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="2 rounds")
    options.add_argument("--strokes", type=int, default=STROKES)
    chosen = options.parse_args(arguments)
    rounds = chosen.rounds or (2 if chosen.quick else ROUNDS)
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder), seat_kept_s=5) as service,
        running_chromium() as chromium,
        room_with_host(service.door) as host,
    ):
        board = _board(chosen.strokes, host.person.joined.seat)
        host.send_update(board)
        host.send({"t": "page", "page": PAGE})
        found = []
        for number in range(rounds):
            found.append(come_late(chromium, service.door.base_url, host.opened.key))
            progress(f"round {number + 1}/{rounds}: {found[-1]:.2f} s")
    times = percentiles(found)
    results = {"visible_s": asdict(times), "runs_s": found, "board_bytes": len(board)}
    settings = {"strokes": chosen.strokes, "rounds": rounds}
    bars = [Bar("knock to the whole board, median s", times.p50, at_most=VISIBLE_S)]
    return finish("rooms_late", settings, results, bars, chosen.json)


def _board(strokes: int, author: str) -> bytes:
    board: Doc[Map[bytes]] = Doc()
    board.apply_update(full_board(strokes, author))
    items = board.get(ITEMS, type=Map)
    items["bar"] = packed_bar(author, PAGE_PT[1] / 2, 30.0, float(strokes + 1))
    update = board.get_update()
    if len(update) >= MAX_BINARY_BYTES:
        raise ValueError(f"a board of {len(update)} bytes does not fit into one message")
    return update


if __name__ == "__main__":
    sys.exit(main())
