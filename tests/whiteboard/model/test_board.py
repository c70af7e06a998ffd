import gc
import math
import random
from collections import Counter
from dataclasses import replace
from itertools import count, pairwise

import pytest
from pycrdt import Array, Doc, Map

from base.board_doc import DOCUMENTS, ITEMS, META, PAGES, StrokeItem, pack_item
from tests.whiteboard.model.making import one_of_each, straight, text
from whiteboard.model.board import Board, BoardChange
from whiteboard.model.bounds import item_bounds
from whiteboard.model.document import DocumentRecord, SheetRef, SheetSize
from whiteboard.model.page import (
    DEFAULT_HEIGHT_PT,
    DEFAULT_WIDTH_PT,
    MAX_SIDE_PT,
    Background,
    Ruling,
    Surface,
    orders_between,
    parse_background,
)

AOI, KEN = "aoi", "ken"
DECK = "ab" * 32
A4 = SheetSize(595.0, 842.0)
WHITE_GRID = Background(Surface.WHITE, Ruling.GRID)


def new_board(name="b", update=None, **options):
    ids = (f"{name}{n}" for n in count())
    return Board(lambda: next(ids), update, **options)


def board_with_page(name="b", **options):
    board = new_board(name, **options)
    with board.change("system") as edit:
        page_id = edit.add_page(0, Background())
    return board, page_id


def add(board, person, item):
    with board.change(person) as edit:
        return edit.add(item)


def on(page_id, **changes):
    return replace(straight(0, 0, 10, 10), page=page_id, **changes)


def contents(board):
    return {page.id: dict(board.items(page.id)) for page in board.pages}


def join(*boards):
    """Let each board learn what the others know."""
    states = [board.state() for board in boards]
    for board in boards:
        for state in states:
            board.apply_update(state)


# Items


def test_new_board_is_empty():
    board = new_board()
    assert board.pages == ()
    assert board.title == ""
    assert board.items("nowhere") == {}
    assert board.item("nothing") is None
    with pytest.raises(KeyError):
        board.page("nowhere")


def test_items_come_back_from_the_state():
    board, page_id = board_with_page()
    ids = [add(board, AOI, replace(item, page=page_id)) for item in one_of_each()]
    again = new_board("c", board.state())
    assert contents(again) == contents(board)
    assert again.item(ids[0]) == board.item(ids[0])
    assert again.pages == board.pages
    assert again.top_z(page_id) == board.top_z(page_id)


def test_replaced_item_keeps_its_id():
    board, page_id = board_with_page()
    item_id = add(board, AOI, on(page_id))
    moved = on(page_id, colour=9)
    with board.change(AOI) as edit:
        edit.put(item_id, moved)
    assert board.items(page_id) == {item_id: moved}


def test_removing_what_is_gone_is_no_error():
    board, page_id = board_with_page()
    item_id = add(board, AOI, on(page_id))
    for _ in range(2):
        with board.change(AOI) as edit:
            edit.remove(item_id)
    assert board.items(page_id) == {}


def test_items_are_stacked_by_height_then_id():
    board, page_id = board_with_page()
    high = add(board, AOI, on(page_id, z=5.0))
    first = add(board, AOI, on(page_id, z=1.0))
    second = add(board, AOI, on(page_id, z=1.0))
    assert [item_id for item_id, _ in board.stacked(page_id)] == [first, second, high]
    assert board.top_z(page_id) > 5.0


def test_item_that_changes_its_page_leaves_the_old_one():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        other = edit.add_page(1, Background())
    item_id = add(board, AOI, on(page_id))
    with board.change(AOI) as edit:
        edit.put(item_id, on(other))
    assert board.items(page_id) == {}
    assert list(board.items(other)) == [item_id]


def test_items_added_in_one_change_can_be_stacked_on_one_another():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        ids = [edit.add(on(page_id, z=board.top_z(page_id))) for _ in range(12)]
    assert [item_id for item_id, _ in board.stacked(page_id)] == ids


# Listeners


def test_listener_hears_what_a_change_did():
    board, page_id = board_with_page()
    old, heard = on(page_id), []
    item_id = add(board, AOI, old)
    stop = board.on_change(heard.append)
    new = on(page_id, colour=7)
    with board.change(AOI) as edit:
        edit.put(item_id, new)
        other_id = edit.add(old)
    assert heard == [BoardChange({item_id: old}, {item_id: new, other_id: old})]
    stop()
    add(board, AOI, old)
    assert len(heard) == 1


def test_listener_hears_a_change_once_and_of_pages_and_titles():
    board, page_id = board_with_page()
    heard = []
    board.on_change(heard.append)
    with board.change(AOI) as edit:
        edit.set_title("会議")
        edit.set_background(page_id, WHITE_GRID)
        edit.add(on(page_id))
    (change,) = heard
    assert change.pages
    assert change.meta
    assert len(change.items_after) == 1
    assert board.title == "会議"


def test_change_that_does_nothing_is_not_told():
    board, _ = board_with_page()
    heard, updates = [], []
    board.on_change(heard.append)
    board.on_update(updates.append)
    with board.change(AOI):
        pass
    assert heard == []
    assert updates == []


def test_item_that_comes_and_goes_in_one_change_is_not_told():
    board, page_id = board_with_page()
    heard = []
    board.on_change(heard.append)
    with board.change(AOI) as edit:
        edit.remove(edit.add(on(page_id)))
    assert all(not change.items_before and not change.items_after for change in heard)
    assert board.items(page_id) == {}


def test_change_is_told_when_it_breaks_off():
    board, page_id = board_with_page()
    heard = []
    board.on_change(heard.append)

    def break_off():
        with board.change(AOI) as edit:
            edit.add(on(page_id))
            raise RuntimeError("the view failed")

    with pytest.raises(RuntimeError):
        break_off()
    assert len(heard) == 1
    assert len(board.items(page_id)) == 1
    assert board.undo(AOI)
    assert board.items(page_id) == {}


def test_updates_rebuild_the_board():
    board = new_board()
    updates = []
    board.on_update(updates.append)
    with board.change("system") as edit:
        page_id = edit.add_page(0, WHITE_GRID)
    for n in range(20):
        item_id = add(board, AOI, on(page_id, z=float(n)))
        if n % 3 == 0:
            with board.change(KEN) as edit:
                edit.remove(item_id)
        if n % 5 == 0:
            board.undo(AOI)
    other = new_board("c")
    for update in updates:
        other.apply_update(update)
    assert contents(other) == contents(board)
    assert other.pages == board.pages


def test_update_listener_can_be_stopped():
    board, page_id = board_with_page()
    updates = []
    board.on_update(updates.append)()
    add(board, AOI, on(page_id))
    assert updates == []


def test_listener_may_change_the_board():
    board, page_id = board_with_page()
    answers = []

    def answer(change):
        if all(item.author != KEN for item in change.items_after.values()):
            answers.append(add(board, KEN, on(page_id, author=KEN)))

    board.on_change(answer)
    first = add(board, AOI, on(page_id))
    assert set(board.items(page_id)) == {first, *answers}


# Undo


def test_undo_and_redo_of_one_person():
    board, page_id = board_with_page()
    assert not board.can_undo(AOI)
    assert not board.undo(AOI)
    assert not board.redo(AOI)
    item = on(page_id)
    item_id = add(board, AOI, item)
    assert board.can_undo(AOI)
    assert board.undo(AOI)
    assert board.items(page_id) == {}
    assert not board.can_undo(AOI)
    assert board.can_redo(AOI)
    assert board.redo(AOI)
    assert board.items(page_id) == {item_id: item}
    assert not board.can_redo(AOI)


def test_undo_takes_back_only_what_the_person_did():
    board, page_id = board_with_page()
    mine = [add(board, AOI, on(page_id, colour=n)) for n in range(3)]
    theirs = [add(board, KEN, on(page_id, colour=n)) for n in range(3)]
    assert board.undo(AOI)
    assert set(board.items(page_id)) == {*mine[:2], *theirs}
    assert board.undo(KEN)
    assert board.undo(KEN)
    assert set(board.items(page_id)) == {*mine[:2], theirs[0]}


def test_one_change_is_one_step():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        for n in range(10):
            edit.add(on(page_id, z=float(n)))
    assert board.undo(AOI)
    assert board.items(page_id) == {}


def test_undo_steps_over_what_was_taken_back_since():
    board, page_id = board_with_page()
    kept, palm = (add(board, AOI, on(page_id)) for _ in range(2))
    with board.change("") as edit:
        edit.remove(palm)
    assert board.can_undo(AOI)
    assert board.undo(AOI)
    assert board.item(kept) is None
    assert not board.can_undo(AOI)
    assert board.redo(AOI)
    assert list(board.items(page_id)) == [kept]
    assert board.can_undo(AOI)


def test_step_whose_items_are_gone_is_none():
    board, page_id = board_with_page()
    palm = add(board, AOI, on(page_id))
    with board.change("") as edit:
        edit.remove(palm)
    assert not board.can_undo(AOI)
    assert not board.undo(AOI)


def test_step_counts_again_when_its_items_are_back():
    board, page_id = board_with_page()
    item_id = add(board, AOI, on(page_id))
    with board.change(KEN) as edit:
        edit.remove(item_id)
    assert not board.can_undo(AOI)
    assert board.undo(KEN)
    assert board.can_undo(AOI)


def test_undo_brings_back_the_replaced_item():
    board, page_id = board_with_page()
    old = on(page_id)
    item_id = add(board, AOI, old)
    with board.change(AOI) as edit:
        edit.put(item_id, on(page_id, colour=8))
    board.undo(AOI)
    assert board.item(item_id) == old


def test_new_step_forgets_what_was_taken_back():
    board, page_id = board_with_page()
    add(board, AOI, on(page_id))
    board.undo(AOI)
    add(board, AOI, on(page_id))
    assert not board.can_redo(AOI)


def test_undo_is_told_like_a_change():
    board, page_id = board_with_page()
    item = on(page_id)
    item_id = add(board, AOI, item)
    heard = []
    board.on_change(heard.append)
    board.undo(AOI)
    board.redo(AOI)
    assert heard == [BoardChange({item_id: item}, {}), BoardChange({}, {item_id: item})]


def test_undo_of_pages():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        edit.add_page(1, WHITE_GRID)
    with board.change(AOI) as edit:
        edit.remove_page(page_id)
    board.undo(AOI)
    assert [page.background for page in board.pages] == [Background(), WHITE_GRID]
    board.undo(AOI)
    assert [page.id for page in board.pages] == [page_id]


def test_remote_changes_are_nobodys_step():
    board, page_id = board_with_page("a")
    other = new_board("o", board.state())
    add(other, AOI, on(page_id))
    board.apply_update(other.state())
    assert len(board.items(page_id)) == 1
    assert not board.can_undo(AOI)


def test_steps_beyond_the_memory_are_forgotten_oldest_first():
    board, page_id = board_with_page(undo_bytes=20_000)
    ids = [add(board, AOI, on(page_id)) for _ in range(200)]
    undone = 0
    while board.undo(AOI):
        undone += 1
    assert 20 < undone < 60
    assert set(board.items(page_id)) == set(ids[: 200 - undone])
    for _ in range(undone):
        assert board.redo(AOI)
    assert set(board.items(page_id)) == set(ids)


def test_one_large_step_can_always_be_taken_back():
    board, page_id = board_with_page(undo_bytes=1000)
    with board.change(AOI) as edit:
        for _ in range(100):
            edit.add(on(page_id))
    assert board.undo(AOI)
    assert board.items(page_id) == {}


def test_undo_works_on_after_steps_were_forgotten():
    board, page_id = board_with_page(undo_bytes=8_000)
    rng = random.Random(3)
    for n in range(400):
        choice = rng.random()
        if choice < 0.6:
            add(board, AOI, on(page_id, z=float(n)))
        elif choice < 0.8:
            before = contents(board)
            if board.undo(AOI):
                board.redo(AOI)
            assert contents(board) == before
        else:
            board.undo(AOI)
    assert contents(new_board("c", board.state())) == contents(board)


# Pages


def test_pages_stand_in_their_order():
    board = new_board()
    with board.change(AOI) as edit:
        middle = edit.add_page(0, Background())
    with board.change(AOI) as edit:
        first = edit.add_page(0, Background())
    with board.change(AOI) as edit:
        last = edit.add_page(99, Background(), 595.0, 842.0)
    assert [page.id for page in board.pages] == [first, middle, last]
    assert (board.page(last).width_pt, board.page(last).height_pt) == (595, 842)


def test_pages_added_in_one_change_keep_their_order():
    board = new_board()
    with board.change(AOI) as edit:
        ids = [edit.add_page(index, Background()) for index in range(30)]
    assert [page.id for page in board.pages] == ids
    with board.change(AOI) as edit:
        front = [edit.add_page(0, Background()) for _ in range(3)]
    assert [page.id for page in board.pages] == [*front[::-1], *ids]


def test_moved_page_stands_where_it_was_put():
    board = new_board()
    with board.change(AOI) as edit:
        ids = [edit.add_page(index, Background()) for index in range(5)]
    rng = random.Random(4)
    for _ in range(300):
        page_id, index = rng.choice(ids), rng.randrange(5)
        with board.change(AOI) as edit:
            edit.move_page(page_id, index)
        ids.remove(page_id)
        ids.insert(index, page_id)
        assert [page.id for page in board.pages] == ids


def test_pages_are_renumbered_when_no_number_is_left_between():
    board = new_board()
    with board.change(AOI) as edit:
        ids = [edit.add_page(index, Background()) for index in range(3)]
    expected = ids
    for n in range(120):
        page_id = expected[2] if n % 2 else expected[0]
        with board.change(AOI) as edit:
            edit.move_page(page_id, 1)
        expected = [i for i in expected if i != page_id]
        expected.insert(1, page_id)
        assert [page.id for page in board.pages] == expected


def test_duplicated_page_stands_behind_with_its_items():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        last = edit.add_page(1, Background())
    items = [on(page_id, z=2.0), replace(text(5, 5), page=page_id, z=1.0)]
    for item in items:
        add(board, AOI, item)
    with board.change(AOI) as edit:
        copy = edit.duplicate_page(page_id)
    assert [page.id for page in board.pages] == [page_id, copy, last]
    copies = [replace(item, page=page_id) for _, item in board.stacked(copy)]
    assert copies == [items[1], items[0]]
    assert len(board.items(page_id)) == 2
    board.undo(AOI)
    assert board.items(copy) == {}


def test_removed_page_takes_its_items_along():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        other = edit.add_page(1, Background())
    gone = add(board, AOI, on(page_id))
    kept = add(board, AOI, on(other))
    with board.change(AOI) as edit:
        edit.remove_page(page_id)
    assert board.item(gone) is None
    assert board.item(kept) is not None
    assert [page.id for page in board.pages] == [other]


def test_page_removed_in_the_change_that_filled_it_leaves_nothing():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        other = edit.add_page(1, Background())
        item_id = edit.add(on(other))
        edit.remove_page(other)
    assert board.item(item_id) is None
    assert [page.id for page in board.pages] == [page_id]


def test_last_page_stays():
    board, page_id = board_with_page()
    with pytest.raises(ValueError, match="one page"), board.change(AOI) as edit:
        edit.remove_page(page_id)
    with board.change(AOI) as edit:
        edit.add_page(1, Background())
    first, second = board.pages
    with board.change(AOI) as edit:
        edit.remove_page(first.id)
        with pytest.raises(ValueError, match="one page"):
            edit.remove_page(second.id)
    assert board.pages == (second,)


@pytest.mark.parametrize(
    "act",
    [
        lambda edit: edit.remove_page("no"),
        lambda edit: edit.move_page("no", 0),
        lambda edit: edit.duplicate_page("no"),
        lambda edit: edit.set_background("no", Background()),
        lambda edit: edit.turn_page("no", 1),
        lambda edit: edit.add_sheet_pages(sheets(1), "no"),
    ],
)
def test_unknown_pages_are_refused(act):
    board, _ = board_with_page()
    with pytest.raises(KeyError), board.change(AOI) as edit:
        act(edit)


def test_backgrounds_come_back():
    board, page_id = board_with_page()
    for surface in Surface:
        for ruling in Ruling:
            background = Background(surface, ruling)
            assert parse_background(str(background)) == background
            with board.change(AOI) as edit:
                edit.set_background(page_id, background)
            assert new_board("c", board.state()).pages[0].background == background


@pytest.mark.parametrize("words", ["", "marble/grid", "white/hexagons", None, 7, "white"])
def test_unknown_backgrounds_become_plain(words):
    background = parse_background(words)
    assert background.surface in Surface
    assert background.ruling is Ruling.NONE or background.surface is Surface.BLACKBOARD


def test_orders_between_ends_and_neighbours():
    assert orders_between(None, None, 1) == [0]
    for before, after in ((None, 3.0), (3.0, None), (1.0, 2.0), (None, None)):
        orders = orders_between(before, after, 5)
        row = [o for o in (before, *orders, after) if o is not None]
        assert len(orders) == 5
        assert all(a < b for a, b in pairwise(row))
    assert orders_between(1.0, 2.0, 0) == []
    with pytest.raises(ValueError, match="renumbered"):
        orders_between(1.0, 1.0, 1)
    with pytest.raises(ValueError, match="renumbered"):
        orders_between(1.0, math.nextafter(1.0, 2.0), 3)


# Documents


def sheets(count, document=DECK, turns=0):
    return [(SheetRef(document, n, turns), A4) for n in range(count)]


def board_with_deck(count=3):
    board, first = board_with_page()
    with board.change(AOI) as edit:
        edit.add_document(DECK, "会議.pdf", count)
        ids = edit.add_sheet_pages(sheets(count), first)
    return board, first, ids


def test_sheets_become_pages_in_one_step():
    board, first, ids = board_with_deck(300)
    assert [page.id for page in board.pages] == [first, *ids]
    assert [page.sheet.number for page in board.pages[1:]] == list(range(300))
    assert (board.pages[1].width_pt, board.pages[1].height_pt) == (595.0, 842.0)
    assert board.undo(AOI)
    assert [page.id for page in board.pages] == [first]
    assert board.redo(AOI)
    assert [page.id for page in board.pages] == [first, *ids]


def test_sheet_pages_come_back_from_the_state():
    board, _, _ = board_with_deck()
    again = new_board("c", board.state())
    assert again.pages == board.pages
    assert again.documents == {DECK: DocumentRecord("会議.pdf", 3)}


def test_sheets_go_between_other_pages():
    board, first, ids = board_with_deck(2)
    with board.change(KEN) as edit:
        others = edit.add_sheet_pages(sheets(3), ids[0])
        ahead = edit.add_sheet_pages(sheets(1), None)
    assert [page.id for page in board.pages] == [*ahead, first, ids[0], *others, ids[1]]


def test_sheets_go_between_pages_whose_orders_leave_no_room():
    update = foreign_board(pages={"a": Map({"order": 1.0}), "b": Map({"order": 1.0})})
    board = new_board(update=update)
    with board.change(AOI) as edit:
        ids = edit.add_sheet_pages(sheets(4), "a")
    assert [page.id for page in board.pages] == ["a", *ids, "b"]
    assert board.pages == new_board("c", board.state()).pages


def test_blank_page_goes_between_sheets_and_sheets_can_be_moved_and_left_out():
    board, first, ids = board_with_deck()
    with board.change(AOI) as edit:
        blank = edit.add_page(2, Background(Surface.WHITE))
        edit.move_page(ids[2], 0)
        edit.remove_page(ids[1])
    assert [page.id for page in board.pages] == [ids[2], first, ids[0], blank]


def test_sheet_that_is_turned_in_from_the_start_has_its_size_turned():
    board, first, _ = board_with_deck()
    with board.change(AOI) as edit:
        (turned,) = edit.add_sheet_pages(sheets(1, turns=3), first)
    page = board.page(turned)
    assert page.sheet == SheetRef(DECK, 0, 3)
    assert (page.width_pt, page.height_pt) == (842.0, 595.0)


def test_sheet_keeps_its_white_paper():
    board, _, ids = board_with_deck()
    with board.change(AOI) as edit:
        edit.set_background(ids[0], Background(Surface.BLACKBOARD, Ruling.GRID))
    assert board.page(ids[0]).background == Background(Surface.WHITE)


def test_duplicated_sheet_shows_the_same_sheet():
    board, _, ids = board_with_deck()
    with board.change(AOI) as edit:
        edit.turn_page(ids[1], 1)
        copy = edit.duplicate_page(ids[1])
    assert board.page(copy).sheet == SheetRef(DECK, 1, 1)
    assert board.page(copy).width_pt == 842.0


def test_documents_that_came_are_told_once():
    board, _ = board_with_page()
    told = []
    board.on_change(told.append)
    for _ in range(2):
        with board.change(AOI) as edit:
            edit.add_document(DECK, "会議.pptx", 1, "cd" * 32)
    assert [change.documents for change in told] == [True]
    assert board.documents == {DECK: DocumentRecord("会議.pptx", 1, "cd" * 32)}


def test_document_stays_known_when_its_pages_are_taken_back():
    board, _, _ = board_with_deck()
    board.undo(AOI)
    assert DECK in board.documents


@pytest.mark.parametrize("name", ["", "ab", "AB" * 32, "zz" * 32, "ab" * 33])
def test_documents_are_named_by_their_hash(name):
    board, _ = board_with_page()
    with board.change(AOI) as edit:
        with pytest.raises(ValueError, match="SHA-256"):
            edit.add_document(name, "x", 1)
        with pytest.raises(ValueError, match="SHA-256"):
            edit.add_sheet_pages(sheets(1, name), None)
    assert len(board.pages) == 1


@pytest.mark.parametrize(
    ("fields", "sheet"),
    [
        ({"document": DECK, "sheet": 2, "turns": 1}, SheetRef(DECK, 2, 1)),
        ({"document": DECK, "sheet": 2.0, "turns": 5.0}, SheetRef(DECK, 2, 1)),
        ({"document": DECK, "sheet": 0}, SheetRef(DECK, 0, 0)),
        ({"document": DECK, "sheet": 0, "turns": "x"}, SheetRef(DECK, 0, 0)),
        ({"document": DECK}, None),
        ({"document": DECK, "sheet": -1}, None),
        ({"document": DECK, "sheet": 1e300}, None),
        ({"document": DECK, "sheet": True}, None),
        ({"document": "../deck", "sheet": 0}, None),
        ({"document": 7, "sheet": 0}, None),
    ],
)
def test_sheets_are_read_leniently(fields, sheet):
    board = new_board(update=foreign_board(pages={"a": Map(fields)}))
    assert board.page("a").sheet == sheet


def test_damaged_documents_are_read_with_defaults():
    doc = Doc()
    documents = doc.get(DOCUMENTS, type=Map)
    documents[DECK] = "not a document"
    documents["cd" * 32] = Map({"name": 7, "sheets": "many", "source": "x"})
    documents["elsewhere"] = Map({"name": "x"})
    board = new_board(update=doc.get_update())
    assert board.documents == dict.fromkeys([DECK, "cd" * 32], DocumentRecord("", 0))


# Turning


def test_turned_page_turns_sheet_items_and_size():
    board, _, (page_id, *_) = board_with_deck()
    dot = add(board, AOI, on(page_id))
    with board.change(AOI) as edit:
        edit.turn_page(page_id, 1)
    page = board.page(page_id)
    assert page.sheet.turns == 1
    assert (page.width_pt, page.height_pt) == (842.0, 595.0)
    assert board.item(dot).samples()[0, :2].tolist() == [842.0, 0.0]
    assert board.item(dot).samples()[-1, :2].tolist() == [832.0, 10.0]


def test_turning_is_one_step():
    board, _, (page_id, *_) = board_with_deck()
    for item in one_of_each():
        add(board, AOI, replace(item, page=page_id))
    before, items = board.page(page_id), dict(board.items(page_id))
    with board.change(AOI) as edit:
        edit.turn_page(page_id, -1)
    assert board.page(page_id) != before
    board.undo(AOI)
    assert board.page(page_id) == before
    assert board.items(page_id) == items


@pytest.mark.parametrize("turns", [(1, 1, 1, 1), (2, 2), (1, 3), (4,), (-1, 1), (0,)])
def test_whole_turn_leaves_everything_where_it_was(turns):
    board, _, (page_id, *_) = board_with_deck()
    with board.change(AOI) as edit:
        edit._entry(page_id)["width"] = 595.276
        edit._entry(page_id)["height"] = 841.89
    ids = [add(board, AOI, replace(item, page=page_id)) for item in one_of_each()]
    before, items = board.page(page_id), dict(board.items(page_id))
    for quarter in turns:
        with board.change(AOI) as edit:
            edit.turn_page(page_id, quarter)
    assert board.page(page_id) == before
    stroke = next(i for i in ids if isinstance(items[i], StrokeItem))
    assert board.item(stroke) == items[stroke]
    for item_id in ids:
        was, now = item_bounds(items[item_id]), item_bounds(board.item(item_id))
        assert now.left == pytest.approx(was.left, abs=1e-6)
        assert now.bottom == pytest.approx(was.bottom, abs=1e-6)


def test_page_of_the_board_can_be_turned_as_well():
    board, page_id = board_with_page()
    with board.change(AOI) as edit:
        edit.turn_page(page_id, 3)
    page = board.page(page_id)
    assert (page.width_pt, page.height_pt) == (DEFAULT_HEIGHT_PT, DEFAULT_WIDTH_PT)
    assert page.sheet is None


# Two boards


def test_concurrent_edits_merge():
    one, page_id = board_with_page("a")
    other = new_board("b", one.state())
    mine, theirs = add(one, AOI, on(page_id)), add(other, KEN, on(page_id))
    join(one, other)
    assert contents(one) == contents(other)
    assert set(one.items(page_id)) == {mine, theirs}


def test_undo_stays_with_its_person_across_boards():
    one, page_id = board_with_page("a")
    other = new_board("b", one.state())
    mine, theirs = add(one, AOI, on(page_id)), add(other, KEN, on(page_id))
    join(one, other)
    one.undo(AOI)
    join(one, other)
    assert set(other.items(page_id)) == {theirs}
    one.redo(AOI)
    other.undo(KEN)
    join(one, other)
    assert set(one.items(page_id)) == set(other.items(page_id)) == {mine}


def test_one_of_two_replacements_wins_on_both_boards():
    one, page_id = board_with_page("a")
    item_id = add(one, AOI, on(page_id))
    other = new_board("b", one.state())
    for board, colour in ((one, 5), (other, 6)):
        with board.change(AOI) as edit:
            edit.put(item_id, on(page_id, colour=colour))
    join(one, other)
    assert one.item(item_id) == other.item(item_id)
    assert one.item(item_id).colour in (5, 6)


def test_random_edits_of_three_boards_converge():
    rng = random.Random(9)
    first, page_id = board_with_page("a")
    boards = [first, new_board("b", first.state()), new_board("c", first.state())]
    for _ in range(40):
        for person, board in enumerate(boards):
            name = f"person{person}"
            page = rng.choice(board.pages)
            act = rng.random()
            with board.change(name) as edit:
                ids = list(board.items(page.id))
                if act < 0.5 or not ids:
                    edit.add(on(page.id, z=float(rng.randrange(9))))
                elif act < 0.65:
                    edit.remove(rng.choice(ids))
                elif act < 0.75:
                    edit.put(rng.choice(ids), on(page.id, colour=rng.randrange(200)))
                elif act < 0.85:
                    edit.add_page(rng.randrange(4), WHITE_GRID)
                elif act < 0.95:
                    edit.move_page(page.id, rng.randrange(4))
                elif len(board.pages) > 2:
                    edit.remove_page(page.id)
            if rng.random() < 0.3:
                board.undo(name)
        if rng.random() < 0.3:
            join(*rng.sample(boards, 2))
    join(*boards)
    assert contents(boards[0]) == contents(boards[1]) == contents(boards[2])
    assert boards[0].pages == boards[1].pages == boards[2].pages
    assert page_id
    assert contents(new_board("d", boards[0].state())) == contents(boards[0])


def test_update_is_told_with_what_it_did():
    one, page_id = board_with_page("a")
    other = new_board("b", one.state())
    item_id = add(other, KEN, on(page_id))
    heard = []
    one.on_change(heard.append)
    one.apply_update(other.state())
    assert [set(change.items_after) for change in heard] == [{item_id}]
    one.apply_update(other.state())
    assert len(heard) == 1


# Damage


def foreign_board(*, items=(), pages=(), meta=()):
    doc = Doc()
    for name, entries in ((ITEMS, items), (PAGES, pages), (META, meta)):
        root = doc.get(name, type=Map)
        for key, value in dict(entries).items():
            root[key] = value
    return doc.get_update()


def test_unreadable_items_are_counted_and_kept():
    good = pack_item(on("p"))
    update = foreign_board(items={"good": good, "later": b"\x09new", "odd": "text"})
    board = new_board(update=update)
    assert board.unreadable == 2
    assert list(board.items("p")) == ["good"]
    other = new_board("c", board.state())
    assert other.unreadable == 2


@pytest.mark.parametrize("value", [5, 10.0**12, 1 << 40, None, True, "x", [1, 2], {"a": 1}])
def test_values_that_are_no_items_are_unreadable(value):
    board = new_board(update=foreign_board(items={"odd": value}))
    assert board.unreadable == 1


def test_unreadable_item_that_is_replaced_is_readable():
    board = new_board(update=foreign_board(items={"odd": b"?"}))
    with board.change(AOI) as edit:
        edit.put("odd", on("p"))
    assert board.unreadable == 0
    with board.change(AOI) as edit:
        edit.remove("odd")
    assert board.items("p") == {}


def test_item_that_becomes_unreadable_leaves_the_page():
    one, page_id = board_with_page("a")
    item_id = add(one, AOI, on(page_id))
    doc = Doc()
    items = doc.get(ITEMS, type=Map)
    doc.apply_update(one.state())
    items[item_id] = b"\x09from a later version"
    heard = []
    one.on_change(heard.append)
    one.apply_update(doc.get_update())
    assert one.items(page_id) == {}
    assert one.unreadable == 1
    assert list(heard[0].items_before) == [item_id]


def test_damaged_pages_are_read_with_defaults():
    update = foreign_board(
        pages={
            "a": Map({"order": float("nan"), "background": 7, "width": "wide"}),
            "b": Map({"order": 1, "width": -5.0, "height": True}),
            "e": Map({"order": 2, "width": 1e300}),
            "c": "not a page",
            "d": Array([1]),
        }
    )
    board = new_board(update=update)
    pages = {page.id: page for page in board.pages}
    assert set(pages) == set("abcde")
    assert pages["e"].width_pt == MAX_SIDE_PT
    assert pages["a"].background == Background()
    assert pages["a"].width_pt == pages["c"].width_pt == DEFAULT_WIDTH_PT
    assert pages["b"].width_pt == 1
    assert pages["b"].height_pt == pages["d"].height_pt == DEFAULT_HEIGHT_PT


def test_damaged_pages_can_be_moved_painted_and_removed():
    board = new_board(update=foreign_board(pages={"a": "not a page", "b": Map({})}))
    with board.change(AOI) as edit:
        edit.move_page("a", 1)
        edit.set_background("a", WHITE_GRID)
    assert [page.id for page in board.pages] == ["b", "a"]
    assert board.page("a").background == WHITE_GRID
    with board.change(AOI) as edit:
        edit.remove_page("a")
    assert [page.id for page in board.pages] == ["b"]


@pytest.mark.parametrize("title", [7, None, b"x", "題"])
def test_title_is_always_text(title):
    board = new_board(update=foreign_board(meta={"title": title}))
    assert isinstance(board.title, str)
    assert board.title == (title if isinstance(title, str) else "")


@pytest.mark.parametrize("data", [b"", b"\x00", b"no update", b"\xff" * 50])
def test_what_is_no_update_is_refused(data):
    with pytest.raises(ValueError, match="not a Yjs update"):
        new_board(update=data)
    board, page_id = board_with_page()
    item_id = add(board, AOI, on(page_id))
    with pytest.raises(ValueError, match="not a Yjs update"):
        board.apply_update(data)
    assert list(board.items(page_id)) == [item_id]


def test_damaged_updates_are_refused_or_leave_a_board_that_works():
    rng = random.Random(10)
    source, page_id = board_with_page("s")
    for n in range(10):
        add(source, AOI, on(page_id, z=float(n)))
    whole = source.state()
    outcomes = Counter()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 4])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            board = new_board("x", bytes(data))
        except ValueError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        for page in board.pages:
            board.stacked(page.id)
        assert board.title == ""
        with board.change(AOI) as edit:
            edit.add_page(0, Background())
    assert outcomes["read"] > 50
    gc.collect()
