"""A machine of its own behind a thin line: a network namespace, and a wire to be spoiled.

The kernel's own way (tc netem) is missing in some kernels; a pair of TAP devices with a relay
between them does the same wherever there are namespaces: delay, loss, a narrow rate with the
buffer of a real router, nothing at all. Needs root.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = "10.213.77.1"
THERE: Final = "10.213.77.2"
ELSEWHERE: Final = "10.213.77.3"
BUFFERED_S: Final = 0.5
"""What a router keeps for a narrow line; what comes on top is lost."""
_MTU: Final = 1500
_TUNSETIFF: Final = 0x400454CA
_IFF_TAP: Final = 0x0002
_IFF_NO_PI: Final = 0x1000


@dataclass(frozen=True, slots=True)
class Quality:
    """How a line is, each way.

    Attributes:
        rate_bps: Bits a second; None without a limit.
        loss: Share of packets that vanish, 0..1; 1 for a line that is gone.
        delay_s: From one end to the other.
    """

    rate_bps: float | None = None
    loss: float = 0.0
    delay_s: float = 0.0


GOOD: Final = Quality()
GONE: Final = Quality(loss=1.0)


def why_no_machine() -> str | None:
    """Return why no machine can be made here; None when it can."""
    if os.geteuid() != 0:
        return "network namespaces are made by root alone"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "no /dev/net/tun here"
    made = subprocess.run(
        ["ip", "netns", "add", _name("probe")], capture_output=True, check=False
    )
    if made.returncode != 0:
        return f"no network namespaces here: {made.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", _name("probe")], check=True)
    return None


class Machine:
    """Somebody else's machine; see `machine_behind_thin_line`.

    Attributes:
        namespace: Its name, for `ip netns exec`.
        bytes: That came through the wire: towards the machine, and from it.
    """

    def __init__(self, namespace: str, device: str, wire: _Wire) -> None:
        self.namespace = namespace
        self._device = device
        self._wire = wire

    @property
    def bytes(self) -> tuple[int, int]:
        """What went towards the machine so far, and what came from it."""
        return self._wire.carried[0], self._wire.carried[1]

    def be(self, quality: Quality) -> None:
        """Make the line so from now on."""
        self._wire.quality = quality

    def move(self, address: str) -> None:
        """Give the machine another address, as a phone gets that leaves its house."""
        device = ("dev", self._device)
        _run("ip", "-n", self.namespace, "address", "flush", *device)
        _run("ip", "-n", self.namespace, "address", "add", f"{address}/24", *device)
        _run("ip", "-n", self.namespace, "route", "replace", "default", "via", HERE)

    def program(self, path: str, folder: Path) -> Path:
        """Return a file that runs a program on that machine, with whatever arguments."""
        script = folder / f"there-{Path(path).name}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.namespace} {path} "$@"\n')
        script.chmod(0o755)
        return script


@contextmanager
def machine_behind_thin_line() -> Iterator[Machine]:
    """Make a machine that reaches this one, as `HERE`, over a wire that can be spoiled."""
    name, near, far = _name("ns"), _name("a"), _name("b")
    with ExitStack() as stack:
        _run("ip", "netns", "add", name)
        stack.callback(_run, "ip", "netns", "del", name)
        ends = [_tap(device) for device in (near, far)]
        for end in ends:
            stack.callback(os.close, end)
        _run("ip", "link", "set", far, "netns", name)
        _run("ip", "address", "add", f"{HERE}/24", "dev", near)
        _run("ip", "link", "set", near, "up")
        for device in ("lo", far):
            _run("ip", "-n", name, "link", "set", device, "up")
        wire = _Wire(*ends)
        machine = Machine(name, far, wire)
        machine.move(THERE)
        stack.enter_context(wire.running())
        yield machine


class _Wire:
    """Carries packets from one end to the other; a thread of its own."""

    def __init__(self, near: int, far: int) -> None:
        self.quality = GOOD
        self.carried = [0, 0]
        self._ends = (near, far)
        self._free_at_s = [0.0, 0.0]
        self._chance = random.Random(7)

    @contextmanager
    def running(self) -> Iterator[None]:
        ready = threading.Event()
        made: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def carry() -> None:
            loop = asyncio.get_running_loop()
            for side, end in enumerate(self._ends):
                loop.add_reader(end, self._take, loop, side)
            made.append((loop, asyncio.Event()))
            ready.set()
            await made[0][1].wait()
            for end in self._ends:
                loop.remove_reader(end)

        thread = threading.Thread(target=asyncio.run, args=(carry(),), name="thin line")
        thread.start()
        ready.wait()
        try:
            yield
        finally:
            loop, over = made[0]
            loop.call_soon_threadsafe(over.set)
            thread.join()

    def _take(self, loop: asyncio.AbstractEventLoop, side: int) -> None:
        while True:
            try:
                packet = os.read(self._ends[side], 2 * _MTU)
            except BlockingIOError:
                return
            self._send(loop, side, packet)

    def _send(self, loop: asyncio.AbstractEventLoop, side: int, packet: bytes) -> None:
        line, now_s = self.quality, time.monotonic()
        if self._chance.random() < line.loss:
            return
        leaves_s = now_s
        if line.rate_bps is not None:
            begins_s = max(now_s, self._free_at_s[side])
            if begins_s - now_s > BUFFERED_S:
                return
            leaves_s = begins_s + 8 * len(packet) / line.rate_bps
            self._free_at_s[side] = leaves_s
        wait_s = leaves_s - now_s + line.delay_s
        if wait_s <= 0:
            self._deliver(side, packet)
        else:
            loop.call_later(wait_s, self._deliver, side, packet)

    def _deliver(self, side: int, packet: bytes) -> None:
        if self.quality.loss >= 1:
            return
        self.carried[side] += len(packet)
        try:
            os.write(self._ends[1 - side], packet)
        except OSError:
            return  # the other end is down for a moment


def _tap(device: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    wanted = struct.pack("16sH", device.encode(), _IFF_TAP | _IFF_NO_PI)
    fcntl.ioctl(end, _TUNSETIFF, wanted)
    return end


def _name(part: str) -> str:
    # The kernel takes 15 letters.
    return f"kk{os.getpid()}{part}"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
