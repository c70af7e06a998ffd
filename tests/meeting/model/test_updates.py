import random

import pytest
from pycrdt import Array, Doc, Map, Text, merge_updates

from meeting.model.updates import split_update
from rooms.model.board_gate import Writer
from rooms.model.room_document import RoomDocument


def full_doc(items: int = 300) -> Doc:
    doc: Doc = Doc()
    things = doc.get("items", type=Map)
    pages = doc.get("pages", type=Map)
    memo = doc.get("memo", type=Text)
    listed = doc.get("list", type=Array)
    for n in range(items):
        things[f"i{n}"] = bytes(random.Random(n).randbytes(200 + n))
        if n % 7 == 0:
            pages[f"p{n}"] = Map({"width": 595.5, "order": n, "deep": Map({"a": [1, None]})})
        if n % 5 == 0:
            memo.insert(0, "黒板𠮷 and ink ")
        if n % 11 == 0:
            listed.extend([True, -3, 2**40, "text", {"k": [1.5, None]}, b"raw"])
        if n % 3 == 0 and n:
            del things[f"i{n - 1}"]
    return doc


def contents(doc: Doc) -> object:
    things = doc.get("items", type=Map)
    return (
        {key: bytes(value) for key, value in things.items()},
        doc.get("pages", type=Map).to_py(),
        str(doc.get("memo", type=Text)),
        doc.get("list", type=Array).to_py(),
    )


def rebuilt(pieces: list[bytes]) -> Doc:
    doc: Doc = Doc()
    for piece in pieces:
        doc.apply_update(piece)
    return doc


@pytest.mark.parametrize("most_bytes", [100, 1000, 20_000])
def test_pieces_do_together_what_the_update_does(most_bytes: int) -> None:
    doc = full_doc()
    pieces = split_update(doc.get_update(), most_bytes)
    assert len(pieces) > 2
    again = rebuilt(pieces)
    assert contents(again) == contents(doc)
    assert again.get_update() == doc.get_update()


@pytest.mark.parametrize("seed", range(4))
def test_changes_that_build_on_those_of_others_come_through(seed: int) -> None:
    rng = random.Random(seed)
    docs: list[Doc] = [Doc() for _ in range(4)]
    memos = [doc.get("memo", type=Text) for doc in docs]
    for n in range(120):
        k = rng.randrange(4)
        memos[k].insert(rng.randrange(len(str(memos[k])) + 1), f"ab{n} ")
        if n % 9 == 0 and len(str(memos[k])) > 8:
            del memos[k][2:5]
        for other in docs:
            other.apply_update(docs[k].get_update(other.get_state()))
    again = rebuilt(split_update(docs[0].get_update(), 80))
    assert str(again.get("memo", type=Text)) == str(memos[0])


def test_changes_of_many_people_are_split_too() -> None:
    docs = [full_doc(40) for _ in range(5)]
    update = merge_updates(*(doc.get_update() for doc in docs))
    whole: Doc = Doc()
    whole.apply_update(update)
    assert contents(rebuilt(split_update(update, 700))) == contents(whole)


def test_pieces_keep_to_the_size_where_structs_allow() -> None:
    doc: Doc = Doc()
    things = doc.get("items", type=Map)
    for n in range(2000):
        things[str(n)] = bytes(300)
    pieces = split_update(doc.get_update(), 10_000)
    assert max(map(len, pieces)) <= 10_100
    assert len(pieces) < 80


def test_small_update_stays_as_it_is() -> None:
    update = full_doc(3).get_update()
    assert split_update(update, len(update)) == [update]


def test_no_bytes_but_an_update_are_taken_and_nothing_else_is_raised() -> None:
    rng = random.Random(20261122)
    update = full_doc(30).get_update()
    for _ in range(3000):
        broken = bytearray(update[: rng.randrange(1, len(update))])
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(broken))
            broken[at : at + 1] = rng.randbytes(rng.randrange(1, 3))
        try:
            split_update(bytes(broken), 64)
        except (ValueError, UnicodeDecodeError):
            continue


def test_cut_off_update_is_refused() -> None:
    update = full_doc(30).get_update()
    with pytest.raises(ValueError, match=r"early|end"):
        split_update(update[:-3], 64)


@pytest.mark.parametrize("seed", range(6))
def test_no_piece_builds_on_a_later_one(seed: int) -> None:
    rng = random.Random(seed)
    docs: list[Doc] = [Doc() for _ in range(4)]
    for n in range(200):
        doc = docs[rng.randrange(4)]
        doc.get("items", type=Map)[f"i{rng.randrange(30)}"] = rng.randbytes(40)
        memo = doc.get("memo", type=Text)
        memo.insert(rng.randrange(len(str(memo)) + 1), f"ab{n} ")
        for other in docs:
            other.apply_update(doc.get_update(other.get_state()))
    document = RoomDocument([])
    for piece in split_update(docs[0].get_update(), 120):
        taken = document.take(piece, Writer("s1", is_trusted=True))
        assert not taken.has_gap
    whole: Doc = Doc()
    whole.apply_update(document.state())
    assert contents(whole) == contents(docs[0])
