"""Writing texts and notes in their place, with keyboard and input method."""

import math

import numpy as np
import pytest
from PySide6.QtCore import Q_ARG, QCoreApplication, QEvent, QMetaObject, QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtQml import QQmlComponent, QQmlEngine
from PySide6.QtWidgets import QLineEdit

from base import text as words
from base.board_doc import Affine, NoteItem, TextItem
from base.qt import theme
from base.qt.widgets import TouchButton
from tests.support.pane_bench import PERSON, PaneBench
from tests.whiteboard.model.making import note, straight, text, turned_box
from whiteboard.model.board import Board
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.effects import Asked, EditAsked
from whiteboard.model.tool_choice import TEXT_SIZES_PT, ToolKind
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import new_id
from whiteboard.services.painting.lettering import LINE_HEIGHT, wrap
from whiteboard.views.tray.text_editor import NOTE_SIDE_PT, as_painted, new_text, with_text

LONG = "議題は三つあります。予算、会場、当日の役割分担です。よろしくお願いします。" * 3


@pytest.fixture
def bench(qapp, data_dir):
    made = PaneBench(data_dir)
    made.show()
    made.hold(ToolKind.TEXT)
    yield made
    made.shutdown()


def open_at(bench, x_pt=300.0, y_pt=200.0):
    bench.tap(*bench.at(x_pt, y_pt))
    assert bench.editor.is_open


# A new text -----------------------------------------------------------------------------


def test_tap_opens_the_editor_where_it_was(bench):
    open_at(bench, 300, 200)
    place = QPoint(*(round(v) for v in bench.at(302, 200)))
    assert bench.editor.geometry().contains(place)


def test_typed_text_becomes_an_item_in_one_step(bench):
    open_at(bench)
    bench.type("Agenda")
    bench.tap(*bench.at(1000, 600))
    item = bench.the(TextItem)
    assert (item.text, item.author, item.page) == ("Agenda", PERSON, bench.canvas.page_id)
    bench.pane.undo()
    assert bench.items == []


def test_text_has_the_size_and_colour_that_were_chosen(bench):
    bench.pane.hold(bench.pane.choice.with_size(3).with_colour(4))
    open_at(bench)
    bench.type("big")
    bench.editor.commit()
    item = bench.the(TextItem)
    assert (item.size_pt, item.colour) == (TEXT_SIZES_PT[3], 4)


def test_done_button_ends_the_writing(bench):
    open_at(bench)
    bench.type("x")
    bench.press(bench.desk.done_bar.findChild(TouchButton))
    assert not bench.editor.is_open
    assert bench.the(TextItem).text == "x"
    assert bench.desk.done_bar.isHidden()


def test_control_and_return_end_the_writing(bench):
    open_at(bench)
    bench.type("x")
    bench.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert bench.the(TextItem).text == "x"


def test_return_begins_another_line(bench):
    open_at(bench)
    bench.type("one")
    bench.key(Qt.Key.Key_Return)
    bench.type("two")
    bench.editor.commit()
    item = bench.the(TextItem)
    assert item.text == "one\ntwo"
    assert item.box.height == pytest.approx(2 * LINE_HEIGHT * item.size_pt)


def test_escape_leaves_nothing(bench):
    open_at(bench)
    bench.type("never mind")
    bench.key(Qt.Key.Key_Escape)
    assert not bench.editor.is_open
    assert bench.items == []
    assert not bench.board.can_undo(PERSON)


def test_nothing_written_leaves_nothing(bench):
    open_at(bench)
    bench.type("  ")
    bench.editor.commit()
    assert bench.items == []
    assert not bench.board.can_undo(PERSON)


def test_touch_elsewhere_ends_the_writing_and_opens_nothing(bench):
    open_at(bench)
    bench.type("x")
    bench.touch([bench.at(1000, 600)])
    assert not bench.editor.is_open
    assert bench.the(TextItem).text == "x"


def test_touch_elsewhere_moves_an_empty_editor_there(bench):
    open_at(bench)
    bench.tap(*bench.at(1000, 600))
    assert bench.editor.is_open
    assert bench.editor.geometry().contains(QPoint(*(round(v) for v in bench.at(1001, 600))))


@pytest.mark.parametrize(
    "leave",
    [
        lambda bench: bench.pane.add_page(),
        lambda bench: bench.hold(ToolKind.PEN),
        lambda bench: bench.pane.hide(),
        lambda bench: bench.desk.shutdown(),
    ],
    ids=["page turn", "other tool", "hidden", "shut down"],
)
def test_text_is_never_lost(bench, leave):
    page_id = bench.canvas.page_id
    open_at(bench)
    bench.type("keep me")
    leave(bench)
    assert [item.text for item in bench.board.items(page_id).values()] == ["keep me"]
    assert not bench.editor.is_open


def test_text_is_in_the_file_of_a_board_that_is_left_while_it_is_written(qapp, data_dir):
    bench = PaneBench(data_dir)
    bench.show()
    bench.hold(ToolKind.TEXT)
    open_at(bench)
    bench.type("keep me")
    bench.shutdown()
    again = BoardFile.open(bench.file.path)
    board = Board(new_id, again.board_update)
    (item,) = board.items(board.pages[0].id).values()
    again.close()
    assert item.text == "keep me"


def test_text_on_a_page_that_somebody_removes_does_no_harm(bench):
    first = bench.canvas.page_id
    bench.pane.add_page()
    bench.canvas.show_page(first)
    open_at(bench)
    bench.type("gone")
    with bench.board.change("somebody") as edit:
        edit.remove_page(first)
    assert not bench.editor.is_open
    assert bench.items == []


def test_undo_takes_back_typing_before_it_takes_back_ink(bench):
    bench.add(straight(100, 600, 300, 600))
    open_at(bench)
    bench.type("x")
    bench.pane.undo()
    assert bench.editor.is_open
    assert bench.editor.text == ""
    bench.pane.redo()
    assert bench.editor.text == "x"


def test_zoom_keeps_the_steps_of_writing(bench):
    open_at(bench)
    bench.type("x")
    bench.canvas.show_viewport(bench.canvas.viewport.zoomed(1.5, 300, 200))
    bench.pane.undo()
    assert bench.editor.text == ""


def test_colour_chosen_while_writing_is_taken(bench):
    open_at(bench)
    bench.type("red")
    bench.pane.hold(bench.pane.choice.with_colour(2))
    assert bench.editor.is_open
    bench.editor.commit()
    assert bench.the(TextItem).colour == 2


def test_read_only_board_opens_no_editor(qapp, data_dir):
    bench = PaneBench(data_dir, read_only=True)
    bench.show()
    bench.hold(ToolKind.TEXT)
    bench.tap(*bench.at(300, 200))
    assert not bench.editor.is_open
    bench.shutdown()


def test_finger_on_the_text_puts_the_cursor_there(bench):
    bench.desk.edit_item(*bench.add(text(300, 200, 400, 40, words="abcdef")))
    end = bench.editor.cursor_in_view()
    bench.touch([bench.at(302, 215)])
    assert bench.editor.is_open
    assert bench.editor.cursor_in_view().x() < end.x() - 40
    bench.type("x")
    assert bench.editor.text == "xabcdef"


def test_finger_on_done_ends_the_writing(bench):
    open_at(bench)
    bench.type("x")
    middle = bench.desk.done_bar.geometry().center()
    bench.touch([(middle.x(), middle.y())])
    assert not bench.editor.is_open
    assert bench.the(TextItem).text == "x"


def test_two_fingers_zoom_the_page_under_the_editor(bench):
    open_at(bench)
    bench.type("x")
    before = bench.canvas.viewport.scale
    bench.pinch((800.0, 500.0), 40.0, 200.0)
    assert bench.canvas.viewport.scale > before * 1.5
    assert bench.editor.text == "x"


# The input method -------------------------------------------------------------------------


def test_letters_that_are_not_decided_are_shown(bench):
    open_at(bench)
    bench.compose("きょう")
    assert bench.editor.text == "きょう"


def test_decided_letters_are_written(bench):
    open_at(bench)
    bench.compose("きょう")
    bench.compose("", decided="今日")
    bench.compose("は")
    bench.compose("", decided="は晴れ")
    bench.editor.commit()
    assert bench.the(TextItem).text == "今日は晴れ"


def test_letters_in_the_middle_of_a_text_are_shown_there(bench):
    open_at(bench)
    bench.compose("", decided="𠮷田です")
    bench.key(Qt.Key.Key_Left)
    bench.key(Qt.Key.Key_Left)
    bench.compose("さん")
    assert bench.editor.text == "𠮷田さんです"


def test_escape_of_undecided_letters_leaves_nothing(bench):
    open_at(bench)
    bench.compose("きょう")
    bench.editor.cancel()
    assert bench.items == []


def test_editor_takes_input_methods_and_tells_where_its_cursor_is(bench):
    open_at(bench, 300, 200)
    asked = bench.editor.inputMethodQuery(Qt.InputMethodQuery.ImEnabled)
    assert asked
    before = bench.editor.cursor_in_view()
    bench.type("wide words")
    assert bench.editor.cursor_in_view().x() > before.x() + 50


# Words and pastes -------------------------------------------------------------------------


def test_only_the_editor_takes_input_methods(bench):
    # Qt asks a widget that does about its text again and again; ink has no time for that.
    takes = Qt.WidgetAttribute.WA_InputMethodEnabled
    assert not bench.canvas.testAttribute(takes)
    open_at(bench)
    assert bench.editor.testAttribute(takes)
    bench.editor.commit()
    assert not bench.canvas.testAttribute(takes)


def test_keys_at_the_bottom_raise_the_page_until_they_go(bench):
    keys = Keys(bench)
    before = bench.canvas.viewport
    open_at(bench, *bench.canvas.viewport.to_page(600, 470))
    keys.cover(QRect(300, 380, 600, 330))
    assert bench.editor.frame_in_view().bottom() < 380
    assert not bench.desk.done_bar.geometry().intersects(QRect(300, 380, 600, 330))
    for _ in range(2):
        bench.key(Qt.Key.Key_Return)
        assert bench.editor.cursor_in_view().bottom() < 380
    bench.editor.commit()
    keys.cover(QRect())
    assert bench.canvas.viewport == before


def test_page_that_was_moved_meanwhile_stays_when_the_keys_go(bench):
    keys = Keys(bench)
    open_at(bench, *bench.canvas.viewport.to_page(600, 470))
    keys.cover(QRect(300, 380, 600, 330))
    moved = bench.canvas.viewport.panned(-30, 0)
    bench.canvas.show_viewport(moved)
    bench.editor.commit()
    keys.cover(QRect())
    assert bench.canvas.viewport == moved


def test_keys_raise_a_sheet_that_is_seen_whole(bench):
    keys = Keys(bench)
    with bench.board.change("") as edit:
        edit.add_document("a" * 64, "talk.pdf", 1)
        (page,) = edit.add_sheet_pages(
            [(SheetRef("a" * 64, 0), SheetSize(1280.0, 720.0))], bench.canvas.page_id
        )
    bench.canvas.show_page(page)
    assert bench.canvas.viewport.is_page_fitted
    bench.tap(600, 500)
    assert bench.editor.is_open
    keys.cover(QRect(300, 380, 600, 330))
    assert bench.editor.frame_in_view().bottom() < 380
    bench.editor.commit()
    keys.cover(QRect())
    assert bench.canvas.viewport.is_page_fitted


def test_keys_for_another_field_leave_the_page_and_the_text_alone(bench):
    keys = Keys(bench)
    other = QLineEdit(bench.window)
    other.show()
    open_at(bench, *bench.canvas.viewport.to_page(600, 470))
    bench.type("x")
    before = bench.canvas.viewport
    other.setFocus()
    keys.cover(QRect(300, 380, 600, 330))
    assert bench.canvas.viewport == before
    assert bench.editor.cursor_in_view().intersects(bench.editor.frame_in_view())
    keys.cover(QRect())


def test_keys_at_the_top_move_nothing(bench):
    keys = Keys(bench)
    open_at(bench, *bench.canvas.viewport.to_page(600, 470))
    before = bench.canvas.viewport
    keys.cover(QRect(300, 10, 600, 240))
    assert bench.canvas.viewport == before
    keys.cover(QRect())


class Keys:
    """A keyboard on the screen, as far as Qt tells of one."""

    def __init__(self, bench):
        self.source = QQmlEngine(bench.window)
        self.part = QQmlComponent(self.source)
        self.part.setData(
            b"import QtQml\nimport QtQuick.VirtualKeyboard.Core\n"
            b"QtObject { function cover(x, y, w, h) { InputContext.priv.keyboardRectangle"
            b" = Qt.rect(x, y, w, h) } }",
            QUrl(),
        )
        self.root = self.part.create()
        self.root.setParent(bench.window)

    def cover(self, box):
        places = [Q_ARG("QVariant", v) for v in (box.x(), box.y(), box.width(), box.height())]
        direct = Qt.ConnectionType.DirectConnection
        QMetaObject.invokeMethod(self.root, "cover", direct, *places)


def test_paste_takes_the_words_without_their_looks(bench):
    QGuiApplication.clipboard().setText("a\tb\u0007c\r\nd")
    open_at(bench)
    bench.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    bench.editor.commit()
    assert bench.the(TextItem).text == "a    bc\nd"


def test_endless_paste_is_cut(bench):
    open_at(bench)
    bench.editor.insert("あ" * 100_000)
    bench.editor.commit()
    assert 1000 < len(bench.the(TextItem).text) <= 20_000


# A text that is there ---------------------------------------------------------------------


def test_tap_on_a_text_changes_it(bench):
    (item_id,) = bench.add(text(300, 200, 120, 40, words="old"))
    bench.tap(*bench.at(310, 215))
    assert bench.editor.item_id == item_id
    bench.type("er")
    bench.editor.commit()
    assert bench.board.item(item_id).text == "older"


def test_tap_on_a_note_with_the_text_tool_changes_the_note(bench):
    (item_id,) = bench.add(note(300, 200, words="memo"))
    bench.tap(*bench.at(350, 250))
    bench.type("!")
    bench.editor.commit()
    assert bench.board.item(item_id).text == "memo!"


def test_changed_text_keeps_its_place_colour_and_author(bench):
    (item_id,) = bench.add(text(300, 200, words="old"))
    before = bench.board.item(item_id)
    bench.tap(*bench.at(310, 215))
    bench.type("er")
    bench.editor.commit()
    after = bench.board.item(item_id)
    assert (after.box.x, after.box.y, after.colour) == (before.box.x, before.box.y, 3)
    assert (after.author, after.z, after.page) == (before.author, before.z, before.page)


def test_text_that_becomes_empty_is_taken_away_in_one_step(bench):
    (item_id,) = bench.add(text(300, 200, words="a"))
    bench.tap(*bench.at(305, 215))
    bench.key(Qt.Key.Key_Backspace)
    bench.editor.commit()
    assert bench.board.item(item_id) is None
    bench.pane.undo()
    assert bench.board.item(item_id) is not None


def test_text_left_as_it_was_is_no_step(bench):
    (item_id,) = bench.add(text(300, 200, words="same"))
    before = bench.board.item(item_id)
    bench.tap(*bench.at(310, 215))
    bench.editor.commit()
    assert bench.board.item(item_id) == before
    assert not bench.board.can_undo(PERSON)


def test_text_that_is_removed_while_it_is_changed_is_kept_as_a_new_one(bench):
    (item_id,) = bench.add(text(300, 200, words="old"))
    bench.tap(*bench.at(310, 215))
    bench.type("er")
    with bench.board.change("somebody") as edit:
        edit.remove(item_id)
    bench.editor.commit()
    assert bench.the(TextItem).text == "older"


def test_text_under_the_editor_is_not_painted_twice(bench):
    (item_id,) = bench.add(text(300, 200, words="■■■"))
    bench.tap(*bench.at(310, 215))
    bench.editor.hide()
    assert is_bare(bench, 300, 200, 60, 40)
    bench.editor.cancel()
    assert not is_bare(bench, 300, 200, 60, 40)
    assert bench.board.item(item_id) is not None


def is_bare(bench, x_pt, y_pt, width_pt, height_pt):
    """Whether nothing bright is seen on a part of the blackboard."""
    (left, top), (right, bottom) = (
        bench.at(x_pt, y_pt),
        bench.at(x_pt + width_pt, y_pt + height_pt),
    )
    image = bench.canvas.grab().toImage()
    places = [
        (x, y) for x in range(int(left), int(right), 3) for y in range(int(top), int(bottom), 3)
    ]
    return max(image.pixelColor(x, y).lightness() for x, y in places) < 110


# As it is painted -------------------------------------------------------------------------


def grabbed(bench, box):
    """The pixels of a part of the pane, shape (height, width), 0..255."""
    QCoreApplication.processEvents()
    shown = bench.pane.grab(box).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(
        shown.height(), shown.bytesPerLine()
    )
    return rows[:, : shown.width()].astype(int).copy()


@pytest.mark.parametrize("zoom", [1.0, 1.7])
@pytest.mark.parametrize(
    "make",
    [
        lambda: text(300, 150, 500, 40, words="Agenda 議題について"),
        lambda: text(300, 150, 300, 400, words=LONG),
        lambda: note(300, 150, 180, 180, words="鍵は金曜日までに返すこと"),
        lambda: TextItem(
            "-", 0.0, "", turned_box(400, 150, 300, 40, 0.4), 3, 28.0, "斜め text"
        ),
    ],
    ids=["line", "paragraph", "note", "turned"],
)
def test_nothing_jumps_when_the_editor_opens(bench, make, zoom):
    bench.pane.toolbar.hide()
    bench.pane.page_bar.hide()
    bench.canvas.show_viewport(bench.canvas.viewport.zoomed(zoom, 250, 100))
    (item_id,) = bench.add(make())
    QCoreApplication.processEvents()
    box = bench.pane.rect()
    painted = grabbed(bench, box)
    bench.desk.edit_item(item_id)
    bench.desk.done_bar.hide()
    letters = bench.editor._letters
    letters.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    edited = grabbed(bench, box)
    ground = np.median(painted)
    ink = painted > ground + 60 if painted.max() > ground + 90 else painted < ground - 60
    difference = np.abs(painted - edited)[ink]
    # Glyphs are rendered at other subpixel places: edges differ a little, strokes do not.
    assert np.median(difference) <= 12
    assert np.mean(difference > 90) < 0.03


def test_editor_follows_the_page(bench):
    open_at(bench, 300, 200)
    bench.type("follow")
    before = bench.editor.geometry()
    bench.canvas.show_viewport(bench.canvas.viewport.zoomed(2.0, 0, 0))
    after = bench.editor.geometry()
    assert after.width() > before.width() * 1.6
    bench.canvas.show_viewport(bench.canvas.viewport.panned(0, -100))
    assert bench.editor.geometry().top() < after.top() - 50


def test_done_button_stays_inside_and_beside_the_text(bench):
    for x, y in ((30, 20), (1380, 20), (700, 400), (30, 780)):
        bench.editor.cancel()
        bench.desk.edit_at(EditAsked(Asked.TEXT, x, y))
        bar = bench.desk.done_bar.geometry()
        assert bench.pane.rect().contains(bar)
        assert not bar.intersects(bench.editor.frame_in_view())


def test_long_text_wraps_at_the_edge_of_the_view(bench):
    open_at(bench, 900, 200)
    bench.compose("", decided=LONG)
    frame = bench.editor.frame_in_view()
    assert frame.right() <= bench.pane.width()
    bench.editor.commit()
    item = bench.the(TextItem)
    assert len(wrap(item.text, item.box.width / item.size_pt)) > 3
    assert item.box.x + item.box.width <= bench.canvas.viewport.visible.right


# Notes --------------------------------------------------------------------------------------


def test_note_has_its_middle_where_it_was_touched_and_the_chosen_paper(bench):
    bench.pane.hold(bench.pane.choice.with_tool(ToolKind.NOTE).with_colour(2))
    open_at(bench, 500, 300)
    bench.type("memo")
    bench.editor.commit()
    item = bench.the(NoteItem)
    assert (item.box.x + NOTE_SIDE_PT / 2, item.box.y + NOTE_SIDE_PT / 2) == pytest.approx(
        (500, 300), abs=1
    )
    assert (item.box.width, item.box.height) == (NOTE_SIDE_PT, NOTE_SIDE_PT)
    assert item.colour == 2


def test_note_keeps_its_sheet_when_much_is_written(bench):
    bench.hold(ToolKind.NOTE)
    open_at(bench, 500, 300)
    before = bench.editor.geometry()
    bench.compose("", decided=LONG)
    assert bench.editor.geometry() == before
    bench.editor.commit()
    assert bench.the(NoteItem).box.height == NOTE_SIDE_PT


def test_paper_chosen_while_writing_is_taken(bench):
    bench.hold(ToolKind.NOTE)
    open_at(bench)
    bench.type("memo")
    bench.pane.hold(bench.pane.choice.with_colour(3))
    bench.editor.commit()
    assert bench.the(NoteItem).colour == 3


# Without a window ---------------------------------------------------------------------------


def test_frame_of_a_text_fits_its_words(qapp):
    item = with_text(new_text(10, 50, 0, 20.0), "一行目\n二行目です", math.inf)
    assert item.box.height == pytest.approx(2 * LINE_HEIGHT * 20)
    assert item.box.width == pytest.approx(5 * 20, abs=2)
    assert [line.text for line in wrap(item.text, item.box.width / 20)] == [
        "一行目",
        "二行目です",
    ]


def test_wrapped_text_wraps_the_same_in_its_frame(qapp):
    item = with_text(new_text(10, 50, 0, 20.0), LONG, 333.0)
    assert wrap(item.text, item.box.width / 20) == wrap(item.text, 333.0 / 20)
    assert as_painted(item) == item


def test_turned_text_stays_turned(qapp):
    turned = TextItem("-", 0.0, "", turned_box(10, 20, 60, 40, 0.5), 0, 20.0, "あ")
    item = with_text(turned, "あいうえお", math.inf)
    assert item.box.angle_rad == pytest.approx(0.5)
    assert (item.box.x, item.box.y) == (10, 20)


def test_text_that_was_painted_smaller_is_edited_as_it_looks(qapp):
    item = TextItem("-", 0.0, "", Affine.upright(0, 0, 100, 20), 0, 40.0, "小さくなる文字")
    assert as_painted(item).size_pt < 40


def test_words_of_the_editor_follow_the_language(bench):
    words.set_language("ja")
    QCoreApplication.sendEvent(bench.editor, QEvent(QEvent.Type.LanguageChange))
    button = bench.desk.done_bar.findChild(TouchButton)
    QCoreApplication.sendEvent(button, QEvent(QEvent.Type.LanguageChange))
    assert button.word == "決定"
    assert bench.editor.accessibleName() == "文字"


def test_nothing_but_the_frame_and_the_words_is_shown_around_a_text(bench):
    # The toolkit frames the item that has the focus, as wide as a line may get.
    open_at(bench)
    bench.type("mmm")
    around = bench.editor.geometry()
    room = around.adjusted(0, -20, 600, 20)
    bench.desk.done_bar.hide()
    edited = shown_on_glass(bench, room)
    bench.editor.commit()
    frame = edited != shown_on_glass(bench, room)
    columns = np.flatnonzero(frame.any(axis=0))
    rows = np.flatnonzero(frame.any(axis=1))
    line = theme.metrics().line_px
    side = np.count_nonzero(frame[rows[0] : rows[-1] + 1], axis=0)
    # One dashed line at the left, one at the right, and between them the words.
    tall = np.flatnonzero(side > len(rows) * 0.4)
    assert tall[0] - columns[0] <= 2 * line
    assert columns[-1] - tall[-1] <= 2 * line


def test_frame_that_shrinks_leaves_nothing_where_it_was(bench):
    open_at(bench)
    empty = bench.editor.geometry()
    room = empty.adjusted(-20, -20, 700, 20)
    before = shown_on_glass(bench, room)
    bench.type("m" * 20)
    assert bench.editor.geometry().width() > empty.width() + 200
    for _ in range(20):
        bench.key(Qt.Key.Key_Backspace)
    assert bench.editor.geometry() == empty
    right = empty.right() + 2 - room.x()
    assert np.array_equal(shown_on_glass(bench, room)[:, right:], before[:, right:])


def shown_on_glass(bench, box):
    """Return what the display shows in a box of the pane, without what is only planned."""
    QCoreApplication.processEvents()
    handle = bench.window.windowHandle()
    QCoreApplication.processEvents()
    seen = handle.screen().grabWindow(
        handle.winId(), box.x(), box.y(), box.width(), box.height()
    )
    image = seen.toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return pixels[:, : image.width()].copy()
