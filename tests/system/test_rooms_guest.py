"""The guest's page in a real browser: what it says, asks, keeps and shows."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from base.wire import Opened
from tests.support.browser import watched_window
from tests.support.room_seeds import Place, running_place
from tests.support.room_visitors import Door, Visitor
from tools.chromium import Chromium, Window, has_chromium, running_chromium
from tools.room_windows import GuestWindow

pytestmark = pytest.mark.skipif(not has_chromium(), reason="no Chromium here")

PHONE: Final = {"width": 390, "height": 844}
SMALLEST: Final = {"width": 320, "height": 640}
MIN_TARGET_PX: Final = 44
NO_DEVICES: Final = """
navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('none', 'NotFoundError');
};
"""
# What is too wide, too small to touch, or cut off.
_MISFITS: Final = """
(least) => {
  const found = [];
  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth + 1) found.push(`page ${page.scrollWidth} wide`);
  for (const one of document.querySelectorAll('button, .languages a, label.button, input')) {
    if (!one.checkVisibility() || one.type === 'file') continue;
    const {width, height, left, right} = one.getBoundingClientRect();
    const name = (one.innerText || one.id).trim();
    if (height < least || width < least) found.push(`${name}: ${width}x${height}`);
    if (left < -1 || right > innerWidth + 1) found.push(`${name} is outside`);
    const cut = one.scrollWidth > one.clientWidth + 2;
    if (cut && one.tagName !== 'INPUT') found.push(`${name} is cut`);
  }
  return found;
}
"""


# In how many rows things stand.
_ROWS: Final = """
(selector) => new Set([...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility())
  .map((one) => Math.round(one.getBoundingClientRect().top))).size
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(tmp_path_factory.mktemp("rooms")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


@dataclass(slots=True)
class Visit:
    """A room with the display in it, and browsers in front of its door."""

    place: Place
    chromium: Chromium
    door: Door
    stack: ExitStack
    opened: Opened
    host: Visitor

    def window(self, **options: Any) -> Window:
        """Open a browser of somebody who was never here."""
        return self.stack.enter_context(
            watched_window(self.chromium, self.place.base_url, **options)
        )

    def at_door(self, name: str = "", **options: Any) -> GuestWindow:
        """Let somebody type the key and knock."""
        guest = GuestWindow(self.window(**options))
        guest.type_key(self.opened.key)
        guest.knock(name)
        return guest

    def inside(self, name: str, **options: Any) -> GuestWindow:
        """Let somebody in."""
        guest = self.at_door(name, **options)
        self.admit(name)
        guest.wait_until_in()
        return guest

    def knocks(self) -> list[dict[str, Any]]:
        """Return who waits, as the host was told last."""
        told = [text["knocks"] for text in self.host.texts if text["t"] == "knocks"]
        return list(told[-1]) if told else []

    def seat_at_door(self, name: str) -> str:
        """Return the seat of who waits under that name, once they do."""

        def found() -> str | None:
            seats = [knock["seat"] for knock in self.knocks() if knock["name"] == name]
            return str(seats[0]) if seats else None

        return str(self.host.until(found, f"{name} in the lobby"))

    def admit(self, name: str) -> None:
        """Open the door for whoever is called that."""
        self.host.send({"t": "admit", "seat": self.seat_at_door(name)})


@contextmanager
def a_visit(place: Place, chromium: Chromium, **asked: Any) -> Iterator[Visit]:
    with place.door() as door, ExitStack() as stack:
        opened = door.open_room(**{"title": "創業相談", **asked})
        yield Visit(place, chromium, door, stack, opened, door.host(opened.room))


@pytest.fixture
def visit(place: Place, chromium: Chromium) -> Iterator[Visit]:
    with a_visit(place, chromium) as made:
        yield made


def open_page(visit: Visit, path: str = "/", **options: Any) -> Window:
    window = visit.window(**options)
    window.page.goto(visit.place.base_url + path)
    window.page.wait_for_selector("#key", state="visible")
    return window


def said(window: Window, selector: str, words: str) -> None:
    """Wait until the page says something."""
    window.page.locator(selector).filter(has_text=words).wait_for(state="visible")


# The key --------------------------------------------------------------------------------------


def test_key_that_cannot_be_one_is_told_without_asking_the_service(visit: Visit) -> None:
    window = open_page(visit)
    window.page.fill("#key", "１２３ 45")
    window.page.press("#key", "Enter")
    said(window, "#key-problem", "入力されたのは5桁です")
    assert not [url for url in window.traffic.requests if url.endswith("/join")]


def test_wrong_key_is_told_at_once_and_the_field_is_ready_again(visit: Visit) -> None:
    window = open_page(visit)
    window.allow("404")
    wrong = str((int(visit.opened.key) + 1) % 10**8).zfill(8)
    window.page.fill("#key", wrong)
    window.page.click("#key-go")
    said(window, "#key-problem", "見つかりません")
    assert window.page.evaluate("() => document.activeElement.id") == "key"
    assert window.page.get_attribute("#key", "aria-invalid") == "true"


def test_service_that_is_not_reached_is_not_called_a_wrong_key(visit: Visit) -> None:
    window = open_page(visit)
    window.allow("ERR_INTERNET_DISCONNECTED")
    window.context.set_offline(True)
    window.page.fill("#key", visit.opened.key)
    window.page.click("#key-go")
    said(window, "#key-problem", "つながりません")
    window.context.set_offline(False)
    window.page.click("#key-go")
    window.page.wait_for_selector("#name-form", state="visible")


def test_key_of_a_link_stays_in_the_browser(visit: Visit) -> None:
    guest = GuestWindow(visit.window())
    guest.follow_link(visit.opened.link)
    assert not [url for url in guest.window.traffic.requests if visit.opened.key in url]


def test_planned_room_lets_in_by_itself(place: Place, chromium: Chromium) -> None:
    with place.door() as door, ExitStack() as stack:
        opened = door.open_room(opens_in_s=2.0)
        window = stack.enter_context(watched_window(chromium, place.base_url))
        window.allow("425")
        window.page.goto(opened.link)
        said(window, "#key-problem", "に開きます")
        window.page.wait_for_selector("#name-form", state="visible")


# The door -------------------------------------------------------------------------------------


def test_staff_hear_of_a_guest_when_the_guest_says_come_in(visit: Visit) -> None:
    guest = GuestWindow(visit.window())
    guest.type_key(visit.opened.key)
    visit.host.is_answered()
    assert visit.knocks() == []
    guest.knock("山田 花子")
    assert visit.seat_at_door("山田 花子")
    said(guest.window, "#wait-words", "職員にお知らせしました")


def test_bar_shows_that_the_microphone_hears(visit: Visit) -> None:
    guest = GuestWindow(visit.window())
    guest.type_key(visit.opened.key)
    said(guest.window, "#level-words", "届いています")


def test_guest_without_camera_and_microphone_comes_in(visit: Visit) -> None:
    window = visit.window()
    window.page.add_init_script(NO_DEVICES)
    guest = GuestWindow(window)
    guest.type_key(visit.opened.key)
    said(window, "#device-problem", "マイクとカメラが見つかりません")
    guest.knock("Kimura")
    visit.admit("Kimura")
    guest.wait_until_in()


def test_page_loaded_again_in_the_lobby_keeps_the_place(visit: Visit) -> None:
    guest = visit.at_door("Ito")
    seat = visit.seat_at_door("Ito")
    guest.window.page.reload()
    said(guest.window, "#wait-words", "職員にお知らせしました")
    assert visit.seat_at_door("Ito") == seat


def test_guest_says_no_and_then_yes(place: Place, chromium: Chromium) -> None:
    with a_visit(place, chromium, consent="ask") as visit:
        guest = visit.at_door("Mori")
        page = guest.window.page
        page.click("#consent-no")
        said(guest.window, "#consent-said", "同意することも")
        page.click("#consent-yes")
        visit.admit("Mori")
        guest.wait_until_in()


def test_refused_guest_is_told_kindly(visit: Visit) -> None:
    guest = visit.at_door("Abe")
    visit.host.send({"t": "refuse", "seat": visit.seat_at_door("Abe")})
    said(guest.window, "#end-title", "いまは入室できません")


# The room -------------------------------------------------------------------------------------


def controls(window: Window) -> list[str]:
    found: list[str] = window.page.evaluate(
        "() => [...document.querySelectorAll('.control')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.innerText.trim())"
    )
    return found


def test_controls_appear_when_staff_use_them(visit: Visit) -> None:
    guest = visit.inside("Kato")
    assert controls(guest.window) == ["マイク", "カメラ", "退室"]
    assert not guest.window.page.is_visible("#board")
    visit.host.send({"t": "set_room", "memo": True})
    guest.window.page.wait_for_selector("#memo", state="visible")
    assert controls(guest.window) == ["マイク", "カメラ", "メモ", "退室"]
    host = visit.host.joined
    visit.door.upload(visit.opened.room, host, "案内.txt", b"hello")
    said(guest.window, "#told", "案内.txt")
    assert controls(guest.window) == ["マイク", "カメラ", "メモ", "資料1", "退室"] or controls(
        guest.window
    ) == ["マイク", "カメラ", "メモ", "資料\n1", "退室"]


def test_page_loaded_again_in_the_room_comes_back_without_the_lobby(visit: Visit) -> None:
    first, second = visit.inside("Sato"), visit.inside("Ueda")
    first.window.wait_for_inbound(frames=5, energy=1e-9)
    seats = len({t["seat"]["id"] for t in visit.host.texts if t["t"] == "seat"})
    first.window.page.reload()
    first.wait_until_in()
    assert first.moving_frames() == 3 or first.window.wait_for_inbound(5, 1e-9)
    # The other one has found the new session, too.
    second.window.page.wait_for_selector(".tile.seen:not(.self)")
    assert len({t["seat"]["id"] for t in visit.host.texts if t["t"] == "seat"}) == seats


def test_board_that_was_lost_on_its_way_is_loaded_again(visit: Visit) -> None:
    window = visit.window()
    window.allow("ERR_FAILED")
    window.context.route("**/board/painter.js", lambda route: route.abort("failed"))
    guest = GuestWindow(window)
    guest.type_key(visit.opened.key)
    guest.knock("Roaming")
    visit.admit("Roaming")
    guest.wait_until_in()
    window.context.unroute("**/board/painter.js")
    visit.host.send({"t": "page", "page": "p1"})
    guest.wait_for_board()


def test_camera_that_is_turned_off_is_given_back(visit: Visit) -> None:
    guest = visit.inside("Ono")
    page = guest.window.page
    page.wait_for_selector(".tile.self.seen")
    page.click('.control[data-turn="video"]')
    page.wait_for_selector(".tile.self:not(.seen)")
    assert page.get_attribute('.control[data-turn="video"]', "aria-pressed") == "false"
    assert page.evaluate("() => document.querySelector('.self video').srcObject") is None


def test_who_leaves_is_asked_once_and_thanked(visit: Visit) -> None:
    guest = visit.inside("Endo")
    visit.door.upload(visit.opened.room, visit.host.joined, "結果.txt", b"result")
    page = guest.window.page
    page.click("#leave")
    page.keyboard.press("Escape")
    assert guest.is_in()
    page.click("#leave")
    page.click("#leave-yes")
    said(guest.window, "#end-title", "ありがとうございました")
    said(guest.window, "#end-list", "結果.txt")
    with page.expect_download() as coming:
        page.click("#end-list button")
    assert coming.value.path().read_bytes() == b"result"


def test_second_window_takes_over_and_the_first_says_so(visit: Visit) -> None:
    guest = visit.inside("Hara")
    kept = guest.window.page.evaluate("() => sessionStorage.getItem('kokuban-seat')")
    other = visit.window()
    other.page.add_init_script(f"sessionStorage.setItem('kokuban-seat', {json.dumps(kept)})")
    other.page.goto(visit.place.base_url + "/")
    other.page.wait_for_selector('[data-of="room"]', state="visible")
    said(guest.window, "#end-title", "別の画面")


# For everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en", "ja-easy"])
@pytest.mark.parametrize("text_size", [1, 2])
def test_nothing_is_cut_off_on_the_smallest_phone(
    visit: Visit, language: str, text_size: int
) -> None:
    window = open_page(visit, f"/?lang={language}", viewport=SMALLEST)
    grow = f"() => {{ document.documentElement.style.fontSize = '{16 * text_size}px'; }}"
    window.page.evaluate(grow)
    assert window.page.evaluate(_MISFITS, MIN_TARGET_PX) == []
    window.page.fill("#key", visit.opened.key)
    window.page.click("#key-go")
    window.page.wait_for_selector("#name-form", state="visible")
    assert window.page.evaluate(_MISFITS, MIN_TARGET_PX) == []
    window.page.fill("#name", f"{language}{text_size}")
    window.page.click("#name-go")
    visit.admit(f"{language}{text_size}")
    window.page.wait_for_selector('[data-of="room"]', state="visible")
    assert window.page.evaluate(_MISFITS, MIN_TARGET_PX) == []


@pytest.mark.parametrize("language", ["ja", "en", "ja-easy"])
def test_whole_room_is_within_reach_on_an_ordinary_phone(visit: Visit, language: str) -> None:
    guest = visit.inside(f"phone {language}", viewport=PHONE)
    page = guest.window.page
    page.goto(f"{visit.place.base_url}/?lang={language}")
    guest.wait_until_in()
    visit.host.send({"t": "set_room", "memo": True})
    visit.door.upload(visit.opened.room, visit.host.joined, "a.txt", b"a")
    visit.host.send({"t": "page", "page": "p1"})
    for shown in ("#memo", "#show-files", "#tools"):
        page.wait_for_selector(shown, state="visible")
    assert page.evaluate(_MISFITS, MIN_TARGET_PX) == []
    rows = page.evaluate(_ROWS, ".control")
    assert (rows, page.evaluate(_ROWS, "#tools button")) == (1, 1)
    assert (
        page.evaluate(
            "() => { const t = document.querySelector('#tools');"
            " return t.scrollWidth - t.clientWidth; }"
        )
        <= 0
    )


def test_wide_picture_is_not_cut_down_to_a_nose_on_an_upright_phone(visit: Visit) -> None:
    visit.inside("wide", viewport={"width": 1280, "height": 720})
    guest = visit.inside("phone", viewport=PHONE)
    page = guest.window.page
    page.wait_for_selector('.faces[data-others="2"]')
    for tile in page.locator(".tile:not(.self)").all():
        box = tile.locator("video").bounding_box()
        assert box is not None
        assert box["height"] <= 1.34 * box["width"]


def test_two_others_stand_side_by_side_on_a_wide_screen(visit: Visit) -> None:
    first, _ = visit.inside("first", viewport={"width": 844, "height": 390}), visit.inside("b")
    first.window.page.wait_for_selector('.faces[data-others="2"]')
    boxes = [
        tile.bounding_box() for tile in first.window.page.locator(".tile:not(.self)").all()
    ]
    assert len({box["y"] for box in boxes if box}) == 1
    assert all(box and box["width"] < 2 * box["height"] for box in boxes)


def test_faces_beside_board_and_memo_leave_no_place_empty(visit: Visit) -> None:
    first, _ = visit.inside("first", viewport={"width": 1366, "height": 768}), visit.inside("b")
    page = first.window.page
    visit.host.send({"t": "set_room", "memo": True})
    visit.host.send({"t": "page", "page": "p1"})
    page.wait_for_selector('.stage[data-board][data-side="memo"]')
    page.wait_for_selector('.faces[data-others="2"]')
    faces, own = (page.locator(one).bounding_box() for one in ("#faces", ".tile.self"))
    assert faces is not None
    assert own is not None
    assert own["width"] == pytest.approx(faces["width"], abs=1)


def test_nothing_moves_when_the_microphone_has_heard(visit: Visit) -> None:
    window = open_page(visit, viewport=PHONE)
    window.page.fill("#key", visit.opened.key)
    window.page.click("#key-go")
    window.page.wait_for_selector("#level-line", state="visible")
    before = window.page.locator("#name-go").bounding_box()
    said(window, "#level-words", "届いています")
    assert window.page.locator("#name-go").bounding_box() == before


def test_whom_to_call_is_told_once(tmp_path: Path, chromium: Chromium) -> None:
    with (
        running_place(tmp_path, phone="029-000-0000") as place,
        watched_window(chromium, place.base_url) as window,
    ):
        window.allow("404")
        window.page.goto(place.base_url)
        window.page.fill("#key", "27182818")
        window.page.click("#key-go")
        said(window, "#key-problem", "見つかりません")
        assert window.page.inner_text("main").count("029-000-0000") == 1


def test_english_page_has_no_word_of_japanese_but_the_languages(visit: Visit) -> None:
    window = open_page(visit, "/?lang=en")
    html = window.page.evaluate(
        "() => { const copy = document.body.cloneNode(true);"
        " copy.querySelectorAll('.languages').forEach((one) => one.remove());"
        " return copy.outerHTML; }"
    )
    assert re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]+", html) == []


def test_whole_way_in_needs_no_mouse(visit: Visit) -> None:
    window = open_page(visit)
    keyboard = window.page.keyboard
    keyboard.type(visit.opened.key)
    keyboard.press("Enter")
    window.page.wait_for_selector("#name-form", state="visible")
    for _ in range(3):
        keyboard.press("Tab")
    assert window.page.evaluate("() => document.activeElement.id") == "name"
    keyboard.type("Keyboard")
    keyboard.press("Enter")
    visit.admit("Keyboard")
    window.page.wait_for_selector('[data-of="room"]', state="visible")
    assert window.page.evaluate("() => document.activeElement.id") == "room-title"


# The parts that decide, alone -----------------------------------------------------------------


@pytest.fixture
def run_module(visit: Visit) -> Callable[[str, str], Any]:
    """Run an expression with a module of the page as `module`."""
    window = visit.window(bypass_csp=True)
    window.page.goto(visit.place.base_url + "/")

    def run(path: str, expression: str) -> Any:
        script = (
            f"async () => {{ const module = await import('/static/x/{path}'); {expression} }}"
        )
        return window.page.evaluate(script)

    return run


def test_keys_are_taken_as_people_type_them(run_module: Callable[[str, str], Any]) -> None:
    typed = [
        "1234-5678",
        "１２３４　５６７８",
        " 12 34 56 78 ",
        "1234—5678",
        "1234ー5678",
        "12345678",
    ]
    digits = run_module("keys.js", f"return {json.dumps(typed)}.map(module.digitsOf)")
    assert set(digits) == {"12345678"}
    links = run_module(
        "keys.js", "return ['#12345678', '#1234-5678', '#%', '#x'].map(module.keyOfLink)"
    )
    assert links == ["12345678", "12345678", "", ""]


LADDER: Final = """
const ladder = new module.Ladder(0);
const rungs = [];
let nowS = 5;
for (const [seconds, measured] of %s) {
  for (let second = 0; second < seconds; second += 1) {
    rungs.push(ladder.step(measured, 1000 * nowS));
    nowS += 1;
  }
}
return rungs;
"""
GOOD: Final = {"loss": 0.0, "rttMs": 40}


def climb(run: Callable[[str, str], Any], *phases: tuple[int, dict[str, float]]) -> list[int]:
    found: list[int] = run("ladder.js", LADDER % json.dumps(phases))
    return found


def test_one_bad_moment_changes_nothing(run_module: Callable[[str, str], Any]) -> None:
    assert set(climb(run_module, (5, GOOD), (1, {"loss": 0.5}), (5, GOOD))) == {0}


def test_faces_go_before_documents_and_the_voice_never(
    run_module: Callable[[str, str], Any],
) -> None:
    for loss, rung in [(0.03, 1), (0.08, 2), (0.15, 3), (0.4, 4)]:
        assert climb(run_module, (6, {"loss": loss}))[-1] == rung
    faces = run_module(
        "ladder.js", "return [0, 1, 2].map((rung) => module.faceFor(rung, 1, false))"
    )
    assert [face["active"] for face in faces] == [True, True, False]
    assert faces[1]["maxBitrate"] < faces[0]["maxBitrate"]


def test_good_line_brings_everything_back_one_rung_at_a_time(
    run_module: Callable[[str, str], Any],
) -> None:
    rungs = climb(run_module, (4, {"loss": 0.08}), (40, GOOD))
    assert rungs[-1] == 0
    steps = [after - before for before, after in itertools.pairwise(rungs)]
    assert [step for step in steps if step < 0] == [-1, -1]


def test_line_at_its_limit_does_not_make_the_picture_come_and_go(
    run_module: Callable[[str, str], Any],
) -> None:
    # It holds small faces, and breaks each time everything is tried.
    phases = [(4, {"loss": 0.03}), (9, GOOD)] * 8
    rungs = climb(run_module, *phases)
    ups = [i for i, pair in enumerate(itertools.pairwise(rungs)) if pair == (1, 0)]
    assert len(ups) <= 2


def test_few_packets_say_nothing_about_a_line(run_module: Callable[[str, str], Any]) -> None:
    reports = [{"type": "inbound-rtp", "packetsReceived": 10, "packetsLost": 3}]
    before = {"received": 5, "lost": 0}
    script = f"return module.readStats({json.dumps(reports)}, {json.dumps(before)})"
    assert run_module("media.js", script)["loss"] is None


def test_bit_rate_counts_only_while_it_holds_the_picture_back(
    run_module: Callable[[str, str], Any],
) -> None:
    pair = {"type": "candidate-pair", "nominated": True, "availableOutgoingBitrate": 9e4}
    for reason, bps in [("none", None), ("bandwidth", 9e4)]:
        sent = {"type": "outbound-rtp", "kind": "video", "qualityLimitationReason": reason}
        script = f"return module.readStats({json.dumps([pair, sent])})"
        assert run_module("media.js", script)["bps"] == bps
