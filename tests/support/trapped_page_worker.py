"""A page process that tries to get out instead of working: `python -m … SOCKET PARENT`."""

from __future__ import annotations

import json
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rooms.services import page_worker


def attempts() -> dict[str, Callable[[], object]]:
    """What a process that a file has taken over would like to do."""
    return {
        "read a file": lambda: Path("/etc/passwd").read_bytes(),
        "write a file": lambda: Path("/tmp/kokuban-out").write_bytes(b"x"),
        "list a folder": lambda: list(Path("/").iterdir()),
        "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": os.fork,
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "run memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "fill the memory": lambda: bytearray(4 << 30),
    }


def main() -> None:
    """Confine this process and print what comes of each attempt."""

    def try_all(_channel: socket.socket, *, is_confined: bool) -> None:
        found = {"is confined": str(is_confined)}
        for name, attempt in attempts().items():
            try:
                attempt()
                found[name] = "done"
            except (OSError, MemoryError) as error:
                found[name] = type(error).__name__
        os.write(1, json.dumps(found).encode())
        os._exit(0)

    page_worker.serve = try_all
    ours, theirs = socket.socketpair()
    page_worker.main([str(theirs.detach()), str(os.getppid())])
    ours.close()


if __name__ == "__main__":
    main()
    sys.exit(1)
