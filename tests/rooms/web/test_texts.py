"""Each person is spoken to in their own language, from one catalogue for page and scripts."""

import pytest

from base.wire import Language
from rooms.web.static_files import static_files
from rooms.web.texts import LANGUAGES, choose_language, texts_of
from tools.catalogues import compile_stale


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    compile_stale()


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        (None, None, "", "ja"),
        (None, None, "ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "en;q=0.3, ja;q=0.8", "ja"),
        (None, None, "vi-VN,vi;q=0.9", "ja-easy"),
        (None, None, "pt-BR, en;q=0.5", "en"),
        (None, None, "*", "ja"),
        (None, None, "ja;q=broken, en", "en"),
        (None, "ja-easy", "en", "ja-easy"),
        ("en", "ja-easy", "ja", "en"),
        ("../../etc", None, "en", "en"),
    ],
)
def test_language_is_the_one_asked_for_then_the_kept_then_the_browsers(
    asked: str | None, kept: str | None, accepted: str, chosen: Language
) -> None:
    assert choose_language(asked, kept, accepted) == chosen


def test_english_is_what_the_source_says() -> None:
    assert texts_of("en").gettext("Come in") == "Come in"


def test_easy_japanese_is_its_own_and_not_japanese() -> None:
    easy, japanese = texts_of("ja-easy"), texts_of("ja")
    message = "The line is weak. Pictures are paused, so that voices stay clear."
    assert easy.gettext(message) != japanese.gettext(message) != message


def test_plural_follows_the_number_in_english_and_not_in_japanese() -> None:
    one = "That was not right several times. Please wait %(count)s second and try again."
    many = one.replace("second", "seconds")
    assert texts_of("en").ngettext(one, many, 1) == one
    assert texts_of("en").ngettext(one, many, 2) == many
    assert texts_of("ja").ngettext(one, many, 1) == texts_of("ja").ngettext(one, many, 2)


def test_page_carries_what_its_modules_say_and_nothing_else() -> None:
    carried = texts_of("ja").for_modules(static_files().source_of("guest.js"))
    assert carried["You are in the room."] == "入室しました。"
    # The page itself says this one.
    assert "Having trouble? Please telephone us:" not in carried


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: Language) -> None:
    carried = texts_of(language).for_modules(static_files().source_of("guest.js"))
    assert all(carried.values())
