"""The sound of chalk, as the board sees it: a few microseconds a sample, and never an error.

The sound is made in a process of its own (`chalk_speaker`). This end writes 24 bytes into
shared memory for each sample of the hand and forgets them: when the process is behind, gone
or has no loudspeaker, they are lost and the pen does not notice. A thread starts the
process, and starts it again when it ends.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import socket
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Final

import structlog

from whiteboard.services.chalk.chalk_channel import (
    BELL,
    READY,
    Exit,
    Kind,
    Ring,
    SharedBytes,
    make_shared_bytes,
)

AWAKE_S: Final = 10.0
END_S: Final = 2.0
"""How long the process may take to end when asked, before it is killed."""

# Looking a member up in an enumeration is a Python call on 3.11; this is the ink's path.
_TOUCH: Final = int(Kind.TOUCH)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """When to start the process again after it ended.

    Attributes:
        first_s: The first pause; each further one is twice as long.
        longest_s: No pause is longer. A start costs 0.3 s of processor time, so on a
            display without a loudspeaker 300 s keep it at 0.1 %.
        good_s: A process that sounded for so long was well: the next pause is the first.
        wished_s: A person who takes the chalk shortens the pause to this.
    """

    first_s: float = 1.0
    longest_s: float = 300.0
    good_s: float = 30.0
    wished_s: float = 10.0

    def next_pause_s(self, last_pause_s: float, sounded_s: float) -> float:
        """Return the pause after a process that sounded for `sounded_s`, 0 for never."""
        if last_pause_s <= 0.0 or sounded_s >= self.good_s:
            return self.first_s
        return min(2.0 * last_pause_s, self.longest_s)


class ChalkSound:
    """The sound that follows the hands which write with chalk.

    The caller reports chalk only: what a palm, a finger that moves the page or an eraser
    does is never handed in here. During a call the caller turns the sound off, so that the
    far end does not hear it.

    All methods are for the UI thread. All but `shutdown` return at once: `touch` and `lift`
    in some microseconds, without waiting for a lock, a disk or another process.

    Args:
        volume: 0 (mute) to 1, felt loudness: the amplitude is its square.
        on: Whether anything is heard. While it has never been on there is no process.
        patience: When a lost process is started again.
        awake_s: How long the loudspeaker stays open after the last sound. Open it costs
            3 to 4 % of a core, asleep nothing; some amplifiers need longer to wake than a
            stroke may wait.

    Raises:
        ValueError: volume is outside its range.
    """

    def __init__(
        self,
        volume: float,
        on: bool,
        *,
        patience: Patience | None = None,
        awake_s: float = AWAKE_S,
    ) -> None:
        self._volume = _checked_volume(volume)
        self._on = on
        self._patience = patience or Patience()
        self._awake_s = awake_s
        self._shared = make_shared_bytes()
        self._ring = Ring(self._shared)
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None
        self._process: SpawnProcess | None = None
        self._ready = threading.Event()
        self._keeper: threading.Thread | None = None
        self._stop = threading.Event()
        self._nudge_out, self._nudge_in = socket.socketpair()
        self._nudge_out.setblocking(False)

    @property
    def on(self) -> bool:
        """Whether the hands are heard."""
        return self._on

    @property
    def volume(self) -> float:
        """0 to 1, as set."""
        return self._volume

    @property
    def process_id(self) -> int | None:
        """The process that sounds, None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def wait_ready(self, timeout_s: float) -> bool:
        """Block until the loudspeaker is open; for benchmarks and tests, any thread."""
        return self._ready.wait(timeout_s)

    def start(self) -> None:
        """Open the loudspeaker in the background, unless off; it takes 0.3 to 0.6 s.

        Best called when the board has been drawn. Calling it again does nothing.
        """
        if self._on and self._keeper is None and not self._stop.is_set():
            self._keeper = threading.Thread(target=self._keep, name="chalk sound", daemon=True)
            self._keeper.start()

    def touch(self, contact_id: int, speed_mm_s: float, pressure: float) -> None:
        """Report a sample of the chalk on the board, from the first one of a contact on.

        Args:
            contact_id: Whatever tells the contacts apart while they touch; 64 bits signed.
            speed_mm_s: Speed on the glass, >= 0; 0 with the first sample.
            pressure: 0 to 1; 1 from a device that reports none.
        """
        if self._on and self._ring.put(_TOUCH, contact_id, speed_mm_s, pressure, self._volume):
            self._ring_bell()

    def lift(self, contact_id: int) -> None:
        """Report that the chalk has left the board, or that its stroke was taken back."""
        if self._on:
            self._send(Kind.LIFT, contact_id)

    def wake(self) -> None:
        """Say that chalk may come soon: a pen hovers, the chalk was picked up.

        Opens a loudspeaker that sleeps, and looks again for one that was not there.
        """
        if self._on:
            self._send(Kind.WAKE)
            if not self._ready.is_set():
                self._nudge()

    def set_on(self, on: bool) -> None:
        """Let the hands be heard, or silence them at once."""
        if on == self._on:
            return
        self._on = on
        if on:
            self.start()
            self.wake()
        else:
            self._send(Kind.HUSH)

    def set_volume(self, volume: float) -> None:
        """Set the volume, 0 to 1; heard with the next sample.

        Raises:
            ValueError: volume is outside its range.
        """
        self._volume = _checked_volume(volume)

    def shutdown(self) -> None:
        """End the process and the thread; blocks until they have ended, 2 s at most.

        The object stays usable and mute. Calling it again does nothing.
        """
        if self._stop.is_set():
            return
        self._stop.set()
        self._on = False
        self._nudge()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        self._nudge_in.close()
        self._nudge_out.close()

    def _send(self, kind: Kind, contact_id: int = 0) -> None:
        if self._ring.put(kind, contact_id, 0.0, 0.0, self._volume):
            self._ring_bell()

    def _ring_bell(self) -> None:
        # The keeper holds the lock only while it swaps the channel; the next sample rings
        # again, as it does when the process was just falling asleep.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._channel is not None:
                self._channel.send(BELL)
        except OSError:
            # Its reader hangs or has just died, which the keeper sees to.
            pass
        finally:
            self._lock.release()

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):
            self._nudge_out.send(b"\0")

    def _keep(self) -> None:
        """Keep one process alive; the keeper's thread."""
        pause_s = 0.0
        told = False
        while not self._stop.is_set():
            sounded_s, ended = self._run_once(told)
            if self._stop.is_set():
                return
            if sounded_s:
                told = False
            pause_s = self._patience.next_pause_s(pause_s, sounded_s)
            if not told:
                level = logging.INFO if ended.is_loudspeakers else logging.WARNING
                _log.log(level, "chalk sound is away", reason=ended.reason, retry_s=pause_s)
                told = True
            self._rest(pause_s)

    def _run_once(self, returning: bool) -> tuple[float, _Ended]:
        """Start a process and stay with it; return how long it sounded and why it ended."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        process = multiprocessing.get_context("spawn").Process(
            target=speak,
            args=(theirs, self._shared, self._awake_s),
            name="chalk sound",
            daemon=True,
        )
        with ours:
            try:
                process.start()
            except OSError as error:
                return 0.0, _Ended(f"cannot start: {error}")
            finally:
                theirs.close()
            self._process = process
            ready_s = self._await_ready(ours, process, returning)
            if ready_s is not None:
                self._await_end(process)
            with self._lock:
                self._channel = None
            self._ready.clear()
        sounded_s = time.monotonic() - ready_s if ready_s is not None else 0.0
        if ready_s is not None or not self._stop.is_set():
            process.join(END_S)
        if process.is_alive():
            process.kill()
            process.join()
        ended = _ended(process.exitcode)
        self._process = None
        process.close()
        return sounded_s, ended

    def _await_ready(
        self, ours: socket.socket, process: SpawnProcess, returning: bool
    ) -> float | None:
        """Return when the loudspeaker opened, None when it did not."""
        while not self._stop.is_set():
            events = wait([ours, process.sentinel, self._nudge_in])
            if ours in events:
                with contextlib.suppress(OSError):
                    if ours.recv(len(READY)) == READY:
                        with self._lock:
                            self._channel = ours
                        self._ready.set()
                        if returning:
                            _log.info("chalk sound is back")
                        return time.monotonic()
                return None
            if process.sentinel in events:
                return None
            self._take_nudges()
        return None

    def _await_end(self, process: SpawnProcess) -> None:
        while not self._stop.is_set():
            if process.sentinel in wait([process.sentinel, self._nudge_in]):
                return
            self._take_nudges()

    def _rest(self, pause_s: float) -> None:
        """Wait before the next start; shorter when somebody wishes for sound."""
        began_s = time.monotonic()
        while (rest_s := began_s + pause_s - time.monotonic()) > 0.0:
            if self._stop.is_set():
                return
            if wait([self._nudge_in], rest_s):
                self._take_nudges()
                pause_s = min(pause_s, self._patience.wished_s)

    def _take_nudges(self) -> None:
        self._nudge_in.recv(4096)


def speak(channel: socket.socket, shared: SharedBytes, awake_s: float) -> None:
    """Be the process that sounds: the spawned process enters here."""
    from whiteboard.services.chalk import chalk_speaker

    with channel:
        sys.exit(chalk_speaker.run(channel, shared, awake_s))


def _checked_volume(volume: float) -> float:
    if not 0.0 <= volume <= 1.0:
        raise ValueError(f"volume is {volume}, not 0 to 1")
    return volume


@dataclass(frozen=True, slots=True)
class _Ended:
    """Why a process ended.

    Attributes:
        reason: For the log.
        is_loudspeakers: Whether it is the loudspeaker's doing. Many displays have none, and
            that is nobody's trouble.
    """

    reason: str
    is_loudspeakers: bool = False


def _ended(exit_code: int | None) -> _Ended:
    match exit_code:
        case Exit.NO_DEVICE:
            return _Ended("no loudspeaker", is_loudspeakers=True)
        case Exit.DEVICE_LOST:
            reason = "the loudspeaker was lost or another one was chosen"
            return _Ended(reason, is_loudspeakers=True)
        case _:
            return _Ended(f"the process ended with {exit_code}")
