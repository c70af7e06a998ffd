from datetime import UTC, datetime

import pytest

from base import text
from kiosk.model.clock_face import date_text, ms_to_next_minute, time_text

WHEN = datetime(2026, 11, 21, 9, 5, 59, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", "2026年11月21日 土曜日"), ("en", "Saturday, 21 November 2026")],
)
def test_date_is_written_as_people_write_it(language: str, words: str) -> None:
    text.set_language(language)
    assert date_text(WHEN) == words


def test_minutes_have_two_digits() -> None:
    assert time_text(WHEN) == "9:05"


@pytest.mark.parametrize(
    ("second", "microsecond", "ms"), [(59, 250_000, 750), (0, 0, 60_000), (59, 999_999, 1)]
)
def test_next_tick_is_at_the_change_of_the_minute(
    second: int, microsecond: int, ms: int
) -> None:
    assert ms_to_next_minute(WHEN.replace(second=second, microsecond=microsecond)) == ms
