"""Sees from outside when the sheet of a document stands readable on the screen.

The screen is watched in bands across the sheet. What they show at rest is compared with a
rendering of the sheet made here, so that nobody times a wrong sheet or a placeholder. Two
moments are then read from the recorded pictures, both as likeness of *detail* (what remains
when the surroundings of each pixel are taken away) to the picture at rest:

    readable    from when on likeness stays at READABLE or more
    sharp       from when on likeness stays at SHARP or more

A sheet at half its resolution, stretched, is not yet readable by this measure.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pymupdf

from tools.x11 import Rect, Screen, X11Error

Grey = npt.NDArray[np.float32]
Seen = npt.NDArray[np.uint32]

READABLE: Final = 0.90
SHARP: Final = 0.99
REST_S: Final = 0.8
"""A sheet has come to rest when nothing in the bands changed for so long."""
TIMEOUT_S: Final = 60.0
LOOK_S: Final = 0.001
"""Between two looks: a watcher that never rests takes a core from who is watched."""
SAME_SHEET: Final = 0.55
"""Likeness to the rendering made here from which on it is that sheet; another sheet of the
same deck reaches 0.3."""
BANDS: Final = 9
BAND_PX: Final = 22
ACROSS: Final = (0.2, 0.8)
DOWN: Final = (0.1, 0.8)
"""Part of the sheet that bands lie in: tools cover the edges."""
SHRINK: Final = 6
PATCH: Final = 0.6
"""Part of the sheet, from its upper left corner, that is looked for on the screen."""
FOUND: Final = 0.75


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """Where a sheet stands on the screen, px; its edges may be outside.

    Attributes:
        left, top: Of its upper left corner.
        width, height: Of the whole sheet.
        score: Correlation with a rendering, 0 to 1.
    """

    left: float
    top: float
    width: float
    height: float
    score: float


@dataclass(frozen=True, slots=True)
class Showing:
    """How a sheet came onto the screen, seconds since it was asked for.

    Attributes:
        first_s: The first change in the bands.
        readable_s: From then on it can be read.
        sharp_s: From then on it is as sharp as it becomes.
        likeness: Of the picture at rest to a rendering of the sheet that was asked for.
    """

    first_s: float
    readable_s: float
    sharp_s: float
    likeness: float


class Sheets:
    """Renders sheets of a document as they should look."""

    def __init__(self, path: Path) -> None:
        """Open a PDF."""
        self._document = pymupdf.open(path)

    def __len__(self) -> int:
        return len(self._document)

    def close(self) -> None:
        """Let go of the file."""
        self._document.close()

    def grey(self, number: int, width_px: float) -> Grey:
        """Return a sheet in grey, 0 to 255, at a width."""
        page = self._document[number]
        scale = width_px / page.rect.width
        matrix = pymupdf.Matrix(scale, scale)
        pixmap = page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY, alpha=False)
        flat = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
        return flat[:, : pixmap.width].astype(np.float32)


def find_sheet(screen: Grey, sheets: Sheets, number: int) -> SheetPlace:
    """Return the place at which a sheet is most likely to stand.

    Args:
        screen: What the screen shows.
        sheets: The document.
        number: Sheet, from 0.
    """
    small = _smooth(_shrink(screen), 1)
    height, width = small.shape
    shape = (height * 2, width * 2)
    spectrum = np.fft.rfft2(small, shape)
    sums = _window_sums(small), _window_sums(small**2)
    large = sheets.grey(number, width * 1.6)
    best = SheetPlace(0, 0, 0, 0, 0.0)
    for wide in np.geomspace(0.18, 1.6, 130) * width:
        patch = _smooth(_resized(large, float(wide)), 1)
        patch = patch[: int(patch.shape[0] * PATCH), : int(patch.shape[1] * PATCH)]
        if patch.shape[0] > height or patch.shape[1] > width:
            continue
        score, left, top = _best_match(spectrum, shape, sums, patch, (height, width))
        if score > best.score:
            full = float(wide) * SHRINK
            tall = full * large.shape[0] / large.shape[1]
            best = SheetPlace(left * SHRINK, top * SHRINK, full, tall, score)
    return best


def refine(screen: Grey, sheets: Sheets, number: int, place: SheetPlace) -> SheetPlace:
    """Return the place to the pixel, from one that is right to a few.

    Small print is like nothing at all a pixel beside its place: it is blurred for the large
    steps. The score is of what `SheetWatch.likeness` compares.
    """
    best = place
    for step, blur in ((4.0, 3), (1.0, 1)):
        centre, best = best, SheetPlace(best.left, best.top, best.width, best.height, -1.0)
        seen = _smooth(_detail(screen), blur)
        for wide in np.arange(-4, 5) * step + centre.width:
            sheet = _smooth(_detail(sheets.grey(number, float(wide))), blur)
            found = _slide(seen, sheet, centre, int(step))
            if found.score > best.score:
                best = found
    return best


def bands_of(place: SheetPlace, screen: Rect) -> list[Rect]:
    """Return the bands across a sheet, inside the screen."""
    left = max(place.left + ACROSS[0] * place.width, screen.width * 0.05)
    right = min(place.left + ACROSS[1] * place.width, screen.width * 0.95)
    top = max(place.top + DOWN[0] * place.height, screen.height * 0.1)
    bottom = min(place.top + DOWN[1] * place.height, screen.height * 0.85)
    tops = np.linspace(top, bottom - BAND_PX, BANDS).astype(int).tolist()
    return [Rect(int(left), y, int(right - left), BAND_PX) for y in tops]


class SheetWatch:
    """Watches the bands of one sheet's place."""

    def __init__(self, screen: Screen, sheets: Sheets, place: SheetPlace) -> None:
        """Watch a place.

        Args:
            screen: Where.
            sheets: What is shown there, one sheet at a time.
            place: Where a sheet stands; every sheet of the document stands there.
        """
        self._screen, self._sheets, self._place = screen, sheets, place
        whole = Rect(0, 0, screen.width, screen.height)
        self.bands = bands_of(place, whole)

    def look(self) -> Seen:
        """Return what the bands show, one above the other."""
        return np.concatenate([self._screen.raw(band) for band in self.bands])

    def likeness(self, number: int, seen: Seen) -> float:
        """Return how much a picture of the bands is like a sheet, -1 to 1."""
        sheet = self._sheets.grey(number, self._place.width)
        wanted = _cut(sheet, self._place, self.bands)
        return _alike(_smooth(_detail(wanted), 1), _smooth(_detail(_grey(seen)), 1))

    def until_shown(
        self, number: int | None, began_s: float, before: Seen, rest_s: float = REST_S
    ) -> Showing:
        """Watch until a sheet has come to rest.

        Args:
            number: The sheet that was asked for; None for whatever comes to rest.
            began_s: When it was asked for, `time.perf_counter`.
            before: What the bands showed then.
            rest_s: How long nothing may change.

        Raises:
            X11Error: it does not come within a minute.
        """
        pictures: list[tuple[float, Seen]] = []
        last = before
        judged = 0
        while True:
            now = self.look()
            now_s = time.perf_counter()
            if not np.array_equal(now, last):
                last = now
                pictures.append((now_s - began_s, now))
            rested = pictures and now_s - began_s - pictures[-1][0] > rest_s
            if rested and judged != len(pictures):
                judged = len(pictures)
                likeness = 1.0 if number is None else self.likeness(number, last)
                if likeness >= SAME_SHEET:
                    return _showing(pictures, likeness)
            if now_s - began_s > TIMEOUT_S:
                close = 0.0 if number is None else self.likeness(number, last)
                raise X11Error(f"sheet {number} does not come; likeness {close:.2f}")
            time.sleep(LOOK_S)

    def until_readable(self, number: int, began_s: float) -> float:
        """Watch until a sheet can be read; return the seconds that it took.

        Compares with the rendering made here, so it is less exact than `until_shown`, but
        needs no rest.

        Raises:
            X11Error: it does not come within a minute.
        """
        last = self.look()
        sheet = self._sheets.grey(number, self._place.width)
        wanted = _smooth(_detail(_cut(sheet, self._place, self.bands)), 1)
        fresh = True
        while time.perf_counter() - began_s < TIMEOUT_S:
            now_s = time.perf_counter()
            if fresh and _alike(wanted, _smooth(_detail(_grey(last)), 1)) >= SAME_SHEET:
                return now_s - began_s
            now = self.look()
            fresh = not np.array_equal(now, last)
            last = now
            time.sleep(LOOK_S)
        raise X11Error(f"sheet {number} does not come")


def locate(screen: Screen, sheets: Sheets, number: int, timeout_s: float = 30.0) -> SheetPlace:
    """Wait until a sheet stands on the screen, and return where.

    Raises:
        X11Error: it does not come.
    """
    end_s = time.monotonic() + timeout_s
    best = 0.0
    while time.monotonic() < end_s:
        seen = _grey(screen.raw(Rect(0, 0, screen.width, screen.height)).copy())
        place = find_sheet(seen, sheets, number)
        best = max(best, place.score)
        if place.score >= FOUND:
            exact = refine(seen, sheets, number, place)
            if exact.score >= SAME_SHEET:
                return exact
        time.sleep(0.3)
    raise X11Error(f"sheet {number} is nowhere on the screen; best score {best:.2f}")


def _showing(pictures: list[tuple[float, Seen]], likeness: float) -> Showing:
    end = _detail(_grey(pictures[-1][1]))
    readable_s = sharp_s = pictures[-1][0]
    still_sharp = True
    for seconds, picture in reversed(pictures):
        alike = _alike(end, _detail(_grey(picture)))
        if alike < READABLE:
            break
        readable_s = seconds
        still_sharp = still_sharp and alike >= SHARP
        if still_sharp:
            sharp_s = seconds
    return Showing(pictures[0][0], readable_s, sharp_s, likeness)


def _grey(pixels: Seen) -> Grey:
    red, green, blue = (pixels >> 16) & 255, (pixels >> 8) & 255, pixels & 255
    return np.asarray(0.299 * red + 0.587 * green + 0.114 * blue, np.float32)


def _detail(grey: Grey) -> Grey:
    """Return what is left when the mean of the surroundings is taken away."""
    return grey - _smooth(grey, 4)


def _smooth(grey: Grey, radius: int) -> Grey:
    """Return the mean over squares of 2 * radius + 1; edges are repeated."""
    side = 2 * radius + 1
    padded = np.pad(grey, radius, mode="edge")
    sums = np.pad(padded, ((1, 0), (1, 0))).cumsum(0, dtype=np.float64).cumsum(1)
    total = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side]
    return np.asarray((total + sums[:-side, :-side]) / side**2, np.float32)


def _alike(one: Grey, other: Grey) -> float:
    """Return the correlation of two pictures of one size; 0 where one is blank."""
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / norm if norm > 1e-3 else 0.0


def _cut(sheet: Grey, place: SheetPlace, bands: list[Rect]) -> Grey:
    """Return the bands out of a rendering of the whole sheet."""
    parts = []
    for band in bands:
        rows = np.clip(np.arange(band.y, band.y + band.height) - round(place.top), 0, None)
        columns = np.clip(np.arange(band.x, band.x + band.width) - round(place.left), 0, None)
        rows, columns = (
            np.minimum(rows, sheet.shape[0] - 1),
            np.minimum(columns, sheet.shape[1] - 1),
        )
        parts.append(sheet[np.ix_(rows, columns)])
    return np.concatenate(parts)


def _shrink(grey: Grey) -> Grey:
    height, width = (side // SHRINK * SHRINK for side in grey.shape)
    blocks = grey[:height, :width].reshape(height // SHRINK, SHRINK, width // SHRINK, SHRINK)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def _resized(grey: Grey, width: float) -> Grey:
    """Return a picture made smaller to a width, by the mean of what falls together."""
    factor = grey.shape[1] / width
    smooth = _smooth(grey, max(int(factor / 2), 0)) if factor > 2 else grey
    rows = ((np.arange(int(grey.shape[0] / factor)) + 0.5) * factor).astype(int)
    columns = ((np.arange(int(width)) + 0.5) * factor).astype(int)
    kept = np.minimum(rows, grey.shape[0] - 1), np.minimum(columns, grey.shape[1] - 1)
    return np.asarray(smooth[np.ix_(*kept)])


def _window_sums(grey: Grey) -> npt.NDArray[np.float64]:
    sums = np.pad(grey, ((1, 0), (1, 0))).cumsum(0, dtype=np.float64)
    return np.asarray(sums.cumsum(1))


def _best_match(
    spectrum: npt.NDArray[np.complex128],
    shape: tuple[int, int],
    sums: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    patch: Grey,
    size: tuple[int, int],
) -> tuple[float, int, int]:
    """Return the best normalised correlation of a patch, and where: score, left, top."""
    tall, wide = patch.shape
    zero = patch - patch.mean()
    crossed = np.fft.irfft2(spectrum * np.conj(np.fft.rfft2(zero, shape)), shape)
    valid = crossed[: size[0] - tall + 1, : size[1] - wide + 1]

    def window(total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (
            total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide]
            + total[:-tall, :-wide]
        )  # fmt: skip

    count = tall * wide
    spread = np.maximum(window(sums[1]) - window(sums[0]) ** 2 / count, count * 4.0)
    scores = valid / np.sqrt(spread * float((zero**2).sum()) + 1e-6)
    top, left = np.unravel_index(int(scores.argmax()), scores.shape)
    return float(scores[top, left]), int(left), int(top)


def _slide(seen: Grey, sheet: Grey, place: SheetPlace, step: int) -> SheetPlace:
    """Return the best place for a rendering within a few steps of one; details of both."""
    height, width = sheet.shape
    best = SheetPlace(place.left, place.top, width, height, -1.0)
    limits = Rect(0, 0, seen.shape[1], seen.shape[0])
    for down in range(-2 * step, 2 * step + 1, step):
        for along in range(-2 * step, 2 * step + 1, step):
            left, top = place.left + along, place.top + down
            trial = SheetPlace(left, top, width, height, 0.0)
            bands = bands_of(trial, limits)
            rows = [seen[band.y : band.y + band.height, band.x : band.x + band.width]
                    for band in bands]  # fmt: skip
            score = _alike(_cut(sheet, trial, bands), np.concatenate(rows))
            if score > best.score:
                best = SheetPlace(left, top, width, height, score)
    return best
