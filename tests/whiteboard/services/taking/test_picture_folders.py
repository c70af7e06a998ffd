import os

import pillow_heif
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage

from base.errors import AppError, ErrorCode
from whiteboard.services.taking.picture_folders import find_pictures, read_thumbnail


def save(path, width=40, height=30, modified_s=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#d03030"))
    assert image.save(str(path))
    if modified_s is not None:
        os.utime(path, (modified_s, modified_s))
    return path


def names(folder, **options):
    return [found.path.name for found in find_pictures(folder, **options)]


def test_newest_picture_comes_first(tmp_path):
    save(tmp_path / "old.png", modified_s=1_000)
    save(tmp_path / "new.jpg", modified_s=2_000)
    assert names(tmp_path) == ["new.jpg", "old.png"]


def test_pictures_in_folders_are_found(tmp_path):
    save(tmp_path / "DCIM" / "100" / "夏祭り.JPG")
    assert names(tmp_path) == ["夏祭り.JPG"]


def test_other_files_and_hidden_ones_are_passed_over(tmp_path):
    save(tmp_path / ".Trash" / "a.png")
    save(tmp_path / ".b.png")
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    assert names(tmp_path) == []


def test_only_so_many_are_shown(tmp_path):
    for n in range(5):
        save(tmp_path / f"{n}.png", modified_s=1_000 + n)
    assert names(tmp_path, most=2) == ["4.png", "3.png"]


def test_folder_that_is_not_there_has_no_pictures(tmp_path):
    assert names(tmp_path / "gone") == []


def test_link_that_leads_in_a_circle_does_no_harm(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names(tmp_path) == ["a.png"]


def test_thumbnail_is_small_and_keeps_its_shape(tmp_path, qapp):
    picture = read_thumbnail(save(tmp_path / "a.jpg", 1600, 800), 200)
    assert (picture.width(), picture.height()) == (200, 100)


def test_photograph_of_a_telephone_is_found_and_has_a_thumbnail(tmp_path, qapp):
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (600, 400), "red")).save(path)
    assert [one.path for one in find_pictures(tmp_path)] == [path]
    image = read_thumbnail(path, 150)
    assert (image.width(), image.height()) == (150, 100)


def test_small_picture_stays_as_it_is(tmp_path, qapp):
    assert read_thumbnail(save(tmp_path / "a.png"), 200).width() == 40


@pytest.mark.parametrize("data", [b"", b"nope", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_file_that_is_no_picture_is_refused(tmp_path, qapp, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(AppError) as refused:
        read_thumbnail(path, 200)
    assert refused.value.code is ErrorCode.NOT_AN_IMAGE


def test_picture_that_is_gone_is_not_found(tmp_path, qapp):
    with pytest.raises(AppError) as refused:
        read_thumbnail(tmp_path / "a.png", 200)
    assert refused.value.code is ErrorCode.NOT_FOUND
