"""The picture of a link: readable for a camera, harmless for a page."""

import re

import cv2
import numpy as np
import pymupdf
import pytest

from rooms.services.qr import qr_svg

LINK = "https://rooms.example.jp/r#12345678"


def test_camera_reads_the_link() -> None:
    with pymupdf.open(stream=qr_svg(LINK), filetype="svg") as picture:
        pixels = picture[0].get_pixmap(matrix=pymupdf.Matrix(8, 8), alpha=False)
    image = np.frombuffer(pixels.samples, np.uint8).reshape(pixels.height, pixels.width, 3)
    read, _corners, _straight = cv2.QRCodeDetector().detectAndDecode(image)
    assert read == LINK


def test_picture_has_paths_and_nothing_that_a_policy_would_stop() -> None:
    text = qr_svg(LINK).decode()
    assert set(re.findall(r"<(\w+)", text)) == {"svg", "path"}
    assert not re.search(r"style=|class=|href|url\(|\son\w+=", text)
    assert 'viewBox="0 0 ' in text


def test_link_that_fits_into_no_code_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        qr_svg("x" * 5000)
