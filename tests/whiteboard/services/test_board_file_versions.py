"""Files of every format version, as the programs of their time wrote them, open today."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from base.board_doc import ImageItem, Kind, StrokeItem, TextItem
from tests.support.board_samples import counting_ids
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.board_store import APPLICATION_ID, FORMAT_VERSION

DATA = Path(__file__).parents[2] / "data"
VERSIONS = sorted(DATA.glob("board-version-*.kokuban"))


@pytest.fixture(params=VERSIONS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest, data_dir: Path) -> Path:
    return Path(shutil.copy(request.param, data_dir))


def test_there_is_a_file_of_every_version() -> None:
    names = [f"board-version-{n}.kokuban" for n in range(1, FORMAT_VERSION + 1)]
    assert [version.name for version in VERSIONS] == names


def test_every_kind_of_item_is_read(path: Path) -> None:
    file = BoardFile.open(path)
    file.close()
    board = Board(counting_ids(), file.board_update)
    items = list(board.items(board.pages[0].id).values())
    kinds = {item.kind for item in items}
    texts = [item.text for item in items if isinstance(item, TextItem)]
    strokes = [item for item in items if isinstance(item, StrokeItem)]
    assert board.unreadable == 0
    assert kinds == set(Kind)
    assert texts == ["ようこそ"]
    assert len(strokes) == 40
    assert (len(board.pages), str(board.pages[1].background)) == (2, "white/genko")


def test_titles_pictures_and_thumbnails_are_read(path: Path) -> None:
    file = BoardFile.open(path)
    board = Board(counting_ids(), file.board_update)
    first = board.pages[0].id
    (picture,) = [i for i in board.items(first).values() if isinstance(i, ImageItem)]
    assert file.title == board.title == "形式 1 の黒板"
    assert file.asset(picture.sha256).startswith(b"\x89PNG")
    assert file.thumbnail(first) == file.asset(picture.sha256)
    file.close()


def test_file_says_what_it_is(path: Path) -> None:
    connection = sqlite3.connect(path)
    found = [connection.execute(f"PRAGMA {name}").fetchall()[0][0]
             for name in ("application_id", "page_size", "auto_vacuum")]  # fmt: skip
    connection.close()
    assert found == [APPLICATION_ID, 4096, 2]
