"""The application as a process: its options, and what it does when the world is unkind."""

import errno
import itertools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from base.board_doc import StrokeItem
from base.errors import AppError
from tests.support.source import ROOT
from tools.running import RunningKokuban, run_kokuban
from tools.x11 import Pixels, Pointer, Rect, Screen, Windows, XServer
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile

PATIENCE_S = 20.0
BOARD = ("--screen", "board", "--size", "1920x1080", "--language", "en")
NOTICE = Rect(480, 10, 960, 90)
SAMPLE_BOARD = ROOT / "tests" / "data" / "board-version-1.kokuban"
WRITING = Rect(288, 162, 1344, 756)
"""The middle 70 % of the display."""


def call(*options: str, server: XServer | None = None) -> subprocess.CompletedProcess[str]:
    environment = {} if server is None else {"DISPLAY": server.display}
    return subprocess.run(
        [sys.executable, "main.py", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def on_board(
    server: XServer, screen: Screen, data_dir: Path, *options: str
) -> Iterator[RunningKokuban]:
    """Run the application until its board takes ink."""
    with run_kokuban(server, data_dir, *BOARD, *options) as running:
        running.wait_until_started()
        screen.wait_until_still()
        yield running


def line(x: int, y: int, length: int = 60) -> list[tuple[int, int]]:
    return [(x + step, y + step // 4) for step in range(0, length + 1, 6)]


def write_line(pointer: Pointer, screen: Screen, x: int, y: int) -> None:
    """Write a short line and wait until its ink shows."""
    middle = Rect.around(x + 30, y + 7, 6)
    blank = screen.grab(middle)
    pointer.stroke(line(x, y), 250)
    screen.wait_for_change(middle, since=blank, timeout_s=PATIENCE_S)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end_s:
            pytest.fail(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.01)


def strokes_in(path: Path) -> int:
    """Return how many strokes a board file has; -1 when it cannot be read just now."""
    numbers = itertools.count()
    try:
        file = BoardFile.open(path, read_only=True)
    except AppError:
        return -1
    board = Board(lambda: f"t{next(numbers)}", file.board_update)
    file.close()
    return sum(
        isinstance(item, StrokeItem)
        for page in board.pages
        for item in board.items(page.id).values()
    )


def wait_for_strokes(running: RunningKokuban, wanted: int) -> None:
    wait_until(
        lambda: any(strokes_in(board) == wanted for board in running.boards()),
        f"{wanted} strokes in the file",
    )


# Options --------------------------------------------------------------------------------


def test_version_is_one_line() -> None:
    done = call("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("kokuban ")
    assert len(done.stdout.splitlines()) == 1


def test_help_names_every_promised_option() -> None:
    done = call("--help")
    assert done.returncode == 0
    for option in (
        "--screen", "--windowed", "--size", "--open", "--data-dir", "--language", "--version",
    ):  # fmt: skip
        assert option in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--screen", "kitchen"),
        ("--size", "big"),
        ("--size", "1920x"),
        ("--size", "1x1"),
        ("--language", "fr"),
        ("--theme", "pink"),
        ("--sound-volume", "loud"),
        ("--open", "/nowhere/at all.kokuban"),
        ("--unknown",),
        ("stray",),
    ],
)
def test_bad_option_ends_with_2_and_a_sentence(options: tuple[str, ...]) -> None:
    done = call(*options)
    assert done.returncode == 2
    assert done.stdout == ""
    sentence, hint = done.stderr.splitlines()
    assert sentence.startswith("kokuban: ")
    assert sentence.endswith(".")
    assert hint == "Try 'kokuban --help' for the options."


def test_display_that_is_not_there_ends_with_a_sentence(tmp_path: Path) -> None:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    done = subprocess.run(
        [sys.executable, "main.py", "--data-dir", str(tmp_path)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in hidden},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_window_has_the_size_that_was_asked_for(
    server: XServer, screen: Screen, data_dir: Path
) -> None:
    options = ("--windowed", "--size", "1000x700", "--language", "en")
    with run_kokuban(server, data_dir, *options) as running, Windows(server) as windows:
        running.wait_until_started()
        rect = windows.wait_for("", larger_than=(300, 300)).rect
    assert (rect.width, rect.height) == (1000, 700)


def test_languages_and_themes_look_different(
    server: XServer, screen: Screen, data_dir: Path
) -> None:
    seen = {}
    for language, theme in itertools.product(("ja", "en"), ("board", "white")):
        options = ("--language", language, "--theme", theme)
        with run_kokuban(server, data_dir, *options) as running:
            running.wait_until_started()
            seen[language, theme] = screen.wait_until_still()
            assert running.end() == 0
    ground = {theme: seen["en", theme][20, 960, :3].astype(int) for theme in ("board", "white")}
    words = {key: pixels[700:800, 100:1800] for key, pixels in seen.items()}
    assert not np.array_equal(words["ja", "board"], words["en", "board"])
    assert ground["white"].sum() > 3 * 200
    assert ground["board"].sum() < 3 * 120


# Writing --------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_middle_of_the_display_takes_ink_to_its_corners(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path, side: str
) -> None:
    right, bottom = WRITING.x + WRITING.width, WRITING.y + WRITING.height
    corners = [
        (WRITING.x, WRITING.y),
        (right - 62, WRITING.y),
        (WRITING.x, bottom - 18),
        (right - 62, bottom - 18),
    ]
    with on_board(server, screen, data_dir, "--toolbar-side", side) as running:
        for x, y in corners:
            write_line(pointer, screen, x, y)
        wait_for_strokes(running, len(corners))


def test_sharp_turns_leave_nothing_beside_the_ink(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    area = Rect(300, 300, 700, 260)
    saw = [(320 + step * 12, 320 + step % 8 * 24) for step in range(50)]
    with on_board(server, screen, data_dir) as running:
        write_line(pointer, screen, 400, 700)
        pointer.stroke(saw, 250)
        wait_for_strokes(running, 2)
        # The last of the wet ink gives way to the finished stroke when there is time.
        written = screen.wait_until_still(area, still_s=1.5)
        running.kill()
    with on_board(server, screen, data_dir):
        painted = screen.wait_until_still(area)
    assert ink_beside(written, painted) == 0


def ink_beside(one: Pixels, other: Pixels) -> int:
    """Return how many pixels have ink in one picture and none near them in the other."""
    ink, near = (differs_from_board(pixels) for pixels in (one, other))
    for _step in range(3):
        grown = near.copy()
        grown[1:] |= near[:-1]
        grown[:-1] |= near[1:]
        grown[:, 1:] |= near[:, :-1]
        grown[:, :-1] |= near[:, 1:]
        near = grown
    return int(np.count_nonzero(ink & ~near))


def differs_from_board(pixels: Pixels) -> np.ndarray:
    colours = pixels[:, :, :3].astype(int)
    return (np.abs(colours - np.median(colours, axis=(0, 1))) > 60).any(axis=2)


def test_normal_session_says_and_logs_no_trouble(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    options = ("--size", "1920x1080", "--language", "en", "--sound-on", "no")
    with run_kokuban(server, data_dir, *options, is_driven=True) as running:
        running.wait_until_started()
        for word in ("Blackboard", "Chalk", "Marker", "Undo", "Redo", "New page", "Eraser"):
            pointer.click(*running.wait_for_button(word))
            screen.wait_until_still()
            if word not in ("Undo", "Redo"):
                pointer.stroke(line(600, 500, 240), 250)
        assert running.end() == 0
        assert running.said() == ""
        assert running.complaints() == []
        assert not list((data_dir / "log").glob("crash-*"))


# Files ----------------------------------------------------------------------------------


def test_board_given_to_open_is_shown(server: XServer, screen: Screen, data_dir: Path) -> None:
    with on_board(server, screen, data_dir) as running:
        empty = screen.grab(WRITING)
        assert running.end() == 0
    with run_kokuban(server, data_dir, "--open", str(SAMPLE_BOARD)) as running:
        running.wait_until_started()
        screen.wait_for_change(WRITING, since=empty, timeout_s=PATIENCE_S)
        shown = screen.wait_until_still(WRITING)
        wait_for_copy = [strokes_in(board) for board in running.boards()]
        assert running.end() == 0
        assert running.complaints() == []
    assert not np.array_equal(shown, empty)
    assert strokes_in(SAMPLE_BOARD) in wait_for_copy


@pytest.mark.parametrize(
    ("name", "content"),
    [("garbage.kokuban", b"\x00\xffgarbage" * 500), ("empty.kokuban", b""), ("a.xyz", b"?")],
)
def test_file_that_is_no_board_is_told_and_the_board_takes_ink(
    server: XServer,
    screen: Screen,
    pointer: Pointer,
    data_dir: Path,
    tmp_path: Path,
    name: str,
    content: bytes,
) -> None:
    foreign = tmp_path / name
    foreign.write_bytes(content)
    with on_board(server, screen, data_dir) as running:
        blank = screen.grab(NOTICE)
        assert running.end() == 0
    with run_kokuban(server, data_dir, *BOARD, "--open", str(foreign)) as running:
        running.wait_until_started()
        screen.wait_for_change(NOTICE, since=blank, timeout_s=PATIENCE_S)
        screen.wait_until_still()
        write_line(pointer, screen, 600, 600)
        wait_for_strokes(running, 1)
        assert running.end() == 0
        assert running.said() == ""
        assert any("error shown" in complaint for complaint in running.complaints())
    assert foreign.read_bytes() == content


# Ends -----------------------------------------------------------------------------------


def test_board_that_was_killed_comes_back(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    with on_board(server, screen, data_dir) as running:
        for row in range(3):
            write_line(pointer, screen, 500, 300 + 60 * row)
        # How soon a stroke is in the file is for test_board_kill.
        wait_for_strokes(running, 3)
        place = Rect(540, 580, 60, 60)
        bare = screen.grab(place)
        pointer.move(500, 600)
        pointer.press()
        pointer.move(560, 610)
        screen.wait_for_change(place, since=bare, timeout_s=PATIENCE_S)
        running.kill()
        pointer.release()
    (board,) = running.boards()
    assert strokes_in(board) == 3
    with on_board(server, screen, data_dir) as running:
        write_line(pointer, screen, 900, 300)
        wait_for_strokes(running, 4)
        assert running.boards() == [board]
        assert running.end() == 0
        assert running.complaints() == []


def test_board_that_was_killed_comes_back_when_it_is_named_too(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    with on_board(server, screen, data_dir) as running:
        write_line(pointer, screen, 500, 300)
        wait_for_strokes(running, 1)
        (board,) = running.boards()
        running.kill()
    with on_board(server, screen, data_dir, "--open", str(board)) as running:
        write_line(pointer, screen, 900, 300)
        wait_for_strokes(running, 2)
        assert running.boards() == [board]
        assert running.complaints() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_in_the_middle_of_a_stroke_keeps_what_was_finished(
    server: XServer,
    screen: Screen,
    pointer: Pointer,
    data_dir: Path,
    number: signal.Signals,
) -> None:
    with on_board(server, screen, data_dir) as running:
        write_line(pointer, screen, 500, 300)
        pointer.move(500, 500)
        pointer.press()
        pointer.move(560, 510)
        assert running.end(number) == 0
        pointer.release()
        assert running.said() == ""
        assert running.complaints() == []
        (board,) = running.boards()
        assert strokes_in(board) >= 1
        assert not board.with_name(board.name + "-wal").exists()


def test_board_that_stayed_empty_leaves_no_file(
    server: XServer, screen: Screen, data_dir: Path
) -> None:
    with on_board(server, screen, data_dir) as running:
        assert running.end() == 0
        assert running.boards() == []


def test_folder_in_use_is_refused_in_a_sentence(
    server: XServer, screen: Screen, data_dir: Path
) -> None:
    with on_board(server, screen, data_dir) as running:
        second = call("--data-dir", str(data_dir), server=server)
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert running.process.poll() is None


# Disks ----------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small disk; only root may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_read_only_folder_is_refused_in_a_sentence(tmp_path: Path, server: XServer) -> None:
    with small_disk(tmp_path / "disk", "ro,size=64k") as disk:
        done = call("--data-dir", str(disk / "kokuban"), server=server)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be used" in done.stderr


def test_full_disk_is_told_and_the_ink_stays_until_there_is_room(
    server: XServer, screen: Screen, pointer: Pointer, tmp_path: Path
) -> None:
    with (
        small_disk(tmp_path / "disk", "size=2m") as disk,
        on_board(server, screen, disk / "data") as running,
    ):
        filler = disk / "filler"
        fill(filler)
        written = write_until_told(pointer, screen)
        assert running.process.poll() is None
        filler.unlink()
        write_line(pointer, screen, 1200, 700)
        wait_for_strokes(running, written + 1)
        assert running.end() == 0
        assert running.said() == ""


def test_limit_on_files_is_told_and_the_ink_stays_until_it_is_lifted(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    with on_board(server, screen, data_dir) as running:
        write_line(pointer, screen, 500, 200)
        wait_for_strokes(running, 1)
        largest = max(p.stat().st_size for p in data_dir.rglob("*") if p.is_file())
        _soft, hard = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (largest + 8192, hard))
        written = write_until_told(pointer, screen) + 1
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        write_line(pointer, screen, 1200, 700)
        wait_for_strokes(running, written + 1)
        assert running.end() == 0
        assert running.said() == ""


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def write_until_told(pointer: Pointer, screen: Screen) -> int:
    """Write lines, each of which shows, until a notice comes; return how many."""
    blank = screen.grab(NOTICE)
    places = itertools.product(range(300, 840, 30), range(500, 1400, 100))
    for number, (y, x) in enumerate(places, start=1):
        write_line(pointer, screen, x, y)
        if not np.array_equal(screen.grab(NOTICE), blank):
            return number
    pytest.fail("no notice came")


# Rest -----------------------------------------------------------------------------------

IDLE_S = 5.0
MOST_WAKINGS_HZ = 5.0
"""Of all threads together; 0.4 on home and 0.6 on a board are seen."""


@pytest.mark.parametrize("first", ["home", "board"])
def test_application_that_nobody_touches_sleeps(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path, first: str
) -> None:
    options = ("--screen", first, "--size", "1920x1080")
    with run_kokuban(server, data_dir, *options) as running:
        running.wait_until_started()
        if first == "board":
            screen.wait_until_still()
            write_line(pointer, screen, 600, 600)
        screen.wait_until_still(still_s=1.5)
        before = wakings(running.process.pid)
        time.sleep(IDLE_S)  # the thing itself is that nothing happens
        rate_hz = (wakings(running.process.pid) - before) / IDLE_S
        assert rate_hz < MOST_WAKINGS_HZ
        assert running.end() == 0


def wakings(pid: int) -> int:
    """Return how often the threads of a process went to sleep so far."""
    count = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for row in status.read_text().splitlines():
            if row.startswith("voluntary_ctxt_switches:"):
                count += int(row.split()[1])
    return count
