"""The sound of chalk on slate, computed from the speed and pressure of each hand.

A hand that moves drags noise over a rough board: the roughness is a fixed random profile
read at the hand's place, so what is heard follows the speed by itself, faster hand, faster
grain. Every hand's noise then passes through the same slate, one short filter with the
resonances of a board. A contact adds a tap. Nothing is recorded and nothing is looped.

Pure functions: state and random generator are arguments, time is counted in samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MAX_HANDS: Final = 10
"""Contacts that sound together; a display reports ten, a further one stays mute."""

MAX_BLOCK: Final = 128
"""Samples that one call of `synthesise` makes at most; a sound server asks for 120."""

_BODY_TAPS: Final = 384
_FFT_SIZE: Final = 512
_TAP_S: Final = 0.020
_TAP_VARIANTS: Final = 8
_PROFILE_STEP_MM: Final = 0.02
_PROFILE_MM: Final = 1600.0
_SILENCE: Final = 1e-5
"""Amplitude (full scale 1) under which a sound has ended: half a step of 16 bits."""

_SLATE_MODES_HZ: Final = (1750.0, 2450.0, 3300.0, 4250.0, 5400.0)
_TAP_MODES_HZ: Final = (640.0, 1180.0, 2100.0, 3400.0)

assert _FFT_SIZE >= MAX_BLOCK + _BODY_TAPS - 1  # noqa: S101 - two constants, not input


@dataclass(frozen=True, slots=True)
class Chalk:
    """How the chalk sounds.

    Attributes:
        sample_rate_hz: Samples a second of what is made, 32,000 to 192,000: the chalk band
            reaches up to 6 kHz and its skirt to twice that.
        grain_mm: Mean distance between two slips of the chalk, 0.05 to 5.
        attack_s: Until a starting stroke has 95 % of its level, 0.001 to 0.05.
        release_s: Until an ending stroke has lost 95 % of its level, 0.005 to 0.5.
        hold_s: How long the hand is taken to move on after its last sample, 0.02 to 0.5.
            Pointer devices say nothing while a hand rests.
        half_speed_mm_s: The hand speed that gives half of the full level, 10 to 5,000.
        stroke_dbfs: RMS level of one stroke at full pressure and great speed, -60 to -18.
        tap_dbfs: Peak level of the tap of a full-pressure contact, -60 to -12.
        ceiling_dbfs: Peak that the mix of all hands never passes, -40 to 0.

    Raises:
        ValueError: A value is outside its range or not finite.
    """

    sample_rate_hz: int = 48_000
    grain_mm: float = 0.45
    attack_s: float = 0.004
    release_s: float = 0.045
    hold_s: float = 0.080
    half_speed_mm_s: float = 160.0
    stroke_dbfs: float = -25.0
    tap_dbfs: float = -20.0
    ceiling_dbfs: float = -12.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("sample_rate_hz", 32_000, 192_000),
            ("grain_mm", 0.05, 5.0),
            ("attack_s", 0.001, 0.05),
            ("release_s", 0.005, 0.5),
            ("hold_s", 0.02, 0.5),
            ("half_speed_mm_s", 10.0, 5_000.0),
            ("stroke_dbfs", -60.0, -18.0),
            ("tap_dbfs", -60.0, -12.0),
            ("ceiling_dbfs", -40.0, 0.0),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}, not {low} to {high}")


@dataclass(frozen=True, slots=True, eq=False)
class Slate:
    """A board, computed once: about 0.4 MB, never changed.

    Attributes:
        chalk: What it was made for.
        profile: Shape (p,) float32, roughness each 0.02 mm along the board, RMS 1; the
            last value is the first one again.
        bodies: Shape (2, 257) complex64, what the slate does to the noise of a slow (duller)
            and of a fast (brighter) hand; white noise of RMS 1 leaves with RMS 1.
        taps: Shape (v, k) float32, ways in which a contact sounds, peak 1.
    """

    chalk: Chalk
    profile: FloatArray
    bodies: NDArray[np.complex64]
    taps: FloatArray


@dataclass(frozen=True, slots=True)
class Hand:
    """One contact between two blocks.

    Attributes:
        speed_mm_s: Speed last reported, >= 0.
        pressure: Pressure last reported, 0 to 1.
        age: Samples made since that report.
        down: Whether it touches the board.
        tap: Strength of the tap to come, 0 for none.
        place_mm: Where on the roughness it is, within the profile's length.
        dragged_mm_s: Speed that is heard now; follows `speed_mm_s` within one block.
        level: Amplitude that is heard now.
        still: Whether it made no sound in the last block and has reported nothing since.
    """

    speed_mm_s: float
    pressure: float
    age: int
    down: bool
    tap: float
    place_mm: float
    dragged_mm_s: float
    level: float
    still: bool = False


def _no_hands() -> Mapping[int, Hand]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """All that sounds between two blocks.

    Attributes:
        hands: By contact id; at most `MAX_HANDS`.
        tail: Shape (t,) float32, what the slate still rings, before the limiter.
    """

    hands: Mapping[int, Hand] = field(default_factory=_no_hands)
    tail: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def silent(self) -> bool:
        """Whether the next block is all zeros unless a hand is reported.

        A hand may rest on the board meanwhile.
        """
        return not self.tail.size and all(hand.still for hand in self.hands.values())


def make_slate(chalk: Chalk, rng: np.random.Generator) -> Slate:
    """Compute a board; takes some 10 ms."""
    return Slate(
        chalk,
        _make_profile(chalk.grain_mm, rng),
        np.stack(
            [
                _make_body(chalk.sample_rate_hz, low_hz=1400.0, high_hz=4200.0),
                _make_body(chalk.sample_rate_hz, low_hz=1800.0, high_hz=6200.0),
            ]
        ),
        _make_taps(chalk.sample_rate_hz, rng),
    )


def touch(sounding: Sounding, contact_id: int, speed_mm_s: float, pressure: float) -> Sounding:
    """Report a sample of a hand that touches the board.

    The first one of a contact taps. More hands than `MAX_HANDS` stay mute.

    Args:
        sounding: What sounds now.
        contact_id: Any number that the contact keeps while it touches.
        speed_mm_s: Speed on the glass, >= 0; a still hand is silent.
        pressure: 0 to 1; 1 for a device that has none.

    Raises:
        ValueError: speed or pressure is not finite or outside its range.
    """
    if not (0.0 <= speed_mm_s < math.inf and 0.0 <= pressure <= 1.0):
        raise ValueError(f"no hand moves at {speed_mm_s} mm/s with pressure {pressure}")
    old = sounding.hands.get(contact_id)
    if old is not None and old.down:
        hand = replace(old, speed_mm_s=speed_mm_s, pressure=pressure, age=0, still=False)
    elif old is None and len(sounding.hands) >= MAX_HANDS:
        # The news of a hand that left may have been lost: a still one makes room.
        others = {key: hand for key, hand in sounding.hands.items() if not hand.still}
        if len(others) >= MAX_HANDS:
            return sounding
        return touch(replace(sounding, hands=others), contact_id, speed_mm_s, pressure)
    else:
        hand = Hand(
            speed_mm_s=speed_mm_s,
            pressure=pressure,
            age=0,
            down=True,
            tap=_tap_strength(pressure),
            place_mm=old.place_mm if old else math.nan,
            dragged_mm_s=speed_mm_s,
            level=old.level if old else 0.0,
        )
    return replace(sounding, hands=MappingProxyType({**sounding.hands, contact_id: hand}))


def lift(sounding: Sounding, contact_id: int) -> Sounding:
    """Report that a hand has left the board; its sound fades. Unknown ids do nothing."""
    hand = sounding.hands.get(contact_id)
    if hand is None:
        return sounding
    hands = {**sounding.hands, contact_id: replace(hand, down=False, still=False)}
    return replace(sounding, hands=MappingProxyType(hands))


def synthesise(
    slate: Slate, sounding: Sounding, samples: int, rng: np.random.Generator
) -> tuple[FloatArray, Sounding]:
    """Make the next block.

    Args:
        slate: The board.
        sounding: What sounds now.
        samples: How many to make, 1 to `MAX_BLOCK`.
        rng: Source of the grain; a fresh place on the board for each new hand.

    Returns:
        Shape (samples,) float32, mono, peak below the chalk's ceiling; and what sounds
        afterwards, without the hands that have faded.

    Raises:
        ValueError: samples is out of range.
    """
    if not 1 <= samples <= MAX_BLOCK:
        raise ValueError(f"a block has 1 to {MAX_BLOCK} samples, not {samples}")
    if sounding.silent:
        return np.zeros(samples, np.float32), sounding
    mix = np.zeros(samples + max(_BODY_TAPS - 1, slate.taps.shape[1]), np.float32)
    noises = np.zeros((2, samples), np.float32)
    hands: dict[int, Hand] = {}
    for contact_id, hand in sounding.hands.items():
        dragged, noise = _drag(slate, hand, samples, rng)
        share = dragged.dragged_mm_s / (
            dragged.dragged_mm_s + 2.5 * slate.chalk.half_speed_mm_s
        )
        noises[0] += (1.0 - share) * noise
        noises[1] += share * noise
        if hand.tap:
            _add_tap(slate, hand.tap, mix, rng)
        if dragged.down or dragged.level > _SILENCE:
            hands[contact_id] = dragged
    _add_body(slate, noises, mix)
    mix[: sounding.tail.size] += sounding.tail
    tail = mix[samples:]
    if float(np.abs(tail).max()) < _SILENCE and all(hand.still for hand in hands.values()):
        tail = tail[:0]
    block = _limit(mix[:samples], _amplitude(slate.chalk.ceiling_dbfs))
    return block, Sounding(MappingProxyType(hands), tail)


def _drag(
    slate: Slate, hand: Hand, samples: int, rng: np.random.Generator
) -> tuple[Hand, FloatArray]:
    """Return the hand after a block, and the noise it made, shape (samples,)."""
    chalk = slate.chalk
    length_mm = (slate.profile.size - 1) * _PROFILE_STEP_MM
    start_mm = rng.random() * length_mm if math.isnan(hand.place_mm) else hand.place_mm
    target = _stroke_level(chalk, hand)
    if max(target, hand.level) <= _SILENCE:
        age = hand.age + samples
        resting = replace(hand, age=age, tap=0.0, place_mm=start_mm, level=0.0, still=True)
        return resting, np.zeros(samples, np.float32)
    seconds = np.arange(1, samples + 1) / chalk.sample_rate_hz
    block_s = samples / chalk.sample_rate_hz
    gain = (hand.speed_mm_s - hand.dragged_mm_s) / block_s
    way_mm = (hand.dragged_mm_s + 0.5 * gain * seconds) * seconds
    fade = np.exp(-seconds / _time_constant(chalk, hand.level, target))
    level = target + (hand.level - target) * fade
    rough = _roughness(slate.profile, start_mm + way_mm)
    noise = rng.standard_normal(samples, dtype=np.float32) * rough * level.astype(np.float32)
    after = replace(
        hand,
        age=hand.age + samples,
        tap=0.0,
        place_mm=(start_mm + float(way_mm[-1])) % length_mm,
        dragged_mm_s=hand.speed_mm_s,
        level=float(level[-1]),
    )
    return after, noise


def _stroke_level(chalk: Chalk, hand: Hand) -> float:
    """Return the amplitude that a hand strives for: none when lifted or at rest."""
    if not hand.down or hand.age > chalk.hold_s * chalk.sample_rate_hz:
        return 0.0
    by_speed = hand.speed_mm_s / (hand.speed_mm_s + chalk.half_speed_mm_s)
    by_pressure = 0.25 + 0.75 * hand.pressure
    return _amplitude(chalk.stroke_dbfs) * by_speed * by_pressure


def _tap_strength(pressure: float) -> float:
    # A pen's first sample carries next to no pressure, yet every contact is heard.
    return 0.4 + 0.6 * pressure


def _time_constant(chalk: Chalk, level: float, target: float) -> float:
    """Return seconds to 1/e: quick to start, slower between two speeds, soft to end."""
    if target == 0.0:
        return chalk.release_s / 3.0
    if level <= 0.1 * target:
        return chalk.attack_s / 3.0
    return 3.0 * chalk.attack_s


def _roughness(profile: FloatArray, place_mm: NDArray[np.floating]) -> FloatArray:
    """Read the profile between its points; the board repeats after its length."""
    at = (place_mm / _PROFILE_STEP_MM) % (profile.size - 1)
    left = at.astype(np.int32)
    part = (at - left).astype(np.float32)
    value: FloatArray = profile[left] * (1.0 - part) + profile[left + 1] * part
    return value


def _add_body(slate: Slate, noises: FloatArray, mix: FloatArray) -> None:
    """Add what the slate makes of the noise of slow and of fast hands."""
    spectrum = (np.fft.rfft(noises, _FFT_SIZE) * slate.bodies).sum(axis=0)
    length = noises.shape[1] + _BODY_TAPS - 1
    mix[:length] += np.fft.irfft(spectrum, _FFT_SIZE)[:length]


def _add_tap(slate: Slate, strength: float, mix: FloatArray, rng: np.random.Generator) -> None:
    tap = slate.taps[rng.integers(len(slate.taps))]
    mix[: tap.size] += tap * np.float32(strength * _amplitude(slate.chalk.tap_dbfs))


def _limit(mix: FloatArray, ceiling: float) -> FloatArray:
    """Bend the loud parts under the ceiling; what is soft stays as it is."""
    bent: FloatArray = np.tanh(mix / np.float32(ceiling)) * np.float32(ceiling)
    return bent


def _amplitude(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 20.0))


def _make_profile(grain_mm: float, rng: np.random.Generator) -> FloatArray:
    """Lay slips along the board: chalk sticks, lets go at once, and calms down.

    Distances between slips are gamma distributed (shape 3): irregular enough to have no
    pitch, regular enough for the rate to be heard. Strengths are log-normal.
    """
    size = round(_PROFILE_MM / _PROFILE_STEP_MM)
    gaps_mm = rng.gamma(3.0, grain_mm / 3.0, int(1.5 * _PROFILE_MM / grain_mm) + 8)
    places = (np.cumsum(gaps_mm) / _PROFILE_STEP_MM).astype(np.int64)
    slips = np.zeros(size)
    inside = places[places < size]
    np.add.at(slips, inside, rng.lognormal(0.0, 0.4, inside.size))
    decay = np.exp(-np.arange(size) * _PROFILE_STEP_MM / (0.35 * grain_mm))
    rough = np.fft.irfft(np.fft.rfft(slips) * np.fft.rfft(decay), size)
    rough = 0.4 * rough.mean() + np.maximum(rough, 0.0)
    rough /= np.sqrt(np.mean(rough**2))
    return np.append(rough, rough[0]).astype(np.float32)


def _make_body(sample_rate_hz: int, *, low_hz: float, high_hz: float) -> NDArray[np.complex64]:
    """Return the slate's filter: a band with soft skirts and a few resonances.

    Minimum phase (from the real cepstrum), so that the sound starts with the hand.
    """
    size = 8192
    freq_hz = np.fft.rfftfreq(size, 1.0 / sample_rate_hz)
    high_pass = 1.0 / (1.0 + (low_hz / np.maximum(freq_hz, 1.0)) ** 6)
    low_pass = 1.0 / (1.0 + (freq_hz / high_hz) ** 6)
    modes = np.ones_like(freq_hz)
    for mode_hz in _SLATE_MODES_HZ:
        modes += 2.0 / (1.0 + ((freq_hz - mode_hz) / (0.035 * mode_hz)) ** 2)
    magnitude = np.maximum(np.sqrt(high_pass * low_pass) * modes, 1e-4)
    cepstrum = np.fft.irfft(np.log(magnitude), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)[:_BODY_TAPS]
    response[_BODY_TAPS // 2 :] *= np.cos(np.linspace(0.0, np.pi / 2, _BODY_TAPS // 2)) ** 2
    response /= np.sqrt(np.sum(response**2))
    return np.fft.rfft(response, _FFT_SIZE).astype(np.complex64)


def _make_taps(sample_rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Return the ways a contact sounds: a knock of the board and a crumb of chalk."""
    seconds = np.arange(round(_TAP_S * sample_rate_hz)) / sample_rate_hz
    taps = []
    for _ in range(_TAP_VARIANTS):
        tap = 0.6 * rng.standard_normal(seconds.size) * np.exp(-seconds / 0.0012)
        for number, mode_hz in enumerate(_TAP_MODES_HZ):
            tuned_hz = mode_hz * rng.uniform(0.94, 1.06)
            ring = np.sin(2 * np.pi * tuned_hz * seconds + rng.uniform(0, np.pi))
            tap += ring * np.exp(-seconds / (0.0045 / (1 + 0.5 * number)))
        tap *= 1.0 - np.exp(-seconds / 0.0003)
        tap *= np.linspace(1.0, 0.0, seconds.size)
        taps.append(tap / np.abs(tap).max())
    return np.asarray(taps, np.float32)
