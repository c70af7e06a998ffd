import os
import select
import subprocess
import sys
from pathlib import Path

from Xlib.display import Display

from tools.virtual_display import virtual_display


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_screen_has_the_size_that_was_asked_for() -> None:
    with virtual_display(800, 600) as display:
        connection = Display(display.name)
        screen = connection.screen()
        size = (screen.width_in_pixels, screen.height_in_pixels)
        connection.close()
    assert size == (800, 600)


def test_two_displays_run_beside_each_other() -> None:
    with virtual_display(320, 200) as one, virtual_display(320, 200) as two:
        assert one.name != two.name


def test_server_ends_with_the_block() -> None:
    with virtual_display(320, 200) as display:
        pid = display.pid
    assert not alive(pid)


def test_server_ends_when_its_starter_is_killed() -> None:
    program = (
        "import os, signal\n"
        "from tools.virtual_display import virtual_display\n"
        "with virtual_display(320, 200) as display:\n"
        "    print(display.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    pidfd = _open_process(int(killed.stdout))
    assert pidfd is None or _ends(pidfd)


def test_environment_leads_programs_to_the_display() -> None:
    with virtual_display(320, 200) as display:
        environment = display.environment()
    assert environment["DISPLAY"] == display.name
    assert "WAYLAND_DISPLAY" not in environment


def _open_process(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _ends(pidfd: int) -> bool:
    ready, _, _ = select.select([pidfd], [], [], 20)
    os.close(pidfd)
    return bool(ready)
