"""Staff keep what was shared, the guest is told so at once, and it is read when all is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import watched_window
from tests.support.room_seeds import ADMIN, PASSWORD, STAFF, Place, running_place
from tests.support.tiny_pdf import write_pdf
from tools.chromium import Chromium, has_chromium, running_chromium
from tools.room_windows import GuestWindow

pytestmark = pytest.mark.skipif(not has_chromium(), reason="no Chromium here")

MEMO = "必要なもの\n・印鑑"
NOTES = "収入を確認する"
PHONE = {"width": 390, "height": 844}
KEPT_WORDS = "Staff keep the board, the memo and the files."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(tmp_path_factory.mktemp("rooms")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


def sign_in(page: Page, place: Place, login: str) -> None:
    page.goto(f"{place.base_url}/staff")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click(".button.main")
    page.wait_for_url("**/staff")


def go_in(page: Page) -> str:
    """Open a room and go in; return its key."""
    page.click("button[value=now]")
    key = page.locator("#key").inner_text()
    page.get_by_role("link", name="Go in").click()
    expect(page.locator("#faces .self")).to_be_visible()
    return key


def draw(page: Page) -> None:
    box = page.locator("#board").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 3, y, steps=12)
    page.mouse.up()


def ink_of(page: Page) -> int:
    """Return how many pixels of the kept board are not the board's own green."""
    return int(
        page.evaluate(
            """() => {
              const canvas = document.querySelector('#board canvas[data-layer=ink]');
              const spare = new OffscreenCanvas(canvas.width, canvas.height);
              const context = spare.getContext('2d');
              context.drawImage(canvas, 0, 0);
              const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
              let light = 0;
              for (let i = 0; i < data.length; i += 4) if (data[i] > 150) light += 1;
              return light;
            }"""
        )
    )


def test_what_was_shared_is_read_when_the_room_is_over_and_deleted_for_good(
    place: Place, chromium: Chromium, tmp_path: Path
) -> None:
    with (
        watched_window(chromium, place.base_url, locale="en") as staff,
        watched_window(chromium, place.base_url, locale="en", viewport=PHONE) as theirs,
    ):
        sign_in(staff.page, place, STAFF[0])
        guest = GuestWindow(theirs)
        guest.type_key(go_in(staff.page))
        guest.knock("Ms Kept")
        expect(staff.page.locator("#knocks .who")).to_have_text("Ms Kept")
        # Told in the lobby, before the door is open, and again when it is no longer so.
        staff.page.check("#kept")
        expect(theirs.page.locator("#kept")).to_have_text(KEPT_WORDS)
        staff.page.uncheck("#kept")
        expect(theirs.page.locator("#kept")).to_be_hidden()
        staff.page.locator("#knocks .button.main").click()
        guest.wait_until_in()
        expect(theirs.page.locator("#kept")).to_be_hidden()
        staff.page.check("#kept")
        expect(theirs.page.locator("#kept")).to_be_visible()

        staff.page.click("#show-board")
        expect(staff.page.locator("#page-number")).to_have_text("1 of 1")
        draw(staff.page)
        staff.page.click("#page-new")
        expect(staff.page.locator("#page-number")).to_have_text("2 of 2")
        staff.page.click("#show-memo")
        staff.page.fill("#memo", MEMO)
        staff.page.fill("#notes", NOTES)
        expect(theirs.page.locator("#memo")).to_have_value(MEMO)
        paper = tmp_path / "申請書.pdf"
        write_pdf(paper, pages=1)
        staff.page.click("#show-files")
        staff.page.locator("#files input[type=file]").last.set_input_files(paper)
        expect(staff.page.locator("#files .file-name")).to_have_text("申請書.pdf")

        staff.page.click("#end")
        expect(staff.page.locator("#ask-words")).to_contain_text("30 days")
        staff.page.click("#ask-yes")
        expect(theirs.page.locator("#end-title")).to_have_text("Thank you")
        expect(theirs.page.locator("#kept")).to_be_visible()
        staff.page.click("#over-kept")
        kept = staff.page.url

        expect(staff.page.locator("#page-number")).to_have_text("1 of 2")
        expect(staff.page.locator("#board")).to_have_attribute("aria-busy", "false")
        assert ink_of(staff.page) > 100
        staff.page.click("[data-act=on]")
        expect(staff.page.locator("#page-number")).to_have_text("2 of 2")
        expect(staff.page.locator("[data-act=on]")).to_be_disabled()
        texts = staff.page.locator(".kept-text")
        assert texts.all_inner_texts() == [MEMO, NOTES]
        with staff.page.expect_download() as memo:
            staff.page.get_by_role("link", name="Save as a text file").first.click()
        assert memo.value.path().read_text("utf-8") == MEMO
        with staff.page.expect_download() as file:
            staff.page.get_by_role("link", name="Save 申請書.pdf").click()
        assert file.value.suggested_filename == "申請書.pdf"
        assert file.value.path().read_bytes() == paper.read_bytes()

        with watched_window(chromium, place.base_url, locale="en") as colleague:
            colleague.allow("404")
            sign_in(colleague.page, place, STAFF[1])
            answer = colleague.page.goto(kept)
            assert answer is not None
            assert answer.status == 404

        staff.page.get_by_role("button", name="Delete for good").click()
        staff.page.click("#ask-yes")
        expect(staff.page.locator(".said")).to_have_text("The room is deleted for good.")
        staff.allow("404")
        answer = staff.page.goto(kept)
        assert answer is not None
        assert answer.status == 404


def test_staff_say_whether_guests_hand_files_in_and_remove_one(
    place: Place, chromium: Chromium, tmp_path: Path
) -> None:
    with (
        watched_window(chromium, place.base_url, locale="en") as staff,
        watched_window(chromium, place.base_url, locale="en") as theirs,
    ):
        sign_in(staff.page, place, ADMIN)
        guest = GuestWindow(theirs)
        guest.type_key(go_in(staff.page))
        guest.knock("Ms Files")
        staff.page.locator("#knocks .button.main").click()
        guest.wait_until_in()
        staff.page.click("#show-files")
        for name in ("first.txt", "second.txt"):
            paper = tmp_path / name
            paper.write_text(name)
            staff.page.locator("#files input[type=file]").last.set_input_files(paper)
            expect(staff.page.locator("#files").get_by_text(name)).to_be_visible()
        theirs.page.click("#show-files")
        names = theirs.page.locator("#files .file-name")
        expect(names).to_have_text(["first.txt", "second.txt"])
        hand_in = theirs.page.locator("#files .hand-in")
        expect(hand_in).to_be_visible()
        staff.page.uncheck("#guest-files")
        expect(hand_in).to_be_hidden()
        staff.page.check("#guest-files")
        expect(hand_in).to_be_visible()

        expect(theirs.page.get_by_role("button", name="Remove")).to_have_count(0)
        staff.page.get_by_role("button", name="Remove first.txt").click()
        staff.page.click("#ask-yes")
        expect(names).to_have_text(["second.txt"])
        expect(staff.page.locator("#files .file-name")).to_have_text(["second.txt"])


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}])
def test_pages_of_kept_rooms_fit_the_window(
    place: Place, chromium: Chromium, size: dict[str, int]
) -> None:
    with watched_window(chromium, place.base_url, locale="ja", viewport=size) as window:
        sign_in(window.page, place, ADMIN)
        window.page.goto(f"{place.base_url}/staff/kept")
        expect(window.page.locator("h1")).to_be_visible()
        assert window.page.evaluate("document.documentElement.scrollWidth") == size["width"]
