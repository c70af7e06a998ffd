"""Photographs from files."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from base.errors import AppError, ErrorCode
from whiteboard.services.paper.photos import read_photo, to_image, to_pixels


def test_photo_is_read_as_blue_green_red(tmp_path):
    picture = QImage(37, 20, QImage.Format.Format_RGB32)
    picture.fill(QColor(200, 100, 50))
    assert picture.save(str(tmp_path / "写真.png"))
    pixels = read_photo(tmp_path / "写真.png")
    assert pixels.shape == (20, 37, 3)
    assert pixels[3, 5].tolist() == [50, 100, 200]


def test_what_is_transparent_is_white():
    picture = QImage(4, 4, QImage.Format.Format_ARGB32)
    picture.fill(QColor(0, 0, 0, 0))
    assert to_pixels(picture).min() == 255


def test_pixels_survive_the_way_there_and_back():
    pixels = np.random.default_rng(1).integers(0, 256, (31, 17, 3), dtype=np.uint8)
    assert np.array_equal(to_pixels(to_image(pixels)), pixels)


def test_picture_outlives_the_array_it_came_from():
    pixels = np.full((8, 8, 3), 7, np.uint8)
    picture = to_image(pixels)
    pixels[:] = 200
    assert picture.pixelColor(2, 2).red() == 7


@pytest.mark.parametrize(
    ("data", "code"), [(b"no picture", ErrorCode.NOT_AN_IMAGE), (None, ErrorCode.NOT_FOUND)]
)
def test_what_is_no_photo_is_told(tmp_path, data, code):
    path = tmp_path / "a.jpg"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(AppError) as raised:
        read_photo(path)
    assert raised.value.code is code
