import pytest

from whiteboard.model.text_folding import fold
from whiteboard.services.rendering.sheet_text import Letter, Line, hits_in, words_of


def line(text: str, top: float = 0.0) -> Line:
    """Letters of 10 pt in a row."""
    return tuple(
        Letter(letter, (10.0 * n, top, 10.0 * n + 10.0, top + 10.0))
        for n, letter in enumerate(text)
    )


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("ＫＯＫＵＢＡＮ", "kokuban"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("Straße", "STRASSE"),
        ("①", "1"),
        ("town \n hall", "Town hall"),
        ("会 議", "会議"),
    ],
)
def test_ways_to_write_the_same_are_the_same(text: str, query: str) -> None:
    assert fold(text) == fold(query)


@pytest.mark.parametrize(("text", "query"), [("が", "か"), ("ガイド", "カイ")])
def test_voiced_kana_is_another_letter(text: str, query: str) -> None:
    assert hits_in([line(text)], fold(query)) == []


def test_hit_has_the_box_of_its_letters() -> None:
    (hit,) = hits_in([line("市役所の会議")], fold("会議"))
    assert hit.boxes == ((40.0, 0.0, 60.0, 10.0),)


def test_hit_across_two_lines_has_two_boxes() -> None:
    (hit,) = hits_in([line("予算の会"), line("議です", 20.0)], fold("会議"))
    assert hit.boxes == ((30.0, 0.0, 40.0, 10.0), (0.0, 20.0, 10.0, 30.0))


def test_words_of_two_lines_are_apart() -> None:
    assert len(hits_in([line("town"), line("hall")], fold("town hall"))) == 1
    assert hits_in([line("town"), line("hall")], fold("townhall")) == []


def test_hit_tells_what_is_around_it() -> None:
    (hit,) = hits_in([line("令和八年度の予算について")], fold("予算"))
    assert hit.around == "令和八年度の予算について"


def test_letter_that_becomes_several_is_found_whole() -> None:
    (hit,) = hits_in([line("㈱黒板")], fold("株"))
    assert hit.boxes == ((0.0, 0.0, 10.0, 10.0),)


def test_nothing_is_found_for_nothing() -> None:
    assert hits_in([line("会議")], fold(" ")) == []


def test_words_end_at_spaces_and_where_the_script_changes() -> None:
    words = list(words_of([line("Kokuban 市役所のデータ、2026年")]))
    assert [word.text for word in words] == [
        "Kokuban",
        "市役所",
        "の",
        "データ",
        "、",
        "2026",
        "年",
    ]
    assert words[1].box == (80.0, 0.0, 110.0, 10.0)
