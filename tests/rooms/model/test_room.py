"""When a key opens the lobby, and when a room is over."""

from dataclasses import replace

import pytest

from base.wire import OpenAsked, Problem, SetRoom
from rooms.model.room import RoomPhase, RoomState, link_of, open_room

NOW = 1_800_000_000.0


def a_room(asked: OpenAsked | None = None) -> RoomState:
    return open_room(
        asked or OpenAsked(title="相談"),
        room_id="r1",
        key="12345678",
        opener="account:a1",
        guest_limit=3,
        now=NOW,
    )


def test_room_without_times_is_open_at_once_and_until_somebody_ends_it() -> None:
    room = a_room()
    assert room.phase(NOW) is RoomPhase.OPEN
    assert room.phase(NOW + 1e6) is RoomPhase.OPEN
    assert room.ends_at(room_hours=24) == NOW + 86400


def test_planned_room_opens_and_closes_by_the_clock() -> None:
    room = a_room(OpenAsked(opens_in_s=600, open_for_s=1800))
    assert room.phase(NOW + 599) is RoomPhase.PLANNED
    assert room.phase(NOW + 600) is RoomPhase.OPEN
    assert room.phase(NOW + 2399) is RoomPhase.OPEN
    assert room.phase(NOW + 2400) is RoomPhase.OVER
    assert room.ends_at(room_hours=24) == NOW + 2400


def test_ended_room_has_no_key_and_stays_ended() -> None:
    ended = a_room().ended(NOW + 5)
    assert (ended.key, ended.ended_at) == (None, NOW + 5)
    assert ended.phase(NOW) is RoomPhase.OVER
    assert ended.ended(NOW + 99) is ended


@pytest.mark.parametrize(
    ("room", "problem"),
    [
        (a_room(), None),
        (a_room(OpenAsked(opens_in_s=60)), Problem.ROOM_NOT_YET),
        (a_room().ended(NOW), Problem.ROOM_OVER),
        (replace(a_room(), locked=True), Problem.ROOM_LOCKED),
    ],
)
def test_key_opens_the_lobby_of_an_open_unlocked_room(
    room: RoomState, problem: Problem | None
) -> None:
    assert room.may_knock(NOW) is problem


@pytest.mark.parametrize(
    ("room", "guests", "problem"),
    [
        (a_room(), 2, None),
        (a_room(), 3, Problem.ROOM_FULL),
        (a_room(OpenAsked(guest_limit=5)), 4, None),
        (a_room().ended(NOW), 0, Problem.ROOM_OVER),
        (a_room(OpenAsked(opens_in_s=60)), 0, Problem.ROOM_NOT_YET),
    ],
)
def test_guests_come_in_up_to_the_limit(
    room: RoomState, guests: int, problem: Problem | None
) -> None:
    assert room.may_admit(NOW, guests) is problem


def test_staff_may_prepare_a_planned_room() -> None:
    assert a_room(OpenAsked(opens_in_s=60)).may_enter(NOW) is None
    assert a_room().ended(NOW).may_enter(NOW) is Problem.ROOM_OVER


def test_change_touches_what_was_said_and_nothing_else() -> None:
    room = replace(a_room(), memo=True)
    changed = room.changed(SetRoom(locked=True, consent="ask"))
    assert changed == replace(room, locked=True, consent="ask")
    assert room.changed(SetRoom()) == room


def test_board_is_seen_while_a_page_is_shown() -> None:
    room = a_room()
    assert (room.view(NOW).board, room.view(NOW).page) == (False, None)
    shown = room.showing("p1").view(NOW)
    assert (shown.board, shown.page) == (True, "p1")


def test_opener_sees_key_link_and_times() -> None:
    room = a_room(OpenAsked(opens_in_s=60, open_for_s=600))
    opened = room.opened(NOW, "https://rooms.example.jp", guests=2, knocking=1)
    assert opened.link == "https://rooms.example.jp/r#12345678"
    assert (opened.state, opened.opens_in_s, opened.closes_in_s) == ("planned", 60, 660)
    assert (opened.guests, opened.knocking) == (2, 1)


def test_room_that_is_over_has_no_key_to_show() -> None:
    with pytest.raises(ValueError, match="over"):
        a_room().ended(NOW).opened(NOW, "https://rooms.example.jp", 0, 0)


def test_key_that_is_none_opens_nothing() -> None:
    with pytest.raises(ValueError, match="not a key"):
        open_room(OpenAsked(), room_id="r", key="11", opener="x", guest_limit=1, now=NOW)


def test_key_is_behind_the_part_of_the_link_that_is_sent() -> None:
    sent, _, kept = link_of("https://rooms.example.jp", "12345678").partition("#")
    assert "12345678" not in sent
    assert kept == "12345678"
