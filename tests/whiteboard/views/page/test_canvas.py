import math

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QResizeEvent, QTouchEvent
from PySide6.QtTest import QTest

from base.board_doc import BrushKind
from tests.support.canvas_bench import NONE, CanvasBench, Pen, pixels, touch_screen
from whiteboard.model.page import Background, Surface
from whiteboard.model.prediction import PREDICT
from whiteboard.model.smoothing import RAW
from whiteboard.model.tool_choice import INK_TOOLS, ToolChoice, ToolKind
from whiteboard.services.painting.near_pages import KEPT_PAGES
from whiteboard.views.page.canvas import Canvas

NO_MODIFIER = Qt.KeyboardModifier.NoModifier
MOVE, RELEASE = QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease


def wave(x0=100.0, y0=200.0, count=60, step=8.0, height=60.0):
    return [(x0 + step * i, y0 + height * math.sin(i / 6)) for i in range(count)]


def make_sharp(qtbot, canvas):
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=20_000)
    QCoreApplication.processEvents()


@pytest.fixture
def bench(qtbot, data_dir):
    made = CanvasBench(data_dir)
    made.canvas.show()
    qtbot.waitExposed(made.canvas)
    make_sharp(qtbot, made.canvas)
    yield made
    made.shutdown()


@pytest.fixture
def screen():
    return touch_screen()


class Fingers:
    """Ten fingers on the canvas; every call is one event of the panel."""

    def __init__(self, canvas, device):
        self._canvas, self._device = canvas, device
        self._down = set()

    def _send(self, kind, places):
        sequence = QTest.touchEvent(self._canvas, self._device, autoCommit=False)
        for finger in self._down - places.keys():
            sequence.stationary(finger)
        self._down = (
            self._down - places.keys() if kind == "release" else self._down | set(places)
        )
        for finger, (x, y) in places.items():
            getattr(sequence, kind)(finger, QPoint(round(x), round(y)), self._canvas)
        sequence.commit()

    def press(self, places):
        self._send("press", places)

    def move(self, places):
        self._send("move", places)

    def release(self, places):
        self._send("release", places)


@pytest.fixture
def fingers(bench, screen):
    return Fingers(bench.canvas, screen)


# Mouse -----------------------------------------------------------------------------------


def test_mouse_writes_a_stroke_of_every_sample(bench):
    places = wave()
    bench.draw(places)
    (stroke,) = bench.strokes
    assert np.abs(bench.view_points(stroke) - places).max() < 0.02
    assert stroke.author == "haru"
    assert not stroke.has_pressure


@pytest.mark.parametrize("tool", INK_TOOLS)
def test_touch_of_the_pen_shows_before_it_moves(bench, tool):
    bench.hold(ToolChoice().with_tool(tool))
    before = bench.shown()
    bench.mouse(QEvent.Type.MouseButtonPress, (200, 150))
    dot = (bench.shown() != before).any(axis=2)
    assert dot[150, 200]
    assert not dot[:100].any()
    bench.mouse(RELEASE, (200, 150), NONE)


def test_stroke_keeps_the_times_of_its_events(bench):
    bench.draw(wave(), step_ms=4)
    times = bench.strokes[0].samples()[:, 3]
    assert np.allclose(np.diff(times), 0.004, atol=0.0011)


def test_click_writes_a_dot(bench):
    bench.draw([(200, 200)])
    assert bench.strokes[0].count == 1


@pytest.mark.parametrize("step", [8.0, 2.0], ids=["fast", "slow"])
@pytest.mark.parametrize("size", [0, 3], ids=["thin", "thick"])
@pytest.mark.parametrize("tool", INK_TOOLS)
def test_stroke_baked_piece_by_piece_is_the_stroke_painted_at_once(
    bench, qtbot, tool, size, step
):
    bench.hold(ToolChoice().with_tool(tool).with_size(size))
    blank = bench.painted_anew()
    bench.draw(wave(step=step))
    make_sharp(qtbot, bench.canvas)
    wet = bench.shown()
    assert np.array_equal(wet, bench.painted_anew())
    bench.canvas.repaint_all()
    make_sharp(qtbot, bench.canvas)
    dry = bench.painted_anew()
    ink = np.abs(dry - blank).max(axis=2) > 24
    off = np.abs(wet - dry).max(axis=2)
    # Of 255: at edges, where points were thinned out, and where the pieces meet.
    assert off.max() <= 90
    assert off[ink].mean() <= 6.0
    assert (off > 32).sum() <= 0.05 * ink.sum()


def test_window_shows_what_is_painted_at_every_moment_of_a_stroke(bench):
    places = wave(count=40)
    bench.begin(places[:1])
    for count, place in enumerate(places[1:]):
        bench.mouse(MOVE, place)
        if count % 6 == 5:
            assert np.array_equal(bench.shown(), bench.painted_anew()), count
    bench.mouse(RELEASE, places[-1], NONE)
    assert np.array_equal(bench.shown(), bench.painted_anew())


def test_prediction_is_on_the_glass_and_never_stored(bench, qtbot):
    bench.canvas.set_feel(RAW, PREDICT)
    make_sharp(qtbot, bench.canvas)
    places = [(100.0 + 12 * i, 200.0) for i in range(30)]
    before = bench.shown()
    bench.begin(places)
    ahead = (bench.shown() != before).any(axis=2)[:, round(places[-1][0]) + 6 :]
    assert ahead.any()
    bench.mouse(RELEASE, places[-1], NONE)
    assert np.abs(bench.view_points(bench.strokes[0]) - places).max() < 0.02
    make_sharp(qtbot, bench.canvas)
    after = bench.shown()
    assert not (after != before).any(axis=2)[:, round(places[-1][0]) + 6 :].any()
    assert np.array_equal(after, bench.painted_anew())


def test_prediction_goes_when_the_panel_says_nothing_more(bench, qtbot):
    bench.canvas.set_feel(RAW, PREDICT)
    make_sharp(qtbot, bench.canvas)
    before = bench.shown()
    places = [(100.0 + 12 * i, 200.0) for i in range(30)]
    bench.begin(places)

    def is_back():
        ahead = (bench.shown() != before).any(axis=2)[:, round(places[-1][0]) + 6 :]
        return not ahead.any()

    qtbot.waitUntil(is_back, timeout=5000)
    bench.mouse(RELEASE, places[-1], NONE)


def test_right_button_wipes(bench):
    bench.draw(wave())
    right = Qt.MouseButton.RightButton
    y = wave()[20][1]
    bench.mouse(QEvent.Type.MouseButtonPress, (wave()[20][0], y), right)
    bench.mouse(RELEASE, (wave()[20][0], y), NONE)
    assert len(bench.strokes) == 2


# Touch -----------------------------------------------------------------------------------


def test_ten_fingers_write_at_once_without_losing_or_mixing_a_sample(bench, fingers):
    ways = {
        f: [(60 + 70 * f + 12 * math.sin(n / 5), 40 + 3 * n + f) for n in range(100)]
        for f in range(10)
    }
    fingers.press({f: way[0] for f, way in ways.items()})
    for n in range(1, 100):
        fingers.move({f: way[n] for f, way in ways.items()})
    fingers.release({f: way[-1] for f, way in ways.items()})
    assert len(bench.strokes) == 10
    by_start = sorted(bench.strokes, key=lambda s: s.x0)
    for stroke, way in zip(by_start, ways.values(), strict=True):
        expected = np.array([(round(x), round(y)) for x, y in way])
        points = bench.view_points(stroke)
        moved = np.vstack((expected[:1], expected[1:][np.diff(expected, axis=0).any(axis=1)]))
        assert len(points) >= len(moved)
        assert np.abs(points - expected[: len(points)]).max() < 0.02


def test_finger_that_lifts_leaves_the_others_writing(bench, fingers):
    fingers.press({0: (100, 100), 1: (600, 100)})
    fingers.move({0: (100, 150), 1: (600, 150)})
    fingers.release({0: (100, 150)})
    assert len(bench.strokes) == 1
    fingers.move({1: (600, 250)})
    fingers.release({1: (600, 250)})
    assert len(bench.strokes) == 2


def test_undo_of_one_hand_leaves_the_wet_ink_of_another(bench, fingers, qtbot):
    bench.draw(wave(y0=350, height=20))
    fingers.press({0: (100, 60)})
    for x in range(110, 500, 10):
        fingers.move({0: (x, 60)})
    QCoreApplication.processEvents()
    bench.board.undo("haru")
    make_sharp(qtbot, bench.canvas)
    shown = bench.shown()
    assert bench.strokes == []
    assert np.abs(shown[60, 120:480] - shown[5, 5]).max(axis=1).min() > 60
    assert np.abs(shown[320:380] - shown[5, 5]).max() < 24
    fingers.release({0: (500, 60)})
    assert len(bench.strokes) == 1


def test_pinch_keeps_the_page_under_the_fingers(bench, fingers):
    bench.hold(ToolChoice(tool=ToolKind.HAND))
    canvas = bench.canvas
    start = {0: (300.0, 200.0), 1: (500.0, 250.0)}
    under = {f: canvas.viewport.to_page(*place) for f, place in start.items()}
    fingers.press(start)
    for n in range(1, 21):
        now = {0: (300 - 8 * n, 200 - 2 * n), 1: (500 + 8 * n, 250 + 2 * n)}
        fingers.move(now)
    for f, place in under.items():
        assert canvas.viewport.to_view(*place) == pytest.approx(now[f], abs=1.0)
    fingers.release(now)
    assert bench.items == []


def test_two_fingers_pan_and_what_they_drew_by_then_is_dropped(bench, fingers, qtbot):
    canvas = bench.canvas
    canvas.show_viewport(canvas.viewport.zoomed(3.0, 400, 225))
    make_sharp(qtbot, canvas)
    before = canvas.viewport.to_page(0, 0)
    fingers.press({0: (300, 200), 1: (420, 210)})
    for n in range(1, 41):
        fingers.move({0: (300 - 2 * n, 200 - n), 1: (420 - 2 * n, 210 - n)})
    after = canvas.viewport.to_page(0, 0)
    assert after[0] > before[0]
    assert after[1] > before[1]
    fingers.release({0: (220, 160), 1: (340, 170)})
    assert bench.items == []
    assert not bench.board.can_undo("haru")


def test_pan_shows_at_once_what_it_shows_when_it_rests(bench, fingers, qtbot):
    canvas = bench.canvas
    bench.draw(wave())
    canvas.show_viewport(canvas.viewport.zoomed(2.0, 400, 225))
    make_sharp(qtbot, canvas)
    bench.hold(ToolChoice(tool=ToolKind.HAND))
    board = bench.shown()[5, 5]
    fingers.press({0: (700, 400)})
    for n in range(1, 60):
        fingers.move({0: (700 - 10 * n, 400 - 5 * n)})
        # The bare board or ink, never black or garbage.
        moving = bench.shown()
        assert (moving >= board - 12).all()
    fingers.release({0: (110, 105)})
    make_sharp(qtbot, canvas)


def test_contact_the_system_takes_away_leaves_nothing(bench, screen, qtbot):
    before = bench.shown()
    fingers = Fingers(bench.canvas, screen)
    fingers.press({0: (100, 100)})
    for x in range(110, 400, 10):
        fingers.move({0: (x, 100)})
    QCoreApplication.sendEvent(
        bench.canvas, QTouchEvent(QEvent.Type.TouchCancel, screen, NO_MODIFIER, [])
    )
    make_sharp(qtbot, bench.canvas)
    assert bench.items == []
    assert np.array_equal(bench.shown(), before)
    fingers.release({0: (400, 100)})


# Pen -------------------------------------------------------------------------------------


def test_pen_writes_with_its_pressure_and_tilt(bench):
    bench.pen.down((100, 100), 0.2, tilt=(0, 30))
    bench.pen.move((150, 120), 0.6, tilt=(0, 30))
    bench.pen.move((200, 140), 0.9, tilt=(0, 30))
    bench.pen.up((200, 140))
    (stroke,) = bench.strokes
    assert stroke.has_pressure
    samples = stroke.samples()
    assert samples[:3, 2] == pytest.approx([0.2, 0.6, 0.9], abs=0.001)
    assert samples[0, 4] == pytest.approx(math.radians(30), abs=0.02)


def test_lifted_pen_leaves_no_sample_without_pressure(bench):
    bench.pen.down((100, 100), 0.8)
    for x in range(110, 200, 10):
        bench.pen.move((x, 100), 0.8)
    bench.pen.up((200, 100))
    assert bench.strokes[0].samples()[:-1, 2].min() > 0.7


def test_hovering_pen_writes_nothing(bench):
    for x in range(100, 300, 10):
        bench.pen.hover((x, 100))
    assert bench.items == []
    assert not bench.canvas.hands.are_busy


def test_eraser_end_wipes(bench):
    bench.draw(wave())
    x, y = wave()[30]
    bench.pen.down((x, y), is_eraser=True)
    bench.pen.up((x, y), is_eraser=True)
    assert len(bench.strokes) == 2


@pytest.mark.parametrize("barrel", [Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton])
def test_button_on_the_barrel_wipes(bench, barrel):
    bench.draw(wave())
    x, y = wave()[30]
    bench.pen.down((x, y), buttons=Qt.MouseButton.LeftButton | barrel)
    bench.pen.up((x, y), buttons=barrel)
    assert len(bench.strokes) == 2


def test_button_pressed_while_writing_does_not_break_the_stroke(bench):
    both = Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton
    bench.pen.down((100, 100))
    for x in range(110, 200, 10):
        bench.pen.move((x, 100))
    bench.pen.send(QEvent.Type.TabletPress, (200, 100), buttons=both, pressure=0.5)
    for x in range(210, 300, 10):
        bench.pen.move((x, 100), buttons=both)
    bench.pen.up((300, 100))
    (stroke,) = bench.strokes
    assert bench.view_points(stroke)[:, 0].min() == pytest.approx(100, abs=0.1)
    assert bench.view_points(stroke)[:, 0].max() == pytest.approx(300, abs=0.1)


def test_pen_whose_lift_was_lost_ends_its_stroke_when_it_hovers(bench):
    bench.pen.down((100, 100))
    bench.pen.move((200, 100))
    bench.pen.hover((220, 100))
    assert len(bench.strokes) == 1
    assert not bench.canvas.hands.are_busy


def test_pen_stroke_is_kept_when_the_window_goes(bench, qtbot):
    bench.pen.down((100, 100))
    bench.pen.move((200, 100))
    bench.canvas.hide()
    assert not bench.canvas.hands.are_busy
    assert len(bench.strokes) == 1
    bench.canvas.show()
    qtbot.waitExposed(bench.canvas)
    bench.pen.hover((200, 100))
    bench.pen.down((300, 300))
    bench.pen.move((400, 300))
    bench.pen.up((400, 300))
    assert len(bench.strokes) == 2


def test_mark_of_the_hand_before_its_pen_is_taken_back(bench, fingers, qtbot):
    bench.draw(wave(y0=60, height=5))
    make_sharp(qtbot, bench.canvas)
    before = bench.shown()
    fingers.press({0: (400, 300)})
    for n in range(1, 10):
        fingers.move({0: (400 + n, 300)})
    fingers.release({0: (409, 300)})
    assert len(bench.strokes) == 2
    bench.pen.down((380, 280))
    bench.pen.move((385, 280))
    assert len(bench.strokes) == 1
    bench.pen.up((385, 280))
    bench.board.undo("haru")
    make_sharp(qtbot, bench.canvas)
    assert np.array_equal(bench.shown(), before)
    bench.board.undo("haru")
    assert bench.items == []


# The page changes under the hand --------------------------------------------------------------


def second_page(bench, background=None):
    with bench.board.change("haru") as edit:
        return edit.add_page(1, background or Background())


def test_page_turned_under_the_hand_keeps_its_stroke_up_to_there(bench, qtbot):
    page = second_page(bench)
    first = bench.canvas.page_id
    places = wave()
    bench.begin(places)
    bench.canvas.show_page(page)
    bench.mouse(MOVE, (600, 210))
    bench.mouse(RELEASE, (620, 220), NONE)
    make_sharp(qtbot, bench.canvas)
    assert bench.items == []
    bench.canvas.show_page(first)
    make_sharp(qtbot, bench.canvas)
    (stroke,) = bench.strokes
    assert np.abs(bench.view_points(stroke) - places).max() < 0.02
    assert np.array_equal(bench.shown(), bench.painted_anew())
    bench.board.undo("haru")
    assert bench.items == []


def test_page_turned_under_the_eraser_keeps_what_was_wiped(bench):
    page = second_page(bench)
    first = bench.canvas.page_id
    bench.draw(wave())
    before = bench.items
    bench.pen.down((100, 200), is_eraser=True)
    bench.pen.move((120, 210), is_eraser=True)
    bench.canvas.show_page(page)
    bench.canvas.show_page(first)
    left = sum(stroke.count for stroke in bench.strokes)
    assert 0 < left < before[0].count
    bench.board.undo("haru")
    assert bench.items == before


def test_page_turned_under_a_tap_does_not_stamp_it(bench):
    page = second_page(bench)
    first = bench.canvas.page_id
    bench.hold(ToolChoice().with_tool(ToolKind.STAMP))
    bench.pen.down((300, 200))
    bench.canvas.show_page(page)
    bench.canvas.show_page(first)
    bench.pen.up((300, 200))
    assert bench.items == []


@pytest.mark.parametrize("end", ["hide", "shutdown"])
def test_stroke_under_way_is_kept_when_the_board_goes(bench, qtbot, end):
    canvas = bench.new_canvas("aoi", (800, 450))
    canvas.show()
    qtbot.waitExposed(canvas)
    pen, places = Pen(canvas), wave()
    pen.down(places[0])
    for place in places[1:]:
        pen.move(place)
    getattr(canvas, end)()
    (stroke,) = bench.strokes
    assert stroke.count == len(places)
    # What the pen does after that is no ink.
    pen.move((500, 300))
    pen.up((500, 300))
    assert len(bench.strokes) == 1
    if end != "shutdown":
        canvas.shutdown()
    canvas.deleteLater()


def test_page_turned_under_a_shape_keeps_it(bench):
    page = second_page(bench)
    first = bench.canvas.page_id
    bench.hold(ToolChoice().with_tool(ToolKind.SHAPE))
    bench.begin([(100, 100), (300, 250)])
    bench.canvas.show_page(page)
    bench.canvas.show_page(first)
    assert len(bench.items) == 1


def test_page_that_somebody_else_removes_gives_way_to_its_neighbour(bench, qtbot):
    pages = [bench.canvas.page_id, second_page(bench)]
    with bench.board.change("haru") as edit:
        pages.append(edit.add_page(2, Background()))
        pages.append(edit.add_page(3, Background()))
    bench.canvas.show_page(pages[2])
    with (
        qtbot.waitSignal(bench.canvas.page_changed) as changed,
        bench.board.change("x") as edit,
    ):
        edit.remove_page(pages[2])
    assert changed.args == [pages[3]]
    with bench.board.change("x") as edit:
        edit.remove_page(pages[3])
    assert bench.canvas.page_id == pages[1]


def test_page_removed_under_the_hand_takes_its_stroke_away(bench, qtbot):
    page = second_page(bench)
    bench.canvas.show_page(page)
    make_sharp(qtbot, bench.canvas)
    bench.begin(wave())
    with bench.board.change("x") as edit:
        edit.remove_page(page)
    bench.mouse(RELEASE, (500, 200), NONE)
    make_sharp(qtbot, bench.canvas)
    assert bench.items == []
    assert bench.board.items(page) == {}


def test_removed_page_can_come_back(bench, qtbot):
    page = second_page(bench)
    bench.canvas.show_page(page)
    bench.draw(wave())
    with bench.board.change("x") as edit:
        edit.remove_page(page)
    bench.board.undo("x")
    bench.canvas.show_page(page)
    assert len(bench.strokes) == 1


def test_background_changed_by_somebody_else_is_shown(bench, qtbot):
    bench.draw(wave())
    with bench.board.change("x") as edit:
        edit.set_background(bench.canvas.page_id, Background(Surface.WHITE))
    make_sharp(qtbot, bench.canvas)
    shown = bench.shown()
    assert shown[5, 5].min() > 200
    assert np.array_equal(shown, bench.painted_anew())


def test_item_that_somebody_else_draws_appears(bench, qtbot):
    other = bench.new_canvas("aoi", (800, 450))
    other.show()
    qtbot.waitExposed(other)
    bench.draw(wave())
    make_sharp(qtbot, other)
    bench.canvas.repaint_all()
    make_sharp(qtbot, bench.canvas)
    assert np.array_equal(pixels(other.grab().toImage()), bench.shown())
    other.shutdown()
    other.deleteLater()


def test_resized_canvas_goes_on_writing(bench, qtbot):
    places = wave()
    bench.begin(places[:30])
    bench.canvas.resize(700, 400)
    QCoreApplication.processEvents()
    for place in places[30:40]:
        bench.mouse(MOVE, place)
    bench.mouse(RELEASE, places[39], NONE)
    assert bench.strokes[0].count == 40
    make_sharp(qtbot, bench.canvas)
    assert np.array_equal(bench.shown()[:400, :700], bench.painted_anew())


def test_canvas_without_a_size_waits_for_one(bench):
    canvas = bench.canvas
    before = canvas.viewport
    for size in (QSize(0, 0), QSize(300, 0)):
        QCoreApplication.sendEvent(canvas, QResizeEvent(size, canvas.size()))
    assert canvas.viewport == before
    QCoreApplication.sendEvent(canvas, QResizeEvent(canvas.size(), QSize(0, 0)))
    assert canvas.viewport.view_width_px == canvas.width()


def test_canvas_that_comes_to_a_display_with_more_pixels_is_painted_with_them(
    bench, qtbot, monkeypatch
):
    # The window system says this; no display of these tests has fractions of pixels.
    ratio = [1.0]
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda _canvas: ratio[0])
    bench.draw(wave())
    canvas = bench.new_canvas("aoi", (800, 450))
    canvas.show()
    qtbot.waitExposed(canvas)
    make_sharp(qtbot, canvas)
    before, pixels_before = canvas.grab().toImage(), canvas._pixels.size_bytes
    ratio[0] = 2.0
    QCoreApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert not canvas.is_sharp
    make_sharp(qtbot, canvas)
    assert canvas._pixels.size_bytes > pixels_before
    # The same page in the same place, only finer.
    off = np.abs(pixels(canvas.grab().toImage()) - pixels(before)).max(axis=2)
    assert off.mean() < 6
    Pen(canvas).down((300, 400))
    Pen(canvas).up((300, 400))
    assert len(bench.strokes) == 2
    canvas.shutdown()
    canvas.deleteLater()


def test_writing_is_told_while_a_hand_is_at_work(bench):
    told = []
    bench.canvas.writing_changed.connect(told.append)
    bench.draw(wave(count=5))
    assert told == [True, False]


def test_contacts_of_days_are_not_remembered(bench):
    clock = [1000.0]
    bench.now_s = lambda: clock[0]
    for _ in range(20):
        clock[0] += 2.0
        bench.draw(wave(count=3))
    assert len(bench.canvas._recent) == 1


def test_pages_that_were_left_are_not_kept_for_ever(bench):
    pages = [bench.canvas.page_id]
    with bench.board.change("haru") as edit:
        pages += [edit.add_page(n, Background()) for n in range(1, 8)]
    for page in pages:
        bench.canvas.show_page(page)
    assert len(bench.canvas._near._pixels_of) <= KEPT_PAGES


# The choice ------------------------------------------------------------------------------


def test_items_dragged_while_the_page_is_turned_stay_visible(bench, qtbot):
    bench.draw(wave())
    bench.canvas.repaint_all()
    make_sharp(qtbot, bench.canvas)
    first, second = bench.canvas.page_id, second_page(bench)
    shown = bench.painted_anew()
    bench.hold(ToolChoice(tool=ToolKind.LASSO))
    bench.canvas.choose([i for i, _ in bench.board.stacked(first)])
    middle = bench.canvas.chosen_area.center()
    bench.begin([(middle.x() + n, middle.y() + n) for n in range(0, 60, 4)])
    bench.canvas.show_page(second)
    bench.canvas.show_page(first)
    make_sharp(qtbot, bench.canvas)
    assert np.array_equal(bench.painted_anew(), shown)


def test_stroke_finished_by_a_highlighter_is_a_highlighter_stroke(bench):
    bench.hold(ToolChoice(tool=ToolKind.HIGHLIGHTER))
    bench.draw(wave())
    assert bench.strokes[0].brush is BrushKind.HIGHLIGHTER


# The end -----------------------------------------------------------------------------------


def test_shutdown_under_the_hand_stops_everything(bench):
    bench.begin(wave())
    bench.canvas._fade_timer.start()
    bench.canvas.shutdown()
    bench.canvas.hide()
    QCoreApplication.processEvents()
    timers = bench.canvas.findChildren(type(bench.canvas._fade_timer))
    assert not any(timer.isActive() for timer in timers)
    # The fixture shuts down once more what is left.
    bench.canvas._stop_listening = lambda: None
    bench.open.images_came.connect(bench.canvas._images_came)


def test_finger_writes_near_where_a_pen_was_once_the_pen_was_taken_away(bench, qapp):
    bench.pen.hover((300, 200))
    QCoreApplication.sendEvent(qapp, QEvent(QEvent.Type.TabletLeaveProximity))

    hands = bench.canvas.hands
    assert not hands._palm.pen_hovers


def test_ink_of_a_pen_that_is_taken_away_while_it_writes_is_kept(bench, qapp):
    bench.pen.down((100, 100))
    bench.pen.move((200, 100))
    QCoreApplication.sendEvent(qapp, QEvent(QEvent.Type.TabletLeaveProximity))

    assert not bench.canvas.hands.are_busy
    assert len(bench.strokes) == 1


def test_one_pen_leaves_and_the_other_writes_on(bench):
    other = Pen(bench.canvas, serial=8)
    bench.pen.down((100, 100))
    other.down((100, 300))
    bench.pen.move((200, 100))
    bench.pen.leave()
    assert len(bench.strokes) == 1

    other.move((200, 300))
    other.up((300, 300))
    assert [stroke.count for stroke in bench.strokes] == [2, 3]


def test_what_lies_around_the_view_waits_until_the_hand_rests(bench, qtbot):
    canvas = bench.canvas
    bench.begin([(100, 100), (200, 150)])
    canvas.show_viewport(canvas.viewport.panned(-300, -200))
    qtbot.waitUntil(lambda: canvas._pixels.is_complete, timeout=20_000)
    qtbot.waitUntil(lambda: not canvas._slice_timer.isActive(), timeout=5_000)
    assert canvas._pixels.has_work

    bench.mouse(RELEASE, (200, 150), buttons=NONE)
    qtbot.waitUntil(lambda: not canvas._pixels.has_work, timeout=20_000)


def test_tick_leaves_a_moving_pen_its_sample_and_follows_it(bench, qtbot):
    canvas, seen = bench.canvas, []
    canvas.hand_seen.connect(seen.append)
    places = wave(count=12)
    bench.begin(places[:6], settle=False)
    canvas._tick_timer.timeout.emit()
    assert seen == []
    with qtbot.waitSignal(canvas.hand_seen, timeout=5_000):
        bench.mouse(MOVE, places[6], t_ms=60)
    assert len(seen) == 1
    bench.mouse(RELEASE, places[6], NONE, 70)


def test_tick_does_not_wait_for_a_hand_at_rest(bench, qtbot):
    canvas, seen = bench.canvas, []
    bench.begin(wave(count=6), settle=False)
    canvas.hand_seen.connect(seen.append)
    # The timer alone: no other sample comes.
    qtbot.waitUntil(lambda: len(seen) >= 2, timeout=5_000)
    bench.mouse(RELEASE, wave(count=6)[-1], NONE, 70)


def test_tick_comes_however_fast_the_samples_do(bench):
    canvas, seen = bench.canvas, []
    bench.begin(wave(count=6), settle=False)
    canvas._late_tick_timer.stop()
    canvas.hand_seen.connect(seen.append)
    canvas._tick_timer.stop()
    canvas._tick_timer.timeout.emit()
    assert seen == []
    for place in wave(x0=150.0, count=400, step=1.0):
        bench.mouse(MOVE, place, t_ms=60)
        QCoreApplication.processEvents()
    bench.mouse(RELEASE, place, NONE, 70)
    assert len(seen) == 1
