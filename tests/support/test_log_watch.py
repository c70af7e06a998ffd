import logging

import pytest

from tests.support.log_watch import LogWatch


@pytest.fixture
def watch() -> LogWatch:
    return LogWatch()


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"msg": text, "levelname": "ERROR", "levelno": logging.ERROR, "name": "x"}
    )


def test_record_nobody_asked_for_is_a_complaint(watch: LogWatch) -> None:
    watch.handle(record("disk is full"))
    assert watch.complaints() == ["unexpected log record: ERROR x: disk is full"]


def test_record_that_was_asked_for_is_none(watch: LogWatch) -> None:
    watch.expect("disk")
    watch.handle(record("disk is full"))
    assert watch.complaints() == []


def test_record_that_did_not_come_is_a_complaint(watch: LogWatch) -> None:
    watch.expect("disk")
    assert watch.complaints() == ["expected log record did not come: disk"]


def test_record_that_may_come_need_not(watch: LogWatch) -> None:
    watch.allow("disk")
    assert watch.complaints() == []
    watch.handle(record("disk is full"))
    assert watch.complaints() == []
