"""Whatever PDF somebody brings: a page or a sentence, soon, and the board lives on."""

import pytest

from tests.support.odd_bench import OddBench, is_slow
from tools.odd_documents import PDF_FAMILIES, PLACES, odd_documents
from tools.odd_pdfs import OWNER, USER, encrypted, sound


@pytest.fixture
def bench(qtbot, loop_watch, allowed_log):
    # A process that a file ends is told in the log, and which file does is MuPDF's affair.
    allowed_log("a render process broke")
    bench = OddBench(qtbot)
    yield bench
    assert bench.shutdown() == []


def odd_pdfs(family):
    chosen = [odd for odd in odd_documents() if odd.family == family and not is_slow(odd.name)]
    return [odd for odd in chosen if odd.name.endswith(".pdf")]


@pytest.mark.parametrize("family", [*PDF_FAMILIES, "claims"])
def test_every_odd_file_ends_in_a_page_or_a_sentence(family, bench, tmp_path):
    endings = [bench.show_first_sheet(odd.write(tmp_path)) for odd in odd_pdfs(family)]
    assert [ending for ending in endings if not ending.is_good] == []


@pytest.mark.parametrize("family", ["trees", "nests", "fonts", "actions"])
def test_text_of_every_odd_file_is_read_or_refused(family, bench, tmp_path):
    paths = [odd.write(tmp_path) for odd in odd_pdfs(family)]
    assert [silence for path in paths for silence in bench.read_everything(path)] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_what_is_no_file_is_refused(place, bench, tmp_path):
    ending = bench.show_first_sheet(place.write(tmp_path))
    assert ending.said not in ("nothing", "page")


def test_sound_file_is_shown_after_every_odd_one(bench, tmp_path):
    good = tmp_path / "sound.pdf"
    good.write_bytes(sound())
    for odd in odd_pdfs("nests"):
        bench.show_first_sheet(odd.write(tmp_path))
        assert bench.show_first_sheet(good).said == "page"


@pytest.mark.parametrize("cipher", ["rc4-40", "rc4-128", "aes-128", "aes-256"])
@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "document_encrypted"),
        ("wrong", "document_still_encrypted"),
        (USER, "page"),
        (OWNER, "page"),
    ],
)
def test_locked_file_opens_with_either_password(cipher, password, said, bench, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(dict(encrypted())[f"locked-{cipher}"]())
    assert bench.show_first_sheet(path, password).said == said
