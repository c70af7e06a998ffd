import stat
from pathlib import Path

import pytest

from kiosk.services.pin import FILE_NAME, PinStore


def test_pin_is_known_at_the_next_start(data_dir: Path) -> None:
    PinStore(data_dir).set("4711")
    store = PinStore(data_dir)
    assert store.is_set
    assert store.matches("4711")
    assert not store.matches("4712")


def test_without_a_pin_nothing_matches(data_dir: Path) -> None:
    store = PinStore(data_dir)
    assert not store.is_set
    assert not store.matches("")


def test_pin_can_be_taken_away(data_dir: Path) -> None:
    store = PinStore(data_dir)
    store.set("4711")
    store.clear()
    assert not store.is_set
    assert not PinStore(data_dir).is_set


def test_file_is_private_and_does_not_hold_the_pin(data_dir: Path) -> None:
    PinStore(data_dir).set("47114711")
    file = data_dir / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"47114711" not in file.read_bytes()


def test_same_pin_is_kept_differently_each_time(data_dir: Path) -> None:
    store = PinStore(data_dir)
    store.set("4711")
    first = (data_dir / FILE_NAME).read_bytes()
    store.set("4711")
    assert (data_dir / FILE_NAME).read_bytes() != first


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"cost": 3, "salt": "00", "scrypt": "00"}',
        b'{"cost": 1073741824, "salt": "00", "scrypt": "00"}',
        b'{"cost": 16384, "salt": "zz", "scrypt": "00"}',
    ],
)
def test_torn_file_locks_nobody_out(data_dir: Path, content: bytes) -> None:
    (data_dir / FILE_NAME).write_bytes(content)
    assert not PinStore(data_dir).is_set
