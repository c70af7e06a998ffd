"""The composition root: everything is made, joined and ended here."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from base import text
from base.clock import Clock
from base.errors import AppError, ErrorCode
from base.feature import Feature, Host, Notice, Weight
from base.log import open_log
from base.options import Options, Settings, Trouble
from base.qt import loop, theme
from base.tasks import Worker
from base.text import N_, _
from kiosk import features
from kiosk.model.arguments import Arguments
from kiosk.model.lock import Tries, after_wrong_try
from kiosk.model.navigation import (
    HOME,
    SETTINGS,
    Action,
    Duty,
    Event,
    Failed,
    Finished,
    LockChanged,
    Opened,
    PinAnswered,
    Place,
    Show,
    navigate,
)
from kiosk.services.collector import Collector
from kiosk.services.crash import CrashPath
from kiosk.services.input_engine import choose_input_method
from kiosk.services.pin import PinStore
from kiosk.services.removable import RemovableFolders
from kiosk.services.rooms_service import RoomsService
from kiosk.services.signals import EndSignals
from kiosk.views.error_words import error_notice
from kiosk.views.home import Home
from kiosk.views.keyboard_host import KeyboardHost
from kiosk.views.shell import Shell

if TYPE_CHECKING:
    from kiosk.views.pin_sheet import PinSheet

_PIN_TITLE: Final = N_("Settings")
_PIN_WORDS: Final = N_("Type the PIN, then touch Done.")
_PIN_WRONG: Final = N_("That was not the PIN. Try again.")
_PIN_WAIT: Final = N_("Too many tries. Wait half a minute, then try again.")

WARM_UP_MS: Final = 200
"""Wait between the home screen and loading the features behind it."""


def run(arguments: Arguments, data_dir: Path, options: Options, clock: Clock) -> int:
    """Run the display until it is closed and return the exit code. Main thread.

    Args:
        arguments: What the command line asked for.
        data_dir: An existing folder that nobody else uses.
        options: The settings in force.
        clock: Where the time comes from.
    """
    log = open_log(data_dir, to_stderr=arguments.windowed)
    try:
        # Qt looks for its input method while the application is made.
        forced = options.values.on_screen_keyboard == "always"
        os.environ |= choose_input_method(os.environ, is_forced=forced)
        app = loop.make_application(sys.argv[:1])
        kiosk = Kiosk(app, data_dir, options, clock, features.ENTRIES)
        try:
            kiosk.start(arguments)
            return loop.run(app, kiosk.started, kiosk.crash.from_loop)
        finally:
            kiosk.shutdown()
    finally:
        log.shutdown()


class Kiosk(QObject):
    """The display: the shell, the features, and what joins them. UI thread.

    Args:
        app: The application.
        data_dir: An existing folder that nobody else uses.
        options: The settings in force.
        clock: Where the time comes from.
        entries: The features.
    """

    _not_written = Signal()

    def __init__(
        self,
        app: QApplication,
        data_dir: Path,
        options: Options,
        clock: Clock,
        entries: tuple[features.FeatureEntry, ...],
    ) -> None:
        super().__init__()
        self._collector = Collector(self)
        self._app = app
        self._options = options
        self._clock = clock
        self._entries = entries
        self._log = structlog.get_logger(__name__)
        self._place = Place()
        self._features: dict[str, Feature] = {}
        self._screens: dict[str, QWidget] = {}
        self._tries = Tries()
        self._is_down = False
        text.set_language(options.values.language)
        self.crash = CrashPath(data_dir, clock, self._tell_unforeseen)
        self.crash.install()
        self._signals = EndSignals(app.quit)
        self._pin = PinStore(data_dir)
        self._removable = RemovableFolders(os.environ)
        self._rooms = RoomsService(data_dir, options)
        self._worker = Worker("settings", on_error=self._write_failed)
        self._not_written.connect(self._tell_not_written)
        options.submit = self._worker.submit
        options.on_trouble = self._option_trouble
        self._stop_listening = options.listen(self._options_changed)
        self.shell = Shell()
        self._keyboard = KeyboardHost(self.shell, options)
        self.host = Host(
            data_dir=data_dir,
            options=options,
            show_notice=self.shell.notices.show_notice,
            show_error=self._show_error,
            go_home=lambda: self.handle(Opened(HOME)),
            removable_folders=self._removable.folders,
            open_screen=lambda screen: self.handle(Opened(screen)),
            finish=lambda: self.handle(Finished()),
            forget_files=self.shell.notices.forget_files,
            find_rooms=self._rooms.place,
        )
        self.shell.resized.connect(self._window_resized)
        self.shell.closing.connect(app.quit)

    def start(self, arguments: Arguments) -> None:
        """Show the first screen, or the file that was asked for."""
        size = QSize(*arguments.size) if arguments.size is not None else None
        self._apply_theme(self.shell.planned_size(size, windowed=arguments.windowed))
        self.handle(LockChanged(self._pin.is_set))
        self.handle(Opened(HOME if arguments.screen == SETTINGS else arguments.screen))
        if arguments.open_path is not None:
            self._open_path(arguments.open_path)
        self.shell.show_on_display(size, windowed=arguments.windowed)
        if arguments.screen == SETTINGS:
            self.handle(Opened(SETTINGS))
        self._tell_troubles()

    def started(self) -> None:
        """Do what can wait until the first screen is there."""
        self._log.info("started", cpu_s=round(time.process_time(), 3))
        self._collector.leave_out_what_is_there()
        QTimer.singleShot(WARM_UP_MS, self, self._warm_up)

    def shutdown(self) -> None:
        """End everything that was started, the features first. Blocks until done."""
        if self._is_down:
            return
        self._is_down = True
        for name, feature in self._features.items():
            self._guard(feature.shutdown, f"shutdown of {name}")
        self._guard(self._rooms.shutdown, "shutdown of the rooms service")
        self._stop_listening()
        self._keyboard.shutdown()
        self._removable.shutdown()
        self._worker.shutdown()
        self._signals.shutdown()
        self.shell.closing.disconnect(self._app.quit)
        self.shell.close()
        self.shell.deleteLater()
        self.crash.shutdown()
        self._collector.shutdown()

    def handle(self, event: Event) -> None:
        """Let an event of the person's take effect."""
        self._place, actions = navigate(self._place, event)
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Show(screen):
                self._show(screen)
            case Duty.ASK_PIN:
                self._ask_pin()
            case Duty.PUT_AWAY:
                for name, feature in self._features.items():
                    self._guard(feature.finish, f"finish of {name}")
            case Duty.FORGET_CHOICES:
                self._options.forget_for_now()
                self._keyboard.forget()
            case Duty.CLEAR_NOTICES:
                self.shell.notices.clear()
            case Duty.TELL_FINISHED:
                self.host.show_notice(Notice(_("All put away. The boards are kept.")))

    def _show(self, screen: str) -> None:
        try:
            self.shell.show_screen(self._screen(screen))
        except AppError as error:
            self._show_error(error)
            self.handle(Failed())
        except Exception:  # noqa: BLE001  (a broken feature must not take the display along)
            self._log.exception("screen failed", screen=screen)
            self._tell_unforeseen()
            self.handle(Failed())

    def _screen(self, screen: str) -> QWidget:
        """Return the widget of a screen, ready to be shown."""
        for entry in self._entries:
            if any(tile.screen == screen for tile in entry.tiles):
                return self._feature(entry).show(screen)
        if screen not in self._screens:
            self._screens[screen] = (
                self._make_settings() if screen == SETTINGS else self._make_home()
            )
        return self._screens[screen]

    def _feature(self, entry: features.FeatureEntry) -> Feature:
        if entry.id not in self._features:
            self._features[entry.id] = entry.load(self.host)
        return self._features[entry.id]

    def _make_home(self) -> Home:
        home = Home([tile for entry in self._entries for tile in entry.tiles], self._clock)
        home.opened.connect(lambda screen: self.handle(Opened(screen)))
        home.language_chosen.connect(
            lambda language: self._options.change_for_now(language=language)
        )
        home.theme_chosen.connect(lambda name: self._options.change_for_now(theme=name))
        home.finish_asked.connect(lambda: self.handle(Finished()))
        return home

    def _make_settings(self) -> QWidget:
        from kiosk.views.settings import SettingsScreen

        screen = SettingsScreen(self._options, self._pin, self.host.show_notice)
        screen.home_asked.connect(lambda: self.handle(Opened(HOME)))
        screen.lock_changed.connect(lambda locked: self.handle(LockChanged(locked)))
        return screen

    def _ask_pin(self) -> None:
        from kiosk.views.pin_sheet import PinSheet

        sheet = PinSheet(self.shell)
        sheet.entered.connect(lambda digits: self._pin_entered(sheet, digits))
        sheet.closed.connect(lambda: self.handle(PinAnswered(right=False)))
        sheet.closed.connect(sheet.deleteLater)
        sheet.ask(_PIN_TITLE, _PIN_WORDS)

    def _pin_entered(self, sheet: PinSheet, digits: str) -> None:
        now_s = self._clock.monotonic_s()
        if self._tries.is_closed(now_s):
            sheet.ask(_PIN_TITLE, _PIN_WAIT)
        elif self._pin.matches(digits):
            self._tries = Tries()
            self.handle(PinAnswered(right=True))
            sheet.close_sheet()
        else:
            self._tries = after_wrong_try(self._tries, now_s)
            closed = self._tries.is_closed(now_s)
            sheet.ask(_PIN_TITLE, _PIN_WAIT if closed else _PIN_WRONG)

    def _open_path(self, path: Path) -> None:
        try:
            for entry in self._entries:
                if self._feature(entry).open_path(path):
                    self.handle(Opened(entry.tiles[0].screen))
                    return
        except AppError as error:
            self._show_error(error)
        else:
            self._show_error(AppError(ErrorCode.UNKNOWN_FORMAT, str(path)))

    def _warm_up(self) -> None:
        # So that the first touch on a tile does not wait for imports.
        for entry in self._entries:
            self._guard(functools.partial(self._feature, entry), f"loading of {entry.id}")

    def _guard(self, act: Callable[[], object], what: str) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001  (the others still have their turn)
            self._log.exception("failed", what=what)

    def _window_resized(self, size: QSize) -> None:
        # Not inside the resize: the new style sheet would lay out a half-sized window.
        QTimer.singleShot(0, self, lambda: self._apply_theme(size))

    def _apply_theme(self, size: QSize) -> None:
        values = self._options.values
        sizes = theme.metrics_for(size, self.shell.screen(), values.panel_diagonal_inch)
        theme.apply_theme(self._app, values.theme, sizes)
        self._keyboard.place()

    def _options_changed(self, values: Settings) -> None:
        if values.language != text.language():
            loop.switch_language(self._app, values.language)
        self._apply_theme(self.shell.size())

    def _show_error(self, error: AppError) -> None:
        self._log.warning("error shown", code=error.code.value, detail=error.detail)
        self.host.show_notice(error_notice(error.code, error.about))

    def _tell_unforeseen(self) -> None:
        words = _("Something went wrong. Your board is safe; go on writing.")
        self.host.show_notice(Notice(words))

    def _tell_troubles(self) -> None:
        if Trouble.FILE_SET_ASIDE in self._options.troubles:
            words = _("The settings could not be read and are back to the usual ones.")
            self.host.show_notice(Notice(words, Weight.TROUBLE))
        elif self._options.troubles:
            words = _("Some settings could not be read and are back to the usual ones.")
            self.host.show_notice(Notice(words, Weight.TROUBLE))

    def _option_trouble(self, _trouble: Trouble, error: OSError) -> None:
        self._write_failed(error)

    def _write_failed(self, error: Exception) -> None:
        # On the worker's thread: the signal brings it to the UI's.
        self._log.warning("settings not written", exc_info=error)
        self._not_written.emit()

    def _tell_not_written(self) -> None:
        words = _("The setting is in force but could not be saved. Free some storage.")
        self.host.show_notice(Notice(words, Weight.TROUBLE))
