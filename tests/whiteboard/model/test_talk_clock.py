"""How long a talk has gone on, and what is left of it."""

from __future__ import annotations

import pytest

from whiteboard.model.talk_clock import MOST_PLANNED_MIN, TalkClock, TalkStage, digits


def test_clock_counts_only_while_it_runs() -> None:
    clock = TalkClock().started(10.0).stopped(40.0)
    assert clock.elapsed_s(1000.0) == 30.0
    assert clock.started(1000.0).elapsed_s(1005.5) == 35.5


def test_starting_a_clock_that_runs_changes_nothing() -> None:
    clock = TalkClock().started(10.0)
    assert clock.started(20.0) == clock


def test_reset_keeps_the_plan() -> None:
    clock = TalkClock(20).started(0.0).reset()
    assert clock == TalkClock(20)
    assert clock.is_fresh


@pytest.mark.parametrize(
    ("elapsed_s", "stage"),
    [
        (0.0, TalkStage.CALM),
        (15 * 60 - 1, TalkStage.CALM),
        (16 * 60, TalkStage.SOON),
        (20 * 60 - 1, TalkStage.SOON),
        (20 * 60, TalkStage.OVER),
    ],
)
def test_last_fifth_of_a_talk_is_its_end(elapsed_s: float, stage: TalkStage) -> None:
    assert TalkClock(20).started(0.0).stage(elapsed_s) is stage


def test_end_of_a_long_talk_is_five_minutes() -> None:
    clock = TalkClock(90).started(0.0)
    assert clock.stage(85 * 60 - 1) is TalkStage.CALM
    assert clock.stage(85 * 60) is TalkStage.SOON


def test_talk_without_a_plan_is_never_over() -> None:
    assert TalkClock().started(0.0).stage(1e6) is TalkStage.CALM


def test_clock_with_a_plan_shows_what_is_left() -> None:
    clock = TalkClock(1).started(0.0)
    assert [clock.shown_s(s) for s in (0.0, 0.5, 1.0, 59.5, 61.0, 62.9)] == [
        60,
        60,
        59,
        1,
        1,
        2,
    ]


def test_clock_without_a_plan_shows_what_has_gone_by() -> None:
    assert [TalkClock().started(0.0).shown_s(s) for s in (0.9, 1.0, 61.0)] == [0, 1, 61]


def test_next_second_is_less_than_a_second_away() -> None:
    clock = TalkClock().started(0.25)
    assert clock.next_change_s(3.0) == pytest.approx(0.25)
    assert 0 < clock.next_change_s(3.25) <= 1.0


def test_plan_grows_by_minutes_and_then_by_five() -> None:
    clock, seen = TalkClock(8), []
    for _step in range(4):
        clock = clock.longer()
        seen.append(clock.planned_min)
    assert seen == [9, 10, 15, 20]
    for _step in range(4):
        clock = clock.shorter()
    assert clock.planned_min == 8


def test_plan_stays_between_none_and_the_longest() -> None:
    assert TalkClock(0).shorter().planned_min == 0
    assert TalkClock(MOST_PLANNED_MIN).longer().planned_min == MOST_PLANNED_MIN


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65, "1:05"), (3599, "59:59"), (3661, "1:01:01")]
)
def test_digits(seconds: int, text: str) -> None:
    assert digits(seconds) == text
