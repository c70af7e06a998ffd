"""Printing through the system's CUPS, by its own programs `lpstat` and `lp`.

Why not Qt's printing is said in docs/decisions/printing.md. Everything here waits for
another program: call it in a worker thread.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from base.errors import AppError, ErrorCode

LIST_TIMEOUT_S: Final = 5.0
PRINT_TIMEOUT_S: Final = 60.0
MAX_COPIES: Final = 99

_JOB: Final = re.compile(r"request id is (\S+)")
_NO_PRINTER_WORDS: Final = (
    "no default destination",
    "does not exist",
    "no destinations",
    "scheduler is not running",
    "transport endpoint is not connected",
    "unable to connect",
    "connection refused",
    "bad file descriptor",
)
_FAILURE_DETAIL_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer of the system.

    Attributes:
        name: As CUPS calls it.
        is_default: Whether it is meant when nobody chooses.
    """

    name: str
    is_default: bool


def list_printers(timeout_s: float = LIST_TIMEOUT_S) -> tuple[Printer, ...]:
    """Return the printers of the system, the default one first, then by name.

    Raises:
        AppError: NO_PRINTER when there is none, no CUPS, or no answer in time.
    """
    names = _ask(["lpstat", "-e"], timeout_s).split()
    # "system default destination: office", or a sentence without a colon for none.
    _, _, default = _ask(["lpstat", "-d"], timeout_s).strip().partition(": ")
    if not names:
        raise AppError(ErrorCode.NO_PRINTER, "lpstat names none")
    printers = [Printer(name, name == default) for name in dict.fromkeys(names)]
    return tuple(sorted(printers, key=lambda p: (not p.is_default, p.name)))


def print_pdf(
    pdf: bytes,
    title: str,
    printer: Printer | None = None,
    *,
    copies: int = 1,
    timeout_s: float = PRINT_TIMEOUT_S,
) -> str:
    """Hand a PDF to a printer, each page as large as the paper takes.

    Args:
        pdf: The document; nothing of it is left on this machine's disk by us.
        title: What the printer's list of jobs calls it.
        printer: None for the default one.
        copies: 1..99.
        timeout_s: How long the system may take to accept it.

    Returns:
        The system's name of the job; empty when it did not say one.

    Raises:
        AppError: NO_PRINTER, or PRINT_FAILED with the system's words.
        ValueError: the number of copies is out of range.
    """
    if not 1 <= copies <= MAX_COPIES:
        raise ValueError(f"copies must be 1..{MAX_COPIES}, not {copies}")
    command = ["lp", "-n", str(copies), "-t", _one_line(title), "-o", "print-scaling=fit"]
    if printer is not None:
        command += ["-d", printer.name]
    done = _run(command, pdf, timeout_s, ErrorCode.PRINT_FAILED)
    if done.returncode != 0:
        words = _words(done)
        is_missing = any(sign in words.lower() for sign in _NO_PRINTER_WORDS)
        raise AppError(ErrorCode.NO_PRINTER if is_missing else ErrorCode.PRINT_FAILED, words)
    found = _JOB.search(done.stdout.decode(errors="replace"))
    return found[1] if found else ""


def _ask(command: Sequence[str], timeout_s: float) -> str:
    done = _run(command, b"", timeout_s, ErrorCode.NO_PRINTER)
    if done.returncode != 0:
        raise AppError(ErrorCode.NO_PRINTER, _words(done))
    return done.stdout.decode(errors="replace")


def _run(
    command: Sequence[str], stdin: bytes, timeout_s: float, on_timeout: ErrorCode
) -> subprocess.CompletedProcess[bytes]:
    # Its words are read by us and go to the log: always English, always UTF-8.
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, timeout=timeout_s, env=environment,
            check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise AppError(ErrorCode.NO_PRINTER, f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise AppError(on_timeout, f"{command[0]}: no answer in {timeout_s} s") from error
    except OSError as error:
        raise AppError(ErrorCode.PRINT_FAILED, f"{command[0]}: {error}") from error


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    text = (done.stderr or done.stdout).decode(errors="replace").strip()
    return text[:_FAILURE_DETAIL_CHARS] or f"exit status {done.returncode}"


def _one_line(title: str) -> str:
    """Return a title that is one argument: no line breaks, nothing that C strings end at."""
    return " ".join(title.replace("\0", " ").split()) or "Kokuban"
