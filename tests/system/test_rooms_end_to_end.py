"""A consultation from the key to the end, with real browsers, cameras and microphones."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Text

from base.wire import Channel, Opened
from benchmarks.room_board import PAGE, page_update
from tests.support.browser import watched_window
from tests.support.room_seeds import Place, running_place
from tests.support.room_visitors import Door, Visitor, board_update
from tools.chromium import Chromium, has_chromium, running_chromium
from tools.room_windows import MEMO, GuestWindow

pytestmark = pytest.mark.skipif(not has_chromium(), reason="no Chromium here")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(tmp_path_factory.mktemp("rooms")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as running:
        yield running


@dataclass(slots=True)
class Talk:
    """A room with the display in it, and the ways in for browsers."""

    place: Place
    door: Door
    opened: Opened
    host: Visitor
    chromium: Chromium
    stack: ExitStack

    def guest(self, name: str) -> GuestWindow:
        """Let somebody in, from an empty browser."""
        guest = self.at_door(name)
        self.admit(name)
        guest.wait_until_in()
        return guest

    def at_door(self, name: str) -> GuestWindow:
        """Let somebody type the key and knock."""
        window = self.stack.enter_context(watched_window(self.chromium, self.place.base_url))
        guest = GuestWindow(window)
        guest.type_key(self.opened.key)
        guest.knock(name)
        return guest

    def admit(self, name: str) -> None:
        """Open the door for whoever is called that."""

        def seat() -> str | None:
            knocks = [text["knocks"] for text in self.host.texts if text["t"] == "knocks"]
            for knock in knocks[-1] if knocks else ():
                if knock["name"] == name:
                    return str(knock["seat"])
            return None

        self.host.send({"t": "admit", "seat": self.host.until(seat, f"{name} in the lobby")})

    def show_board(self) -> None:
        """Lay a page out and lead everybody to it."""
        self.host.send_binary(Channel.BOARD_UPDATE, page_update())
        self.host.send({"t": "page", "page": PAGE})


@pytest.fixture
def talk(place: Place, chromium: Chromium) -> Iterator[Talk]:
    with place.door() as door, ExitStack() as stack:
        opened = door.open_room(guest_limit=4)
        host = door.host(opened.room)
        yield Talk(place, door, opened, host, chromium, stack)


def test_key_lobby_and_then_faces_and_voices_both_ways(talk: Talk) -> None:
    first = talk.guest("Tanaka")
    second = talk.at_door("Suzuki")
    # Nobody is in before somebody opens.
    talk.host.is_answered()
    assert not second.is_in()
    talk.admit("Suzuki")
    second.wait_until_in()
    for guest in (first, second):
        begun = guest.window.wait_for_inbound(frames=10, energy=1e-6)
        assert guest.moving_frames() == 3
        later = guest.window.wait_for_inbound(begun.frames + 10, energy=begun.energy * 1.01)
        assert later.audio > begun.audio


def test_full_width_digits_with_spaces_are_a_key(talk: Talk) -> None:
    window = talk.stack.enter_context(watched_window(talk.chromium, talk.place.base_url))
    guest = GuestWindow(window)
    wide = talk.opened.key.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    guest.type_key(f" {wide[:4]}　{wide[4:]} ")
    guest.knock("Full-width")
    talk.admit("Full-width")
    guest.wait_until_in()


def test_stroke_drawn_by_one_guest_appears_on_the_other(talk: Talk) -> None:
    first, second = talk.guest("Tanaka"), talk.guest("Suzuki")
    talk.show_board()
    first.wait_for_board()
    second.wait_for_board()
    left, top, width, height = first.board_box()
    middle = (left + width / 2, top + height / 2)
    second.window.page.wait_for_timeout(300)
    before = {guest: guest.look(*middle) for guest in (first, second)}
    steps = [
        (left + width * (0.3 + 0.4 * n / 20), top + height / 2 + 0.5 * (n % 2))
        for n in range(21)
    ]
    first.draw(steps)
    for guest in (first, second):
        wait_until(guest, lambda guest=guest: guest.look(*middle) != before[guest])
    # It is in the document, by who drew it, and not only a live stroke that fades.
    talk.host.wait_for_binary(Channel.BOARD_UPDATE, b"items")
    after = second.look(*middle)
    second.window.page.reload()
    second.wait_until_in()
    second.wait_for_board()
    wait_until(second, lambda: second.look(*middle) != before[second])
    assert any(a != b for a, b in zip(after, before[second], strict=True))


def test_memo_typed_on_both_sides_at_once_ends_the_same(talk: Talk) -> None:
    first, second = talk.guest("Tanaka"), talk.guest("Suzuki")
    talk.host.send({"t": "set_room", "memo": True})
    for guest in (first, second):
        guest.window.page.wait_for_selector(MEMO, state="visible")
        guest.window.page.focus(MEMO)
    mine, theirs = "こんにちは abc ", "保険証 123 "
    for one, other in zip(mine.ljust(12, "."), theirs.ljust(12, "-"), strict=True):
        first.window.page.keyboard.insert_text(one)
        second.window.page.keyboard.insert_text(other)
    count = 24
    for guest in (first, second):
        wait_until(guest, lambda guest=guest: len(guest.memo()) == count)
    assert first.memo() == second.memo()
    assert sorted(first.memo()) == sorted(mine.ljust(12, ".") + theirs.ljust(12, "-"))
    talk.host.send_binary(Channel.BOARD_STATE_VECTOR, b"\0")
    talk.host.wait_for_binary(Channel.BOARD_UPDATE)


def test_file_is_handed_over_byte_for_byte_both_ways(talk: Talk, tmp_path: Path) -> None:
    guest = talk.guest("Tanaka")
    talk.show_board()
    page = guest.window.page
    out = b"%PDF-1.4\n" + secrets.token_bytes(200_000)
    sent = talk.door.upload(talk.opened.room, talk.host.joined, "申請書 2026.pdf", out)
    page.wait_for_selector("#show-files", state="visible")
    page.click("#show-files")
    with page.expect_download() as handed:
        page.click(f'[data-file="{sent["id"]}"] button')
    assert handed.value.suggested_filename == "申請書 2026.pdf"
    assert Path(handed.value.path()).read_bytes() == out
    mine = tmp_path / "領収書.png"
    mine.write_bytes(PNG)
    page.set_input_files("#files input[type=file] >> nth=-1", mine)
    listed = talk.host.until(
        lambda: next(
            (
                one
                for text in talk.host.texts
                if text["t"] == "files"
                for one in text["files"]
                if one["from_guest"]
            ),
            None,
        ),
        "the guest's file",
    )
    got = talk.door.fetch(talk.opened.room, talk.host.joined, f"files/{listed['id']}")
    assert hashlib.sha256(got).digest() == hashlib.sha256(PNG).digest()


def test_staff_notes_are_in_nothing_that_a_guest_receives(talk: Talk) -> None:
    guest = talk.guest("Tanaka")
    second_host = talk.door.host(talk.opened.room)
    marker = f"staff-only-{secrets.token_hex(8)}"
    shared = f"for-all-{secrets.token_hex(8)}"
    write(second_host, Channel.NOTES_UPDATE, "notes", marker)
    talk.host.wait_for_binary(Channel.NOTES_UPDATE, marker.encode())
    write(second_host, Channel.BOARD_UPDATE, "memo", shared)
    wait_until(guest, lambda: shared.encode() in guest.window.traffic.everything_received())
    guest.window.page.reload()
    guest.wait_until_in()
    wait_until(guest, lambda: guest.window.traffic.sockets >= 2)
    guest.window.page.wait_for_timeout(500)
    everything = guest.window.traffic.everything_received()
    assert shared.encode() in everything
    assert marker.encode() not in everything
    assert marker not in guest.window.page.content()
    first_bytes = {f[0] for f in guest.window.traffic.received if isinstance(f, bytes)}
    assert first_bytes <= {Channel.BOARD_UPDATE, Channel.BOARD_STATE_VECTOR}


def test_service_is_killed_and_everybody_is_back_with_board_and_memo(
    tmp_path: Path, chromium: Chromium
) -> None:
    with (
        running_place(tmp_path) as place,
        place.door() as door,
        ExitStack() as stack,
    ):
        opened = door.open_room(guest_limit=2)
        talk = Talk(place, door, opened, door.host(opened.room), chromium, stack)
        guest, other = talk.guest("Tanaka"), talk.guest("Suzuki")
        for one in (guest, other):
            one.window.allow("WebSocket|ERR_CONNECTION|Failed to load|ERR_EMPTY|ERR_SOCKET")
        talk.host.send({"t": "set_room", "memo": True})
        guest.window.page.wait_for_selector(MEMO, state="visible")
        other.window.page.wait_for_selector(MEMO, state="visible")
        guest.window.page.focus(MEMO)
        guest.window.page.keyboard.insert_text("before the kill; ")
        wait_until(other, lambda: "before the kill" in other.memo())
        place.service.kill()
        # Typed while there is no service at all.
        guest.window.page.keyboard.insert_text("while it was gone; ")
        frames = guest.window.inbound().frames
        place.service.start()
        place.service.wait_until_healthy()
        wait_until(other, lambda: "while it was gone" in other.memo())
        # Voices and faces never went through the service.
        guest.window.wait_for_inbound(frames + 10, energy=1e-9)
        host = door.come_in(talk.host.joined)
        assert host.wait_for("welcome")["room"]["memo"] is True
        seats = host.wait_for("welcome")["seats"]
        assert {seat["name"] for seat in seats} >= {"Tanaka", "Suzuki"}


def test_four_windows_see_and_hear_each_other(talk: Talk) -> None:
    names = ("Tanaka", "Suzuki", "Sato", "Ito")
    guests = [talk.guest(name) for name in names]
    for guest in guests:
        found = guest.window.wait_for_inbound(frames=30, energy=1e-6, peers=3)
        assert found.connected == 3
    talk.show_board()
    for guest in guests:
        guest.wait_for_board()
    left, top, width, height = guests[0].board_box()
    middle = (left + width / 2, top + height / 2)
    guests[0].window.page.wait_for_timeout(300)
    before = [guest.look(*middle) for guest in guests]
    guests[0].draw([(left + width * (0.4 + 0.02 * n), middle[1]) for n in range(11)])
    for guest, blank in zip(guests, before, strict=True):
        wait_until(guest, lambda guest=guest, blank=blank: guest.look(*middle) != blank)


def test_script_in_names_memo_and_board_does_not_run(talk: Talk) -> None:
    bait = "<img src=x onerror=alert(1)>"
    seen = []
    first = talk.guest("Tanaka")
    first.window.page.on("dialog", lambda dialog: (seen.append(dialog), dialog.dismiss()))
    talk.guest(bait)
    first.window.page.wait_for_selector(f"text={bait}")
    talk.host.send({"t": "set_room", "memo": True})
    write(
        talk.host, Channel.BOARD_UPDATE, "memo", f"</textarea><script>alert(2)</script>{bait}"
    )
    wait_until(first, lambda: bait in first.memo())
    talk.show_board()
    talk.door.upload(talk.opened.room, talk.host.joined, f"{bait}.txt", b"text")
    first.window.page.wait_for_selector("#show-files", state="visible")
    first.window.page.click("#show-files")
    first.window.page.wait_for_selector(".file-name")
    assert seen == []
    assert first.window.page.query_selector("img[src=x]") is None


def test_pages_ask_no_other_server(talk: Talk) -> None:
    guest = talk.guest("Tanaka")
    talk.show_board()
    guest.wait_for_board()
    assert guest.window.traffic.requests
    assert {url.split("/")[2] for url in guest.window.traffic.requests if "//" in url} == {
        talk.place.base_url.removeprefix("http://")
    }


# One pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8"
    "ffffff7f0009fb03fd2a86e38a0000000049454e44ae426082"
)


def write(who: Visitor, channel: Channel, name: str, text: str) -> None:
    update = board_update(lambda doc: doc.get(name, type=Text).insert(0, text))
    who.send_binary(channel, update)


def wait_until(guest: GuestWindow, holds: Any) -> None:
    """Wait for something that only repeated looks can tell."""
    for _ in range(1200):
        if holds():
            return
        guest.window.page.wait_for_timeout(50)
    raise AssertionError("it did not come about")
