"""A PDF of coloured pages, small enough to be written by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

Rgb = tuple[int, int, int]

COLOURS: Sequence[Rgb] = ((200, 40, 40), (40, 140, 60), (50, 70, 200), (180, 140, 30))


def write_pdf(
    path: Path, pages: int = 3, width_pt: float = 960.0, height_pt: float = 540.0
) -> str:
    """Write pages with their left upper quarter in a colour; return the id of the document."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for number in range(pages):
        content = _content(COLOURS[number % len(COLOURS)], width_pt, height_pt)
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width_pt} {height_pt}]"
            f"/Contents {len(objects) + 2} 0 R>>".encode()
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    objects[1] = f"<</Type/Pages/Count {pages}/Kids[{' '.join(kids)}]>>".encode()
    path.write_bytes(_file(objects))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _content(rgb: Rgb, width_pt: float, height_pt: float) -> bytes:
    colour = " ".join(f"{part / 255:.4f}" for part in rgb)
    half = f"0 {height_pt / 2} {width_pt / 2} {height_pt / 2}"
    return f"{colour} rg {half} re f".encode()


def _file(objects: Sequence[bytes]) -> bytes:
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return data + head + table + end % (len(objects) + 1, len(data))
