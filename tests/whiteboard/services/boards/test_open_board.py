import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage

from base.tasks import Worker
from tests.whiteboard.services.page_bench import ink, wave
from whiteboard.model.page import Background, Surface
from whiteboard.services.boards import open_board as module
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard, new_id

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def worker():
    made = Worker("test", on_error=lambda error: None)
    yield made
    made.shutdown()


@pytest.fixture
def path(data_dir):
    return data_dir / "board.kokuban"


@pytest.fixture
def opened(path, worker):
    file = BoardFile.create(path)
    made = OpenBoard(file, 1 << 24, worker)
    yield made
    made.stop_keeping()
    worker.drain(10)
    file.close()


def png(colour="#336699", width=64, height=32):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())


def fetch(qtbot, opened, sha256):
    with qtbot.waitSignal(opened.images_came, timeout=10_000):
        assert opened.image(sha256) is None
    return opened.image(sha256)


def test_new_board_is_blank_and_gets_one_page(opened):
    assert opened.is_blank
    opened.ensure_page(Background(Surface.WHITE))
    opened.ensure_page(Background())
    assert [page.background.surface for page in opened.board.pages] == [Surface.WHITE]
    assert opened.is_blank


def test_first_page_is_no_step_of_undo(opened):
    opened.ensure_page(Background())
    assert not opened.board.can_undo("haru")


def test_board_with_ink_pages_or_a_title_is_not_blank(opened):
    opened.ensure_page(Background())
    with opened.board.change("haru") as edit:
        edit.set_title("会議")
    assert not opened.is_blank
    with opened.board.change("haru") as edit:
        edit.set_title("")
    assert opened.is_blank
    page = opened.board.pages[0].id
    opened.add_items("haru", page, (ink(wave(), page=page),))
    assert not opened.is_blank


def test_items_are_put_above_all_others_as_one_step(opened):
    opened.ensure_page(Background())
    page = opened.board.pages[0].id
    low = opened.add_items("haru", page, (ink(wave(), page="-"),))
    high = opened.add_items("aoi", page, (ink(wave(), page="-"), ink(wave(), page="-")))
    assert [i for i, _ in opened.board.stacked(page)] == [*low, *high]
    assert {opened.board.item(i).author for i in high} == {"aoi"}
    opened.board.undo("aoi")
    assert [i for i, _ in opened.board.stacked(page)] == low


def test_picture_comes_when_it_is_decoded(opened, qtbot):
    sha256 = opened.file.put_asset(png())
    image = fetch(qtbot, opened, sha256)
    assert (image.width(), image.height()) == (64, 32)
    assert image.pixelColor(3, 3) == QColor("#336699")


def test_picture_is_decoded_once(opened, qtbot, worker):
    sha256 = opened.file.put_asset(png())
    came = []
    opened.images_came.connect(lambda: came.append(1))
    for _ in range(5):
        opened.image(sha256)
    qtbot.waitUntil(lambda: opened.image(sha256) is not None, timeout=10_000)
    worker.drain(10)
    assert came == [1]


@pytest.mark.parametrize("data", [b"no picture at all", None], ids=["damaged", "missing"])
def test_picture_that_cannot_be_shown_is_asked_for_once(opened, qtbot, data):
    sha256 = b"\x01" * 32 if data is None else opened.file.put_asset(data)
    assert fetch(qtbot, opened, sha256) is None
    came = []
    opened.images_came.connect(lambda: came.append(1))
    assert opened.image(sha256) is None
    assert opened._asked == set()


def test_pictures_that_do_not_fit_together_get_smaller_instead_of_fighting(
    opened, qtbot, monkeypatch
):
    monkeypatch.setattr(module, "IMAGE_CACHE_BYTES", 1_500_000)
    colours = ("#111111", "#222222", "#333333")
    pictures = [opened.file.put_asset(png(colour, 500, 500)) for colour in colours]
    for sha256 in pictures:
        fetch(qtbot, opened, sha256)
    shown = [opened.image(sha256) for sha256 in pictures]
    assert all(image is not None for image in shown)
    assert sum(image.sizeInBytes() for image in shown) <= 1_500_000
    assert min(image.width() for image in shown) > 300


def test_ids_do_not_repeat():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 12 for i in ids)


def test_changes_reach_the_file(opened, path, worker):
    opened.ensure_page(Background())
    page = opened.board.pages[0].id
    opened.add_items("haru", page, (ink(wave(), page=page),))
    assert opened.file.flush(10)
    copy = BoardFile.open(path, read_only=True)
    again = OpenBoard(copy, 1 << 24, worker)
    assert len(again.board.items(page)) == 1
    assert not again.is_blank
    again.stop_keeping()
    copy.close()
