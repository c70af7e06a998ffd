import os

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from tests.support.canvas_bench import pixels
from whiteboard.model.document import SheetRef
from whiteboard.services.painting.sheet_previews import FOLDER, SheetPreviews

DECK, OTHER = "ab" * 32, "cd" * 32


def picture(width=400, height=300):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(250, 240, 230))
    painter = QPainter(image)
    painter.fillRect(40, 40, 200, 100, QColor(30, 60, 160))
    painter.end()
    return image


@pytest.fixture
def made(qapp, tmp_path):
    opened = []
    (tmp_path / "documents").mkdir()

    def make(**options):
        opened.append(SheetPreviews(tmp_path / "documents", **options))
        return opened[-1]

    yield make
    for previews in opened:
        previews.shutdown()


def listed(qtbot, previews, document=DECK):
    with qtbot.waitSignal(previews.listed):
        assert not previews.knows(document)
    return previews


def keep(qtbot, previews, sheet, image=None):
    with qtbot.waitSignal(previews.has_room):
        previews.keep(sheet, picture() if image is None else image)


def read(qtbot, previews, sheet):
    came = []
    previews.ask(sheet, came.append)
    qtbot.waitUntil(lambda: bool(came))
    return came[0]


def test_kept_picture_comes_back(made, qtbot):
    previews = listed(qtbot, made())
    keep(qtbot, previews, SheetRef(DECK, 3))
    assert previews.has(SheetRef(DECK, 3))
    difference = pixels(read(qtbot, previews, SheetRef(DECK, 3))).astype(int)
    assert np.abs(difference - pixels(picture())).mean() < 2


def test_picture_is_there_after_a_new_start(made, qtbot):
    keep(qtbot, listed(qtbot, made()), SheetRef(DECK, 3))
    again = listed(qtbot, made())
    assert again.has(SheetRef(DECK, 3), 400)
    assert not again.has(SheetRef(DECK, 4))


def test_turned_sheet_has_a_picture_of_its_own(made, qtbot):
    previews = listed(qtbot, made())
    keep(qtbot, previews, SheetRef(DECK, 3))
    assert not previews.has(SheetRef(DECK, 3, 1))


def test_picture_for_a_larger_display_takes_the_place_of_the_old_one(made, qtbot, tmp_path):
    previews = listed(qtbot, made())
    keep(qtbot, previews, SheetRef(DECK, 0))
    assert not previews.has(SheetRef(DECK, 0), 1000)
    keep(qtbot, previews, SheetRef(DECK, 0), picture(1000, 700))
    assert previews.has(SheetRef(DECK, 0), 1000)
    assert len(list((tmp_path / FOLDER / DECK).iterdir())) == 1


def test_document_with_a_password_leaves_no_picture_on_the_disk(made, qtbot, tmp_path):
    previews = listed(qtbot, made(is_open_to_all=lambda document: document != DECK))
    previews.keep(SheetRef(DECK, 0), picture())
    previews.shutdown()
    assert not (tmp_path / FOLDER).exists()


def test_damaged_picture_is_as_good_as_none(made, qtbot, tmp_path):
    previews = listed(qtbot, made())
    keep(qtbot, previews, SheetRef(DECK, 0))
    for path in (tmp_path / FOLDER / DECK).iterdir():
        path.write_bytes(b"")
    assert read(qtbot, previews, SheetRef(DECK, 0)).isNull()


def test_cancelled_picture_does_not_come(made, qtbot):
    previews = listed(qtbot, made())
    keep(qtbot, previews, SheetRef(DECK, 0))
    came = []
    previews.ask(SheetRef(DECK, 0), came.append).cancel()
    read(qtbot, previews, SheetRef(DECK, 0))
    assert came == []


def test_pictures_go_with_their_document(made, qtbot, tmp_path):
    for document in (DECK, OTHER):
        (tmp_path / "documents" / f"{document}.pdf").write_bytes(b"%PDF")
        keep(qtbot, listed(qtbot, made(), document), SheetRef(document, 0))
    (tmp_path / "documents" / f"{DECK}.pdf").unlink()
    listed(qtbot, made(), "ef" * 32)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [OTHER]


def test_oldest_pictures_go_when_there_are_too_many(made, qtbot, tmp_path):
    for age, document in enumerate((DECK, OTHER)):
        (tmp_path / "documents" / f"{document}.pdf").write_bytes(b"%PDF")
        keep(qtbot, listed(qtbot, made(), document), SheetRef(document, 0))
        os.utime(tmp_path / FOLDER / document, (1000 + age, 1000 + age))
    (kept,) = (tmp_path / FOLDER / OTHER).iterdir()
    listed(qtbot, made(most_bytes=kept.stat().st_size), "ef" * 32)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [OTHER]


def test_disk_that_takes_nothing_stops_the_keeping_alone(made, qtbot, tmp_path):
    previews = listed(qtbot, made())
    (tmp_path / FOLDER).write_text("in the way")
    keep(qtbot, previews, SheetRef(DECK, 0))
    assert previews.is_full
    assert not previews.has(SheetRef(DECK, 0))


def test_documents_kept_for_now_only_keep_their_pictures_with_them(made, qtbot, tmp_path):
    keep(qtbot, listed(qtbot, made(is_lasting=False)), SheetRef(DECK, 0))
    assert (tmp_path / "documents" / FOLDER / DECK).is_dir()
