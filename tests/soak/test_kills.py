"""A hundred power cuts in the middle of writing; some 5 minutes."""

import subprocess
import sys

import pytest

from tests.support.source import ROOT

pytestmark = pytest.mark.soak


def test_hundred_kills_lose_no_finished_stroke() -> None:
    command = [sys.executable, "-m", "benchmarks.kill_recovery", "--rounds", "100"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=3000)
    assert done.returncode == 0
