from datetime import UTC, datetime, timedelta

from base.clock import Clock, SystemClock


def test_system_clock_tells_its_zone() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() is not None


def test_system_clock_agrees_with_universal_time() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC) + timedelta(seconds=1)


def test_monotonic_reading_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_s() for _ in range(1000)]
    assert readings == sorted(readings)
