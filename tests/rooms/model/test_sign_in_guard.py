"""Who waits how long after wrong passwords."""

import pytest

from rooms.model.sign_in_guard import (
    FREE_TRIES,
    FREE_TRIES_ADDRESS,
    LONGEST_ACCOUNT_S,
    LONGEST_S,
    MOST_KEPT,
    SignInGuard,
    network_of,
)

HERE = "203.0.113.7"


def wrong(guard: SignInGuard, times: int, address: str = HERE, login: str = "hana") -> float:
    """Mistype the moment it is allowed again; returns the moment after the last."""
    now_s = 0.0
    for _ in range(times):
        now_s += guard.wait_s(login, address, now_s)
        guard.count(login, address, now_s)
    return now_s


def test_first_mistakes_cost_no_wait() -> None:
    guard = SignInGuard()
    now_s = wrong(guard, FREE_TRIES - 1)
    assert guard.wait_s("hana", HERE, now_s) == 0


def test_wait_doubles_up_to_its_limit() -> None:
    guard = SignInGuard()
    waits = []
    now_s = wrong(guard, FREE_TRIES - 1)
    for _ in range(12):
        guard.count("hana", HERE, now_s)
        waits.append(guard.wait_s("hana", HERE, now_s))
        now_s += waits[-1]
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST_S


def test_account_is_slowed_little_for_those_at_other_addresses() -> None:
    guard = SignInGuard()
    for number in range(200):
        guard.count("hana", f"198.51.100.{number}", 0.0)
    assert guard.wait_s("hana", HERE, 0.0) == LONGEST_ACCOUNT_S


def test_address_is_slowed_that_tries_many_accounts() -> None:
    guard = SignInGuard()
    for number in range(FREE_TRIES_ADDRESS):
        guard.count(f"person{number}", HERE, 0.0)
    assert guard.wait_s("somebody-else", HERE, 0.0) > 0


def test_known_address_does_not_feel_what_strangers_do_to_the_account() -> None:
    guard = SignInGuard()
    guard.note_right("hana", HERE, guard.count("hana", HERE, 0.0))
    for number in range(50):
        guard.count("hana", f"198.51.100.{number}", 1.0)
    assert guard.wait_s("hana", HERE, 1.0) == 0


def test_right_password_gives_no_free_tries_at_other_accounts() -> None:
    guard = SignInGuard()
    guard.note_right("own", HERE, guard.count("own", HERE, 0.0))
    for number in range(FREE_TRIES_ADDRESS + 3):
        guard.count(f"person{number}", HERE, 0.0)
        before_s = guard.wait_s("hana", HERE, 0.0)
        guard.note_right("own", HERE, guard.count("own", HERE, 0.0))
        assert guard.wait_s("hana", HERE, 0.0) == before_s
    assert guard.wait_s("hana", HERE, 0.0) > 0


def test_town_hall_signs_in_one_after_the_other_without_a_wait() -> None:
    guard = SignInGuard()
    for number in range(100):
        assert guard.wait_s(f"person{number}", HERE, 0.0) == 0
        guard.note_right(f"person{number}", HERE, guard.count(f"person{number}", HERE, 0.0))


def test_tries_under_way_count_before_they_are_known_to_be_wrong() -> None:
    guard = SignInGuard()
    for _ in range(FREE_TRIES):
        guard.count("hana", HERE, 0.0)
    assert guard.wait_s("hana", HERE, 0.0) > 0


def test_try_taken_back_in_between_undoes_itself_alone() -> None:
    guard = SignInGuard()
    first = guard.count("hana", HERE, 0.0)
    for _ in range(FREE_TRIES - 1):
        guard.count("hana", HERE, 0.0)
    guard.take_back(first)
    guard.take_back(guard.count("hana", HERE, 0.0))
    assert guard.wait_s("hana", HERE, 0.0) > 0


def test_memory_is_bounded() -> None:
    guard = SignInGuard()
    for number in range(MOST_KEPT):
        guard.count(
            f"login{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0
        )
    assert len(guard._counts) == MOST_KEPT


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_network_is_what_one_line_has(address: str, network: str) -> None:
    assert network_of(address) == network
