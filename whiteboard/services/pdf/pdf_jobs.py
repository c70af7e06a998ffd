"""The long jobs with PDFs, as `RenderPool.run` starts them: plain arguments, plain results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.pdf.pdf_export import (
    PdfExportOptions,
    PdfMode,
    Source,
    export_document,
)
from whiteboard.services.pdf.pdf_ink import InkedPage, InkRead, read_ink
from whiteboard.services.pdf.pdf_package import (
    PackageWriter,
    PackedItem,
    PackedPage,
    open_package,
)

READ_JOB: Final = "whiteboard.services.pdf.pdf_jobs:run_read"


def run_export(
    progress: Callable[[float], None],
    *,
    package: str,
    sources: Sequence[Mapping[str, str]],
    target: str,
    mode: str,
    is_decrypted: bool,
    people: Mapping[str, str],
    when: str,
) -> bool:
    """Write a PDF; see `pdf_export.export_document`.

    Args:
        progress: Gets the share that is done.
        package: File of `pdf_packing.pack_pages`.
        sources: The fields of `Source` of each document.
        target: The file.
        mode: Value of a `PdfMode`.
        is_decrypted: See `PdfExportOptions`.
        people: The same.
        when: The same, in ISO 8601.
    """
    options = PdfExportOptions(
        PdfMode(mode), is_decrypted, people, datetime.fromisoformat(when)
    )
    documents = [Source(**source) for source in sources]
    return export_document(package, documents, target, options, progress=progress)


def run_read(
    progress: Callable[[float], None],
    *,
    path: str,
    sheets: str,
    result: str,
    password: str,
) -> bool:
    """Take our ink out of a PDF; see `pdf_ink.read_ink`.

    Args:
        progress: Gets 1 at the end.
        path: Any PDF.
        sheets: Where the file without ink goes.
        result: Where the ink goes, a new file for `load_ink`.
        password: What opens the file.

    Returns:
        False when the file has nothing of ours; nothing was written then.
    """
    read = read_ink(Path(path), Path(sheets), password=password)
    if read is not None:
        with disk_errors(Path(result)):
            _store(read, Path(result))
    progress(1.0)
    return read is not None


def _store(read: InkRead, result: Path) -> None:
    writer = PackageWriter(result)
    try:
        for sha256, data in read.assets.items():
            writer.add_asset(sha256, data)
        for page in read.pages:
            width, height = page.size.width_pt, page.size.height_pt
            sheet = SheetRef("", page.sheet) if page.sheet is not None else None
            items = tuple(PackedItem(item) for item in page.items)
            extent = Rect(0.0, 0.0, width, height)
            writer.add_page(
                PackedPage(
                    "", width, height, page.background, extent, (0, 0, 0), sheet, (), items
                )
            )
        writer.close("")
    finally:
        writer.discard()


def load_ink(result: Path, sheets: Path) -> InkRead:
    """Return what `run_read` found. Blocks; for worker threads.

    Args:
        result: As given to `run_read`.
        sheets: The same.

    Raises:
        ValueError: the file is none of `run_read`.
        AppError: what the disk says.
    """
    with disk_errors(result), open_package(result) as package:
        pages = tuple(
            InkedPage(
                page.sheet.number if page.sheet is not None else None,
                page.background,
                SheetSize(page.width_pt, page.height_pt),
                tuple(one.item for one in page.items),
            )
            for page in package.pages()
        )
        assets = {name: package.asset(name) for name in package.asset_names()}
    has_sheets = any(page.sheet is not None for page in pages)
    return InkRead(sheets if has_sheets else None, pages, assets)
