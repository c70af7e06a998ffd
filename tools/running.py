"""Kokuban of this checkout, or another program, as a process: started, watched and ended."""

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
DRIVEN: Final = ("-m", "tools.driven_app")
"""What Python runs instead of `main.py` for a Kokuban that takes orders."""
LEVELS_OF_TROUBLE: Final = frozenset({"warning", "error", "critical"})


class EndedError(Exception):
    """The application ended, or does not do what is waited for; the text says more."""


@dataclass(slots=True)
class RunningApp:
    """A started program.

    Attributes:
        process: It, leader of a process group of its own.
        home: The folder it was started on.
    """

    process: subprocess.Popen[bytes]
    home: Path
    _words: IO[bytes] = field(repr=False)
    _answers: bytes = field(default=b"", repr=False)

    @property
    def pid(self) -> int:
        """Of the first process."""
        return self.process.pid

    def said(self) -> str:
        """Return what it wrote so far: on stderr, and on stdout where that is kept."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    def where(self, word: str) -> tuple[int, int] | None:
        """Return the middle of a button, or None where there is none; only when driven.

        Args:
            word: The button's word in English.
        """
        answer = self.ask(f"where {word}", "at ", "nowhere")
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
        self.ask(f"open {board}", "opened")

    def order_open(self, board: Path) -> None:
        """Ask it to open a board and wait for nothing; only when driven."""
        self.order(f"open {board}")

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

    def order(self, order: str) -> None:
        """Send an order, see `tools.driven_app`; only when driven."""
        if self.process.stdin is None:
            raise EndedError("only a driven application takes orders")
        self.process.stdin.write(f"{order}\n".encode())
        self.process.stdin.flush()

    def ask(self, order: str, *beginnings: str, patience_s: float = PATIENCE_S) -> str:
        """Send an order and return the next answer that begins in one of these ways.

        Others are answers to orders that nobody waited for.

        Raises:
            EndedError: there is none in time.
        """
        self.order(order)
        while True:
            answer = self._next_line(patience_s)
            if answer.startswith(beginnings):
                return answer

    def _next_line(self, patience_s: float) -> str:
        out = self.process.stdout
        while b"\n" not in self._answers:
            if out is None or not select.select([out], [], [], patience_s)[0]:
                raise EndedError("it does not answer")
            piece = os.read(out.fileno(), 4096)
            if not piece:
                raise EndedError(f"it ended: {self.said()}")
            self._answers += piece
        line, _, self._answers = self._answers.partition(b"\n")
        return line.decode()


@dataclass(slots=True)
class RunningKokuban(RunningApp):
    """A started Kokuban; its home is its data folder.

    Attributes:
        starts_before: How many starts its log told of before this one.
    """

    starts_before: int = 0

    @property
    def data_dir(self) -> Path:
        """Its data folder."""
        return self.home

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
    program = [*(DRIVEN if is_driven else ("main.py",)), "--data-dir", str(data_dir)]
    command = [*before, sys.executable, *program, *options]
    environment = server.environment({"QT_QPA_PLATFORM": "xcb", **(extra or {})})
    starts_before = count_starts(data_dir)
    with run_process(command, environment, is_driven=is_driven) as (process, words):
        yield RunningKokuban(process, data_dir, words, starts_before=starts_before)


@contextmanager
def run_process(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    is_driven: bool = False,
    keeps_stdout: bool = False,
    patience_s: float = 10.0,
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start a program in the checkout; it and all in its group end with the block.

    Args:
        command: Its command line.
        environment: All of its environment.
        is_driven: Whether it takes orders on stdin and answers on stdout.
        keeps_stdout: Whether the file gets stdout as well; not of a driven one.
        patience_s: How long it may take to end when asked, before it is killed.

    Yields:
        The process, and the file with what it writes.

    Raises:
        FileNotFoundError: there is no such program.
    """
    with tempfile.TemporaryFile() as words:
        kept = words if keeps_stdout else subprocess.DEVNULL
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE if is_driven else subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_driven else kept,
            stderr=words,
            process_group=0,
        )
        try:
            yield process, words
        finally:
            _end_group(process, patience_s)


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


def _end_group(process: subprocess.Popen[bytes], asked_s: float) -> None:
    for number, patience_s in ((signal.SIGTERM, asked_s), (signal.SIGKILL, 10.0)):
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
