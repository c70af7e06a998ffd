"""A process for one long job: `python -m whiteboard.services.rendering.long_job SOCKET PARENT`.

It reads one request, calls a function and sends what it returned. The function is one of
ours, takes `progress` and keyword arguments that JSON can say, and returns what JSON can say.
An `AppError` it raises comes back as one.

Before the function's module is loaded the process gives up what the job does not need
(`confinement.confine_job`). The names of arguments say what it may do with files: it may read
what any absolute path names, and what lies beside an `original`; it may write in a `folder`,
and in the folder of a `target`, `sheets` or `result`.
"""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from base.errors import AppError
from whiteboard.services.rendering import confinement, worker_limits
from whiteboard.services.rendering.render_protocol import (
    Frames,
    Json,
    ProtocolError,
    pack_message,
)

Progress: TypeAlias = Callable[[float], None]
"""Called with 0 to 1."""

_WRITTEN_IN: Final = "folder"
_WRITTEN_BESIDE: Final = frozenset({"target", "sheets", "result"})
_READ_BESIDE: Final = "original"
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
        missing = _confine(_arguments(request))
        if missing:
            channel.sendall(pack_message({"missing": missing}))
        channel.sendall(pack_message(_outcome(request, channel)))
    return 0


def _outcome(request: Mapping[str, Json], channel: socket.socket) -> dict[str, object]:
    def progress(part: float) -> None:
        channel.sendall(pack_message({"progress": min(max(float(part), 0.0), 1.0)}))

    function = _function(str(request["package"]), str(request["function"]))
    try:
        return {"value": function(progress, **_arguments(request))}
    except AppError as error:
        return {"error": error.code.value, "detail": error.detail}


def _arguments(request: Mapping[str, Json]) -> dict[str, Json]:
    arguments = request["arguments"]
    if not isinstance(arguments, dict):
        raise ProtocolError("arguments are no object")
    return arguments


def _confine(arguments: Mapping[str, Json]) -> list[str]:
    readable = list(_paths(list(arguments.values())))
    writable: list[str] = []
    for name, value in arguments.items():
        path = Path(str(value))
        if not path.is_absolute():
            continue
        if name == _WRITTEN_IN:
            writable.append(str(path))
        elif name in _WRITTEN_BESIDE:
            writable.append(str(path.parent))
        elif name == _READ_BESIDE:
            readable.append(str(path.parent))
    return confinement.confine_job(readable, writable)


def _paths(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("/"):
            yield value
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _paths(one)


def _function(package: str, name: str) -> Callable[..., Json]:
    module, _colon, function = name.partition(":")
    if not module.startswith(package):
        raise ProtocolError(f"{name} is not below {package}")
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
