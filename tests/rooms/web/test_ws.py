"""The socket of a real service, spoken to by hand."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pycrdt import Doc, Map, Text

from base.board_doc import Affine, TextItem, pack_item
from base.wire import MAX_BINARY_BYTES, MAX_TEXT_BYTES, Channel, Close
from tests.support.room_visitors import Door, Visitor, bearer, party
from tests.support.rooms import Service, running_service

UPDATE, VECTOR = Channel.BOARD_UPDATE, Channel.BOARD_STATE_VECTOR
EMPTY_VECTOR = b"\0"


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("socket")) as running:
        yield running


@pytest.fixture(scope="module")
def display(service) -> str:
    return service.pair_display()


@pytest.fixture
def door(service, display) -> Iterator[Door]:
    with Door(service.url, display) as opened:
        yield opened


def item(author: str, text: str = "x") -> bytes:
    box = Affine.upright(0, 0, 10, 10)
    return pack_item(TextItem("p1", 1.0, author, box, 0, 12.0, text))


class Writer:
    """The board of a visitor, as their program holds it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.doc: Doc[Any] = Doc()
        self.items: Map[Any] = self.doc.get("items", type=Map)
        self.pages: Map[Any] = self.doc.get("pages", type=Map)
        self.memo: Text = self.doc.get("memo", type=Text)
        self.sync()

    def sync(self) -> None:
        before = len(self.visitor.binaries)
        self.visitor.send_binary(VECTOR, self.doc.get_state())
        self.visitor.until(
            lambda: next((f for f in self.visitor.binaries[before:] if f[0] == UPDATE), None),
            "the answer to a state vector",
        )
        for frame in self.visitor.binaries[before:]:
            if frame[0] == UPDATE:
                self.doc.apply_update(frame[1:])
        self.sent = self.doc.get_state()

    def push(self) -> bytes:
        update = self.doc.get_update(self.sent)
        self.sent = self.doc.get_state()
        self.visitor.send_binary(UPDATE, update)
        return update


def test_stroke_and_memo_of_one_reach_the_others(door):
    with party(door, guests=2) as people:
        people.host.send({"t": "set_room", "memo": True})
        one, two = people.guests
        one.wait_for("rights")
        writer = Writer(one)
        writer.items["a"] = item(one.joined.seat, "はじめまして")
        writer.memo += "memo of one"
        writer.push()
        for other in (people.host, two):
            other.wait_for_binary(UPDATE, "はじめまして".encode())
            other.wait_for_binary(UPDATE, b"memo of one")
        assert not [f for f in one.binaries if b"memo of one" in f]


def test_live_stroke_and_pointer_come_with_who_it_is(door):
    with party(door) as people:
        stroke = {
            "t": "live", "stroke": "s1", "page": "p1", "brush": 1, "colour": 3,
            "width_pt": 2.0, "points": [1.0, 2.0, 0.5], "seat": people.host.joined.seat,
        }  # fmt: skip
        people.guest.send(stroke)
        people.guest.send({"t": "pointer", "page": "p1", "x_pt": 4.0, "y_pt": 5.0})
        seat = people.guest.joined.seat
        assert people.host.wait_for("live")["seat"] == seat
        assert people.host.wait_for("pointer")["seat"] == seat


def test_lobby_receives_nothing_of_the_room(door):
    with party(door) as people:
        waiting = door.knock(people.opened.key)
        writer = Writer(people.host)
        writer.pages["secret-page"] = Map({"order": 1.0})
        writer.push()
        people.host.send({"t": "page", "page": "secret-page"})
        people.host.send({"t": "pointer", "page": "secret-page"})
        people.guest.wait_for("page")
        for message in (
            {"t": "live", "stroke": "s", "page": "p", "brush": 1, "colour": 1, "width_pt": 1.0},
            {"t": "signal", "seat": people.host.joined.seat},
            {"t": "ask_ice"},
            {"t": "media", "microphone": True, "camera": True},
            {"t": "admit", "seat": waiting.joined.seat},
            {"t": "end"},
        ):
            waiting.send(message)
            assert waiting.wait_for("trouble", about=message["t"])["problem"] == "not_allowed"
        for channel in Channel:
            waiting.send_binary(channel, EMPTY_VECTOR)
        waiting.is_answered()
        assert not waiting.binaries
        assert waiting.kinds() == {"waiting", "trouble", "pong"}
        assert b"secret-page" not in waiting.everything()
        assert people.guest.joined.seat.encode() not in waiting.everything()


def test_guests_do_not_manage(door):
    with party(door, guests=2) as people:
        guest, other = people.guests
        waiting = door.knock(people.opened.key)
        for message in (
            {"t": "admit", "seat": waiting.joined.seat},
            {"t": "refuse", "seat": waiting.joined.seat},
            {"t": "put_out", "seat": other.joined.seat},
            {"t": "pen", "seat": other.joined.seat, "allowed": False},
            {"t": "set_room", "locked": True},
            {"t": "page", "page": None},
            {"t": "end"},
        ):
            guest.send(message)
            assert guest.wait_for("trouble", about=message["t"])["problem"] == "not_allowed"
        other.is_answered()
        waiting.is_answered()
        assert not guest.kinds() & {"knocks", "room"}


def test_notes_of_staff_never_reach_a_guest(door):
    with party(door) as people:
        notes: Doc[Any] = Doc()
        notes.get("notes", type=Text).insert(0, "between us alone")
        people.host.send_binary(Channel.NOTES_UPDATE, notes.get_update())
        people.host.is_answered()
        for channel in (Channel.NOTES_STATE_VECTOR, Channel.NOTES_UPDATE):
            people.guest.send_binary(channel, EMPTY_VECTOR)
        assert people.guest.wait_for("trouble", about="notes")["problem"] == "not_allowed"
        people.guest.send_binary(VECTOR, EMPTY_VECTOR)
        people.guest.is_answered()
        colleague = door.host(people.opened.room)
        colleague.send_binary(Channel.NOTES_STATE_VECTOR, EMPTY_VECTOR)
        colleague.wait_for_binary(Channel.NOTES_UPDATE, b"between us alone")
        assert b"between us" not in people.guest.everything()


def test_guest_who_changes_pages_is_refused_and_nobody_sees_it(door):
    with party(door, guests=2) as people:
        one, two = people.guests
        writer = Writer(one)
        writer.pages["mine"] = Map({"order": 9.0})
        writer.push()
        assert one.wait_for("trouble", about="board")["problem"] == "not_allowed"
        reader = Writer(two)
        assert not list(reader.pages.keys())


def test_pen_that_was_taken_writes_no_more(door):
    with party(door) as people:
        guest = people.guest
        people.host.send({"t": "pen", "seat": guest.joined.seat, "allowed": False})
        assert guest.wait_for("rights")["rights"]["draw"] is False
        writer = Writer(guest)
        writer.items["a"] = item(guest.joined.seat)
        writer.push()
        guest.wait_for("trouble", about="board")
        live = {
            "t": "live",
            "stroke": "s",
            "page": "p",
            "brush": 1,
            "colour": 1,
            "width_pt": 1.0,
        }
        guest.send(live)
        guest.is_answered()
        people.host.is_answered()
        assert "live" not in people.host.kinds()
        assert "a" not in Writer(people.host).items


def test_refused_and_put_out_tokens_are_dead(door):
    with party(door) as people:
        waiting = door.knock(people.opened.key)
        people.host.send({"t": "refuse", "seat": waiting.joined.seat})
        assert waiting.wait_for("over")["reason"] == "refused"
        assert waiting.wait_until_closed() == Close.PUT_OUT
        people.host.send({"t": "put_out", "seat": people.guest.joined.seat})
        assert people.guest.wait_for("over")["reason"] == "put_out"
        assert people.guest.wait_until_closed() == Close.PUT_OUT
        for dead in (waiting, people.guest):
            assert door.come_in(dead.joined).wait_until_closed() == Close.PUT_OUT
        people.host.wait_for("seat_left", seat=people.guest.joined.seat)


def test_seat_is_taken_up_again_without_the_lobby(door):
    with party(door) as people:
        people.guest.leave()
        people.host.until(
            lambda: next(
                (m for m in people.host.texts if m["t"] == "seat"
                 and m["seat"]["id"] == people.guest.joined.seat
                 and not m["seat"]["connected"]), None),
            "the guest is lost",
        )  # fmt: skip
        again = door.come_in(people.guest.joined)
        assert again.wait_for("welcome")["seat"] == people.guest.joined.seat


def test_newer_connection_takes_the_seat(door):
    with party(door) as people:
        again = door.come_in(people.guest.joined)
        again.wait_for("welcome")
        assert people.guest.wait_until_closed() == Close.TAKEN_ELSEWHERE
        people.host.send({"t": "pointer", "page": "p1"})
        again.wait_for("pointer")


def test_end_tells_all_and_kills_key_and_tokens(door):
    with party(door) as people:
        waiting = door.knock(people.opened.key)
        people.host.send({"t": "end"})
        for visitor in (people.host, people.guest, waiting):
            assert visitor.wait_for("over")["reason"] == "ended"
            assert visitor.wait_until_closed() == Close.OVER
        assert people.guest.wait_for("over")["files_for_s"] == 600.0
        assert waiting.wait_for("over")["files_for_s"] == 0.0
        assert door.type_key(people.opened.key).json()["problem"] == "wrong_key"
        assert door.come_in(people.guest.joined).wait_until_closed() == Close.OVER


def test_files_are_fetched_after_leaving_and_after_the_end(door):
    with party(door, guests=2) as people:
        one, two = people.guests
        view = door.upload(people.opened.room, one.joined, "a.txt", b"what was handed over")
        two.wait_for("files")
        one.send({"t": "bye"})
        over = one.wait_for("over")
        assert over["reason"] == "left"
        assert [f["id"] for f in over["files"]] == [view["id"]]
        assert one.wait_until_closed() == Close.OVER
        assert door.come_in(one.joined).wait_until_closed() == Close.BAD_TOKEN
        people.host.send({"t": "end"})
        two.wait_for("over")
        below = f"files/{view['id']}"
        assert door.fetch(people.opened.room, two.joined, below) == b"what was handed over"


def test_consent_is_asked_for_before_the_door_opens(door):
    with party(door, guests=0, consent="ask") as people:
        waiting = door.knock(people.opened.key)
        assert waiting.wait_for("waiting")["room"]["consent"] == "ask"
        people.host.send({"t": "admit", "seat": waiting.joined.seat})
        assert people.host.wait_for("trouble", about="admit")["problem"] == "not_allowed"
        waiting.send({"t": "consent", "given": True})
        people.host.wait_for("knocks", total=1)
        people.host.send({"t": "admit", "seat": waiting.joined.seat})
        waiting.wait_for("welcome")


def test_room_that_is_full_lets_nobody_more_in(door):
    with party(door, guests=1, guest_limit=1) as people:
        waiting = door.knock(people.opened.key)
        people.host.send({"t": "admit", "seat": waiting.joined.seat})
        assert people.host.wait_for("trouble", about="admit")["problem"] == "room_full"
        waiting.is_answered()
        assert "welcome" not in waiting.kinds()


def test_token_of_one_room_opens_no_other(door):
    with party(door) as people, party(door) as others:
        writer = Writer(others.host)
        writer.pages["elsewhere"] = Map({"order": 1.0})
        writer.push()
        others.host.is_answered()
        people.guest.send({"t": "signal", "seat": others.guest.joined.seat})
        assert people.guest.wait_for("trouble", about="signal")["problem"] == "not_found"
        people.host.send({"t": "put_out", "seat": others.guest.joined.seat})
        assert people.host.wait_for("trouble", about="put_out")["problem"] == "not_found"
        others.guest.is_answered()
        Writer(people.guest)
        assert b"elsewhere" not in people.guest.everything()
        answer = door.http.get(
            f"/api/v1/rooms/{others.opened.room}/files/x",
            headers=bearer(people.guest.joined.token),
        )
        assert answer.status_code in {401, 403, 404}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", Close.MALFORMED),
        ('{"t":"nothing known"}', Close.MALFORMED),
        ('{"t":"ping","n":1,"more":2}', Close.MALFORMED),
        ('{"t":"pointer","page":"p","x_pt":1e999}', Close.MALFORMED),
        (b"", Close.MALFORMED),
        (b"\x09anything", Close.MALFORMED),
        (bytes([UPDATE]) + b"\xff\xff\xff", Close.MALFORMED),
        (bytes([VECTOR]) + b"\xff\xff\xff", Close.MALFORMED),
        ("x" * (MAX_TEXT_BYTES + 1), Close.TOO_LARGE),
        (bytes(MAX_BINARY_BYTES + 1), Close.TOO_LARGE),
    ],
    ids=lambda value: str(value)[:24] if not isinstance(value, Close) else value.name,
)
def test_frame_that_is_wrong_ends_the_connection_of_who_sent_it(door, frame, code):
    with party(door) as people:
        people.guest.send_raw(frame)
        assert people.guest.wait_until_closed() == code
        people.host.is_answered()


def test_hello_comes_first_and_once(door):
    with party(door) as people:
        people.guest.hello()
        assert people.guest.wait_until_closed() == Close.MALFORMED
        hasty = door.dial(people.guest.joined)
        hasty.send({"t": "ping", "n": 1})
        assert hasty.wait_until_closed() == Close.MALFORMED
        old = door.dial(people.guest.joined)
        old.send({"t": "hello", "token": people.guest.joined.token, "version": 99})
        assert old.wait_until_closed() == Close.OLD_CLIENT
        stranger = door.dial(people.guest.joined)
        stranger.send({"t": "hello", "token": "x" * 43, "version": 1})
        assert stranger.wait_until_closed() == Close.BAD_TOKEN


def test_who_talks_too_fast_is_sent_away(door):
    with party(door) as people:
        for n in range(400):
            people.guest.send_raw(f'{{"t":"ping","n":{n}}}')
        assert people.guest.wait_until_closed() == Close.TOO_FAST
        people.host.is_answered()


def test_reader_who_does_not_read_is_dropped_and_holds_nobody_up(door):
    with party(door) as people:
        deaf = door.dial(door.join(people.opened.key), max_queue=1)
        deaf.hello()
        deaf.wait_for("waiting")
        people.host.send({"t": "admit", "seat": deaf.joined.seat})
        deaf.wait_for("welcome")
        deaf._news.acquire()  # from here on nothing is taken from its socket
        try:
            writer = Writer(people.host)
            for n in range(40):
                for piece in range(4):
                    writer.items[f"i{n}-{piece}"] = item("kiosk", "x" * 190_000)
                writer.push()
                people.host.is_answered()
                people.guest.is_answered()
            people.host.until(
                lambda: next(
                    (m for m in people.host.texts if m["t"] == "seat"
                     and m["seat"]["id"] == deaf.joined.seat
                     and not m["seat"]["connected"]), None),
                "the deaf one is dropped",
            )  # fmt: skip
        finally:
            deaf._news.release()


def test_random_frames_hurt_nobody(door, service):
    rng = random.Random(11)
    with party(door, guests=3) as people:
        writer = Writer(people.host)
        writer.pages["p1"] = Map({"order": 1.0})
        writer.items["kept"] = item("kiosk", "kept")
        writer.push()
        people.host.is_answered()
        seeds = [
            '{"t":"live","stroke":"s","page":"p","brush":1,"colour":1,"width_pt":1,"points":[1,2]}',
            json.dumps({"t": "signal", "seat": people.host.joined.seat, "candidate": None}),
            '{"t":"pointer","page":"p","x_pt":1}',
            '{"t":"pen","seat":null,"allowed":false}',
            bytes([UPDATE]) + Writer(people.guest).doc.get_update(),
            bytes([VECTOR]) + writer.doc.get_state(),
            bytes([Channel.NOTES_UPDATE]) + writer.doc.get_update(),
        ]
        guest = people.guest
        for _ in range(300):
            guest.send_raw(damaged(rng, rng.choice(seeds)))
            if guest.close_code is not None or rng.random() < 0.02:
                guest.leave()
                guest = door.come_in(guest.joined)
        people.host.is_answered()
        reader = Writer(people.guests[1])
        assert reader.pages.to_py() == {"p1": {"order": 1.0}}
        assert reader.items["kept"] == item("kiosk", "kept")
    assert service.is_running()
    assert [c for c in service.complaints() if "Traceback" in str(c)] == []


def damaged(rng: random.Random, frame: str | bytes) -> str | bytes:
    data = bytearray(frame.encode() if isinstance(frame, str) else frame)
    for _ in range(rng.randint(0, 5)):
        match rng.randrange(3):
            case 0:
                data[rng.randrange(len(data))] = rng.randrange(256)
            case 1:
                del data[rng.randrange(len(data)) :]
                data = data or bytearray(b"{")
            case 2:
                data += rng.randbytes(rng.randint(1, 20))
    return data.decode("utf-8", "replace") if isinstance(frame, str) else bytes(data)


def test_kill_in_mid_session_loses_nothing(tmp_path):
    with (
        running_service(tmp_path) as service,
        Door(service.url, service.pair_display()) as door,
    ):
        opened = door.open_room()
        host = door.host(opened.room)
        guest = door.guest(opened.key, host)
        host.send({"t": "set_room", "memo": True})
        guest.wait_for("rights")
        waiting = door.knock(opened.key, "still waiting")
        ours, theirs = Writer(host), Writer(guest)
        ours.pages["p1"] = Map({"order": 1.0})
        ours.push()
        theirs.items["g"] = item(guest.joined.seat)
        theirs.memo += "written before the kill"
        theirs.push()
        notes: Doc[Any] = Doc()
        notes.get("notes", type=Text).insert(0, "noted")
        host.send_binary(Channel.NOTES_UPDATE, notes.get_update())
        host.wait_for_binary(UPDATE, b"before the kill")
        host.send({"t": "page", "page": "p1"})
        guest.wait_for("page")
        service.kill()
        for visitor in (host, guest, waiting):
            visitor.wait_until_closed()
        service.start()
        host, guest = door.come_in(host.joined), door.come_in(guest.joined)
        host.wait_for("welcome")
        guest.wait_for("welcome")
        door.come_in(waiting.joined).wait_for("waiting")
        # What the last 50 ms may have lost, those who have it hand in again.
        ours.visitor, theirs.visitor = host, guest
        host.send_binary(Channel.NOTES_STATE_VECTOR, EMPTY_VECTOR)
        for writer in (ours, theirs):
            writer.sent = EMPTY_VECTOR
            writer.push()
            writer.visitor.is_answered()
        ours.sync()
        assert str(ours.memo) == "written before the kill"
        assert list(ours.items) == ["g"]
        theirs.items["g2"] = item(guest.joined.seat)
        theirs.push()
        host.wait_for_binary(UPDATE, b"g2")
        late = door.guest(opened.key, host)
        assert Writer(late).pages.to_py() == {"p1": {"order": 1.0}}


def test_kill_leaves_everybody_their_own_ink_whoever_comes_back_first(tmp_path):
    with (
        running_service(tmp_path) as service,
        Door(service.url, service.pair_display()) as door,
    ):
        opened = door.open_room(guest_limit=2)
        host = door.host(opened.room)
        writer, other = door.guest(opened.key, host), door.guest(opened.key, host)
        theirs = Writer(writer)
        theirs.items["first"] = item(writer.joined.seat)
        theirs.push()
        echo = other.wait_for_binary(UPDATE, b"first")
        service.kill()
        for visitor in (host, writer, other):
            visitor.wait_until_closed()
        service.start()
        other = door.come_in(other.joined)
        other.wait_for("welcome")
        other.send_binary(Channel.BOARD_UPDATE, echo[1:])
        other.is_answered()
        writer = door.come_in(writer.joined)
        writer.wait_for("welcome")
        theirs.visitor, theirs.sent = writer, EMPTY_VECTOR
        theirs.items["second"] = item(writer.joined.seat)
        theirs.push()
        other.wait_for_binary(UPDATE, b"second")


def test_foreign_origin_is_turned_away(door, service):
    with party(door) as people, pytest.raises(Exception, match="403"):
        door.dial(people.guest.joined, origin="https://elsewhere.example")
    assert httpx.get(service.url + "/healthz", trust_env=False).status_code == 200
