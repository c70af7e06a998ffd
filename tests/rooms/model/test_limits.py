"""Nobody is faster than they may be, whatever they try; and counting costs no memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.model.limits import (
    LOCKED_MAX_S,
    SLOWED_MAX_S,
    KeyGuard,
    TokenBucket,
    network_of,
)

GAPS = st.lists(st.floats(0, 10, allow_nan=False), max_size=300)


@given(GAPS, st.floats(0.1, 200), st.integers(1, 300))
def test_bucket_never_gives_more_than_burst_and_rate(
    gaps: list[float], rate_hz: float, burst: int
) -> None:
    bucket = TokenBucket(rate_hz, burst, 0.0)
    now_s, taken = 0.0, 0
    for gap in gaps:
        now_s += gap
        taken += bucket.take(now_s)
        assert taken <= burst + rate_hz * now_s + 1e-6


def test_bucket_lets_a_steady_rate_through_for_ever() -> None:
    bucket = TokenBucket(rate_hz=10, burst=1, now_s=0.0)
    assert all(bucket.take(n * 0.101) for n in range(1000))


def test_bucket_takes_nothing_when_there_is_not_enough() -> None:
    bucket = TokenBucket(rate_hz=1, burst=4, now_s=0.0)
    assert not bucket.take(0.0, cost=5)
    assert bucket.take(0.0, cost=4)


def test_clock_that_goes_back_fills_no_bucket() -> None:
    bucket = TokenBucket(rate_hz=1, burst=1, now_s=100.0)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert not bucket.take(100.5)
    assert bucket.take(101.0)


@pytest.mark.parametrize(("rate_hz", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_bucket_that_lets_nothing_through_is_refused(rate_hz: float, burst: float) -> None:
    with pytest.raises(ValueError, match="nothing"):
        TokenBucket(rate_hz, burst, 0.0)


def test_fifth_wrong_key_within_a_minute_locks_the_address() -> None:
    guard = KeyGuard()
    verdicts = [guard.wrong("192.0.2.1", 10.0 * n) for n in range(5)]
    assert [verdict.locked_s for verdict in verdicts] == [0, 0, 0, 0, 60]
    assert verdicts[-1].is_news
    assert guard.locked_s("192.0.2.1", 50.0) == pytest.approx(50)
    assert guard.locked_s("192.0.2.2", 50.0) == 0


def test_lock_ends_by_itself() -> None:
    guard = KeyGuard()
    lock(guard, 0.0)
    assert guard.locked_s("192.0.2.1", 59.9) > 0
    assert guard.locked_s("192.0.2.1", 60.0) == 0


def test_slow_typing_locks_nobody() -> None:
    guard = KeyGuard()
    assert all(guard.wrong("192.0.2.1", 16.0 * n).locked_s == 0 for n in range(100))


def test_pause_between_two_bursts_does_not_double_what_is_allowed() -> None:
    # Counted by calendar minutes, four at the end of one and four at the start of the next
    # would pass.
    guard = KeyGuard()
    for moment_s in (0.0, 57.0, 58.0, 59.0):
        assert guard.wrong("192.0.2.1", moment_s).locked_s == 0
    assert guard.wrong("192.0.2.1", 60.5).locked_s == 0
    assert guard.wrong("192.0.2.1", 60.6).locked_s == 60


def test_lock_doubles_up_to_a_quarter_of_an_hour() -> None:
    guard = KeyGuard()
    now_s, locks = 0.0, []
    for _ in range(6):
        locks.append(lock(guard, now_s))
        now_s += locks[-1]
    assert locks == [60, 120, 240, 480, LOCKED_MAX_S, LOCKED_MAX_S]


def test_address_that_was_quiet_for_an_hour_begins_anew() -> None:
    guard = KeyGuard()
    lock(guard, 0.0)
    assert lock(guard, 60.0 + 3600.0) == 60


def test_try_while_locked_neither_shortens_nor_lengthens_the_lock() -> None:
    guard = KeyGuard()
    lock(guard, 0.0)
    verdict = guard.wrong("192.0.2.1", 20.0)
    assert verdict.locked_s == pytest.approx(40)
    assert not verdict.is_news


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 3)), max_size=400))
def test_address_never_gets_more_wrong_keys_than_allowed(
    tries: list[tuple[float, int]],
) -> None:
    guard = KeyGuard(each_per_minute=5)
    now_s, looked_at = 0.0, dict[str, list[float]]()
    for gap_s, who in tries:
        now_s += gap_s
        address = f"192.0.2.{who}"
        if guard.locked_s(address, now_s) > 0:
            continue
        guard.wrong(address, now_s)
        moments = looked_at.setdefault(address, [])
        moments.append(now_s)
        assert len([one for one in moments if now_s - one < 60]) <= 5


def test_flood_from_many_addresses_slows_every_wrong_answer() -> None:
    guard = KeyGuard()
    delays = [guard.wrong(f"192.0.2.{n}", 0.0).delay_s for n in range(100)]
    assert delays[:30] == [0.0] * 30
    assert delays == sorted(delays)
    assert delays[-1] == SLOWED_MAX_S


def test_flood_is_over_a_minute_after_it_ended() -> None:
    guard = KeyGuard()
    for n in range(100):
        guard.wrong(f"192.0.2.{n}", 0.0)
    assert guard.delay_s(59.0) == SLOWED_MAX_S
    assert guard.delay_s(61.0) == 0.0
    assert guard.delay_s(1e9) == 0.0


def test_memory_is_bounded_whoever_asks() -> None:
    guard = KeyGuard(addresses_max=100)
    for n in range(10_000):
        guard.wrong(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n * 0.001)
    assert len(guard) == 100


def test_flood_of_addresses_does_not_free_the_locked_one() -> None:
    guard = KeyGuard(addresses_max=100)
    lock(guard, 0.0)
    for n in range(1000):
        guard.wrong(f"10.0.{n >> 8}.{n & 255}", 1.0)
    assert guard.locked_s("192.0.2.1", 2.0) > 0


def test_household_with_ipv6_counts_as_one() -> None:
    guard = KeyGuard()
    for n in range(5):
        guard.wrong(f"2001:db8:0:1::{n:x}", 0.0)
    assert guard.locked_s("2001:db8:0:1:ffff::1", 1.0) > 0
    assert guard.locked_s("2001:db8:0:2::1", 1.0) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_address_counts_as_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def lock(guard: KeyGuard, now_s: float) -> float:
    """Type wrong keys until the address is locked; return for how long."""
    for _ in range(5):
        verdict = guard.wrong("192.0.2.1", now_s)
    return verdict.locked_s
