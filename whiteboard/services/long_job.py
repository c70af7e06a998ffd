"""A process for one long job: `python -m whiteboard.services.long_job SOCKET PARENT`.

It reads one request, calls a function and sends what it returned. The function is one of
ours, takes `progress` and keyword arguments that JSON can say, and returns what JSON can say.
An `AppError` it raises comes back as one.
"""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from base.errors import AppError
from whiteboard.services import worker_limits
from whiteboard.services.render_protocol import Frames, Json, ProtocolError, pack_message

Progress: TypeAlias = Callable[[float], None]
"""Called with 0 to 1."""

PACKAGE: Final = "whiteboard.services."
_READ_BYTES: Final = 1 << 16


def main(arguments: list[str]) -> int:
    """Do the job.

    Args:
        arguments: Descriptor of the socket, process id of the board.

    Returns:
        The exit code.
    """
    channel_at, parent = map(int, arguments)
    worker_limits.die_with_parent(parent)
    worker_limits.step_back()
    with socket.socket(fileno=channel_at) as channel:
        request = _receive(channel)
        channel.sendall(pack_message(_outcome(request, channel)))
    return 0


def count_up(progress: Progress, steps: int) -> int:
    """Do nothing, in steps: the job that shows whether long jobs work."""
    for step in range(steps):
        progress((step + 1) / steps)
    return steps


def _outcome(request: Mapping[str, Json], channel: socket.socket) -> dict[str, object]:
    def progress(part: float) -> None:
        channel.sendall(pack_message({"progress": min(max(float(part), 0.0), 1.0)}))

    arguments = request["arguments"]
    if not isinstance(arguments, dict):
        raise ProtocolError("arguments are no object")
    try:
        return {"value": _function(str(request["function"]))(progress, **arguments)}
    except AppError as error:
        return {"error": error.code.value, "detail": error.detail}


def _function(name: str) -> Callable[..., Json]:
    module, _colon, function = name.partition(":")
    if not module.startswith(PACKAGE):
        raise ProtocolError(f"{name} is not below {PACKAGE}")
    found: Callable[..., Json] = getattr(importlib.import_module(module), function)
    return found


def _receive(channel: socket.socket) -> Mapping[str, Json]:
    frames = Frames()
    while data := channel.recv(_READ_BYTES):
        frames.feed(data)
        for message in frames.take():
            return message
    raise ProtocolError("the board hung up")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
