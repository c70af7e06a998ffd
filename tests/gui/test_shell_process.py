import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.virtual_display import VirtualDisplay

REPOSITORY = Path(__file__).parent.parent.parent


def start(data_dir: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "main.py", "--data-dir", str(data_dir), *options],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_started(data_dir: Path, process: subprocess.Popen[str]) -> None:
    log = data_dir / "log" / "kokuban.log"
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        if log.is_file() and '"event": "started"' in log.read_text(encoding="utf-8"):
            return
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)
    pytest.fail("not started after 30 s")


@pytest.fixture
def running(display: VirtualDisplay, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(data_dir)
    wait_until_started(data_dir, process)
    yield process
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_display_cleanly(
    running: subprocess.Popen[str], data_dir: Path, number: signal.Signals
) -> None:
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 0
    assert said == ""
    assert not list((data_dir / "log").glob("crash-*.txt"))


def test_second_start_says_why_it_does_not(
    running: subprocess.Popen[str], data_dir: Path
) -> None:
    second = start(data_dir)
    _, said = second.communicate(timeout=30)
    assert second.returncode == 1
    assert said == (
        f"kokuban: another Kokuban is running with the data folder {data_dir}; "
        "close it, or give another folder with --data-dir.\n"
    )
    assert running.poll() is None


def test_killed_display_can_be_started_again(
    running: subprocess.Popen[str], data_dir: Path
) -> None:
    running.kill()
    running.communicate()
    (data_dir / "log" / "kokuban.log").unlink()
    again = start(data_dir)
    wait_until_started(data_dir, again)
    again.terminate()
    again.communicate(timeout=30)
    assert again.returncode == 0
