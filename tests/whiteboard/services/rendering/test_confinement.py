"""Real attempts to get out, by processes that are made as the real ones are."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.support import long_functions
from tests.support.source import ROOT
from whiteboard.services.rendering import confinement, landlock, seccomp
from whiteboard.services.rendering.render_pool import RenderPool

PATIENCE_MS = 30_000
KEPT = {"new thread"}
"""What a render process may still do."""
needs_both = pytest.mark.skipif(
    not landlock.version() or os.uname().machine not in seccomp._MACHINES,
    reason="this kernel cannot confine a process",
)


@pytest.fixture
def port() -> Iterator[int]:
    """Somebody listens there."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


@pytest.fixture
def other() -> Iterator[int]:
    """A process that may be traced and signalled."""
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        yield process.pid
        process.kill()


Attempts = Callable[[str], dict[str, str]]


@pytest.fixture
def attempts(port: int, other: int) -> Attempts:
    """Return what comes of the attempts of a render process."""

    def run(lacking: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.confined_worker", lacking, str(port),
             str(other)],
            check=True, capture_output=True, cwd="/", timeout=60.0,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        found: dict[str, str] = json.loads(done.stdout)
        return found

    return run


def done_in(found: dict[str, str]) -> set[str]:
    return {name for name, outcome in found.items() if outcome == "done"}


@needs_both
def test_render_process_can_do_nothing_but_compute(attempts: Attempts) -> None:
    found = attempts("none")
    assert found.pop("missing") == ""
    assert done_in(found) == KEPT


def test_the_same_attempts_succeed_in_a_free_process(attempts: Attempts) -> None:
    found = attempts("free")
    freely = {"read /etc/passwd", "connect", "datagram", "fork", "run a program",
              "executable memory", "list a folder", "signal"}  # fmt: skip
    assert done_in(found) >= freely


@needs_both
def test_filter_is_enough_where_landlock_is_missing(attempts: Attempts) -> None:
    found = attempts(confinement.NO_LANDLOCK)
    assert found.pop("missing") == confinement.NO_LANDLOCK
    assert done_in(found) == KEPT


@needs_both
def test_landlock_keeps_files_where_the_filter_is_missing(attempts: Attempts) -> None:
    found = attempts(confinement.NO_FILTER)
    assert found.pop("missing") == confinement.NO_FILTER
    assert done_in(found) & {"read /etc/passwd", "write a file", "list a folder",
                             "run a program", "trace"} == set()  # fmt: skip


def test_kernel_without_both_only_says_so(attempts: Attempts) -> None:
    found = attempts(f"{confinement.NO_LANDLOCK},{confinement.NO_FILTER}")
    assert found["missing"] == f"{confinement.NO_LANDLOCK},{confinement.NO_FILTER}"
    assert found["new thread"] == "done"


@needs_both
def test_long_job_reads_and_writes_what_it_was_given_alone(
    qtbot: QtBot, tmp_path: Path, port: int, other: int
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "source").write_text("x")
    (tmp_path / "out").mkdir()
    secret = tmp_path / "secret"
    secret.write_text("x")
    arguments = {
        "target": str(tmp_path / "out" / "target"),
        "source": str(tmp_path / "in" / "source"),
        "secret": os.fsencode(secret).hex(),
        "port": port,
        "other": other,
    }
    got: list[Any] = []
    pool = RenderPool(job_package=long_functions.PACKAGE)
    pool.run("tests.support.long_functions:try_all", arguments, got.append)
    qtbot.waitUntil(lambda: bool(got), timeout=PATIENCE_MS)
    pool.shutdown()
    assert done_in(got[0]) == {"read source", "write target", "rename target", "import"}
    assert secret.read_text() == "x"
