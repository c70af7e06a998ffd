import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QWidget

from base import text
from base.qt import loop
from base.qt.widgets import TouchControl
from whiteboard.views.tray.page_bar import PageBar
from whiteboard.views.tray.toolbar import Toolbar


@pytest.fixture
def board(qtbot) -> QWidget:
    text.set_language("en")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def bar(board: QWidget) -> PageBar:
    made = PageBar(board)
    made.place_in(board.rect(), "left")
    made.show()
    return made


def button(bar: PageBar, word: str) -> TouchControl:
    return next(
        one for one in bar.findChildren(TouchControl) if one.word == word and one.isVisible()
    )


def test_middle_page_leads_both_ways(bar: PageBar, qtbot) -> None:
    bar.set_place(1, 3)
    with qtbot.waitSignal(bar.previous_asked):
        button(bar, "Back").click()
    with qtbot.waitSignal(bar.next_asked):
        button(bar, "Next").click()
    with qtbot.waitSignal(bar.add_asked):
        button(bar, "Add").click()


def test_first_page_has_nothing_before_it(bar: PageBar) -> None:
    bar.set_place(0, 3)
    assert not button(bar, "Back").isEnabled()


def test_last_page_leads_to_a_new_one(bar: PageBar, qtbot) -> None:
    bar.set_place(2, 3)
    with qtbot.assertNotEmitted(bar.next_asked), qtbot.waitSignal(bar.add_asked):
        button(bar, "New page").click()


@pytest.mark.parametrize("side", ["bottom", "right"])
def test_nothing_moves_under_the_finger_at_the_last_page(bar: PageBar, board, side) -> None:
    bar.place_in(board.rect(), side)
    bar.set_place(1, 3)
    words = ("Back", "Pages", "Next")
    before = [button(bar, word).mapTo(board, QPoint(0, 0)) for word in words]
    bar.set_place(2, 3)
    words = ("Back", "Pages", "New page")
    assert [button(bar, word).mapTo(board, QPoint(0, 0)) for word in words] == before


def test_place_opens_the_sheet_and_says_where_one_is(bar: PageBar, qtbot) -> None:
    bar.set_place(1, 5)
    place = button(bar, "Pages")
    assert place.accessibleName() == "Page 2 of 5. Show all pages."
    with qtbot.waitSignal(bar.sheet_asked):
        place.click()


def test_words_follow_the_language(bar: PageBar, qapp: QApplication) -> None:
    bar.set_place(1, 5)
    loop.switch_language(qapp, "ja")
    assert button(bar, "次へ").isVisible()
    assert "5ページ中2ページ目" in button(bar, "ページ").accessibleName()


@pytest.mark.parametrize("size", [(1920, 1080), (960, 1080)])
@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_bar_keeps_off_the_tools(board: QWidget, size: tuple[int, int], side: str) -> None:
    tools, pages = Toolbar(board), PageBar(board)
    rect = QRect(0, 0, *size)
    tools.set_side(side)
    tools.place_in(rect)
    pages.set_place(0, 1)
    pages.place_in(rect, side)
    assert rect.contains(pages.geometry())
    assert not pages.geometry().intersects(tools.geometry())


def test_bar_follows_tools_that_settle_elsewhere(board: QWidget) -> None:
    tools, pages = Toolbar(board), PageBar(board)
    tools.set_side("left")
    tools.place_in(board.rect())
    pages.place_in(board.rect(), "left")
    tools.set_side("right")
    assert not pages.geometry().intersects(tools.geometry())
