"""The list of boards in a real window: two hundred of them under a finger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from base import text
from base.qt import theme
from base.qt.widgets import TouchButton
from tests.support.board_samples import new_board, write_strokes
from tests.whiteboard.views.hosts import Ears
from whiteboard.services.boards.library import Library
from whiteboard.services.workers import Workers
from whiteboard.views.boards.board_cards import BoardCard
from whiteboard.views.boards.library_screen import KEPT_PICTURES, LibraryScreen
from whiteboard.views.parts.finger_list import FingerList

BOARDS = 200


@pytest.fixture(scope="module")
def many_boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A display's folder with two hundred boards."""
    folder = tmp_path_factory.mktemp("data")
    library = Library(folder)
    file = library.create(title="会議")
    board = new_board("会議")
    write_strokes(board, 5)
    file.append(board.state())
    file.set_page_ids([page.id for page in board.pages])
    image = QImage(480, 270, QImage.Format.Format_RGB32)
    image.fill(QColor("#cc3366"))
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    file.set_thumbnail(board.pages[0].id, bytes(buffer.data().data()))
    file.close()
    for number in range(1, BOARDS):
        shutil.copy(file.path, file.path.with_name(f"copy-{number:03}.kokuban"))
    return folder


@pytest.fixture(scope="module")
def finger() -> QPointingDevice:
    return QTest.createTouchDevice()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def screen(qtbot, qapp, many_boards: Path, ears: Ears) -> Iterator[LibraryScreen]:
    text.set_language("ja")
    theme.apply_theme(qapp, "board", theme.Metrics(1080 * theme.LEAST_SHARE_PER_MM))
    workers = Workers(lambda _error: None)
    made = LibraryScreen(Library(many_boards), workers, ears.host(many_boards))
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    qtbot.waitExposed(made)
    qtbot.waitUntil(lambda: len(made.boards.grid.cards) == BOARDS)
    yield made
    made.hide()
    made.shutdown()
    workers.shutdown()


def send(area: FingerList, kind: QEvent.Type, place: QPointF, t_ms: int) -> None:
    """Send a pointer event that says itself when it was."""
    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        kind, place, area.mapToGlobal(place), left, left, Qt.KeyboardModifier.NoModifier
    )
    event.setTimestamp(t_ms)
    QApplication.sendEvent(area, event)


def flick(area: FingerList, way_px: int, steps: int = 12) -> None:
    """Move over the list, 10 ms a step, and let go on the way."""
    start = QPointF(700, 700)
    send(area, QEvent.Type.MouseButtonPress, start, 1000)
    for step in range(1, steps + 1):
        place = start - QPointF(0, way_px * step / steps)
        send(area, QEvent.Type.MouseMove, place, 1000 + 10 * step)
    send(area, QEvent.Type.MouseButtonRelease, place, 1000 + 10 * steps)


def seen_cards(screen: LibraryScreen) -> list[BoardCard]:
    cards = screen.boards.grid.cards
    return [card for card in cards if not card.visibleRegion().isEmpty()]


def test_flick_glides_and_every_card_that_is_seen_gets_its_picture(
    screen: LibraryScreen, qtbot
) -> None:
    area = screen.boards.list
    flick(area, 600)
    lifted_at = area.offset_px
    assert lifted_at > 300
    qtbot.waitUntil(lambda: area.offset_px > lifted_at)
    qtbot.waitUntil(lambda: area.is_still, timeout=10_000)
    qtbot.waitUntil(lambda: all(card.has_picture for card in seen_cards(screen)))


def test_pictures_that_are_far_away_are_given_back(screen: LibraryScreen, qtbot) -> None:
    area = screen.boards.list
    for row in range(0, 60, 2):
        area.go_to(row * 340.0)
        qtbot.waitUntil(lambda: all(card.has_picture for card in seen_cards(screen)))
    kept = sum(card.has_picture for card in screen.boards.grid.cards)
    assert kept <= KEPT_PICTURES + 8


def test_finger_that_stays_opens_and_one_that_moves_does_not(
    screen: LibraryScreen, finger: QPointingDevice, qtbot
) -> None:
    area = screen.boards.list
    opened: list[object] = []
    screen.opened.connect(opened.append)
    card = screen.boards.grid.cards[1]
    place = card.mapTo(area, QPoint(60, 60))
    QTest.touchEvent(area, finger).press(1, place, area).commit()
    assert card.isDown()
    QTest.touchEvent(area, finger).move(1, place + QPoint(3, 2), area).commit()
    QTest.touchEvent(area, finger).release(1, place + QPoint(3, 2), area).commit()
    assert opened == [card.entry.path]
    QTest.touchEvent(area, finger).press(1, place, area).commit()
    QTest.touchEvent(area, finger).move(1, place - QPoint(0, 60), area).commit()
    assert not card.isDown()
    QTest.touchEvent(area, finger).release(1, place - QPoint(0, 60), area).commit()
    assert len(opened) == 1


def test_second_finger_does_not_disturb_the_first(
    screen: LibraryScreen, finger: QPointingDevice
) -> None:
    area = screen.boards.list
    QTest.touchEvent(area, finger).press(1, QPoint(700, 600), area).commit()
    QTest.touchEvent(area, finger).move(1, QPoint(700, 500), area).commit()
    QTest.touchEvent(area, finger).stationary(1).press(2, QPoint(300, 300), area).commit()
    before = area.offset_px
    QTest.touchEvent(area, finger).stationary(1).move(2, QPoint(300, 500), area).commit()
    assert area.offset_px == before
    QTest.touchEvent(area, finger).stationary(1).release(2, QPoint(300, 500), area).commit()
    QTest.touchEvent(area, finger).move(1, QPoint(700, 400), area).commit()
    assert area.offset_px == before + 100
    QTest.touchEvent(area, finger).release(1, QPoint(700, 400), area).commit()


@pytest.mark.parametrize("name", ["board", "white"])
def test_theme_and_size_change_while_the_list_is_shown(
    screen: LibraryScreen, qapp, qtbot, name: str
) -> None:
    screen.resize(1280, 720)
    theme.apply_theme(qapp, name, theme.Metrics(720 * theme.LEAST_SHARE_PER_MM))
    area = screen.boards.list
    qtbot.waitUntil(lambda: area.width() < 1280)
    for card in screen.boards.grid.cards[:3]:
        assert area.rect().contains(card.mapTo(area, card.rect().bottomRight()))
    for one in screen.findChildren(TouchButton):
        assert one.width() >= one.minimumSizeHint().width() or not one.isVisible()
