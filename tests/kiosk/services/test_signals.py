import os
import signal

import pytest

from kiosk.services.signals import EndSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_is_told_while_qt_sleeps(qapp: object, qtbot, number: signal.Signals) -> None:
    told: list[None] = []
    signals = EndSignals(lambda: told.append(None))
    os.kill(os.getpid(), number)
    qtbot.waitUntil(lambda: told == [None])
    signals.shutdown()


def test_handlers_are_put_back(qapp: object) -> None:
    before = signal.getsignal(signal.SIGTERM)
    EndSignals(lambda: None).shutdown()
    assert signal.getsignal(signal.SIGTERM) is before
