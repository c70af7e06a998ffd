from base.wire import (
    FileView,
    Knock,
    Knocks,
    Over,
    PageShown,
    Pong,
    Rights,
    RightsChanged,
    Role,
    RoomView,
    SeatChanged,
    SeatLeft,
    SeatView,
    Waiting,
    Welcome,
)
from meeting.model.room import NO_RIGHTS, Room, after_message

VIEW = RoomView(id="r1", title="Taxes")
ME = SeatView(id="s1", name="Counter", role=Role.KIOSK, colour="#224466")
GUEST = SeatView(id="s2", name="", role=Role.GUEST, colour="#884422")
FILE = FileView(id="f1", name="a.pdf", size=3, media_type="application/pdf", seat="s2")


def welcomed() -> Room:
    message = Welcome(
        seat="s1", role=Role.KIOSK, room=VIEW, seats=(ME,), rights=Rights(manage=True), ice=()
    )
    return after_message(Room(), message)


def test_seat_in_the_lobby_may_do_nothing() -> None:
    room = after_message(welcomed(), Waiting(seat="s1", room=VIEW, staff_here=True))
    assert not room.is_in
    assert room.staff_here
    assert room.rights == NO_RIGHTS
    assert room.seats == ()


def test_welcome_says_everything_anew() -> None:
    room = welcomed()
    assert room.is_in
    assert room.rights.manage
    assert room.seat_view("s1") == ME


def test_seats_come_change_and_go() -> None:
    room = after_message(welcomed(), SeatChanged(seat=GUEST))
    louder = GUEST.model_copy(update={"microphone": True})
    room = after_message(room, SeatChanged(seat=louder))
    assert room.seats == (ME, louder)
    assert after_message(room, SeatLeft(seat="s2")).seats == (ME,)


def test_those_in_the_lobby_are_counted() -> None:
    knock = Knock(seat="s9", name="山田", language="ja", since_s=2.0)
    room = after_message(welcomed(), Knocks(knocks=(knock,), total=40))
    assert room.knocks == (knock,)
    assert room.knocking == 40


def test_page_shown_is_part_of_the_room() -> None:
    room = after_message(welcomed(), PageShown(page="p2", seat="s1"))
    assert room.view is not None
    assert (room.view.page, room.view.board) == ("p2", True)
    put_away = after_message(room, PageShown(page=None))
    assert put_away.view is not None
    assert (put_away.view.page, put_away.view.board) == (None, False)


def test_rights_change() -> None:
    assert not after_message(welcomed(), RightsChanged(rights=NO_RIGHTS)).rights.manage


def test_files_can_be_fetched_after_the_end() -> None:
    over = Over(reason="ended", files=(FILE,), files_for_s=600.0)
    room = after_message(welcomed(), over)
    assert room.files == (FILE,)
    assert room.files_for_s == 600.0
    assert not room.is_in


def test_message_that_says_nothing_of_the_room_leaves_the_same_value() -> None:
    room = welcomed()
    assert after_message(room, Pong(n=3)) is room


def test_who_came_in_waits_no_longer() -> None:
    knock = Knock(seat="s2", name="", language="ja", since_s=2.0)
    room = after_message(welcomed(), Knocks(knocks=(knock,), total=12))
    room = after_message(room, SeatChanged(seat=GUEST))
    assert (room.knocks, room.knocking) == ((), 11)
