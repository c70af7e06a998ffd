from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from base.board_doc import Affine, TextItem, pack_item
from base.wire import Problem
from base.yjs import pack_garbage, pack_update
from rooms.model.board_gate import Writer
from rooms.model.room_document import RoomDocument

STAFF = Writer("staff", is_trusted=True)
ANNA = Writer("anna", is_trusted=False)
BEN = Writer("ben", is_trusted=False)


def item(author: str, text: str = "x", *, page: str = "p1") -> bytes:
    box = Affine.upright(0, 0, 10, 10)
    return pack_item(TextItem(page, 1.0, author, box, 0, 12.0, text))


class Person:
    """A client with a document of its own, and the room's document behind it."""

    def __init__(self, room: RoomDocument, writer: Writer, client: int) -> None:
        self.room, self.writer = room, writer
        self.doc: Doc[Any] = Doc(client_id=client)
        self.items: Map[Any] = self.doc.get("items", type=Map)
        self.pages: Map[Any] = self.doc.get("pages", type=Map)
        self.memo: Text = self.doc.get("memo", type=Text)
        self.sent = self.doc.get_state()

    def pull(self) -> None:
        self.doc.apply_update(self.room.answer(self.doc.get_state()))
        self.sent = self.doc.get_state()

    def update(self) -> bytes:
        data = self.doc.get_update(self.sent)
        self.sent = self.doc.get_state()
        return data

    def push(self, writer: Writer | None = None):
        taken = self.room.take(self.update(), writer or self.writer)
        if taken.undo:
            self.doc.apply_update(taken.undo)
        return taken


@pytest.fixture
def room() -> RoomDocument:
    room = RoomDocument()
    staff = Person(room, STAFF, 1)
    staff.pages["p1"] = Map({"order": 1.0})
    staff.items["theirs"] = item("kiosk")
    staff.memo += "hello"
    assert staff.push().problem is None
    return room


@pytest.fixture
def anna(room: RoomDocument) -> Person:
    person = Person(room, ANNA, 2)
    person.pull()
    return person


@pytest.fixture
def ben(room: RoomDocument) -> Person:
    person = Person(room, BEN, 3)
    person.pull()
    return person


def test_guest_adds_an_item(room, anna):
    anna.items["a1"] = item("anna")
    taken = anna.push()
    assert (taken.problem, taken.undo, taken.claimed) == (None, b"", (2,))
    assert "a1" in room.item_ids()
    other: Doc = Doc()
    other.apply_update(room.state())
    assert other.get("items", type=Map)["a1"] == item("anna")


def test_guest_replaces_and_removes_their_own_item(room, anna):
    anna.items["a1"] = item("anna")
    anna.push()
    anna.items["a1"] = item("anna", "longer")
    assert anna.push().problem is None
    del anna.items["a1"]
    assert anna.push().problem is None
    assert room.item_ids() == ["theirs"]


def test_guest_writes_and_deletes_in_the_memo(room, anna):
    anna.memo += " world"
    assert anna.push().problem is None
    del anna.memo[0:2]
    anna.memo.insert(0, "H𠮷")
    assert anna.push().problem is None
    assert room.memo == "H𠮷llo world"


def test_guest_cannot_remove_the_item_of_another(room, anna):
    del anna.items["theirs"]
    taken = anna.push()
    assert (taken.problem, taken.update) == (Problem.NOT_ALLOWED, b"")
    assert room.item_ids() == ["theirs"]


def test_guest_cannot_replace_the_item_of_another(room, anna):
    anna.items["theirs"] = item("anna")
    assert anna.push().problem is Problem.NOT_ALLOWED
    fresh = Person(room, BEN, 9)
    fresh.pull()
    assert fresh.items["theirs"] == item("kiosk")


def test_guest_cannot_set_the_key_of_another_as_if_it_were_new(room):
    stranger = Person(room, ANNA, 2**40)
    stranger.items["theirs"] = item("anna")
    assert stranger.push().problem is Problem.NOT_ALLOWED
    fresh = Person(room, BEN, 9)
    fresh.pull()
    assert fresh.items["theirs"] == item("kiosk")


def test_guest_cannot_write_under_the_name_of_another(room, anna):
    anna.items["a1"] = item("ben")
    assert anna.push().problem is Problem.NOT_ALLOWED
    assert room.item_ids() == ["theirs"]


@pytest.mark.parametrize("value", [b"", b"junk", "text", 7, None, [b"x"], b"\x02" * 40])
def test_guest_cannot_add_what_is_no_item(room, anna, value):
    anna.items["a1"] = value
    assert anna.push().problem is Problem.NOT_ALLOWED
    assert room.item_ids() == ["theirs"]


def test_guest_cannot_add_a_map_as_an_item(room, anna):
    anna.items["a1"] = Map({"x": 1})
    assert anna.push().problem is Problem.NOT_ALLOWED
    assert room.item_ids() == ["theirs"]


def test_guest_cannot_touch_pages(room, anna):
    anna.pages["p2"] = Map({"order": 2.0})
    assert anna.push().problem is Problem.NOT_ALLOWED
    anna.pull()
    anna.pages["p1"]["order"] = 5.0
    assert anna.push().problem is Problem.NOT_ALLOWED
    del anna.pages["p1"]
    assert anna.push().problem is Problem.NOT_ALLOWED
    fresh = Person(room, BEN, 9)
    fresh.pull()
    assert fresh.pages.to_py() == {"p1": {"order": 1.0}}


@pytest.mark.parametrize("root", ["meta", "documents", "anything"])
def test_guest_cannot_touch_other_roots(room, anna, root):
    anna.doc.get(root, type=Map)["title"] = "mine"
    assert anna.push().problem is Problem.NOT_ALLOWED
    other: Doc = Doc()
    other.apply_update(room.state())
    assert not other.get(root, type=Map).to_py()


def test_guest_cannot_format_the_memo_or_give_it_keys(room, anna):
    anna.memo.format(0, 2, {"bold": True})
    assert anna.push().problem is Problem.NOT_ALLOWED
    as_map: Doc = Doc(client_id=77)
    as_map.get("memo", type=Map)["k"] = "v"
    assert room.take(as_map.get_update(), ANNA).problem is Problem.NOT_ALLOWED
    assert room.memo == "hello"


def test_what_is_refused_vanishes_at_its_sender_and_they_go_on(room, anna):
    anna.items["a1"] = item("anna")
    taken = anna.push(Writer("anna", is_trusted=False, may_draw=False))
    assert taken.problem is Problem.NOT_ALLOWED
    assert "a1" not in anna.items
    anna.items["a2"] = item("anna")
    anna.memo += "!"
    assert anna.push().problem is None
    assert sorted(room.item_ids()) == ["a2", "theirs"]
    assert room.memo == "hello!"


def test_words_typed_after_refused_ones_are_taken(room, anna):
    anna.memo += " lost"
    anna.push(Writer("anna", is_trusted=False, may_write=False))
    anna.memo += " kept"
    assert anna.push().problem is None
    assert room.memo == str(anna.memo) == "hello kept"


def test_one_bad_change_does_not_take_the_good_ones_along(room, anna):
    anna.items["a1"] = item("anna")
    anna.pages["p2"] = Map({"order": 2.0})
    anna.memo += "!"
    assert anna.push().problem is Problem.NOT_ALLOWED
    assert sorted(room.item_ids()) == ["a1", "theirs"]
    assert room.memo == "hello!"


def test_guest_cannot_go_on_in_the_name_of_another_client(room, anna, ben):
    ben.items["b1"] = item("ben")
    ben.push()
    anna.doc = Doc(client_id=3)
    anna.doc.apply_update(room.state())
    before = anna.doc.get_state()
    anna.doc.get("items", type=Map)["a1"] = item("anna")
    taken = room.take(anna.doc.get_update(before), ANNA)
    assert taken.update == b""
    ben.items["b2"] = item("ben")
    assert ben.push().problem is None
    assert sorted(room.item_ids()) == ["b1", "b2", "theirs"]


def test_what_comes_too_early_is_asked_for_and_never_waits_inside(room, anna):
    anna.memo += "1"
    first = anna.update()
    anna.memo += "2"
    second = anna.update()
    assert room.take(second, ANNA).has_gap
    assert room.take(second, STAFF).has_gap
    assert room.memo == "hello"
    assert room.take(first, ANNA).update
    assert room.memo == "hello1"
    assert room.take(second, ANNA).update
    assert room.memo == "hello12"


def test_the_same_update_twice_changes_nothing(room, anna):
    anna.memo += "1"
    data = anna.update()
    assert room.take(data, ANNA).update
    again = room.take(data, ANNA)
    assert (again.update, again.problem) == (b"", None)


def test_whole_document_sent_by_a_guest_is_no_offence(room, anna):
    anna.memo += "1"
    assert room.take(anna.doc.get_update(), ANNA).problem is None
    assert room.memo == "hello1"


def test_guest_removes_their_item_that_staff_moved(room, anna):
    anna.items["a1"] = item("anna")
    anna.push()
    staff = Person(room, STAFF, 11)
    staff.pull()
    staff.items["a1"] = item("anna", "moved")
    staff.push()
    anna.pull()
    del anna.items["a1"]
    assert anna.push().problem is None
    assert room.item_ids() == ["theirs"]


def test_restarted_service_knows_whose_clients_are(room, anna):
    anna.items["a1"] = item("anna")
    anna.push()
    after = RoomDocument([room.state()], {2: "anna"})
    anna.room = after
    anna.items["a2"] = item("anna")
    del anna.items["a1"]
    assert anna.push().problem is None
    assert sorted(after.item_ids()) == ["a2", "theirs"]


def test_full_board_refuses_guests_before_staff(room):
    small = RoomDocument(max_bytes=4000, guest_bytes=1000)
    anna, staff = Person(small, ANNA, 2), Person(small, STAFF, 1)
    anna.items["a1"] = item("anna", "x" * 1200)
    assert anna.push().problem is Problem.TOO_LARGE
    assert "a1" not in anna.items
    staff.items["s1"] = item("staff", "x" * 2000)
    assert staff.push().problem is None
    staff.items["s2"] = item("staff", "x" * 2500)
    assert staff.push().problem is Problem.TOO_LARGE
    assert small.item_ids() == ["s1"]


def test_garbage_of_a_guest_takes_no_effect(room):
    assert room.take(pack_update([(55, 0, [pack_garbage(5)])], ()), ANNA).problem is None
    assert room.item_ids() == ["theirs"]
    assert room.memo == "hello"


@pytest.mark.parametrize("writer", [STAFF, ANNA])
def test_nobody_puts_a_document_inside_the_document(room, writer):
    nested: Doc = Doc()
    nested.get("items", type=Map)["a"] = Doc()
    with pytest.raises(ValueError, match="inside"):
        room.take(nested.get_update(), writer)
    assert "a" not in room.item_ids()


def test_deleting_what_nobody_wrote_takes_no_effect(room):
    assert room.take(pack_update((), ((99, 5, 2000),)), ANNA).update == b""
    assert room.take(pack_update((), ((99, 5, 2000),)), STAFF).update == b""
    late = Person(room, STAFF, 99)
    late.memo += "0123456789"
    late.push()
    assert "0123456789" in room.memo


def test_everybody_ends_with_the_same_document_whatever_the_order(room):
    rng = random.Random(20)
    writers = [STAFF, ANNA, BEN, Writer("kim", is_trusted=False)]
    people = [Person(room, writer, 20 + n) for n, writer in enumerate(writers)]
    for person in people:
        person.pull()
    for step in range(600):
        person = rng.choice(people)
        author = person.writer.seat
        match rng.randrange(6):
            case 0:
                person.items[f"{author}{step}"] = item(author)
            case 1:
                own = [k for k in person.items if k.startswith(author)]
                if own:
                    del person.items[rng.choice(own)]
            case 2 | 3:
                person.memo.insert(rng.randrange(len(str(person.memo)) + 1), rng.choice("abc"))
            case 4:
                person.pull_only = True
                person.doc.apply_update(room.answer(person.doc.get_state()))
            case 5:
                if len(str(person.memo)) > 3:
                    del person.memo[1:3]
        if rng.random() < 0.5:
            taken = person.push()
            assert (taken.problem, taken.has_gap) == (None, False)
    for person in people:
        assert person.push().problem is None
    for person in people:
        person.pull()
        assert str(person.memo) == room.memo
        assert sorted(person.items) == sorted(room.item_ids())


def test_hostile_updates_never_reach_what_is_not_theirs(room, anna):
    rng = random.Random(8)
    before = {"pages": {"p1": {"order": 1.0}}, "theirs": item("kiosk")}
    anna.items["a1"] = item("anna")
    anna.memo += "abc"
    anna.pages["p9"] = Map({"order": 3.0})
    del anna.items["theirs"]
    sound = anna.update()
    for _ in range(3000):
        data = bytearray(sound)
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0, 1, 2, 7))
        try:
            room.take(bytes(data), ANNA)
        except ValueError:
            continue
    other: Doc = Doc()
    other.apply_update(room.state())
    assert other.get("pages", type=Map).to_py() == before["pages"]
    assert other.get("items", type=Map)["theirs"] == before["theirs"]
    assert not other.get("meta", type=Map).to_py()
