from datetime import date, datetime

import pytest

from base import text
from whiteboard.model.board_words import (
    FileName,
    copy_title,
    pages_text,
    shown_title,
    size_text,
    when_text,
)

NOON = datetime(2026, 11, 21, 12, 5).astimezone()
TODAY = date(2026, 11, 21)


def test_title_is_shown_as_it_was_written() -> None:
    assert shown_title(" 防災訓練 ", NOON) == "防災訓練"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Board of 21 Nov, 12:05"), ("ja", "11月21日 12:05 の板書")]
)
def test_board_without_title_is_called_by_when_it_was_begun(language: str, words: str) -> None:
    text.set_language(language)
    assert shown_title("  ", NOON) == words


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 21), "Today, 12:05"),
        (date(2026, 11, 22), "Yesterday, 12:05"),
        (date(2026, 12, 24), "21 November"),
        (date(2027, 1, 2), "21 November 2026"),
    ],
)
def test_moment_is_told_as_shortly_as_it_can_be(today: date, words: str) -> None:
    text.set_language("en")
    assert when_text(NOON, today) == words


def test_pages_are_counted_in_both_languages() -> None:
    text.set_language("en")
    assert [pages_text(1), pages_text(2)] == ["1 page", "2 pages"]
    text.set_language("ja")
    assert pages_text(2) == "2ページ"


def test_copy_says_of_what() -> None:
    text.set_language("ja")
    assert copy_title("会議") == "会議のコピー"


def test_file_name_has_title_and_day() -> None:
    name = FileName("会議", TODAY)
    assert (name.stem, name.plain_stem) == ("会議 2026-11-21", "board 2026-11-21")
    assert name.plain_stem.isascii()


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 kB"),
        (12, "1 kB"),
        (53_400, "53 kB"),
        (3_200_000, "3 MB"),
        (31_900_000_000, "31.9 GB"),
    ],
)
def test_size_has_one_unit(size_bytes: int, words: str) -> None:
    assert size_text(size_bytes) == words
