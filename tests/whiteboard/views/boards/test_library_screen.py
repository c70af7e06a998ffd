from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from base import text
from base.errors import ErrorCode
from base.qt import loop, theme
from base.qt.widgets import Tile, TouchButton
from tests.support.board_samples import new_board, write_strokes
from tests.whiteboard.views.hosts import Ears
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.library import Library
from whiteboard.services.workers import Workers
from whiteboard.views.boards.board_cards import BoardCard
from whiteboard.views.boards.library_screen import LibraryScreen


def png(colour: str) -> bytes:
    image = QImage(480, 270, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def library(data_dir: Path) -> Library:
    return Library(data_dir)


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(lambda _error: None)
    yield made
    made.shutdown()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "KINGSTON"
    folder.mkdir()
    return folder


@pytest.fixture
def add(library: Library, qapp) -> Callable[..., Path]:
    def add_board(title: str, colour: str = "#24463a", *, with_picture: bool = True) -> Path:
        file = library.create(title=title)
        board = new_board(title)
        write_strokes(board, 2)
        file.append(board.state())
        file.set_page_ids([page.id for page in board.pages])
        if with_picture:
            file.set_thumbnail(board.pages[0].id, png(colour))
        file.close()
        return file.path

    return add_board


@pytest.fixture
def show(qtbot, qapp, library: Library, workers: Workers, ears: Ears, data_dir: Path):
    """Show the list; returns the screen when it has been read."""
    text.set_language("en")
    theme.apply_theme(qapp, "board", theme.Metrics(1080 * theme.LEAST_SHARE_PER_MM))
    made = LibraryScreen(library, workers, ears.host(data_dir))
    qtbot.addWidget(made)
    made.resize(1920, 1080)

    def begin(boards: int) -> LibraryScreen:
        made.show()
        qtbot.waitExposed(made)
        qtbot.waitUntil(lambda: len(made.boards.grid.cards) == boards)
        return made

    yield begin
    made.hide()
    made.shutdown()
    workers.shutdown()


def titles(screen: LibraryScreen) -> list[str]:
    return [card.title for card in screen.boards.grid.cards]


def tap(screen: LibraryScreen, card: BoardCard, place: QPoint) -> None:
    shelf = screen.boards if screen.boards.isVisible() else screen.bin
    QTest.mouseClick(shelf.list, Qt.MouseButton.LeftButton, pos=card.mapTo(shelf.list, place))


def colour_of(card: BoardCard) -> str:
    seen = card.grab().toImage()
    return seen.pixelColor(seen.width() // 2, seen.height() // 3).name()


def button(screen: LibraryScreen, word: str) -> TouchButton:
    return next(b for b in screen.findChildren(TouchButton) if b.word == word and b.isVisible())


def open_sheet(screen: LibraryScreen, place: int = 0) -> None:
    card = screen.boards.grid.cards[place]
    tap(screen, card, card.corner.geometry().center())
    assert screen.sheet.isVisible()


def test_touch_on_a_card_opens_its_board(show, add, qtbot) -> None:
    path = add("会議")
    screen = show(1)
    card = screen.boards.grid.cards[0]
    with qtbot.waitSignal(screen.opened) as heard:
        tap(screen, card, QPoint(40, 40))
    assert heard.args == [path]


def test_new_board_is_the_first_tile(show, add, qtbot) -> None:
    add("会議")
    screen = show(1)
    tile = screen.boards.grid.findChild(Tile)
    assert tile.geometry().left() < screen.boards.grid.cards[0].geometry().left()
    place = tile.mapTo(screen.boards.list, tile.rect().center())
    with qtbot.waitSignal(screen.new_asked):
        QTest.mouseClick(screen.boards.list, Qt.MouseButton.LeftButton, pos=place)


def test_card_shows_the_picture_of_the_first_page(show, add, qtbot) -> None:
    add("会議", "#cc3366")
    screen = show(1)
    card = screen.boards.grid.cards[0]
    qtbot.waitUntil(lambda: card.has_picture)
    seen = card.grab().toImage()
    assert seen.pixelColor(seen.width() // 2, seen.height() // 3).name() == "#cc3366"


def test_board_without_a_picture_gets_one_from_its_ink(show, add, library, qtbot) -> None:
    path = add("会議", with_picture=False)
    screen = show(1)
    card = screen.boards.grid.cards[0]

    bare = card.grab().toImage()
    qtbot.waitUntil(lambda: card.grab().toImage() != bare)
    qtbot.waitUntil(lambda: library.thumbnail(path) is not None)


def test_list_does_not_wait_for_an_export(show, add, workers: Workers, qtbot) -> None:
    gate = threading.Event()
    workers.taking.submit(lambda: gate.wait(20))
    add("会議", "#cc3366")
    card = show(1).boards.grid.cards[0]
    qtbot.waitUntil(lambda: card.has_picture)
    gate.set()


def test_new_picture_of_the_open_board_is_shown(show, add, qtbot) -> None:
    path = add("会議", with_picture=False)
    file = BoardFile.open(path)
    screen = show(1)
    screen.set_open(path)
    card = screen.boards.grid.cards[0]
    qtbot.waitUntil(lambda: card.has_picture)
    page_id = card.entry.page_ids[0]
    assert file.wait_written(file.set_thumbnail(page_id, png("#cc3366")), 20)
    screen.refresh_picture(path)

    qtbot.waitUntil(lambda: colour_of(card) == "#cc3366")
    file.close()


def test_picture_that_is_new_while_the_old_one_is_on_its_way_is_shown(
    show, add, workers: Workers, qtbot
) -> None:
    path = add("会議", "#cc3366")
    screen = show(1)
    card = screen.boards.grid.cards[0]
    qtbot.waitUntil(lambda: card.has_picture and workers.boards.drain(0))
    screen.refresh_picture(path)
    assert workers.boards.drain(20)  # the old picture was read, and nobody was told yet
    file = BoardFile.open(path)
    assert file.wait_written(file.set_thumbnail(card.entry.page_ids[0], png("#3366cc")), 20)
    screen.refresh_picture(path)
    qtbot.waitUntil(lambda: colour_of(card) == "#3366cc")
    file.close()


def test_card_tells_a_screen_reader_what_it_is(show, add) -> None:
    add("")
    card = show(1).boards.grid.cards[0]
    assert card.accessibleName().startswith("Board of ")
    assert "1 page" in card.accessibleName()
    assert card.corner.accessibleName() == f"More: {card.title}"


def test_button_of_a_card_is_reached_behind_its_card(show, add, qtbot) -> None:
    for number in range(9):
        add(f"{number}")
    screen = show(9)
    screen.activateWindow()
    first, second, *_others, last = screen.boards.grid.cards
    assert first.nextInFocusChain() is first.corner
    assert first.corner.nextInFocusChain() is second
    last.corner.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: screen.boards.list.offset_px > 0)
    QTest.keyClick(last.corner, Qt.Key.Key_Space)
    assert screen.sheet.isVisible()


def test_button_of_a_card_is_large_enough_for_a_finger(show, add) -> None:
    add("会議")
    corner = show(1).boards.grid.cards[0].corner
    least = theme.metrics().target_px
    assert corner.width() >= least
    assert corner.height() >= least


def test_damaged_board_is_listed_and_says_so(show, add) -> None:
    path = add("壊れた")
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    card = show(1).boards.grid.cards[0]
    assert "Damaged" in card.accessibleName()


def test_drag_scrolls_and_opens_nothing(show, add) -> None:
    for number in range(14):
        add(f"{number}")
    screen = show(14)
    opened: list[object] = []
    screen.opened.connect(opened.append)
    area = screen.boards.list
    QTest.mousePress(area, Qt.MouseButton.LeftButton, pos=QPoint(600, 500))
    QTest.mouseMove(area, QPoint(600, 400))
    QTest.mouseMove(area, QPoint(600, 300))
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, pos=QPoint(600, 300))
    assert area.offset_px >= 150
    assert opened == []


def test_keyboard_reaches_cards_that_are_not_seen(show, add, qtbot) -> None:
    for number in range(14):
        add(f"{number}")
    screen = show(14)
    screen.activateWindow()
    last = screen.boards.grid.cards[-1]
    last.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: screen.boards.list.offset_px > 0)
    with qtbot.waitSignal(screen.opened):
        QTest.keyClick(last, Qt.Key.Key_Space)


def test_board_is_renamed(show, add, qtbot) -> None:
    add("前")
    screen = show(1)
    open_sheet(screen)
    screen.sheet.name_field.setText("  防災  訓練 ")
    button(screen, "Rename").click()
    qtbot.waitUntil(lambda: titles(screen) == ["防災 訓練"])


def test_open_board_is_renamed_by_who_has_it_open(show, add, qtbot) -> None:
    path = add("前")
    screen = show(1)
    screen.set_open(path)
    open_sheet(screen)
    screen.sheet.name_field.setText("後")
    with qtbot.waitSignal(screen.rename_open_asked) as heard:
        QTest.keyClick(screen.sheet.name_field, Qt.Key.Key_Return)
    assert heard.args == ["後"]
    assert titles(screen) == ["後"]


def test_copy_of_a_board_says_of_what(show, add, qtbot) -> None:
    add("会議")
    screen = show(1)
    open_sheet(screen)
    button(screen, "Duplicate").click()
    qtbot.waitUntil(lambda: set(titles(screen)) == {"会議", "Copy of 会議"})


def test_deleted_board_comes_back_by_undo(show, add, ears: Ears, qtbot) -> None:
    add("会議")
    screen = show(1)
    open_sheet(screen)
    button(screen, "Delete").click()
    qtbot.waitUntil(lambda: titles(screen) == [])
    assert ears.words == ["Deleted: 会議"]
    assert ears.notices[0].action_text == "Undo"
    ears.notices[0].action()
    qtbot.waitUntil(lambda: titles(screen) == ["会議"])


def test_open_board_is_deleted_by_who_has_it_open(
    show, add, library, workers: Workers, ears: Ears, qtbot
) -> None:
    path = add("会議")
    screen = show(1)
    file = BoardFile.open(path)
    screen.set_open(path)

    def close_and_delete() -> None:
        file.close()
        library.delete(path)

    screen.delete_open_asked.connect(lambda: workers.boards.submit(close_and_delete))
    open_sheet(screen)
    button(screen, "Delete").click()
    qtbot.waitUntil(lambda: titles(screen) == [])
    ears.notices[0].action()
    qtbot.waitUntil(lambda: titles(screen) == ["会議"])


def test_board_that_is_written_on_elsewhere_is_not_deleted(
    show, add, ears: Ears, qtbot
) -> None:
    file = BoardFile.open(add("会議"))
    screen = show(1)
    open_sheet(screen)
    button(screen, "Delete").click()
    qtbot.waitUntil(lambda: ears.errors == [ErrorCode.BOARD_IN_USE])
    assert titles(screen) == ["会議"]
    file.close()


def test_bin_gives_back_what_is_touched(show, add, library, qtbot) -> None:
    library.delete(add("会議"))
    screen = show(0)
    button(screen, "Bin").click()
    qtbot.waitUntil(lambda: len(screen.bin.grid.cards) == 1)
    card = screen.bin.grid.cards[0]
    tap(screen, card, card.corner.geometry().center())
    qtbot.waitUntil(lambda: titles(screen) == ["会議"])
    qtbot.waitUntil(lambda: screen.bin.grid.cards == ())


def test_bin_is_emptied_after_a_question(show, add, library, ears: Ears, qtbot) -> None:
    library.delete(add("会議"))
    screen = show(0)
    button(screen, "Bin").click()
    qtbot.waitUntil(lambda: len(screen.bin.grid.cards) == 1)
    button(screen, "Empty the bin").click()
    screen.question.no.click()
    assert library.deleted_boards() != []
    button(screen, "Empty the bin").click()
    screen.question.yes.click()
    qtbot.waitUntil(lambda: ears.words == ["The bin is empty."])
    assert library.deleted_boards() == []


def test_board_is_saved_to_the_stick(show, add, stick: Path, ears: Ears, qtbot) -> None:
    add("会議")
    screen = show(1)
    ears.sticks = [stick]
    open_sheet(screen)
    button(screen, "Save to USB stick").click()
    qtbot.waitUntil(lambda: len(screen.sheet.sticks.buttons) == 1)
    screen.sheet.sticks.buttons[0].click()
    qtbot.waitUntil(lambda: len(ears.words) == 2)
    (copy,) = stick.iterdir()
    assert copy.name.startswith("会議 ")
    assert ears.words[1].endswith("You can take the stick out now.")


def test_read_only_stick_is_an_error_of_its_own(show, add, ears: Ears, qtbot) -> None:
    add("会議")
    screen = show(1)
    # The kernel's own folder: cannot be written, not even by root.
    ears.sticks = [Path("/sys")]
    open_sheet(screen)
    button(screen, "Save to USB stick").click()
    qtbot.waitUntil(lambda: len(screen.sheet.sticks.buttons) == 1)
    screen.sheet.sticks.buttons[0].click()
    qtbot.waitUntil(lambda: ears.errors == [ErrorCode.READ_ONLY])


def test_board_on_a_stick_is_opened(show, add, stick: Path, ears: Ears, qtbot) -> None:
    copy = stick / "町内会.kokuban"
    copy.write_bytes(add("会議").read_bytes())
    screen = show(1)
    button(screen, "Open from USB stick").click()
    ears.sticks = [stick]
    rows = screen.from_stick.rows
    qtbot.waitUntil(lambda: [row.word for row in rows.rows] == ["町内会"])
    with qtbot.waitSignal(screen.import_asked) as heard:
        QTest.mouseClick(
            screen.from_stick.list,
            Qt.MouseButton.LeftButton,
            pos=rows.rows[0].geometry().center(),
        )
    assert heard.args == [copy]


def test_home_is_one_touch_away(show, ears: Ears) -> None:
    button(show(0), "Home").click()
    assert ears.home == 1


def test_list_speaks_the_other_language_at_once(show, add, qapp) -> None:
    add("")
    screen = show(1)
    loop.switch_language(qapp, "ja")
    card = screen.boards.grid.cards[0]
    assert card.title.endswith(" の板書")
    assert card.corner.accessibleName().startswith("その他")


def test_list_begins_with_the_boards_when_it_is_shown_again(show, add, qtbot) -> None:
    add("会議")
    screen = show(1)
    button(screen, "Bin").click()
    screen.question.open()
    screen.hide()
    show(1)
    assert not screen.question.isVisible()
    assert screen.boards.isVisible()


def test_few_boards_lie_low_where_everybody_can_reach_them(show, add) -> None:
    add("会議")
    screen = show(1)
    card = screen.boards.grid.cards[0]
    assert card.mapTo(screen, QPoint(0, 0)).y() > screen.height() / 2
