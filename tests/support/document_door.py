"""An intake of documents with everything it needs, and short ways to use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pytestqt.qtbot import QtBot

from base.errors import AppError, ErrorCode
from whiteboard.model.document import DocumentInfo
from whiteboard.services.documents.document_intake import (
    DocumentCameIn,
    DocumentIntake,
    FirstLook,
    IntakeProgress,
    IntakeTicket,
    Outcome,
    Stage,
)
from whiteboard.services.documents.document_store import DocumentStore
from whiteboard.services.documents.office import Office, find_office
from whiteboard.services.rendering.render_pool import RenderPool

PATIENCE_MS = 60_000


class Door:
    """Takes files in; `outcomes`, `progress` and `first` are what was told."""

    def __init__(self, qtbot: QtBot, data_dir: Path, pool: RenderPool) -> None:
        self.qtbot = qtbot
        self.pool = pool
        self.store = DocumentStore(data_dir)
        self.office: Office | None = find_office()
        self.limit_s = 60.0
        self.intake = self.new_intake()
        self.progress: list[IntakeProgress] = []
        self.first: list[FirstLook] = []
        self.outcomes: list[Outcome] = []

    def new_intake(self) -> DocumentIntake:
        return DocumentIntake(
            self.store, self.pool.run, limit_s=self.limit_s, office=lambda: self.office
        )

    def begin(self, path: Path, password: str = "") -> IntakeTicket:
        self.progress.clear()
        self.first.clear()
        self.outcomes.clear()
        ticket = self.intake.take(
            path, self.outcomes.append, self.progress.append, self.first.append, password
        )
        assert not self.outcomes  # never inside the call
        return ticket

    def take(self, path: Path, password: str = "") -> Outcome:
        self.begin(path, password)
        self.until(lambda: bool(self.outcomes))
        return self.outcomes[0]

    def came(self, path: Path, password: str = "") -> DocumentCameIn:
        outcome = self.take(path, password)
        assert isinstance(outcome, DocumentCameIn), outcome
        return outcome

    def refused(self, path: Path, password: str = "") -> ErrorCode:
        outcome = self.take(path, password)
        assert isinstance(outcome, AppError), outcome
        return outcome.code

    def stages(self) -> list[Stage]:
        return list(dict.fromkeys(step.stage for step in self.progress))

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def sheets(self, came: DocumentCameIn) -> list[tuple[int, int]]:
        """Return the sizes of the sheets, as whoever shows them finds them."""
        got: list[object] = []
        self.pool.open(came.document, came.path, got.append)
        self.until(lambda: bool(got))
        assert isinstance(got[0], DocumentInfo), got
        return [(round(s.width_pt), round(s.height_pt)) for s in got[0].sheets]


@contextmanager
def open_door(qtbot: QtBot, data_dir: Path) -> Iterator[Door]:
    """Give an intake; in the end nothing of it may be left."""
    pool = RenderPool(workers=1)
    door = Door(qtbot, data_dir, pool)
    try:
        yield door
    finally:
        door.intake.shutdown()
        pool.shutdown()
        door.store.shutdown()
    left = [path.name for path in data_dir.rglob(".part-*")]
    assert left == []
