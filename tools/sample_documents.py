"""Documents as they are brought to a display, made by code: the same seed, the same file.

    python -m tools.sample_documents slides /tmp/slides.pdf
    python -m tools.sample_documents deck /tmp/deck.pptx --pages 200

The large ones take up to a minute; `cached` makes each once for a folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import sample_office, sample_pdfs

EDITION: Final = 1
"""Counted up when the code makes different files, so that none out of a cache is taken."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A document that can be made.

    Attributes:
        suffix: Of its file name.
        pages: How many it has unless said otherwise.
        write: Makes it: path, pages, seed.
        what: In a few words.
    """

    suffix: str
    pages: int
    write: Callable[[Path, int, int], None]
    what: str


KINDS: Final = {
    "slides": Kind(".pdf", 200, sample_pdfs.write_slides, "a deck of slides as PDF"),
    "report": Kind(".pdf", 500, sample_pdfs.write_report, "dense text, outline, links"),
    "drawings": Kind(".pdf", 1000, sample_pdfs.write_drawings, "building plans, A1 and A3"),
    "photos": Kind(".pdf", 40, sample_pdfs.write_photos, "photographs, 120 MB"),
    "deck": Kind(".pptx", 20, sample_office.write_deck, "PowerPoint with speaker notes"),
    "letter": Kind(".docx", 2, sample_office.write_letter, "Word"),
    "sheet": Kind(".xlsx", 1, sample_office.write_sheet, "Excel"),
    "odp": Kind(".odp", 4, sample_office.write_odp, "OpenDocument presentation"),
}


def cached(kind: str, folder: Path, pages: int | None = None, seed: int = 1) -> Path:
    """Return a document of a kind, made when the folder does not have it yet.

    Args:
        kind: Key of `KINDS`.
        folder: Where it is kept; made when missing.
        pages: How many; None for the kind's own number.
        seed: Another one gives another document.
    """
    made = KINDS[kind]
    count = pages or made.pages
    path = folder / f"{kind}-{count}-{seed}-{EDITION}{made.suffix}"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{os.getpid()}-{path.name}")
        made.write(half, count, seed)
        half.replace(path)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one document."""
    words = "; ".join(f"{name}: {kind.what}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(description=f"Makes a document. {words}.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    kind = KINDS[chosen.kind]
    kind.write(chosen.out, chosen.pages or kind.pages, chosen.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
