"""From the knock to the farewell, and the while in which a lost seat is kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.wire import OpenAsked, Rights, Role
from rooms.model.room import RoomState, open_room
from rooms.model.seat import COLOURS, SeatPhase, SeatState, WrongStepError, choose_colour

NOW = 1_800_000_000.0
STEPS: dict[str, Callable[[SeatState], SeatState]] = {
    "admit": lambda seat: seat.admitted(NOW),
    "refuse": lambda seat: seat.refused(NOW),
    "put out": lambda seat: seat.put_out(NOW),
    "leave": lambda seat: seat.left(NOW),
    "take up": lambda seat: seat.taken_up(),
}


def a_seat(role: Role = Role.GUEST, phase: SeatPhase = SeatPhase.LOBBY) -> SeatState:
    return SeatState(
        id="s1",
        room_id="r1",
        token_hash=bytes(32),
        role=role,
        colour=COLOURS[0],
        knocked_at=NOW - 10,
        phase=phase,
    )


def a_room(**changes: object) -> RoomState:
    room = open_room(
        OpenAsked(), room_id="r1", key="12345678", opener="x", guest_limit=3, now=NOW
    )
    return replace(room, **changes)


@pytest.mark.parametrize(
    ("step", "phase"),
    [
        ("admit", SeatPhase.IN),
        ("refuse", SeatPhase.REFUSED),
        ("leave", SeatPhase.LEFT),
        ("take up", SeatPhase.LOBBY),
    ],
)
def test_step_out_of_the_lobby(step: str, phase: SeatPhase) -> None:
    assert STEPS[step](a_seat()).phase is phase


@pytest.mark.parametrize(
    ("step", "phase"),
    [("put out", SeatPhase.PUT_OUT), ("leave", SeatPhase.LEFT), ("take up", SeatPhase.IN)],
)
def test_step_out_of_the_room(step: str, phase: SeatPhase) -> None:
    assert STEPS[step](a_seat(phase=SeatPhase.IN)).phase is phase


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_no_way_leads_past_the_door_and_none_back_from_the_end(steps: list[str]) -> None:
    seat = a_seat()
    for step in steps:
        before = seat
        try:
            seat = STEPS[step](seat)
        except WrongStepError:
            assert seat is before
            continue
        assert not before.is_over
        if seat.is_in:
            assert before.is_in or step == "admit"


def test_lost_seat_is_kept_for_two_minutes() -> None:
    lost = a_seat(phase=SeatPhase.IN).lost(NOW)
    assert not lost.is_expired(NOW + 119.9, kept_s=120)
    assert lost.is_expired(NOW + 120, kept_s=120)
    assert lost.is_in


def test_first_moment_without_a_connection_counts() -> None:
    assert a_seat().lost(NOW).lost(NOW + 60).lost_at == NOW


def test_seat_that_was_taken_up_again_does_not_expire() -> None:
    seat = a_seat(phase=SeatPhase.IN).lost(NOW).taken_up()
    assert not seat.is_expired(NOW + 1e6, kept_s=120)


def test_seat_that_is_over_is_neither_lost_nor_expired() -> None:
    over = a_seat().refused(NOW)
    assert over.lost(NOW) is over
    assert not over.is_expired(NOW + 1e6, kept_s=120)


def test_guest_in_the_lobby_may_do_nothing() -> None:
    nothing = Rights(draw=False, point=False, files=False, memo=False)
    assert a_seat().rights(a_room(memo=True)) == nothing
    assert a_seat(phase=SeatPhase.PUT_OUT).rights(a_room(memo=True)) == nothing


@pytest.mark.parametrize("role", [Role.STAFF, Role.KIOSK])
def test_staff_and_kiosk_manage_and_see_the_notes(role: Role) -> None:
    rights = a_seat(role, SeatPhase.IN).rights(a_room(guest_pens=False, guest_files=False))
    assert rights == Rights(manage=True, notes=True)


def test_guest_never_manages_nor_sees_the_notes() -> None:
    rights = a_seat(phase=SeatPhase.IN).rights(a_room(memo=True))
    assert rights == Rights(draw=True, point=True, files=True, memo=True)


def test_pen_is_taken_from_one_or_from_all() -> None:
    guest = a_seat(phase=SeatPhase.IN)
    assert not guest.with_pen(False).rights(a_room()).draw
    assert guest.with_pen(False).with_pen(True).rights(a_room()).draw
    assert not guest.rights(a_room().with_guest_pens(False)).draw


@pytest.mark.parametrize(
    ("consent", "given", "may"),
    [("none", None, True), ("ask", None, False), ("ask", False, False), ("ask", True, True)],
)
def test_guest_comes_in_when_they_agreed_where_that_is_asked(
    consent: str, given: bool | None, may: bool
) -> None:
    assert replace(a_seat(), consent=given).may_come_in(a_room(consent=consent)) is may


def test_staff_are_not_asked() -> None:
    assert a_seat(Role.STAFF).may_come_in(a_room(consent="ask"))


def test_newcomers_have_colours_of_their_own_as_long_as_there_are_any() -> None:
    taken: list[str] = []
    for _ in COLOURS:
        taken.append(choose_colour(taken))
    assert set(taken) == set(COLOURS)
    assert choose_colour([*taken, COLOURS[0]]) == COLOURS[1]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("ground", ["#ffffff", "#24463a"])
def test_colour_is_seen_on_paper_and_on_the_board(colour: str, ground: str) -> None:
    lighter, darker = sorted((_luminance(colour), _luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3.1


def _luminance(colour: str) -> float:
    # Relative luminance as WCAG 2.2 defines it.
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
