"""Choosing a picture from a stick or from this display."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from base import text
from base.qt.widgets import Text, TouchButton
from base.tasks import Worker
from tests.whiteboard.views.hosts import Ears
from whiteboard.views.taking.picture_sheet import PICTURES_DIR, PictureSheet


@pytest.fixture
def worker():
    made = Worker("pictures-test", on_error=lambda error: None)
    yield made
    made.shutdown()


@pytest.fixture
def ears():
    return Ears()


@pytest.fixture
def window(qapp):
    text.set_language("en")
    made = QWidget()
    made.resize(1280, 720)
    made.show()
    assert QTest.qWaitForWindowExposed(made)
    yield made
    made.hide()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def sheet(window, worker, ears, data_dir, qtbot):
    made = PictureSheet(window, ears.host(data_dir), worker)
    made.open()
    qtbot.waitUntil(lambda: made.source is not None)
    yield made
    made.close_sheet()
    qtbot.waitUntil(lambda: made.isHidden())
    worker.drain(10.0)


def save(path, width=64, height=48):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(QColor("#d03030"))
    assert picture.save(str(path))
    return path


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "総務課"
    folder.mkdir()
    save(folder / "夏祭り.png")
    return folder


def plug_in(sheet, ears, folder, qtbot):
    ears.sticks.append(folder)
    qtbot.waitUntil(lambda: sheet.source.folder == folder and bool(sheet.cards))


def sentences(sheet):
    return [one.text() for one in sheet.findChildren(Text) if one.isVisible()]


def tap(widget, window):
    place = widget.mapTo(window, widget.rect().center())
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(window.windowHandle(), button, none, QPoint(place))


def test_display_without_pictures_says_how_to_bring_some(sheet, qtbot):
    wanted = "Plug in a USB stick with your pictures."
    qtbot.waitUntil(lambda: wanted in sentences(sheet))


def test_own_pictures_are_shown(window, worker, ears, data_dir, qtbot):
    save(data_dir / PICTURES_DIR / "logo.png")
    sheet = PictureSheet(window, ears.host(data_dir), worker)
    sheet.open()
    qtbot.waitUntil(lambda: [card.word for card in sheet.cards] == ["logo"])
    sheet.close_sheet()
    qtbot.waitUntil(sheet.isHidden)
    worker.drain(10.0)


def test_stick_that_is_plugged_in_shows_its_pictures(sheet, ears, stick, qtbot):
    plug_in(sheet, ears, stick, qtbot)
    assert [source.name for source in sheet.sources] == ["総務課", ""]
    assert [card.word for card in sheet.cards] == ["夏祭り"]


def test_stick_that_is_pulled_leaves_the_display(sheet, ears, stick, qtbot):
    plug_in(sheet, ears, stick, qtbot)
    ears.sticks.clear()
    qtbot.waitUntil(lambda: sheet.source.name == "")
    assert sheet.cards == ()


def test_small_pictures_are_made(sheet, ears, stick, qtbot):
    plug_in(sheet, ears, stick, qtbot)
    qtbot.waitUntil(lambda: all(card.is_known for card in sheet.cards))
    assert sheet.cards[0].is_readable


def test_damaged_picture_says_so_and_cannot_be_chosen(sheet, ears, stick, qtbot):
    (stick / "夏祭り.png").write_bytes(b"nope")
    plug_in(sheet, ears, stick, qtbot)
    qtbot.waitUntil(lambda: sheet.cards[0].is_known)
    assert not sheet.cards[0].isEnabled()
    assert "Cannot be read" in sheet.cards[0].accessibleName()
    assert ears.errors == []


def test_touched_picture_is_chosen_and_the_sheet_leaves(sheet, window, ears, stick, qtbot):
    plug_in(sheet, ears, stick, qtbot)
    qtbot.waitUntil(lambda: sheet.cards[0].is_known)
    qtbot.waitUntil(lambda: window.rect().contains(sheet.panel.geometry()))
    with qtbot.waitSignal(sheet.chosen) as chosen:
        tap(sheet.cards[0], window)
    assert chosen.args == [stick / "夏祭り.png"]
    qtbot.waitUntil(sheet.isHidden)


def test_stick_without_pictures_says_so(sheet, ears, tmp_path, qtbot):
    empty = tmp_path / "empty"
    empty.mkdir()
    ears.sticks.append(empty)
    wanted = "There are no pictures on this stick."
    qtbot.waitUntil(lambda: wanted in sentences(sheet))


def test_only_pictures_that_are_seen_are_read(sheet, ears, stick, qtbot):
    for n in range(60):
        save(stick / f"{n:02}.png")
    plug_in(sheet, ears, stick, qtbot)
    qtbot.waitUntil(lambda: sheet.cards[0].is_known)
    qtbot.waitUntil(lambda: not sheet._is_reading)
    assert sum(card.is_known for card in sheet.cards) < len(sheet.cards)


def test_sheet_that_leaves_while_a_picture_is_read_does_no_harm(
    window, worker, ears, data_dir, qtbot
):
    for n in range(20):
        save(data_dir / PICTURES_DIR / f"{n}.png", 900, 700)
    sheet = PictureSheet(window, ears.host(data_dir), worker)
    sheet.open()
    qtbot.waitUntil(lambda: bool(sheet.cards))
    sheet.closed.connect(sheet.deleteLater)
    sheet.close_sheet()
    qtbot.waitUntil(lambda: not isValid(sheet))
    worker.drain(10.0)
    QCoreApplication.processEvents()


def test_each_button_has_a_name(sheet, ears, stick, qtbot):
    plug_in(sheet, ears, stick, qtbot)
    for button in sheet.findChildren(TouchButton):
        assert button.accessibleName()


def test_panel_stays_inside_a_small_window(sheet, window, ears, stick, qtbot):
    for n in range(40):
        save(stick / f"{n:02}.png")
    plug_in(sheet, ears, stick, qtbot)
    window.resize(900, 500)
    qtbot.waitUntil(lambda: window.rect().contains(sheet.panel.geometry()))
