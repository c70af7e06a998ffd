from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from tests.support.board_samples import new_board, write_strokes
from whiteboard.services.boards.board_file import BoardFile, keep_thumbnail
from whiteboard.services.boards.board_pictures import (
    MadePicture,
    MissingPictures,
    paint_first_page,
    read_first_page,
)
from whiteboard.services.boards.board_store import BoardStore
from whiteboard.services.painting.page_picture import HEIGHT_PX, WIDTH_PX
from whiteboard.services.taking.board_jobs import Jobs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A board with ink and no picture."""
    file = BoardFile.create(tmp_path / "a.kokuban")
    board = new_board(pages=2)
    write_strokes(board, 5)
    file.append(board.state())
    file.set_page_ids([page.id for page in board.pages])
    file.close()
    return file.path


@pytest.fixture
def pictures(qapp) -> Iterator[MissingPictures]:
    worker = Worker("pictures-test", on_error=lambda _error: None)
    jobs = Jobs(worker, lambda _error: None)
    made = MissingPictures(jobs, jobs)
    yield made
    made.rest()
    worker.shutdown()
    jobs.shutdown()


def never() -> bool:
    return False


def kept(path: Path) -> bytes | None:
    first = read_first_page(path)
    store = BoardStore.open_for_reading(path)
    try:
        return None if first is None else store.thumbnail(first.page.id)
    finally:
        store.close()


def test_first_page_is_painted_with_its_ink(qapp, path: Path) -> None:
    first = read_first_page(path)
    assert first is not None
    assert len(first.items) == 5
    png = paint_first_page(first, never)
    assert png is not None
    image = QImage.fromData(png)
    assert (image.width(), image.height()) == (WIDTH_PX, HEIGHT_PX)
    bare = image.pixelColor(WIDTH_PX - 3, HEIGHT_PX - 3)
    colours = {image.pixelColor(x, y).rgb() for x in range(200) for y in range(HEIGHT_PX)}
    assert colours - {bare.rgb()} != set()


def test_painting_that_nobody_wants_any_more_ends(qapp, path: Path) -> None:
    first = read_first_page(path)
    assert first is not None
    assert paint_first_page(first, lambda: True) is None


def test_damaged_board_has_no_first_page(path: Path) -> None:
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    assert read_first_page(path) is None


def test_picture_is_told_and_kept_in_the_file(
    pictures: MissingPictures, path: Path, qtbot
) -> None:
    with qtbot.waitSignal(pictures.made) as heard:
        pictures.want(path)
    (made,) = heard.args
    assert isinstance(made, MadePicture)
    assert made.path == path
    qtbot.waitUntil(lambda: kept(path) == made.png)


def test_board_that_cannot_be_read_keeps_nobody_waiting(
    pictures: MissingPictures, path: Path, qtbot
) -> None:
    with qtbot.waitSignal(pictures.made) as heard:
        pictures.want(path.with_name("gone.kokuban"))
        pictures.want(path)
    assert heard.args[0].path == path


def test_picture_is_not_put_into_a_board_that_somebody_has_open(path: Path) -> None:
    first = read_first_page(path)
    assert first is not None
    file = BoardFile.open(path)
    with pytest.raises(AppError) as caught:
        keep_thumbnail(path, first.page.id, b"png", first.log_mark)
    assert caught.value.code is ErrorCode.BOARD_IN_USE
    file.close()


def test_picture_of_older_ink_is_not_kept(path: Path) -> None:
    first = read_first_page(path)
    assert first is not None
    file = BoardFile.open(path)
    board = new_board()
    write_strokes(board, 1)
    file.append(board.state())
    file.close()
    keep_thumbnail(path, first.page.id, b"old", first.log_mark)
    assert kept(path) is None
