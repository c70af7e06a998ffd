"""Which keys there are, and what marks do to kana."""

import pytest

from kiosk.model.key_layouts import (
    COLUMNS,
    ROWS,
    SIDE_COLUMNS,
    Act,
    Page,
    changed_kana,
    keys_of,
)

PLAIN_KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねの"
    "はひふへほまみむめもやゆよらりるれろわをん"
)


def places(key):
    """The quarters of columns and rows that a key covers."""
    across = range(round(key.column * 10), round((key.column + key.width) * 10))
    down = range(round(key.row * 10), round((key.row + key.height) * 10))
    return {(x, y) for x in across for y in down}


@pytest.mark.parametrize("page", Page)
def test_keys_of_a_page_cover_it_once(page):
    covered = [place for key in keys_of(page) for place in places(key)]
    assert len(covered) == len(set(covered))
    assert len(covered) == round((COLUMNS + SIDE_COLUMNS) * 10) * ROWS * 10


@pytest.mark.parametrize("page", Page)
def test_every_page_can_erase_move_space_and_end(page):
    acts = {key.act for key in keys_of(page)}
    assert acts >= {Act.ERASE, Act.LEFT, Act.RIGHT, Act.SPACE, Act.ENTER}


def test_every_kana_has_its_key():
    typed = {key.text for key in keys_of(Page.KANA)}
    assert set(PLAIN_KANA) <= typed


@pytest.mark.parametrize("page", [Page.ROMAJI, Page.LATIN])
def test_every_letter_and_digit_has_its_key(page):
    typed = {key.text for key in keys_of(page)}
    assert set("abcdefghijklmnopqrstuvwxyz0123456789") <= typed


def test_shift_makes_letters_large_and_leaves_the_rest():
    small, large = keys_of(Page.LATIN), keys_of(Page.LATIN, is_shifted=True)
    assert [k.text.upper() for k in small] == [k.text for k in large]
    assert [k.act for k in small] == [k.act for k in large]


@pytest.mark.parametrize(
    ("kana", "act", "made"),
    [
        ("か", Act.VOICE, "が"),
        ("が", Act.VOICE, "か"),
        ("う", Act.VOICE, "ゔ"),
        ("は", Act.HALF_VOICE, "ぱ"),
        ("ば", Act.HALF_VOICE, "ぱ"),
        ("ぱ", Act.VOICE, "ば"),
        ("つ", Act.SMALL, "っ"),
        ("ょ", Act.SMALL, "よ"),
        ("な", Act.VOICE, None),
        ("か", Act.HALF_VOICE, None),
        ("ん", Act.SMALL, None),
        ("議", Act.VOICE, None),
        ("A", Act.VOICE, None),
    ],
)
def test_mark_changes_the_kana_that_take_it(kana, act, made):
    assert changed_kana(kana, act) == made
