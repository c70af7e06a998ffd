"""The list of the documents that were opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from tests.support.tiny_pdf import write_pdf
from whiteboard.services.documents.document_store import Conversion, DocumentStore
from whiteboard.services.documents.recent_documents import (
    PICTURE_SIDE_PX,
    RecentDocument,
    RecentDocuments,
    recent_key,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def entry(number: int) -> RecentDocument:
    document = f"{number:064x}"
    path = Path(f"/media/会議/{number}.pdf")
    return RecentDocument(document, f"{number}.pdf", path, document, "", 3, NOON)


@pytest.fixture
def recent(data_dir: Path) -> RecentDocuments:
    return RecentDocuments(data_dir, most=3)


@pytest.fixture
def store(data_dir: Path) -> Iterator[DocumentStore]:
    made = DocumentStore(data_dir)
    yield made
    made.shutdown()


def picture(width: int = 40, height: int = 30) -> QImage:
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(0xFF336699)
    return made


def test_newest_come_first_and_the_oldest_go(recent: RecentDocuments, data_dir: Path) -> None:
    for number in (1, 2, 3, 4, 2):
        recent.note(entry(number), picture())
    again = RecentDocuments(data_dir)
    assert again.entries() == [entry(2), entry(4), entry(3)]
    assert again.picture(entry(1).key).isNull()
    assert not again.picture(entry(2).key).isNull()


def test_picture_stays_when_none_is_given(recent: RecentDocuments) -> None:
    recent.note(entry(1), picture())
    recent.note(entry(1))
    assert recent.picture(entry(1).key).width() == 40


def test_large_picture_is_kept_smaller(recent: RecentDocuments) -> None:
    recent.note(entry(1), picture(2000, 3000))
    assert recent.picture(entry(1).key).height() == PICTURE_SIDE_PX


def test_what_is_forgotten_leaves_no_picture(recent: RecentDocuments, data_dir: Path) -> None:
    for number in (1, 2):
        recent.note(entry(number), picture())
    recent.forget(entry(1).key)
    assert recent.entries() == [entry(2)]
    recent.forget_all()
    assert recent.entries() == []
    assert not list(data_dir.rglob("*.jpg"))


def test_path_that_is_no_text_comes_back(recent: RecentDocuments) -> None:
    odd = replace(entry(1), path=Path(os.fsdecode(b"/media/\x83v.pdf")))
    recent.note(odd)
    assert recent.entries() == [odd]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"version": 9}', b'{"version": 1}', b"\xff"])
def test_list_that_cannot_be_read_is_empty(
    recent: RecentDocuments, data_dir: Path, body: bytes
) -> None:
    folder = data_dir / "recent-documents"
    folder.mkdir()
    (folder / "list.json").write_bytes(body)
    assert recent.entries() == []
    recent.note(entry(1))
    assert recent.entries() == [entry(1)]


def test_document_comes_back_with_its_notes(
    recent: RecentDocuments, store: DocumentStore, tmp_path: Path
) -> None:
    kept = store.keep(tmp_path / "a.pdf") if write_pdf(tmp_path / "a.pdf") else None
    assert kept is not None
    source = "ab" * 32
    store.note_conversion(source, Conversion(kept.document, "office 1", ("hello", "")))
    came = recent.come_in(replace(entry(1), document=kept.document, source=source), store)
    assert (came.document, came.path, came.notes) == (kept.document, kept.path, ("hello", ""))


def test_document_that_is_not_kept_is_told(
    recent: RecentDocuments, store: DocumentStore
) -> None:
    with pytest.raises(AppError) as caught:
        recent.come_in(entry(1), store)
    assert caught.value.code is ErrorCode.NOT_FOUND


def test_notebook_is_named_by_its_path() -> None:
    one, other = Path("/a.xopp"), Path("/b.xopp")
    assert recent_key("", one) == recent_key("", one) != recent_key("", other)
    assert recent_key("ab", one) == "ab"
