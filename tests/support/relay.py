"""A real coturn on loopback, with the settings of our own example."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tests.support.source import ROOT

SECRET: Final = "of this test alone"
EXAMPLE: Final = ROOT / "packaging" / "rooms" / "turnserver.conf"
LISTENING_S: Final = 10.0
_NOT_HERE: Final = ("cert=", "pkey=", "syslog", "no-stdout-log", "listening-port=")


@contextmanager
def running_relay(folder: Path, *more_lines: str) -> Iterator[int]:
    """Run it, give its port, and end it.

    Args:
        folder: For what it writes.
        more_lines: Of its configuration, after ours.
    """
    port = _free_port()
    lines = EXAMPLE.read_text("utf-8").replace("PUT-THE-SECRET-HERE", SECRET).splitlines()
    kept = [line for line in lines if not line.startswith(_NOT_HERE)]
    own = [
        *("listening-ip=127.0.0.1", "relay-ip=127.0.0.1", f"listening-port={port}"),
        *("no-tls", "no-dtls", "log-file=stdout", "simple-log"),
        *(f"pidfile={folder}/pid", f"userdb={folder}/users"),
    ]
    config = folder / "turnserver.conf"
    config.write_text("\n".join([*kept, *own, *more_lines, ""]))
    with (folder / "coturn.log").open("wb") as log:
        process = subprocess.Popen(
            ["turnserver", "-c", str(config)],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
    try:
        _wait_until_listening(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(port: int) -> None:
    deadline_s = time.monotonic() + LISTENING_S
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline_s:
            raise TimeoutError("the relay does not listen")
        time.sleep(0.02)
