"""From the pressed Enter to somebody's face: a guest comes into a room, in real browsers.

    python -m benchmarks.rooms_join --json out.json

One guest is in the room with camera and microphone; another one comes in from an empty browser,
again and again. Held to the bar is the time that people wait for the machine: from Enter on the
key to the door of the room, and from Enter on the name, through a lobby whose staff open at
once, to the first frame of the other one's video. The page's own clock takes both.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.report import finish, parser, progress
from benchmarks.room_host import RoomHost, room_with_host
from benchmarks.rooms_service import running_service
from benchmarks.summary import Bar, percentiles
from tools.chromium import Chromium, Window, running_chromium
from tools.room_windows import GuestWindow

JOINS: Final = 20
P95_S: Final = 2.0

# Installed before the page's own code, so that nothing is missed.
_WATCH: Final = """
(() => {
  const at = window.joinTimes = {};
  addEventListener('submit', (event) => { at[event.target.id] ??= performance.now(); }, true);
  const look = () => {
    const door = document.querySelector('#name-form');
    if (door && door.checkVisibility()) at.door ??= performance.now();
    const room = document.querySelector('[data-of="room"]');
    if (room && room.checkVisibility()) at.room ??= performance.now();
    const videos = [...document.querySelectorAll('#faces .tile:not(.self) video')];
    const video = videos.find((one) => one.videoWidth > 0);
    if (video && !at.watched) {
      at.watched = true;
      if (video.readyState >= 2) at.frame = performance.now();
      else video.requestVideoFrameCallback(() => { at.frame ??= performance.now(); });
    }
    if (!at.frame) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True, slots=True)
class Join:
    """One guest's way in.

    Attributes:
        door_s: From Enter on the key to the question for the name.
        room_s: From Enter on the name to the room's being shown.
        frame_s: From Enter on the name to the first frame of somebody else's video.
    """

    door_s: float
    room_s: float
    frame_s: float

    @property
    def whole_s(self) -> float:
        """What somebody waits for the machine, all together."""
        return self.door_s + self.frame_s


def come_in_once(chromium: Chromium, host: RoomHost, origin: str) -> Join:
    """Come in from an empty browser, and leave."""
    window = chromium.window(origin)
    window.context.add_init_script(_WATCH)
    try:
        page = window.page
        page.goto(origin + "/")
        page.fill("#key", host.opened.key)
        page.press("#key", "Enter")
        page.wait_for_selector("#name-form", state="visible")
        page.press("#name", "Enter")
        window.wait_for_truth("window.joinTimes.frame > 0")
        at = page.evaluate("window.joinTimes")
        leave(window)
    finally:
        window.close()
    key, name = at["key-form"], at["name-form"]
    return Join(
        door_s=(at["door"] - key) / 1000,
        room_s=(at["room"] - name) / 1000,
        frame_s=(at["frame"] - name) / 1000,
    )


def leave(window: Window) -> None:
    """Leave for good, so that the seat is free for the next one."""
    window.page.click("#leave")
    window.page.click("#leave-yes")
    window.page.wait_for_selector('[data-of="end"]', state="visible")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="3 joins")
    chosen = options.parse_args(arguments)
    count = chosen.rounds or (3 if chosen.quick else JOINS)
    with (
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as folder,
        running_service(Path(folder)) as service,
        running_chromium() as chromium,
        room_with_host(service.door) as host,
    ):
        origin = service.door.base_url
        first = GuestWindow(chromium.window(origin))
        first.type_key(host.opened.key)
        first.knock("first")
        first.wait_until_in()
        joins = []
        for number in range(count):
            joins.append(come_in_once(chromium, host, origin))
            progress(f"join {number + 1}/{count}: {asdict(joins[-1])}")
        first.window.close()
    whole = percentiles([join.whole_s for join in joins])
    results = {
        "enter_to_frame_s": asdict(whole),
        "name_to_frame_s": asdict(percentiles([join.frame_s for join in joins])),
        "name_to_room_s": asdict(percentiles([join.room_s for join in joins])),
        "key_to_door_s": asdict(percentiles([join.door_s for join in joins])),
        "joins": [asdict(join) for join in joins],
    }
    bars = [Bar("Enter to first remote frame, p95 s", whole.p95, at_most=P95_S)]
    return finish("rooms_join", {"joins": count}, results, bars, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
