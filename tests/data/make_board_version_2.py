"""Makes `board-version-2.kokuban`: what version 1 had, a document under a page, its notes.

Run once, with the program that wrote version 2, from the top folder:
`python -m tests.data.make_board_version_2 FILE`
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from tests.data.make_board_version_1 import PICTURE, write_kinds, write_stroke
from whiteboard.model.board import Board
from whiteboard.model.document import SheetRef
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import BoardFile, keep_board

NOTE = "ここで参加者に意見を聞く"
_OBJECTS = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 720 405]/Contents 4 0 R>>",
    b"<</Length 31>>stream\n0.2 0.5 0.4 rg 72 72 200 90 re f\nendstream",
)


def document() -> bytes:
    """Return a PDF of one slide."""
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(_OBJECTS, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 5\n0000000000 65535 f \n"
    end = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + head + table + end


def make(path: Path) -> None:
    """Write the file: a compacted session, then a short one that stays as a log."""
    numbers = iter(range(1, 1000))
    board = Board(lambda: f"v2-{next(numbers)}")
    file = BoardFile.create(path, title="形式 1 の黒板")
    keep_board(board, file)
    pdf = path.with_name("document.pdf")
    pdf.write_bytes(document())
    name = hashlib.sha256(document()).hexdigest()
    with board.change("haru") as edit:
        edit.add_document(name, "説明会.pptx", 1, hashlib.sha256(b"pptx").hexdigest())
        first = edit.add_page(0, Background(), 720.0, 405.0, SheetRef(name, 0, 1))
        edit.add_page(1, Background(Surface.WHITE, Ruling.GENKO))
        edit.set_title("形式 1 の黒板")
    file.put_document(name, pdf)
    file.set_note(first, NOTE)
    picture = file.put_asset(PICTURE)
    write_kinds(board, first, picture)
    for number in range(40):
        write_stroke(board, first, 10.0 + number)
    file.set_thumbnail(first, PICTURE)
    file.close()

    file = BoardFile.open(path)
    board = Board(lambda: f"v2b-{next(numbers)}", file.board_update)
    keep_board(board, file)
    write_stroke(board, first, 100.0)
    with board.change("haru") as edit:
        stroke = next(i for i, item in board.items(first).items() if item.z == 20.0)
        edit.remove(stroke)
    file.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "board.kokuban"
        make(made)
        shutil.copyfile(made, sys.argv[1])
        print(hashlib.sha256(made.read_bytes()).hexdigest())  # noqa: T201
