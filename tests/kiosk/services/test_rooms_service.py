"""With small programs in the service's place, which say the same and die on request."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from base.errors import AppError, ErrorCode
from base.feature import RoomsPlace
from base.options import Options, Settings
from kiosk.services.rooms_service import RoomsService, serve_command
from tests.support.children import all_children, is_running

LISTENS = """
    import http.server, json, os, sys, threading
    folder, port = sys.argv[1], int(sys.argv[2])
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str(os.getpid()).encode())
        def log_message(self, *_words):
            pass
    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    print("noise", file=sys.stderr, flush=True)
    print("not json", flush=True)
    print(json.dumps({"ready": True, "port": server.server_port}), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()
"""
DIES = "import sys; print('no database', file=sys.stderr); sys.exit(3)"
FLOODS = (
    LISTENS.replace("    server.serve_forever()", "")
    + """
    for n in range(200_000):
        print("x" * 100, file=sys.stderr)
    print("flooded", flush=True)
    server.serve_forever()
"""
)


def program(text: str) -> Callable[[Path, int], Sequence[str]]:
    source = textwrap.dedent(text)
    return lambda folder, port: [sys.executable, "-c", source, str(folder), str(port)]


Make = Callable[[str], RoomsService]


@pytest.fixture
def options() -> Options:
    return Options(Settings())


@pytest.fixture
def make(data_dir: Path, options: Options) -> Iterator[Make]:
    made: list[RoomsService] = []

    def make_one(text: str) -> RoomsService:
        made.append(RoomsService(data_dir, options, program(text)))
        return made[-1]

    yield make_one
    for one in made:
        one.shutdown()


def place_of(service: RoomsService) -> RoomsPlace:
    return asyncio.run(service.place())


OLDER: set[int] = set()


@pytest.fixture(autouse=True)
def _older() -> None:
    """Other tests may have started the virtual display in this process."""
    OLDER.clear()
    OLDER.update(all_children(os.getpid()))


def children() -> list[int]:
    """Return the processes that this test started and that still run."""
    return [pid for pid in all_children(os.getpid()) if pid not in OLDER]


def wait_for_end(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([process], [], [], 10)
    os.close(process)


def test_nothing_is_started_before_somebody_asks(make: Make) -> None:
    make(LISTENS)
    assert children() == []


def test_service_here_says_where_it_is(make: Make) -> None:
    place = place_of(make(LISTENS))
    assert place.is_embedded
    assert place.token
    assert place.url.startswith("http://127.0.0.1:")


def test_configured_service_is_used_and_none_is_started(make: Make, options: Options) -> None:
    options.change(service_url="https://rooms.example.jp/")
    assert place_of(make(DIES)) == RoomsPlace("https://rooms.example.jp")
    assert children() == []


def test_killed_service_comes_back_at_the_same_address(
    make: Make, expected_log: Callable[[str], None]
) -> None:
    expected_log("rooms service ended")
    service = make(LISTENS)
    before = place_of(service)
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    wait_for_end(process)
    while True:
        after = place_of(service)
        if children() and children() != [process]:
            break
    assert after == before


def test_service_that_does_not_start_is_told(
    make: Make, expected_log: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("no database")
    monkeypatch.setattr("kiosk.model.restarts.FIRST_WAIT_S", 0.01)
    service = make(DIES)
    with pytest.raises(AppError) as caught:
        place_of(service)
    assert caught.value.code is ErrorCode.ROOMS_NOT_STARTED
    assert children() == []


def test_who_gives_up_waiting_leaves_the_service_alone(make: Make) -> None:
    service = make(LISTENS)

    async def give_up() -> None:
        asking = asyncio.ensure_future(service.place())
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(give_up())
    assert place_of(service).is_embedded


def test_service_that_says_much_never_waits_for_its_reader(make: Make) -> None:
    place = place_of(make(FLOODS))
    answer = httpx.get(place.url, timeout=30, trust_env=False)
    assert int(answer.text) == children()[0]


def test_ended_service_is_gone(make: Make) -> None:
    service = make(LISTENS)
    place_of(service)
    (process,) = children()
    service.shutdown()
    assert not is_running(process)
    with pytest.raises(AppError):
        place_of(service)


def test_service_is_less_urgent_than_ink(make: Make) -> None:
    place_of(make(LISTENS))
    nice = os.getpriority(os.PRIO_PROCESS, children()[0])
    assert nice > os.getpriority(os.PRIO_PROCESS, 0)


def test_token_is_not_on_the_command_line(data_dir: Path) -> None:
    options = [word for word in serve_command(data_dir, 0) if word.startswith("-")]
    assert "--exit-with-parent" in options
    assert not any("token" in option for option in options)


def test_killed_display_takes_the_service_along(data_dir: Path) -> None:
    source = textwrap.dedent(LISTENS)
    script = textwrap.dedent("""
        import asyncio, sys, time
        from pathlib import Path
        import structlog
        from base.options import Options, Settings
        from kiosk.services.rooms_service import RoomsService
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        source = sys.argv[2]
        service = RoomsService(Path(sys.argv[1]), Options(Settings()),
            lambda folder, port: [sys.executable, "-c", source, str(folder), str(port)])
        asyncio.run(service.place())
        print("ready", flush=True)
        time.sleep(60)
    """)
    display = subprocess.Popen(
        [sys.executable, "-c", script, str(data_dir), source],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert display.stdout is not None
    assert display.stdout.readline() == b"ready\n"
    (service,) = all_children(display.pid)
    display.kill()
    display.wait()
    display.stdout.close()
    wait_for_end(service)
    assert not is_running(service)
