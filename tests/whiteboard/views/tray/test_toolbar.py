from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from base import text
from base.qt import loop, theme
from base.qt.widgets import TouchControl, fitting_font
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.views.tray.option_button import WORD_MM, ChangeButton, OptionButton
from whiteboard.views.tray.toolbar import Toolbar, nearest_side
from whiteboard.views.tray.tray_parts import Grip, even_width


@pytest.fixture(scope="module")
def finger() -> QPointingDevice:
    return QTest.createTouchDevice()


@pytest.fixture
def board(qtbot) -> Iterator[QWidget]:
    text.set_language("en")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.hide()


@pytest.fixture
def bar(board: QWidget) -> Toolbar:
    made = Toolbar(board)
    made.place_in(board.rect())
    made.show()
    return made


def tap(finger: QPointingDevice, control: QWidget) -> None:
    middle = control.rect().center()
    QTest.touchEvent(control, finger).press(0, middle, control).commit()
    QTest.touchEvent(control, finger).release(0, middle, control).commit()


def button(where: QWidget, word: str) -> TouchControl:
    return next(
        one
        for one in where.findChildren(TouchControl)
        if one.word == word and not one.isHidden()
    )


def shown_words(bar: Toolbar) -> list[str]:
    return [one.word for one in bar.findChildren(TouchControl) if one.isVisible()]


def test_touched_tool_is_in_hand(bar: Toolbar, qtbot, finger) -> None:
    with qtbot.waitSignal(bar.choice_changed) as heard:
        tap(finger, button(bar, "Eraser"))
    assert heard.args[0].tool is ToolKind.ERASER
    assert bar.choice.tool is ToolKind.ERASER
    assert button(bar, "Eraser").isChecked()
    assert not button(bar, "Pen").isChecked()


def test_choice_from_outside_is_shown_without_a_signal(bar: Toolbar, qtbot) -> None:
    with qtbot.assertNotEmitted(bar.choice_changed):
        bar.set_choice(ToolChoice().with_tool(ToolKind.NOTE))
    assert button(bar, "Note").isChecked()


def test_colour_is_one_touch_away(bar: Toolbar, qtbot, finger) -> None:
    with qtbot.waitSignal(bar.choice_changed) as heard:
        tap(finger, button(bar, "Red"))
    assert heard.args[0].colour == 2
    assert button(bar, "Red").isChecked()


def test_tool_in_hand_opens_and_closes_its_drawer(bar: Toolbar, finger) -> None:
    assert not bar.drawer.isVisible()
    tap(finger, button(bar, "Pen"))
    assert bar.drawer.isVisible()
    assert button(bar, "Pen").isChecked()
    tap(finger, button(bar, "Pen"))
    assert not bar.drawer.isVisible()


def test_width_is_chosen_in_the_drawer(bar: Toolbar, qtbot, finger) -> None:
    tap(finger, bar.findChild(ChangeButton))
    with qtbot.waitSignal(bar.choice_changed) as heard:
        tap(finger, button(bar.drawer, "Thick"))
    assert heard.args[0].size == 2
    assert bar.drawer.isVisible()
    assert button(bar.drawer, "Thick").isChecked()


def test_drawer_lies_inside_the_board_and_beside_the_bar(bar: Toolbar, board) -> None:
    for side in ("bottom", "left", "right"):
        bar.set_side(side)
        for tool in ToolKind:
            bar.set_choice(bar.choice.with_tool(tool))
            bar._toggle_drawer()
            if bar.drawer.isVisible():
                assert board.rect().contains(bar.drawer.geometry()), (side, tool)
                assert not bar.drawer.geometry().intersects(bar.geometry()), (side, tool)
            bar.close_drawers()


def test_drawer_opens_near_the_button_that_was_touched(bar: Toolbar, board, finger) -> None:
    tap(finger, button(bar, "Pen"))
    near_pen = bar.drawer.geometry().center().x()
    tap(finger, button(bar, "Pen"))
    tap(finger, button(bar, "Change"))
    near_change = bar.drawer.geometry().center().x()
    place = button(bar, "Change").mapTo(board, button(bar, "Change").rect().center()).x()
    assert abs(near_change - place) < abs(near_pen - place)


def test_writing_closes_the_drawer(bar: Toolbar, finger) -> None:
    tap(finger, button(bar, "Pen"))
    bar.set_shrunk(True)
    assert not bar.drawer.isVisible()
    assert bar.isVisible()


def test_bar_steps_aside_for_a_hand_that_writes_there(bar: Toolbar, qtbot) -> None:
    beside = bar.geometry().center() - QPoint(0, bar.height())
    bar.make_way(beside)
    assert bar.isVisible()
    bar.set_shrunk(True)
    bar.make_way(QPoint(900, 300))
    assert bar.isVisible()
    bar.make_way(beside)
    assert not bar.isVisible()
    bar.set_shrunk(False)
    qtbot.waitUntil(bar.isVisible)


def test_bar_that_was_put_away_stays_away(bar: Toolbar) -> None:
    bar.set_shrunk(True)
    bar.hide()
    bar.set_shrunk(False)
    assert not bar._return.isActive()


def test_picture_tool_asks_again_when_touched_again(bar: Toolbar, qtbot, finger) -> None:
    bar.set_choice(bar.choice.with_tool(ToolKind.PICTURE))
    with qtbot.waitSignal(bar.choice_changed):
        tap(finger, button(bar, "Picture"))


def test_undo_can_be_asked_for_when_there_is_a_step(bar: Toolbar, qtbot, finger) -> None:
    bar.set_undo(True, False)
    with qtbot.waitSignal(bar.undo_asked):
        tap(finger, button(bar, "Undo"))
    with qtbot.assertNotEmitted(bar.redo_asked):
        tap(finger, button(bar, "Redo"))


def test_swatches_follow_the_board(bar: Toolbar) -> None:
    bar.set_dark(False)
    assert "Black" in shown_words(bar)
    bar.set_dark(True)
    assert "White" in shown_words(bar)


def test_bar_keeps_its_length_whatever_is_in_hand(bar: Toolbar) -> None:
    places = set()
    for tool in ToolKind:
        bar.set_choice(bar.choice.with_tool(tool))
        places.add(bar.geometry().getRect())
    assert len(places) == 1


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1920, 1080), (960, 1080), (1280, 720), (640, 720)])
@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_bar_fits_and_its_parts_do_not_overlap(
    bar: Toolbar, qapp: QApplication, language: str, size: tuple[int, int], side: str
) -> None:
    loop.switch_language(qapp, language)
    bar.set_side(side)
    rect = QRect(0, 0, *size)
    bar.place_in(rect)
    assert rect.contains(bar.geometry())
    parts = [one for one in bar.findChildren(TouchControl) if one.isVisible()]
    for place, one in enumerate(parts):
        assert bar.rect().contains(one.geometry())
        for other in parts[place + 1 :]:
            assert not one.geometry().intersects(other.geometry())


@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_every_target_is_large_enough_for_a_finger(bar: Toolbar, side: str) -> None:
    bar.set_side(side)
    least = theme.metrics().target_px - 1
    for one in bar.findChildren(TouchControl):
        if one.isVisible():
            assert min(one.width(), one.height()) >= least, one.word


def test_half_a_screen_has_all_tools_and_four_colours(bar: Toolbar) -> None:
    bar.place_in(QRect(0, 0, 960, 1080))
    assert {"Pen", "Hand", "Picture"} <= set(shown_words(bar))
    options = [one for one in bar.findChildren(OptionButton) if one.isVisible()]
    assert len(options) == 4


def test_spare_tool_is_found_in_its_drawer(bar: Toolbar, qtbot, finger) -> None:
    bar.place_in(QRect(0, 0, 560, 900))
    assert "Stamp" not in shown_words(bar)
    tap(finger, button(bar, "Tools"))
    with qtbot.waitSignal(bar.choice_changed) as heard:
        tap(finger, button(bar.spare_tools, "Stamp"))
    assert heard.args[0].tool is ToolKind.STAMP
    assert not bar.spare_tools.isVisible()
    assert "Stamp" in shown_words(bar)


def test_finger_drags_the_bar_to_another_side(bar: Toolbar, board, qtbot, finger) -> None:
    grip = bar.findChild(Grip)
    start, end = grip.rect().center(), grip.mapFrom(board, QPoint(30, 500))
    with qtbot.waitSignal(bar.side_changed) as heard:
        QTest.touchEvent(grip, finger).press(0, start, grip).commit()
        QTest.touchEvent(grip, finger).move(0, end, grip).commit()
    assert heard.args == ["left"]
    end = grip.mapFrom(board, QPoint(30, 500))
    QTest.touchEvent(grip, finger).release(0, end, grip).commit()
    qtbot.waitUntil(lambda: bar.x() < 40)
    assert bar.height() > bar.width()


def test_touch_on_the_grip_goes_to_the_next_side(bar: Toolbar, qtbot, finger) -> None:
    with qtbot.waitSignal(bar.side_changed) as heard:
        tap(finger, bar.findChild(Grip))
    assert heard.args == ["left"]


def test_unknown_side_is_refused(bar: Toolbar) -> None:
    with pytest.raises(ValueError, match="top"):
        bar.set_side("top")


def test_nearest_side_is_where_the_finger_is() -> None:
    rect = QRect(0, 0, 1920, 1080)
    assert nearest_side(rect, QPoint(100, 500)) == "left"
    assert nearest_side(rect, QPoint(1800, 500)) == "right"
    assert nearest_side(rect, QPoint(960, 1000)) == "bottom"


def test_words_follow_the_language(bar: Toolbar, qapp: QApplication, qtbot) -> None:
    loop.switch_language(qapp, "ja")
    assert "消しゴム" in shown_words(bar)
    assert button(bar, "白").accessibleName() == "白"


def test_drawer_speaks_the_other_language(bar: Toolbar, qapp: QApplication, finger) -> None:
    tap(finger, button(bar, "Pen"))
    loop.switch_language(qapp, "ja")
    assert button(bar.drawer, "太い").isVisible()


def test_chosen_colour_differs_without_its_colour(bar: Toolbar) -> None:
    # The middle of a swatch has a tick when it is chosen: grey pictures are not alike.
    red = button(bar, "Red")
    grey = QImage.Format.Format_Grayscale8
    before = red.grab().toImage().convertToFormat(grey)
    bar.set_choice(bar.choice.with_colour(2))
    after = red.grab().toImage().convertToFormat(grey)
    middle = red.height() * 2 // 5
    rows = [
        [picture.pixelColor(x, middle).value() for x in range(8, red.width() - 8)]
        for picture in (before, after)
    ]
    assert max(abs(a - b) for a, b in zip(*rows, strict=True)) > 60


def test_mouse_works_as_well(bar: Toolbar, qtbot) -> None:
    with qtbot.waitSignal(bar.more_asked):
        qtbot.mouseClick(button(bar, "More"), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("room_px", range(90, 400, 17))
def test_no_last_syllable_of_a_hint_stands_alone(qapp, room_px: int) -> None:
    words = "動かしたいもの、変えたいものを線で囲んでください。"
    letters = QFontMetrics(theme.font(18))
    width = even_width(words, letters, QSize(room_px, 400))
    assert width <= room_px
    in_all = letters.horizontalAdvance(words)
    flow = Qt.TextFlag.TextWordWrap.value
    lines = letters.boundingRect(QRect(0, 0, width, 400), flow, words).height()
    before = letters.boundingRect(QRect(0, 0, room_px, 400), flow, words).height()
    assert lines == before
    count = round(lines / letters.lineSpacing())
    last_px = in_all - (count - 1) * width
    assert count == 1 or last_px > letters.horizontalAdvance("い。")


def test_options_of_an_upright_tray_can_be_read_at_arms_length(bar: Toolbar) -> None:
    bar.set_side("left")
    sizes = theme.metrics()
    for option in bar.findChildren(OptionButton):
        if option.isVisible():
            font = fitting_font(option.word, option.width(), sizes.px(WORD_MM))
            assert font.pixelSize() >= sizes.small_text_px
