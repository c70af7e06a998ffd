"""The printer is a device that tests cannot have: programs named lp and lpstat stand in,
with the arguments, the words and the exit status of CUPS 2.4."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from base.board_doc import Affine, TextItem
from base.errors import AppError, ErrorCode
from whiteboard.model.page import Page
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportOptions,
    PageSnapshot,
    render_pdf,
)
from whiteboard.services.taking.printing import Printer, list_printers, print_pdf

LPSTAT = """
if sys.argv[1:] == ["-e"]:
    print("office\\nkaigi_1F")
elif sys.argv[1:] == ["-d"]:
    print("system default destination: office")
else:
    sys.exit("lpstat: Error - unknown option.")
"""
LPSTAT_WITHOUT_DEFAULT = LPSTAT.replace(
    "system default destination: office", "no system default destination"
)
LPSTAT_EMPTY = 'print("no system default destination" if "-d" in sys.argv else "")'
LPSTAT_NO_SCHEDULER = 'sys.exit("lpstat: Transport endpoint is not connected")'
LP = """
import json, getopt
options, files = getopt.getopt(sys.argv[1:], "d:n:t:o:")
assert not files
given = dict(options)
if given.get("-d", "office") not in ("office", "kaigi_1F"):
    sys.exit("lp: The printer or class does not exist.")
(here / "job.pdf").write_bytes(sys.stdin.buffer.read())
(here / "job.json").write_text(json.dumps(options))
print("request id is %s-12 (0 file(s))" % given.get("-d", "office"))
"""
LP_REFUSES = (
    'sys.stdin.buffer.read(); sys.exit("lp: Destination \\"office\\" is not accepting jobs.")'
)
LP_HANGS = "import signal; signal.pause()"


@pytest.fixture
def cups(tmp_path, monkeypatch):
    """Install programs: `cups(lp=..., lpstat=...)`; what is not given is not there."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(**programs):
        for name, body in programs.items():
            path = tmp_path / name
            path.write_text(
                f"#!{sys.executable}\nimport sys, pathlib\n"
                f"here = pathlib.Path({str(tmp_path)!r})\n{body}"
            )
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return tmp_path

    return install


def code_of(call, *args, **more):
    with pytest.raises(AppError) as caught:
        call(*args, **more)
    return caught.value.code


def test_printers_are_listed_with_the_default_one_first(cups):
    cups(lpstat=LPSTAT)
    assert list_printers() == (Printer("office", True), Printer("kaigi_1F", False))


def test_printers_without_a_default_are_listed_by_name(cups):
    cups(lpstat=LPSTAT_WITHOUT_DEFAULT)
    assert list_printers() == (Printer("kaigi_1F", False), Printer("office", False))


@pytest.mark.parametrize("lpstat", [LPSTAT_EMPTY, LPSTAT_NO_SCHEDULER])
def test_no_printer_says_so(cups, lpstat):
    cups(lpstat=lpstat)
    assert code_of(list_printers) is ErrorCode.NO_PRINTER


def test_machine_without_cups_has_no_printer(cups):
    cups()
    assert code_of(list_printers) is ErrorCode.NO_PRINTER
    assert code_of(print_pdf, b"%PDF", "t") is ErrorCode.NO_PRINTER


def test_document_arrives_whole_with_title_copies_and_printer(cups):
    folder = cups(lp=LP)
    data = bytes(range(256)) * 4096
    job = print_pdf(data, "防災会議\n第1回", Printer("kaigi_1F", False), copies=3)
    assert job == "kaigi_1F-12"
    assert (folder / "job.pdf").read_bytes() == data
    options = json.loads((folder / "job.json").read_text())
    assert ["-n", "3"] in options
    assert ["-t", "防災会議 第1回"] in options
    assert ["-d", "kaigi_1F"] in options


def test_default_printer_is_left_to_the_system(cups):
    folder = cups(lp=LP)
    assert print_pdf(b"%PDF", "t") == "office-12"
    assert "-d" not in dict(json.loads((folder / "job.json").read_text()))


def test_title_is_never_taken_for_an_option(cups):
    folder = cups(lp=LP)
    print_pdf(b"%PDF", "-d elsewhere")
    assert dict(json.loads((folder / "job.json").read_text()))["-t"] == "-d elsewhere"


def test_printer_that_went_away_says_so(cups):
    cups(lp=LP)
    assert code_of(print_pdf, b"%PDF", "t", Printer("gone", False)) is ErrorCode.NO_PRINTER


def test_printer_that_refuses_says_so(cups):
    cups(lp=LP_REFUSES)
    assert code_of(print_pdf, b"%PDF" * 100_000, "t") is ErrorCode.PRINT_FAILED


def test_system_that_never_answers_is_given_up(cups):
    cups(lp=LP_HANGS, lpstat=LP_HANGS)
    assert code_of(print_pdf, b"%PDF", "t", timeout_s=0.3) is ErrorCode.PRINT_FAILED
    assert code_of(list_printers, timeout_s=0.3) is ErrorCode.NO_PRINTER


@pytest.mark.parametrize("copies", [0, 100])
def test_number_of_copies_must_make_sense(copies):
    with pytest.raises(ValueError, match="copies"):
        print_pdf(b"%PDF", "t", copies=copies)


def test_board_is_printed_as_a_pdf_on_white(cups, qapp):
    folder = cups(lp=LP)
    item = TextItem("p", 1.0, "a", Affine.upright(9, 9, 300, 90), 0, 20.0, "黒板")
    board = BoardSnapshot("t", (PageSnapshot(Page("p", 0.0), (item,)),), lambda _: b"")
    print_pdf(render_pdf(board, ExportOptions(is_on_white=True)), board.title)
    assert (folder / "job.pdf").read_bytes().startswith(b"%PDF-1.4")
