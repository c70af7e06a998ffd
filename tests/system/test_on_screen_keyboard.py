"""Writing without a keyboard: the real application, a real display, fingers, pen and mouse."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from base.board_doc import NoteItem, TextItem
from base.errors import AppError
from tools.running import RunningKokuban, read_log, run_kokuban
from tools.x11 import Pointer, Rect, Screen, XServer
from tools.x11_touch import Glass, Pen, Touch, start_touch_server
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile

BOARD = ("--screen", "board", "--size", "1920x1080")
PATIENCE_S = 20.0
BESIDE = (1500, 260)
KEYS = Rect(480, 680, 960, 400)
Tap = Callable[[int, int], None]


@pytest.fixture
def glass() -> Iterator[Glass]:
    with start_touch_server(1920, 1080) as running:
        yield running


@pytest.fixture
def app(server: XServer, screen: Screen, data_dir: Path) -> Iterator[RunningKokuban]:
    options = (*BOARD, "--language", "ja")
    with run_kokuban(server, data_dir, *options, is_driven=True) as running:
        running.wait_until_started()
        screen.wait_until_still()
        yield running
        assert running.complaints() == []
        assert running.said() == ""


def write(app: RunningKokuban, tap: Tap, words: list[str]) -> None:
    """Tap keys by what stands on them, each as soon as it is there."""
    for word in words:
        tap(*app.wait_for_button(word))


def open_text(app: RunningKokuban, tap: Tap, tool: str = "Text", y: int = 300) -> None:
    tap(*app.wait_for_button(tool))
    tap(700, y)
    app.wait_for_button("か")


def texts_in(running: RunningKokuban) -> list[str]:
    """Return the texts and notes in the file of the board; none while it cannot be read."""
    found = []
    for path in running.boards():
        try:
            file = BoardFile.open(path, read_only=True)
        except AppError:
            continue
        board = Board(lambda: "t", file.board_update)
        file.close()
        found += [
            item.text
            for page in board.pages
            for item in board.items(page.id).values()
            if isinstance(item, TextItem | NoteItem)
        ]
    return found


def wait_for_texts(app: RunningKokuban, wanted: list[str]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while (found := texts_in(app)) != wanted:
        if time.monotonic() > end_s:
            pytest.fail(f"{found} in the file, not {wanted}")
        time.sleep(0.02)


def wait_until_gone(app: RunningKokuban, word: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while app.where(word) is not None:
        if time.monotonic() > end_s:
            pytest.fail(f"{word!r} is still there")
        time.sleep(0.02)


def test_japanese_text_is_tapped_converted_and_on_the_board(
    app: RunningKokuban, pointer: Pointer, screen: Screen
) -> None:
    open_text(app, pointer.click)
    write(app, pointer.click, ["か", "い", "き", "゛", "し", "つ"])
    # The word is offered before its last kana, and moves with each of them.
    app.wait_for_button("会議室")
    screen.wait_until_still(KEYS)
    write(app, pointer.click, ["会議室"])
    pointer.click(*BESIDE)
    wait_for_texts(app, ["会議室"])
    wait_until_gone(app, "か")


def test_romaji_is_converted_clause_by_clause_and_accepted(
    app: RunningKokuban, pointer: Pointer
) -> None:
    open_text(app, pointer.click, "Note")
    write(app, pointer.click, ["Romaji", *"kyounogidai", "Convert", "Accept"])
    pointer.click(*BESIDE)
    wait_for_texts(app, ["今日の議題"])


def test_what_is_undecided_is_kept_when_the_writing_ends(
    app: RunningKokuban, pointer: Pointer
) -> None:
    open_text(app, pointer.click)
    write(app, pointer.click, ["あ", "い"])
    pointer.click(*BESIDE)
    wait_for_texts(app, ["あい"])
    # The next text begins with nothing of this one.
    open_text(app, pointer.click, "Note", y=600)
    write(app, pointer.click, ["う"])
    pointer.click(*BESIDE)
    wait_for_texts(app, ["あい", "う"])


def test_text_low_on_the_board_is_not_covered_while_it_grows(
    app: RunningKokuban, pointer: Pointer, screen: Screen
) -> None:
    open_text(app, pointer.click, y=860)
    keys = app.wait_for_button("か")[1]
    # Where somebody who sits reaches them.
    assert keys > 1080 // 2
    top = keys - 120
    write(app, pointer.click, ["あ", "Accept", "New line", "い", "Accept", "New line", "う"])
    write(app, pointer.click, ["Accept"])
    # The cursor's line: letters of the third line stand above the keys.
    seen = screen.grab(Rect(600, top - 160, 500, 160))
    assert np.ptp(seen[..., :3].astype(int), axis=(0, 1)).max() > 100
    pointer.click(*BESIDE)
    wait_for_texts(app, ["あ\nい\nう"])


def test_real_key_sends_the_keyboard_away(app: RunningKokuban, pointer: Pointer) -> None:
    open_text(app, pointer.click)
    pointer.tap_key("x")
    wait_until_gone(app, "か")
    pointer.click(*BESIDE)
    wait_for_texts(app, ["x"])


@contextmanager
def hand_on(glass: Glass, hand: str) -> Iterator[Tap]:
    """Plug in what taps with a finger or with a pen."""
    with Touch(glass) as touch, Pen(glass) as pen:

        def tap(x: int, y: int) -> None:
            if hand == "finger":
                touch.begin(1, x, y)
                touch.end(1, x, y)
            else:
                pen.near(x, y)
                pen.move(x, y)
                pen.press()
                pen.release()
                pen.away(x, y)

        yield tap


@pytest.mark.parametrize("hand", ["finger", "pen"])
def test_keys_come_with_the_search_and_again_at_a_touch(
    glass: Glass, data_dir: Path, hand: str
) -> None:
    options = (*BOARD, "--language", "ja")
    with (
        run_kokuban(glass, data_dir, *options, is_driven=True) as app,
        hand_on(glass, hand) as tap,
    ):
        app.wait_until_started()
        tap(*app.wait_for_button("More"))
        tap(*app.wait_for_button("Find"))
        app.wait_for_button("か")
        tap(*app.wait_for_button("Put away"))
        wait_until_gone(app, "か")
        # The field's row has moved down with the sheet.
        right, y = app.wait_for_button("Find")
        tap(right - 300, y)
        app.wait_for_button("か")
        assert app.complaints() == []


def test_mouse_on_the_search_takes_the_keys_from_a_text(
    app: RunningKokuban, pointer: Pointer, screen: Screen
) -> None:
    open_text(app, pointer.click, y=860)
    write(app, pointer.click, ["あ", "Accept"])
    pointer.click(*app.wait_for_button("More"))
    # The sheet comes down as the keys of the text go.
    wait_until_gone(app, "か")
    screen.wait_until_still()
    pointer.click(*app.wait_for_button("Find"))
    write(app, pointer.click, ["か", "Accept"])
    # The text is on the board: a search finds it.
    wait_for_texts(app, ["あ"])


def test_search_by_a_real_key_brings_no_keys_until_its_field_is_touched(
    app: RunningKokuban, pointer: Pointer, screen: Screen
) -> None:
    with pointer.hold_key("Control_L"):
        pointer.tap_key("f")
        right, y = app.wait_for_button("Find")
        screen.wait_until_still()
        assert app.where("か") is None
    pointer.click(right - 300, y)
    app.wait_for_button("か")


@pytest.mark.parametrize("hand", ["finger", "pen"])
def test_finger_and_pen_tap_keys(glass: Glass, data_dir: Path, hand: str) -> None:
    options = (*BOARD, "--language", "ja")
    with (
        run_kokuban(glass, data_dir, *options, is_driven=True) as app,
        hand_on(glass, hand) as tap,
    ):
        app.wait_until_started()
        open_text(app, tap)
        write(app, tap, ["し", "や", "く", "し", "よ", "小", "Accept"])
        tap(*BESIDE)
        wait_for_texts(app, ["しやくしょ"])
        assert app.complaints() == []


def test_input_method_of_the_machine_is_respected(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path
) -> None:
    extra = {"QT_IM_MODULE": "compose"}
    with run_kokuban(server, data_dir, *BOARD, extra=extra, is_driven=True) as app:
        app.wait_until_started()
        pointer.click(*app.wait_for_button("Text"))
        pointer.click(700, 300)
        app.wait_for_button("Done")
        pointer.tap_key("x")
        pointer.click(*BESIDE)
        wait_for_texts(app, ["x"])
        events = [record["event"] for record in read_log(data_dir)]
        assert "on-screen keyboard left to the input method of this machine" in events
