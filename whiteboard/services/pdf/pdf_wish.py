"""What the two ends of a PDF export agree on; light enough for the display's own process."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

EXPORT_JOB: Final = "whiteboard.services.pdf.pdf_jobs:run_export"
"""The function that writes, for a process of its own."""


class PdfMode(StrEnum):
    """How ink is in the file."""

    ANNOTATED = "annotated"
    FLATTENED = "flattened"


def partial_path(target: Path) -> Path:
    """Return where a file is written before it gets its name."""
    return target.with_name(f".{target.name}.part")
