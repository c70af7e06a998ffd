"""LibreOffice without a window: an office file becomes a PDF.

Each conversion has a settings folder, a process group and a network of nobody's to itself.
Cancelling and the time limit kill the whole group; when the board dies, so does it.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import errno
import functools
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents import office_launcher
from whiteboard.services.documents.document_store import CancelledError, IsCancelled, never

LIMIT_S: Final = 180.0
"""A deck of 200 slides with pictures takes 15 s, and weak displays are three times slower."""
EDITION: Final = 1
"""Counted up when conversions should be made anew although LibreOffice is the same."""

_POLL_S: Final = 0.05
_BEGIN_AGAIN: Final = frozenset({79, 81})
"""What a fresh settings folder makes LibreOffice end with: it wants to be started again."""
_MOST_STARTS: Final = 3
_PLACES: Final = ("/opt/libreoffice*/program/soffice",)
_CSV_BYTES: Final = 32 << 20
_CSV_FILTER: Final = "CSV:44,34,76"
"""Comma, double quotes, UTF-8; `write_table` makes every table that."""

_SETTINGS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" \
xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{items}
</oor:items>
"""
_SETTING: Final = (
    '<item oor:path="/org.openoffice.{path}">'
    '<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SAFE: Final = (
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Save/Document", "AutoSave", "false"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
"""No macros, no links that are followed, and a proxy that is not there."""


@dataclass(frozen=True, slots=True)
class Office:
    """LibreOffice as it is installed here.

    Attributes:
        program: Its executable.
        version: Another text for every build; what was converted by another one is old.
    """

    program: Path
    version: str


def find_office() -> Office | None:
    """Return the LibreOffice of this machine, or None. Blocks for a moment."""
    candidates = [shutil.which("soffice"), shutil.which("libreoffice")]
    candidates += sorted(str(p) for place in _PLACES for p in Path("/").glob(place[1:]))
    for candidate in candidates:
        if candidate is not None:
            return _office_at(Path(candidate).resolve())
    return None


def _office_at(program: Path) -> Office:
    # The start script would put another process between us and the work.
    binary = program.with_name("soffice.bin")
    return Office(binary if binary.exists() else program, _version_at(program.parent))


@functools.cache
def _version_at(folder: Path) -> str:
    try:
        text = (folder / "versionrc").read_bytes()
    except OSError:
        text = str(folder).encode()
    return f"LibreOffice {hashlib.sha256(text).hexdigest()[:16]} edition {EDITION}"


def convert(
    office: Office,
    source: Path,
    folder: Path,
    *,
    to: str = "pdf",
    is_cancelled: IsCancelled = never,
    limit_s: float = LIMIT_S,
) -> Path:
    """Make a PDF (or another format) of an office file. Blocks for seconds.

    Args:
        office: What `find_office` found.
        source: The file; its suffix is right.
        folder: Where the result and all working files go.
        to: Suffix of the wanted format.
        is_cancelled: Asked 20 times a second.
        limit_s: How long it may take.

    Returns:
        The result, in `folder`.

    Raises:
        AppError: CONVERSION_FAILED, CONVERSION_TIMEOUT, DISK_FULL.
        CancelledError: `is_cancelled` said so.
    """
    ends_s = time.monotonic() + limit_s
    with disk_errors(folder):
        profile = _make_profile(folder)
        made = folder / "made"
        made.mkdir(exist_ok=True)
    for _ in range(_MOST_STARTS):
        command = _command(office, source, made, profile, to)
        code, said = _run(command, folder, is_cancelled, ends_s)
        if code not in _BEGIN_AGAIN:
            break
    result = made / f"{source.stem}.{to}"
    if code != 0 or not result.is_file() or result.stat().st_size == 0:
        with disk_errors(folder):
            _check_room(folder)
        raise AppError(ErrorCode.CONVERSION_FAILED, f"{source.name}: {code}: {said}")
    return result


def _make_profile(folder: Path) -> Path:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    items = [_SETTING.format(path=p, name=name, value=value) for p, name, value in _SAFE]
    settings = _SETTINGS.format(items="\n".join(items))
    (profile / "user" / "registrymodifications.xcu").write_text(settings, encoding="utf-8")
    return profile


def _command(office: Office, source: Path, made: Path, profile: Path, to: str) -> list[str]:
    options = [f"--infilter={_CSV_FILTER}"] if source.suffix == ".csv" else []
    return [
        sys.executable, "-I", "-S", office_launcher.__file__, str(os.getpid()),
        str(profile.parent), str(source), str(office.program),
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless", "--invisible", "--nologo", "--nofirststartwizard", "--norestore",
        "--nolockcheck", *options, "--convert-to", to, "--outdir", str(made), str(source),
    ]  # fmt: skip


def _run(
    command: Sequence[str], folder: Path, is_cancelled: IsCancelled, ends_s: float
) -> tuple[int, str]:
    """Run a program in a group of its own; return its exit code and last words."""
    began_s = time.time()
    own = {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    environment = os.environ | own | {"SAL_USE_VCLPLUGIN": "svp"}
    words = folder / "words"
    with disk_errors(folder), words.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            if is_cancelled():
                raise CancelledError
            if time.monotonic() > ends_s:
                raise AppError(ErrorCode.CONVERSION_TIMEOUT, " ".join(command[-3:]))
            try:
                process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        _kill_group(process)
        _sweep_sockets(began_s)
    return process.returncode, words.read_bytes()[-500:].decode(errors="replace").strip()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a process group; the leader is waited for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _sweep_sockets(since_s: float) -> None:
    """Remove what LibreOffice may make in /tmp, and may not remove when it is done or killed.

    Args:
        since_s: `time.time()` when the first of them may have been made.
    """
    for path in Path("/tmp").glob("OSL_PIPE_*"):  # noqa: S108
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            found = path.lstat()
            if found.st_uid != os.geteuid() or found.st_mtime < since_s - 1.0:
                continue
            caller.setblocking(False)
            if caller.connect_ex(str(path)) == errno.ECONNREFUSED:  # its maker is gone
                path.unlink()


def _check_room(folder: Path) -> None:
    """Raise what the disk says, if it is the disk that refuses."""
    probe = folder / "probe"
    probe.write_bytes(bytes(1 << 16))
    probe.unlink()


def write_table(source: Path, target: Path) -> None:
    """Write a table of text as one that LibreOffice reads right. Blocks.

    Town halls keep theirs in Shift_JIS, with commas or tabs.

    Raises:
        AppError: DOCUMENT_TOO_LARGE beyond 32 MB, UNKNOWN_FORMAT; it is no text.
    """
    with disk_errors(source):
        data = source.read_bytes() if source.stat().st_size <= _CSV_BYTES else None
    if data is None:
        raise AppError(ErrorCode.DOCUMENT_TOO_LARGE, str(source))
    text = _decode(data)
    if text is None:
        raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{source} is no text")
    first = text.split("\n", 1)[0]
    separator = max(",\t;", key=first.count)
    with disk_errors(target), target.open("w", encoding="utf-8", newline="") as file:
        try:
            rows = csv.reader(text.splitlines(keepends=True), delimiter=separator)
            csv.writer(file).writerows(rows)
        except csv.Error as error:
            raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{source}: {error}") from error


def _decode(data: bytes) -> str | None:
    # As UTF-16, which Excel calls Unicode text, almost anything can be read.
    is_marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_marked else ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
