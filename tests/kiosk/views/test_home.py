from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel

from base import text
from base.qt import loop
from base.qt.widgets import Text, Tile, TouchButton
from kiosk.model.tiles import HomeTile
from kiosk.views.home import Home


class HeldClock:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 9, 59, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic_s(self) -> float:
        return 0.0


TILES = (
    HomeTile("board", "Blackboard", "presentation", "Write now", lead=True),
    HomeTile("boards", "Boards", "layout-grid", ""),
)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def home(qtbot, clock: HeldClock):
    text.set_language("ja")
    made = Home(TILES, clock)
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.hide()


def button(home: Home, word: str) -> TouchButton:
    return next(one for one in home.findChildren(TouchButton) if one.word == word)


def test_tile_tells_its_screen(home: Home, qtbot) -> None:
    with qtbot.waitSignal(home.opened) as heard:
        home.findChildren(Tile)[1].click()
    assert heard.args == ["boards"]


def test_settings_are_one_touch_away(home: Home, qtbot) -> None:
    with qtbot.waitSignal(home.opened) as heard:
        button(home, "設定").click()
    assert heard.args == ["settings"]


def test_language_button_offers_the_other_language(home: Home, qtbot, qapp) -> None:
    with qtbot.waitSignal(home.language_chosen) as heard:
        button(home, "English").click()
    assert heard.args == ["en"]
    loop.switch_language(qapp, "en")
    with qtbot.waitSignal(home.language_chosen) as heard:
        button(home, "日本語").click()
    assert heard.args == ["ja"]


def test_theme_button_offers_the_other_theme(home: Home, qtbot) -> None:
    with qtbot.waitSignal(home.theme_chosen) as heard:
        button(home, "明るい").click()
    assert heard.args == ["white"]


def test_finish_is_one_touch_away(home: Home, qtbot) -> None:
    with qtbot.waitSignal(home.finish_asked):
        button(home, "終わる").click()


def test_clock_ticks_at_the_change_of_the_minute(home: Home, clock: HeldClock) -> None:
    timer = home.findChild(QTimer)
    assert timer.interval() == 30_000
    clock.time = clock.time.replace(hour=10, minute=0, second=0)
    timer.timeout.emit()
    assert home.findChild(QLabel).text() == "10:00"
    assert home.findChild(Text).text() == "2026年11月21日 土曜日"
    assert timer.interval() == 60_000


def test_clock_rests_while_home_is_hidden(home: Home) -> None:
    home.hide()
    assert not home.findChild(QTimer).isActive()


def test_all_that_is_touched_lies_in_the_lower_half_or_just_above(home: Home) -> None:
    for one in (*home.findChildren(Tile), *home.findChildren(TouchButton)):
        top = one.mapTo(home, one.rect().topLeft()).y()
        assert top >= home.height() * 0.4
