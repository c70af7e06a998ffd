"""The corpus is large, its names tell files apart, and a seed makes the same bytes."""

import io
from collections import Counter

import pikepdf
import pytest

from tools.odd_documents import PLACES, main, odd_documents
from tools.odd_pdfs import pdf, sound, sound_packed


def test_corpus_has_hundreds_of_files_of_many_kinds():
    families = Counter(odd.family for odd in odd_documents())
    assert sum(families.values()) > 400
    assert min(families.values()) >= 14


def test_no_two_have_one_name():
    names = [odd.name for odd in [*odd_documents(), *PLACES]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("make", [sound, sound_packed, pdf])
def test_files_that_are_made_wrong_were_sound_before(make):
    with pikepdf.open(io.BytesIO(make())) as file:
        assert file.check_pdf_syntax() == []


def test_damage_is_the_same_each_time():
    chosen = [odd for odd in odd_documents() if odd.name.startswith(("flipped-", "blanked-"))]
    assert all(odd.make() == odd.make() for odd in chosen[:10])


def test_one_family_can_be_written(tmp_path):
    assert main([str(tmp_path), "--family", "tables"]) == 0
    assert len(list((tmp_path / "tables").iterdir())) == 16
