"""A loudspeaker for the services that sound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.virtual_sound import Recorder, VirtualSound, virtual_sound


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualSound]:
    """A real sound server of this test's own, which the test's processes find."""
    with virtual_sound() as sound:
        monkeypatch.setenv("PULSE_SERVER", sound.address)
        yield sound


@pytest.fixture
def recorder(loudspeaker: VirtualSound) -> Iterator[Recorder]:
    """What the loudspeaker plays."""
    with loudspeaker.recorder() as recorder:
        yield recorder
