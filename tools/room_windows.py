"""What people do in their browsers around a consultation room: type, wait, draw, look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.chromium import Chromium, Window

BOARD: Final = "#board"
MEMO: Final = "#memo"

# All layers of the board are looked at, as the eye does.
_LOOK: Final = """
([x, y, radius]) => {
  const found = [];
  for (const canvas of document.querySelectorAll('canvas[data-layer]')) {
    const box = canvas.getBoundingClientRect();
    if (!canvas.width || !box.width) continue;
    const scale = canvas.width / box.width;
    const size = Math.max(1, Math.round(2 * radius * scale));
    const left = Math.round((x - radius - box.left) * scale);
    const top = Math.round((y - radius - box.top) * scale);
    const spare = new OffscreenCanvas(size, size);
    const context = spare.getContext('2d', {willReadFrequently: true});
    context.drawImage(canvas, left, top, size, size, 0, 0, size, size);
    found.push(...context.getImageData(0, 0, size, size).data);
  }
  return found;
}
"""

_VIDEO: Final = """
async () => {
  const videos = [...document.querySelectorAll('#faces .tile:not(.self) video')];
  const video = videos.find((one) => one.videoWidth > 0);
  if (!video) return null;
  const look = () => {
    const spare = new OffscreenCanvas(64, 48);
    const context = spare.getContext('2d', {willReadFrequently: true});
    context.drawImage(video, 0, 0, 64, 48);
    return [...context.getImageData(0, 0, 64, 48).data];
  };
  const first = look();
  let changed = 0;
  for (let frame = 0; frame < 60 && changed < 3; frame += 1) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const next = look();
    if (next.some((value, at) => Math.abs(value - first[at]) > 24)) changed += 1;
  }
  return changed;
}
"""


@dataclass(frozen=True, slots=True)
class GuestWindow:
    """The page of a guest, in a window of its own."""

    window: Window

    def type_key(self, key: str) -> None:
        """Open the page, type the key and go on to the door."""
        page = self.window.page
        page.goto(self.window.origin + "/")
        page.fill("#key", key)
        page.click("#key-go")
        page.wait_for_selector("#name-form", state="visible")

    def follow_link(self, link: str) -> None:
        """Follow the link from a mail, or of a QR code, to the door."""
        self.window.page.goto(link)
        self.window.page.wait_for_selector("#name-form", state="visible")

    def knock(self, name: str = "") -> None:
        """Say a name and wait in the lobby."""
        page = self.window.page
        page.fill("#name", name)
        page.click("#name-go")

    def wait_until_in(self) -> None:
        """Wait until the room is there."""
        self.window.page.wait_for_selector('[data-of="room"]', state="visible")

    def is_in(self) -> bool:
        """Return whether the room is shown."""
        return self.window.page.is_visible('[data-of="room"]')

    def wait_for_board(self) -> None:
        """Wait until the board is shown and its canvas is there."""
        self.window.page.wait_for_selector(f"{BOARD} canvas", state="attached")
        self.window.page.wait_for_selector(BOARD, state="visible")

    def board_box(self) -> tuple[float, float, float, float]:
        """Return left, top, width and height of the board, CSS px."""
        box = self.window.page.locator(BOARD).bounding_box()
        if box is None:
            raise LookupError("the board is not shown")
        return box["x"], box["y"], box["width"], box["height"]

    def look(self, x_px: float, y_px: float, radius_px: float = 4.0) -> list[int]:
        """Return the pixels of the board's layers around a place of the page."""
        found: list[int] = self.window.page.evaluate(_LOOK, [x_px, y_px, radius_px])
        return found

    def draw(self, points: list[tuple[float, float]]) -> None:
        """Write a stroke with the pointer; places in CSS px of the page."""
        mouse = self.window.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point)
        mouse.up()

    def moving_frames(self) -> int | None:
        """Return how many of the next frames of somebody else's video differ (3 at most)."""
        found: int | None = self.window.page.evaluate(_VIDEO)
        return found

    def memo(self) -> str:
        """Return what the shared memo says."""
        return self.window.page.input_value(MEMO)


def guest_window(chromium: Chromium, origin: str) -> GuestWindow:
    """Open a window for a guest who has typed nothing yet."""
    return GuestWindow(chromium.window(origin))
