from __future__ import annotations

import io
import random
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image, ImageFile
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QColorSpace, QImage, QImageIOHandler, QImageWriter

from base.errors import AppError, ErrorCode
from whiteboard.services.taking.pictures import (
    MAX_SIDE_PX,
    decode_asset,
    parse_picture,
    read_picture,
)

pytestmark = pytest.mark.usefixtures("qapp")


def encoded(image, file_format, turn=None):
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(file_format.encode()))
    if turn is not None:
        writer.setTransformation(turn)
    assert writer.write(image), writer.errorString()
    del writer
    return bytes(buffer.data().data())


def picture(width=40, height=30, rgb=(200, 40, 30), alpha=False):
    image = QImage(width, height, QImage.Format.Format_ARGB32 if alpha
                   else QImage.Format.Format_RGB32)  # fmt: skip
    image.fill(QColor(*rgb, 128 if alpha else 255))
    return image


def png_that_claims(width, height):
    """A PNG of one empty chunk of data whose header says that it is large."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(
            ">I", zlib.crc32(name + body)
        )  # fmt: skip

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def code_of(data):
    with pytest.raises(AppError) as caught:
        parse_picture(data)
    return caught.value.code


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp", "bmp", "tiff"])
def test_picture_of_a_known_format_keeps_its_size_and_colour(file_format):
    kept = parse_picture(encoded(picture(), file_format))
    image = decode_asset(kept.data)
    assert (kept.width_px, kept.height_px) == (image.width(), image.height()) == (40, 30)
    red, green, blue, _ = image.pixelColor(20, 15).getRgb()
    assert (red, green, blue) == pytest.approx((200, 40, 30), abs=4)


def heic(size=(60, 40), rgb=(200, 40, 30), **notes):
    image = Image.new("RGB", size, rgb)
    image.paste((255, 255, 255), (0, 0, size[0] // 2, size[1] // 2))
    data = io.BytesIO()
    pillow_heif.from_pillow(image).save(data, quality=95, **notes)
    return data.getvalue()


def test_photograph_of_a_telephone_is_kept_as_jpeg():
    found = parse_picture(heic())
    assert found.data[:2] == b"\xff\xd8"
    image = decode_asset(found.data)
    assert (image.width(), image.height()) == (found.width_px, found.height_px) == (60, 40)
    assert abs(image.pixelColor(50, 30).red() - 200) < 12
    assert image.pixelColor(5, 5).green() > 240


def test_photograph_of_a_telephone_held_upright_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = parse_picture(heic(exif=exif.tobytes()))
    assert (found.width_px, found.height_px) == (40, 60)
    assert decode_asset(found.data).pixelColor(35, 5).green() > 240


def test_large_photograph_of_a_telephone_is_scaled_down():
    assert parse_picture(heic((5000, 100))).width_px == MAX_SIDE_PX


@pytest.mark.parametrize("cut", [40, 200, -300])
def test_damaged_photograph_of_a_telephone_is_refused(cut, monkeypatch):
    # Who makes documents of pictures is content with less, in a process of its own.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    assert code_of(heic()[:cut]) is ErrorCode.NOT_AN_IMAGE


def test_photograph_held_upright_is_turned_upright():
    turn = QImageIOHandler.Transformation.TransformationRotate90
    kept = parse_picture(encoded(picture(40, 30), "jpeg", turn))
    assert (kept.width_px, kept.height_px) == (30, 40)


def test_what_the_camera_noted_is_not_kept():
    image = picture()
    image.setText("Comment", "35.6812N 139.7671E")
    data = encoded(image, "png")
    assert b"139.7671E" in data
    assert b"139.7671E" not in parse_picture(data).data


def test_transparent_picture_stays_transparent():
    image = decode_asset(parse_picture(encoded(picture(alpha=True), "webp")).data)
    assert image.hasAlphaChannel()
    assert image.pixelColor(5, 5).alpha() == pytest.approx(128, abs=2)


def test_colours_of_another_colour_space_become_srgb():
    image = picture(rgb=(200, 40, 30))
    image.setColorSpace(QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb))
    shown = decode_asset(parse_picture(encoded(image, "png")).data)
    assert shown.pixelColor(5, 5).red() > 215


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
def test_large_picture_is_scaled_down(file_format):
    kept = parse_picture(encoded(picture(6000, 3000), file_format))
    assert (kept.width_px, kept.height_px) == (MAX_SIDE_PX, MAX_SIDE_PX // 2)


def test_thin_long_picture_does_not_vanish_when_scaled_down():
    assert parse_picture(encoded(picture(20_000, 2), "png")).height_px == 1


def test_noisy_photograph_is_kept_as_jpeg_when_png_would_be_large():
    size = 1600
    noise = random.Random(7).randbytes(size * size * 4)
    image = QImage(noise, size, size, QImage.Format.Format_RGB32)
    assert parse_picture(encoded(image, "png")).data.startswith(b"\xff\xd8")


def test_drawing_is_kept_without_loss():
    assert parse_picture(encoded(picture(), "png")).data.startswith(b"\x89PNG")


def test_picture_beyond_the_limit_is_refused_before_it_is_decoded():
    assert code_of(png_that_claims(60_000, 60_000)) is ErrorCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        png_that_claims(100, 100),
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%PDF-1.4\n",
    ],
    ids=["empty", "text", "damaged", "svg", "pdf"],
)
def test_what_is_no_picture_is_refused(data):
    assert code_of(data) is ErrorCode.NOT_AN_IMAGE


def test_picture_cut_short_is_refused():
    data = encoded(picture(300, 300), "png")
    assert code_of(data[: len(data) // 2]) is ErrorCode.NOT_AN_IMAGE


def test_picture_is_read_from_a_file_with_an_awkward_name(tmp_path):
    path = tmp_path / "写真 (1).PNG"
    path.write_bytes(encoded(picture(), "png"))
    assert read_picture(path).width_px == 40


def test_missing_file_says_so(tmp_path):
    with pytest.raises(AppError) as caught:
        read_picture(tmp_path / "no.png")
    assert caught.value.code is ErrorCode.NOT_FOUND
