"""Log records that nobody asked for."""

from __future__ import annotations

import logging
import re

from typing_extensions import override


class LogWatch(logging.Handler):
    """Collects the records at WARNING and above, and what the test said it expects."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []
        self.expected: list[re.Pattern[str]] = []
        self.allowed: list[re.Pattern[str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def expect(self, pattern: str) -> None:
        """Say that a record whose text matches `pattern` somewhere will come."""
        self.expected.append(re.compile(pattern))

    def allow(self, pattern: str) -> None:
        """Say that records whose text matches `pattern` may come, or may not."""
        self.allowed.append(re.compile(pattern))

    def complaints(self) -> list[str]:
        """Return what came unasked, and what was asked for and did not come."""
        texts = [_text(record) for record in self.records]
        known = self.expected + self.allowed
        unasked = [t for t in texts if not any(p.search(t) for p in known)]
        missed = [p for p in self.expected if not any(p.search(t) for t in texts)]
        return [f"unexpected log record: {t}" for t in unasked] + [
            f"expected log record did not come: {p.pattern}" for p in missed
        ]


def _text(record: logging.LogRecord) -> str:
    text = f"{record.levelname} {record.name}: {record.getMessage()}"
    if record.exc_info and record.exc_info[1] is not None:
        text += f" ({record.exc_info[1]!r})"
    return text
