"""Each line of docs/explanation/threat-model.md, tried against a running service."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
import secrets
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Map, Text
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from base.board_doc import ITEMS, PAGES
from base.wire import (
    MAX_BINARY_BYTES,
    MAX_TEXT_BYTES,
    MESSAGES_BURST,
    SOCKET_PATH,
    SUBPROTOCOL,
    Channel,
    Close,
    Joined,
)
from benchmarks.processes import memory
from benchmarks.room_board import PAGE, packed_stroke, page_update
from tests.support.room_seeds import PASSWORD, Place, running_place
from tests.support.room_visitors import Party, bearer, board_update, party
from tools.pacing import ticks

FILE_LIMIT_MB = 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("rooms")
    with running_place(
        folder,
        files_max_mb=FILE_LIMIT_MB,
        document_max_mb=FILE_LIMIT_MB,
        wrong_keys_of_all_per_minute=1000,
        trusted_proxies="127.0.0.1",
    ) as running:
        yield running


@pytest.fixture
def door(place: Place) -> Iterator[Any]:
    with place.door() as opened:
        yield opened


@pytest.fixture
def here(door: Any) -> Iterator[Party]:
    with party(door) as made:
        yield made


@pytest.fixture
def elsewhere(door: Any) -> Iterator[Party]:
    with party(door) as made:
        yield made


def wrong_key(right: str = "") -> str:
    while True:
        key = "".join(str(secrets.randbelow(9) + 1) for _ in range(8))
        if key != right and all(a != b for a, b in itertools.pairwise(key)):
            return key


def some_address() -> str:
    """An address that no other test has used: wrong keys are counted for each."""
    return f"198.51.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


# The key --------------------------------------------------------------------------------------


def test_sixth_wrong_key_of_an_address_is_locked_out(door, here) -> None:
    address = some_address()
    found = [
        door.type_key(wrong_key(here.opened.key), **{"X-Forwarded-For": address})
        for _ in range(6)
    ]
    assert [answer.json()["problem"] for answer in found[:4]] == ["wrong_key"] * 4
    assert found[5].status_code == 429
    assert found[5].json()["problem"] == "locked_out"
    assert 30 <= found[5].json()["retry_s"] <= 60
    # Even the right one: else the lock would tell when a guess is right.
    right = door.type_key(here.opened.key, **{"X-Forwarded-For": address})
    assert right.json()["problem"] == "locked_out"


def test_right_key_is_taken_while_others_are_locked_out(door, here) -> None:
    for _ in range(6):
        door.type_key(wrong_key(), **{"X-Forwarded-For": "198.51.100.1"})
    answer = door.type_key(here.opened.key, **{"X-Forwarded-For": some_address()})
    assert answer.is_success


def test_made_up_forwarding_header_does_not_reset_the_count(tmp_path: Path) -> None:
    with running_place(tmp_path) as without_proxy, without_proxy.door() as door:
        problems = [
            door.type_key(wrong_key(), **{"X-Forwarded-For": some_address()}).json()["problem"]
            for _ in range(6)
        ]
    assert problems[5] == "locked_out"


def test_dead_key_answers_as_a_key_that_never_was(door) -> None:
    opened = door.open_room()
    door.http.post(f"/api/v1/rooms/{opened.room}/end", headers=door.display)
    dead = door.type_key(opened.key, **{"X-Forwarded-For": some_address()})
    never = door.type_key(wrong_key(), **{"X-Forwarded-For": some_address()})
    malformed = door.type_key("12", **{"X-Forwarded-For": some_address()})
    assert dead.status_code == never.status_code == malformed.status_code
    assert dead.json() == never.json() == malformed.json()


def test_key_stands_in_the_fragment_of_the_link(door, here) -> None:
    before, _, fragment = here.opened.link.partition("#")
    assert here.opened.key in fragment.replace("-", "")
    assert here.opened.key not in before


# The lobby ------------------------------------------------------------------------------------


def test_lobby_seat_gets_nothing_of_the_room(door, here) -> None:
    waiting = door.knock(here.opened.key, "curious")
    secret = f"secret {secrets.token_hex(8)}"
    here.host.send_binary(Channel.BOARD_UPDATE, page_update())
    here.host.send_binary(
        Channel.BOARD_UPDATE,
        board_update(lambda doc: doc.get("memo", type=Text).insert(0, secret)),
    )
    here.guest.wait_for_binary(Channel.BOARD_UPDATE, secret.encode())
    here.host.send({"t": "pointer", "page": PAGE, "x_pt": 1, "y_pt": 2})
    here.guest.wait_for("pointer")
    waiting.is_answered()
    assert waiting.kinds() <= {"waiting", "pong"}
    assert waiting.binaries == []
    assert secret.encode() not in waiting.everything()


@pytest.mark.parametrize(
    "message",
    [
        {"t": "pointer", "page": "p1", "x_pt": 1, "y_pt": 1},
        {"t": "media", "microphone": True, "camera": True},
        {"t": "line", "rung": 1},
        {"t": "ask_ice"},
        {"t": "page", "page": "p1"},
    ],
    ids=lambda message: message["t"],
)
def test_lobby_seat_cannot_act_in_the_room(door, here, message) -> None:
    waiting = door.knock(here.opened.key, "pushy")
    before = len(here.host.texts)
    waiting.send(message)
    with contextlib.suppress(TimeoutError):
        waiting.is_answered()
    here.host.is_answered()
    news = [text for text in here.host.texts[before:] if text["t"] not in ("pong", "knocks")]
    assert news == []
    assert waiting.kinds() <= {"waiting", "pong", "trouble"}


def test_lobby_seat_cannot_write_on_the_board(door, here) -> None:
    waiting = door.knock(here.opened.key, "pushy")
    update = board_update(lambda doc: doc.get("memo", type=Text).insert(0, "from the lobby"))
    waiting.send_binary(Channel.BOARD_UPDATE, update)
    with contextlib.suppress(TimeoutError):
        waiting.is_answered()
    here.host.is_answered()
    assert b"from the lobby" not in here.host.everything()


def test_lobby_seat_gets_no_file(door, here) -> None:
    file = upload(door, here.opened.room, here.host.joined, "paper.txt", b"paper").json()
    waiting = door.join(here.opened.key)
    url = f"/api/v1/rooms/{here.opened.room}/files/{file['id']}"
    assert door.http.get(url, headers=bearer(waiting.token)).status_code == 403
    assert door.http.get(url).status_code == 401
    handed = upload(door, here.opened.room, waiting, "in.txt", b"in")
    assert handed.status_code == 403


@pytest.mark.parametrize("kind", ["admit", "refuse", "put_out"])
def test_guest_cannot_admit(door, here, kind) -> None:
    waiting = door.knock(here.opened.key, "friend")
    here.guest.send({"t": kind, "seat": waiting.joined.seat})
    here.guest.wait_for("trouble", about=kind, problem="not_allowed")
    waiting.is_answered()
    assert waiting.kinds() <= {"waiting", "pong"}


@pytest.mark.parametrize(
    "message",
    [
        {"t": "pen", "seat": None, "allowed": False},
        {"t": "set_room", "locked": True},
        {"t": "set_room", "memo": True},
        {"t": "page", "page": "p1"},
        {"t": "end"},
    ],
    ids=json.dumps,
)
def test_guest_cannot_manage(here, message) -> None:
    before = len(here.host.texts)
    here.guest.send(message)
    here.guest.wait_for("trouble", about=message["t"], problem="not_allowed")
    here.host.is_answered()
    assert [text for text in here.host.texts[before:] if text["t"] != "pong"] == []


def test_token_of_somebody_put_out_is_dead(door, here) -> None:
    here.host.send({"t": "put_out", "seat": here.guest.joined.seat})
    assert here.guest.wait_until_closed() == Close.PUT_OUT
    again = door.come_in(here.guest.joined)
    assert again.wait_until_closed() in (Close.PUT_OUT, Close.BAD_TOKEN)
    assert "welcome" not in again.kinds()
    url = f"/api/v1/rooms/{here.opened.room}/files/none"
    assert door.http.get(url, headers=bearer(here.guest.joined.token)).status_code in (401, 403)


def test_lobby_is_bounded(tmp_path: Path) -> None:
    with running_place(tmp_path, lobby_max=5) as small, small.door() as door:
        opened = door.open_room()
        answers = [door.type_key(opened.key) for _ in range(8)]
    assert [answer.is_success for answer in answers] == [True] * 5 + [False] * 3
    assert answers[7].json()["problem"] in ("too_many", "room_full")


def test_flood_at_one_door_leaves_the_doors_of_others_open(tmp_path: Path) -> None:
    with running_place(tmp_path, lobby_max=5) as small, small.door() as door:
        flooded, quiet = door.open_room(), door.open_room()
        for _ in range(8):
            door.type_key(flooded.key)
        answers = [door.type_key(quiet.key) for _ in range(2)]
    assert [answer.is_success for answer in answers] == [True, False]


def test_who_knocked_at_a_room_that_is_over_takes_no_place_in_the_lobbies(tmp_path) -> None:
    with running_place(tmp_path, lobby_max=5) as small, small.door() as door:
        over, opened = door.open_room(), door.open_room()
        assert all(door.type_key(over.key).is_success for _ in range(5))
        # The place that is this room's own, and no other one.
        answers = [door.type_key(opened.key) for _ in range(2)]
        assert [answer.is_success for answer in answers] == [True, False]
        door.http.post(f"/api/v1/rooms/{over.room}/end", headers=door.display)
        assert door.type_key(opened.key).is_success


# Other rooms ----------------------------------------------------------------------------------


def test_seat_of_one_room_reads_nothing_of_another(door, here, elsewhere) -> None:
    sha = hashlib.sha256(PNG).hexdigest()
    file = upload(door, here.opened.room, here.host.joined, "paper.txt", b"paper").json()["id"]
    room = f"/api/v1/rooms/{here.opened.room}"
    put = door.http.put(
        f"{room}/assets/{sha}",
        content=PNG,
        headers={**bearer(here.host.joined.token), "Content-Type": "image/png"},
    )
    assert put.is_success
    stranger = bearer(elsewhere.guest.joined.token)
    for url in (
        f"{room}/files/{file}",
        f"{room}/assets/{sha}",
        f"{room}/documents/{sha}/0/640.webp",
    ):
        assert door.http.get(url, headers=stranger).status_code in (403, 404)
    assert door.http.delete(f"{room}/files/{file}", headers=stranger).status_code in (403, 404)
    # The same names below the stranger's own room lead nowhere either.
    own = f"/api/v1/rooms/{elsewhere.opened.room}"
    assert door.http.get(f"{own}/files/{file}", headers=stranger).status_code == 404
    assert door.http.get(f"{own}/assets/{sha}", headers=stranger).status_code == 404
    assert upload(
        door, here.opened.room, elsewhere.guest.joined, "x.txt", b"x"
    ).status_code in (
        403,
        404,
    )


def test_signal_to_a_seat_of_another_room_arrives_nowhere(here, elsewhere) -> None:
    here.guest.send(
        {
            "t": "signal",
            "seat": elsewhere.guest.joined.seat,
            "description": {"type": "offer", "sdp": "v=0"},
        }
    )
    here.guest.is_answered()
    elsewhere.guest.is_answered()
    assert "signal" not in elsewhere.guest.kinds()


def test_sender_of_a_signal_cannot_be_made_up(door) -> None:
    with party(door, guests=2) as made:
        first, second = made.guests
        first.send(
            {
                "t": "pointer",
                "page": PAGE,
                "x_pt": 1,
                "y_pt": 1,
                "seat": made.host.joined.seat,
            }
        )
        first.send(
            {
                "t": "signal",
                "seat": second.joined.seat,
                "description": {"type": "offer", "sdp": "v=0"},
            }
        )
        assert second.wait_for("signal")["seat"] == first.joined.seat
        pointers = [text for text in second.texts if text["t"] == "pointer"]
        assert {pointer["seat"] for pointer in pointers} <= {first.joined.seat}


def test_second_connection_takes_the_seat_and_the_first_is_told(door, here) -> None:
    again = door.come_in(here.guest.joined)
    again.wait_for("welcome")
    assert here.guest.wait_until_closed() == Close.TAKEN_ELSEWHERE


def test_token_is_dead_when_the_room_is_over(door) -> None:
    with party(door) as made:
        joined, room = made.guest.joined, made.opened.room
        made.host.send({"t": "end"})
        made.guest.wait_for("over")
        assert made.guest.wait_until_closed() == Close.OVER
    again = door.come_in(joined)
    assert again.wait_until_closed() in (Close.OVER, Close.BAD_TOKEN)
    assert "welcome" not in again.kinds()
    assert upload(door, room, joined, "late.txt", b"late").status_code in (401, 403, 404, 410)


def test_seat_token_is_no_staff_session(place, door, here) -> None:
    token = here.guest.joined.token
    assert door.http.get("/api/v1/rooms", headers=bearer(token)).status_code == 401
    for cookie in ("kokuban", "__Host-kokuban"):
        answer = door.http.get("/api/v1/rooms", headers={"Cookie": f"{cookie}={token}"})
        assert answer.status_code == 401
    # Nor is a display's token a seat.
    fake = Joined(seat="x", token=place.display_token, room=here.opened.room, title="")
    assert door.come_in(fake).wait_until_closed() == Close.BAD_TOKEN


# The staff's notes ----------------------------------------------------------------------------


def test_notes_reach_no_guest(door, here) -> None:
    second_host = door.host(here.opened.room)
    secret = f"note {secrets.token_hex(8)}"
    update = board_update(lambda doc: doc.get("notes", type=Text).insert(0, secret))
    second_host.send_binary(Channel.NOTES_UPDATE, update)
    second_host.is_answered()
    again = door.come_in(here.guest.joined)
    again.wait_for("welcome")
    again.send_binary(Channel.BOARD_STATE_VECTOR, b"\0")
    again.wait_for_binary(Channel.BOARD_UPDATE)
    for guest in (here.guest, again):
        assert secret.encode() not in guest.everything()
        assert {frame[0] for frame in guest.binaries} <= {
            Channel.BOARD_UPDATE,
            Channel.BOARD_STATE_VECTOR,
        }


@pytest.mark.parametrize("channel", [Channel.NOTES_UPDATE, Channel.NOTES_STATE_VECTOR])
def test_guest_who_asks_for_notes_gets_none(door, here, channel) -> None:
    secret = f"note {secrets.token_hex(8)}"
    here.host.send_binary(
        Channel.NOTES_UPDATE,
        board_update(lambda doc: doc.get("notes", type=Text).insert(0, secret)),
    )
    here.host.is_answered()
    here.guest.send_binary(channel, b"\0" if channel == Channel.NOTES_STATE_VECTOR else b"\0\0")
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        here.guest.is_answered()
    assert secret.encode() not in here.guest.everything()
    assert Channel.NOTES_UPDATE not in {frame[0] for frame in here.guest.binaries}


# A colleague, a thief -------------------------------------------------------------------------


def test_staff_cannot_take_a_seat_in_a_room_of_others(place, here) -> None:
    with place.signed_in("staff1") as colleague:
        room = f"/api/v1/rooms/{here.opened.room}"
        assert colleague.get(room).status_code in (403, 404)
        assert colleague.post(f"{room}/seats", json={"name": ""}).status_code in (403, 404)
        assert colleague.post(f"{room}/end").status_code in (403, 404)
        assert here.opened.room not in colleague.get("/api/v1/rooms").text
        assert colleague.get(f"/staff/rooms/{here.opened.room}/in").status_code in (403, 404)


def test_revoked_display_is_out(place) -> None:
    token = place.pair_display("to be stolen")
    with place.door(token) as stolen:
        opened = stolen.open_room()
        host = stolen.host(opened.room)
        with place.signed_in("admin") as admin:
            place.revoke_display(admin, "to be stolen")
        assert stolen.http.get("/api/v1/rooms", headers=stolen.display).status_code == 401
        assert host.wait_until_closed() in (Close.PUT_OUT, Close.BAD_TOKEN, Close.OVER)


def test_unconfirmed_display_gets_no_token(door) -> None:
    offered = door.http.post("/api/v1/pairings", json={"name": "somebody's"}).json()
    state = door.http.get("/api/v1/pairings", headers=bearer(offered["secret"])).json()
    assert state == {"state": "waiting", "token": None}
    by_code = door.http.get("/api/v1/pairings", headers=bearer(offered["code"] + "x" * 20))
    assert by_code.json().get("token") is None


def test_password_guessing_is_slowed(place) -> None:
    statuses = []
    with place.browser() as stranger:
        for number in range(12):
            form = {"login": "staff2", "password": f"guess number {number}"}
            statuses.append(stranger.post("/staff/sign-in", data=form).status_code)
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_unknown_account_is_answered_as_a_wrong_password(place) -> None:
    def answer(login: str) -> tuple[int, str]:
        with place.browser() as stranger:
            found = stranger.post(
                "/staff/sign-in", data={"login": login, "password": "guess of a stranger"}
            )
            text = re.sub(r'nonce="[^"]*"', "", found.text).replace(login, "LOGIN")
            return found.status_code, text

    assert answer("staff1") == answer("nobody")


def test_database_holds_no_token(place, here) -> None:
    with place.signed_in("admin") as admin:
        session = next(iter(admin.cookies.values()))
    tokens = [here.guest.joined.token, here.host.joined.token, place.display_token, session]
    files = list(place.folder.rglob("rooms.sqlite3*"))
    assert files
    for path in files:
        data = path.read_bytes()
        assert [t for t in tokens if t.encode() in data] == []
        assert PASSWORD.encode() not in data
    with contextlib.closing(sqlite3.connect(place.folder / "rooms.sqlite3")) as database:
        (hashed,) = database.execute("SELECT password_hash FROM accounts LIMIT 1").fetchone()
    assert hashed.startswith("$argon2id$")


# The browser ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/v1/rooms", "/staff/rooms", "/staff/sign-out"])
def test_cross_site_request_is_refused(place, headers, path) -> None:
    with place.signed_in("staff1") as signed_in:
        rooms = len(signed_in.get("/api/v1/rooms").json())
        del signed_in.headers["Origin"], signed_in.headers["Sec-Fetch-Site"]
        content = {"json": {}} if path.startswith("/api") else {"data": {"title": "x"}}
        answer = signed_in.post(path, headers=headers, **content)
        assert answer.status_code == 403
        assert len(signed_in.get("/api/v1/rooms").json()) == rooms


def test_foreign_page_cannot_open_the_socket(place) -> None:
    url = place.base_url.replace("http", "ws", 1) + SOCKET_PATH
    with pytest.raises(InvalidHandshake), connect(url, origin="https://e.example", proxy=None):
        pass
    with connect(url, origin=place.base_url, proxy=None):
        pass


def test_foreign_name_for_the_service_is_refused(place) -> None:
    answer = httpx.get(
        f"{place.base_url}/", headers={"Host": "rebound.example"}, trust_env=False
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/r", "/staff/sign-in", "/nowhere", "/healthz"])
def test_pages_carry_a_strict_policy(place, path) -> None:
    answer = httpx.get(place.base_url + path, trust_env=False)
    policy = dict(
        rule.strip().split(" ", 1)
        for rule in answer.headers["Content-Security-Policy"].split(";")
        if " " in rule.strip()
    )
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] in ("'self'", "'none'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.fullmatch(r"'nonce-[A-Za-z0-9_-]{16,}'", policy["script-src"])
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = httpx.get(place.base_url + path, trust_env=False)
    assert again.headers["Content-Security-Policy"] != answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "x.js", "<img src=x>.html"])
def test_file_with_script_is_handed_out_as_a_download(door, here, name) -> None:
    script = b"<html><script>alert(1)</script></html>"
    answer = upload(door, here.opened.room, here.guest.joined, name, script)
    if not answer.is_success:
        assert answer.status_code == 415
        return
    url = f"/api/v1/rooms/{here.opened.room}/files/{answer.json()['id']}"
    got = door.http.get(url, headers=bearer(here.host.joined.token))
    assert got.content == script
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    kind = got.headers["Content-Type"].partition(";")[0]
    assert kind in ("application/octet-stream", "text/plain")


# Too much, too large, too odd -----------------------------------------------------------------


def test_oversize_message_closes_the_connection(door, here) -> None:
    here.guest.send_raw("x" * (MAX_TEXT_BYTES + 1))
    assert here.guest.wait_until_closed() in (Close.TOO_LARGE, Close.MALFORMED)
    again = door.come_in(here.guest.joined)
    again.wait_for("welcome")
    again.send_raw(bytes([Channel.BOARD_UPDATE]) + bytes(MAX_BINARY_BYTES + 1))
    assert again.wait_until_closed() in (Close.TOO_LARGE, 1009)
    here.host.is_answered()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        '{"t":"nothing"}',
        '{"t":"ping"}',
        '{"t":"ping","n":-1}',
        '{"t":"pointer","page":"p","x_pt":NaN,"y_pt":0}',
        '{"t":"pointer","page":"p","x_pt":1e99,"y_pt":0}',
        '{"t":"ping","n":1,"more":1}',
        "[" * 20_000,
        '{"t":"ping","n":' + "9" * 5000 + "}",
        b"",
        b"\x00",
        b"\xff\xff",
    ],
    ids=lambda frame: repr(frame)[:40],
)
def test_malformed_message_closes_that_connection_alone(here, frame) -> None:
    here.guest.send_raw(frame)
    assert here.guest.wait_until_closed() == Close.MALFORMED
    here.host.is_answered()


@pytest.mark.parametrize(
    "update",
    [
        b"",
        b"\x01",
        b"\xff" * 40,
        b"\x01\x01\x01\x00\x04",
        b"\xff\xff\xff\xff\x0f" + bytes(20),
        bytes(1000),
        secrets.token_bytes(3000),
    ],
    ids=lambda update: f"{len(update)} bytes",
)
def test_malformed_update_closes_that_connection_alone(here, update) -> None:
    here.guest.send_binary(Channel.BOARD_UPDATE, update)
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        here.guest.is_answered()
    assert here.guest.close_code in (None, Close.MALFORMED)
    here.host.is_answered()
    here.host.send_binary(Channel.BOARD_STATE_VECTOR, b"\0")
    here.host.wait_for_binary(Channel.BOARD_UPDATE)


def test_guest_cannot_touch_the_pages(door, here) -> None:
    here.host.send_binary(Channel.BOARD_UPDATE, page_update())
    here.host.is_answered()

    def change(document: Any) -> None:
        document.get(PAGES, type=Map)["forged"] = Map({"order": 2.0})
        document.get("documents", type=Map)["f" * 64] = Map({"name": "forged"})
        document.get("meta", type=Map)["title"] = "forged"

    here.guest.send_binary(Channel.BOARD_UPDATE, board_update(change, page_update()))
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        here.guest.is_answered()
    here.host.is_answered()
    assert b"forged" not in here.host.everything()
    assert b"forged" not in whole_board(door, here)


def test_guest_cannot_change_what_others_drew(door) -> None:
    with party(door, guests=2) as made:
        first, second = made.guests
        made.host.send_binary(Channel.BOARD_UPDATE, page_update())

        def draw(document: Any) -> None:
            document.get(ITEMS, type=Map)["mine"] = packed_stroke(first.joined.seat)

        drawn = board_update(draw)
        first.send_binary(Channel.BOARD_UPDATE, drawn)
        second.wait_for_binary(Channel.BOARD_UPDATE, b"mine")

        def erase(document: Any) -> None:
            del document.get(ITEMS, type=Map)["mine"]

        def replace(document: Any) -> None:
            document.get(ITEMS, type=Map)["mine"] = packed_stroke(second.joined.seat)

        for change in (erase, replace):
            second.send_binary(Channel.BOARD_UPDATE, board_update(change, drawn))
            with contextlib.suppress(TimeoutError):
                second.is_answered()
        from pycrdt import Doc

        board: Any = Doc()
        board.apply_update(whole_board(door, made)[1:])
        items = board.get(ITEMS, type=Map)
        assert items["mine"] == packed_stroke(first.joined.seat)


def test_guest_whose_pen_was_taken_cannot_draw(door, here) -> None:
    here.host.send_binary(Channel.BOARD_UPDATE, page_update())
    here.host.send({"t": "pen", "seat": here.guest.joined.seat, "allowed": False})
    rights = here.guest.wait_for("rights")
    assert rights["rights"]["draw"] is False

    def draw(document: Any) -> None:
        document.get(ITEMS, type=Map)["drawn-anyway"] = packed_stroke(here.guest.joined.seat)

    here.guest.send_binary(Channel.BOARD_UPDATE, board_update(draw))
    here.guest.send(
        {
            "t": "live",
            "stroke": "live-anyway",
            "page": PAGE,
            "brush": 1,
            "colour": 1,
            "width_pt": 2.0,
            "points": [1, 1, 0.5],
            "end": False,
        }
    )
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        here.guest.is_answered()
    here.host.is_answered()
    assert b"anyway" not in here.host.everything()
    assert b"anyway" not in whole_board(door, here)


def test_author_of_an_item_cannot_be_made_up(door, here) -> None:
    here.host.send_binary(Channel.BOARD_UPDATE, page_update())

    def draw(document: Any) -> None:
        document.get(ITEMS, type=Map)["in-your-name"] = packed_stroke(here.host.joined.seat)

    here.guest.send_binary(Channel.BOARD_UPDATE, board_update(draw))
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        here.guest.is_answered()
    here.host.is_answered()
    assert b"in-your-name" not in whole_board(door, here)


def test_flood_closes_the_connection(here) -> None:
    ping = json.dumps({"t": "ping", "n": 1})
    for _ in range(20 * MESSAGES_BURST):
        here.guest.send_raw(ping)
        if here.guest.close_code is not None:
            break
    assert here.guest.wait_until_closed() == Close.TOO_FAST
    here.host.is_answered()


def test_connection_that_says_nothing_is_closed(place) -> None:
    url = place.base_url.replace("http", "ws", 1) + SOCKET_PATH
    with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None) as silent:
        with pytest.raises(Exception, match=r"44\d\d|close"):
            silent.recv(timeout=30)
        assert silent.close_code in (Close.BAD_TOKEN, Close.MALFORMED)


def test_slow_reader_is_dropped_and_the_others_are_not_slowed(place, door, here) -> None:
    before_mb = memory(place.pid).rss_mb
    with stuck_reader(place, here.guest.joined) as reader:
        text = "長い話" * 40_000
        dropped = False
        # As fast as one seat may send so much, and for as long as any buffer could last.
        for _ in ticks(10, 150):
            update = board_update(lambda doc: doc.get("memo", type=Text).insert(0, text))
            here.host.send_binary(Channel.BOARD_UPDATE, update)
            here.host.is_answered()
            lost = [
                one
                for one in here.host.texts
                if one["t"] == "seat" and one["seat"]["id"] == here.guest.joined.seat
            ]
            dropped = bool(lost) and not lost[-1]["seat"]["connected"]
            if dropped:
                break
        assert dropped
        assert memory(place.pid).rss_mb - before_mb < 250
        reader.settimeout(1)


def test_upload_beyond_the_limit_is_cut_and_leaves_nothing(place, door, here) -> None:
    before = {path for path in place.folder.rglob("*") if path.is_file()}
    too_much = FILE_LIMIT_MB * 1_000_000 + 1

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield bytes(100_000)

    answers = [upload(door, here.opened.room, here.guest.joined, "big.txt", b"a" * too_much)]
    with contextlib.suppress(httpx.HTTPError):
        answers.append(
            upload(door, here.opened.room, here.guest.joined, "endless.txt", endless())
        )
    assert {answer.status_code for answer in answers} == {413}
    left = {path for path in place.folder.rglob("*") if path.is_file()} - before
    assert [path for path in left if path.stat().st_size > 50_000] == []


def test_file_name_is_no_path(place, door, here) -> None:
    names = [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "a\0b",
        "\u202egpj.exe",
        "CON",
        "",
    ]
    for name in names:
        answer = upload(door, here.opened.room, here.guest.joined, name, b"text of a file")
        assert answer.status_code < 500
        if answer.is_success:
            shown = answer.json()["name"]
            assert not re.search(r"[/\\\0\u202e]", shown)
            assert shown.strip(". ") == shown
    outside = [p for p in place.folder.rglob("*") if p.name in ("passwd", "boot.ini")]
    assert outside == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../config.py",
        "/static/x/..%2f..%2f..%2fetc/passwd",
        "/static/x/%2e%2e/%2e%2e/rooms.sqlite3",
        "/api/v1/rooms/..%2f..%2f/files/x",
        "/api/v1/rooms/{room}/files/..%2f..%2frooms.sqlite3",
        "/api/v1/rooms/{room}/assets/..%2f..%2frooms.sqlite3",
        "/api/v1/rooms/{room}/documents/../0/640.webp",
        "/api/v1/rooms/{room}/documents/" + "0" * 64 + "/-1/640.webp",
        "/api/v1/rooms/{room}/documents/" + "0" * 64 + "/0/99999.webp",
    ],
)
def test_odd_paths_find_nothing(place, here, path) -> None:
    # Raw, because an HTTP library would tidy the path up.
    wanted = path.format(room=here.opened.room)
    host, port = place.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"GET {wanted} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
            f"Authorization: Bearer {here.guest.joined.token}\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 403, 404, 405, 422)
    assert b"root:" not in answer
    assert b"SQLite format" not in answer


def test_document_that_is_none_is_said_to_have_failed(door, here) -> None:
    answer = door.http.post(
        f"/api/v1/rooms/{here.opened.room}/documents",
        content=b"%PDF-1.7\n" + secrets.token_bytes(5000),
        headers={**bearer(here.host.joined.token), "X-File-Name": "broken.pdf"},
    )
    assert answer.status_code in (200, 201, 202, 415)
    if answer.status_code == 415:
        return

    def has_failed() -> dict[str, Any] | None:
        for text in here.host.texts:
            if text["t"] == "documents" and any(d["failed"] for d in text["documents"]):
                return text
        return None

    assert here.host.until(has_failed, "a document that failed")


def test_guest_cannot_bring_a_document(door, here) -> None:
    answer = door.http.post(
        f"/api/v1/rooms/{here.opened.room}/documents",
        content=b"%PDF-1.7\n",
        headers={**bearer(here.guest.joined.token), "X-File-Name": "mine.pdf"},
    )
    assert answer.status_code == 403


# What tests above share -----------------------------------------------------------------------

# One pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8"
    "ffffff7f0009fb03fd2a86e38a0000000049454e44ae426082"
)


def upload(door: Any, room: str, joined: Joined, name: str, content: Any) -> httpx.Response:
    from urllib.parse import quote

    return door.http.post(
        f"/api/v1/rooms/{room}/files",
        content=content,
        headers={**bearer(joined.token), "X-File-Name": quote(name, safe="")},
    )


def whole_board(door: Any, made: Party) -> bytes:
    """Return the frame with which the service tells somebody new of the whole board."""
    late = door.host(made.opened.room)
    late.send_binary(Channel.BOARD_STATE_VECTOR, b"\0")
    return late.wait_for_binary(Channel.BOARD_UPDATE)


@contextlib.contextmanager
def stuck_reader(place: Place, joined: Joined) -> Iterator[socket.socket]:
    """Take a seat and never read from it again."""
    host, port = place.base_url.removeprefix("http://").split(":")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((host, int(port)))
        line.sendall(
            f"GET {SOCKET_PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Protocol: kokuban.1\r\n\r\n".encode()
        )
        assert b"101" in line.recv(4096)
        hello = json.dumps({"t": "hello", "token": joined.token, "version": 1}).encode()
        mask = b"\0\0\0\0"
        assert len(hello) + 0 >= 126 or len(hello) < 126
        length = (
            bytes([0x80 | len(hello)])
            if len(hello) < 126
            else bytes([0x80 | 126]) + len(hello).to_bytes(2, "big")
        )
        line.sendall(b"\x81" + length + mask + hello)
        yield line
