import asyncio
from collections.abc import Callable

import pytest
from pycrdt import Doc, Map, Text, UndoManager

from base.wire import Channel
from meeting.services.board_sync import BATCH_GAP_S, FRAME_BYTES, DocSync, PlainDoc


class Side:
    """A document with its sync, and the clock that the test turns."""

    def __init__(self) -> None:
        self.doc: Doc = Doc()
        self.memo = self.doc.get("memo", type=Text)
        self.items = self.doc.get("items", type=Map)
        self.now_s = 0.0
        self.woken = 0
        self.sync = DocSync(
            PlainDoc(self.doc),
            Channel.BOARD_UPDATE,
            Channel.BOARD_STATE_VECTOR,
            self._wake,
            lambda: self.now_s,
        )

    def _wake(self) -> None:
        self.woken += 1

    def frames(self) -> list[bytes]:
        found = []
        while (frame := self.sync.next_frame()) is not None:
            found.append(frame)
        return found

    def synced_with(self, room: Doc) -> list[bytes]:
        """Open the line and do what the service does; return what was sent."""
        self.sync.opened()
        (asked,) = self.frames()
        self.sync.receive(Channel.BOARD_UPDATE, room.get_update(asked[1:]))
        self.sync.receive(Channel.BOARD_STATE_VECTOR, room.get_state())
        return self.frames()


def apply_all(room: Doc, frames: list[bytes]) -> None:
    for frame in frames:
        assert frame[0] == Channel.BOARD_UPDATE
        room.apply_update(frame[1:])


@pytest.fixture
def side() -> Side:
    return Side()


def room_with(memo: str) -> Doc:
    room: Doc = Doc()
    room.get("memo", type=Text).insert(0, memo)
    return room


def test_both_sides_tell_what_the_other_lacks(side: Side) -> None:
    room = room_with("theirs ")
    side.memo.insert(0, "ours ")
    apply_all(room, side.synced_with(room))
    assert str(side.memo) == str(room.get("memo", type=Text))
    assert "ours" in str(side.memo)
    assert "theirs" in str(side.memo)


def test_first_change_leaves_at_once_and_the_next_ones_together(side: Side) -> None:
    side.synced_with(Doc())
    side.memo.insert(0, "a")
    assert len(side.frames()) == 1
    side.memo.insert(0, "b")
    side.memo.insert(0, "c")
    assert side.frames() == []
    assert side.sync.wait_s() == pytest.approx(BATCH_GAP_S)
    side.now_s += BATCH_GAP_S
    assert len(side.frames()) == 1


def test_changes_of_others_are_not_sent_back(side: Side) -> None:
    side.synced_with(Doc())
    side.sync.receive(Channel.BOARD_UPDATE, room_with("theirs").get_update())
    assert str(side.memo) == "theirs"
    assert side.frames() == []
    assert side.sync.wait_s() is None


def test_update_that_says_nothing_new_does_not_swallow_the_next_own_change(side: Side) -> None:
    room = room_with("x")
    side.synced_with(room)
    side.sync.receive(Channel.BOARD_UPDATE, room.get_update())
    side.memo.insert(0, "own ")
    assert len(side.frames()) == 1


def test_own_undo_leaves_changes_of_others_alone(side: Side) -> None:
    side.synced_with(Doc())
    undo = UndoManager(scopes=[side.items], capture_timeout_millis=0)
    undo.include_origin("me")
    with side.doc.transaction(origin="me"):
        side.items["mine"] = b"1"
    other: Doc = Doc()
    other.get("items", type=Map)["theirs"] = b"2"
    side.sync.receive(Channel.BOARD_UPDATE, other.get_update())
    undo.undo()
    assert set(side.items.keys()) == {"theirs"}


def test_what_was_drawn_in_a_gap_is_told_after_it(side: Side) -> None:
    room: Doc = Doc()
    apply_all(room, side.synced_with(room))
    side.sync.lost()
    side.items["drawn alone"] = b"1"
    assert side.frames() == []
    assert side.sync.wait_s() is None
    apply_all(room, side.synced_with(room))
    assert set(room.get("items", type=Map).keys()) == {"drawn alone"}


def test_change_between_opening_and_the_others_vector_is_not_lost(side: Side) -> None:
    room: Doc = Doc()
    side.sync.opened()
    side.frames()
    side.memo.insert(0, "early ")
    assert side.frames() == []
    side.sync.receive(Channel.BOARD_STATE_VECTOR, room.get_state())
    apply_all(room, side.frames())
    assert str(room.get("memo", type=Text)) == "early "


def test_frames_that_make_no_sense_leave_the_document_as_it_is(
    side: Side, expected_log: Callable[[str], None]
) -> None:
    expected_log("frame makes no sense")
    side.synced_with(room_with("here"))
    for junk in (b"", b"\x01\x02\x03", b"\xff" * 40):
        side.sync.receive(Channel.BOARD_UPDATE, junk)
        side.sync.receive(Channel.BOARD_STATE_VECTOR, junk)
    assert str(side.memo) == "here"
    side.frames()
    side.now_s += 1
    side.memo.insert(0, "still ")
    assert len(side.frames()) == 1


def test_frames_of_other_documents_are_left_to_others(side: Side) -> None:
    assert not side.sync.receive(Channel.NOTES_UPDATE, b"\x00\x00")


def test_large_board_leaves_in_pieces_and_in_order(side: Side) -> None:
    async def share() -> list[bytes]:
        done = asyncio.Event()
        side.sync._wake = done.set
        room: Doc = Doc()
        side.sync.opened()
        side.frames()
        side.sync.receive(Channel.BOARD_STATE_VECTOR, room.get_state())
        side.memo.insert(0, "after it")
        done.clear()
        found = side.frames()
        while not found:
            await done.wait()
            done.clear()
            found = side.frames()
        side.now_s += 1
        return found + side.frames()

    for n in range(3000):
        side.items[f"i{n}"] = bytes(300)
    frames = asyncio.run(share())
    assert len(frames) > 10
    assert max(map(len, frames)) <= FRAME_BYTES + 1000
    room: Doc = Doc()
    apply_all(room, frames)
    assert len(room.get("items", type=Map)) == 3000
    assert str(room.get("memo", type=Text)) == "after it"


def test_closed_sync_listens_no_more(side: Side) -> None:
    side.synced_with(Doc())
    side.sync.close()
    side.memo.insert(0, "alone")
    assert side.frames() == []
    side.sync.close()


def test_first_state_of_the_room_is_announced_once_per_opening(side: Side) -> None:
    heard = []
    side.sync.on_synced(lambda: heard.append(str(side.memo)))
    room = room_with("board")
    side.synced_with(room)
    side.sync.receive(Channel.BOARD_UPDATE, room.get_update())
    assert heard == ["board"]
    side.sync.lost()
    side.synced_with(room)
    assert heard == ["board", "board"]
