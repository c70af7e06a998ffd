"""A sound server without a loudspeaker, and what was played on it, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 48_000
PATIENCE_S: Final = 20.0
SINK: Final = "board"
_POLL_S: Final = 0.02
_SERVER_FOLDERS: Final = ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH")
# Without `norewinds` an idle null sink plays 2 s ahead, and a new stream waits for those.
_SINK_SETTINGS: Final = (f"sink_name={SINK}", f"rate={RATE_HZ}", "norewinds=1")
_BYTES_PER_SAMPLE: Final = 2


class Recorder:
    """Everything that the loudspeaker plays, from now on: mono, -1 to 1.

    Reading waits until it has been played, so a recorder is also the clock of a test.
    `shutdown` ends it; so does leaving its `with` block.

    Args:
        environment: Names the server.
        latency_ms: Length of the pieces in which the server hands it over.
    """

    def __init__(self, environment: dict[str, str], latency_ms: int) -> None:
        self._parec = subprocess.Popen(
            [
                *("parec", "--raw", "-d", f"{SINK}.monitor", f"--rate={RATE_HZ}"),
                *("--channels=1", "--format=s16le", f"--latency-msec={latency_ms}"),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._parec.stdout is not None  # noqa: S101 - as asked for above
        self._pipe = self._parec.stdout.fileno()
        self._rest = b""
        self.read(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()

    def read(self, seconds: float) -> NDArray[np.float32]:
        """Return the next stretch, shape (48000 * seconds,).

        Raises:
            RuntimeError: nothing came for 20 s.
        """
        needed = round(seconds * RATE_HZ) * _BYTES_PER_SAMPLE
        while len(self._rest) < needed:
            self._rest += self._piece()
        taken, self._rest = self._rest[:needed], self._rest[needed:]
        return _to_float(taken)

    def read_piece(self) -> tuple[float, NDArray[np.float32]]:
        """Return the next piece as it comes, and the monotonic time when it came."""
        piece = self._piece()
        came_s = time.monotonic()
        whole = len(self._rest + piece) // _BYTES_PER_SAMPLE * _BYTES_PER_SAMPLE
        taken, self._rest = (self._rest + piece)[:whole], (self._rest + piece)[whole:]
        return came_s, _to_float(taken)

    def skip(self) -> None:
        """Forget what has been played and not been read."""
        while select.select([self._pipe], [], [], 0)[0]:
            self._rest += self._piece()
        self._rest = self._rest[len(self._rest) // _BYTES_PER_SAMPLE * _BYTES_PER_SAMPLE :]

    def shutdown(self) -> None:
        """Stop recording."""
        self._parec.terminate()
        self._parec.communicate()

    def _piece(self) -> bytes:
        ready, _, _ = select.select([self._pipe], [], [], PATIENCE_S)
        piece = os.read(self._pipe, 1 << 16) if ready else b""
        if not piece:
            raise RuntimeError("the sound server plays nothing any more")
        return piece


class VirtualSound:
    """A running PulseAudio with one sink that nobody hears.

    Args:
        folder: Holds the server's socket.
        pid: The server's process.
    """

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder = folder
        self.pid = pid

    @property
    def address(self) -> str:
        """What PULSE_SERVER has to be."""
        return f"unix:{self.folder}/native"

    def environment(self) -> dict[str, str]:
        """Return a copy of this process's environment in which programs sound there."""
        return os.environ | {"PULSE_SERVER": self.address, "PULSE_COOKIE": str(self.folder)}

    def recorder(self, latency_ms: int = 2) -> Recorder:
        """Start to record."""
        return Recorder(self.environment(), latency_ms)

    def control(self, *command: str) -> str:
        """Ask the server with `pactl`; return what it says."""
        return subprocess.run(
            ["pactl", *command],
            env=self.environment() | {"LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        ).stdout

    def unplug(self) -> None:
        """Take the sink away."""
        self.control("unload-module", "module-null-sink")

    def plug(self) -> None:
        """Bring a sink."""
        self.control("load-module", "module-null-sink", *_SINK_SETTINGS)


@contextlib.contextmanager
def virtual_sound() -> Iterator[VirtualSound]:
    """Run a PulseAudio of its own, apart from the user's, until the block ends.

    Raises:
        RuntimeError: PulseAudio is not installed or does not start.
    """
    if shutil.which("pulseaudio") is None or shutil.which("parec") is None:
        raise RuntimeError(
            "PulseAudio is missing: packaging/debian-packages.txt lists its packages"
        )
    # A short path: the name of a socket holds 107 bytes.
    with tempfile.TemporaryDirectory(prefix="sound-") as name:
        folder = Path(name)
        server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                *("--use-pid-file=no", "--disable-shm=yes", "--log-level=error"),
                *("-L", f"module-null-sink {' '.join(_SINK_SETTINGS)}"),
                *("-L", f"module-native-protocol-unix socket={name}/native auth-anonymous=1"),
            ],
            env=os.environ
            | {"HOME": name, "XDG_RUNTIME_DIR": name, "PULSE_RUNTIME_PATH": name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            sound = VirtualSound(folder, server.pid)
            _await_answer(sound, server)
            yield sound
        finally:
            server.terminate()
            server.wait()


def _await_answer(sound: VirtualSound, server: subprocess.Popen[bytes]) -> None:
    late_s = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < late_s:
        with contextlib.suppress(subprocess.CalledProcessError):
            sound.control("info")
            return
        time.sleep(_POLL_S)
    raise RuntimeError("PulseAudio does not start")


def _to_float(data: bytes) -> NDArray[np.float32]:
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768.0)
