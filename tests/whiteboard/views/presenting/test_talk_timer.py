"""The clock of a talk as it is seen and set."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from base import text
from base.qt import theme
from whiteboard.model.talk_clock import TalkClock
from whiteboard.views.presenting.talk_timer import TalkTimer


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def timer(qapp: QApplication, qtbot: QtBot, watch: Watch) -> TalkTimer:
    text.set_language("en")
    made = TalkTimer(theme.metrics, watch)
    qtbot.addWidget(made)
    return made


def test_face_says_what_the_digits_mean(timer: TalkTimer, watch: Watch) -> None:
    timer.show_clock(TalkClock(10).started(watch.now_s))
    seen = []
    for gone_s in (0.0, 9 * 60.0, 10 * 60 + 5.0):
        watch.now_s = 1000.0 + gone_s
        seen.append((timer.face.time_text, timer.face.words))
    assert seen == [
        ("10:00", "left of 10 minutes"),
        ("1:00", "left: come to the end"),
        ("+0:05", "over the time"),
    ]


def test_end_of_the_time_is_seen_in_words_and_in_colour(
    timer: TalkTimer, watch: Watch, qtbot: QtBot
) -> None:
    timer.resize(timer.sizeHint())
    timer.show_clock(TalkClock(1).started(watch.now_s))
    calm = timer.face.grab().toImage()
    watch.now_s += 61.0
    timer.show_clock(TalkClock(1).started(1000.0))
    over = timer.face.grab().toImage()
    corner = (timer.face.width() // 2, 3)
    assert over.pixelColor(*corner).name() == theme.tokens().trouble
    assert calm.pixelColor(*corner) != over.pixelColor(*corner)


def test_running_clock_wakes_up_for_the_next_second_only(
    timer: TalkTimer, watch: Watch, qtbot: QtBot
) -> None:
    timer.show()
    qtbot.waitExposed(timer)
    timer.show_clock(TalkClock().started(watch.now_s))
    watch.now_s += 1.0
    qtbot.waitUntil(lambda: timer.face.accessibleName().startswith("0:01"), timeout=3000)


def test_buttons_start_stop_and_reset(timer: TalkTimer, watch: Watch, qtbot: QtBot) -> None:
    told: list[TalkClock] = []
    timer.changed.connect(told.append)
    timer.start_button.click()
    assert timer.start_button.word == "Pause"
    watch.now_s += 5.0
    timer.start_button.click()
    assert timer.start_button.word == "Go on"
    timer.reset_button.click()
    assert [clock.elapsed_s(watch.now_s) for clock in told] == [5.0, 5.0, 0.0]
    assert not timer.reset_button.isEnabled()


def test_plan_is_made_longer_and_shorter(timer: TalkTimer) -> None:
    assert not timer.shorter_button.isEnabled()
    timer.longer_button.click()
    timer.longer_button.click()
    timer.shorter_button.click()
    assert timer.face.words == "left of 1 minute"
