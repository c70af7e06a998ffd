"""A corpus of odd documents made by code: broken, wicked, or only unusual.

    python -m tools.odd_documents /tmp/odd
    python -m tools.odd_documents /tmp/odd --family trees

Whoever opens one of them has to show a page or say a sentence, soon, and live on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import odd_files, odd_pdfs
from tools.odd_pdfs import Cases, Maker

PDF_FAMILIES: Final[dict[str, Callable[[], Cases]]] = {
    "damaged": odd_pdfs.damaged,
    "tables": odd_pdfs.tables,
    "trees": odd_pdfs.trees,
    "boxes": odd_pdfs.boxes,
    "streams": odd_pdfs.streams,
    "nests": odd_pdfs.nests,
    "images": odd_pdfs.pictures,
    "fonts": odd_pdfs.fonts,
    "actions": odd_pdfs.actions,
    "encrypted": odd_pdfs.encrypted,
}
FILE_FAMILIES: Final[dict[str, Callable[[], Cases]]] = {
    "claims": odd_files.claims,
    "pictures": odd_files.pictures,
    "office": odd_files.office,
    "xournal": odd_files.xournal,
}


@dataclass(frozen=True, slots=True)
class OddDocument:
    """One odd file.

    Attributes:
        family: What is odd about it, roughly.
        name: Of the file, with its suffix; unique in the corpus.
        make: Returns its bytes; may take seconds.
    """

    family: str
    name: str
    make: Maker

    def write(self, folder: Path) -> Path:
        """Write it into a folder and return where."""
        path = folder / self.name
        path.write_bytes(self.make())
        return path


@dataclass(frozen=True, slots=True)
class OddPlace:
    """Something in a folder that has a document's name and is no file of bytes.

    Attributes:
        name: With its suffix.
        put: Makes it at a path.
    """

    name: str
    put: Callable[[Path], None]

    def write(self, folder: Path) -> Path:
        """Put it into a folder and return where."""
        path = folder / self.name
        self.put(path)
        return path


PLACES: Final = (
    OddPlace("folder.pdf", Path.mkdir),
    OddPlace("pipe.pdf", os.mkfifo),
    OddPlace("endless.pdf", lambda path: path.symlink_to("/dev/zero")),
    OddPlace("terminal.png", lambda path: path.symlink_to("/dev/tty")),
    OddPlace("dangling.pdf", lambda path: path.symlink_to("nowhere.pdf")),
    OddPlace("loop.pdf", lambda path: path.symlink_to(path.name)),
    OddPlace("missing.pdf", lambda _path: None),
    OddPlace("kernel.pdf", lambda path: path.symlink_to("/proc/self/mem")),
    OddPlace("nothing-readable.pdf", lambda path: path.symlink_to("/proc/1/environ")),
)


def odd_documents() -> Iterator[OddDocument]:
    """Yield the corpus, PDFs first; nothing is made before it is asked for."""
    for family, cases in PDF_FAMILIES.items():
        for name, make in cases():
            yield OddDocument(family, f"{name}.pdf", make)
    for family, cases in FILE_FAMILIES.items():
        for name, make in cases():
            yield OddDocument(family, name, make)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpus into a folder, a folder a family."""
    parser = argparse.ArgumentParser(description="Writes odd documents into a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", choices=[*PDF_FAMILIES, *FILE_FAMILIES])
    chosen = parser.parse_args(arguments)
    count = 0
    for odd in odd_documents():
        if chosen.family in (None, odd.family):
            folder = chosen.folder / odd.family
            folder.mkdir(parents=True, exist_ok=True)
            odd.write(folder)
            count += 1
    print(f"{count} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
