import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics

from base import text
from base.qt import theme
from tests.support.canvas_bench import CanvasBench
from whiteboard.views.page.meter import Meter


@pytest.fixture
def bench(qtbot, data_dir):
    made = CanvasBench(data_dir)
    made.canvas.show()
    qtbot.waitExposed(made.canvas)
    yield made
    made.shutdown()


@pytest.fixture
def meter(bench):
    made = Meter(bench.now_s, bench.canvas)
    bench.canvas.meter = made
    yield made
    made.stop()


def test_meter_shows_figures_while_somebody_writes(bench, meter, qtbot):
    meter.start()
    bench.draw([(100 + 5 * n, 200) for n in range(60)])
    qtbot.waitUntil(lambda: meter.figures is not None, timeout=5000)
    figures = meter.figures
    assert figures.rate_hz > 10
    assert 0 < figures.p50_ms <= figures.p95_ms <= figures.worst_ms


def test_hovering_pen_is_not_measured(bench, meter):
    for n in range(50):
        bench.pen.hover((100 + n, 100))
    assert not meter._statistics._waiting


def test_meter_without_writing_says_so(bench, meter):
    text.set_language("en")
    meter.start()
    assert meter.figures is None
    assert meter._words() == "Write to measure"


def test_meter_lets_every_touch_through(bench, meter):
    meter.start()
    assert bench.canvas.childAt(meter.geometry().center()) is None
    assert meter.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_stopped_meter_rests(bench, meter):
    meter.start()
    meter.stop()
    assert not meter._timer.isActive()
    assert not meter.isVisible()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_words_fit_into_the_meter(bench, language):
    text.set_language(language)
    clock = [0.0]
    meter = Meter(lambda: clock[0], bench.canvas)
    empty_width = meter.width()
    for n in range(300):
        meter.note_event(n * 0.004)
        meter.note_frame(n * 0.004 + 0.1234)
    clock[0] = 1.2
    meter._refresh()
    assert meter.figures.worst_ms == pytest.approx(123.4)
    sizes = theme.metrics()
    letters = QFontMetrics(theme.font(sizes.small_text_px))
    needed = letters.boundingRect(
        QRect(0, 0, 9999, 9999), Qt.AlignmentFlag.AlignLeft, meter._words()
    )
    assert needed.width() <= meter.width() - 2 * sizes.px(3)
    assert needed.height() <= meter.height()
    assert meter.sizeHint().width() == empty_width
