"""What is done with chosen items, and what comes in from the clipboard and from files."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage

from base import text as words
from base.board_doc import ImageItem, NoteItem, StrokeItem, TextItem
from base.errors import ErrorCode
from base.qt import theme
from base.qt.widgets import TouchButton
from tests.support.pane_bench import PERSON, PaneBench
from tests.whiteboard.model.making import image, note, rectangle, straight, text
from whiteboard.model.arrange import COPY_STEP_PT
from whiteboard.model.bounds import item_bounds
from whiteboard.model.tool_choice import ToolKind
from whiteboard.views.desk import PICTURE_SHARE


@pytest.fixture
def bench(qapp, data_dir):
    words.set_language("en")
    made = PaneBench(data_dir)
    made.show()
    made.hold(ToolKind.LASSO)
    yield made
    made.shutdown()


@pytest.fixture
def bar(bench):
    return bench.desk.selection_bar


@pytest.fixture
def line(bench):
    (item_id,) = bench.add(straight(400, 300, 600, 340, width_pt=6.0, colour=1))
    return item_id


def picture_file(folder, width=1600, height=800, name="夏祭り.png"):
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(QColor("#d03030"))
    path = folder / name
    assert picture.save(str(path))
    return path


def shown_buttons(bar):
    return [b for b in bar.findChildren(TouchButton) if b.isVisible()]


# Where it is ------------------------------------------------------------------------------


def test_bar_is_there_while_something_is_chosen(bench, bar, line):
    assert bar.isHidden()
    bench.canvas.choose([line])
    assert bar.isVisible()
    bench.canvas.choose(())
    assert bar.isHidden()


@pytest.mark.parametrize("place", [(20, 10), (1300, 10), (700, 300), (20, 600), (1300, 600)])
def test_bar_is_inside_and_covers_neither_choice_nor_toolbar(bench, bar, place):
    (item_id,) = bench.add(note(*place))
    bench.canvas.choose([item_id])
    box = bar.geometry()
    assert bench.pane.rect().contains(box)
    assert not box.intersects(bench.canvas.chosen_area)
    assert not box.intersects(bench.pane.toolbar.geometry())


def test_bar_hides_while_a_hand_is_at_work(bench, bar, line):
    bench.canvas.choose([line])
    bench.drag([bench.at(500, 320), bench.at(450, 420)], lifts=False)
    assert bar.isHidden()
    bench.drag([bench.at(450, 420)])
    assert bar.isVisible()


def test_bar_follows_the_page(bench, bar, line):
    bench.canvas.choose([line])
    before = bar.geometry()
    bench.canvas.show_viewport(bench.canvas.viewport.zoomed(2.0, 0, 0))
    assert bar.geometry() != before


def test_buttons_are_large_enough_to_touch_and_say_what_they_do(bench, bar, line):
    bench.canvas.choose([line])
    least = theme.metrics().target_px
    for button in shown_buttons(bar):
        assert min(button.width(), button.height()) >= least
        assert button.accessibleName()


def test_bar_speaks_the_language_in_use(bench, bar, line):
    bench.canvas.choose([line])
    words.set_language("ja")
    for widget in (bar, *shown_buttons(bar)):
        QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.LanguageChange))
    assert [button.word for button in shown_buttons(bar)] == [
        "色",
        "複製",
        "コピー",
        "前に出す",
        "消す",
    ]


# What it does -----------------------------------------------------------------------------


def test_delete_takes_away_what_is_chosen_in_one_step(bench, bar, line):
    bench.add(rectangle(800, 200, 900, 300))
    bench.canvas.choose([line])
    bench.press(bar.delete)
    assert bench.board.item(line) is None
    assert len(bench.items) == 1
    assert bar.isHidden()
    bench.pane.undo()
    assert bench.board.item(line) is not None


def test_duplicate_puts_a_copy_beside_and_chooses_it(bench, bar, line):
    bench.canvas.choose([line])
    bench.press(bar.duplicate)
    (copy_id,) = bench.canvas.chosen
    assert copy_id != line
    before, after = (item_bounds(bench.board.item(i)) for i in (line, copy_id))
    assert after.left - before.left == pytest.approx(COPY_STEP_PT, abs=0.1)
    assert bench.board.item(copy_id).author == PERSON
    bench.pane.undo()
    assert bench.board.item(copy_id) is None


def test_touched_colour_recolours_in_one_step(bench, bar, line):
    bench.canvas.choose([line])
    bench.press(bar.colour)
    bench.press(bar.swatches[2])
    assert bench.board.item(line).colour == 2
    assert set(bench.canvas.chosen) == {line}
    bench.pane.undo()
    assert bench.board.item(line).colour == 1


def test_colours_unfold_and_show_the_one_that_is(bench, bar, line):
    bench.canvas.choose([line])
    assert not bar.swatches[0].isVisible()
    bench.press(bar.colour)
    assert [swatch.isChecked() for swatch in bar.swatches].index(True) == 1
    assert bar.swatches[1].isVisible()
    assert bench.pane.rect().contains(bar.geometry())


def test_note_is_offered_papers(bench, bar):
    (item_id,) = bench.add(note(400, 300))
    bench.canvas.choose([item_id])
    bench.press(bar.colour)
    bench.press(bar.swatches[3])
    assert bench.the(NoteItem).colour == 3


def test_picture_is_offered_no_colours(bench, bar):
    (item_id,) = bench.add(image(400, 300))
    bench.canvas.choose([item_id])
    assert not bar.colour.isVisible()


def test_bar_of_one_text_leads_to_the_editor(bench, bar):
    (item_id,) = bench.add(text(400, 300, words="old"))
    bench.canvas.choose([item_id])
    bench.press(bar.edit)
    assert bench.editor.item_id == item_id
    assert bar.isHidden()


def test_two_texts_cannot_be_edited_at_once(bench, bar):
    bench.canvas.choose(bench.add(text(400, 300), note(600, 300)))
    assert not bar.edit.isVisible()


def test_item_brought_to_the_front_lies_over_the_others(bench, bar, line):
    bench.add(rectangle(390, 290, 610, 350), note(400, 300))
    bench.canvas.choose([line])
    bench.press(bar.front)
    assert isinstance(bench.items[-1], StrokeItem)
    bench.pane.undo()
    assert isinstance(bench.items[0], StrokeItem)


# Copy and paste -----------------------------------------------------------------------------


def test_copied_item_is_pasted_in_the_middle_of_the_view(bench, bar, line, qtbot):
    bench.canvas.choose([line])
    bench.press(bar.copy)
    bench.canvas.choose(())
    bench.press(bench.desk.paste_bar.button)
    qtbot.waitUntil(lambda: len(bench.items) == 2)
    (copy_id,) = bench.canvas.chosen
    middle = bench.canvas.viewport.visible.centre
    assert item_bounds(bench.board.item(copy_id)).centre == pytest.approx(middle, abs=1)


def test_paste_button_waits_for_something_to_paste(bench):
    assert bench.desk.paste_bar.isHidden()
    QGuiApplication.clipboard().setText("words")
    QCoreApplication.processEvents()
    assert bench.desk.paste_bar.isVisible()
    bench.hold(ToolKind.PEN)
    assert bench.desk.paste_bar.isHidden()


def test_cut_item_is_gone_and_can_be_pasted(bench, line, qtbot):
    bench.canvas.choose([line])
    bench.desk.cut()
    assert bench.items == []
    bench.desk.paste((200.0, 100.0))
    qtbot.waitUntil(lambda: len(bench.items) == 1)
    assert item_bounds(bench.items[0]).centre == pytest.approx((200, 100), abs=1)


def test_pasted_words_become_a_text(bench):
    QGuiApplication.clipboard().setText("明日は晴れ")
    bench.desk.paste()
    assert bench.the(TextItem).text == "明日は晴れ"


def test_pasted_picture_becomes_one_on_the_page(bench, qtbot):
    picture = QImage(300, 200, QImage.Format.Format_RGB32)
    picture.fill(QColor("#308030"))
    QGuiApplication.clipboard().setImage(picture)
    bench.desk.paste()
    qtbot.waitUntil(lambda: len(bench.items) == 1)
    sha256 = bench.the(ImageItem).sha256
    qtbot.waitUntil(lambda: bench.open.image(sha256) is not None)
    assert bench.open.image(sha256).pixelColor(5, 5) == QColor("#308030")


def test_copied_picture_comes_along_to_another_board(bench, tmp_path, qtbot):
    bench.pane.insert_picture(picture_file(tmp_path))
    qtbot.waitUntil(lambda: len(bench.items) == 1)
    assert bench.desk.copy()
    assert bench.worker.drain(10.0)
    clip, held = bench.clipboard.content(), bench.clipboard.held_asset
    other = PaneBench(tmp_path)
    other.show()
    other.desk._intake.take_items(clip.items, (300.0, 200.0), held)
    qtbot.waitUntil(lambda: len(other.items) == 1)
    sha256 = other.the(ImageItem).sha256
    assert other.file.asset(sha256) == bench.file.asset(sha256)
    other.shutdown()


def test_picture_whose_bytes_are_nowhere_is_left_out(bench, qtbot):
    items = (image(0, 0), note(300, 300))
    bench.desk._intake.take_items(items, (300.0, 200.0), lambda _sha: None)
    qtbot.waitUntil(lambda: bool(bench.items))
    assert isinstance(bench.the(NoteItem), NoteItem)
    assert len(bench.items) == 1


def test_keys_copy_cut_duplicate_and_delete_what_is_chosen(bench, line):
    control = Qt.KeyboardModifier.ControlModifier
    bench.canvas.setFocus()
    bench.canvas.choose([line])
    bench.key(Qt.Key.Key_C, control)
    assert bench.clipboard.has_something
    bench.key(Qt.Key.Key_D, control)
    assert len(bench.items) == 2
    bench.key(Qt.Key.Key_X, control)
    assert len(bench.items) == 1
    bench.canvas.choose([line])
    bench.key(Qt.Key.Key_Delete)
    assert bench.items == []


def test_keys_belong_to_the_text_while_it_is_written(bench, line):
    bench.desk.edit_item(*bench.add(text(400, 500, words="ab")))
    bench.key(Qt.Key.Key_Home)
    bench.key(Qt.Key.Key_Delete)
    assert bench.editor.text == "b"
    bench.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.editor.text == "ab"
    assert bench.board.item(line) is not None


# Pictures -----------------------------------------------------------------------------------


def test_picture_comes_into_the_middle_held_by_the_lasso(bench, tmp_path, qtbot):
    bench.hold(ToolKind.PEN)
    bench.pane.insert_picture(picture_file(tmp_path))
    qtbot.waitUntil(lambda: len(bench.items) == 1)
    box, visible = bench.the(ImageItem).box, bench.canvas.viewport.visible
    assert (box.x + box.width / 2, box.y + box.height / 2) == pytest.approx(visible.centre)
    assert box.width / box.height == pytest.approx(2.0)
    assert box.width <= visible.width * PICTURE_SHARE + 0.01
    assert bench.pane.choice.tool is ToolKind.LASSO
    assert len(bench.canvas.chosen) == 1


def test_file_that_is_no_picture_is_told_and_changes_nothing(bench, tmp_path, qtbot):
    path = tmp_path / "a.png"
    path.write_bytes(b"nope")
    bench.pane.insert_picture(path)
    qtbot.waitUntil(lambda: bool(bench.errors))
    assert bench.errors[0].code is ErrorCode.NOT_AN_IMAGE
    assert bench.items == []


def test_dropped_picture_lies_where_it_was_dropped(bench, tmp_path, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture_file(tmp_path)))])
    place = bench.at(400, 250)
    buttons, nothing = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    point = QPoint(round(place[0]), round(place[1]))
    enter = QDragEnterEvent(point, copy, data, buttons, nothing)
    QCoreApplication.sendEvent(bench.pane, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(point), copy, data, buttons, nothing)
    QCoreApplication.sendEvent(bench.pane, drop)
    qtbot.waitUntil(lambda: len(bench.items) == 1)
    box = bench.the(ImageItem).box
    assert (box.x + box.width / 2, box.y + box.height / 2) == pytest.approx((400, 250), abs=1)


def test_picture_that_comes_after_the_board_was_left_does_no_harm(bench, tmp_path):
    bench.pane.insert_picture(picture_file(tmp_path))
    bench.desk.shutdown()
    bench.worker.drain(10.0)
    QCoreApplication.processEvents()
    assert bench.items == []


def test_read_only_board_offers_nothing(qapp, data_dir, tmp_path):
    bench = PaneBench(data_dir, read_only=True)
    bench.show()
    bench.hold(ToolKind.LASSO)
    QGuiApplication.clipboard().setText("words")
    QCoreApplication.processEvents()
    bench.pane.insert_picture(picture_file(tmp_path))
    bench.desk.paste()
    assert bench.desk.paste_bar.isHidden()
    assert bench.items == []
    bench.shutdown()
