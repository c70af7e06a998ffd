"""The cache of documents."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from tests.support.full_disk import full_disk
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.documents.document_store import (
    CancelledError,
    Conversion,
    DocumentStore,
)

SIZE = 3_000_000


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A file; the cache does not look into documents."""
    path = tmp_path / "資料.pdf"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    return path


@pytest.fixture
def store(data_dir: Path) -> DocumentStore:
    return DocumentStore(data_dir)


def name_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(store: DocumentStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()}


def test_document_is_kept_under_the_hash_of_its_bytes(store: DocumentStore, pdf: Path) -> None:
    kept = store.keep(pdf)
    assert (kept.document, kept.size_bytes, kept.trouble) == (name_of(pdf), SIZE, None)
    assert kept.path.read_bytes() == pdf.read_bytes()
    assert store.path(kept.document) == kept.path
    assert files(store) == {f"{kept.document}.pdf"}


def test_progress_counts_every_byte(store: DocumentStore, pdf: Path) -> None:
    seen: list[tuple[int, int]] = []
    store.keep(pdf, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (SIZE, SIZE)


def test_cancelled_copy_leaves_nothing(store: DocumentStore, pdf: Path) -> None:
    with pytest.raises(CancelledError):
        store.keep(pdf, is_cancelled=lambda: True)
    assert files(store) == set()


def test_full_disk_shows_the_document_from_where_it_lies(
    store: DocumentStore, pdf: Path
) -> None:
    with full_disk(SIZE // 2):
        kept = store.keep(pdf)
    assert kept.trouble is not None
    assert kept.trouble.code is ErrorCode.DISK_FULL
    assert (kept.path, kept.document) == (pdf, name_of(pdf))
    assert files(store) == set()


def test_data_folder_that_cannot_be_written_keeps_documents_for_now(
    tmp_path: Path, pdf: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    store = DocumentStore(tmp_path / "data")
    kept = store.keep(pdf)
    assert (kept.trouble, store.is_lasting) == (None, False)
    assert kept.path.read_bytes() == pdf.read_bytes()
    store.shutdown()
    assert not store.folder.exists()


def test_file_that_is_not_there_is_not_found(store: DocumentStore, tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        store.keep(tmp_path / "weg.pdf")
    assert caught.value.code is ErrorCode.NOT_FOUND


def test_stick_that_is_pulled_while_it_is_read_is_told(store: DocumentStore, pdf: Path) -> None:
    def pull(done: int, _: int) -> None:
        if done < SIZE:
            os.truncate(pdf, done)  # what follows is gone, as on a stick that was pulled

    with pytest.raises(AppError) as caught:
        store.keep(pdf, pull)
    assert caught.value.code is ErrorCode.MEDIUM_GONE
    assert files(store) == set()


def test_file_removed_while_it_is_read_comes_in(store: DocumentStore, pdf: Path) -> None:
    name = name_of(pdf)
    kept = store.keep(pdf, lambda *_: pdf.unlink(missing_ok=True))
    assert (kept.document, store.path(name)) == (name, kept.path)


KILLED = """
import sys
from pathlib import Path
from whiteboard.services.documents.document_store import DocumentStore
def tell(done, size):
    print(done, flush=True)
    sys.stdin.read()  # killed while waiting here
DocumentStore(Path(sys.argv[1])).keep(Path(sys.argv[2]), tell)
"""


def test_killed_copy_is_swept_and_no_document(data_dir: Path, pdf: Path) -> None:
    command = [sys.executable, "-c", KILLED, data_dir, pdf]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as copying:
        assert copying.stdout is not None
        copying.stdout.readline()
        copying.kill()
    left = list((data_dir / "documents").iterdir())
    store = DocumentStore(data_dir)
    assert (len(left), files(store)) == (1, set())
    assert store.path(name_of(pdf)) is None


# Making room --------------------------------------------------------------------------


def keep_some(store: DocumentStore, folder: Path, count: int) -> list[str]:
    """Keep documents of a thousand bytes, the first one longest ago; return their ids."""
    ids = []
    for number in range(count):
        path = folder / f"{number}.pdf"
        path.write_bytes(bytes([number]) * 1000)
        kept = store.keep(path)
        os.utime(kept.path, (1000 + number, 1000 + number))
        ids.append(kept.document)
    return ids


def test_least_recently_used_document_goes(data_dir: Path, tmp_path: Path) -> None:
    store = DocumentStore(data_dir, most_bytes=3000)
    first, second, third = keep_some(store, tmp_path, 3)
    store.path(first)  # in use now
    new = tmp_path / "new.pdf"
    new.write_bytes(b"n" * 1000)
    store.keep(new)
    assert files(store) == {f"{name}.pdf" for name in (first, third, name_of(new))}
    assert store.path(second) is None


def test_document_of_an_open_board_stays(data_dir: Path, tmp_path: Path) -> None:
    store = DocumentStore(data_dir, most_bytes=10_000)
    first, second = keep_some(store, tmp_path, 2)
    release = store.hold([first])
    store.most_bytes = 0
    assert store.trim() == 1
    assert files(store) == {f"{first}.pdf"}
    release()
    release()
    assert store.trim() == 1
    assert second


def test_record_of_a_document_that_went_goes(data_dir: Path, tmp_path: Path) -> None:
    store = DocumentStore(data_dir)
    (document,) = keep_some(store, tmp_path, 1)
    store.note_conversion("a" * 64, Conversion(document, "office 1", ("原稿",)))
    store.most_bytes = 0
    store.trim()
    assert files(store) == set()


# Conversions --------------------------------------------------------------------------


def test_conversion_is_remembered_for_the_same_converter(
    store: DocumentStore, tmp_path: Path
) -> None:
    (document,) = keep_some(store, tmp_path, 1)
    made = Conversion(document, "office 1", ("一枚目", ""), ("x.jpg",), ("y.png",))
    store.note_conversion("a" * 64, made)
    found = [store.conversion("a" * 64, name) for name in ("office 1", None, "office 2")]
    assert found == [made, made, None]


def test_conversion_whose_document_went_is_made_anew(
    store: DocumentStore, tmp_path: Path
) -> None:
    (document,) = keep_some(store, tmp_path, 1)
    store.note_conversion("a" * 64, Conversion(document, "office 1"))
    (store.folder / f"{document}.pdf").unlink()
    assert store.conversion("a" * 64, "office 1") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps({"version": 1, "document": "../../x"}), "\0\xff"]
)
def test_damaged_record_counts_as_none(store: DocumentStore, text: str) -> None:
    (store.folder / f"{'a' * 64}.json").write_text(text)
    assert store.conversion("a" * 64, None) is None


def test_name_that_is_no_hash_is_no_path(store: DocumentStore) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.path("../secret")


# Boards -------------------------------------------------------------------------------


def test_document_is_taken_out_of_the_board_when_the_cache_lost_it(
    store: DocumentStore, data_dir: Path, pdf: Path
) -> None:
    kept = store.keep(pdf)
    board = BoardFile.create(data_dir / "board.kokuban")
    board.put_document(kept.document, kept.path)
    kept.path.unlink()
    assert store.fetch(kept.document, board).read_bytes() == pdf.read_bytes()
    board.close()
    assert files(store) == {f"{kept.document}.pdf"}


def test_document_that_nobody_has_is_not_found(store: DocumentStore, data_dir: Path) -> None:
    board = BoardFile.create(data_dir / "board.kokuban")
    with pytest.raises(AppError) as caught:
        store.fetch("0" * 64, board)
    assert caught.value.code is ErrorCode.NOT_FOUND
    board.close()
    assert files(store) == set()
