"""Whatever file somebody brings, if it is a PDF or not: it comes in, or a sentence says why."""

import pytest

from base.errors import AppError
from tests.support.document_door import open_door
from tests.support.odd_bench import is_slow
from tools.odd_documents import FILE_FAMILIES, PLACES, odd_documents

QUICK_FAMILIES = [family for family in FILE_FAMILIES if family != "office"]
NEEDS_OFFICE = ("really-a-letter", "really-a-deck")


@pytest.fixture
def door(qtbot, loop_watch, data_dir, allowed_log):
    # A process that a file ends is told in the log, and which file does is a library's affair.
    allowed_log("long job broke|render process")
    with open_door(qtbot, data_dir) as door:
        yield door


def odd_files(family, *, slow):
    chosen = [odd for odd in odd_documents() if odd.family == family]
    return [odd for odd in chosen if is_slow(odd.name) is slow]


@pytest.mark.parametrize("family", QUICK_FAMILIES)
def test_every_odd_file_comes_in_or_is_refused(family, door, tmp_path):
    for odd in odd_files(family, slow=False):
        if not odd.name.startswith(NEEDS_OFFICE):
            door.take(odd.write(tmp_path))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_what_is_no_file_is_refused(place, door, tmp_path):
    assert isinstance(door.take(place.write(tmp_path)), AppError)


@pytest.mark.soak
@pytest.mark.parametrize("family", ["office", *QUICK_FAMILIES])
def test_every_slow_odd_file_comes_in_or_is_refused(family, door, tmp_path):
    for odd in odd_files(family, slow=True):
        door.take(odd.write(tmp_path))


@pytest.mark.soak
def test_every_odd_office_file_comes_in_or_is_refused(door, tmp_path):
    for odd in odd_files("office", slow=False):
        door.take(odd.write(tmp_path))
