from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from base import text
from base.feature import Notice
from base.qt import loop
from base.qt.widgets import TouchControl
from base.tasks import Worker
from tests.support.board_samples import stroke
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.thumbnails import Thumbnails
from whiteboard.views.pages.background_sheet import BackgroundSheet
from whiteboard.views.pages.page_cards import PageCard
from whiteboard.views.pages.page_sheet import PageSheet
from whiteboard.views.parts.finger_list import FingerList, Marker

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
GRID = Background(Surface.WHITE, Ruling.GRID)


@pytest.fixture
def opened(qapp, tmp_path: Path) -> Iterator[OpenBoard]:
    worker = Worker("test", on_error=lambda error: None)
    file = BoardFile.create(tmp_path / "board.kokuban")
    made = OpenBoard(file, 1_000_000, worker)
    made.ensure_page(Background())
    with made.board.change("") as edit:
        for place in range(1, 4):
            edit.add_page(place, GRID)
    for number, page in enumerate(made.board.pages):
        made.add_items("aoi", page.id, (stroke(page.id, number),))
    yield made
    made.deleteLater()
    worker.shutdown()
    file.close()


@pytest.fixture
def window(qtbot) -> QWidget:
    text.set_language("en")
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def sheet(opened: OpenBoard, window: QWidget, qtbot) -> Iterator[PageSheet]:
    thumbnails = Thumbnails(opened, opened.worker)
    made = PageSheet(window, opened, "aoi", opened.board.pages[0].id, thumbnails)
    made.open()
    qtbot.waitUntil(lambda: window.rect().contains(made.panel.geometry()))
    yield made
    made.let_go()
    thumbnails.shutdown()
    thumbnails.deleteLater()
    window.hide()


def ids(opened: OpenBoard) -> list[str]:
    return [page.id for page in opened.board.pages]


def button(where: QWidget, word: str) -> TouchControl:
    return next(one for one in where.findChildren(TouchControl) if one.word == word)


def cards(sheet: PageSheet) -> list[PageCard]:
    found = [one for one in sheet.findChildren(PageCard) if one.page_id]
    return sorted(found, key=lambda card: (card.y(), card.x()))


def tap(card: PageCard) -> None:
    """Touch a card as a finger does: through the list it lies in."""
    finger = QTest.createTouchDevice()
    pages = card.parentWidget().parentWidget()
    place = card.mapTo(pages, card.rect().center())
    QTest.touchEvent(pages, finger).press(0, place, pages).commit()
    QTest.touchEvent(pages, finger).release(0, place, pages).commit()


def test_cards_stand_in_the_order_of_pages(sheet: PageSheet, opened: OpenBoard) -> None:
    assert [card.page_id for card in cards(sheet)] == ids(opened)
    assert [card.isChecked() for card in cards(sheet)] == [True, False, False, False]


def test_touched_card_leads_to_its_page(sheet: PageSheet, opened, qtbot) -> None:
    with qtbot.waitSignal(sheet.page_chosen) as heard:
        tap(cards(sheet)[2])
    assert heard.args == [ids(opened)[2]]
    assert cards(sheet)[2].isChecked()
    assert sheet.isVisible()


def test_added_page_comes_behind_the_shown_one_with_its_background(
    sheet: PageSheet, opened: OpenBoard, qtbot
) -> None:
    sheet.show_page(ids(opened)[1])
    with qtbot.waitSignal(sheet.page_chosen) as heard:
        button(sheet, "Add page").click()
    assert ids(opened).index(heard.args[0]) == 2
    assert opened.board.page(heard.args[0]).background == GRID
    assert opened.board.undo("aoi")
    assert len(ids(opened)) == 4


def test_copy_has_what_the_page_has(sheet: PageSheet, opened: OpenBoard, qtbot) -> None:
    with qtbot.waitSignal(sheet.page_chosen) as heard:
        button(sheet, "Duplicate").click()
    assert ids(opened).index(heard.args[0]) == 1
    assert len(opened.board.items(heard.args[0])) == 1


def test_page_moves_in_single_steps(sheet: PageSheet, opened: OpenBoard) -> None:
    first, second, *rest = ids(opened)
    button(sheet, "Move later").click()
    assert ids(opened) == [second, first, *rest]
    assert [card.isChecked() for card in cards(sheet)][:2] == [False, True]
    button(sheet, "Move earlier").click()
    assert ids(opened) == [first, second, *rest]
    assert not button(sheet, "Move earlier").isEnabled()


def test_deleted_page_comes_back_by_the_notice(sheet: PageSheet, opened, qtbot) -> None:
    first, second, *rest = ids(opened)
    sheet.show_page(second)
    heard: list[Notice] = []
    sheet.notice_asked.connect(heard.append)
    with qtbot.waitSignal(sheet.page_chosen) as chosen:
        button(sheet, "Delete").click()
    assert chosen.args == [rest[0]]
    assert ids(opened) == [first, *rest]
    assert heard[0].text == "Page 2 is deleted."
    opened.add_items("aoi", first, (stroke(first, 50),))
    with qtbot.waitSignal(sheet.page_chosen) as chosen:
        heard[0].action()
    assert ids(opened)[0] == first
    assert ids(opened)[1] == chosen.args[0]
    assert len(opened.board.items(chosen.args[0])) == 1
    assert len(opened.board.items(first)) == 2


def test_notice_brings_no_second_page_after_an_undo(sheet: PageSheet, opened) -> None:
    before = ids(opened)
    heard: list[Notice] = []
    sheet.notice_asked.connect(heard.append)
    button(sheet, "Delete").click()
    opened.board.undo("aoi")
    heard[0].action()
    assert ids(opened) == before


def test_notice_outlives_the_sheet(opened, window: QWidget, qtbot) -> None:
    thumbnails = Thumbnails(opened, opened.worker)
    sheet = PageSheet(window, opened, "aoi", ids(opened)[0], thumbnails)
    sheet.open()
    heard: list[Notice] = []
    sheet.notice_asked.connect(heard.append)
    button(sheet, "Delete").click()
    sheet.let_go()
    sheet.deleteLater()
    qtbot.waitUntil(lambda: not isValid(sheet))
    heard[0].action()
    assert len(ids(opened)) == 4
    thumbnails.shutdown()
    thumbnails.deleteLater()


def test_last_page_leaves_an_empty_one(sheet: PageSheet, opened: OpenBoard, qtbot) -> None:
    for _page in range(3):
        button(sheet, "Delete").click()
    (last,) = ids(opened)
    with qtbot.waitSignal(sheet.page_chosen) as heard:
        button(sheet, "Delete").click()
    (empty,) = ids(opened)
    assert heard.args == [empty] != [last]
    assert opened.board.items(empty) == {}
    assert opened.board.undo("aoi")
    assert ids(opened) == [last]
    assert len(opened.board.items(last)) == 1


def open_backgrounds(sheet: PageSheet) -> BackgroundSheet:
    button(sheet, "Background").click()
    return sheet.parentWidget().findChild(BackgroundSheet)


def card(backgrounds: BackgroundSheet, name: str) -> TouchControl:
    return next(
        one for one in backgrounds.findChildren(TouchControl) if one.accessibleName() == name
    )


def test_background_of_this_page(sheet: PageSheet, opened: OpenBoard) -> None:
    backgrounds = open_backgrounds(sheet)
    card(backgrounds, "Blackboard: Music").click()
    papers = [page.background for page in opened.board.pages]
    assert papers == [Background(Surface.BLACKBOARD, Ruling.STAFF), GRID, GRID, GRID]
    assert card(backgrounds, "Blackboard: Music").isChecked()
    backgrounds.let_go()


def test_background_of_all_pages_is_one_step(sheet: PageSheet, opened: OpenBoard) -> None:
    backgrounds = open_backgrounds(sheet)
    button(backgrounds, "All pages").click()
    card(backgrounds, "Whiteboard: Manuscript").click()
    genko = Background(Surface.WHITE, Ruling.GENKO)
    assert {page.background for page in opened.board.pages} == {genko}
    opened.board.undo("aoi")
    assert [page.background for page in opened.board.pages] == [Background(), GRID, GRID, GRID]
    backgrounds.let_go()


def test_same_background_is_no_step(sheet: PageSheet, opened: OpenBoard) -> None:
    before = opened.board.state()
    backgrounds = open_backgrounds(sheet)
    card(backgrounds, "Blackboard: Plain").click()
    assert opened.board.state() == before
    backgrounds.let_go()


def test_backgrounds_are_thrown_away_when_closed(sheet: PageSheet, qtbot) -> None:
    backgrounds = open_backgrounds(sheet)
    button(backgrounds, "Close").click()
    qtbot.waitUntil(lambda: not isValid(backgrounds))
    assert sheet.isVisible()


def test_sheet_shows_what_others_change(sheet: PageSheet, opened: OpenBoard) -> None:
    with opened.board.change("haru") as edit:
        edit.add_page(4, GRID)
    assert len(cards(sheet)) == 5


def test_closed_sheet_lets_go_of_the_board(sheet: PageSheet, opened, qtbot) -> None:
    with qtbot.waitSignal(sheet.closed):
        sheet.close_sheet()
    with opened.board.change("haru") as edit:
        edit.add_page(4, GRID)
    assert len(cards(sheet)) == 4


def test_finger_scrolls_a_long_list(sheet: PageSheet, opened, window, qtbot) -> None:
    with opened.board.change("haru") as edit:
        for place in range(4, 40):
            edit.add_page(place, GRID)
    finger = QTest.createTouchDevice()
    first = cards(sheet)[0]
    pages = first.parentWidget().parentWidget()
    qtbot.waitUntil(lambda: sheet.panel.rect().contains(pages.geometry()))
    low, high = QPoint(100, pages.height() - 10), QPoint(100, 10)
    QTest.touchEvent(pages, finger).press(0, low, pages).commit()
    for share in (0.3, 0.6, 1.0):
        between = low + (high - low) * share
        QTest.touchEvent(pages, finger).move(0, between, pages).commit()
    QTest.touchEvent(pages, finger).release(0, high, pages).commit()
    assert first.mapTo(pages, QPoint(0, 0)).y() < -50


def test_marker_of_the_place_covers_no_card(sheet: PageSheet, opened, window, qtbot) -> None:
    with opened.board.change("") as edit:
        for place in range(4, 40):
            edit.add_page(place, GRID)
    pages = sheet.findChild(FingerList)
    qtbot.waitUntil(lambda: len(cards(sheet)) > 4)
    right = max(card.mapTo(pages, card.rect().topRight()).x() for card in cards(sheet))
    (marker,) = (child for child in pages.children() if isinstance(child, Marker))
    assert marker.isVisible()
    assert right < marker.x()


def test_thousand_pages_have_cards_for_what_is_seen_only(
    sheet: PageSheet, opened, qtbot
) -> None:
    with opened.board.change("") as edit:
        for place in range(4, 1000):
            edit.add_page(place, GRID)
    assert len(cards(sheet)) < 60
    last = ids(opened)[-1]
    sheet._go_and_see(last)
    shown = [card for card in cards(sheet) if card.isVisible()]
    assert last in {card.page_id for card in shown}
    assert len(cards(sheet)) < 60


def test_thumbnails_come_into_the_cards(sheet: PageSheet, opened, qtbot) -> None:
    card = cards(sheet)[0]
    qtbot.waitUntil(lambda: sheet.thumbnails.image(card.page_id) is not None)
    before = card.grab().toImage()
    opened.add_items("haru", card.page_id, (stroke(card.page_id, 77),))
    qtbot.waitUntil(lambda: card.grab().toImage() != before)


def test_words_follow_the_language(sheet: PageSheet, qapp: QApplication) -> None:
    loop.switch_language(qapp, "ja")
    assert button(sheet, "ページを追加").isVisible()
    assert cards(sheet)[1].accessibleName() == "2ページ目"


@pytest.mark.parametrize("size", [(1920, 1080), (960, 1080), (640, 720)])
def test_sheet_fits_its_window(sheet: PageSheet, window, qtbot, size) -> None:
    window.resize(*size)
    qtbot.waitUntil(lambda: window.rect().contains(sheet.panel.geometry()))
    for one in sheet.panel.findChildren(TouchControl, options=DIRECT):
        assert sheet.panel.rect().contains(one.geometry())


def test_words_are_looked_for_from_the_head_of_the_pages(sheet: PageSheet, qtbot) -> None:
    with qtbot.waitSignal(sheet.find_asked):
        button(sheet, "Find").click()
