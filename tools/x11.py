"""Drives an X screen from outside: a server of one's own, its pointer, its pixels, its windows.

Nothing here knows any application. Coordinates are pixels of the root window, x to the right
and y down. Every object opens its own connection and belongs to one thread.

    with start_xvfb(1920, 1080) as server, Pointer(server) as pointer, Screen(server) as screen:
        subprocess.Popen(command, env=server.environment())
        before = screen.grab(Rect(100, 100, 50, 50))
        pointer.stroke([(100, 100), (140, 120)])
        after = screen.wait_for_change(Rect(100, 100, 50, 50), since=before, timeout_s=2)
"""

from __future__ import annotations

import ctypes
import ctypes.util
import mmap
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from tools.pacing import ticks

Pixels = npt.NDArray[np.uint8]
"""Shape (height, width, 4): red, green, blue, and a fourth byte without meaning."""

START_TIMEOUT_S = 20.0
POLL_S = 0.001
ALL_PLANES = 0xFFFFFFFF
Z_PIXMAP = 2
IPC_PRIVATE = 0
IPC_CREAT = 0o1000
IPC_RMID = 0
IS_VIEWABLE = 2
PR_SET_PDEATHSIG = 1
REVERT_TO_PARENT = 2


class X11Error(Exception):
    """The server did not start, has gone, or lacks what is asked of it."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of the screen in pixels; right and bottom edges are outside."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def around(cls, x: float, y: float, radius: int) -> Rect:
        """Return the square of 2 * radius + 1 pixels with (x, y) in its middle."""
        return cls(round(x) - radius, round(y) - radius, 2 * radius + 1, 2 * radius + 1)

    def clipped(self, width: int, height: int) -> Rect:
        """Return the part inside a screen of that size; it may be empty."""
        left, top = max(self.x, 0), max(self.y, 0)
        right = min(self.x + self.width, width)
        bottom = min(self.y + self.height, height)
        return Rect(left, top, max(right - left, 0), max(bottom - top, 0))


@dataclass(frozen=True, slots=True)
class XServer:
    """A running server.

    Attributes:
        display: As in DISPLAY, ":7".
        width: Of the screen, in pixels.
        height: Of the screen, in pixels.
        pid: Of the server; None for a server that somebody else started.
        framebuffer: File in XWD format that the server draws into; None without one.
    """

    display: str
    width: int
    height: int
    pid: int | None = None
    framebuffer: Path | None = None

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return this process's environment, changed so that a child opens on this server."""
        hidden = {"WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XAUTHORITY"}
        own = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**own, "DISPLAY": self.display, "GDK_BACKEND": "x11", **(extra or {})}


@contextmanager
def start_xvfb(width: int, height: int, dpi: int = 96) -> Iterator[XServer]:
    """Start an Xvfb on a free display; it ends with the block, and with this process.

    No cursor is drawn: the pixels are the applications' alone.

    Raises:
        X11Error: Xvfb is not installed or does not come up.
    """
    folder = Path(tempfile.mkdtemp(prefix="xvfb-", dir=_memory_folder()))
    command = [*xvfb_command(width, height, dpi), "-fbdir", str(folder)]
    try:
        with run_server(command) as (display, pid):
            yield XServer(display, width, height, pid, folder / "Xvfb_screen0")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def xvfb_command(width: int, height: int, dpi: int) -> list[str]:
    """Return what starts an Xvfb that only this machine can reach."""
    command = ["Xvfb", "-screen", "0", f"{width}x{height}x24", "-dpi", str(dpi)]
    return [*command, "-nocursor", "-noreset", "-s", "0", "-nolisten", "tcp", "-ac"]


@contextmanager
def run_server(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run an X server as `launch_server` does, until the block ends."""
    display, process = launch_server(command)
    try:
        yield display, process.pid
    finally:
        end_process(process)


def launch_server(command: Sequence[str]) -> tuple[str, subprocess.Popen[bytes]]:
    """Start an X server that takes `-displayfd`; return its display and its process.

    It ends when this process does, even if that is killed.

    Args:
        command: Program and arguments, without a display.

    Raises:
        X11Error: the program is missing, ends early or is not ready after 20 s.
    """
    read_fd, write_fd = os.pipe()
    with tempfile.TemporaryFile() as words:
        try:
            process = subprocess.Popen(
                [*command, "-displayfd", str(write_fd)],
                pass_fds=[write_fd],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  (one call of prctl, no locks)
            )
        except FileNotFoundError as error:
            os.close(read_fd)
            raise X11Error(
                f"{command[0]} is missing: packaging/debian-packages.txt lists its package"
            ) from error
        finally:
            os.close(write_fd)
        try:
            number = _read_line(read_fd, START_TIMEOUT_S)
        finally:
            os.close(read_fd)
        if not number:
            end_process(process)
            words.seek(0)
            said = words.read().decode(errors="replace")
            raise X11Error(f"{command[0]} did not start: {said}")
    return f":{number}", process


_LIBC = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_process(process: subprocess.Popen[bytes], patience_s: float = 5.0) -> None:
    """End one process: ask it, then insist; return when it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    process.wait()


def _memory_folder() -> str | None:
    """Return a folder that lives in memory, so that drawing never waits for a disk."""
    folder = "/dev/shm"  # noqa: S108 - the folder made in it has a random name and mode 0700
    return folder if os.access(folder, os.W_OK) else None


def _read_line(fd: int, timeout_s: float) -> str:
    deadline_s = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline_s - time.monotonic()))
        piece = os.read(fd, 64) if ready else b""
        if not piece:
            return ""
        line += piece
    return line.decode().strip()


class _ShmSegmentInfo(ctypes.Structure):
    _fields_ = (
        ("shmseg", ctypes.c_ulong),
        ("shmid", ctypes.c_int),
        ("shmaddr", ctypes.c_void_p),
        ("read_only", ctypes.c_int),
    )


class _XImageHead(ctypes.Structure):
    """The first members of XImage, as far as `bytes_per_line`."""

    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("xoffset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    )


class _XWindowAttributes(ctypes.Structure):
    _fields_ = (
        ("x", ctypes.c_int),
        ("y", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("border_width", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong),
        ("window_class", ctypes.c_int),
        ("bit_gravity", ctypes.c_int),
        ("win_gravity", ctypes.c_int),
        ("backing_store", ctypes.c_int),
        ("backing_planes", ctypes.c_ulong),
        ("backing_pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        ("all_event_masks", ctypes.c_long),
        ("your_event_mask", ctypes.c_long),
        ("do_not_propagate_mask", ctypes.c_long),
        ("override_redirect", ctypes.c_int),
        ("screen", ctypes.c_void_p),
    )


_ERROR_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_IO_EXIT_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


def _ignore_error(_display: int | None, _event: int | None) -> int:
    """Let requests about windows that have just gone fail without ending the process."""
    return 0


_ON_ERROR = _ERROR_HANDLER(_ignore_error)


class _Libraries:
    """Xlib, XTEST and MIT-SHM with the signatures that are used here."""

    def __init__(self) -> None:
        self.x11 = self._load("X11")
        self.xtst = self._load("Xtst")
        self.xext = self._load("Xext")
        self.libc = ctypes.CDLL(None, use_errno=True)
        display, window, integer = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int
        size = ctypes.c_uint
        self._declare(self.x11, "XOpenDisplay", display, ctypes.c_char_p)
        self._declare(self.x11, "XCloseDisplay", integer, display)
        self._declare(self.x11, "XDefaultRootWindow", window, display)
        self._declare(self.x11, "XDefaultScreen", integer, display)
        self._declare(self.x11, "XDefaultVisual", ctypes.c_void_p, display, integer)
        self._declare(self.x11, "XDefaultDepth", integer, display, integer)
        self._declare(self.x11, "XDisplayWidth", integer, display, integer)
        self._declare(self.x11, "XDisplayHeight", integer, display, integer)
        self._declare(self.x11, "XFlush", integer, display)
        self._declare(self.x11, "XSync", integer, display, integer)
        self._declare(self.x11, "XFree", integer, ctypes.c_void_p)
        self._declare(self.x11, "XSetErrorHandler", ctypes.c_void_p, _ERROR_HANDLER)
        self._declare(
            self.x11, "XSetIOErrorExitHandler", None, display, _IO_EXIT_HANDLER, ctypes.c_void_p
        )
        self._declare(self.x11, "XStringToKeysym", ctypes.c_ulong, ctypes.c_char_p)
        self._declare(self.x11, "XKeysymToKeycode", ctypes.c_ubyte, display, ctypes.c_ulong)
        self._declare(
            self.x11,
            "XQueryTree",
            integer,
            display,
            window,
            ctypes.POINTER(window),
            ctypes.POINTER(window),
            ctypes.POINTER(ctypes.POINTER(window)),
            ctypes.POINTER(size),
        )
        self._declare(
            self.x11,
            "XGetWindowAttributes",
            integer,
            display,
            window,
            ctypes.POINTER(_XWindowAttributes),
        )
        self._declare(
            self.x11, "XFetchName", integer, display, window, ctypes.POINTER(ctypes.c_void_p)
        )
        self._declare(
            self.x11,
            "XMoveResizeWindow",
            integer,
            display,
            window,
            integer,
            integer,
            size,
            size,
        )
        self._declare(self.x11, "XRaiseWindow", integer, display, window)
        self._declare(
            self.x11, "XSetInputFocus", integer, display, window, integer, ctypes.c_ulong
        )
        delay = ctypes.c_ulong
        self._declare(
            self.xtst,
            "XTestFakeMotionEvent",
            integer,
            display,
            integer,
            integer,
            integer,
            delay,
        )
        self._declare(self.xtst, "XTestFakeButtonEvent", integer, display, size, integer, delay)
        self._declare(self.xtst, "XTestFakeKeyEvent", integer, display, size, integer, delay)
        segment, image = ctypes.POINTER(_ShmSegmentInfo), ctypes.POINTER(_XImageHead)
        self._declare(self.xext, "XShmAttach", integer, display, segment)
        self._declare(self.xext, "XShmDetach", integer, display, segment)
        self._declare(
            self.xext,
            "XShmCreateImage",
            image,
            display,
            ctypes.c_void_p,
            size,
            integer,
            ctypes.c_void_p,
            segment,
            size,
            size,
        )
        self._declare(
            self.xext,
            "XShmGetImage",
            integer,
            display,
            window,
            image,
            integer,
            integer,
            ctypes.c_ulong,
        )
        self._declare(self.libc, "shmget", integer, integer, ctypes.c_size_t, integer)
        self._declare(self.libc, "shmat", ctypes.c_void_p, integer, ctypes.c_void_p, integer)
        self._declare(self.libc, "shmdt", integer, ctypes.c_void_p)
        self._declare(self.libc, "shmctl", integer, integer, integer, ctypes.c_void_p)
        self.x11.XSetErrorHandler(_ON_ERROR)

    @staticmethod
    def _load(name: str) -> ctypes.CDLL:
        path = ctypes.util.find_library(name)
        if path is None:
            raise X11Error(f"lib{name} is not installed")
        return ctypes.CDLL(path)

    @staticmethod
    def _declare(
        library: ctypes.CDLL, name: str, result: type | None, *arguments: type
    ) -> None:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


_loaded: list[_Libraries] = []


def _libraries() -> _Libraries:
    """Return the libraries, loaded at the first use and once: importing must not need X."""
    if not _loaded:
        _loaded.append(_Libraries())
    return _loaded[0]


class Connection:
    """One connection to a server; what Pointer, Screen and Windows are made on."""

    def __init__(self, server: XServer) -> None:
        """Connect.

        Raises:
            X11Error: nobody answers at that display.
        """
        self._libs = _libraries()
        self._display = self._libs.x11.XOpenDisplay(server.display.encode())
        if not self._display:
            raise X11Error(f"no X server at {server.display}")
        self._gone = False
        # Without a handler Xlib ends the whole process when a server goes away.
        self._on_gone = _IO_EXIT_HANDLER(self._note_gone)
        self._libs.x11.XSetIOErrorExitHandler(self._display, self._on_gone, None)
        self._root = self._libs.x11.XDefaultRootWindow(self._display)

    def _note_gone(self, _display: int | None, _data: int | None) -> None:
        self._gone = True

    def _check(self) -> None:
        if self._gone:
            raise X11Error("the X server has gone")

    def close(self) -> None:
        """Close the connection; again does nothing."""
        if self._display and not self._gone:
            self._libs.x11.XCloseDisplay(self._display)
        self._display = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Pointer(Connection):
    """The mouse and the keyboard of the server, moved by XTEST.

    A call returns when the request is written; the server works on it at once.
    """

    def move(self, x: int, y: int) -> None:
        """Put the pointer at (x, y)."""
        self._libs.xtst.XTestFakeMotionEvent(self._display, -1, x, y, 0)
        self._libs.x11.XFlush(self._display)
        self._check()

    def press(self, button: int = 1) -> None:
        """Press a button: 1 left, 2 middle, 3 right, 4 and 5 wheel up and down."""
        self._button(button, down=True)

    def release(self, button: int = 1) -> None:
        """Release a button."""
        self._button(button, down=False)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move to (x, y), press and release."""
        self.move(x, y)
        self.press(button)
        self.release(button)

    def stroke(self, points: Sequence[tuple[int, int]], rate_hz: float = 125.0) -> None:
        """Press at the first point, follow the others at that rate, release at the last."""
        self.move(*points[0])
        self.press()
        for index in ticks(rate_hz, len(points)):
            self.move(*points[index])
        self.release()

    def tap_key(self, *names: str) -> None:
        """Press the keys in order and release them in reverse.

        Args:
            names: Keysym names: "a", "Return", "Control_L".

        Raises:
            X11Error: the keyboard has no such key.
        """
        codes = [self._keycode(name) for name in names]
        for code in codes:
            self._libs.xtst.XTestFakeKeyEvent(self._display, code, 1, 0)
        for code in reversed(codes):
            self._libs.xtst.XTestFakeKeyEvent(self._display, code, 0, 0)
        self._libs.x11.XFlush(self._display)
        self._check()

    @contextmanager
    def hold_key(self, name: str) -> Iterator[None]:
        """Keep a key pressed while the block runs.

        Raises:
            X11Error: the keyboard has no such key.
        """
        code = self._keycode(name)
        self._libs.xtst.XTestFakeKeyEvent(self._display, code, 1, 0)
        try:
            yield
        finally:
            self._libs.xtst.XTestFakeKeyEvent(self._display, code, 0, 0)
            self._libs.x11.XFlush(self._display)
        self._check()

    def sync(self) -> None:
        """Return when the server has taken everything sent so far."""
        self._libs.x11.XSync(self._display, 0)
        self._check()

    def _button(self, button: int, *, down: bool) -> None:
        self._libs.xtst.XTestFakeButtonEvent(self._display, button, int(down), 0)
        self._libs.x11.XFlush(self._display)
        self._check()

    def _keycode(self, name: str) -> int:
        keysym = self._libs.x11.XStringToKeysym(name.encode())
        code = int(self._libs.x11.XKeysymToKeycode(self._display, keysym)) if keysym else 0
        if code == 0:
            raise X11Error(f"no key {name}")
        return code


class Screen(Connection):
    """The pixels of a server's screen.

    With an Xvfb of `start_xvfb` they are read from the memory the server draws into, which
    costs the server nothing; with any other server by MIT-SHM, one request a look.
    """

    def __init__(self, server: XServer) -> None:
        """Connect and map the screen's memory.

        Raises:
            X11Error: no server, or one without MIT-SHM or with other than 32 bits a pixel.
        """
        super().__init__(server)
        self.width, self.height = server.width, server.height
        self._live: npt.NDArray[np.uint32] | None = None
        self._shm: _SharedImage | None = None
        if server.framebuffer is not None:
            self._live = _map_framebuffer(server.framebuffer)
        else:
            self._shm = _SharedImage(
                self._libs, self._display, self._root, self.width * self.height
            )

    def close(self) -> None:
        """Let go of the screen; again does nothing."""
        if self._shm is not None and not self._gone:
            self._shm.close()
        self._shm = None
        self._live = None
        super().close()

    def raw(self, rect: Rect) -> npt.NDArray[np.uint32]:
        """Return a rectangle inside the screen as the server keeps it, as cheaply as possible.

        Returns:
            Shape (height, width): 0xRRGGBB with an undefined high byte. It may be a live view
            that changes under the reader, and is valid until the next call: copy what you keep.
        """
        if self._live is not None:
            return self._live[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        if self._shm is None:
            raise X11Error("the screen is closed")
        pixels = self._shm.read(rect)
        self._check()
        return pixels

    def grab(self, rect: Rect | None = None) -> Pixels:
        """Return a copy of a rectangle (the whole screen without one); RGBA, A is 255."""
        area = (rect or Rect(0, 0, self.width, self.height)).clipped(self.width, self.height)
        raw = np.ascontiguousarray(self.raw(area))
        pixels = raw.view(np.uint8).reshape(area.height, area.width, 4)[:, :, [2, 1, 0, 3]]
        pixels[:, :, 3] = 255
        return pixels

    def wait_for_change(
        self, rect: Rect, *, since: Pixels | None = None, timeout_s: float = 5.0
    ) -> Pixels:
        """Return the rectangle's pixels as soon as they differ from `since`.

        Args:
            rect: Where to look.
            since: An earlier `grab(rect)`; without one, what is there now.
            timeout_s: How long to look.

        Raises:
            TimeoutError: nothing changed.
        """
        before = self.grab(rect) if since is None else since
        return self.wait_until(rect, lambda now: not np.array_equal(now, before), timeout_s)

    def wait_until(
        self, rect: Rect, wanted: Callable[[Pixels], bool], timeout_s: float = 5.0
    ) -> Pixels:
        """Return the rectangle's pixels as soon as `wanted` says yes to them.

        Raises:
            TimeoutError: it never did.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            now = self.grab(rect)
            if wanted(now):
                return now
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"the screen at {rect} did not become as wanted")
            time.sleep(POLL_S)

    def wait_until_still(
        self, rect: Rect | None = None, *, still_s: float = 0.3, timeout_s: float = 20.0
    ) -> Pixels:
        """Return the pixels once they have not changed for `still_s`.

        Raises:
            TimeoutError: they went on changing.
        """
        deadline_s = time.monotonic() + timeout_s
        last, since_s = self.grab(rect), time.monotonic()
        while time.monotonic() - since_s < still_s:
            if time.monotonic() > deadline_s:
                raise TimeoutError("the screen does not come to rest")
            time.sleep(0.01)
            now = self.grab(rect)
            if not np.array_equal(now, last):
                last, since_s = now, time.monotonic()
        return last


class _SharedImage:
    """A segment of shared memory that the server copies pieces of the root window into."""

    def __init__(self, libs: _Libraries, display: int, root: int, pixels: int) -> None:
        self._libs, self._display, self._root = libs, display, root
        screen = libs.x11.XDefaultScreen(display)
        self._visual = libs.x11.XDefaultVisual(display, screen)
        self._depth = libs.x11.XDefaultDepth(display, screen)
        self._info = _ShmSegmentInfo()
        self._info.shmid = libs.libc.shmget(IPC_PRIVATE, pixels * 4, IPC_CREAT | 0o600)
        if self._info.shmid < 0:
            raise X11Error(f"no shared memory: {os.strerror(ctypes.get_errno())}")
        self._info.shmaddr = libs.libc.shmat(self._info.shmid, None, 0)
        attached = libs.xext.XShmAttach(display, ctypes.byref(self._info))
        libs.x11.XSync(display, 0)
        # Marked for removal now, it goes with the last process that has it.
        libs.libc.shmctl(self._info.shmid, IPC_RMID, None)
        if not attached:
            raise X11Error("the X server has no MIT-SHM")
        memory = (ctypes.c_uint32 * pixels).from_address(self._info.shmaddr)
        self._memory: npt.NDArray[np.uint32] = np.ctypeslib.as_array(memory)
        self._images: dict[tuple[int, int], ctypes._Pointer[_XImageHead]] = {}

    def read(self, rect: Rect) -> npt.NDArray[np.uint32]:
        image = self._image(rect.width, rect.height)
        self._libs.xext.XShmGetImage(
            self._display, self._root, image, rect.x, rect.y, ALL_PLANES
        )
        return self._memory[: rect.width * rect.height].reshape(rect.height, rect.width)

    def close(self) -> None:
        for image in self._images.values():
            self._libs.x11.XFree(image)
        self._images.clear()
        self._libs.xext.XShmDetach(self._display, ctypes.byref(self._info))
        self._libs.x11.XSync(self._display, 0)
        self._memory = np.zeros(0, np.uint32)
        self._libs.libc.shmdt(self._info.shmaddr)

    def _image(self, width: int, height: int) -> ctypes._Pointer[_XImageHead]:
        if (width, height) not in self._images:
            image = self._libs.xext.XShmCreateImage(
                self._display,
                self._visual,
                self._depth,
                Z_PIXMAP,
                None,
                ctypes.byref(self._info),
                width,
                height,
            )
            if not image or image.contents.bytes_per_line != width * 4:
                raise X11Error("the screen has not 32 bits a pixel")
            image.contents.data = self._info.shmaddr
            self._images[width, height] = image
        return self._images[width, height]


def _map_framebuffer(path: Path) -> npt.NDArray[np.uint32]:
    """Map the XWD file an Xvfb draws into; shape (height, width), live."""
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    header = struct.unpack(">25I", memory[:100])
    header_bytes, width, height = header[0], header[4], header[5]
    bits_per_pixel, bytes_per_line, colour_count = header[11], header[12], header[19]
    if bits_per_pixel != 32:
        raise X11Error(f"the screen has {bits_per_pixel} bits a pixel, not 32")
    offset = header_bytes + colour_count * 12
    flat = np.frombuffer(memory, np.uint32, count=height * bytes_per_line // 4, offset=offset)
    return flat.reshape(height, bytes_per_line // 4)[:, :width]


@dataclass(frozen=True, slots=True)
class Window:
    """A visible top-level window: its id, title and place."""

    id: int
    title: str
    rect: Rect
    override_redirect: bool = field(default=False)


class Windows(Connection):
    """The top-level windows, moved as a window manager would; there is none here."""

    def visible(self) -> list[Window]:
        """Return the mapped top-level windows, lowest first."""
        found = [self._describe(window) for window in self._children()]
        return [window for window in found if window is not None]

    def wait_for(
        self, title: str, timeout_s: float = 30.0, larger_than: tuple[int, int] = (1, 1)
    ) -> Window:
        """Return the first visible window whose title contains `title`.

        Raises:
            TimeoutError: none came.
        """
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            for window in self.visible():
                large = (
                    window.rect.width > larger_than[0] and window.rect.height > larger_than[1]
                )
                if title in window.title and large:
                    return window
            time.sleep(POLL_S)
        raise TimeoutError(f"no window {title!r}")

    def place(self, window: Window, rect: Rect) -> None:
        """Move and resize a window, raise it and give it the keyboard."""
        self._libs.x11.XMoveResizeWindow(
            self._display, window.id, rect.x, rect.y, rect.width, rect.height
        )
        self._libs.x11.XRaiseWindow(self._display, window.id)
        self._libs.x11.XSetInputFocus(self._display, window.id, REVERT_TO_PARENT, 0)
        self._libs.x11.XSync(self._display, 0)
        self._check()

    def _children(self) -> list[int]:
        root, parent = ctypes.c_ulong(), ctypes.c_ulong()
        children, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self._libs.x11.XQueryTree(
            self._display,
            self._root,
            ctypes.byref(root),
            ctypes.byref(parent),
            ctypes.byref(children),
            ctypes.byref(count),
        )
        self._check()
        found = [int(children[index]) for index in range(count.value)]
        if count.value:
            self._libs.x11.XFree(children)
        return found

    def _describe(self, window: int) -> Window | None:
        seen = _XWindowAttributes()
        known = self._libs.x11.XGetWindowAttributes(self._display, window, ctypes.byref(seen))
        if not known or seen.map_state != IS_VIEWABLE:
            return None
        text = ctypes.c_void_p()
        title = ""
        if self._libs.x11.XFetchName(self._display, window, ctypes.byref(text)) and text.value:
            title = ctypes.string_at(text.value).decode(errors="replace")
            self._libs.x11.XFree(text)
        rect = Rect(seen.x, seen.y, seen.width, seen.height)
        return Window(window, title, rect, bool(seen.override_redirect))


def write_png(path: Path, pixels: Pixels) -> None:
    """Write pixels as a PNG without transparency; shape (height, width, 4) or (…, 3)."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, width * 3 + 1), np.uint8)
    rows[:, 1:] = pixels[:, :, :3].reshape(height, width * 3)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
