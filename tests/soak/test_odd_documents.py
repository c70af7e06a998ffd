"""The files of the corpus that take seconds to make, to show or to refuse; some minutes."""

import pytest

from tests.support.odd_bench import OddBench, is_slow
from tools.odd_documents import odd_documents

pytestmark = pytest.mark.soak

SLOW_PDFS = [odd for odd in odd_documents() if is_slow(odd.name) and odd.name.endswith(".pdf")]


@pytest.mark.parametrize("odd", SLOW_PDFS, ids=lambda odd: odd.name)
def test_slow_odd_file_ends_in_a_page_or_a_sentence(
    odd, qtbot, loop_watch, allowed_log, tmp_path
):
    allowed_log("a render process broke")
    bench = OddBench(qtbot)
    ending = bench.show_first_sheet(odd.write(tmp_path))
    assert bench.shutdown() == []
    assert ending.is_good, ending
