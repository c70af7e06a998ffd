"""The ways around what a version of the binding, or a file system, may not allow."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pymupdf import mupdf

from tests.support import pdfs
from whiteboard.services.rendering import sheet_document
from whiteboard.services.rendering.native_memory import Mapped
from whiteboard.services.rendering.sheet_document import Part, SheetDocument

PART = Part(0, 2.0, 10, 10, 300, 150)


def painted(path: Path) -> bytes:
    """Return the pixels of a part of the first sheet."""
    file, memory = os.open(path, os.O_RDONLY), os.memfd_create("sheet")
    os.ftruncate(memory, 4 * PART.width * PART.height)
    document = SheetDocument(file, "", mupdf.fz_cookie())
    pixels = Mapped(memory, 4 * PART.width * PART.height)
    document.render(0, PART, pixels)
    pixels.close()
    document.close()
    found = os.pread(memory, 4 * PART.width * PART.height, 0)
    os.close(file)
    os.close(memory)
    return found


def no_pointer(_address: int) -> None:
    return None


def no_mapping(*_arguments: object, is_read_only: bool = False) -> Mapped:
    if is_read_only:
        raise OSError("not here")
    return Mapped(*_arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "instead"), [("samples_at", no_pointer), ("Mapped", no_mapping)]
)
def test_pixels_are_the_same_the_slow_way(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    instead: Callable[..., object],
) -> None:
    path = pdfs.colour_pdf(tmp_path / "c.pdf")
    fast = painted(path)
    monkeypatch.setattr(sheet_document, name, instead)
    assert painted(path) == fast
    assert len(set(fast)) > 1
