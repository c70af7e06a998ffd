"""What is made is what its description says, and the same each time."""

import hashlib

import pikepdf
import pytest
from pptx import Presentation

from tools.sample_documents import KINDS, cached, main
from tools.sample_office import HIDDEN_SLIDE, notes_of

SMALL = {"slides": 6, "report": 42, "drawings": 5, "photos": 1, "deck": 5, "odp": 2}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"photos"}))
def test_same_seed_makes_the_same_file(kind, tmp_path):
    made = [cached(kind, tmp_path / each, SMALL.get(kind)) for each in ("first", "second")]
    assert digest(made[0]) == digest(made[1])


def test_another_seed_makes_another_file(tmp_path):
    first, second = (cached("report", tmp_path, 3, seed) for seed in (1, 2))
    assert digest(first) != digest(second)


def test_cache_makes_a_file_once(tmp_path):
    path = cached("letter", tmp_path)
    written = path.stat().st_mtime_ns
    assert cached("letter", tmp_path).stat().st_mtime_ns == written


def test_report_has_an_outline_and_links(tmp_path):
    with pikepdf.open(cached("report", tmp_path, 42)) as pdf:
        with pdf.open_outline() as outline:
            assert len(outline.root) == 3
        assert len(pdf.pages[0].Annots) == 2


def test_drawings_have_thousands_of_paths_on_two_paper_sizes(tmp_path):
    with pikepdf.open(cached("drawings", tmp_path, 2)) as pdf:
        widths = [int(page.MediaBox[2]) for page in pdf.pages]
        painted = [page.Contents.read_bytes().count(b" S\n") for page in pdf.pages]
    assert widths == [2384, 1191]
    assert min(painted) > 3000


def test_photograph_is_three_megabytes(tmp_path):
    assert cached("photos", tmp_path, 1).stat().st_size > 3_000_000


def test_deck_has_notes_and_a_hidden_slide(tmp_path):
    deck = Presentation(str(cached("deck", tmp_path, 5)))
    slides = list(deck.slides)
    assert [slide.notes_slide.notes_text_frame.text for slide in slides] == [
        notes_of(number) for number in range(5)
    ]
    assert [slide._element.get("show") for slide in slides].index("0") == HIDDEN_SLIDE


def test_command_line_writes_where_it_is_told(tmp_path):
    out = tmp_path / "計画.pdf"
    assert main(["slides", str(out), "--pages", "1"]) == 0
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 1
