import json
import logging
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from base import log as base_log
from base.log import BoundedQueueHandler, open_log


@pytest.fixture(autouse=True)
def root_level() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "log" / "kokuban.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_record_is_one_json_line_with_time_level_and_logger(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    structlog.get_logger("whiteboard.services.boards.library").info("board opened", pages=3)
    log.shutdown()
    (line,) = lines_of(tmp_path)
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "board opened",
        "level": "info",
        "logger": "whiteboard.services.boards.library",
        "pages": 3,
    }


def test_standard_library_record_takes_the_same_way(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    logging.getLogger("asyncio").info("took %d ms", 120, extra={"task": "sync"})
    log.shutdown()
    (line,) = lines_of(tmp_path)
    assert (line["event"], line["logger"], line["task"]) == ("took 120 ms", "asyncio", "sync")


def test_japanese_stays_readable_in_the_file(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    structlog.get_logger("x").info("板書", title="会議室の黒板")
    log.shutdown()
    assert "会議室の黒板" in (tmp_path / "log" / "kokuban.log").read_text("utf-8")


def test_exception_is_written_with_its_traceback(
    tmp_path: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("failed")
    log = open_log(tmp_path)
    try:
        raise OSError("the stick was pulled")
    except OSError:
        structlog.get_logger("x").exception("failed")
    log.shutdown()
    (line,) = lines_of(tmp_path)
    assert "OSError: the stick was pulled" in line["exception"]


def test_value_json_does_not_know_is_written_by_its_repr(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    structlog.get_logger("x").info("opened", path=Path("a"))
    log.shutdown()
    assert lines_of(tmp_path)[0]["path"] == repr(Path("a"))


def test_level_below_the_limit_is_not_written(tmp_path: Path) -> None:
    log = open_log(tmp_path, level=logging.INFO)
    structlog.get_logger("x").debug("noise")
    log.shutdown()
    assert lines_of(tmp_path) == []


def test_files_stay_within_their_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_log, "FILE_LIMIT_BYTES", 2_000)
    log = open_log(tmp_path)
    for n in range(200):
        structlog.get_logger("x").info("a line of some length", n=n)
    log.shutdown()
    files = sorted((tmp_path / "log").iterdir())
    assert [f.name for f in files] == [
        "kokuban.log",
        *(f"kokuban.log.{i}" for i in range(1, 5)),
    ]
    assert all(f.stat().st_size <= 2_000 for f in files)
    assert lines_of(tmp_path)[-1]["n"] == 199


def test_records_the_disk_is_too_slow_for_are_counted() -> None:
    waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(3)
    handler = BoundedQueueHandler(waiting)
    for n in range(5):
        handler.handle(logging.makeLogRecord({"msg": f"record {n}"}))
    for _ in range(3):
        waiting.get()
    handler.handle(logging.makeLogRecord({"msg": "room again"}))
    again, told = waiting.get(), waiting.get()
    assert again is not None
    assert again.getMessage() == "room again"
    assert told is not None
    assert told.getMessage() == "records lost, the disk did not keep up"
    assert told.__dict__["lost"] == 2


def test_shutdown_writes_every_record_that_waits(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    for n in range(5_000):
        structlog.get_logger("x").info("record", n=n)
    log.shutdown()
    assert [line["n"] for line in lines_of(tmp_path)] == list(range(5_000))


def test_shutdown_twice_does_nothing_and_leaves_no_handler(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    log = open_log(tmp_path, to_stderr=True)
    log.shutdown()
    log.shutdown()
    assert logging.getLogger().handlers == before


def test_developer_sees_records_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = open_log(tmp_path, to_stderr=True)
    structlog.get_logger("x").info("board opened", pages=3)
    log.shutdown()
    assert "board opened" in capsys.readouterr().err
