from kiosk.model.lock import TRIES, WAIT_S, Tries, after_wrong_try


def wrong(times: int, now_s: float) -> Tries:
    tries = Tries()
    for _ in range(times):
        tries = after_wrong_try(tries, now_s)
    return tries


def test_few_wrong_tries_keep_the_pad_open() -> None:
    assert not wrong(TRIES - 1, 100.0).is_closed(100.0)


def test_too_many_wrong_tries_close_the_pad_for_a_while() -> None:
    tries = wrong(TRIES, 100.0)
    assert tries.is_closed(100.0)
    assert tries.is_closed(100.0 + WAIT_S - 0.1)
    assert not tries.is_closed(100.0 + WAIT_S)


def test_tries_count_anew_after_the_wait() -> None:
    tries = after_wrong_try(wrong(TRIES, 100.0), 100.0 + WAIT_S)
    assert not tries.is_closed(100.0 + WAIT_S)
