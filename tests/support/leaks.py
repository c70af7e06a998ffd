"""What a test left behind: threads, running timers, top-level widgets."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

THREAD_PATIENCE_S = 10.0


def leftover_threads(before: set[threading.Thread]) -> list[str]:
    """Return the names of threads that began since `before` and do not end by themselves.

    Threads that Qt or a library made in C show up as dummies once they have called Python;
    they are not ours to end.
    """
    deadline_s = time.monotonic() + THREAD_PATIENCE_S
    names = []
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading._DummyThread):
            continue
        thread.join(max(0.0, deadline_s - time.monotonic()))
        if thread.is_alive():
            names.append(thread.name)
    return sorted(names)


@dataclass(frozen=True, slots=True)
class QtThings:
    """The top-level widgets and running timers of a moment, by identity."""

    widgets: frozenset[int]
    timers: frozenset[int]


def qt_things() -> QtThings:
    """Return what is there now; nothing before there is an application."""
    return QtThings(
        frozenset(id(w) for w in _top_level_widgets()),
        frozenset(id(t) for t in _running_timers()),
    )


def leftover_qt_things(before: QtThings) -> list[str]:
    """Return the descriptions of widgets and timers that came since `before` and stayed."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = _new_qt_things(before)
    if left:
        # Python alone may hold them, in a cycle: that is untidy, not a leak.
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        left = _new_qt_things(before)
    return left


def _new_qt_things(before: QtThings) -> list[str]:
    widgets = [w for w in _top_level_widgets() if id(w) not in before.widgets]
    timers = [t for t in _running_timers() if id(t) not in before.timers]
    return [f"top-level widget {w!r}" for w in widgets] + [
        f"running timer {t!r}, every {t.interval()} ms" for t in timers
    ]


def _top_level_widgets() -> list[QWidget]:
    if QApplication.instance() is None:
        return []
    return [w for w in QApplication.topLevelWidgets() if isValid(w) and w.parent() is None]


def _running_timers() -> list[QTimer]:
    # Those that this test made: the older ones are frozen, and not among the objects.
    # Sought by exact type: issubclass over all objects takes much longer.
    kinds = {QTimer, *_subclasses(QTimer)}
    found = [o for o in gc.get_objects() if type(o) in kinds]
    return [t for t in found if isValid(t) and t.isActive()]


def _subclasses(kind: type) -> Iterator[type]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
