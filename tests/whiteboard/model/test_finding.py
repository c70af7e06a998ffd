import pytest

from tests.whiteboard.model.making import note, stroke, text
from whiteboard.model.bounds import Rect
from whiteboard.model.document import Hit, SheetRef
from whiteboard.model.finding import Finding, Findings, find_in_items, find_on_pages
from whiteboard.model.page import Page
from whiteboard.model.text_folding import fold

PAGES = [Page("a", 0.0), Page("b", 1.0), Page("c", 2.0)]


def finding(page_id: str, top: float = 0.0) -> Finding:
    return Finding(page_id, (Rect(0, top, 10, top + 10),), "around", 0, 2)


def test_findings_stand_in_the_order_of_pages_and_from_above() -> None:
    findings = Findings(PAGES)
    for one in (finding("c"), finding("a", 50), finding("b"), finding("a", 10)):
        findings.add(one)
    order = [(f.page_id, f.boxes[0].top) for f in (findings[n] for n in range(len(findings)))]
    assert order == [("a", 10), ("a", 50), ("b", 0), ("c", 0)]
    assert [findings.number(n) for n in range(4)] == [1, 1, 2, 3]


def test_finding_keeps_its_place_while_others_come() -> None:
    findings = Findings(PAGES)
    mine = finding("b")
    findings.add(mine)
    assert findings.place_of(mine) == 0
    findings.add(finding("a"))
    assert findings.place_of(mine) == 1
    assert findings.place_of(finding("b")) is None


def test_finding_on_a_page_that_is_not_known_is_left_out() -> None:
    findings = Findings(PAGES)
    findings.add(finding("z"))
    assert len(findings) == 0


def test_texts_and_notes_are_searched_without_minding_width() -> None:
    items = {
        "t": text(0, 0, words="会議は ＰＤＦ で"),
        "n": note(0, 300, words="pdfを配る"),
        "s": stroke([(0, 0), (5, 5)]),
    }
    found = find_in_items(PAGES[0], items, fold("Pdf"))
    assert {one.around[one.begin : one.end] for one in found} == {"ＰＤＦ", "pdf"}
    assert {one.page_id for one in found} == {"a"}


def test_only_a_piece_of_a_long_text_is_shown() -> None:
    items = {"t": text(0, 0, words="あ" * 200 + "黒板" + "い" * 200)}
    (one,) = find_in_items(PAGES[0], items, fold("黒板"))
    assert len(one.around) < 60
    assert one.around[one.begin : one.end] == "黒板"


def test_hit_is_found_on_every_page_of_its_sheet() -> None:
    pages = [
        Page("a", 0.0, width_pt=200, height_pt=100, sheet=SheetRef("d", 3)),
        Page("b", 1.0, width_pt=100, height_pt=200, sheet=SheetRef("d", 3, 1)),
    ]
    hit = Hit(3, (Rect(10, 20, 40, 30),), "本年度の黒板の予算")
    plain, turned = find_on_pages(pages, hit, fold("黒板"))
    assert plain.boxes == (Rect(10, 20, 40, 30),)
    assert turned.boxes == (Rect(70, 10, 80, 40),)
    assert plain.around[plain.begin : plain.end] == "黒板"


def test_text_written_downwards_is_found_as_one_piece() -> None:
    page = Page("a", 0.0, sheet=SheetRef("d", 0))
    boxes = tuple(Rect(300, 20.0 * n, 320, 20.0 * n + 20) for n in range(3))
    hit = Hit(0, boxes, "本 年 度 は 計 画 を")
    (one,) = find_on_pages([page], hit, fold("計画"))
    assert one.boxes == (Rect(300, 0, 320, 60),)
    assert one.around == "本年度は計画を"
    assert one.around[one.begin : one.end] == "計画"


@pytest.mark.parametrize(
    ("around", "begin"),
    [
        ("黒板" + "あ" * 22 + "黒板" + "い" * 22 + "黒板", 24),
        ("あ黒板" + "い" * 22 + "黒板", 1),
        ("黒板" + "あ" * 22 + "黒板い", 24),
    ],
)
def test_the_one_that_was_found_is_marked_of_several(around: str, begin: int) -> None:
    page = Page("a", 0.0, sheet=SheetRef("d", 0))
    (one,) = find_on_pages([page], Hit(0, (Rect(0, 0, 5, 5),), around), fold("黒板"))
    assert one.begin == begin


@pytest.mark.parametrize(
    ("around", "shown"),
    [
        ("算。図書館は月曜日に休みます", "図書館は月曜日に休みます"),
        (". The library is closed", "The library is closed"),
        ("cil heard of the old town library", "heard of the old town library"),
        (
            "災計画の見直しについて、この町にもうすぐできる新しい図書館",
            "見直しについて、この町にもうすぐできる新しい図書館",
        ),
        ("「図書館」", "「図書館」"),
        ("町の図書館", "町の図書館"),
    ],
)
def test_what_is_shown_begins_where_a_sentence_or_a_word_does(around: str, shown: str) -> None:
    page = Page("a", 0.0, sheet=SheetRef("d", 0))
    sought = "library" if "library" in around else "図書館"
    (one,) = find_on_pages([page], Hit(0, (Rect(0, 0, 5, 5),), around), fold(sought))
    assert one.around == shown
    assert one.around[one.begin : one.end] == sought
