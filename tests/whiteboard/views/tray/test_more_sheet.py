from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from base import text
from base.commands import Command
from base.qt import loop
from base.qt.widgets import Text, Toggle, TouchButton
from whiteboard.views.tray.more_sheet import MoreSheet


class Desk:
    """Commands that note what was asked for, and two switches."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.on = {"board.sound": True, "board.meter": False}
        self.has_board = True

    def commands(self) -> list[Command]:
        return [
            Command("board.undo", "Undo", "undo-2", lambda: self.asked.append("undo")),
            Command("board.pages", "Pages", "layout-grid", lambda: self.asked.append("pages")),
            Command("board.home", "Home", "house", lambda: self.asked.append("home")),
            Command("board.fit_page", "Whole page", "maximize", lambda: None),
            Command("board.find", "Find", "search", lambda: self.asked.append("find")),
            Command("board.finish", "Finish", "log-out", lambda: self.asked.append("finish")),
            Command(
                "board.split",
                "Two people",
                "columns-2",
                lambda: self.asked.append("split"),
                enabled=lambda: self.has_board,
            ),
            Command("board.sound", "Sounds", "volume-2", lambda: self.turn("board.sound")),
            Command("board.meter", "Meter", "gauge", lambda: self.turn("board.meter")),
        ]

    def turn(self, name: str) -> None:
        self.on[name] = not self.on[name]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def sheet(qtbot, desk: Desk):
    text.set_language("en")
    below = QWidget()
    qtbot.addWidget(below)
    below.resize(1920, 1080)
    below.show()
    qtbot.waitExposed(below)
    states = {name: (lambda name=name: desk.on[name]) for name in desk.on}
    yield MoreSheet(below, desk.commands(), states)
    below.hide()


def word(sheet: MoreSheet, wanted: str) -> TouchButton:
    return next(b for b in sheet.findChildren(TouchButton) if b.word == wanted)


def switch(sheet: MoreSheet, wanted: str) -> Toggle:
    return next(b for b in sheet.findChildren(Toggle) if b.word == wanted)


def test_commands_that_are_on_the_glass_are_not_repeated(sheet: MoreSheet) -> None:
    words = [b.word for b in sheet.findChildren(TouchButton)]
    assert words == ["Close", "Whole page", "Find", "Finish", "Two people"]


def test_buttons_beside_a_document_are_not_repeated(sheet: MoreSheet, desk: Desk) -> None:
    beside = MoreSheet(sheet.parentWidget(), desk.commands(), {}, is_document=True)
    words = [b.word for b in beside.findChildren(TouchButton)]
    assert "Whole page" not in words


def test_groups_that_are_empty_have_no_name(sheet: MoreSheet) -> None:
    names = [t.text() for t in sheet.findChildren(Text) if not t.isHidden()]
    assert names == ["More", "This board", "Settings"]


def test_sheet_is_left_without_asking_for_anything(sheet: MoreSheet, desk: Desk, qtbot) -> None:
    sheet.open()
    with qtbot.waitSignal(sheet.closed):
        word(sheet, "Close").click()
    assert desk.asked == []


def test_button_does_its_work_and_the_sheet_leaves(sheet: MoreSheet, desk: Desk, qtbot) -> None:
    sheet.open()
    with qtbot.waitSignal(sheet.closed):
        word(sheet, "Find").click()
    assert desk.asked == ["find"]


def test_switches_show_what_is_on(sheet: MoreSheet, desk: Desk) -> None:
    desk.on["board.meter"] = True
    sheet.open()
    assert [switch(sheet, w).isChecked() for w in ("Sounds", "Meter")] == [True, True]


def test_switch_leaves_the_sheet_open(sheet: MoreSheet, desk: Desk) -> None:
    sheet.open()
    switch(sheet, "Sounds").click()
    assert desk.on["board.sound"] is False
    assert not switch(sheet, "Sounds").isChecked()
    assert sheet.isVisible()


def test_switch_that_could_not_be_turned_shows_that(sheet: MoreSheet, desk: Desk) -> None:
    desk.turn = lambda _name: None
    sheet.open()
    switch(sheet, "Meter").click()
    assert not switch(sheet, "Meter").isChecked()


def test_what_cannot_be_asked_for_now_is_grey(sheet: MoreSheet, desk: Desk) -> None:
    desk.has_board = False
    sheet.open()
    assert not word(sheet, "Two people").isEnabled()
    assert word(sheet, "Finish").isEnabled()


@pytest.mark.parametrize("width_px", [1920, 960, 640])
def test_everything_fits_beside_another_person(sheet: MoreSheet, qtbot, width_px: int) -> None:
    sheet.parentWidget().resize(width_px, 1080)
    sheet.open()
    qtbot.waitUntil(lambda: sheet.panel.geometry().bottom() < 1080)
    for one in (*sheet.findChildren(TouchButton), *sheet.findChildren(Toggle)):
        assert sheet.rect().contains(one.mapTo(sheet, one.rect().bottomRight()))
        assert one.width() >= one.minimumSizeHint().width()


def test_sheet_speaks_the_other_language_at_once(sheet: MoreSheet, qapp) -> None:
    sheet.open()
    loop.switch_language(qapp, "ja")
    assert word(sheet, "終わる").accessibleName() == "終わる"
