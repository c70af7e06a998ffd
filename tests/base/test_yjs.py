from __future__ import annotations

import random

import pytest
from pycrdt import Array, Doc, Map, Text

from base.yjs import (
    Content,
    pack_garbage,
    pack_number,
    pack_runs,
    pack_update,
    parse_state_vector,
    parse_update,
)

MANY = 10_000


def written(*, client: int = 7) -> bytes:
    doc: Doc = Doc(client_id=client)
    items, memo = doc.get("items", type=Map), doc.get("memo", type=Text)
    pages = doc.get("pages", type=Map)
    items["a"] = b"\x01\x02"
    memo += "こん𠮷"
    pages["p"] = Map({"order": 1.5, "turns": 3, "is": True, "list": [None, {"x": "y"}]})
    del items["a"]
    items["b"] = b"\x03"
    del memo[0:3]
    return doc.get_update()


def test_update_of_a_document_is_taken_apart_to_its_last_byte():
    update = parse_update(written(), MANY)
    (block,) = update.blocks
    assert (block.client, block.clock) == (7, 0)
    assert block.end == sum(struct.length for struct in block.structs)
    assert update.deletions


def test_value_root_and_key_of_an_item_are_read():
    doc: Doc = Doc(client_id=7)
    doc.get("items", type=Map)["a"] = b"\x01\x02"
    (struct,) = parse_update(doc.get_update(), MANY).blocks[0].structs
    assert (struct.root, struct.key, struct.value) == ("items", "a", b"\x01\x02")


def test_text_is_as_long_as_browsers_count():
    doc: Doc = Doc(client_id=7)
    memo = doc.get("memo", type=Text)
    memo += "a𠮷"
    assert parse_update(doc.get_update(), MANY).blocks[0].structs[0].length == 3


def test_packed_again_it_makes_the_same_document():
    update = parse_update(written(), MANY)
    slices = [
        (b.client, b.clock, [update.data[s.start : s.end] for s in b.structs])
        for b in update.blocks
    ]
    doc: Doc = Doc()
    doc.apply_update(pack_update(slices, update.deletions))
    assert doc.get_update() == written()


def test_number_is_packed_as_the_library_does():
    from pycrdt import write_var_uint

    for number in (0, 1, 127, 128, 300, 2**31, 2**53 - 1):
        assert pack_number(number) == bytes(write_var_uint(number))


def test_state_vector_is_read():
    doc: Doc = Doc(client_id=300)
    doc.get("items", type=Map)["a"] = b"1"
    assert parse_state_vector(doc.get_state(), 10) == {300: 1}


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x02\x01\x01\x01\x02", b"\x00\x00", b"\xff" * 30]
)
def test_what_is_no_state_vector_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        parse_state_vector(data, 10)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00",
        b"\x01\x00\x07\x00\x00",
        b"\x01\x01\x07\x00\x00\x00\x00",  # garbage of no length
        b"\x02\x01\x07\x00\x00\x01\x01\x07\x01\x00\x01\x00",  # one client twice
        b"\x01\x01\x07\x00\x00\xff\xff\xff\xff\xff\xff\x0f\x00",  # a gigantic clock
        b"\x00\x01\x07\x01\x00\x00",  # a deletion of nothing
    ],
)
def test_what_is_no_update_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        parse_update(data, MANY)


def test_value_too_deep_is_refused():
    deep = b"\x75\x01" * 5000 + b"\x7e"
    with pytest.raises(ValueError, match="inside"):
        parse_update(b"\x01\x01\x07\x00\x28\x01\x05items\x01a\x01" + deep + b"\x00", MANY)


def test_more_structs_than_allowed_are_refused():
    data = pack_update([(7, 0, [pack_garbage(1)] * 11)], ())
    with pytest.raises(ValueError, match=r".+"):
        parse_update(data, 10)


def test_damaged_updates_raise_nothing_else():
    rng = random.Random(4)
    sound = written()
    for _ in range(3000):
        data = bytearray(sound)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        cut = bytes(data[: rng.randint(0, len(data))]) if rng.random() < 0.3 else bytes(data)
        try:
            update = parse_update(cut, MANY)
        except ValueError:
            continue
        if any(s.content is Content.DOCUMENT for b in update.blocks for s in b.structs):
            continue  # the library's own affair; the rooms refuse them
        # What is sound for us is sound for the library.
        doc: Doc = Doc()
        doc.apply_update(update.data)


def test_document_inside_a_document_is_one_element():
    doc: Doc = Doc(client_id=7)
    items = doc.get("items", type=Map)
    items["a"] = Doc()
    items["b"] = b"1"
    first, second = parse_update(doc.get_update(), MANY).blocks[0].structs
    assert (first.content, first.length, second.key) == (Content.DOCUMENT, 1, "b")


def test_run_of_structs_is_packed_under_its_first_clock():
    doc: Doc = Doc(client_id=7)
    items = doc.get("items", type=Map)
    for key in "abc":
        items[key] = key.encode()
    update = parse_update(doc.get_update(), MANY)
    packed = pack_runs(update.data, {7: update.blocks[0].structs[1:]})
    (block,) = parse_update(packed, MANY).blocks
    assert (block.clock, [struct.key for struct in block.structs]) == (1, ["b", "c"])


def test_nested_types_have_their_parent():
    doc: Doc = Doc(client_id=7)
    doc.get("pages", type=Map)["p"] = Map({"list": Array([1])})
    structs = parse_update(doc.get_update(), MANY).blocks[0].structs
    assert [s.content for s in structs[:2]] == [Content.TYPE, Content.TYPE]
    assert structs[1].parent == (7, 0)
