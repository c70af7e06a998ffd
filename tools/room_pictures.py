"""Takes the pictures of the consultation rooms in the browser: part of `make pictures`.

A real service, and three real Chromium windows in one room: staff on a laptop, a citizen on a
phone, another one on a laptop. Their cameras show painted people, since a picture of a real
one would need a consent. `python -m tools.room_pictures` takes these pictures alone.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from base.clock import SystemClock
from rooms.services.accounts import Accounts
from rooms.services.audit import Audit
from rooms.services.database import Database
from tools.catalogues import compile_stale
from tools.chromium import Chromium, Window, running_chromium
from tools.room_windows import GuestWindow
from tools.rooms_service import ROOT, RoomsService, run_apart, running_rooms_service
from tools.sample_pdfs import write_slides

FOLDER: Final = ROOT / "docs" / "pictures"
PREFIX: Final = "rooms-"
QUALITY: Final = 80
LAPTOP: Final = {"width": 1366, "height": 768}
PHONE: Final = {"width": 390, "height": 844}
PHONE_SCALE: Final = 2
PHONE_NUMBER: Final = "029-000-0000"
SHEETS: Final = 4
RING_STEPS: Final = 40
SETTLED_MS: Final = 700
TOLD_MS: Final = 6_500
"""What is told for a moment is gone after so long."""
GOOD_LINE_MS: Final = 120_000
"""A busy machine looks like a weak line; faces come back after a while."""
_ALL_IS_WELL: Final = """
() => document.querySelector('#line').hidden && !document.querySelector('.tile:not(.seen)')
  && !document.querySelector('#told').textContent
"""
_LOGIN: Final = "suzuki"
_PASSWORD: Final = "pictures of a room"  # noqa: S105  (of a service that lives for a minute)

# A painted person in front of a wall instead of the browser's test picture; still but for a
# nod, so that the codec has nothing to smear.
_CAMERA: Final = """
(colours) => {
  const [wall, clothes, hair, skin] = colours;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1280, 720];
  const pen = canvas.getContext('2d');
  const fill = (colour, draw) => {
    pen.fillStyle = colour;
    pen.beginPath();
    draw();
    pen.fill();
  };
  const round = (x, y, w, h, colour) => fill(colour, () => pen.ellipse(x, y, w, h, 0, 0, 7));
  let frame = 0;
  const paint = () => {
    const nod = 4 * Math.sin((frame += 1) / 12);
    fill(wall, () => pen.rect(0, 0, 1280, 720));
    fill('rgba(255, 255, 255, 0.22)', () => pen.rect(90, 60, 300, 330));
    fill('rgba(0, 0, 0, 0.10)', () => pen.rect(0, 560, 1280, 160));
    round(640, 330 + nod, 158, 190, hair);
    round(640, 745, 330, 250, clothes);
    fill(skin, () => pen.roundRect(585, 430 + nod, 110, 130, 50));
    round(640, 365 + nod, 122, 150, skin);
    fill(hair, () => pen.ellipse(640, 290 + nod, 140, 92, 0, Math.PI, 2 * Math.PI));
    round(594, 362 + nod, 10, 13, '#2b211c');
    round(686, 362 + nod, 10, 13, '#2b211c');
    pen.strokeStyle = '#8a4b3c';
    pen.lineWidth = 7;
    pen.lineCap = 'round';
    pen.beginPath();
    pen.arc(640, 415 + nod, 38, 0.35, Math.PI - 0.35);
    pen.stroke();
  };
  paint();
  setInterval(paint, 66);
  const media = navigator.mediaDevices;
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = async ({ audio, video }) => {
    const stream = audio ? await ask({ audio }) : new MediaStream();
    if (video) stream.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
    return stream;
  };
}
"""
_STAFF: Final = ("#b9c4bb", "#24463a", "#2a211d", "#e9bf9d")
_CITIZEN: Final = ("#d8cbb3", "#7b4b62", "#8d8a86", "#f0c9a8")
_OTHER: Final = ("#aebccb", "#3c5a7d", "#191513", "#c98f68")


@dataclass(frozen=True, slots=True)
class Occasion:
    """How some pictures are taken.

    Attributes:
        language: Of the pages.
        is_dark: Whether people's browsers ask for dark pages.
    """

    language: str
    is_dark: bool

    @property
    def name(self) -> str:
        """As in the names of the pictures."""
        return f"{self.language}-{'dark' if self.is_dark else 'light'}"


OCCASIONS: Final = (Occasion("ja", False), Occasion("ja", True), Occasion("en", False))


@dataclass(frozen=True, slots=True)
class _Words:
    """What people say in one language."""

    house: str
    staff: str
    citizen: str
    other: str
    title: str
    others: tuple[str, ...]
    memo: str
    notes: str


WORDS: Final = {
    "ja": _Words(
        "黒板町役場",
        "鈴木(町民課)",
        "山田 花子",
        "佐藤 健",
        "防災計画の説明会",
        ("創業の相談", "介護保険の手続き"),
        "持ち物\n・本人確認書類\n・印鑑\n次回 12月3日 10時",
        "次回は防災係も同席する",
    ),
    "en": _Words(
        "Kokuban Town Hall",
        "Suzuki, citizens' desk",
        "Maria Gonzalez",
        "Sato Ken",
        "The safety plan explained",
        ("Starting a business", "Care insurance"),
        "Please bring\n- your residence card\n- your seal\nNext: 3 December, 10:00",
        "Ask the safety desk to join next time",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FOLDER)
    take_all(parser.parse_args(arguments).output)
    return 0


def take_all(folder: Path) -> None:
    """Write all pictures of rooms into `folder`; older ones are replaced."""
    compile_stale()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{PREFIX}*.webp"):
        old.unlink()
    for occasion in OCCASIONS:
        words = WORDS[occasion.language]
        with (
            tempfile.TemporaryDirectory(prefix="kokuban-pictures-") as data,
            running_rooms_service(
                Path(data), organisation=words.house, phone=PHONE_NUMBER
            ) as service,
            running_chromium() as chromium,
        ):
            run_apart(_enrol(service.database_url, words.staff))
            with _Photographer.at_work(service, chromium, occasion, folder) as photographer:
                photographer.take_all(Path(data))


async def _enrol(database_url: str, name: str) -> None:
    database = await Database.open(database_url)
    try:
        clock = SystemClock()
        accounts = Accounts(database, clock, Audit(database, clock))
        await accounts.create_admin(_LOGIN, _PASSWORD, name)
    finally:
        await database.close()


class _Photographer:
    """Walks staff and citizens through a talk, and takes a picture where it is worth one."""

    def __init__(
        self,
        service: RoomsService,
        chromium: Chromium,
        occasion: Occasion,
        folder: Path,
        stack: ExitStack,
    ) -> None:
        self._service, self._chromium, self._occasion = service, chromium, occasion
        self._folder, self._stack = folder, stack
        self._words = WORDS[occasion.language]

    @classmethod
    @contextmanager
    def at_work(
        cls, service: RoomsService, chromium: Chromium, occasion: Occasion, folder: Path
    ) -> Iterator[_Photographer]:
        """Give one whose windows are closed in the end."""
        with ExitStack() as stack:
            yield cls(service, chromium, occasion, folder, stack)

    def take_all(self, data: Path) -> None:
        words = self._words
        staff = self._window(_STAFF, LAPTOP)
        self._sign_in(staff)
        for title in words.others:
            self._open(staff, title)
        key = self._open(staff, words.title)
        staff.page.goto(f"{self._service.base_url}/staff")
        self._shoot(staff, "console-list", full_page=True)
        line = staff.page.locator(".room-line").filter(has_text=words.title)
        line.locator('a[href$="/in"]').click()
        citizen = self._come_in(staff, key, words.citizen, _CITIZEN, PHONE)
        other = self._come_in(staff, key, words.other, _OTHER, LAPTOP)
        self._show_document(staff, data / "slides.pdf")
        _ring(staff, 0.79, 0.5, 0.09, 0.16)
        _underline(other, 0.08, 0.44, 0.38)
        staff.page.click("#show-memo")
        staff.page.fill("#notes", words.notes)
        staff.page.fill("#memo", words.memo)
        for window in (staff, citizen, other):
            window.page.mouse.move(2, 2)
        staff.page.evaluate("() => document.activeElement.blur()")
        staff.page.wait_for_timeout(TOLD_MS)
        for window in (staff, citizen, other):
            window.wait_for_truth(_ALL_IS_WELL, timeout_ms=GOOD_LINE_MS)
        self._shoot(citizen, "guest")
        self._shoot(other, "guest-laptop")
        self._shoot(staff, "console")

    def _come_in(
        self, staff: Window, key: str, name: str, colours: Sequence[str], size: dict[str, int]
    ) -> Window:
        window = self._window(colours, size)
        guest = GuestWindow(window)
        window.page.goto(f"{self._service.base_url}/?lang={self._occasion.language}")
        window.page.wait_for_selector("#key", state="visible")
        if size is PHONE:
            window.page.fill("#key", f"{key[:4]} {key[4:]}")
            self._shoot(window, "guest-key")
        guest.type_key(key)
        guest.knock(name)
        staff.page.click("#knocks .main")
        guest.wait_until_in()
        window.page.wait_for_selector(".tile.seen:not(.self)")
        return window

    def _sign_in(self, staff: Window) -> None:
        page = staff.page
        page.goto(f"{self._service.base_url}/staff/sign-in?lang={self._occasion.language}")
        page.fill("#login", _LOGIN)
        page.fill("#password", _PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff")

    def _open(self, staff: Window, title: str) -> str:
        page = staff.page
        page.goto(f"{self._service.base_url}/staff")
        page.fill("#title", title)
        page.click("button[value=now]")
        return re.sub(r"\D", "", page.locator("#key").inner_text())

    def _show_document(self, staff: Window, path: Path) -> None:
        write_slides(path, SHEETS)
        staff.page.click("#show-board")
        staff.page.set_input_files("#document-file", path)
        page_number = staff.page.locator("#page-number")
        page_number.filter(has_text=str(SHEETS + 1)).wait_for()

    def _window(self, colours: Sequence[str], size: dict[str, int]) -> Window:
        is_phone = size is PHONE
        window = self._chromium.window(
            self._service.base_url,
            locale="ja-JP" if self._occasion.language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            color_scheme="dark" if self._occasion.is_dark else "light",
            viewport=size,
            is_mobile=is_phone,
            has_touch=is_phone,
            device_scale_factor=PHONE_SCALE if is_phone else 1,
        )
        self._stack.callback(window.close)
        window.page.add_init_script(f"({_CAMERA})({json.dumps(colours)})")
        return window

    def _shoot(self, window: Window, name: str, *, full_page: bool = False) -> None:
        window.page.wait_for_timeout(SETTLED_MS)
        image: Any = Image.open(io.BytesIO(window.page.screenshot(full_page=full_page)))
        path = self._folder / f"{PREFIX}{name}-{self._occasion.name}.webp"
        image.convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)


def _ring(window: Window, x: float, y: float, width: float, height: float) -> None:
    """Ring something with the pen; middle and half axes as shares of the board."""
    turns = [-2.2 + step * 6.7 / RING_STEPS for step in range(RING_STEPS + 1)]
    _draw(window, [(x + width * math.cos(t), y + height * math.sin(t)) for t in turns])


def _underline(window: Window, x: float, y: float, length: float) -> None:
    """Underline something; its left end and its length as shares of the board."""
    steps = [step / RING_STEPS for step in range(RING_STEPS + 1)]
    _draw(window, [(x + length * s, y + 0.004 * math.sin(9 * s)) for s in steps])


def _draw(window: Window, shares: Sequence[tuple[float, float]]) -> None:
    guest = GuestWindow(window)
    left, top, width, height = guest.board_box()
    guest.draw([(left + x * width, top + y * height) for x, y in shares])


if __name__ == "__main__":
    sys.exit(main())
