"""What /proc says of a process and its children."""

import os
import subprocess
import sys

import pytest

from benchmarks.processes import cpu_seconds, family, memory

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.communicate(b"\\n")
"""


@pytest.fixture
def parent():
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(process.stdout.readline())
    yield process.pid, child
    process.communicate("\n")


def test_family_has_the_children(parent):
    pid, child = parent
    assert family(pid) == [pid, child]


def test_memory_sums_the_family(parent):
    pid, child = parent
    assert memory(pid).processes == 2
    assert memory(pid).rss_mb > memory(child).rss_mb > 1


def test_shared_pages_count_once_in_proportional_memory(parent):
    found = memory(parent[0])
    assert found.pss_mb < found.rss_mb


def test_processor_time_grows_with_work():
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) - before < 0.02:
        sum(range(100_000))
    assert cpu_seconds(os.getpid()) > before


def test_process_that_has_gone_uses_nothing():
    process = subprocess.Popen(["true"])
    process.wait()
    assert cpu_seconds(process.pid) == 0
    assert memory(process.pid).processes == 0
