"""Real processes, really killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from base.errors import AppError, ErrorCode
from tests.support import long_functions, pdfs
from tests.support.loop_watch import LoopWatch
from tests.support.source import ROOT
from whiteboard.model.document import DocumentInfo, SheetSize
from whiteboard.services.rendering import render_crew, render_search, renderer
from whiteboard.services.rendering.render_pool import Priority, RenderPool, Ticket
from whiteboard.services.rendering.worker_process import WorkerProcess

PATIENCE_MS = 30_000
SMALL = QRect(0, 0, 200, 100)
LARGE = QRect(0, 0, 2000, 2000)
RED, BLUE, WHITE = 0xFFFF0000, 0xFF0000FF, 0xFFFFFFFF

Ask = Callable[..., Any]


class Bench:
    """A pool and short ways to ask it."""

    def __init__(self, pool: RenderPool, qtbot: QtBot) -> None:
        self.pool = pool
        self.qtbot = qtbot

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def ask(self, ask: Ask, *arguments: Any, **named: Any) -> Any:
        """Ask and wait for the outcome."""
        got: list[Any] = []
        ask(*arguments, on_done=got.append, **named)
        assert got == []  # never inside the call
        self.until(lambda: bool(got))
        return got[0]

    def open(self, path: Path, document: str = "d", password: str = "") -> Any:
        return self.ask(self.pool.open, document, path, password=password)

    def render(
        self,
        area: QRect = SMALL,
        number: int = 0,
        turns: int = 0,
        scale: float = 1.0,
        priority: Priority = Priority.VISIBLE,
        document: str = "d",
    ) -> Any:
        return self.ask(self.pool.render, document, number, turns, scale, area, priority)

    def ready(self, workers: int = 2) -> None:
        self.pool.warm_up()
        self.until(lambda: self.pool.ready == workers)

    def start_render(self, number: int, priority: Priority, out: list[Any]) -> Ticket:
        return self.pool.render("d", number, 0, 2.0, LARGE, priority, out.append)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    pool = RenderPool(job_package=long_functions.PACKAGE)
    yield Bench(pool, qtbot)
    pool.shutdown()


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    return pdfs.colour_pdf(tmp_path / "色.pdf")


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pdfs.heavy_pdf(tmp_path_factory.mktemp("drawings") / "d.pdf", 6, 25_000)


def error_of(outcome: Any) -> ErrorCode:
    assert isinstance(outcome, AppError), outcome
    return outcome.code


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_document_says_its_sheets(bench: Bench, colours: Path) -> None:
    info = bench.open(colours)
    assert info == DocumentInfo("d", (SheetSize(200.0, 100.0),))


def test_picture_has_the_colours_of_the_sheet(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    picture = bench.render()
    assert picture.format() is QImage.Format.Format_RGB32
    assert picture.size() == QSize(200, 100)
    assert (picture.pixel(50, 50), picture.pixel(150, 50)) == (RED, BLUE)


def test_first_page_may_be_asked_for_before_the_document_is_known(
    bench: Bench, colours: Path
) -> None:
    bench.pool.open("d", colours, lambda _info: None)
    assert bench.render().pixel(50, 50) == RED


@pytest.mark.parametrize(
    ("turns", "size", "red", "blue"),
    [
        (1, (100, 200), (50, 50), (50, 150)),
        (2, (200, 100), (150, 50), (50, 50)),
        (3, (100, 200), (50, 150), (50, 50)),
        (5, (100, 200), (50, 50), (50, 150)),
    ],
)
def test_sheet_turns_clockwise(
    bench: Bench,
    colours: Path,
    turns: int,
    size: tuple[int, int],
    red: tuple[int, int],
    blue: tuple[int, int],
) -> None:
    bench.open(colours)
    picture = bench.render(QRect(0, 0, *size), turns=turns)
    assert (picture.pixel(*red), picture.pixel(*blue)) == (RED, BLUE)


def test_turn_of_the_file_is_part_of_the_sheet(bench: Bench, tmp_path: Path) -> None:
    info = bench.open(pdfs.colour_pdf(tmp_path / "t.pdf", turned=90))
    assert info.sheets == (SheetSize(100.0, 200.0),)
    picture = bench.render(QRect(0, 0, 100, 200))
    assert (picture.pixel(50, 50), picture.pixel(50, 150)) == (RED, BLUE)


def test_part_of_a_sheet_is_the_same_as_in_the_whole(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    whole = bench.render(QRect(0, 0, 1600, 800), scale=8.0)
    part = bench.render(QRect(700, 100, 600, 500), scale=8.0)
    assert part == whole.copy(700, 100, 600, 500)


def test_outside_of_the_sheet_is_white(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    picture = bench.render(QRect(-50, -50, 300, 200))
    assert (picture.pixel(10, 10), picture.pixel(290, 190)) == (WHITE, WHITE)
    assert picture.pixel(60, 60) == RED


def test_copies_keep_the_pixels_when_the_pool_is_gone(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    picture = bench.render(QRect(0, 0, 2000, 1000), scale=10.0)
    shared = QImage(picture)
    del picture
    bench.pool.shutdown()
    assert shared.pixel(500, 500) == RED


def test_memory_of_a_picture_is_used_again(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    bench.render(QRect(0, 0, 2000, 1000), scale=10.0)
    before = open_descriptors()
    for _round in range(5):
        bench.render(QRect(0, 0, 2000, 1000), scale=10.0)
    assert open_descriptors() == before


def test_thumbnails_hold_no_descriptors(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    kept = [bench.render()]
    before = open_descriptors()
    kept += [bench.render(scale=1.0 + n / 10) for n in range(5)]
    assert open_descriptors() == before


def test_same_picture_is_painted_once(bench: Bench, drawings: Path) -> None:
    bench.open(drawings)
    first: list[Any] = []
    second: list[Any] = []
    bench.start_render(0, Priority.NEXT, first)
    bench.start_render(0, Priority.VISIBLE, second)
    assert bench.pool.waiting == 1
    bench.until(lambda: bool(first and second))
    assert isinstance(first[0], QImage)
    assert first[0] == second[0]


def test_cancelled_ticket_hears_nothing(bench: Bench, drawings: Path) -> None:
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    tickets = [bench.start_render(n % 6, Priority(n % 4), got) for n in range(200)]
    for ticket in tickets:
        ticket.cancel()
        ticket.cancel()
    bench.until(lambda: bench.pool.waiting == 0)
    assert isinstance(bench.render(), QImage)
    assert got == []


def test_two_hundred_quick_asks_are_all_answered(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    got: list[Any] = []
    for n in range(200):
        scale = 1.0 + n / 200
        bench.pool.render("d", 0, 0, scale, SMALL, Priority(n % 4), got.append)
    bench.until(lambda: len(got) == 200)
    assert all(isinstance(picture, QImage) for picture in got)


def test_visible_page_comes_before_what_was_asked_earlier(bench: Bench, drawings: Path) -> None:
    bench.ready()
    bench.open(drawings)
    order: list[int] = []
    for n in range(5):
        priority = Priority.NEXT if n % 2 else Priority.BACKGROUND
        bench.pool.render("d", n, 0, 2.0, LARGE, priority, lambda _p, n=n: order.append(n))
    bench.until(lambda: bench.pool.running == 2)
    bench.pool.render("d", 5, 0, 2.0, LARGE, Priority.VISIBLE, lambda _p: order.append(5))
    bench.until(lambda: len(order) == 6)
    assert order.index(5) <= 1


def test_thumbnails_leave_one_process_free(bench: Bench, drawings: Path) -> None:
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    for n in range(4):
        bench.start_render(n, Priority.THUMBNAIL, got)
    bench.until(lambda: bench.pool.running == 1)
    bench.qtbot.waitUntil(lambda: bool(got), timeout=PATIENCE_MS)
    assert bench.pool.running <= 1


def test_job_of_a_page_turned_away_is_stopped(bench: Bench, tmp_path: Path) -> None:
    bench.ready()
    bench.open(pdfs.heavy_pdf(tmp_path / "slow.pdf", 1, 200_000))
    got: list[Any] = []
    ticket = bench.start_render(0, Priority.VISIBLE, got)
    bench.until(lambda: bench.pool.running == 1)
    ticket.cancel()
    bench.until(lambda: bench.pool.running == 0)
    assert got == []
    assert bench.pool.ready == 2  # stopped, not killed


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "crashed"])
def test_job_survives_its_process(
    bench: Bench,
    drawings: Path,
    expected_log: Callable[[str], None],
    blow: signal.Signals,
    loop_watch: LoopWatch,
) -> None:
    expected_log("a render process broke")
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    later: list[Any] = []
    bench.start_render(0, Priority.VISIBLE, got)
    bench.until(lambda: bench.pool.running == 1)
    os.kill(bench.pool.busy_process_ids[0], blow)
    bench.start_render(1, Priority.VISIBLE, later)
    bench.until(lambda: bool(got and later))
    assert isinstance(got[0], QImage)
    assert isinstance(later[0], QImage)


def test_idle_process_that_dies_is_replaced(
    bench: Bench, colours: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("an idle render process ended")
    bench.ready()
    before = bench.pool.process_ids
    os.kill(before[0], signal.SIGKILL)
    bench.until(lambda: bench.pool.ready == 2 and bench.pool.process_ids != before)
    bench.open(colours)
    assert bench.render().pixel(50, 50) == RED


def test_process_that_hangs_is_replaced(
    bench: Bench,
    drawings: Path,
    expected_log: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected_log("a render process broke.*it hangs|it hangs")
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    bench.start_render(0, Priority.VISIBLE, got)
    bench.until(lambda: bench.pool.running == 1)
    stopped = bench.pool.busy_process_ids[0]
    os.kill(stopped, signal.SIGSTOP)
    monkeypatch.setattr(renderer, "STALL_S", 0.5)
    bench.until(lambda: stopped not in bench.pool.process_ids)
    monkeypatch.setattr(renderer, "STALL_S", 30.0)
    bench.until(lambda: bool(got))
    assert isinstance(got[0], QImage)


def test_sheet_that_breaks_two_processes_is_given_up(
    bench: Bench, drawings: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("a render process broke")
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    bench.start_render(0, Priority.VISIBLE, got)
    killed: list[int] = []
    for _attempt in range(2):
        bench.until(lambda: bool(set(bench.pool.busy_process_ids) - set(killed)))
        killed.extend(bench.pool.busy_process_ids)
        os.kill(killed[-1], signal.SIGKILL)
    bench.until(lambda: bool(got))
    assert error_of(got[0]) is ErrorCode.PAGE_UNREADABLE
    assert error_of(bench.render(number=0)) is ErrorCode.PAGE_UNREADABLE
    assert isinstance(bench.render(number=1), QImage)
    bench.open(drawings)
    assert isinstance(bench.render(number=0), QImage)


def test_process_that_talks_nonsense_is_replaced(
    bench: Bench, colours: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("an idle render process ended.*|no answer")
    bench.ready()
    before = bench.pool.process_ids
    bench.pool.findChildren(WorkerProcess)[0]._feed(b"\x02\x00\x00\x00{}")
    bench.until(lambda: bench.pool.ready == 2 and bench.pool.process_ids != before)


def test_file_with_a_broken_table_is_repaired(bench: Bench, tmp_path: Path) -> None:
    path = pdfs.without_xref(pdfs.text_pdf(tmp_path / "r.pdf", ["会議"]))
    info = bench.open(path)
    assert info.is_repaired
    assert len(info.sheets) == 1


def test_whole_file_is_not_called_repaired(bench: Bench, colours: Path) -> None:
    assert not bench.open(colours).is_repaired


def test_text_file_is_no_document(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_text("Dear citizens,\n" * 100)
    assert error_of(bench.open(path)) is ErrorCode.DOCUMENT_DAMAGED


def test_empty_file_is_no_document(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "empty.pdf"
    path.touch()
    assert error_of(bench.open(path)) is ErrorCode.DOCUMENT_DAMAGED


def test_missing_file_is_told(bench: Bench, tmp_path: Path) -> None:
    assert error_of(bench.open(tmp_path / "gone.pdf")) is ErrorCode.NOT_FOUND


def test_pipe_instead_of_a_file_does_not_hang(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert error_of(bench.open(tmp_path / "pipe.pdf")) is ErrorCode.UNKNOWN_FORMAT


def test_document_without_sheets_is_told(bench: Bench, tmp_path: Path) -> None:
    path = pdfs.plain_pdf(tmp_path / "none.pdf", b"", count=0, kids=b"")
    assert error_of(bench.open(path)) is ErrorCode.DOCUMENT_EMPTY


def test_locked_document_asks_for_its_password(bench: Bench, tmp_path: Path) -> None:
    path = pdfs.locked_pdf(tmp_path / "l.pdf", "市役所")
    assert error_of(bench.open(path)) is ErrorCode.DOCUMENT_ENCRYPTED
    assert error_of(bench.open(path, password="x")) is ErrorCode.DOCUMENT_STILL_ENCRYPTED
    assert isinstance(bench.open(path, password="市役所"), DocumentInfo)
    assert isinstance(bench.render(), QImage)


def test_name_that_is_no_utf8_opens(bench: Bench, tmp_path: Path, colours: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\x8e\x91.pdf"))
    colours.rename(path)
    assert isinstance(bench.open(path), DocumentInfo)


def test_sheet_that_is_not_there_is_unreadable(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    assert error_of(bench.render(number=7)) is ErrorCode.PAGE_UNREADABLE


def test_image_that_never_ends_is_given_up_and_the_next_job_done(
    bench: Bench,
    tmp_path: Path,
    colours: Path,
    expected_log: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected_log("a render process broke")
    bench.ready()
    bench.open(pdfs.bomb_pdf(tmp_path / "bomb.pdf", 100_000), document="bomb")
    bench.open(colours)
    monkeypatch.setattr(renderer, "STALL_S", 1.0)
    outcome = bench.render(QRect(0, 0, 600, 600), document="bomb")
    assert error_of(outcome) is ErrorCode.PAGE_UNREADABLE
    assert bench.render().pixel(50, 50) == RED


@pytest.mark.parametrize(
    ("box", "longest"),
    [
        (b"0 0 14173 14173", 14173.0),
        (b"0 0 1000000000 500000000", 20_000.0),
        (b"0 0 1 2", 20.0),
        (b"100 100 100 100", None),
        (b"-500 -500 500 500", 1000.0),
    ],
)
def test_silly_sizes_are_brought_in_bounds(
    bench: Bench, tmp_path: Path, box: bytes, longest: float | None
) -> None:
    info = bench.open(pdfs.plain_pdf(tmp_path / "s.pdf", b"/MediaBox[%s]" % box))
    (size,) = info.sheets
    if longest is not None:
        assert max(size.width_pt, size.height_pt) == pytest.approx(longest)
    assert min(size.width_pt, size.height_pt) >= 1.0
    assert isinstance(bench.render(), QImage)


def test_ten_thousand_sheets_open(bench: Bench, tmp_path: Path) -> None:
    info = bench.open(pdfs.many_sheets_pdf(tmp_path / "many.pdf", 10_000))
    assert len(info.sheets) == 10_000
    assert isinstance(bench.render(number=9_999), QImage)


def test_too_many_sheets_are_refused(bench: Bench, tmp_path: Path) -> None:
    path = pdfs.many_sheets_pdf(tmp_path / "more.pdf", 50_001)
    assert error_of(bench.open(path)) is ErrorCode.DOCUMENT_TOO_LARGE


def test_links_and_outline_lead_to_sheets(bench: Bench, tmp_path: Path) -> None:
    info = bench.open(pdfs.linked_pdf(tmp_path / "l.pdf"))
    assert [(e.title, e.level, e.sheet) for e in info.outline] == [
        ("計画", 0, 0),
        ("予算", 1, 2),
    ]
    links = bench.ask(bench.pool.links, "d", 0)
    assert {(link.sheet, link.url) for link in links} == {
        (2, ""),
        (None, "https://example.org/"),
    }
    inside = next(link for link in links if link.sheet == 2)
    assert (inside.box.left, inside.box.top) == (10.0, 20.0)


def test_words_come_with_their_lines(bench: Bench, tmp_path: Path) -> None:
    bench.open(pdfs.text_pdf(tmp_path / "w.pdf", ["town hall\n市役所の会議"]))
    words = bench.ask(bench.pool.words, "d", 0)
    assert [(w.text, w.line) for w in words] == [
        ("town", 0),
        ("hall", 0),
        ("市役所", 1),
        ("の", 1),
        ("会議", 1),
    ]


def test_search_begins_where_it_is_told_and_comes_round(bench: Bench, tmp_path: Path) -> None:
    texts = [f"sheet {n} {'予算' if n in (1, 4, 8) else ''}" for n in range(10)]
    bench.open(pdfs.text_pdf(tmp_path / "s.pdf", texts))
    hits: list[Any] = []
    assert bench.ask(bench.pool.search, "d", "予算", hits.extend, first=3) is None
    assert [hit.sheet for hit in hits] == [4, 8, 1]
    assert "予算" in hits[0].around


def test_empty_search_finds_nothing(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    hits: list[Any] = []
    assert bench.ask(bench.pool.search, "d", " ", hits.extend) is None
    assert hits == []


def test_search_can_be_cancelled(bench: Bench, tmp_path: Path) -> None:
    bench.open(pdfs.text_pdf(tmp_path / "s.pdf", ["予算"] * 200))
    told: list[Any] = []

    def hear(hits: Any) -> None:
        told.append(hits)
        ticket.cancel()

    ticket = bench.pool.search("d", "予算", hear, told.append)
    bench.until(lambda: bool(told))
    bench.until(lambda: bench.pool.waiting == 0)
    assert len(told) == 1


def test_search_with_too_many_hits_ends_and_says_where(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_search, "HITS_MAX", 5)
    bench.open(pdfs.text_pdf(tmp_path / "s.pdf", ["予算 予算"] * 9))
    hits: list[Any] = []
    more: list[int] = []
    ask = bench.pool.search
    assert bench.ask(ask, "d", "予算", hits.extend, first=7, on_more=more.append) is None
    assert [hit.sheet for hit in hits] == [7, 7, 8, 8, 0, 0]
    assert more == [1]


def test_document_that_is_removed_stays_open(bench: Bench, colours: Path) -> None:
    bench.open(colours)
    colours.unlink()
    assert bench.render().pixel(50, 50) == RED


def test_file_that_comes_later_is_found(bench: Bench, colours: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.pdf"
    assert error_of(bench.open(late)) is ErrorCode.NOT_FOUND
    assert error_of(bench.render()) is ErrorCode.NOT_FOUND
    colours.rename(late)
    assert bench.render().pixel(50, 50) == RED


def test_process_that_has_grown_is_replaced(
    bench: Bench, colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ready()
    bench.open(colours)
    before = set(bench.pool.process_ids)
    monkeypatch.setattr(render_crew, "RECYCLE_BYTES", 1)
    assert bench.render().pixel(50, 50) == RED
    monkeypatch.undo()
    bench.until(lambda: bench.pool.ready == 2 and set(bench.pool.process_ids) != before)
    assert bench.render(scale=1.5).pixel(50, 50) == RED


def test_closed_document_answers_no_more(bench: Bench, drawings: Path) -> None:
    bench.open(drawings)
    got: list[Any] = []
    bench.start_render(0, Priority.VISIBLE, got)
    bench.pool.close("d")
    bench.until(lambda: bench.pool.waiting == 0)
    assert got == []


def test_what_is_not_open_is_answered_and_never_inside_the_ask(
    bench: Bench, drawings: Path
) -> None:
    got: list[Any] = []
    bench.start_render(0, Priority.VISIBLE, got)
    bench.pool.words("d", 0, got.append)
    bench.pool.links("d", 0, got.append)
    bench.pool.search("d", "a", got.append, got.append)
    bench.pool.links("d", 1, got.append).cancel()
    assert got == []
    bench.until(lambda: len(got) == 4)
    assert {error.code for error in got} == {ErrorCode.NOT_FOUND}
    bench.open(drawings)


@pytest.mark.parametrize("area", [QRect(), QRect(0, 0, 100_000, 100_000)])
def test_area_that_no_screen_has_is_refused(bench: Bench, colours: Path, area: QRect) -> None:
    bench.open(colours)
    with pytest.raises(ValueError, match="cannot render"):
        bench.pool.render("d", 0, 0, 1.0, area, Priority.VISIBLE, lambda _picture: None)


def test_no_descriptors_left_is_told_and_passes(bench: Bench, colours: Path) -> None:
    import resource

    bench.ready()
    bench.open(colours)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        outcome = bench.render()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert error_of(outcome) is ErrorCode.PAGE_UNREADABLE
    assert bench.render().pixel(50, 50) == RED


def test_long_job_tells_its_progress_and_result(bench: Bench) -> None:
    moved: list[float] = []
    outcome = bench.ask(
        bench.pool.run,
        "tests.support.long_functions:count_up",
        {"steps": 4},
        on_progress=moved.append,
    )
    assert outcome == 4
    assert moved == [0.25, 0.5, 0.75, 1.0]


def test_long_job_that_is_unknown_fails(
    bench: Bench, expected_log: Callable[[str], None]
) -> None:
    expected_log("a long job broke")
    outcome = bench.ask(bench.pool.run, "os:getcwd", {})
    assert error_of(outcome) is ErrorCode.EXPORT_FAILED


def test_long_job_that_takes_too_long_is_killed(bench: Bench) -> None:
    before = pdfs.children_of(os.getpid())
    outcome = bench.ask(
        bench.pool.run,
        "tests.support.long_functions:count_up",
        {"steps": 10**12},
        timeout_s=0.5,
    )
    assert error_of(outcome) is ErrorCode.TOOK_TOO_LONG
    bench.until(lambda: pdfs.children_of(os.getpid()) == before)


def test_cancelled_long_job_is_killed(bench: Bench) -> None:
    before = pdfs.children_of(os.getpid())
    got: list[Any] = []
    moved: list[float] = []
    ticket = bench.pool.run(
        "tests.support.long_functions:count_up", {"steps": 10**12}, got.append, moved.append
    )
    bench.until(lambda: bool(moved))
    ticket.cancel()
    bench.until(lambda: pdfs.children_of(os.getpid()) == before)
    assert got == []


def test_shutdown_leaves_nothing(qtbot: QtBot, drawings: Path) -> None:
    children = set(pdfs.children_of(os.getpid()))
    descriptors, threads = open_descriptors(), threading.active_count()
    pool = RenderPool()
    bench = Bench(pool, qtbot)
    bench.ready()
    bench.open(drawings)
    got: list[Any] = []
    for n in range(6):
        bench.start_render(n, Priority.VISIBLE, got)
    bench.until(lambda: pool.running == 2)
    pool.shutdown()
    pool.shutdown()
    assert got == []
    assert set(pdfs.children_of(os.getpid())) == children
    assert (open_descriptors(), threading.active_count()) == (descriptors, threads)


DOOMED = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from whiteboard.services.rendering.render_pool import Priority, RenderPool

app = QGuiApplication([])
pool = RenderPool()
def rendered(_picture):
    print("workers", *pool.process_ids, flush=True)
    ask()
def ask():
    pool.render("d", 0, 0, 2.0, QRect(0, 0, 2000, 2000), Priority.VISIBLE, rendered)
pool.open("d", Path(sys.argv[1]), lambda _info: None)
ask()
app.exec()
"""


def test_processes_die_with_the_board(qtbot: QtBot, drawings: Path) -> None:
    shared_before = shared_names()
    board = subprocess.Popen(
        [sys.executable, "-c", DOOMED, str(drawings)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        text=True,
    )
    with board:
        assert board.stdout is not None
        said = next(line for line in board.stdout if line.startswith("workers"))
        board.kill()
    workers = [int(word) for word in said.split()[1:]]
    assert len(workers) == 2
    qtbot.waitUntil(lambda: not any(is_alive(pid) for pid in workers), timeout=PATIENCE_MS)
    assert shared_names() <= shared_before


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def shared_names() -> set[str]:
    """What has a name in shared memory; X servers of other tests come and go there."""
    names = {path.name for path in Path("/dev/shm").iterdir()}
    return {name for name in names if not name.startswith("xvfb-")}


def test_process_of_a_job_that_was_just_cancelled_is_gone_after_shutdown(
    qtbot: QtBot,
) -> None:
    pool = RenderPool(job_package=long_functions.PACKAGE)
    moved: list[float] = []
    ticket = pool.run(
        "tests.support.long_functions:count_up", {"steps": 10**12}, moved.append, moved.append
    )
    qtbot.waitUntil(lambda: bool(moved), timeout=PATIENCE_MS)
    ticket.cancel()
    (process,) = pool.findChildren(WorkerProcess)
    pool.shutdown()
    assert process.is_reaped
