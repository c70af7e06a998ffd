"""The chalk's sound as a real sound server plays it."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.virtual_sound import RATE_HZ, Recorder, VirtualSound
from whiteboard.services.chalk.chalk_channel import RING_RECORDS, Kind, Ring, make_shared_bytes
from whiteboard.services.chalk.chalk_sound import ChalkSound, Patience

PATIENCE_S = 30.0
STEP_S = 0.01
SOON = Patience(first_s=0.05, longest_s=0.2, wished_s=0.05)
ROOT = Path(__file__).parents[4]

Sound = NDArray[np.float32]
Make = Callable[..., ChalkSound]


@pytest.fixture
def make_chalk() -> Iterator[Make]:
    """Return a started, ready `ChalkSound`; it is shut down when the test ends."""
    made: list[ChalkSound] = []

    def make(volume: float = 1.0, on: bool = True, **others: object) -> ChalkSound:
        chalk = ChalkSound(volume, on, patience=SOON, **others)
        made.append(chalk)
        chalk.start()
        return chalk

    yield make
    for chalk in made:
        chalk.shutdown()


@pytest.fixture
def chalk(recorder: Recorder, make_chalk: Make) -> ChalkSound:
    """Chalk that sounds on the recorder's loudspeaker."""
    chalk = make_chalk()
    assert chalk.wait_ready(PATIENCE_S)
    recorder.skip()
    return chalk


def write(
    chalk: ChalkSound,
    recorder: Recorder,
    seconds: float,
    speed_mm_s: float = 300.0,
    pressure: float = 0.7,
    contact_id: int = 1,
) -> Sound:
    """Move a hand at 100 samples a second; return what was played meanwhile."""
    played = []
    for _ in range(round(seconds / STEP_S)):
        chalk.touch(contact_id, speed_mm_s, pressure)
        played.append(recorder.read(STEP_S))
    return np.concatenate(played)


def write_until_heard(chalk: ChalkSound, recorder: Recorder) -> Sound:
    """Move a hand until it is heard."""
    for _ in range(round(PATIENCE_S / 0.1)):
        played = write(chalk, recorder, 0.1)
        if level_db(played) > -60:
            return played
    raise AssertionError("the chalk is not heard")


def level_db(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12))


def await_end(pid: int) -> None:
    """Wait until a process, anybody's, has ended."""
    handle = os.pidfd_open(pid)
    try:
        assert select.select([handle], [], [], PATIENCE_S)[0]
    finally:
        os.close(handle)


def test_writing_is_heard_in_the_band_of_chalk(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    played = write(chalk, recorder, 0.5)
    power = np.abs(np.fft.rfft(played)) ** 2
    freq_hz = np.fft.rfftfreq(played.size, 1 / RATE_HZ)
    assert level_db(played) > -45
    assert 2_000 < float((power * freq_hz).sum() / power.sum()) < 5_000
    assert np.abs(played).max() <= 10 ** (-12 / 20)


def test_faster_hand_is_louder(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    levels = []
    for speed_mm_s in (30.0, 150.0, 750.0):
        write(chalk, recorder, 0.15, speed_mm_s)
        levels.append(level_db(write(chalk, recorder, 0.6, speed_mm_s)))
    assert all(second > first + 2 for first, second in pairwise(levels))


def test_harder_hand_is_louder(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    levels = []
    for pressure in (0.1, 0.45, 1.0):
        write(chalk, recorder, 0.15, pressure=pressure)
        levels.append(level_db(write(chalk, recorder, 0.6, pressure=pressure)))
    assert all(second > first + 2 for first, second in pairwise(levels))


def test_lifted_chalk_is_silent_after_150_ms(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    recorder.skip()
    chalk.lift(1)
    recorder.read(0.15)
    assert level_db(recorder.read(0.3)) < -80


def test_resting_chalk_falls_silent(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    recorder.skip()
    recorder.read(0.3)
    assert level_db(recorder.read(0.2)) < -80


def test_turned_off_is_silent_at_once_and_stays_so(
    chalk: ChalkSound, recorder: Recorder
) -> None:
    write_until_heard(chalk, recorder)
    recorder.skip()
    chalk.set_on(False)
    write(chalk, recorder, 0.06)
    assert not write(chalk, recorder, 0.4).any()


def test_turned_on_again_is_heard(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    chalk.set_on(False)
    chalk.set_on(True)
    write_until_heard(chalk, recorder)


def test_volume_changes_what_is_heard(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    loud = level_db(write(chalk, recorder, 0.5))
    chalk.set_volume(0.3)
    write(chalk, recorder, 0.1)
    assert level_db(write(chalk, recorder, 0.5)) < loud - 12
    chalk.set_volume(0.0)
    write(chalk, recorder, 0.1)
    assert not write(chalk, recorder, 0.2).any()


def test_several_hands_are_louder_than_one(chalk: ChalkSound, recorder: Recorder) -> None:
    write_until_heard(chalk, recorder)
    one = level_db(write(chalk, recorder, 0.5))
    played = []
    for _ in range(60):
        for contact_id in range(10):
            chalk.touch(contact_id, 300.0, 0.7)
        played.append(recorder.read(STEP_S))
    together = np.concatenate(played[10:])
    assert level_db(together) > one + 5
    assert np.abs(together).max() <= 10 ** (-12 / 20)


def test_impossible_sample_does_not_end_the_sound(
    chalk: ChalkSound, recorder: Recorder
) -> None:
    write_until_heard(chalk, recorder)
    pid = chalk.process_id
    chalk.touch(2, float("nan"), 0.5)
    chalk.touch(2, -5.0, 7.0)
    recorder.read(0.1)
    write_until_heard(chalk, recorder)
    assert chalk.process_id == pid


def test_sound_that_starts_turned_off_has_no_process(
    recorder: Recorder, make_chalk: Make
) -> None:
    chalk = make_chalk(on=False)
    assert not write(chalk, recorder, 0.2).any()
    assert chalk.process_id is None
    chalk.set_on(True)
    write_until_heard(chalk, recorder)


def test_killed_process_comes_back(
    chalk: ChalkSound, recorder: Recorder, expected_log: Callable[[str], None]
) -> None:
    expected_log("chalk sound is away")
    write_until_heard(chalk, recorder)
    killed = chalk.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    recorder.read(0.1)
    write_until_heard(chalk, recorder)
    assert chalk.process_id != killed


def test_process_that_hangs_does_not_hold_up_the_pen(
    chalk: ChalkSound, recorder: Recorder
) -> None:
    write_until_heard(chalk, recorder)
    pid = chalk.process_id
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for _ in range(20 * RING_RECORDS):
        chalk.touch(1, 300.0, 0.7)
    os.kill(pid, signal.SIGCONT)
    write_until_heard(chalk, recorder)
    assert chalk.process_id == pid


def test_loudspeaker_that_is_unplugged_and_plugged_in_sounds_again(
    loudspeaker: VirtualSound, make_chalk: Make
) -> None:
    chalk = make_chalk()
    with loudspeaker.recorder() as recorder:
        write_until_heard(chalk, recorder)
    lost = chalk.process_id
    assert lost is not None
    loudspeaker.unplug()
    chalk.touch(1, 300.0, 0.7)
    await_end(lost)
    loudspeaker.plug()
    with loudspeaker.recorder() as recorder:
        write_until_heard(chalk, recorder)


def test_board_without_sound_server_writes_on_and_says_so_once_as_no_trouble(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_chalk: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    chalk = make_chalk()
    seen: set[int] = set()
    while len(seen) < 3:
        chalk.touch(1, 300.0, 0.7)
        chalk.wake()
        if (pid := chalk.process_id) is not None:
            seen.add(pid)
    told = [record for record in caplog.records if "is away" in record.message]
    assert [record.levelno for record in told] == [logging.INFO]
    assert not chalk.wait_ready(0)


def test_loudspeaker_sleeps_in_silence_and_wakes_at_the_contact(
    loudspeaker: VirtualSound, recorder: Recorder, make_chalk: Make
) -> None:
    chalk = make_chalk(awake_s=0.2)
    assert chalk.wait_ready(PATIENCE_S)
    write_until_heard(chalk, recorder)
    chalk.lift(1)
    while "Corked: yes" not in loudspeaker.control("list", "sink-inputs"):
        recorder.skip()
    recorder.skip()
    chalk.touch(1, 0.0, 0.5)
    assert np.abs(recorder.read(0.1)).max() > 0.01


def test_process_ends_with_shutdown(chalk: ChalkSound) -> None:
    pid = chalk.process_id
    assert pid is not None
    chalk.shutdown()
    assert not Path(f"/proc/{pid}").exists()
    chalk.shutdown()
    chalk.touch(1, 300.0, 0.7)
    chalk.set_on(True)
    assert chalk.process_id is None


def test_shutdown_does_not_wait_for_a_loudspeaker_that_is_opening(make_chalk: Make) -> None:
    chalk = make_chalk()
    chalk.shutdown()
    assert chalk.process_id is None


def test_process_ends_when_the_board_is_killed(loudspeaker: VirtualSound) -> None:
    board = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from whiteboard.services.chalk.chalk_sound import ChalkSound\n"
            "chalk = ChalkSound(1.0, True)\n"
            "chalk.start()\n"
            f"chalk.wait_ready({PATIENCE_S})\n"
            "print(chalk.process_id, flush=True)\n"
            "input()\n",
        ],
        cwd=ROOT,
        env=loudspeaker.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with board:
        assert board.stdout is not None
        pid = int(board.stdout.readline())
        handle = os.pidfd_open(pid)
        board.kill()
        assert select.select([handle], [], [], PATIENCE_S)[0]
        os.close(handle)


@pytest.mark.parametrize("volume", [-0.1, 1.1, float("nan")])
def test_impossible_volume_is_refused(volume: float) -> None:
    with pytest.raises(ValueError, match="volume"):
        ChalkSound(volume, on=False)


def test_pauses_grow_to_the_longest_and_start_afresh_after_a_good_time() -> None:
    patience = Patience(first_s=1.0, longest_s=5.0, good_s=30.0)
    pauses = [patience.next_pause_s(0.0, 0.0)]
    for _ in range(4):
        pauses.append(patience.next_pause_s(pauses[-1], 2.0))
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert patience.next_pause_s(5.0, 31.0) == 1.0


def test_ring_hands_over_in_order() -> None:
    shared = make_shared_bytes()
    writer, reader = Ring(shared), Ring(shared)
    writer.put(Kind.TOUCH, 7, 120.0, 0.5, 1.0)
    writer.put(Kind.LIFT, -(2**63), 0.0, 0.0, 0.25)
    assert list(reader.take()) == [
        (7, Kind.TOUCH, 120.0, 0.5, 1.0),
        (-(2**63), Kind.LIFT, 0.0, 0.0, 0.25),
    ]
    assert not list(reader.take())


def test_ring_that_overflows_keeps_the_newest() -> None:
    shared = make_shared_bytes()
    writer, reader = Ring(shared), Ring(shared)
    for number in range(RING_RECORDS + 5):
        writer.put(Kind.TOUCH, number, 0.0, 0.0, 1.0)
    assert [record[0] for record in reader.take()] == list(range(5, RING_RECORDS + 5))


def test_reader_does_not_see_what_was_written_before_it() -> None:
    shared = make_shared_bytes()
    writer = Ring(shared)
    writer.put(Kind.TOUCH, 1, 0.0, 0.0, 1.0)
    assert not list(Ring(shared).take())
