"""What the shell hands to a view, with ears for what the view says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from base.errors import AppError, ErrorCode
from base.feature import Host, Notice
from base.options import Options, Settings


@dataclass(slots=True)
class Ears:
    """What was told to the person, and the sticks that are plugged in."""

    notices: list[Notice] = field(default_factory=list)
    errors: list[ErrorCode] = field(default_factory=list)
    sticks: list[Path] = field(default_factory=list)
    home: int = 0

    @property
    def words(self) -> list[str]:
        """The sentences of the notices."""
        return [notice.text for notice in self.notices]

    def note_error(self, error: AppError) -> None:
        self.errors.append(error.code)

    def note_home(self) -> None:
        self.home += 1

    def host(self, data_dir: Path) -> Host:
        """Return a host that tells everything to these ears."""
        return Host(
            data_dir,
            Options(Settings()),
            self.notices.append,
            self.note_error,
            self.note_home,
            lambda: tuple(self.sticks),
        )
