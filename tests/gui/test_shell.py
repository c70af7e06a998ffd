from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from base import text
from base.clock import SystemClock
from base.commands import Command
from base.errors import AppError, ErrorCode
from base.feature import Host, Notice
from base.options import Options, Trouble
from base.qt import theme
from base.qt.panels import NumberPad
from base.qt.widgets import Tile, TouchButton
from kiosk.app import Kiosk
from kiosk.features import FeatureEntry
from kiosk.model.arguments import Arguments
from kiosk.model.navigation import HOME, SETTINGS, LockChanged, Opened
from kiosk.model.tiles import HomeTile
from kiosk.views.home import Home
from kiosk.views.settings import SettingsScreen


class Slate(QWidget):
    """A plain sheet that shows one colour."""

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#123456"))
        painter.end()


class SlateFeature:
    """A feature with one good screen, one that raises, and files that end in .slate."""

    id = "slate"
    title = "Slate"
    icon = "square"

    def __init__(self, host: Host) -> None:
        self.host = host
        self.slate: Slate | None = None
        self.opened: list[Path] = []
        self.finished = 0
        self.ended = 0

    def screens(self) -> Sequence[str]:
        return ("slate", "broken", "full")

    def show(self, screen: str) -> QWidget:
        if screen == "broken":
            raise RuntimeError("slate broke")
        if screen == "full":
            raise AppError(ErrorCode.DISK_FULL, "/dev/full")
        self.slate = self.slate or Slate()
        return self.slate

    def commands(self) -> Sequence[Command]:
        return ()

    def open_path(self, path: Path) -> bool:
        if path.suffix == ".slate":
            self.opened.append(path)
            return True
        return False

    def finish(self) -> None:
        self.finished += 1

    def shutdown(self) -> None:
        self.ended += 1


class Bench:
    """A display with one slate on it."""

    def __init__(self, app: QApplication, data_dir: Path, options: Options) -> None:
        self.features: list[SlateFeature] = []
        tiles = tuple(
            HomeTile(name, name.title(), "square", "") for name in ("slate", "broken", "full")
        )
        entry = FeatureEntry("slate", tiles, self._load)
        self.kiosk = Kiosk(app, data_dir, options, SystemClock(), (entry,))

    def _load(self, host: Host) -> SlateFeature:
        self.features.append(SlateFeature(host))
        return self.features[-1]

    @property
    def slate(self) -> SlateFeature:
        return self.features[0]

    @property
    def words(self) -> list[str]:
        return [notice.text for notice in self.kiosk.shell.notices.shown]


@pytest.fixture
def options(data_dir: Path) -> Options:
    options = Options.load(data_dir / "settings.json", SystemClock().now())
    options.change(language="en")
    return options


@pytest.fixture
def bench(qapp: QApplication, data_dir: Path, options: Options) -> Iterator[Bench]:
    made = Bench(qapp, data_dir, options)
    yield made
    made.kiosk.shutdown()


@pytest.fixture
def start(bench: Bench, qtbot) -> Callable[..., Bench]:
    def begin(**arguments: object) -> Bench:
        bench.kiosk.start(Arguments(**{"size": (1920, 1080), **arguments}))
        qtbot.waitExposed(bench.kiosk.shell)
        return bench

    return begin


def press(bench: Bench, word: str) -> None:
    buttons = bench.kiosk.shell.shown.findChildren(TouchButton)
    QTest.mouseClick(
        next(one for one in buttons if one.word == word), Qt.MouseButton.LeftButton
    )


def test_display_is_covered_without_a_window_manager(start) -> None:
    shell = start(size=None).kiosk.shell
    assert shell.geometry() == shell.screen().geometry()
    assert shell.frameGeometry() == shell.screen().geometry()


def test_display_is_covered_after_its_resolution_changed(start, qtbot) -> None:
    shell = start(size=None).kiosk.shell
    shell.screen().geometryChanged.emit(QRect(0, 0, 1280, 720))
    qtbot.waitUntil(lambda: shell.size() == QSize(1280, 720))
    qtbot.waitUntil(lambda: theme.metrics().target_px == 32)


@pytest.mark.parametrize("windowed", [False, True])
@pytest.mark.parametrize("size", [(1280, 720), (640, 400), (3840, 2160)])
def test_size_is_exactly_what_was_asked_for(
    start, windowed: bool, size: tuple[int, int]
) -> None:
    shell = start(size=size, windowed=windowed).kiosk.shell
    assert shell.size() == QSize(*size)
    assert shell.pos().toTuple() == (0, 0)
    assert shell.shown.size() == QSize(*size)


def test_sizes_belong_to_the_window(start) -> None:
    start(size=(1280, 720))
    assert theme.metrics().target_px == 32


def test_home_comes_first(start) -> None:
    assert isinstance(start().kiosk.shell.shown, Home)


def test_tile_opens_the_feature_and_home_leads_back(start, qtbot) -> None:
    bench = start()
    qtbot.mouseClick(bench.kiosk.shell.shown.findChildren(Tile)[0], Qt.MouseButton.LeftButton)
    assert bench.kiosk.shell.shown is bench.slate.slate
    qtbot.waitUntil(
        lambda: bench.kiosk.shell.grab().toImage().pixelColor(900, 500).name() == "#123456"
    )
    bench.slate.host.go_home()
    assert isinstance(bench.kiosk.shell.shown, Home)


def test_feature_is_not_loaded_before_it_is_wanted(start) -> None:
    assert start().features == []


def test_feature_is_warmed_up_behind_the_home_screen(start, qtbot) -> None:
    bench = start()
    bench.kiosk.started()
    qtbot.waitUntil(lambda: len(bench.features) == 1)


def test_screen_that_raises_leads_home_with_a_calm_word(start, expected_log) -> None:
    expected_log("ERROR kiosk.app: .*slate broke")
    bench = start()
    bench.kiosk.handle(Opened("broken"))
    assert isinstance(bench.kiosk.shell.shown, Home)
    assert bench.words == ["Something went wrong. Your board is safe; go on writing."]


def test_error_of_a_feature_is_put_into_words(start, expected_log) -> None:
    expected_log("WARNING kiosk.app: .*disk_full")
    bench = start(screen="full")
    assert isinstance(bench.kiosk.shell.shown, Home)
    assert bench.words[0].startswith("The storage is full.")


def test_file_is_opened_by_the_feature_that_knows_it(start, tmp_path: Path) -> None:
    bench = start(open_path=tmp_path / "a.slate")
    assert bench.slate.opened == [tmp_path / "a.slate"]
    assert bench.kiosk.shell.shown is bench.slate.slate


def test_file_that_nobody_knows_gets_a_word(start, tmp_path: Path, expected_log) -> None:
    expected_log("WARNING kiosk.app: .*unknown_format")
    bench = start(open_path=tmp_path / "a.xyz")
    assert bench.words == ["This kind of file cannot be opened. Choose another file."]


def test_language_changes_at_one_touch(start) -> None:
    bench = start()
    press(bench, "日本語")
    assert text.language() == "ja"
    press(bench, "English")
    assert text.language() == "en"


def test_colours_change_at_one_touch(start, qtbot) -> None:
    bench = start()
    press(bench, "Light")
    qtbot.waitUntil(
        lambda: (
            bench.kiosk.shell.grab().toImage().pixelColor(1500, 200).name()
            == theme.WHITE.ground
        )
    )


def test_finish_leaves_the_display_as_it_was_found(start, options: Options) -> None:
    bench = start(screen="slate")
    bench.kiosk.handle(Opened(HOME))
    press(bench, "日本語")
    press(bench, "明るい")
    bench.kiosk.host.show_notice(Notice("Saved."))
    bench.kiosk.handle(Opened("slate"))
    bench.slate.host.finish()
    assert isinstance(bench.kiosk.shell.shown, Home)
    assert bench.slate.finished == 1
    assert (text.language(), theme.tokens().name) == ("en", "board")
    assert bench.words == ["All put away. The boards are kept."]


def test_setting_takes_effect_at_once_and_is_kept(
    start, bench: Bench, data_dir: Path, qtbot
) -> None:
    start(screen=SETTINGS)
    press(bench, "Light")
    assert theme.tokens() is theme.WHITE
    kept = data_dir / "settings.json"
    qtbot.waitUntil(lambda: '"white"' in kept.read_text())


def test_settings_open_with_the_right_pin_alone(start, bench: Bench, qtbot) -> None:
    start()
    bench.kiosk._pin.set("4711")
    bench.kiosk.handle(LockChanged(locked=True))
    press(bench, "Settings")
    assert isinstance(bench.kiosk.shell.shown, Home)
    pad = bench.kiosk.shell.findChild(NumberPad)
    QTest.keyClicks(pad, "1234\r")
    assert isinstance(bench.kiosk.shell.shown, Home)
    QTest.keyClicks(pad, "4711\r")
    assert isinstance(bench.kiosk.shell.shown, SettingsScreen)
    qtbot.waitUntil(lambda: bench.kiosk.shell.findChild(NumberPad).window().isVisible())


def test_pin_cannot_be_gone_round_by_the_command_line(start, bench: Bench) -> None:
    bench.kiosk._pin.set("4711")
    assert isinstance(start(screen=SETTINGS).kiosk.shell.shown, Home)


def test_sixth_try_has_to_wait_even_when_it_is_right(start, bench: Bench) -> None:
    start()
    bench.kiosk._pin.set("4711")
    bench.kiosk.handle(LockChanged(locked=True))
    press(bench, "Settings")
    pad = bench.kiosk.shell.findChild(NumberPad)
    for _ in range(5):
        QTest.keyClicks(pad, "1234\r")
    QTest.keyClicks(pad, "4711\r")
    assert isinstance(bench.kiosk.shell.shown, Home)


@pytest.mark.qt_no_exception_capture
def test_unexpected_error_leaves_the_board_in_place(start, qtbot, expected_log) -> None:
    expected_log("CRITICAL kokuban.crash: .*chalk broke")
    bench = start(screen="slate")

    def fail() -> None:
        raise RuntimeError("chalk broke")

    for _ in range(3):
        QTimer.singleShot(0, fail)
    qtbot.waitUntil(
        lambda: bench.words == ["Something went wrong. Your board is safe; go on writing."]
    )
    assert bench.kiosk.shell.shown is bench.slate.slate


def test_damaged_settings_are_told(qapp: QApplication, data_dir: Path, qtbot) -> None:
    (data_dir / "settings.json").write_text("{")
    options = Options.load(data_dir / "settings.json", SystemClock().now())
    assert options.troubles == (Trouble.FILE_SET_ASIDE,)
    bench = Bench(qapp, data_dir, options)
    bench.kiosk.start(Arguments(size=(1280, 720)))
    assert bench.words == [
        "設定を読めなかったため、最初の設定に戻しました。必要なら設定し直してください。"
    ]
    bench.kiosk.shutdown()


def test_shutdown_ends_the_features_once(start) -> None:
    bench = start(screen="slate")
    bench.kiosk.shutdown()
    bench.kiosk.shutdown()
    assert bench.slate.ended == 1
