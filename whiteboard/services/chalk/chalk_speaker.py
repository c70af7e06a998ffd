"""The chalk's own process: hears of the hands, makes their sound, feeds the loudspeaker.

QAudioSink pulls a few milliseconds at a time; each pull first reads the ring, so a pen
wakes nobody while the loudspeaker is open. After a silence the sink is suspended and the
process sleeps on the socket until the bell rings.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from typing import Final

# Read by the sound server's client library when the first stream connects; Qt has no
# setting for it and asks for 16 ms. With 10 ms the sound starts 5 ms
# earlier; 8 ms gave gaps on a busy machine.
os.environ.setdefault("PULSE_LATENCY_MSEC", "10")
os.environ.setdefault("PIPEWIRE_LATENCY", "256/48000")
# Said while modules load, before a message handler of ours could be there.
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")
# Transforms of 512 samples: more threads cost memory and gain nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PySide6.QtCore import (
    QCoreApplication,
    QIODevice,
    QMessageLogContext,
    QObject,
    QSocketNotifier,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices, QtAudio
from typing_extensions import override

from whiteboard.model import chalk_voice
from whiteboard.model.chalk_voice import Chalk, Slate, Sounding
from whiteboard.services.chalk.chalk_channel import READY, Exit, Kind, Ring, SharedBytes

BUFFER_MS: Final = 10
"""Between us and the sound server; 7 ms gave gaps on a busy machine."""

CHECK_MS: Final = 500
STALLED_S: Final = 4.0
"""A sink that pulls nothing for so long is lost.

Longer than the 2 s that a PulseAudio sink without hardware may be rendered ahead when its
first stream arrives.
"""

_BYTES_PER_SAMPLE: Final = 2
_RECEIVE_BYTES: Final = 4096


class Grain(QIODevice):
    """The sound as a device that QAudioSink reads: 16 bit, mono.

    Args:
        ring: Read before each block.
        slate: The board.
        rng: Source of the grain.
    """

    def __init__(self, ring: Ring, slate: Slate, rng: np.random.Generator) -> None:
        super().__init__()
        self._ring = ring
        self._slate = slate
        self._rng = rng
        self._sounding = Sounding()
        self._volume = 0.0
        self._heard_volume = 0.0
        self.stirred_s = time.monotonic()
        self.pulled_s = time.monotonic()

    def listen(self) -> None:
        """Take in all that the ring holds; never blocks."""
        for contact_id, kind, speed_mm_s, pressure, volume in self._ring.take():
            self._hear(kind, contact_id, speed_mm_s, pressure, volume)

    def _hear(
        self, kind: int, contact_id: int, speed_mm_s: float, pressure: float, volume: float
    ) -> None:
        self.stirred_s = time.monotonic()
        self._volume = volume
        match kind:
            case Kind.TOUCH:
                # A pen driver's odd sample is no reason to fall silent for the next ones.
                with contextlib.suppress(ValueError):
                    self._sounding = chalk_voice.touch(
                        self._sounding, contact_id, speed_mm_s, pressure
                    )
            case Kind.LIFT:
                self._sounding = chalk_voice.lift(self._sounding, contact_id)
            case Kind.HUSH:
                self._sounding = Sounding()
                self._heard_volume = 0.0

    @override
    def readData(self, maxlen: int) -> bytes:
        self.listen()
        self.pulled_s = time.monotonic()
        samples = maxlen // _BYTES_PER_SAMPLE
        if self._sounding.silent or not samples:
            return bytes(samples * _BYTES_PER_SAMPLE)
        self.stirred_s = self.pulled_s
        blocks = []
        while samples:
            size = min(samples, chalk_voice.MAX_BLOCK)
            blocks.append(self._block(size))
            samples -= size
        return b"".join(blocks)

    def _block(self, samples: int) -> bytes:
        sound, self._sounding = chalk_voice.synthesise(
            self._slate, self._sounding, samples, self._rng
        )
        # Loudness is felt as a ratio: the square makes the middle of a slider the middle.
        gain = np.linspace(self._heard_volume**2, self._volume**2, samples, dtype=np.float32)
        self._heard_volume = self._volume
        return (sound * gain * np.float32(32767.0)).astype("<i2").tobytes()

    @override
    def isSequential(self) -> bool:
        return True

    @override
    def bytesAvailable(self) -> int:
        # Endless; Qt asks before it pulls.
        return 1 << 20

    @override
    def writeData(self, data: bytes | bytearray | memoryview, length: int) -> int:
        return -1


class Speaker(QObject):
    """The open loudspeaker and its sleep.

    Lives in the thread that made it, which needs a Qt event loop. When the board closes
    the channel or the device is lost it calls `QCoreApplication.exit` with an `Exit`.

    Args:
        channel: Connected to the board; made non-blocking here.
        shared: Memory of the ring that the board writes.
        awake_s: How long the sink stays open after the last sound or sign of a hand.
        seed: Of the grain; None for a new one.
    """

    def __init__(
        self,
        channel: socket.socket,
        shared: SharedBytes,
        awake_s: float,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        channel.setblocking(False)
        rng = np.random.default_rng(seed)
        chalk = Chalk()
        self._channel = channel
        self._awake_s = awake_s
        self._sink: QAudioSink | None = None
        self._ring = Ring(shared)
        self._ring.asleep = False
        self._grain = Grain(self._ring, chalk_voice.make_slate(chalk, rng), rng)
        self._grain.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)
        self._format = QAudioFormat()
        self._format.setSampleRate(chalk.sample_rate_hz)
        self._format.setChannelCount(1)
        self._format.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._bell = QSocketNotifier(channel.fileno(), QSocketNotifier.Type.Read, self)
        self._bell.activated.connect(self._answer)
        self._watch = QTimer(self, interval=CHECK_MS, timerType=Qt.TimerType.CoarseTimer)
        self._watch.timeout.connect(self._check)
        self._devices = QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._follow_default)

    def open(self) -> None:
        """Open the default output, once; end the loop when there is none."""
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull() or not device.isFormatSupported(self._format):
            QCoreApplication.exit(Exit.NO_DEVICE)
            return
        self._device_id = device.id()
        self._sink = QAudioSink(device, self._format, self)
        self._sink.setBufferSize(self._format.bytesForDuration(BUFFER_MS * 1000))
        self._sink.start(self._grain)
        if self._sink.error() != QtAudio.Error.NoError:
            QCoreApplication.exit(Exit.NO_DEVICE)
            return
        self._stay_awake()
        self._channel.send(READY)

    def shutdown(self) -> None:
        """Close the loudspeaker."""
        self._watch.stop()
        self._bell.setEnabled(False)
        if self._sink is not None:
            self._sink.stop()
            self._sink = None

    def _stay_awake(self) -> None:
        self._ring.asleep = False
        self._grain.stirred_s = self._grain.pulled_s = time.monotonic()
        self._watch.start()

    def _answer(self) -> None:
        """Wake at the bell; end when the board has ended."""
        try:
            rung = self._channel.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            rung = b""
        if not rung:
            self._bell.setEnabled(False)
            QCoreApplication.exit(Exit.ASKED)
        elif self._sink is not None and self._ring.asleep:
            self._grain.listen()
            self._sink.resume()
            self._stay_awake()

    def _check(self) -> None:
        """Look twice a second, only while awake: is the device lost, is it time to sleep."""
        # By looking, not by `stateChanged`: PySide6 6.11 cannot convert its argument.
        now_s = time.monotonic()
        sink = self._sink
        if sink is None:
            return
        if (
            sink.state() == QtAudio.State.StoppedState
            or now_s - self._grain.pulled_s > STALLED_S
        ):
            QCoreApplication.exit(Exit.DEVICE_LOST)
        elif now_s - self._grain.stirred_s > self._awake_s:
            sink.suspend()
            self._watch.stop()
            self._ring.asleep = True

    def _follow_default(self) -> None:
        # A new process opens the new default; simpler than moving, and as quick.
        if self._sink and QMediaDevices.defaultAudioOutput().id() != self._device_id:
            QCoreApplication.exit(Exit.DEVICE_LOST)


def _keep_quiet(kind: QtMsgType, _context: QMessageLogContext, words: str) -> None:
    # The board logs one line when the sound is away; Qt would add ten of its own.
    if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
        sys.stderr.write(f"{words}\n")


def run(channel: socket.socket, shared: SharedBytes, awake_s: float) -> int:
    """Sound until the board closes `channel`; return an `Exit`."""
    # The person at the terminal interrupts the board; the board then ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    qInstallMessageHandler(_keep_quiet)
    app = QCoreApplication([])
    speaker = Speaker(channel, shared, awake_s)
    QTimer.singleShot(0, speaker.open)
    code = app.exec()
    speaker.shutdown()
    return code
