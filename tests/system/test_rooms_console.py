"""Staff at a laptop: sign in, open a room, let somebody in, work with them, end it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import watched_window
from tests.support.room_seeds import ADMIN, PASSWORD, Place, running_place
from tests.support.tiny_pdf import write_pdf
from tools.chromium import Chromium, Window, has_chromium, running_chromium
from tools.room_windows import GuestWindow

pytestmark = pytest.mark.skipif(not has_chromium(), reason="no Chromium here")

SCRIPT = "<img src=x onerror=alert(1)>"
SECRET = "Einkommen prüfen 収入"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(tmp_path_factory.mktemp("rooms")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


@dataclass(frozen=True, slots=True)
class Desk:
    """A member of staff in a room of their own, and a guest who has knocked."""

    window: Window
    guest: GuestWindow

    @property
    def page(self) -> Page:
        return self.window.page

    def admit(self) -> None:
        self.page.locator("#knocks .button.main").click()
        self.guest.wait_until_in()


def sign_in(page: Page, place: Place) -> None:
    page.goto(f"{place.base_url}/staff")
    page.fill("#login", ADMIN)
    page.fill("#password", PASSWORD)
    page.click(".button.main")
    page.wait_for_url("**/staff")


@pytest.fixture
def desk(place: Place, chromium: Chromium) -> Iterator[Desk]:
    with (
        watched_window(chromium, place.base_url, locale="en") as staff,
        watched_window(chromium, place.base_url, locale="en") as theirs,
    ):
        sign_in(staff.page, place)
        staff.page.fill("#title", SCRIPT)
        staff.page.click("button[value=now]")
        key = staff.page.locator("#key").inner_text()
        staff.page.get_by_role("link", name="Go in").click()
        expect(staff.page.locator("#faces .self")).to_be_visible()
        guest = GuestWindow(theirs)
        guest.type_key(key)
        guest.knock(SCRIPT)
        expect(staff.page.locator("#knocks .who")).to_have_text(SCRIPT)
        yield Desk(staff, guest)


def test_guest_is_let_in_and_both_see_and_hear_each_other(desk: Desk) -> None:
    assert desk.page.title().startswith("(1) ")
    desk.admit()
    expect(desk.page.locator("#seats .who")).to_have_text(SCRIPT)
    expect(desk.page.locator("#door-none")).to_be_visible()
    desk.window.wait_for_inbound(frames=10, energy=1e-6)
    desk.guest.window.wait_for_inbound(frames=10, energy=1e-6)


def test_notes_stay_with_staff_and_the_memo_is_shared(desk: Desk) -> None:
    desk.admit()
    desk.page.click("#show-memo")
    desk.page.fill("#notes", SECRET)
    desk.page.fill("#memo", "印鑑")
    expect(desk.guest.window.page.locator("#memo")).to_have_value("印鑑")
    desk.guest.window.page.fill("#memo", "印鑑と通帳")
    expect(desk.page.locator("#memo")).to_have_value("印鑑と通帳")
    received = desk.guest.window.traffic.everything_received()
    assert "印鑑".encode() in received
    assert SECRET.encode() not in received
    # The page loaded again has both: they are kept by the service.
    desk.page.reload()
    expect(desk.page.locator("#notes")).to_have_value(SECRET)
    expect(desk.page.locator("#memo")).to_have_value("印鑑と通帳")


def test_guest_is_led_to_the_board_and_loses_the_pen(desk: Desk) -> None:
    desk.admit()
    desk.page.click("#show-board")
    expect(desk.page.locator("#page-number")).to_have_text("1 of 1")
    desk.guest.wait_for_board()
    desk.page.click("#page-new")
    expect(desk.page.locator("#page-number")).to_have_text("2 of 2")
    board = desk.guest.window.page.locator("#board")
    expect(board).to_have_attribute("data-readonly", "false")
    desk.page.click("[data-act=pen]")
    expect(board).to_have_attribute("data-readonly", "true")
    desk.page.click("#show-board")
    expect(board).to_be_hidden()
    expect(desk.page.locator("#tools")).to_be_hidden()


def test_document_becomes_pages_of_the_board(desk: Desk, tmp_path: Path) -> None:
    desk.admit()
    paper = tmp_path / "申請書.pdf"
    write_pdf(paper, pages=3)
    desk.page.click("#show-board")
    expect(desk.page.locator("#page-number")).to_have_text("1 of 1")
    desk.page.set_input_files("#document-file", paper)
    expect(desk.page.locator("#page-number")).to_have_text("2 of 4")
    desk.guest.wait_for_board()


def test_guest_who_is_sent_away_is_told_so(desk: Desk) -> None:
    desk.page.get_by_role("button", name="Send away").click()
    expect(desk.guest.window.page.locator("#end-title")).to_have_text(
        "You cannot come in just now"
    )


def test_locked_door_lets_nobody_knock(desk: Desk, place: Place, chromium: Chromium) -> None:
    key = desk.page.locator(".key-line b").inner_text()
    desk.page.click("#lock")
    expect(desk.page.locator("#lock")).to_have_attribute("aria-pressed", "true")
    with watched_window(chromium, place.base_url, locale="en") as late:
        late.allow("423")
        late.page.goto(place.base_url)
        late.page.fill("#key", key)
        late.page.click("#key-go")
        expect(late.page.locator("#key-problem")).to_contain_text("Nobody else can come")


def test_ended_room_is_over_for_all(desk: Desk) -> None:
    desk.admit()
    desk.page.click("#end")
    desk.page.click("#ask-yes")
    expect(desk.page.locator("#over-title")).to_have_text("The room is over")
    expect(desk.guest.window.page.locator("#end-title")).to_have_text("Thank you")


def test_pages_fit_a_narrow_window_and_complain_of_nothing(
    place: Place, chromium: Chromium
) -> None:
    size = {"width": 360, "height": 740}
    with watched_window(chromium, place.base_url, locale="ja", viewport=size) as window:
        sign_in(window.page, place)
        for path in ("", "/me", "/people", "/displays", "/log"):
            window.page.goto(f"{place.base_url}/staff{path}")
            expect(window.page.locator("h1")).to_be_visible()
            width = window.page.evaluate("document.documentElement.scrollWidth")
            assert (path, width) == (path, size["width"])
