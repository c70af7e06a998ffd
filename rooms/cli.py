"""The command line of the service."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import logging
import os
import sys
import textwrap
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from typing_extensions import override

from rooms.services.config import (
    ENV_PREFIX,
    FILE_NAME,
    RoomsSettings,
    UnusableSettingsError,
    load_settings,
)

if TYPE_CHECKING:
    from rooms.services.database import Database

PROGRAM: Final = "python -m rooms"
EXIT_FAILED: Final = 1
EXIT_BAD_ARGUMENTS: Final = 2
SECRETS: Final = frozenset({"turn_secret", "database_url", "display_token"})
"""Not on the command line, which everybody on the machine can read."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the service and return the exit code.

    Args:
        argv: The arguments without the program's name; None for those of the process.
    """
    arguments = _make_parser().parse_args(list(sys.argv[1:] if argv is None else argv))
    try:
        settings = load_settings(arguments.config, _given(arguments))
        command: Callable[[RoomsSettings, argparse.Namespace], int] = arguments.command
        return command(settings, arguments)
    except UnusableSettingsError as error:
        return _fail(str(error), EXIT_BAD_ARGUMENTS)
    except BrokenPipeError:
        # Who read the answer has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


# The commands ---------------------------------------------------------------------------


def _serve(settings: RoomsSettings, arguments: argparse.Namespace) -> int:
    from base.log import open_log
    from rooms.services.data_lock import DataDirInUseError, hold_data_dir
    from rooms.web.server import CannotListenError, serve

    try:
        _make_data_dir(settings)
        with hold_data_dir(settings.data_dir):
            # Before anything listens: it may take a while, and it may not be possible.
            failed = _migrate(settings, arguments)
            if failed:
                return failed
            level = logging.getLevelNamesMapping()[settings.log_level.upper()]
            log = open_log(settings.data_dir, to_stderr=arguments.log_to_stderr, level=level)
            try:
                return serve(settings, exit_with_parent=arguments.exit_with_parent)
            finally:
                log.shutdown()
    except DataDirInUseError:
        return _fail(f"another service is running with the data folder {settings.data_dir}")
    except CannotListenError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"the data folder cannot be used ({error})")


def _migrate(settings: RoomsSettings, _arguments: argparse.Namespace) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from rooms.services.database import DatabaseTooNewError, migrate

    try:
        _make_data_dir(settings)
        asyncio.run(migrate(settings.database_address))
    except DatabaseTooNewError:
        return _fail("the database was written by a later version; nothing was changed")
    except (SQLAlchemyError, OSError) as error:
        # Its own text would repeat the address, which may hold a password.
        return _fail(f"the database cannot be opened ({type(error).__name__})")
    return 0


def _create_admin(settings: RoomsSettings, arguments: argparse.Namespace) -> int:
    from base.clock import SystemClock
    from rooms.services.accounts import AccountError, Accounts
    from rooms.services.audit import Audit

    password = _ask_password()
    if password is None:
        return _fail("the two passwords differ")

    async def create(database: Database) -> None:
        clock = SystemClock()
        accounts = Accounts(database, clock, Audit(database, clock))
        await accounts.create_admin(arguments.login, password, arguments.name)

    try:
        failed = _with_database(settings, arguments, create)
    except AccountError as error:
        return _fail(_account_words(error.fault.value))
    if not failed:
        _say(f"{arguments.login} may sign in now: {settings.public_url}/staff")
    return failed


def _pair_display(settings: RoomsSettings, arguments: argparse.Namespace) -> int:
    from base.clock import SystemClock
    from rooms.services.audit import Audit
    from rooms.services.pairing import Pairings

    async def enrol(database: Database) -> None:
        clock = SystemClock()
        token = await Pairings(database, clock, Audit(database, clock)).enrol(arguments.name)
        _say(token)

    return _with_database(settings, arguments, enrol)


def _show_settings(settings: RoomsSettings, _arguments: argparse.Namespace) -> int:
    for name, value, words in described(settings):
        _say(f"{name} = {value}\n    {words}\n    {ENV_PREFIX}{name.upper()}")
    return 0


def described(settings: RoomsSettings) -> list[tuple[str, str, str]]:
    """Return name, value and meaning of each setting; a secret is only said to be there."""
    rows = []
    for name, field in RoomsSettings.model_fields.items():
        value = getattr(settings, name)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        if name in SECRETS and value:
            shown = "(given)"
        rows.append((name, shown, field.description or ""))
    return rows


# Inside ---------------------------------------------------------------------------------


def _with_database(
    settings: RoomsSettings,
    arguments: argparse.Namespace,
    work: Callable[[Database], Coroutine[object, object, None]],
) -> int:
    from rooms.services.database import Database

    failed = _migrate(settings, arguments)
    if failed:
        return failed

    async def run() -> None:
        database = await Database.open(settings.database_address)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())
    return 0


def _make_data_dir(settings: RoomsSettings) -> None:
    # What citizens hand over is for nobody else on this machine.
    os.umask(0o077)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def _ask_password() -> str | None:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    return first if getpass.getpass("Once more: ") == first else None


def _account_words(fault: str) -> str:
    from rooms.services.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD

    return {
        "login_taken": "there is an account of that name already",
        "password_too_short": f"the password needs at least {SHORTEST_PASSWORD} characters",
        "password_too_long": f"the password may have at most {LONGEST_PASSWORD} characters",
        "password_too_easy": "the password is too easy to guess",
    }.get(fault, fault.replace("_", " "))


def _given(arguments: argparse.Namespace) -> dict[str, str]:
    known = vars(arguments)
    return {
        name: str(known[name])
        for name in RoomsSettings.model_fields
        if known.get(name) is not None
    }


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage before it."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(
            EXIT_BAD_ARGUMENTS,
            f"{PROGRAM}: {message}.\nTry '{PROGRAM} --help' for all there is.\n",
        )


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Kokuban's consultation rooms: a key of eight digits, nothing to install.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = _add(commands, "serve", _serve, "run the service until SIGTERM")
    serve.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="end when standard input ends: the parent process holds a pipe open",
    )
    serve.add_argument(
        "--log-to-stderr",
        action="store_true",
        help="show the log, too; it is written to DATA_DIR/log/kokuban.log anyway",
    )
    create = _add(
        commands,
        "create-admin",
        _create_admin,
        "make an administrator; asks for the password, or takes it from standard input",
    )
    create.add_argument("login", help="what is typed to sign in")
    create.add_argument("--name", default="", help="how guests and colleagues see them")
    pair = _add(
        commands,
        "pair-display",
        _pair_display,
        "let a display of this machine in without a code; prints its token",
    )
    pair.add_argument("name", help="what the display is called")
    _add(commands, "migrate", _migrate, "bring the database to this version; serve does, too")
    _add(commands, "settings", _show_settings, "print every setting, its value and meaning")
    return parser


def _add(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    command: Callable[[RoomsSettings, argparse.Namespace], int],
    words: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=command)
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"settings; else DATA_DIR/{FILE_NAME}"
    )
    settings = parser.add_argument_group("settings", "See the list in the general --help.")
    for known, field in RoomsSettings.model_fields.items():
        if known not in SECRETS:
            settings.add_argument(
                f"--{known.replace('_', '-')}",
                dest=known,
                metavar="VALUE",
                help=(field.description or "").replace("%", "%%"),
            )
    return parser


def _epilog() -> str:
    lines = [
        "Exit codes: 0 ended as asked, 1 failed, 2 an argument or a setting cannot be used.",
        "",
        "serve prints one line of JSON when it is ready:",
        '  {"ready": true, "url": ..., "host": ..., "port": ..., "pid": ..., "version": ...}',
        "",
        "Settings, from the least to the most binding: the default, a TOML file",
        f"(--config, or {FILE_NAME} in the data folder: guest_limit = 3), the environment",
        f"({ENV_PREFIX}GUEST_LIMIT=3), the command line (--guest-limit 3). Lists have commas.",
        "",
    ]
    for name, field in RoomsSettings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        told = "" if default in ("", (), None) else f" [{default}]"
        lines.append(f"  {name}{told}")
        lines += textwrap.wrap(
            field.description or "", 84, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return "\n".join(lines)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _fail(words: str, code: int = EXIT_FAILED) -> int:
    sys.stderr.write(f"{PROGRAM}: {words}.\n")
    return code
