"""What boards put on the clipboard and take from it."""

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage

from base.tasks import Worker
from tests.whiteboard.model.making import image, note, one_of_each, straight
from whiteboard.model.select import CLIPBOARD_TYPE
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.taking.clipboard import (
    MAX_TEXT_CHARACTERS,
    BoardClipboard,
    FileClip,
    ItemsClip,
    PictureClip,
    TextClip,
    plain_text,
)


@pytest.fixture
def clipboard(qapp):
    made = BoardClipboard()
    made.clear()
    yield made
    made.clear()
    made.shutdown()


@pytest.fixture
def worker():
    made = Worker("clipboard-test", on_error=lambda error: None)
    yield made
    made.shutdown()


@pytest.fixture
def file(data_dir):
    made = BoardFile.create(data_dir / "a.kokuban")
    yield made
    made.close()


def system():
    return QGuiApplication.clipboard()


def test_copied_items_come_back_as_they_were(clipboard, file, worker):
    items = one_of_each()
    assert clipboard.copy(items, file, worker)
    assert clipboard.content() == ItemsClip(tuple(items))


def test_words_of_copied_items_can_be_pasted_elsewhere(clipboard, file, worker):
    clipboard.copy([note(0, 0, words="鍵を返す"), straight(0, 0, 9, 9)], file, worker)
    assert system().text() == "鍵を返す"


def test_nothing_is_there_at_first(clipboard):
    assert not clipboard.has_something
    assert clipboard.content() is None


def test_change_of_the_clipboard_is_told(clipboard, file, worker, qtbot):
    with qtbot.waitSignal(clipboard.changed):
        clipboard.copy([straight(0, 0, 9, 9)], file, worker)
    assert clipboard.has_something


def test_picture_of_a_copied_item_is_held(clipboard, file, worker):
    sha256 = file.put_asset(b"picture")
    clipboard.copy([image(0, 0, sha256=sha256)], file, worker)
    assert worker.drain(10.0)
    assert clipboard.held_asset(sha256) == b"picture"


def test_picture_is_let_go_with_the_next_copy(clipboard, file, worker):
    sha256 = file.put_asset(b"picture")
    clipboard.copy([image(0, 0, sha256=sha256)], file, worker)
    assert worker.drain(10.0)
    clipboard.copy([straight(0, 0, 9, 9)], file, worker)
    assert clipboard.held_asset(sha256) is None


def test_missing_picture_stops_no_copy(clipboard, file, worker):
    assert clipboard.copy([image(0, 0)], file, worker)
    assert worker.drain(10.0)
    assert clipboard.held_asset(b"\x07" * 32) is None


def test_nothing_is_left_for_the_next_person(clipboard, file, worker):
    sha256 = file.put_asset(b"picture")
    clipboard.copy([image(0, 0, sha256=sha256)], file, worker)
    assert worker.drain(10.0)
    clipboard.clear()
    assert not clipboard.has_something
    assert clipboard.held_asset(sha256) is None


def test_damaged_items_are_nothing(clipboard):
    data = QMimeData()
    data.setData(CLIPBOARD_TYPE, b"KKBI and nonsense")
    system().setMimeData(data)
    assert clipboard.content() is None


def test_text_of_another_program_is_taken(clipboard):
    system().setText("明日\tは晴れ\r\n")
    assert clipboard.content() == TextClip("明日    は晴れ")


def test_text_of_nothing_but_blanks_is_nothing(clipboard):
    system().setText(" \n ")
    assert clipboard.content() is None


def test_picture_of_another_program_is_taken_as_it_was_encoded(clipboard):
    data = QMimeData()
    data.setData("image/png", b"PNG bytes")
    system().setMimeData(data)
    assert clipboard.content() == PictureClip(b"PNG bytes")


def test_pixels_are_taken(clipboard):
    pixels = QImage(4, 3, QImage.Format.Format_RGB32)
    pixels.fill(QColor("#102030"))
    system().setImage(pixels)
    clip = clipboard.content()
    assert isinstance(clip, PictureClip)


def test_file_of_a_picture_comes_before_its_name(clipboard, tmp_path):
    data = QMimeData()
    path = tmp_path / "写真.jpg"
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.txt")), QUrl.fromLocalFile(str(path))])
    data.setText(str(path))
    system().setMimeData(data)
    assert clipboard.content() == FileClip(path)


def test_long_text_is_cut():
    assert len(plain_text("あ" * 100_000)) == MAX_TEXT_CHARACTERS


def test_lines_stay_and_control_characters_go():
    assert plain_text("a\x00b\nc\x1bd\n") == "ab\ncd"
