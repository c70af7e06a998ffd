"""Pictures on sheets, looked at by MuPDF."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageOps

from base.errors import AppError, ErrorCode
from tests.support.full_disk import full_disk
from whiteboard.services.documents.image_documents import make_pdf
from whiteboard.services.documents.image_folders import natural_order

SIZE = (300, 180)


def picture() -> Image.Image:
    """Return a picture whose four corners differ."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[: SIZE[1] // 2, : SIZE[0] // 2] = (220, 30, 30)
    pixels[SIZE[1] // 2 :, : SIZE[0] // 2] = (30, 200, 30)
    pixels[: SIZE[1] // 2, SIZE[0] // 2 :] = (30, 30, 220)
    return Image.fromarray(pixels)


def shown(path: Path, number: int = 0, width: int = 300) -> np.ndarray:
    """Return the pixels of a sheet."""
    with pymupdf.open(path) as document:
        page = document[number]
        scale = width / page.rect.width
        pixels = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale))
        flat = np.frombuffer(pixels.samples, np.uint8)
        return flat.reshape(pixels.height, pixels.width, 3).copy()


def make(tmp_path: Path, *sources: Path) -> tuple[Path, dict[str, object]]:
    target = tmp_path / "made.pdf"
    found = make_pdf(lambda _: None, [str(source) for source in sources], str(target))
    return target, dict(found)


def test_sheet_shows_the_picture(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    target, _ = make(tmp_path, tmp_path / "a.png")
    assert np.array_equal(shown(target), np.asarray(picture()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_upright_whatever_its_camera_noted(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    picture().save(path, exif=exif, quality=95)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB")).astype(int)
    target, _ = make(tmp_path, path)
    seen = shown(target, width=upright.shape[1]).astype(int)
    assert seen.shape == upright.shape
    assert np.abs(seen - upright).mean() < 2


def test_jpeg_goes_in_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    picture().save(path, quality=95)
    target, _ = make(tmp_path, path)
    with pymupdf.open(target) as document:
        ((reference, *_),) = document[0].get_images()
        assert document.xref_stream_raw(reference) == path.read_bytes()


def test_tiff_has_a_sheet_for_each_page_in_the_size_of_its_paper(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    page = Image.new("1", (2480, 3508), 1)  # A4 at 300 dpi
    page.save(path, save_all=True, append_images=[page, page.rotate(90, expand=True)],
              dpi=(300, 300), compression="group4")  # fmt: skip
    target, found = make(tmp_path, path)
    assert found["sheets"] == 3
    with pymupdf.open(target) as document:
        sizes = [(round(p.rect.width), round(p.rect.height)) for p in document]
    assert sizes == [(595, 842), (595, 842), (842, 595)]


def test_clear_parts_are_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 20, 40))
    clear.save(tmp_path / "a.png")
    target, _ = make(tmp_path, tmp_path / "a.png")
    seen = shown(target, width=40)
    assert [seen[20, 5].tolist(), seen[20, 35].tolist()] == [[0, 0, 255], [255, 255, 255]]


def test_picture_of_sixteen_bits_keeps_its_greys(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(64, axis=0)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    target, _ = make(tmp_path, tmp_path / "a.png")
    seen = shown(target, width=256)[32, :, 0].astype(int)
    assert np.abs(seen - np.arange(256)).max() <= 2


def test_jpeg_cut_short_shows_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((600, 400), 60).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    target, found = make(tmp_path, path)
    assert found["skipped"] == []
    assert shown(target)[20].std() > 10


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    _, found = make(tmp_path, tmp_path / "a.png", tmp_path / "b.png")
    assert (found["sheets"], found["skipped"]) == (1, ["b.png"])


def test_only_unreadable_pictures_are_no_document(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    with pytest.raises(AppError) as caught:
        make(tmp_path, tmp_path / "b.png")
    assert caught.value.code is ErrorCode.NOT_AN_IMAGE


def test_stick_that_is_pulled_is_told(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    with pytest.raises(AppError) as caught:
        make(tmp_path, tmp_path / "a.png", tmp_path / "stick" / "b.png")
    assert caught.value.code is ErrorCode.MEDIUM_GONE


def test_full_disk_is_told(tmp_path: Path) -> None:
    Image.effect_noise((600, 400), 60).save(tmp_path / "a.png")
    with full_disk(10_000), pytest.raises(AppError) as caught:
        make(tmp_path, tmp_path / "a.png")
    assert caught.value.code is ErrorCode.DISK_FULL


def test_huge_jpeg_is_decoded_at_a_part_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "plan.jpg"
    Image.new("L", (12_000, 8_000), 180).save(path)
    target, found = make(tmp_path, path)
    assert found["reduced"] == ["plan.jpg"]
    with pymupdf.open(target) as document:
        ((_, _, width, height, *_),) = document[0].get_images()
    assert (width, height) == (6000, 4000)


def test_names_are_in_natural_order() -> None:
    names = [
        "スライド10.PNG",
        "スライド2.PNG",
        "スライド１.PNG",
        "a.png",
        "B.png",
        "10.png",
        "9.png",
    ]
    assert sorted(names, key=natural_order) == [
        "9.png",
        "10.png",
        "a.png",
        "B.png",
        "スライド１.PNG",
        "スライド2.PNG",
        "スライド10.PNG",
    ]
