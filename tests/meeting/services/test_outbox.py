import pytest

from base.errors import ErrorCode
from base.wire import MESSAGES_BURST, MESSAGES_HZ, Admit, Live, Pointer, parse_client
from meeting.services.outbox import MOST_COMMANDS, MOST_STROKES, Outbox
from meeting.services.room_error import RoomError


class Frames:
    """A source of binary frames."""

    def __init__(self, *frames: bytes) -> None:
        self.frames = list(frames)

    def next_frame(self) -> bytes | None:
        return self.frames.pop(0) if self.frames else None

    def wait_s(self) -> float | None:
        return 0.0 if self.frames else None


def piece(stroke: str, *points: float, end: bool = False) -> Live:
    return Live(stroke=stroke, page="p", brush=1, colour=0, width_pt=2, points=points, end=end)


def taken(outbox: Outbox, now_s: float) -> list[object]:
    found: list[object] = []
    while (frame := outbox.take(now_s)) is not None:
        found.append(frame if isinstance(frame, bytes) else parse_client(frame))
    return found


def test_commands_keep_their_order() -> None:
    outbox = Outbox(0.0)
    for seat in ("a", "b", "c"):
        outbox.put(Admit(seat=seat))
    assert taken(outbox, 0.0) == [Admit(seat="a"), Admit(seat="b"), Admit(seat="c")]


def test_commands_leave_before_documents_and_both_before_strokes() -> None:
    outbox = Outbox(0.0)
    outbox.put_live(piece("s", 1.0, 2.0, 0.5))
    outbox.add_source(Frames(b"\x01update"))
    outbox.put(Admit(seat="a"))
    found = taken(outbox, 0.0)
    assert found[:2] == [Admit(seat="a"), b"\x01update"]
    assert isinstance(found[2], Live)


def test_too_many_commands_are_refused() -> None:
    outbox = Outbox(0.0)
    for _ in range(MOST_COMMANDS):
        outbox.put(Admit(seat="a"))
    with pytest.raises(RoomError) as caught:
        outbox.put(Admit(seat="a"))
    assert caught.value.code is ErrorCode.ROOM_OFFLINE


def test_pieces_of_a_stroke_that_wait_are_joined() -> None:
    outbox = Outbox(0.0)
    for n in range(5):
        outbox.put_live(piece("s", float(n), 0.0, 0.5, end=n == 4))
    (joined,) = taken(outbox, 0.0)
    assert isinstance(joined, Live)
    assert joined.points[::3] == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert joined.end


def test_pieces_leave_at_most_sixty_times_a_second() -> None:
    outbox = Outbox(0.0)
    left = 0
    for ms in range(0, 1000, 4):
        outbox.put_live(piece("s", float(ms), 0.0, 0.5))
        left += len(taken(outbox, ms / 1000))
    assert 45 <= left <= 61


def test_piece_after_a_pause_leaves_at_once() -> None:
    outbox = Outbox(0.0)
    outbox.put_live(piece("s", 1.0, 1.0, 0.5))
    assert outbox.wait_s(0.0) == 0.0
    assert len(taken(outbox, 0.0)) == 1
    assert outbox.wait_s(0.0) is None


def test_last_place_of_a_pointer_is_the_one_that_counts() -> None:
    outbox = Outbox(0.0)
    for n in range(50):
        outbox.put_pointer(Pointer(page="p", x_pt=float(n)))
    assert taken(outbox, 0.0) == [Pointer(page="p", x_pt=49.0)]


def test_memory_is_bounded_when_nothing_leaves() -> None:
    outbox = Outbox(0.0)
    points = (1.0, 2.0, 0.5) * 200
    for n in range(3000):
        outbox.put_live(piece(f"s{n % 40}", *points))
    left = 0
    for second in range(200):
        left += len(taken(outbox, float(second)))
    assert left <= MOST_STROKES * 4


def test_end_of_a_stroke_leaves_even_when_its_middle_is_lost() -> None:
    outbox = Outbox(0.0)
    points = (1.0, 2.0, 0.5) * 256
    for n in range(50):
        outbox.put_live(piece("s", *points, end=n == 49))
    found: list[object] = []
    for second in range(20):
        found += taken(outbox, float(second))
    assert isinstance(found[-1], Live)
    assert found[-1].end


def test_rate_stays_below_what_the_service_takes() -> None:
    outbox = Outbox(0.0)
    left = 0
    for ms in range(10_000):
        outbox.put_pointer(Pointer(page="p", x_pt=float(ms)))
        outbox.put_live(piece("s", float(ms), 0.0, 0.5))
        if len(outbox._commands) < 100:
            outbox.put(Admit(seat="a"))
        left += len(taken(outbox, ms / 1000))
    assert left <= MESSAGES_BURST + 10 * MESSAGES_HZ


def test_fleeting_messages_leave_room_for_commands() -> None:
    outbox = Outbox(0.0)
    for ms in range(3000):
        for k in range(16):
            outbox.put_live(piece(f"s{k}", float(ms), 0.0, 0.5))
        taken(outbox, ms / 1000)
    outbox.put(Admit(seat="a"))
    assert taken(outbox, 3.0)[0] == Admit(seat="a")


def test_half_a_point_is_refused() -> None:
    with pytest.raises(ValueError, match="no piece"):
        Outbox(0.0).put_live(piece("s", 1.0, 2.0))


def test_cleared_outbox_is_empty() -> None:
    outbox = Outbox(0.0)
    outbox.put(Admit(seat="a"))
    outbox.put_live(piece("s", 1.0, 1.0, 0.5))
    outbox.put_pointer(Pointer(page="p"))
    outbox.clear()
    assert taken(outbox, 10.0) == []
