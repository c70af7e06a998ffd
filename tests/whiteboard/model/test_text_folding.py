import pytest

from whiteboard.model.text_folding import find_in, fold


@pytest.mark.parametrize(
    ("written", "sought"),
    [("ＰＤＦ資料", "pdf"), ("ｶﾞｲﾄﾞ", "ガイド"), ("Ｓｔｒａße", "STRASSE"), ("㈱黒板", "株")],
)
def test_width_and_case_do_not_matter(written: str, sought: str) -> None:
    assert fold(sought) in fold(written)


def test_place_is_that_of_the_text_as_it_is_written() -> None:
    text = "議事録は ｶﾞｲﾄﾞ を見る"
    ((begin, end),) = find_in(text, fold("ガイド"), 9)
    assert text[begin:end] == "ｶﾞｲﾄﾞ"


def test_unvoiced_kana_is_not_found_in_a_voiced_one() -> None:
    assert find_in("がっこう", fold("か"), 9) == []


def test_space_between_japanese_letters_means_nothing() -> None:
    assert len(find_in("防 災", fold("防災"), 9)) == 1
    assert find_in("townhall", fold("town hall"), 9) == []


def test_no_more_places_than_asked_for() -> None:
    assert len(find_in("ああああ", fold("あ"), 3)) == 3


def test_nothing_is_found_for_nothing() -> None:
    assert find_in("資料", fold("　"), 9) == []
