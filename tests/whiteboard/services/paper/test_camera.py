"""Cameras. There is none on this machine: a film that OpenCV reads stands in for one."""

import errno
import struct
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest

from base.errors import AppError, ErrorCode
from tests.support.paper_scenes import make_scene
from tests.support.source import ROOT
from whiteboard.services.paper.camera import (
    SHOWN_PX,
    Camera,
    LiveCamera,
    VideoSource,
    can_stream,
    find_cameras,
    open_camera,
    why_refused,
)

FRAMES = 30


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of a sheet on a desk, 1920x1080, as a document camera sees it."""
    path = tmp_path_factory.mktemp("film") / "desk.avi"
    frame = make_scene("cloth", 3, (1920, 1080)).image
    frame = np.ascontiguousarray(frame if frame.shape[1] == 1920 else np.rot90(frame))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (1920, 1080))
    for _ in range(FRAMES):
        writer.write(frame)
    writer.release()
    return path


def wait_for(look, timeout_s=20.0):
    """Return what `look` returns as soon as that is something."""
    until = time.monotonic() + timeout_s
    pause = threading.Event()
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        pause.wait(0.005)
    raise AssertionError("nothing came")


def source(film, node=None):
    return VideoSource(cv2.VideoCapture(str(film)), node or film)


@pytest.fixture
def live(film):
    made = LiveCamera(lambda: source(film))
    made.start()
    yield made
    made.stop()
    assert made.join(10)


# Which there are ------------------------------------------------------------------------


def test_machine_without_video_devices_has_no_cameras(tmp_path):
    assert find_cameras(tmp_path / "none", tmp_path) == ()


def test_device_that_is_no_camera_is_passed_over(tmp_path):
    system = tmp_path / "sys"
    (system / "video0").mkdir(parents=True)
    (tmp_path / "video0").write_bytes(b"")
    assert find_cameras(system, tmp_path) == ()


def test_device_that_is_gone_is_passed_over(tmp_path):
    (tmp_path / "sys" / "video0").mkdir(parents=True)
    assert find_cameras(tmp_path / "sys", tmp_path) == ()


def capabilities(whole, own):
    return struct.pack("=16s32s32sIII12x", b"uvcvideo", b"Camera", b"usb", 0x60000, whole, own)


@pytest.mark.parametrize(
    ("whole", "own", "is_camera"),
    [
        (0x84A00001, 0x04200001, True),  # a webcam's pictures
        (0x84A00001, 0x04A00000, False),  # the same webcam's notes about them
        (0x04000001, 0, True),  # an old driver, which tells of the device as a whole
        (0x80000001, 0x00000001, False),  # no streaming
    ],
)
def test_capabilities_tell_a_camera(whole, own, is_camera):
    assert can_stream(capabilities(whole, own)) is is_camera


# Opening --------------------------------------------------------------------------------


def test_camera_that_was_unplugged_is_not_found(tmp_path):
    with pytest.raises(AppError) as raised:
        open_camera(Camera(tmp_path / "video7", "gone"))
    assert raised.value.code is ErrorCode.NO_CAMERA


def test_device_that_is_no_camera_fails(tmp_path):
    (tmp_path / "video0").write_bytes(b"")
    with pytest.raises(AppError) as raised:
        open_camera(Camera(tmp_path / "video0", "a file"))
    assert raised.value.code is ErrorCode.CAMERA_FAILED


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EBUSY, ErrorCode.CAMERA_BUSY),
        (errno.ENOENT, ErrorCode.NO_CAMERA),
        (errno.ENODEV, ErrorCode.NO_CAMERA),
        (errno.EACCES, ErrorCode.CAMERA_FAILED),
        (errno.EIO, ErrorCode.CAMERA_FAILED),
    ],
)
def test_refusal_of_a_camera_is_understood(number, code):
    assert why_refused(OSError(number, "refused")) is code


# Live -----------------------------------------------------------------------------------


def test_live_picture_is_small_and_shows_the_sheet(live):
    frame = wait_for(live.fetch_frame)
    assert max(frame.image.shape[:2]) <= SHOWN_PX
    assert frame.corners.shape == (4, 2)


def test_picture_is_told_once(live):
    first = wait_for(live.fetch_frame)
    second = wait_for(live.fetch_frame)
    assert first is not second


def test_still_is_as_large_as_the_camera_sees(live):
    wait_for(live.fetch_frame)
    live.take()
    assert wait_for(live.fetch_still).shape == (1080, 1920, 3)
    assert live.fetch_still() is None


def test_camera_waits_while_nobody_looks(film):
    taken = []

    class Counting(VideoSource):
        def read(self):
            taken.append(1)
            return super().read()

    live = LiveCamera(lambda: Counting(cv2.VideoCapture(str(film)), film))
    live.start()
    wait_for(lambda: True if live._frame is not None else None)
    live.take()
    wait_for(live.fetch_still)
    assert len(taken) == 2
    live.stop()
    assert live.join(10)


def test_camera_that_falls_silent_is_told(film):
    live = LiveCamera(lambda: source(film))
    live.start()

    def drain():
        live.fetch_frame()
        return live.error

    assert wait_for(drain, 60).code is ErrorCode.CAMERA_FAILED
    assert live.join(10)


def test_camera_that_is_pulled_is_told(film, tmp_path):
    live = LiveCamera(lambda: source(film, tmp_path / "video0"))
    live.start()

    def drain():
        live.fetch_frame()
        return live.error

    assert wait_for(drain, 60).code is ErrorCode.NO_CAMERA
    assert live.join(10)


def test_camera_that_cannot_be_opened_is_told():
    def refuse():
        raise AppError(ErrorCode.CAMERA_BUSY)

    live = LiveCamera(refuse)
    live.start()
    assert wait_for(lambda: live.error).code is ErrorCode.CAMERA_BUSY
    assert live.join(10)


def test_stopped_camera_is_let_go(film):
    closed = threading.Event()

    class Watched(VideoSource):
        def close(self):
            super().close()
            closed.set()

    live = LiveCamera(lambda: Watched(cv2.VideoCapture(str(film)), film))
    live.start()
    wait_for(live.fetch_frame)
    live.stop()
    assert closed.wait(10)
    assert live.join(10)


def test_opencv_is_loaded_by_nobody_who_does_not_look():
    code = "import sys, whiteboard.views.taking.paper_sheet; print('cv2' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.strip() == "False"
