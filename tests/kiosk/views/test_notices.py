import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from base.feature import Notice, Weight
from base.qt.widgets import TouchButton
from kiosk.views import notices as notices_module
from kiosk.views.notices import MOST_AT_ONCE, Notices, Toast


@pytest.fixture
def window(qtbot):
    made = QWidget()
    made.resize(1920, 1080)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.hide()


@pytest.fixture
def notices(window: QWidget) -> Notices:
    return Notices(window)


def words(notices: Notices) -> list[str]:
    return [notice.text for notice in notices.shown]


def test_calm_notice_leaves_by_itself(
    notices: Notices, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices_module, "CALM_STAYS_MS", 20)
    notices.show_notice(Notice("Saved."))
    assert words(notices) == ["Saved."]
    qtbot.waitUntil(lambda: words(notices) == [])
    assert not notices.isVisible()


def test_trouble_waits_for_a_touch(
    notices: Notices, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices_module, "CALM_STAYS_MS", 20)
    notices.show_notice(Notice("The storage is full.", Weight.TROUBLE))
    notices.show_notice(Notice("Saved."))
    qtbot.waitUntil(lambda: words(notices) == ["The storage is full."])
    toast = notices.findChild(Toast)
    qtbot.mouseClick(toast, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert words(notices) == []


def test_close_button_sends_trouble_away(notices: Notices, qtbot) -> None:
    notices.show_notice(Notice("The storage is full.", Weight.TROUBLE))
    notices.findChild(TouchButton).click()
    assert words(notices) == []


def test_action_is_done_once_and_the_notice_leaves(notices: Notices) -> None:
    done: list[None] = []
    notices.show_notice(
        Notice("Deleted.", action_text="Undo", action=lambda: done.append(None))
    )
    notices.findChild(TouchButton).click()
    assert done == [None]
    assert words(notices) == []


def test_same_words_are_shown_once(notices: Notices) -> None:
    for _ in range(3):
        notices.show_notice(Notice("Saved."))
    assert words(notices) == ["Saved."]


def test_too_many_push_the_oldest_calm_one_out(notices: Notices) -> None:
    notices.show_notice(Notice("Trouble", Weight.TROUBLE))
    for number in range(MOST_AT_ONCE):
        notices.show_notice(Notice(f"Calm {number}"))
    assert words(notices) == ["Trouble", "Calm 1", "Calm 2"]


def test_focus_stays_where_it_was(window: QWidget, notices: Notices, qtbot) -> None:
    field = QLineEdit(window)
    field.show()
    window.activateWindow()
    field.setFocus()
    notices.show_notice(Notice("Trouble", Weight.TROUBLE, "Do it", lambda: None))
    assert window.focusWidget() is field


def test_notices_stay_in_the_top_third(window: QWidget, notices: Notices) -> None:
    for number in range(MOST_AT_ONCE):
        notices.show_notice(Notice(f"{number}: " + "very long words " * 6, Weight.TROUBLE))
    assert notices.geometry().bottom() < window.height() / 3
    assert notices.geometry().left() > 0
    for toast in notices.findChildren(Toast):
        assert toast.height() >= toast.heightForWidth(toast.width())


def test_markup_in_a_notice_is_shown_as_it_is(notices: Notices) -> None:
    notices.show_notice(Notice("<b>notes & co</b>"))
    assert notices.findChild(Toast).accessibleName() == "<b>notes & co</b>"
