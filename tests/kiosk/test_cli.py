import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.cli import main, parse_arguments
from kiosk.features import ENTRIES, screen_names
from kiosk.model.arguments import Arguments

REPOSITORY = Path(__file__).parent.parent.parent


def test_nothing_asked_is_home_fullscreen() -> None:
    assert parse_arguments([]) == Arguments()


def test_every_option_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "a.kokuban"
    file.touch()
    found = parse_arguments(
        [
            *("--screen", "board", "--windowed", "--size", "1920x1080"),
            *("--open", str(file), "--data-dir", str(tmp_path)),
            *("--language", "en", "--theme", "white", "--sound-volume", "0.2"),
        ]
    )
    assert found == Arguments(
        screen="board",
        windowed=True,
        size=(1920, 1080),
        open_path=file,
        data_dir=tmp_path,
        settings={"language": "en", "theme": "white", "sound_volume": "0.2"},
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--screen", "kitchen"], "'kitchen'"),
        (["--size", "1920"], "'1920' is not a size; give it as 1920x1080"),
        (["--size", "1920x1080x3"], "is not a size"),
        (["--size", "10x99999"], "out of range"),
        (["--open", "/no/such.kokuban"], "there is no file '/no/such.kokuban'"),
        (["--language", "de"], "--language is 'de', but has to be ja|en"),
        (["--theme", "pink"], "--theme is 'pink', but has to be board|white"),
        (["--undo-memory-mb", "8"], "--undo-memory-mb is '8', but has to be 16..1024"),
        (["--lang", "ja"], "unrecognized arguments: --lang ja"),
        (["board.kokuban"], "unrecognized arguments: board.kokuban"),
    ],
)
def test_bad_value_gets_one_sentence_and_code_2(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments(argv)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert "usage:" not in said


def test_bad_variable_gets_one_sentence_and_code_2(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOKUBAN_THEME", "pink")
    assert main(["--data-dir", str(data_dir)]) == 2
    assert "KOKUBAN_THEME is 'pink', but has to be board|white" in capsys.readouterr().err


def test_missing_display_gets_one_sentence(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--data-dir", str(data_dir)]) == 1
    assert "there is no display to draw on" in capsys.readouterr().err


def test_unusable_data_folder_gets_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--data-dir", str(tmp_path / "file" / "x")]) == 1
    assert "the data folder cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_question_is_answered_without_qt(option: str) -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('QT' if 'PySide6' in sys.modules else 'NONE'))\n"
        f"sys.argv = ['kokuban', {option!r}]\n"
        "from kiosk.cli import main\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stdout.startswith("kokuban 0." if option == "--version" else "usage: kokuban")
    assert ended.stdout.endswith("NONE\n")


def test_screens_of_features_can_be_asked_for() -> None:
    assert screen_names() == ("home", "board", "documents", "boards", "settings")


def test_one_tile_leads() -> None:
    leads = [tile.screen for entry in ENTRIES for tile in entry.tiles if tile.lead]
    assert leads == ["board"]
