"""A process of ours on the other end of a socket, as the UI thread sees it.

Nothing here waits: messages arrive through a notifier, the end of the process through
another one (a pidfd), and what is sent is small enough for the socket's buffer. The process
is started with a clean interpreter rather than forked, which would copy Qt's threads half,
and it dies with the thread that started it, however that ends (`worker_limits`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier

from whiteboard.services.rendering.render_protocol import Frames, Json, ProtocolError

READ_BYTES: Final = 1 << 18
READS_A_TURN: Final = 16
"""Then the event loop has its turn; the notifier tells again of what is left."""

_MINOR_FAULTS: Final = 7
_MAJOR_FAULTS: Final = 9

Message = Mapping[str, Json]


class WorkerProcess(QObject):
    """A process and the socket to it. UI thread alone.

    Args:
        module: What is run: `python -m module SOCKET [DESCRIPTOR...] PARENT`.
        descriptors: Given to the process besides the socket.
        on_message: Gets each message.
        on_end: Called once, when the process has ended, closed the socket or sent nonsense,
            with the reason for the log; never from inside the constructor or `kill`.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        module: str,
        descriptors: Sequence[int],
        on_message: Callable[[Message], None],
        on_end: Callable[[str], None],
        parent: QObject,
    ) -> None:
        ours, theirs = socket.socketpair()
        try:
            process, pid_descriptor = _spawn(module, (theirs.fileno(), *descriptors))
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        super().__init__(parent)
        self._on_message = on_message
        self._on_end = on_end
        self._frames = Frames()
        self._is_over = False
        self._socket = ours
        self._process = process
        self._pid_descriptor = pid_descriptor
        self._socket.setblocking(False)
        self._readable = _notifier(self._socket.fileno(), self.read, self)
        self._ended = _notifier(self._pid_descriptor, self._reap, self)

    @property
    def pid(self) -> int:
        """Its process id; it stays its own until `is_reaped`."""
        return self._process.pid

    @property
    def is_reaped(self) -> bool:
        """Whether the process is gone and nothing of it is left."""
        return self._process.returncode is not None

    def pages_touched(self) -> int:
        """Return how many pages of memory it has come to so far, those of mapped files too."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return 0
        # What follows the name, which may hold anything: state is the first field.
        fields = text.rpartition(")")[2].split()
        return int(fields[_MINOR_FAULTS]) + int(fields[_MAJOR_FAULTS])

    def send(self, data: bytes, descriptors: Sequence[int] = ()) -> bool:
        """Send a message at once; return False when the process does not take it."""
        if self._is_over:
            return False
        try:
            sent = (
                socket.send_fds(self._socket, [data], list(descriptors))
                if descriptors
                else self._socket.send(data)
            )
        except OSError:
            return False
        return sent == len(data)

    def read(self) -> None:
        """Hand on what has arrived."""
        for _turn in range(READS_A_TURN):
            if self._is_over:
                return
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                self._finish(f"socket: {error}")
                return
            if not data:
                self._finish("")
                return
            self._feed(data)

    def kill(self) -> None:
        """End the process and everything it started. `on_end` is not called any more."""
        self._is_over = True
        self._hang_up()
        self._kill_group()

    def retire(self) -> None:
        """Let the process end by itself. `on_end` is not called any more."""
        self._is_over = True
        self._hang_up()

    def wait_reaped(self, until_s: float) -> bool:
        """Block until the process is gone, for shutdown alone.

        Args:
            until_s: `time.monotonic()` at which to give up.

        Returns:
            Whether it is gone.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until_s - time.monotonic()))
        self._reap()
        return self.is_reaped

    def _feed(self, data: bytes) -> None:
        self._frames.feed(data)
        try:
            for message in self._frames.take():
                if self._is_over:
                    return
                self._on_message(message)
        except ProtocolError as error:
            self._finish(str(error))

    def _finish(self, reason: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._hang_up()
        self._kill_group()
        self._on_end(reason or "it ended")

    def _hang_up(self) -> None:
        if self._socket.fileno() >= 0:
            self._readable.setEnabled(False)
            self._socket.close()

    def _kill_group(self) -> None:
        if not self.is_reaped:
            # It leads a session of its own; what it started goes with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _reap(self) -> None:
        if self._process.poll() is None or self._pid_descriptor < 0:
            return
        self._ended.setEnabled(False)
        os.close(self._pid_descriptor)
        self._pid_descriptor = -1
        if not self._is_over:
            # Its last words may still wait in the socket.
            self.read()
        self._finish(f"exit code {self._process.returncode}")
        self.deleteLater()


def _spawn(module: str, descriptors: Sequence[int]) -> tuple[subprocess.Popen[bytes], int]:
    """Start a process in a session of its own, so that a key on a terminal is not for it.

    Returns:
        The process and its pidfd.
    """
    numbers = [str(descriptor) for descriptor in descriptors]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *numbers, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": _python_path()},
        pass_fds=descriptors,
        # The folder it is started in may be on a stick that is to be taken out.
        cwd="/",
        start_new_session=True,
    )
    try:
        return process, os.pidfd_open(process.pid)
    except OSError:
        process.kill()
        process.wait()
        raise


def _python_path() -> str:
    return os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100


def _notifier(descriptor: int, slot: Callable[[], None], parent: QObject) -> QSocketNotifier:
    notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, parent)
    notifier.activated.connect(slot)
    return notifier
