"""From the camera or a photo to a page, by finger."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from base import text
from base.errors import AppError, ErrorCode
from base.qt.widgets import TouchButton
from base.tasks import Worker
from tests.support.paper_scenes import make_scene
from tests.whiteboard.views.hosts import Ears
from whiteboard.services.paper.camera import Camera
from whiteboard.services.paper.sheet_to_page import PaperPage
from whiteboard.views.taking.paper_sheet import PaperSheet
from whiteboard.views.taking.picture_sheet import PICTURES_DIR, PictureSheet

SCENE = make_scene("cloth", 3)
ONE = Camera(Path("/dev/video0"), "Document camera")
OTHER = Camera(Path("/dev/video2"), "Webcam")


class Desk:
    """A camera that sees a sheet on a desk, until it is pulled."""

    def __init__(self):
        self.is_pulled = False
        self.open_now = 0
        self.error = ErrorCode.NO_CAMERA

    def opened(self, camera):
        if self.is_pulled:
            raise AppError(self.error)
        self.open_now += 1
        return self

    def skip(self):
        if self.is_pulled:
            raise AppError(self.error)

    def read(self):
        self.skip()
        return SCENE.image

    def close(self):
        self.open_now -= 1


class Bench:
    """A sheet in a window, with cameras that can be plugged in and pulled."""

    def __init__(self, window, worker, ears, data_dir, qtbot):
        self.window, self.ears, self.qtbot = window, ears, qtbot
        self.desk, self.cameras = Desk(), [ONE]
        self.sheet = PaperSheet(
            window,
            ears.host(data_dir),
            worker,
            find=lambda: tuple(self.cameras),
            open_source=self.desk.opened,
        )
        self.pages = []
        self.sheet.taken.connect(self.pages.append)

    def open(self):
        self.sheet.open()

    def until(self, look):
        self.qtbot.waitUntil(look, timeout=20_000)

    def see(self):
        self.open()
        self.until(lambda: self.sheet.live_view.corners is not None)

    def shoot(self):
        self.see()
        self.press("Take the picture")
        self.until(lambda: self.sheet.is_trimming)
        self.until(lambda: not self.sheet.result_view.picture.isNull())

    def press(self, word):
        buttons = [*self.sheet.findChildren(TouchButton), self.sheet.shutter]
        (button,) = [one for one in buttons if one.word == word and one.isVisible()]
        place = button.mapTo(self.window, button.rect().center())
        self.until(lambda: self.window.rect().contains(self.sheet.panel.geometry()))
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(
            self.window.windowHandle(), Qt.MouseButton.LeftButton, none, QPoint(place)
        )


@pytest.fixture
def worker():
    made = Worker("paper-test", on_error=lambda error: None)
    yield made
    made.shutdown()


@pytest.fixture
def window(qapp):
    text.set_language("en")
    made = QWidget()
    made.resize(1600, 1000)
    made.show()
    assert QTest.qWaitForWindowExposed(made)
    yield made
    made.hide()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def bench(window, worker, data_dir, qtbot):
    made = Bench(window, worker, Ears(), data_dir, qtbot)
    yield made
    if isValid(made.sheet):
        made.sheet.close_sheet()
        made.until(made.sheet.isHidden)
        made.until(lambda: made.sheet.is_camera_released)
    worker.drain(20.0)


def test_live_picture_shows_the_sheet_that_is_seen(bench):
    bench.see()
    assert bench.sheet.live_view.corners == pytest.approx(SCENE.corners, abs=4)
    assert bench.sheet.shutter.isEnabled()


def test_display_without_a_camera_says_what_to_do(bench):
    bench.cameras.clear()
    bench.open()
    bench.until(lambda: "No camera was found" in bench.sheet.live_view.msgid)
    assert not bench.sheet.shutter.isEnabled()


def test_camera_that_another_program_has_says_so(bench):
    bench.desk.is_pulled, bench.desk.error = True, ErrorCode.CAMERA_BUSY
    bench.open()
    bench.until(lambda: "Another program" in bench.sheet.live_view.msgid)


def test_camera_that_becomes_free_shows_its_picture(bench):
    bench.desk.is_pulled, bench.desk.error = True, ErrorCode.CAMERA_BUSY
    bench.open()
    bench.until(lambda: "Another program" in bench.sheet.live_view.msgid)
    bench.desk.is_pulled = False
    bench.until(lambda: bench.sheet.live_view.corners is not None)


def test_camera_that_is_pulled_meanwhile_says_so(bench):
    bench.see()
    bench.desk.is_pulled = True
    bench.cameras.clear()
    bench.until(lambda: "No camera was found" in bench.sheet.live_view.msgid)
    assert not bench.sheet.shutter.isEnabled()


def test_camera_that_is_plugged_in_shows_its_picture(bench):
    bench.cameras.clear()
    bench.open()
    bench.until(lambda: bool(bench.sheet.live_view.msgid))
    bench.cameras.append(OTHER)
    bench.until(lambda: bench.sheet.live_view.corners is not None)


def test_one_camera_of_two_is_open(bench):
    bench.cameras.append(OTHER)
    bench.see()
    bench.press("Webcam")
    bench.until(lambda: bench.sheet.live_view.corners is not None)
    assert bench.desk.open_now == 1


def test_still_shows_its_corners_and_the_page_to_be(bench):
    bench.shoot()
    assert bench.sheet.editor.corners == pytest.approx(SCENE.corners, abs=2)
    result = bench.sheet.result_view.picture
    assert result.width() / result.height() == pytest.approx(SCENE.aspect, rel=0.02)


def test_camera_is_let_go_while_corners_are_set(bench):
    bench.shoot()
    bench.until(lambda: bench.desk.open_now == 0)


def test_page_is_told_and_the_sheet_leaves(bench):
    bench.shoot()
    bench.press("Make a page of it")
    bench.until(lambda: bool(bench.pages))
    (page,) = bench.pages
    assert isinstance(page, PaperPage)
    assert set(page.size_pt) == {595.0, 842.0}
    image = cv2.imdecode(np.frombuffer(page.data, np.uint8), cv2.IMREAD_COLOR)
    assert np.median(image) > 245
    bench.until(bench.sheet.isHidden)


def test_turn_turns_the_page(bench):
    bench.shoot()
    before = bench.sheet.result_view.picture.size()
    bench.press("Turn")
    bench.until(lambda: bench.sheet.result_view.picture.size() == before.transposed())


def test_colours_as_they_are_show_the_desk_light(bench):
    bench.shoot()
    before = bench.sheet.result_view.picture
    bench.press("Colours as they are")
    bench.until(lambda: bench.sheet.result_view.picture != before)
    bench.press("Make a page of it")
    bench.until(lambda: bool(bench.pages))
    image = cv2.imdecode(np.frombuffer(bench.pages[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert np.median(image) < 245


def test_moved_corner_changes_the_page(bench):
    bench.shoot()
    before = bench.sheet.result_view.picture
    editor = bench.sheet.editor
    start = editor.corner_view(0).toPoint()
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(editor, start + QPoint(60, 60))
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 60))
    bench.until(lambda: bench.sheet.result_view.picture != before)


def test_start_again_goes_back_to_the_camera(bench):
    bench.shoot()
    bench.press("Start again")
    assert not bench.sheet.is_trimming
    bench.until(lambda: bench.sheet.live_view.corners is not None)


def test_photo_is_chosen_from_this_display(bench, data_dir):
    folder = data_dir / PICTURES_DIR
    folder.mkdir()
    cv2.imencode(".jpg", SCENE.image)[1].tofile(folder / "紙.jpg")
    bench.see()
    bench.press("Choose a photo")
    chooser = bench.window.findChild(PictureSheet)
    bench.until(lambda: bool(chooser.cards) and chooser.cards[0].isEnabled())
    chooser.chosen.emit(chooser.cards[0].found.path)
    chooser.close_sheet()
    bench.until(lambda: bench.sheet.is_trimming)
    assert bench.sheet.editor.corners == pytest.approx(SCENE.corners, abs=3)


def test_choosing_no_photo_leads_back_to_the_camera(bench):
    bench.see()
    bench.press("Choose a photo")
    chooser = bench.window.findChild(PictureSheet)
    chooser.close_sheet()
    bench.until(lambda: bench.sheet.live_view.corners is not None)


def test_photo_that_cannot_be_read_is_told(bench, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nope")
    bench.see()
    bench.sheet.use_photo(tmp_path / "a.jpg")
    bench.until(lambda: bench.ears.errors == [ErrorCode.NOT_AN_IMAGE])
    bench.until(lambda: bench.sheet.live_view.corners is not None)


def test_photo_without_a_sheet_gets_corners_to_drag(bench, tmp_path):
    plain = np.full((600, 800, 3), 128, np.uint8)
    cv2.imencode(".png", plain)[1].tofile(tmp_path / "plain.png")
    bench.open()
    bench.sheet.use_photo(tmp_path / "plain.png")
    bench.until(lambda: bench.sheet.is_trimming)
    assert (bench.sheet.editor.corners > 20).all()


def test_closed_sheet_lets_go_of_the_camera(bench):
    bench.see()
    bench.sheet.close_sheet()
    bench.until(bench.sheet.isHidden)
    bench.until(lambda: bench.desk.open_now == 0)


def test_sheet_that_leaves_while_a_page_is_made_does_no_harm(bench, worker):
    bench.shoot()
    bench.press("Make a page of it")
    bench.sheet.closed.connect(bench.sheet.deleteLater)
    bench.sheet.close_sheet()
    bench.until(lambda: not isValid(bench.sheet))
    assert worker.drain(20.0)
    QCoreApplication.processEvents()


def test_panel_stays_inside_the_window(bench):
    bench.see()
    bench.window.resize(1400, 900)
    bench.until(lambda: bench.window.rect().contains(bench.sheet.panel.geometry()))


def test_each_button_has_a_name(bench):
    bench.see()
    for button in bench.sheet.findChildren(TouchButton):
        assert button.accessibleName()
