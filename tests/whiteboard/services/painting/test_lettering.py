from __future__ import annotations

import math

import pytest

from whiteboard.services.painting.lettering import fitting_size, text_layout_size, wrap

pytestmark = pytest.mark.usefixtures("qapp")

ABC = "窓口の混雑を減らすために、番号札と案内の文字を大きくします。"


def test_no_line_starts_with_a_japanese_full_stop():
    lines = wrap("これは黒板です。" * 8, 7.0)
    assert not any(line.text.startswith("。") for line in lines)


def test_text_beyond_the_basic_plane_wraps_whole():
    lines = wrap("𠮷野家𠮷野家𠮷野家", 4.0)
    assert "".join(line.text for line in lines) == "𠮷野家𠮷野家𠮷野家"


def test_own_line_breaks_are_kept():
    assert [line.text for line in wrap("一\n\n二\n", 50)] == ["一", "", "二", ""]


def test_text_size_is_one_line_when_nothing_wraps():
    assert text_layout_size("黒板", 20.0, math.inf) == pytest.approx((40.0, 28.0), abs=0.5)


def test_text_size_grows_by_lines_when_text_wraps():
    width, height = text_layout_size("黒板" * 10, 20.0, 100.0)
    assert (width, height) == pytest.approx((100.0, 4 * 28.0), abs=0.5)


def test_long_text_is_made_smaller_until_it_fits_the_note():
    size = fitting_size(ABC * 4, 30.0, 150.0, 150.0)
    assert size < 30.0
    assert text_layout_size(ABC * 4, size, 150.0)[1] <= 150.0


def test_short_text_keeps_the_size_that_was_wished():
    assert fitting_size("短い", 30.0, 150.0, 150.0) == 30.0


def test_long_word_is_made_smaller_and_not_broken():
    size = fitting_size("Internationalisation", 30.0, 150.0, 150.0)
    assert len(wrap("Internationalisation", 150.0 / size)) == 1


def test_a_little_smaller_is_better_than_a_last_character_alone():
    size = fitting_size("担当：総務課", 30.0, 164.0, 164.0)
    assert 25.0 < size < 30.0
    assert len(wrap("担当：総務課", 164.0 / size)) == 1
