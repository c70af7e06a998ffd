from kiosk.model.restarts import MOST_FAILURES, MOST_WAIT_S, SETTLED_S, Restart, plan_restart


def test_process_that_served_is_started_again_at_once() -> None:
    assert plan_restart(0, 60.0) == Restart(1, 0.0)


def test_long_service_makes_the_failures_before_it_forgotten() -> None:
    assert plan_restart(MOST_FAILURES - 1, SETTLED_S) == Restart(1, 0.0)


def test_waits_grow_when_it_ends_again_and_again() -> None:
    waits = [plan_restart(n, 1.0).wait_s for n in range(MOST_FAILURES - 1)]
    assert waits[0] == 0.0
    assert all(wait is not None and wait <= MOST_WAIT_S for wait in waits)
    assert waits == sorted(waits, key=lambda wait: wait or 0.0)


def test_process_that_never_gets_ready_is_given_up() -> None:
    failures, waits = 0, []
    while True:
        plan = plan_restart(failures, None)
        failures = plan.failures
        if plan.wait_s is None:
            break
        waits.append(plan.wait_s)
    assert failures == MOST_FAILURES
    assert 5 < sum(waits) < 20
