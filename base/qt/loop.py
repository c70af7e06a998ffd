"""The application object and its event loop.

Qt's own loop runs everything; qasync lets asyncio live inside it, so a pen event is
handled by Qt alone and never waits behind a loop of Python's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QTabletEvent
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from base import text

if TYPE_CHECKING:
    import asyncio

APPLICATION_NAME: Final = "kokuban"
# asyncio's own type of what an exception handler is told.
LoopTrouble = Mapping[str, Any]


class Application(QApplication):
    """The application, set up for ink; it alone is told when a pen leaves the glass."""

    pen_left = Signal(object)
    """A pen was taken away from the glass: its `QPointingDevice`, None where it is not said."""

    def __init__(self, argv: Sequence[str]) -> None:
        super().__init__(list(argv))
        deliver_every_sample(self)

    @override
    def event(self, event: QEvent) -> bool:
        # Only what is sent to the application itself comes here, not the widgets' events.
        if event.type() is QEvent.Type.TabletLeaveProximity:
            pen = event.pointingDevice() if isinstance(event, QTabletEvent) else None
            self.pen_left.emit(pen)
        return super().event(event)


def make_application(argv: Sequence[str]) -> Application:
    """Make the one application, set up for ink. Main thread, once a process."""
    app = Application(argv)
    app.setApplicationName(APPLICATION_NAME)
    app.setDesktopFileName(APPLICATION_NAME)
    return app


def deliver_every_sample(app: QApplication) -> None:
    """Let Qt hand over every sample of pen, finger and mouse, once.

    Two things are left as Qt has them: touches and pens that a widget does not accept
    come again as a mouse, so that every stock widget can be used; one that does accept
    them, as the board does, gets no second copy.
    """
    # Qt sets these for the platform while the application is made, so they can only be
    # cleared now. With them X11 motion that waits in the queue is thrown away.
    app.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, on=False)
    app.setAttribute(Qt.ApplicationAttribute.AA_CompressTabletEvents, on=False)
    app.setAttribute(
        Qt.ApplicationAttribute.AA_SynthesizeTouchForUnhandledMouseEvents, on=False
    )


def run(
    app: QApplication,
    started: Callable[[], None],
    on_trouble: Callable[[LoopTrouble], None],
) -> int:
    """Run until the application quits and return its exit code. Main thread.

    Args:
        app: From `make_application`.
        started: Called once, inside the running loop, where tasks can be made.
        on_trouble: Gets what asyncio tells of an exception that nobody awaited.
    """
    from qasync import QEventLoop

    with QEventLoop(app) as loop:

        def tell(_loop: asyncio.AbstractEventLoop, trouble: dict[str, Any]) -> None:
            on_trouble(trouble)

        loop.set_exception_handler(tell)
        loop.call_soon(started)
        return int(loop.run_forever())


def switch_language(app: QApplication, language: str) -> None:
    """Speak `language` in the whole application, without a restart.

    Every widget gets QEvent.LanguageChange before this returns.

    Raises:
        ValueError: the language is not one of `base.text.LANGUAGES`.
    """
    text.set_language(language)
    # Qt passes the event on from a window to all of its children.
    for window in app.topLevelWidgets():
        app.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
