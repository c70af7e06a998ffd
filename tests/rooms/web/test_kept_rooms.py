"""Kept rooms in the console and over HTTP: what is shown, and to whom."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from pycrdt import Doc, Map, Text

from base.wire import OpenAsked, Role, SetRoom
from rooms.model.callers import Account, Opener, SeatCaller
from rooms.services.audit import Act
from rooms.services.room_store import Document, RoomStore, Update
from tests.support.console import SCRIPT, Browser, in_console
from tests.support.staff import HERE

PAPER: Final = "印鑑証明 <b>".encode()
PATHS: Final = (
    "/staff/kept/{room}",
    "/staff/kept/{room}/memo",
    "/staff/kept/{room}/notes",
    "/staff/kept/{room}/files/{file}",
    "/api/v1/kept/{room}",
    "/api/v1/kept/{room}/board",
    "/api/v1/kept/{room}/memo.txt",
    "/api/v1/kept/{room}/notes.txt",
    "/api/v1/kept/{room}/files/{file}",
)


async def keep(browser: Browser, opener: Opener, title: str = "相談") -> tuple[str, str]:
    """Have a room with something of everything in it, ended and kept; return it and a file."""
    services = browser.services
    room = (await services.hub.open_room(OpenAsked(title=title), opener, HERE)).room
    live = services.hub._rooms[room]
    live.state = live.state.changed(SetRoom(kept=True))
    board: Doc[Any] = Doc()
    board.get("memo", type=Text).insert(0, f"memo {SCRIPT}")
    board.get("pages", type=Map)["p1"] = Map({"order": 0.0})
    notes: Doc[Any] = Doc()
    notes.get("notes", type=Text).insert(0, f"notes {SCRIPT}")
    await RoomStore(services.database).append_updates(
        [
            Update(room, Document.BOARD, board.get_update()),
            Update(room, Document.NOTES, notes.get_update()),
        ]
    )

    async def chunks() -> Any:
        yield PAPER

    seat = SeatCaller("s1", room, Role.GUEST, f"山田{SCRIPT}", is_in=True)
    view = await services.files.take(seat, f"申請{SCRIPT}.txt", None, chunks())
    await services.hub.end_room(room, opener.holder)
    return room, view.id


async def account_of(browser: Browser, login: str) -> Account:
    staff = await browser.services.accounts.staff()
    return next(one.account for one in staff if one.account.login == login)


async def acts(browser: Browser) -> list[tuple[str, str]]:
    return [(one.act, one.about) for one in await browser.services.audit.read()]


@pytest.mark.parametrize("path", PATHS)
def test_kept_room_is_shown_to_its_opener_and_to_no_colleague(
    tmp_path: Path, path: str
) -> None:
    async def act(browser: Browser) -> None:
        await browser.add("taro")
        await browser.add("jiro")
        room, file = await keep(browser, await account_of(browser, "taro"))
        statuses = {}
        for login in ("jiro", "taro", "hana"):
            await browser.sign_in(login)
            answer = await browser.get(path.format(room=room, file=file))
            statuses[login] = answer.status_code
            if login == "jiro":
                assert "memo" not in answer.text
        assert statuses == {"jiro": 404, "taro": 200, "hana": 200}

    in_console(tmp_path, act)


def test_kept_room_is_the_displays_whose_it_was_and_no_other_displays(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        tokens = [await browser.services.pairings.enrol(name) for name in ("one", "two")]
        one = await browser.services.pairings.caller_of(tokens[0])
        assert one is not None
        room, file = await keep(browser, one)
        for token, status in zip(tokens, (200, 404), strict=True):
            headers = {"Authorization": f"Bearer {token}"}
            for below in ("", "/board", "/memo.txt", "/notes.txt", f"/files/{file}"):
                answer = await browser.get(f"/api/v1/kept/{room}{below}", **headers)
                assert (below, answer.status_code) == (below, status)
            listed = (await browser.get("/api/v1/kept", **headers)).json()
            assert [one["room"] for one in listed] == ([room] if status == 200 else [])

    in_console(tmp_path, act)


def test_pages_say_until_when_it_is_kept_and_run_no_script(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        room, _ = await keep(browser, browser.admin, f"Rent{SCRIPT}")
        await browser.sign_in()
        pages = [(await browser.get(f"/staff/kept{one}")).text for one in ("", f"/{room}")]
        for text in pages:
            assert SCRIPT not in text
            assert re.search(r"Kept until \d{4}-\d\d-\d\d", text)
        assert "memo &lt;script&gt;" in pages[1]
        assert "notes &lt;script&gt;" in pages[1]
        assert "can be read for 30 days" in pages[0]

    in_console(tmp_path, act)


def test_memo_and_files_are_saved_as_they_were(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        room, file = await keep(browser, browser.admin)
        await browser.sign_in()
        memo = await browser.get(f"/staff/kept/{room}/memo")
        assert memo.content == f"memo {SCRIPT}".encode()
        paper = await browser.get(f"/staff/kept/{room}/files/{file}")
        assert paper.content == PAPER
        for answer in (memo, paper):
            assert answer.headers["content-disposition"].startswith("attachment; ")
            assert answer.headers["cache-control"] == "private, no-store"

    in_console(tmp_path, act)


def test_every_way_to_read_a_kept_room_is_written_down(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        room, file = await keep(browser, browser.admin)
        await browser.sign_in()
        for path in PATHS:
            before = len(await acts(browser))
            await browser.get(path.format(room=room, file=file))
            added = len(await acts(browser)) - before
            newest = (await acts(browser))[0]
            assert (path, added, newest[0] in {Act.KEPT_READ, Act.FILE_FETCHED}) == (
                path, 1, True,
            )  # fmt: skip
            assert "memo <" not in newest[1]

    in_console(tmp_path, act)


def test_deleting_wants_the_opener_and_a_page_of_ours(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.add("taro")
        room, _ = await keep(browser, browser.admin)
        path = f"/staff/kept/{room}/delete"
        await browser.sign_in("taro")
        assert (await browser.post(path)).status_code == 404
        headers = {"Origin": browser.origin}
        answer = await browser.client.delete(f"/api/v1/kept/{room}", headers=headers)
        assert answer.status_code == 404
        await browser.sign_in()
        foreign = await browser.post(path, Origin="https://evil.example")
        assert foreign.status_code == 403
        assert (await browser.get(f"/staff/kept/{room}")).status_code == 200
        answer = await browser.post(path)
        assert answer.headers["location"] == "/staff/kept?said=kept_deleted"
        assert (await browser.get(f"/staff/kept/{room}")).status_code == 404
        assert (Act.ROOM_FORGOTTEN, "") in await acts(browser)

    in_console(tmp_path, act)


def test_kept_rooms_want_their_reader_signed_in(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        room, file = await keep(browser, browser.admin)
        for path in ("/staff/kept", "/api/v1/kept", *PATHS):
            answer = await browser.get(path.format(room=room, file=file))
            assert answer.status_code == (303 if path.startswith("/staff") else 401)
            assert "memo <" not in answer.text

    in_console(tmp_path, act)
