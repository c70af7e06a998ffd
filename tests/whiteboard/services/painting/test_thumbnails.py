from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from base.board_doc import Affine, BrushKind, ImageItem, StrokeItem
from base.tasks import Worker
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.model.palette import BOARD_RGB, ink_rgb
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.page_picture import HEIGHT_PX, WIDTH_PX, to_png
from whiteboard.services.painting.thumbnails import SLICE_S, Thumbnails

WHITE = Background(Surface.WHITE, Ruling.NONE)


@pytest.fixture
def worker() -> Iterator[Worker]:
    failures: list[Exception] = []
    made = Worker("test", on_error=failures.append)
    yield made
    made.shutdown()
    assert failures == []


@pytest.fixture
def board(qapp, tmp_path: Path, worker: Worker) -> Iterator[OpenBoard]:
    file = BoardFile.create(tmp_path / "board.kokuban")
    made = OpenBoard(file, 1_000_000, worker)
    made.ensure_page(WHITE)
    yield made
    made.deleteLater()
    worker.drain(5.0)
    file.close()


@pytest.fixture
def thumbnails(board: OpenBoard, worker: Worker) -> Iterator[Thumbnails]:
    made = Thumbnails(board, worker)
    yield made
    made.shutdown()
    made.deleteLater()


def line(y: float, colour: int = 2, width_pt: float = 30.0) -> StrokeItem:
    samples = np.zeros((20, 5))
    samples[:, 0] = np.linspace(100.0, 1300.0, 20)
    samples[:, 1] = y
    samples[:, 2] = 0.5
    samples[:, 3] = np.linspace(0.0, 0.4, 20)
    return StrokeItem.from_samples(
        samples,
        page="-",
        z=0.0,
        author="",
        brush=BrushKind.PEN,
        colour=colour,
        width_pt=width_pt,
        has_pressure=False,
    )


def draw(board: OpenBoard, y: float, **options) -> str:
    (item_id,) = board.add_items("aoi", board.board.pages[0].id, (line(y, **options),))
    return item_id


def painted(qtbot, thumbnails: Thumbnails, page_id: str) -> QImage:
    """Return the thumbnail as it is when all work is done."""
    fresh = thumbnails.image(page_id)
    while fresh is None or thumbnails.has_work:
        with qtbot.waitSignal(thumbnails.painted):
            pass
        fresh = thumbnails.image(page_id)
    return fresh


def rgb_at(image: QImage, x_pt: float, y_pt: float, page_width_pt: float = 1440.0):
    scale = WIDTH_PX / page_width_pt
    colour = image.pixelColor(round(x_pt * scale), round(y_pt * scale))
    return colour.red(), colour.green(), colour.blue()


def test_page_without_a_picture_gets_one(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    assert thumbnails.image(page_id) is None
    picture = painted(qtbot, thumbnails, page_id)
    assert (picture.width(), picture.height()) == (WIDTH_PX, HEIGHT_PX)
    assert rgb_at(picture, 700, 400) == ink_rgb(2, is_dark=False)
    assert rgb_at(picture, 700, 200) == BOARD_RGB[Surface.WHITE]


def test_new_stroke_is_painted_over_the_picture(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    painted(qtbot, thumbnails, page_id)
    draw(board, 600.0, colour=3)
    picture = painted(qtbot, thumbnails, page_id)
    assert rgb_at(picture, 700, 400) == ink_rgb(2, is_dark=False)
    assert rgb_at(picture, 700, 600) == ink_rgb(3, is_dark=False)


def test_erased_stroke_leaves_the_picture(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    item_id = draw(board, 400.0)
    painted(qtbot, thumbnails, page_id)
    with board.board.change("aoi") as edit:
        edit.remove(item_id)
    picture = painted(qtbot, thumbnails, page_id)
    assert rgb_at(picture, 700, 400) == BOARD_RGB[Surface.WHITE]


def test_undone_stroke_leaves_the_picture(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    painted(qtbot, thumbnails, page_id)
    board.board.undo("aoi")
    picture = painted(qtbot, thumbnails, page_id)
    assert rgb_at(picture, 700, 400) == BOARD_RGB[Surface.WHITE]


def test_other_background_is_painted(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    painted(qtbot, thumbnails, page_id)
    with board.board.change("aoi") as edit:
        edit.set_background(page_id, Background(Surface.BLACKBOARD, Ruling.NONE))
    picture = painted(qtbot, thumbnails, page_id)
    assert rgb_at(picture, 700, 400) == ink_rgb(2, is_dark=True)


def test_ink_beyond_the_page_is_seen(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    draw(board, 1600.0)
    picture = painted(qtbot, thumbnails, page_id)
    red = ink_rgb(2, is_dark=False)
    seen = {picture.pixelColor(x, HEIGHT_PX - 4).getRgb()[:3] for x in range(WIDTH_PX)}
    assert red in seen


def test_nothing_is_painted_while_a_hand_writes(board, thumbnails, qtbot) -> None:
    page_id = board.board.pages[0].id
    thumbnails.set_writing(True)
    thumbnails.image(page_id)
    with qtbot.assertNotEmitted(thumbnails.painted, wait=60):
        pass
    with qtbot.waitSignal(thumbnails.painted) as heard:
        thumbnails.set_writing(False)
    assert heard.args == [page_id]


def test_page_that_changes_while_it_is_painted_is_painted_as_it_is_then(
    board, thumbnails, qtbot
) -> None:
    page_id = board.board.pages[0].id
    for y in range(0, 800, 4):
        draw(board, float(y), width_pt=2.0)
    thumbnails.image(page_id)
    thumbnails.step_for_s(0.0)
    draw(board, 400.0, colour=3)
    picture = painted(qtbot, thumbnails, page_id)
    assert rgb_at(picture, 700, 400) == ink_rgb(3, is_dark=False)


def test_work_stops_when_its_time_is_over(board, worker) -> None:
    clock = iter(np.arange(0.0, 1000.0, SLICE_S / 2).tolist())
    made = Thumbnails(board, worker, now_s=lambda: next(clock))
    for y in range(0, 800, 4):
        draw(board, float(y))
    made.image(board.board.pages[0].id)
    made.step_for_s(SLICE_S)
    assert made.has_work
    made.shutdown()
    made.deleteLater()


def test_list_gets_the_first_page_before_others(board, thumbnails, worker, qtbot) -> None:
    with board.board.change("aoi") as edit:
        second = edit.add_page(1, WHITE)
    board.add_items("aoi", second, (line(300.0),))
    draw(board, 400.0)
    kept: list[str] = []
    thumbnails.kept.connect(kept.append)
    thumbnails.freshen()
    qtbot.waitUntil(lambda: len(kept) == 2)
    assert kept == [page.id for page in board.board.pages]
    png = board.file.thumbnail(kept[0])
    assert png is not None
    assert QImage.fromData(png).width() == WIDTH_PX


def test_board_that_is_left_paints_nothing_more(board, worker) -> None:
    clock = iter(np.arange(0.0, 1000.0, 10.0).tolist())
    made = Thumbnails(board, worker, now_s=lambda: next(clock))
    painted_pages: list[str] = []
    made.painted.connect(painted_pages.append)
    for y in range(0, 800, 4):
        draw(board, float(y))
    made.leave()
    assert painted_pages == []
    made.shutdown()
    made.deleteLater()


def test_board_that_is_left_keeps_no_picture_that_is_not_so(
    board, thumbnails, worker, qtbot
) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    painted(qtbot, thumbnails, page_id)
    draw(board, 600.0)
    thumbnails.leave()
    worker.drain(20)
    assert board.file.flush()
    assert board.file.thumbnail(page_id) is None


def test_board_that_is_left_keeps_the_picture_that_is_so(
    board, thumbnails, worker, qtbot
) -> None:
    page_id = board.board.pages[0].id
    draw(board, 400.0)
    with qtbot.waitSignal(thumbnails.kept):
        painted(qtbot, thumbnails, page_id)
    thumbnails.leave()
    worker.drain(20)
    assert board.file.flush()
    assert board.file.thumbnail(page_id) is not None


def test_board_that_nobody_touched_keeps_its_picture(board, worker) -> None:
    page_id = board.board.pages[0].id
    board.file.set_thumbnail(page_id, b"as it was")
    made = Thumbnails(board, worker)
    made.leave()
    worker.drain(20)
    assert board.file.flush()
    assert board.file.thumbnail(page_id) == b"as it was"
    made.shutdown()
    made.deleteLater()


def test_quiet_board_gives_its_picture_to_the_file(board, thumbnails, worker, qtbot) -> None:
    draw(board, 400.0)
    page_id = board.board.pages[0].id

    def is_kept() -> bool:
        worker.drain(1.0)
        board.file.flush()
        return board.file.thumbnail(page_id) is not None

    qtbot.waitUntil(is_kept)


def test_late_photo_comes_into_the_picture(board, thumbnails, worker, qtbot) -> None:
    page_id = board.board.pages[0].id
    photo = QImage(40, 40, QImage.Format.Format_RGB32)
    photo.fill(0xFF00FF00)
    sha256 = board.file.put_asset(to_png(photo))
    box = Affine.upright(400.0, 200.0, 400.0, 400.0)
    board.add_items("aoi", page_id, (ImageItem("-", 0.0, "", box, sha256),))
    thumbnails.image(page_id)
    qtbot.waitUntil(
        lambda: rgb_at(painted(qtbot, thumbnails, page_id), 600, 400) == (0, 255, 0)
    )


def test_removed_page_is_forgotten(board, thumbnails, qtbot) -> None:
    with board.board.change("aoi") as edit:
        second = edit.add_page(1, WHITE)
    painted(qtbot, thumbnails, second)
    with board.board.change("aoi") as edit:
        edit.remove_page(second)
    assert thumbnails.image(second) is None
    thumbnails.freshen()
    qtbot.waitUntil(lambda: not thumbnails.has_work)
    assert thumbnails.image(second) is None


def test_png_can_be_read_again() -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    again = QImage.fromData(to_png(image))
    assert again.pixelColor(3, 3).name() == "#336699"
