"""Kokuban of this checkout as a process: started, watched and ended from outside."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from tools.x11 import XServer

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE_S: Final = 60.0
POLL_S: Final = 0.01
LEVELS_OF_TROUBLE: Final = frozenset({"warning", "error", "critical"})


class EndedError(Exception):
    """The application ended, or does not do what is waited for; the text says more."""


@dataclass(slots=True)
class RunningKokuban:
    """A started application.

    Attributes:
        process: It, leader of a process group of its own.
        data_dir: Its data folder.
        starts_before: How many starts its log told of before this one.
    """

    process: subprocess.Popen[bytes]
    data_dir: Path
    starts_before: int
    _words: IO[bytes] = field(repr=False)
    _answers: bytes = field(default=b"", repr=False)

    def wait_until_started(self, patience_s: float = PATIENCE_S) -> None:
        """Return when the first screen is there.

        Raises:
            EndedError: the application ended instead, or is not there in time.
        """
        end_s = time.monotonic() + patience_s
        while count_starts(self.data_dir) <= self.starts_before:
            if self.process.poll() is not None:
                raise EndedError(f"it ended with {self.process.returncode}: {self.said()}")
            if time.monotonic() > end_s:
                raise EndedError(f"not started after {patience_s:.0f} s: {self.said()}")
            time.sleep(POLL_S)

    def said(self) -> str:
        """Return what it wrote on stderr so far."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    def boards(self) -> list[Path]:
        """Return the board files of its data folder, the oldest first."""
        found = (self.data_dir / "boards").glob("*.kokuban")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def complaints(self) -> list[str]:
        """Return the records of its log from WARNING on, of all runs."""
        return [
            f"{record.get('level')} {record.get('event')} {record}"
            for record in read_log(self.data_dir)
            if record.get("level") in LEVELS_OF_TROUBLE
        ]

    def where(self, word: str) -> tuple[int, int] | None:
        """Return the middle of a button, or None where there is none; only when driven.

        Args:
            word: The button's word in English.
        """
        answer = self._ask(f"where {word}")
        return None if answer == "nowhere" else _parse_place(answer)

    def wait_for_button(self, word: str, patience_s: float = 10.0) -> tuple[int, int]:
        """Return the middle of a button as soon as it can be touched; only when driven.

        Raises:
            EndedError: it does not come.
        """
        end_s = time.monotonic() + patience_s
        while True:
            place = self.where(word)
            if place is not None:
                return place
            if time.monotonic() > end_s:
                raise EndedError(f"there is no button {word!r}")
            time.sleep(POLL_S)

    def open(self, board: Path) -> None:
        """Let it open a board; only when driven."""
        self._ask(f"open {board}")

    def kill(self) -> None:
        """End it and its children as a power cut would; return when it is gone."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it in order; return its exit code.

        Raises:
            EndedError: it does not end.
        """
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise EndedError(f"it goes on after {number.name}: {self.said()}") from error

    def _ask(self, order: str) -> str:
        if self.process.stdin is None:
            raise EndedError("only a driven application answers")
        self.process.stdin.write(f"{order}\n".encode())
        self.process.stdin.flush()
        answer = self._next_answer()
        return self._next_answer() if answer == "ready" else answer

    def _next_answer(self) -> str:
        out = self.process.stdout
        while b"\n" not in self._answers:
            if out is None or not select.select([out], [], [], PATIENCE_S)[0]:
                raise EndedError("it does not answer")
            piece = os.read(out.fileno(), 4096)
            if not piece:
                raise EndedError(f"it ended: {self.said()}")
            self._answers += piece
        line, _, self._answers = self._answers.partition(b"\n")
        return line.decode()


@contextmanager
def run_kokuban(
    server: XServer,
    data_dir: Path,
    *options: str,
    extra: Mapping[str, str] | None = None,
    is_driven: bool = False,
    before: Sequence[str] = (),
) -> Iterator[RunningKokuban]:
    """Start Kokuban; it and all it started ends with the block.

    Args:
        server: Where it shows.
        data_dir: Its data folder.
        options: Of `main.py`.
        extra: What its environment has beside this process's.
        is_driven: Whether it answers, see `tools.driven_app`.
        before: A command that runs it: `["setpriv", …]`.
    """
    program = ["-m", "tools.driven_app"] if is_driven else ["main.py"]
    command = [*before, sys.executable, *program, "--data-dir", str(data_dir), *options]
    pipe = subprocess.PIPE if is_driven else subprocess.DEVNULL
    starts_before = count_starts(data_dir)
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=server.environment({"QT_QPA_PLATFORM": "xcb", **(extra or {})}),
            stdin=pipe,
            stdout=pipe,
            stderr=words,
            process_group=0,
        )
        try:
            yield RunningKokuban(process, data_dir, starts_before, words)
        finally:
            _end_group(process)


def count_starts(data_dir: Path) -> int:
    """Return how often the log says that the application has started."""
    return sum(record.get("event") == "started" for record in read_log(data_dir))


def read_log(data_dir: Path) -> list[dict[str, object]]:
    """Return the records of a data folder's log; a line that is being written is left out."""
    path = data_dir / "log" / "kokuban.log"
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number, patience_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _parse_place(answer: str) -> tuple[int, int]:
    _at, x, y = answer.split()
    return int(x), int(y)
