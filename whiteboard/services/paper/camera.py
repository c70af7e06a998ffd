"""The cameras of this display: their live picture, and a still of it.

A thread of its own reads a camera; nothing of it is loaded, opened or started before
somebody wants to see. It leaves what it saw in a place where the UI fetches it, and reads
on only then: a slow display gets fewer pictures, not older ones.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from base.errors import AppError, ErrorCode

if TYPE_CHECKING:
    import cv2

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

WANTED_PX: Final = (3840, 2160)
"""What a camera is asked for; it gives what it has that is nearest."""
SHOWN_PX: Final = 1280
"""Longer side of the live picture."""

_SYSTEM: Final = Path("/sys/class/video4linux")
_DEVICES: Final = Path("/dev")
_QUERY_CAPABILITIES: Final = 0x80685600  # VIDIOC_QUERYCAP of linux/videodev2.h
_REQUEST_BUFFERS: Final = 0xC0145608  # VIDIOC_REQBUFS
_CAPABILITIES: Final = struct.Struct("=16s32s32sII12x4x")
_HAS_DEVICE_CAPABILITIES: Final = 0x80000000
_CAPTURE: Final = 0x00000001
_STREAMING: Final = 0x04000000
_READ_TIMEOUT_MS: Final = 4000
_STALE_FRAMES: Final = 2
"""So many pictures wait in the camera's buffers: a still is taken after them."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is plugged in.

    Attributes:
        node: Its device file.
        name: What its maker calls it.
    """

    node: Path
    name: str


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """What a camera sees now.

    Attributes:
        image: Shape (h, w, 3), BGR, at most `SHOWN_PX` long.
        corners: Shape (4, 2), px of `image`: the sheet that is seen, if one is.
    """

    image: Pixels
    corners: Floats | None


class FrameSource(Protocol):
    """Where pictures come from, one after the other. Used on one thread."""

    def skip(self) -> None:
        """Wait for the next picture and leave it.

        Raises:
            AppError: NO_CAMERA when it is gone, CAMERA_FAILED when it is silent.
        """

    def read(self) -> Pixels:
        """Wait for the next picture and return it, shape (h, w, 3), BGR.

        Raises:
            AppError: as `skip`.
        """

    def close(self) -> None:
        """Let go of the device."""


# Which there are ------------------------------------------------------------------------


def find_cameras(system: Path = _SYSTEM, devices: Path = _DEVICES) -> tuple[Camera, ...]:
    """Return the cameras that are plugged in, in the order they were. Blocks for a moment.

    Args:
        system: Where the kernel lists video devices.
        devices: Where their device files are.
    """
    try:
        nodes = sorted(system.iterdir(), key=lambda node: (len(node.name), node.name))
    except OSError:
        return ()
    found = []
    for node in nodes:
        device = devices / node.name
        if _takes_pictures(device):
            found.append(Camera(device, _name_of(node)))
    return tuple(found)


def _name_of(node: Path) -> str:
    try:
        name = (node / "name").read_text("utf-8", "replace").strip()
    except OSError:
        name = ""
    # Many cameras say "Maker: Maker" or "USB Camera: USB Camera".
    first, _, second = name.partition(": ")
    return first if second and first.startswith(second) else name or node.name


def _takes_pictures(device: Path) -> bool:
    """Return whether a device gives pictures; a camera has others for notes about them."""
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        # One that is busy or not ours is a camera as far as can be told.
        return error.errno in (errno.EBUSY, errno.EACCES, errno.EPERM)
    try:
        answer = bytearray(_CAPABILITIES.size)
        fcntl.ioctl(descriptor, _QUERY_CAPABILITIES, answer)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return can_stream(bytes(answer))


def can_stream(capabilities: bytes) -> bool:
    """Return whether a `struct v4l2_capability` is that of a camera."""
    _driver, _card, _bus, _version, whole = _CAPABILITIES.unpack(capabilities)
    own: int = struct.unpack_from("=I", capabilities, 88)[0]
    mask = own if whole & _HAS_DEVICE_CAPABILITIES else whole
    return bool(mask & _CAPTURE and mask & _STREAMING)


# Reading one ----------------------------------------------------------------------------


class VideoSource:
    """Pictures from a device or a film that OpenCV has open.

    Args:
        video: The open video.
        node: Its device file, looked at to tell a camera that is gone from a silent one.
    """

    def __init__(self, video: cv2.VideoCapture, node: Path) -> None:
        self._video = video
        self._node = node

    def skip(self) -> None:
        """Wait for the next picture and leave it, undecoded."""
        if not self._video.grab():
            raise AppError(_why_silent(self._node), str(self._node))

    def read(self) -> Pixels:
        """Wait for the next picture and return it."""
        self.skip()
        done, image = self._video.retrieve()
        if not done or image.ndim != 3:
            raise AppError(ErrorCode.CAMERA_FAILED, f"{self._node}: unreadable picture")
        return np.asarray(image, np.uint8)

    def close(self) -> None:
        """Let go of the device."""
        self._video.release()


def open_camera(camera: Camera) -> FrameSource:
    """Open a camera at the finest picture it has. Takes up to seconds: no UI thread.

    Raises:
        AppError: NO_CAMERA when it is not there (any more), CAMERA_BUSY when another
            program has it, CAMERA_FAILED when it does not start.
    """
    import cv2

    width, height = WANTED_PX
    # Compressed first: raw pictures of this size come a few times a second over USB.
    wanted = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")]
    wanted += [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
    wanted += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS]
    # Few, or what is read is what the camera saw some time ago.
    wanted += [cv2.CAP_PROP_BUFFERSIZE, _STALE_FRAMES]
    code = _why_closed(camera.node)
    if code is not None:
        raise AppError(code, str(camera.node))
    video = cv2.VideoCapture(str(camera.node), cv2.CAP_V4L2, wanted)
    if not video.isOpened():
        video.release()
        raise AppError(_why_closed(camera.node) or ErrorCode.CAMERA_FAILED, str(camera.node))
    return VideoSource(video, camera.node)


def _why_silent(node: Path) -> ErrorCode:
    return ErrorCode.CAMERA_FAILED if node.exists() else ErrorCode.NO_CAMERA


def _why_closed(node: Path) -> ErrorCode | None:
    """Return why a camera cannot be had, or None when nothing speaks against it."""
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return why_refused(error)
    try:
        # No buffers at all: frees nothing of ours, and is refused while another streams.
        fcntl.ioctl(descriptor, _REQUEST_BUFFERS, struct.pack("=IIIIB3x", 0, 1, 1, 0, 0))
    except OSError as error:
        # A driver without such buffers may still give pictures in another way.
        return None if error.errno == errno.EINVAL else why_refused(error)
    finally:
        os.close(descriptor)
    return None


def why_refused(error: OSError) -> ErrorCode:
    """Return what a camera's refusal means."""
    if error.errno == errno.EBUSY:
        return ErrorCode.CAMERA_BUSY
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return ErrorCode.NO_CAMERA
    return ErrorCode.CAMERA_FAILED


# Live -----------------------------------------------------------------------------------


class LiveCamera:
    """Reads a source on a thread of its own, and looks for a sheet in what it sees.

    All methods may be called on any thread and return at once, but `join`.

    Args:
        open_source: Opens the camera; called on the thread.
    """

    def __init__(self, open_source: Callable[[], FrameSource]) -> None:
        self._open = open_source
        self._changed = threading.Condition()  # guards the five below
        self._frame: LiveFrame | None = None
        self._still: Pixels | None = None
        self._error: AppError | None = None
        self._is_wanted = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Open the camera and begin to read it."""
        self._thread.start()

    def fetch_frame(self) -> LiveFrame | None:
        """Return what the camera saw since the last call, if it did."""
        with self._changed:
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return frame

    def take(self) -> None:
        """Take a still: the next picture that the camera sees from now on."""
        with self._changed:
            self._is_wanted = True
            self._changed.notify_all()

    def fetch_still(self) -> Pixels | None:
        """Return the still that was taken, once: shape (h, w, 3), BGR."""
        with self._changed:
            still, self._still = self._still, None
            return still

    @property
    def error(self) -> AppError | None:
        """Why there are no more pictures."""
        with self._changed:
            return self._error

    def stop(self) -> None:
        """Let go of the camera as soon as the picture under way is read."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait until the camera is let go; return whether it is."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            source = self._open()
        except AppError as error:
            self._fail(error)
            return
        try:
            while self._wait():
                self._step(source)
        except AppError as error:
            self._fail(error)
        finally:
            source.close()

    def _wait(self) -> bool:
        """Wait until somebody wants to see; return whether anybody will."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_over or self._is_wanted or self._frame is None
            )
            return not self._is_over

    def _step(self, source: FrameSource) -> None:
        with self._changed:
            is_wanted, self._is_wanted = self._is_wanted, False
        if is_wanted:
            for _ in range(_STALE_FRAMES):
                source.skip()
            still = source.read()
            with self._changed:
                self._still = still
            return
        frame = _look_at(source.read())
        with self._changed:
            self._frame = frame

    def _fail(self, error: AppError) -> None:
        structlog.get_logger(__name__).info("camera ended", error=str(error))
        with self._changed:
            self._error = error


def _look_at(image: Pixels) -> LiveFrame:
    # Loaded here: OpenCV takes a third of a second, which no start of ours pays.
    import cv2

    from whiteboard.services.paper.sheet_finder import find_sheet

    times = -(-max(image.shape[:2]) // SHOWN_PX)
    height, width = (side // times for side in image.shape[:2])
    whole = image[: height * times, : width * times]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    shown = np.asarray(small, np.uint8)
    found = find_sheet(shown)
    return LiveFrame(shown, None if found is None else found.corners)
