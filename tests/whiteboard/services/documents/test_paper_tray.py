import pytest

from base.errors import ErrorCode
from base.tasks import Worker
from tests.support.full_disk import full_disk
from whiteboard.services.documents.paper_tray import PaperTray
from whiteboard.services.paper.sheet_to_page import PaperPage

PAGE = PaperPage(b"\xff\xd8 a page", (10, 10), (595.0, 842.0))


class Bench:
    def __init__(self, folder):
        self.files, self.troubles = [], []
        self.worker = Worker("paper", on_error=self.troubles.append)
        self.tray = PaperTray(folder, self.worker, self.files.append, self.troubles.append)


@pytest.fixture
def bench(data_dir):
    made = Bench(data_dir)
    yield made
    made.worker.shutdown()


def test_page_is_in_a_file_until_the_tray_is_cleared(qtbot, data_dir, bench):
    bench.tray.take(PAGE)
    qtbot.waitUntil(lambda: bool(bench.files), timeout=5_000)

    assert bench.files[0].read_bytes() == PAGE.data
    assert bench.files[0].suffix == ".jpg"
    bench.tray.clear()
    assert list(data_dir.iterdir()) == []


def test_full_disk_is_told(qtbot, bench):
    with full_disk(most_bytes=3):
        bench.tray.take(PAGE)
        assert bench.worker.drain(5.0)
    qtbot.waitUntil(lambda: bool(bench.troubles), timeout=5_000)

    assert [error.code for error in bench.troubles] == [ErrorCode.DISK_FULL]
    assert bench.files == []
    bench.tray.clear()
