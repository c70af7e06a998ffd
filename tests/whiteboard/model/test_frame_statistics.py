import pytest

from whiteboard.model.frame_statistics import WINDOW_S, FrameStatistics, percentile


def written(latencies_s, rate_hz=100.0):
    statistics = FrameStatistics()
    for i, latency_s in enumerate(latencies_s):
        statistics.note_event(i / rate_hz)
        statistics.note_frame(i / rate_hz + latency_s)
    return statistics


def test_nobody_wrote():
    assert FrameStatistics().figures(1.0) is None


def test_one_event_has_no_rate_yet():
    assert written([0.001]).figures(0.01) is None


def test_rate_is_that_of_the_events():
    figures = written([0.001] * 50, rate_hz=125.0).figures(0.4)
    assert figures.rate_hz == pytest.approx(125.0)


def test_latency_counts_from_the_event_to_the_end_of_its_frame():
    figures = written([0.001] * 18 + [0.004, 0.009]).figures(0.3)
    assert figures.p50_ms == pytest.approx(1.0)
    assert figures.p95_ms == pytest.approx(4.0)
    assert figures.worst_ms == pytest.approx(9.0)


def test_events_that_share_a_frame_each_count():
    statistics = FrameStatistics()
    for t_s in (0.0, 0.004, 0.008):
        statistics.note_event(t_s)
    statistics.note_frame(0.010)
    assert statistics.figures(0.011).p50_ms == pytest.approx(6.0)
    assert statistics.figures(0.011).worst_ms == pytest.approx(10.0)


def test_pause_of_the_hand_is_not_a_slow_panel():
    statistics = written([0.001] * 10)
    statistics.note_event(1.0)
    statistics.note_frame(1.001)
    assert statistics.figures(1.1).rate_hz == pytest.approx(100.0)


def test_figures_forget_what_is_older_than_the_window():
    statistics = written([0.5] + [0.001] * 99)
    assert statistics.figures(0.6).worst_ms == pytest.approx(500.0)
    assert statistics.figures(WINDOW_S + 0.505).worst_ms == pytest.approx(1.0)
    assert statistics.figures(3 * WINDOW_S) is None


def test_frame_without_an_event_counts_for_nothing():
    statistics = written([0.001] * 10)
    statistics.note_frame(0.5)
    assert statistics.figures(0.5).worst_ms == pytest.approx(1.0)


def test_events_whose_frame_never_comes_take_no_memory_for_ever():
    statistics = FrameStatistics()
    for i in range(100_000):
        statistics.note_event(i / 240)
    statistics.note_frame(100_000 / 240)
    assert len(statistics._latencies) < 10_000


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.5, 5), (0.51, 6), (0.9, 9), (0.95, 10), (1.0, 10)]
)
def test_percentile_is_the_least_value_that_so_many_do_not_exceed(share, value):
    assert percentile([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10], share) == value


def test_median_of_two_is_the_lower():
    assert percentile([1.0, 2.0], 0.5) == 1.0
