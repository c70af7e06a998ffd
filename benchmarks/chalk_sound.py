"""The chalk's sound: how soon it is heard, what it costs, and what it does to the ink.

A PulseAudio of the benchmark's own with a null sink plays; `parec` records what it plays.
Onset is the time from `ChalkSound.touch` to the arrival here of the recorded piece that
holds the first sample above -48 dBFS. Nothing is subtracted: the recorder's pieces of 2 ms
and its own way through the server are inside the figure. What a real loudspeaker adds (the
converter, the air: 3 ms a metre) is not.

    python -m benchmarks.chalk_sound [--contacts 100] [--json FILE]
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.processes import Memory, cpu_seconds, memory
from benchmarks.report import finish, parser, progress
from benchmarks.summary import Bar, Percentiles, median_percentiles, percentiles
from tools.virtual_sound import RATE_HZ, Recorder, VirtualSound, virtual_sound
from whiteboard.services.chalk.chalk_sound import ChalkSound

HEARD = 10 ** (-48 / 20)
SILENT = 1e-4
READY_S = 30.0
PEN_HZ = 240
INK_S = 8.0
INK_HANDS = 10
CPU_S = 6.0
WAYS = ("silent", "thread", "process")


@dataclass(frozen=True, slots=True)
class Load:
    """Per cent of one core: the chalk's process, and the sound server, which nobody records."""

    chalk_percent: float
    server_percent: float


def main() -> int:
    options = parser(__doc__ or "")
    options.add_argument("--contacts", type=int, default=100, help="how many onsets")
    options.add_argument("--asleep", type=int, default=20, help="how many out of sleep")
    asked = options.parse_args()
    rounds = asked.rounds or 3
    with virtual_sound() as sound:
        os.environ["PULSE_SERVER"] = sound.address
        progress("onset, loudspeaker open")
        awake = onsets_ms(sound, asked.contacts, awake_s=10.0, silence_s=0.25)
        progress("onset, out of sleep")
        asleep = onsets_ms(sound, asked.asleep, awake_s=0.5, silence_s=3.0)
        progress("onset, both cores busy")
        busy = onsets_ms(sound, asked.contacts // 2, awake_s=10.0, silence_s=0.25, load=True)
        progress("gaps")
        gaps = {
            "quiet": gaps_ms(sound, load=False),
            "both cores busy": gaps_ms(sound, load=True),
        }
        progress("processor time")
        loads, held = measure_loads(sound)
        ink: dict[str, list[Percentiles]] = {way: [] for way in WAYS}
        costs: dict[str, list[Percentiles]] = {way: [] for way in WAYS[1:]}
        for turn, way in itertools.product(range(rounds), WAYS):
            progress(f"ink with sound: {way}, {turn + 1} of {rounds}")
            painted_ms, touches_us = measure_ink(way)
            ink[way].append(percentiles(painted_ms))
            if touches_us:
                costs[way].append(percentiles(touches_us))
    touch_us = {way: median_percentiles(runs) for way, runs in costs.items()}
    results = {
        "onset_ms": {
            "loudspeaker open": percentiles(awake),
            "out of sleep": percentiles(asleep),
            "open, both cores busy": percentiles(busy),
        },
        "contacts": {"open": len(awake), "asleep": len(asleep), "busy": len(busy)},
        "processor": loads,
        "memory": held,
        "gaps_ms_in_6_s": gaps,
        "touch_us": touch_us,
        "ink_event_to_paint_ms": {way: median_percentiles(runs) for way, runs in ink.items()},
        "ink_runs": ink,
    }
    bars = [
        Bar("onset, loudspeaker open, slowest contact, ms", max(awake), at_most=30.0),
        Bar("onset, out of sleep, slowest contact, ms", max(asleep), at_most=30.0),
        Bar("a sample's cost to the ink, p50, us", touch_us["process"].p50, at_most=20),
        Bar("processor asleep, % of a core", loads["asleep"].chalk_percent, at_most=1.0),
    ]
    settings = {"pen_hz": PEN_HZ, "heard_dbfs": -48, "recorder_piece_ms": 2, "rounds": rounds}
    return finish("chalk_sound", settings, results, bars, asked.json)


def onsets_ms(
    sound: VirtualSound, contacts: int, *, awake_s: float, silence_s: float, load: bool = False
) -> list[float]:
    """Return the onset of each contact; `load` keeps both cores at work meanwhile."""
    with _chalk(awake_s) as chalk, _busy(load), sound.recorder() as recorder:
        recorder.read(1.0)
        return [_onset_ms(chalk, recorder, silence_s) for _ in range(contacts)]


@contextlib.contextmanager
def _chalk(awake_s: float) -> Iterator[ChalkSound]:
    chalk = ChalkSound(1.0, True, awake_s=awake_s)
    chalk.start()
    try:
        if not chalk.wait_ready(READY_S):
            raise RuntimeError("the loudspeaker does not open")
        yield chalk
    finally:
        chalk.shutdown()


@contextlib.contextmanager
def _busy(load: bool) -> Iterator[None]:
    """Give each core something to do, if `load`."""
    context = get_context("spawn")
    cores = (os.cpu_count() or 1) if load else 0
    workers = [context.Process(target=_burn, daemon=True) for _ in range(cores)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _onset_ms(chalk: ChalkSound, recorder: Recorder, silence_s: float) -> float:
    recorder.read(silence_s)
    # The contact must not keep step with the pieces of the recording.
    time.sleep(random.uniform(0.0, 0.025))
    recorder.skip()
    began_s = time.monotonic()
    chalk.touch(1, 0.0, random.uniform(0.05, 0.6))
    while True:
        came_s, piece = recorder.read_piece()
        if piece.size and np.abs(piece).max() > HEARD:
            break
        if came_s - began_s > 5.0:
            raise RuntimeError("a contact was not heard")
    for _ in range(8):
        chalk.touch(1, 300.0, 0.5)
        recorder.read(0.01)
    chalk.lift(1)
    return (came_s - began_s) * 1000


def _burn() -> None:
    while True:
        sum(range(10_000))


def measure_loads(sound: VirtualSound) -> tuple[dict[str, Load], Memory]:
    """Return processor time with one and ten hands, awake and silent, and asleep."""
    with _chalk(2 * CPU_S) as chalk:
        pid = chalk.process_id or 0
        measure = partial(_load, pid, sound.pid)
        loads = {
            "one hand": measure(partial(_write, chalk, 1)),
            "ten hands": measure(partial(_write, chalk, 10)),
        }
        for contact_id in range(10):
            chalk.lift(contact_id)
        time.sleep(0.5)
        loads["open and silent"] = measure(partial(time.sleep, CPU_S))
        held = memory(pid)
        time.sleep(CPU_S + 2.0)
        loads["asleep"] = measure(partial(time.sleep, 2 * CPU_S))
        return loads, held


def _load(chalk_pid: int, server_pid: int, meanwhile: Callable[[], None]) -> Load:
    began = time.monotonic(), cpu_seconds(chalk_pid), cpu_seconds(server_pid)
    meanwhile()
    ended = time.monotonic(), cpu_seconds(chalk_pid), cpu_seconds(server_pid)
    wall_s, chalk_s, server_s = (b - a for a, b in zip(began, ended, strict=True))
    return Load(100 * chalk_s / wall_s, 100 * server_s / wall_s)


def _write(chalk: ChalkSound, hands: int) -> None:
    late_s = time.monotonic() + CPU_S
    while time.monotonic() < late_s:
        for contact_id in range(hands):
            chalk.touch(contact_id, random.uniform(50, 600), random.uniform(0.3, 0.9))
        time.sleep(1 / 120)


def gaps_ms(sound: VirtualSound, *, load: bool) -> list[float]:
    """Return the silences of 2 ms and more inside a steady stroke: the sound came late."""
    with _chalk(10.0) as chalk, _busy(load), sound.recorder() as recorder:
        played = []
        for _ in range(round((CPU_S + 0.5) / 0.01)):
            chalk.touch(1, 300.0, 0.7)
            played.append(recorder.read(0.01))
    heard = np.flatnonzero(np.abs(np.concatenate(played)[RATE_HZ // 2 :]) > SILENT)
    silences_ms = np.diff(heard) / RATE_HZ * 1000
    return [round(float(silence_ms), 1) for silence_ms in silences_ms if silence_ms >= 2.0]


def measure_ink(way: str) -> tuple[list[float], list[float]]:
    """Return event to end of paint (ms) and `touch` (us) at 240 Hz, in a fresh process."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_ink, args=(way, theirs))
    process.start()
    theirs.close()
    taken: tuple[list[float], list[float]] = ours.recv()
    process.join()
    return taken


def _ink(way: str, answer: Connection) -> None:
    """Paint strokes of `INK_HANDS` hands as they are reported, with sound made in `way`."""
    import socket

    from PySide6.QtCore import QPointF, QSocketNotifier, Qt
    from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPen

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QGuiApplication(sys.argv[:1])
    chalk = ChalkSound(1.0, True)
    in_thread = _start_thread(chalk) if way == "thread" else None
    if way == "process":
        chalk.start()
        chalk.wait_ready(READY_S)
    page = QImage(1920, 1080, QImage.Format.Format_ARGB32_Premultiplied)
    page.fill(QColor("#24463A"))
    pen = QPen(QColor("white"), 6.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    reported, reports = socket.socketpair()
    feeder = get_context("spawn").Process(target=_feed, args=(reports,), daemon=True)
    feeder.start()
    reports.close()
    taken: list[float] = []
    touches_us: list[float] = []
    place = QPointF(100, 100)

    def paint() -> None:
        nonlocal place
        data = reported.recv(8)
        if not data:
            app.quit()
            return
        sent_s = np.frombuffer(data, "<f8")[0]
        number = len(taken)
        painter = QPainter(page)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        following = QPointF(100 + number * 7 % 1700, 100 + number * 3 % 880)
        painter.drawLine(place, following if number % 40 else place)
        painter.end()
        place = following
        if way != "silent":
            began_s = time.perf_counter()
            chalk.touch(number % INK_HANDS, 300.0, 0.6)
            touches_us.append((time.perf_counter() - began_s) * 1e6)
        taken.append((time.monotonic() - sent_s) * 1000)

    notifier = QSocketNotifier(reported.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(paint)
    app.exec()
    feeder.join()
    if in_thread is not None:
        in_thread()
    chalk.shutdown()
    # The first second belongs to the start of everything.
    answer.send((taken[PEN_HZ:], touches_us[PEN_HZ:]))


def _start_thread(chalk: ChalkSound) -> Callable[[], None]:
    """Let the sound be made by a thread of this process; return what ends it.

    This is the way that was not taken, kept here so that the choice can be measured again.
    """
    import socket

    from PySide6.QtCore import QThread
    from typing_extensions import override

    from whiteboard.services.chalk.chalk_speaker import Speaker

    ours, theirs = socket.socketpair()

    class Sounding(QThread):
        @override
        def run(self) -> None:
            speaker = Speaker(theirs, chalk._shared, 10.0)
            speaker.open()
            self.exec()
            speaker.shutdown()

    thread = Sounding()
    thread.start()
    ours.recv(1)

    def end() -> None:
        thread.quit()
        thread.wait()

    return end


def _feed(reports: object) -> None:
    """Report a pen 240 times a second: the time of each report, nothing else."""
    import socket

    assert isinstance(reports, socket.socket)
    began_s = time.monotonic()
    with reports:
        for number in range(round(PEN_HZ * (INK_S + 1))):
            rest_s = began_s + number / PEN_HZ - time.monotonic()
            if rest_s > 0:
                time.sleep(rest_s)
            reports.send(np.float64(time.monotonic()).tobytes())


if __name__ == "__main__":
    sys.exit(main())
