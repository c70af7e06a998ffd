"""The voice of the chalk, heard sample by sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whiteboard.model.chalk_voice import (
    MAX_BLOCK,
    MAX_HANDS,
    Chalk,
    FloatArray,
    Slate,
    Sounding,
    lift,
    make_slate,
    synthesise,
    touch,
)

CHALK = Chalk()
RATE_HZ = CHALK.sample_rate_hz
BLOCK = 120
STEP_S = BLOCK / RATE_HZ


@pytest.fixture(scope="module")
def slate() -> Slate:
    return make_slate(CHALK, np.random.default_rng(1))


def play(
    slate: Slate,
    seconds: float,
    hand: Callable[[float], tuple[float, float] | None],
    *,
    hands: int = 1,
    seed: int = 2,
) -> FloatArray:
    """Ask `hand` every 2.5 ms for speed and pressure; None lifts."""
    rng = np.random.default_rng(seed)
    sounding = Sounding()
    blocks = []
    for step in range(round(seconds / STEP_S)):
        report = hand(step * STEP_S)
        for contact_id in range(hands):
            if report is None:
                sounding = lift(sounding, contact_id)
            else:
                sounding = touch(sounding, contact_id, *report)
        block, sounding = synthesise(slate, sounding, BLOCK, rng)
        blocks.append(block)
    return np.concatenate(blocks)


def level_db(sound: FloatArray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12))


def stroke(slate: Slate, speed_mm_s: float, pressure: float, seed: int = 2) -> FloatArray:
    """Return two seconds of a steady stroke without its tap."""
    sound = play(slate, 2.2, lambda _: (speed_mm_s, pressure), seed=seed)
    return sound[RATE_HZ // 5 :]


def band_share(sound: FloatArray, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    freq_hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    return float(power[(freq_hz >= low_hz) & (freq_hz <= high_hz)].sum() / power.sum())


def centroid_hz(sound: FloatArray) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    freq_hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    return float((power * freq_hz).sum() / power.sum())


def test_board_without_hands_is_silent(slate: Slate) -> None:
    block, after = synthesise(slate, Sounding(), BLOCK, np.random.default_rng(0))
    assert not block.any()
    assert after.silent


def test_stroke_lies_in_the_band_of_chalk(slate: Slate) -> None:
    assert band_share(stroke(slate, 200, 0.5), 1_500, 6_000) > 0.9
    assert 2_500 < centroid_hz(stroke(slate, 200, 0.5)) < 4_500


def test_faster_hand_is_louder_and_brighter(slate: Slate) -> None:
    slow, fast = stroke(slate, 40, 0.5), stroke(slate, 600, 0.5)
    assert level_db(fast) > level_db(slow) + 6
    assert centroid_hz(fast) > centroid_hz(slow) + 200


def test_harder_hand_is_louder(slate: Slate) -> None:
    levels = [level_db(stroke(slate, 200, pressure)) for pressure in (0.1, 0.5, 1.0)]
    assert levels[0] + 3 < levels[1] < levels[2] - 3


def test_grain_follows_the_speed(slate: Slate) -> None:
    def slip_s(speed_mm_s: float) -> float:
        """Return how long the loudness stays alike: the width of its autocorrelation."""
        power = np.square(stroke(slate, speed_mm_s, 1.0), dtype=np.float64)
        power -= power.mean()
        likeness = np.fft.irfft(np.abs(np.fft.rfft(power, 2 * power.size)) ** 2)
        past_ringing = likeness[RATE_HZ // 1000 :]
        return float(np.argmax(past_ringing < 0.3 * past_ringing[0])) / RATE_HZ

    assert slip_s(10) > 1.4 * slip_s(20)
    assert slip_s(20) > 1.8 * slip_s(80)


def test_no_passage_comes_again(slate: Slate) -> None:
    sound = play(slate, 8, lambda _: (400, 0.7))[RATE_HZ // 5 :].astype(np.float64)
    sound /= np.sqrt(np.sum(sound**2))
    spectrum = np.fft.rfft(sound, 2 * sound.size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[RATE_HZ // 20 : sound.size]
    assert np.abs(likeness).max() < 0.05


def test_contact_taps_at_once_even_without_speed(slate: Slate) -> None:
    sound = play(slate, 0.1, lambda _: (0.0, 0.0))
    assert np.abs(sound[: RATE_HZ // 200]).max() > 0.02


def test_harder_contact_taps_louder(slate: Slate) -> None:
    soft, hard = (play(slate, 0.1, lambda _, p=p: (0.0, p)) for p in (0.0, 1.0))
    assert np.abs(hard).max() > 2 * np.abs(soft).max()


def test_one_contact_taps_once(slate: Slate) -> None:
    sound = play(slate, 0.5, lambda _: (0.0, 1.0))
    assert not np.abs(sound[RATE_HZ // 10 :]).max() > 1e-4


def test_lifted_hand_fades_within_100_ms_and_leaves_nothing(slate: Slate) -> None:
    sound = play(slate, 1.0, lambda t: (300, 0.8) if t < 0.495 else None)
    assert level_db(sound[RATE_HZ * 6 // 10 : RATE_HZ * 7 // 10]) < level_db(sound) - 40
    assert not sound[-RATE_HZ // 5 :].any()


def test_release_has_no_click(slate: Slate) -> None:
    sound = play(slate, 1.0, lambda t: (300, 0.8) if t < 0.495 else None)
    writing = np.abs(np.diff(sound[RATE_HZ // 5 : RATE_HZ // 2])).max()
    assert np.abs(np.diff(sound[RATE_HZ // 2 :])).max() <= writing


def test_stroke_starts_within_its_attack(slate: Slate) -> None:
    quick = make_slate(Chalk(tap_dbfs=-60.0), np.random.default_rng(1))
    levels = [
        level_db(
            np.concatenate([play(quick, 0.02, lambda _: (400, 1.0), seed=s) for s in range(60)])
        ),
        level_db(stroke(quick, 400, 1.0)),
    ]
    assert levels[0] == pytest.approx(levels[1], abs=2.5)


def test_hand_that_stops_falls_silent_without_a_report(slate: Slate) -> None:
    rng = np.random.default_rng(2)
    sounding = touch(Sounding(), 1, 300, 0.8)
    heard = []
    for _ in range(160):
        block, sounding = synthesise(slate, sounding, BLOCK, rng)
        heard.append(block)
    assert np.abs(heard[8]).max() > 0.01
    assert not np.concatenate(heard[120:]).any()
    assert sounding.silent


def test_hand_that_rests_is_heard_again_without_a_tap(slate: Slate) -> None:
    sound = play(slate, 1.0, lambda t: (0.0 if t < 0.5 else 30.0, 0.1))
    tap = np.abs(sound[: RATE_HZ // 20]).max()
    assert 0 < np.abs(sound[RATE_HZ // 2 :]).max() < 0.6 * tap


def test_ten_hands_stay_under_the_ceiling(slate: Slate) -> None:
    sound = play(slate, 1.0, lambda _: (2_000, 1.0), hands=MAX_HANDS)
    assert np.abs(sound).max() <= 10 ** (CHALK.ceiling_dbfs / 20)
    assert level_db(sound) > level_db(play(slate, 1.0, lambda _: (2_000, 1.0))) + 6


def test_eleventh_hand_stays_mute() -> None:
    full = Sounding()
    for contact_id in range(MAX_HANDS):
        full = touch(full, contact_id, 100, 0.5)
    assert touch(full, 99, 100, 0.5).hands.keys() == full.hands.keys()


def test_hand_whose_leaving_was_not_heard_of_makes_room(slate: Slate) -> None:
    sounding = Sounding()
    for contact_id in range(MAX_HANDS):
        sounding = touch(sounding, contact_id, 100, 0.5)
    rng = np.random.default_rng(0)
    while not sounding.silent:
        _, sounding = synthesise(slate, sounding, BLOCK, rng)
    assert 99 in touch(sounding, 99, 100, 0.5).hands


def test_block_size_does_not_change_the_level(slate: Slate) -> None:
    def level_in_blocks_of(size: int) -> float:
        rng = np.random.default_rng(4)
        sounding, blocks = Sounding(), []
        for _ in range(RATE_HZ // size):
            block, sounding = synthesise(slate, touch(sounding, 1, 300, 0.6), size, rng)
            blocks.append(block)
        return level_db(np.concatenate(blocks)[RATE_HZ // 5 :])

    assert level_in_blocks_of(64) == pytest.approx(level_in_blocks_of(MAX_BLOCK), abs=1)


def test_same_seed_makes_the_same_sound(slate: Slate) -> None:
    assert np.array_equal(stroke(slate, 200, 0.5, seed=7), stroke(slate, 200, 0.5, seed=7))
    assert not np.array_equal(stroke(slate, 200, 0.5, seed=7), stroke(slate, 200, 0.5, seed=8))


def test_lifting_an_unknown_hand_does_nothing() -> None:
    assert lift(Sounding(), 5).silent


@pytest.mark.parametrize("speed_mm_s", [-1.0, float("nan"), float("inf")])
def test_impossible_speed_is_refused(speed_mm_s: float) -> None:
    with pytest.raises(ValueError, match="mm/s"):
        touch(Sounding(), 1, speed_mm_s, 0.5)


@pytest.mark.parametrize("pressure", [-0.1, 1.1, float("nan")])
def test_impossible_pressure_is_refused(pressure: float) -> None:
    with pytest.raises(ValueError, match="pressure"):
        touch(Sounding(), 1, 100, pressure)


@pytest.mark.parametrize("samples", [0, MAX_BLOCK + 1])
def test_impossible_block_is_refused(slate: Slate, samples: int) -> None:
    with pytest.raises(ValueError, match="block"):
        synthesise(slate, Sounding(), samples, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate_hz", 8_000),
        ("grain_mm", 0.0),
        ("attack_s", float("nan")),
        ("release_s", 2.0),
        ("hold_s", 0.0),
        ("half_speed_mm_s", 0.0),
        ("stroke_dbfs", 0.0),
        ("tap_dbfs", 0.0),
        ("ceiling_dbfs", 1.0),
    ],
)
def test_parameter_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Chalk(**{name: value})
