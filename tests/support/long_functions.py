"""Functions that tests let run as long jobs, and what they try there."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PACKAGE = "tests.support."


def count_up(progress: Callable[[float], None], steps: int) -> int:
    """Do nothing, in steps."""
    for step in range(steps):
        progress((step + 1) / steps)
    return steps


def try_all(
    _progress: Callable[[float], None],
    target: str,
    source: str,
    secret: str,
    port: int,
    other: int,
) -> dict[str, str]:
    """Return what comes of everything a process could try.

    Args:
        _progress: Not needed.
        target: A file that may be written.
        source: A file that may be read.
        secret: Bytes of the path of one that may not, in hex: no argument's path.
        port: Somebody listens there on this machine.
        other: A process of ours.
    """
    hidden = Path(os.fsdecode(bytes.fromhex(secret)))
    return {
        "read source": outcome_of(Path(source).read_bytes),
        "write target": outcome_of(lambda: Path(target).write_bytes(b"x")),
        "rename target": outcome_of(lambda: Path(target).rename(f"{target}2")),
        "read another file": outcome_of(hidden.read_bytes),
        "write another file": outcome_of(lambda: hidden.write_bytes(b"x")),
        "import": outcome_of(lambda: __import__("plistlib")),
        **try_reaching_out(port, other),
    }


def try_reaching_out(port: int, other: int) -> dict[str, str]:
    """Return what comes of leaving a process: by network, programs, other processes."""
    return {
        "read /etc/passwd": outcome_of(lambda: os.open("/etc/passwd", os.O_RDONLY)),
        "connect": outcome_of(lambda: socket.socket().connect(("127.0.0.1", port))),
        "datagram": outcome_of(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
        "local socket": outcome_of(lambda: socket.socket(socket.AF_UNIX)),
        "fork": outcome_of(_fork),
        "run a program": outcome_of(lambda: subprocess.run(["/bin/true"], check=True)),
        "become a program": outcome_of(lambda: os.execv("/nowhere", ["x"])),
        "trace": outcome_of(lambda: _call("ptrace", 16, other, 0, 0)),
        "signal": outcome_of(lambda: os.kill(other, 0)),
        "new user space": outcome_of(lambda: _call("unshare", 0x10000000)),
    }


def outcome_of(attempt: Callable[[], object]) -> str:
    """Return "done" or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    sys.exit("this is run by tests")
