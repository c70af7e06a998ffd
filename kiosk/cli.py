"""The command line. Nothing of Qt is imported until the window is wanted."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from typing_extensions import override

from kiosk.model.arguments import Arguments

PROGRAM: Final = "kokuban"
EXIT_FAILED: Final = 1
EXIT_BAD_ARGUMENTS: Final = 2
LEAST_SIDE_PX: Final = 320
MOST_SIDE_PX: Final = 16384
# Without any of them Qt ends the process with a core dump.
_DISPLAY_VARIABLES: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(argv: Sequence[str] | None = None) -> int:
    """Run Kokuban and return the exit code.

    Args:
        argv: The arguments without the program's name; None for those of the process.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given == ["--version"]:
        # Asked for by scripts and packages: not worth loading the settings.
        print(_version_text())  # noqa: T201  (the answer to who asked on a terminal)
        return 0
    arguments = parse_arguments(given)
    return _run(arguments)


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Return the command line, checked.

    Raises:
        SystemExit: with 0 after `--help` and `--version`, with 2 and a sentence on stderr
            when something cannot be used.
    """
    from base.errors import AppError
    from base.options import declarations, parse_given

    parser = _make_parser()
    found = parser.parse_args(list(argv))
    settings = {
        known.name: str(getattr(found, known.name))
        for known in declarations()
        if getattr(found, known.name) is not None
    }
    try:
        parse_given(settings)
    except AppError as error:
        parser.error(error.detail)
    return Arguments(
        screen=found.screen,
        windowed=found.windowed,
        size=found.size,
        open_path=found.open,
        data_dir=found.data_dir,
        settings=settings,
    )


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage before it."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(
            EXIT_BAD_ARGUMENTS,
            f"{PROGRAM}: {message}.\nTry '{PROGRAM} --help' for the options.\n",
        )


class _VersionAction(argparse.Action):
    """Asks for the version only when it is wanted."""

    @override
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> NoReturn:
        parser.exit(0, _version_text() + "\n")


def _make_parser() -> argparse.ArgumentParser:
    from base.options import declarations
    from kiosk.features import screen_names

    parser = _Parser(
        prog=PROGRAM,
        description="The blackboard of a meeting room's touch display.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_VersionAction, nargs=0, help="print the version and end"
    )
    parser.add_argument("--screen", choices=screen_names(), default="home", help="first screen")
    parser.add_argument(
        "--windowed", action="store_true", help="a window instead of the whole screen"
    )
    parser.add_argument(
        "--size",
        type=_parse_size,
        metavar="WxH",
        help="size of the window in pixels, as 1920x1080",
    )
    parser.add_argument("--open", type=_parse_file, metavar="FILE", help="file to open")
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder of boards, settings and log"
    )
    settings = parser.add_argument_group(
        "settings", "In force for this run only; the screen 'settings' keeps them."
    )
    for known in declarations():
        settings.add_argument(
            known.flag,
            dest=known.name,
            metavar=known.values_text,
            help=known.help.replace("%", "%%"),
        )
    return parser


def _parse_size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; give it as 1920x1080")
    size = int(found[1]), int(found[2])
    if not all(LEAST_SIDE_PX <= side <= MOST_SIDE_PX for side in size):
        raise argparse.ArgumentTypeError(
            f"{text!r} is out of range; each side has {LEAST_SIDE_PX} to {MOST_SIDE_PX} pixels"
        )
    return size


def _parse_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return path.absolute()


def _version_text() -> str:
    # Imported late: it brings 20 ms of mail and archive modules along.
    from importlib import metadata

    try:
        return f"{PROGRAM} {metadata.version(PROGRAM)}"
    except metadata.PackageNotFoundError:
        # Run from a checkout that was never installed.
        import tomllib

        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        version = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
        return f"{PROGRAM} {version}"


def _run(arguments: Arguments) -> int:
    from base.errors import AppError
    from base.paths import make_data_dir
    from kiosk.services.data_lock import DataDirInUseError, DataLock

    if not any(os.environ.get(name) for name in _DISPLAY_VARIABLES):
        return _fail("there is no display to draw on; set DISPLAY or WAYLAND_DISPLAY")
    try:
        data_dir = make_data_dir(arguments.data_dir)
        lock = DataLock(data_dir)
    except AppError as error:
        return _fail(f"the data folder cannot be used ({error.detail})")
    except DataDirInUseError:
        return _fail(
            f"another Kokuban is running with the data folder {data_dir}; "
            "close it, or give another folder with --data-dir"
        )
    except OSError as error:
        return _fail(f"the data folder cannot be used ({error})")
    try:
        return _run_kiosk(arguments, data_dir)
    except AppError as error:
        return _fail(error.detail, EXIT_BAD_ARGUMENTS)
    finally:
        lock.release()


def _run_kiosk(arguments: Arguments, data_dir: Path) -> int:
    from base.clock import SystemClock
    from base.options import FILE_NAME, Options

    clock = SystemClock()
    options = Options.load(data_dir / FILE_NAME, clock.now(), os.environ, arguments.settings)
    from kiosk.app import run

    return run(arguments, data_dir, options, clock)


def _fail(words: str, code: int = EXIT_FAILED) -> int:
    sys.stderr.write(f"{PROGRAM}: {words}.\n")
    return code
