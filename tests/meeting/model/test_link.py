import pytest

from base.wire import Close, Over
from meeting.model.link import MOST_WAIT_S, EndReason, Retry, plan_after_close, wait_s


@pytest.mark.parametrize(
    ("code", "plan"),
    [
        (None, Retry.LATER),
        (1006, Retry.LATER),
        (1012, Retry.LATER),
        (Close.SERVICE_ENDS, Retry.LATER),
        (Close.TOO_FAST, Retry.LATER),
        (Close.MALFORMED, Retry.LATER),
        (Close.TOO_SLOW, Retry.AT_ONCE),
        (Close.BAD_TOKEN, EndReason.SEAT_GONE),
        (Close.PUT_OUT, EndReason.PUT_OUT),
        (Close.OVER, EndReason.ENDED),
        (Close.TAKEN_ELSEWHERE, EndReason.TAKEN_ELSEWHERE),
        (Close.OLD_CLIENT, EndReason.OLD_CLIENT),
    ],
)
def test_close_code_says_what_follows(code: int | None, plan: Retry | EndReason) -> None:
    assert plan_after_close(code, None) is plan


@pytest.mark.parametrize("reason", ["ended", "refused", "put_out", "left", "time"])
def test_last_message_says_more_than_the_code(reason: str) -> None:
    over = Over.model_validate({"reason": reason})
    assert plan_after_close(Close.OVER, over) is EndReason(reason)


def test_waits_grow_and_stay_below_their_limit() -> None:
    longest = [wait_s(tries, 1.0) for tries in range(1, 2000)]
    assert longest == sorted(longest)
    assert longest[-1] == MOST_WAIT_S
    assert wait_s(1, 1.0) == 0.25


def test_chance_leaves_at_least_half_of_a_wait() -> None:
    assert wait_s(3, 0.0) == wait_s(3, 1.0) / 2


@pytest.mark.parametrize(("tries", "chance"), [(0, 0.5), (1, -0.1), (1, 1.1)])
def test_wait_without_sense_is_refused(tries: int, chance: float) -> None:
    with pytest.raises(ValueError, match="tries"):
        wait_s(tries, chance)
