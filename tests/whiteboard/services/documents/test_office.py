"""The real LibreOffice, and the place it is kept in."""

import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msoffcrypto
import pytest
from pytestqt.qtbot import QtBot

from base.errors import AppError, ErrorCode
from tests.support.document_door import Door, open_door
from tools import sample_office
from whiteboard.services.documents import office_launcher
from whiteboard.services.documents.document_intake import Stage
from whiteboard.services.documents.office import Office, convert, find_office, write_table
from whiteboard.services.rendering import landlock

needs_office = pytest.mark.skipif(find_office() is None, reason="LibreOffice is not there")


@pytest.fixture
def door(qtbot: QtBot, data_dir: Path) -> Iterator[Door]:
    with open_door(qtbot, data_dir) as door:
        yield door


@needs_office
def test_deck_comes_in_once_with_its_notes(door: Door, tmp_path: Path) -> None:
    deck = tmp_path / "説明会.ppt"  # a .pptx under a wrong name
    sample_office.write_deck(deck, 6)
    came = door.came(deck)
    visible = [n for n in range(6) if n != sample_office.HIDDEN_SLIDE]
    assert door.stages() == [
        Stage.READING, Stage.CHECKING, Stage.CONVERTING, Stage.KEEPING,
    ]  # fmt: skip
    assert [s.total for s in door.progress if s.stage is Stage.CONVERTING] == [6]
    assert len(door.sheets(came)) == len(visible)
    assert list(came.notes) == [sample_office.notes_of(n) for n in visible]

    door.office = Office(Path("/bin/false"), find_office().version)  # type: ignore[union-attr]
    again = door.came(shutil.copy(deck, tmp_path / "copy.pptx"))
    assert (again.document, again.notes, again.name) == (came.document, came.notes, "copy.pptx")
    assert door.stages() == [Stage.READING]
    door.office = None
    assert door.came(deck).document == came.document


@needs_office
@pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (sample_office.write_letter, ".docx"),
        (sample_office.write_sheet, ".xlsx"),
        (sample_office.write_odp, ".odp"),
    ],
)
def test_other_office_files_come_in(
    door: Door, tmp_path: Path, write: Callable[[Path], None], suffix: str
) -> None:
    write(tmp_path / f"a{suffix}")
    assert door.sheets(door.came(tmp_path / f"a{suffix}"))


@needs_office
def test_table_in_shift_jis_comes_in(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "名簿.csv"
    path.write_bytes("施設,人数\r\n図書館,12\r\n公民館,7\r\n".encode("cp932"))
    came = door.came(path)
    words: list[object] = []
    door.pool.open(came.document, came.path, lambda _: None)
    door.pool.words(came.document, 0, words.append)
    door.until(lambda: bool(words))
    assert {"図書館", "7"} <= {word.text for word in words[0]}  # type: ignore[attr-defined]


@needs_office
def test_locked_deck_asks_for_its_password(door: Door, tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pptx", tmp_path / "locked.pptx"
    sample_office.write_deck(plain, 2)
    with plain.open("rb") as source, locked.open("wb") as target:
        msoffcrypto.OfficeFile(source).encrypt("ひみつ", target)
    assert door.refused(locked) is ErrorCode.DOCUMENT_ENCRYPTED
    assert door.refused(locked, "違う") is ErrorCode.DOCUMENT_STILL_ENCRYPTED
    assert len(door.sheets(door.came(locked, "ひみつ"))) == 2
    # What was made of it is not given to somebody who does not know the password.
    assert door.refused(locked) is ErrorCode.DOCUMENT_ENCRYPTED


@needs_office
def test_letter_that_libreoffice_locked_is_told_as_such(door: Door, tmp_path: Path) -> None:
    letter = tmp_path / "letter.odt"
    with zipfile.ZipFile(letter, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry>'
            "</m:manifest>",
        )
        archive.writestr("content.xml", b"\x00\x01 nothing to read")
    assert door.refused(letter) is ErrorCode.DOCUMENT_LOCKED


@needs_office
def test_notes_of_an_old_deck_come_along(door: Door, tmp_path: Path) -> None:
    office = find_office()
    assert office is not None
    sample_office.write_deck(tmp_path / "deck.pptx", 3)
    (tmp_path / "work").mkdir()
    came = door.came(convert(office, tmp_path / "deck.pptx", tmp_path / "work", to="ppt"))
    assert list(came.notes) == [sample_office.notes_of(n) for n in range(3)]


# Tables -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_table_is_read_in_every_usual_form(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    source = tmp_path / "a.csv"
    text = f"名前{separator}数\r\n大通り{separator}3\r\n"
    source.write_bytes(text.encode(encoding))
    write_table(source, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes().decode() == "名前,数\r\n大通り,3\r\n"


def test_what_is_no_text_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\xd8" * 3 + b"\x81")
    with pytest.raises(AppError) as caught:
        write_table(tmp_path / "a.csv", tmp_path / "b.csv")
    assert caught.value.code is ErrorCode.UNKNOWN_FORMAT


# The launcher ---------------------------------------------------------------------------


def launch(parent: int | str, folder: Path, *command: str) -> list[str]:
    launcher = [sys.executable, "-I", "-S", office_launcher.__file__, str(parent)]
    return [*launcher, str(folder), str(folder), *command]


def test_launched_program_has_no_network(tmp_path: Path) -> None:
    script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        answers = threading.Thread(target=lambda: server.accept()[0].close(), daemon=True)
        answers.start()
        command = launch(os.getpid(), tmp_path, sys.executable, "-c", script, port)
        inside = subprocess.run(command, check=False, capture_output=True)
        outside = subprocess.run([sys.executable, "-c", script, port], check=False)
        answers.join()
    assert (inside.returncode, outside.returncode) == (1, 0)


def test_launched_program_keeps_to_its_folder(tmp_path: Path) -> None:
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("x")
    script = "echo a >a; mv a b; echo c >../c; cat ../secret; cat /etc/passwd; ls"
    command = launch(os.getpid(), tmp_path / "in", "/bin/sh", "-c", script)
    said = subprocess.run(
        command, check=False, capture_output=True, cwd=tmp_path / "in", text=True
    )
    assert said.stdout.split() == []  # a shell may start no program either
    assert [path.name for path in tmp_path.rglob("*")].count("c") == 0


def test_launched_program_dies_with_the_board() -> None:
    # A board that starts the program, says its number and waits to be killed.
    board = f"""
import os, subprocess, sys
command = [sys.executable, "-I", "-S", {office_launcher.__file__!r}, str(os.getpid()),
           "/", "/", "/bin/sh", "-c", "echo here; exec sleep 600"]
child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", board]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        descriptor = os.pidfd_open(pid)
        process.kill()
    ended, _, _ = select.select([descriptor], [], [], 20)
    os.close(descriptor)
    assert ended
