"""The on-screen keyboard: keys for fingers, and the words that kana can become.

The keys are our own controls, so they look and feel like everything else on the display,
take several fingers at once and need no scene graph. None of them takes the focus: what they
type goes where the focus is, by way of `InputEngine`.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import TouchControl, fitting_font, paint_icon, painter_for
from base.text import N_, _, language
from kiosk.model.key_layouts import (
    COLUMNS,
    ROWS,
    SIDE_COLUMNS,
    Act,
    Key,
    Page,
    changed_kana,
    keys_of,
)
from kiosk.services.input_engine import InputEngine, Script

WIDTH_MM: Final = 290.0
"""Two fit side by side on a display that is shared by two people."""
_ROW_MM: Final = 18.0
_STRIP_MM: Final = 19.0
_GAP_MM: Final = 1.8
_MARGIN_MM: Final = 4.0
_TAB_MM: Final = 36.0
_HIDE_MM: Final = 42.0
_ARROW_MM: Final = 18.0
_WORD_PAD_MM: Final = 7.0
_LEAST_WORD_MM: Final = 20.0
_REPEAT_AFTER_MS: Final = 450
_REPEAT_EVERY_MS: Final = 70

_SCRIPTS: Final = {
    Page.KANA: Script.JAPANESE,
    Page.ROMAJI: Script.JAPANESE,
    Page.LATIN: Script.LETTERS,
    Page.SIGNS: Script.LETTERS,
}
_FIRST_PAGE: Final = {"ja": Page.KANA, "en": Page.LATIN}
# あいう and ABC say what they are in every language.
_TABS: Final = (
    (Page.KANA, "あいう", ""),
    (Page.ROMAJI, "", N_("Romaji")),
    (Page.LATIN, "ABC", ""),
    (Page.SIGNS, "123 ＋－", ""),
)
_ICONS: Final = {
    Act.ERASE: "delete",
    Act.LEFT: "arrow-left",
    Act.RIGHT: "arrow-right",
    Act.SHIFT: "arrow-big-up",
    Act.ENTER: "corner-down-left",
}
_KEY_OF: Final = {
    Act.ERASE: Qt.Key.Key_Backspace,
    Act.LEFT: Qt.Key.Key_Left,
    Act.RIGHT: Qt.Key.Key_Right,
    Act.SPACE: Qt.Key.Key_Space,
}
_SPOKEN: Final = {
    Act.ERASE: N_("Erase"),
    Act.LEFT: N_("Left"),
    Act.RIGHT: N_("Right"),
    Act.SHIFT: N_("Capital letters"),
}


class _Plate(TouchControl):
    """A key of any kind on the wood: letters, an icon, or an icon over its word."""

    def __init__(self, parent: QWidget, msgid: str = "", icon: str = "") -> None:
        self._icon_name = icon
        self.text_mm = 8.0
        self.is_quiet = self.is_mark = False
        super().__init__(msgid, parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_plain(self, text: str, icon: str = "", spoken: str = "") -> None:
        """Show a text as it is, in any language."""
        self._msgid = ""
        self._icon_name = icon
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(spoken or text)
        self.update()

    def show_word(self, msgid: str, icon: str = "") -> None:
        """Show a word in the language in use."""
        self._icon_name = icon
        self.set_msgid(msgid)

    @override
    def retranslate(self) -> None:
        if self._msgid:
            super().retranslate()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        fill, ink, edge = self._colours()
        sizes = theme.metrics()
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setPen(QPen(QColor(edge), sizes.line_px))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        self._paint_face(painter, ink)
        if self.isChecked():
            self._paint_bar(painter, ink)
        painter.end()

    def _colours(self) -> tuple[str, str, str]:
        colours = theme.tokens()
        if self.isDown() or self.isChecked():
            return colours.accent, colours.on_accent, colours.on_accent
        if self.is_quiet:
            return colours.ground, colours.text, colours.wood_shade
        return colours.surface, colours.text, colours.wood_shade

    def _paint_face(self, painter: QPainter, ink: str) -> None:
        sizes = theme.metrics()
        painter.setPen(QColor(ink))
        ratio = self.devicePixelRatioF()
        room = self.width() - sizes.px(3)
        if not self._icon_name:
            painter.setFont(fitting_font(self.word, room, sizes.px(self.text_mm)))
            if self.is_mark:
                # Its ink fills a corner of the square of a letter only.
                path = QPainterPath()
                path.addText(QPointF(), painter.font(), self.word)
                middle = QRectF(self.rect()).center() - path.boundingRect().center()
                painter.fillPath(path.translated(middle), QColor(ink))
                return
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.word)
            return
        side = sizes.icon_px
        if not self.word:
            box = QRect(0, (self.height() - side) // 2, self.width(), side)
            paint_icon(painter, self._icon_name, ink, box, ratio)
            return
        font = fitting_font(self.word, room - side - sizes.px(2), sizes.px(6))
        word_px = QFontMetrics(font).horizontalAdvance(self.word)
        left = (self.width() - side - sizes.px(2) - word_px) // 2
        paint_icon(painter, self._icon_name, ink, QRect(left, 0, side, self.height()), ratio)
        painter.setFont(font)
        word_box = self.rect().adjusted(left + side + sizes.px(2), 0, 0, 0)
        painter.drawText(
            word_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.word
        )

    def _paint_bar(self, painter: QPainter, ink: str) -> None:
        # What is chosen can be seen without telling colours apart.
        sizes = theme.metrics()
        width, height = self.width() * 0.4, sizes.px(0.9)
        bar = QRectF((self.width() - width) / 2, self.height() - 2.4 * height, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ink))
        painter.drawRoundedRect(bar, height / 2, height / 2)


class _KeyPlate(_Plate):
    """One key of the page that is shown; `struck` carries it, again and again while held."""

    struck = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        self.key: Key | None = None
        self._has_repeated = False
        super().__init__(parent)
        self.setAutoRepeatDelay(_REPEAT_AFTER_MS)
        self.setAutoRepeatInterval(_REPEAT_EVERY_MS)
        self.clicked.connect(self._strike)

    def show_key(self, key: Key) -> None:
        """Become a key."""
        self.key = key
        self.setAutoRepeat(key.act in (Act.ERASE, Act.LEFT, Act.RIGHT))
        self.is_quiet = key.act not in (Act.TYPE, Act.SPACE)
        # What stands in a row of letters looks like them, a word is smaller.
        self.is_mark = key.act in (Act.VOICE, Act.HALF_VOICE)
        self.text_mm = 15.0 if self.is_mark else 8.5 if key.act is Act.TYPE else 7.0
        if key.act in _SPOKEN:
            self.show_plain("", _ICONS[key.act], _(_SPOKEN[key.act]))
        else:
            self.show_plain(key.text.strip())

    @override
    def retranslate(self) -> None:
        super().retranslate()
        if self.key is not None and self.key.act in _SPOKEN:
            self.setAccessibleName(_(_SPOKEN[self.key.act]))

    def _strike(self) -> None:
        # Qt clicks at each repeat, while the key is down, and once more at its end.
        if self.isDown():
            self._has_repeated = True
        elif self._has_repeated:
            self._has_repeated = False
            return
        self.struck.emit(self.key)


class OnScreenKeyboard(Panel):
    """The keyboard. Place it with `setGeometry`; `wanted_size` says how large.

    Args:
        engine: What its keys type with.
        parent: The window.
    """

    put_away_asked = Signal()

    def __init__(self, engine: InputEngine, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._engine = engine
        self._page = self._chosen_page = Page.LATIN
        self._language = ""
        self._is_shifted = self._is_locked = False
        self._has_lines = False
        self._first_word = self._next_first = 0
        self._earlier_words: list[int] = []
        self._plates: list[_KeyPlate] = []
        self._words: list[_Plate] = []
        self._tabs = {page: self._make_tab(page, text, word) for page, text, word in _TABS}
        self._hide_key = self._make_button(N_("Put away"), "chevron-down")
        self._hide_key.clicked.connect(self.put_away_asked)
        self._back = self._make_button("", "chevron-left")
        self._back.clicked.connect(self._previous_words)
        self._back.show_plain("", "chevron-left", _("Previous words"))
        self._on = self._make_button("", "chevron-right")
        self._on.clicked.connect(self._next_words)
        self._on.show_plain("", "chevron-right", _("More words"))
        # The engine tells of each step on its way to what can be seen.
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self._show_state)
        words = engine.candidates
        for told in (
            words.rowsInserted,
            words.rowsRemoved,
            words.dataChanged,
            words.modelReset,
        ):
            told.connect(self._words_changed)
        self.forget()

    @property
    def page(self) -> Page:
        """Which keys lie on it."""
        return self._page

    def wanted_size(self, room: QSize) -> QSize:
        """Return how large it is in a window of a size, px."""
        sizes = theme.metrics()
        height = sizes.px(2 * _MARGIN_MM + _STRIP_MM + ROWS * _ROW_MM - _GAP_MM)
        return QSize(sizes.px(WIDTH_MM), height).boundedTo(room)

    def forget(self) -> None:
        """Begin as for a new person: with the keys of the language in use."""
        self._language = language()
        self._choose_page(_FIRST_PAGE.get(self._language, Page.LATIN))

    def show_page(self, page: Page) -> None:
        """Lay out other keys; what was undecided is decided as it is shown."""
        self._page = page
        self._is_shifted = self._is_locked = False
        self._engine.use(_SCRIPTS[page])
        for each, tab in self._tabs.items():
            tab.setChecked(each is page)
        self._lay_keys()
        self._show_state()

    def begin(self, *, has_lines: bool, page: Page | None) -> None:
        """Get ready for a field.

        Args:
            has_lines: Whether Enter begins a new line there.
            page: The keys that the field asks for; None for those of last time.
        """
        self._has_lines = has_lines
        self.show_page(page or self._chosen_page)

    def _choose_page(self, page: Page) -> None:
        if page is not Page.SIGNS:
            self._chosen_page = page
        self.show_page(page)

    # Keys ---------------------------------------------------------------------------------

    def _strike(self, key: Key) -> None:
        match key.act:
            case Act.TYPE:
                self._engine.type_text(key.text)
                self._unshift()
            case Act.VOICE | Act.HALF_VOICE | Act.SMALL:
                self._mark(key.act)
            case Act.SHIFT:
                self._shift()
            case Act.ENTER if self._engine.preedit:
                self._engine.decide()
            case Act.ENTER:
                self._engine.press(Qt.Key.Key_Return)
            case _:
                self._engine.press(_KEY_OF[key.act])
        self._words_changed()

    def _mark(self, act: Act) -> None:
        undecided = self._engine.preedit
        made = changed_kana(undecided[-1], act) if undecided else None
        if made is not None:
            self._engine.replace_last(made)

    def _shift(self) -> None:
        # Once for the next letter, twice for all of them.
        self._is_locked = self._is_shifted and not self._is_locked
        self._is_shifted = self._is_locked or not self._is_shifted
        self._lay_keys()

    def _unshift(self) -> None:
        if self._is_shifted and not self._is_locked:
            self._is_shifted = False
            self._lay_keys()

    def _lay_keys(self) -> None:
        keys = keys_of(self._page, is_shifted=self._is_shifted)
        while len(self._plates) < len(keys):
            plate = _KeyPlate(self)
            plate.struck.connect(self._strike)
            self._plates.append(plate)
        for plate, key in zip(self._plates, keys, strict=False):
            plate.show_key(key)
            plate.setCheckable(key.act is Act.SHIFT)
            plate.setChecked(key.act is Act.SHIFT and self._is_shifted)
            plate.setGeometry(self._box_of(key))
            plate.show()
        for plate in self._plates[len(keys) :]:
            plate.hide()
        self._name_keys()

    def _box_of(self, key: Key) -> QRect:
        """Return where a key lies, px."""
        sizes = theme.metrics()
        margin, gap = sizes.px(_MARGIN_MM), sizes.px(_GAP_MM)
        column = (self.width() - 2 * margin + gap) / (COLUMNS + SIDE_COLUMNS)
        top = margin + sizes.px(_STRIP_MM)
        row = (self.height() - top - margin + gap) / ROWS
        left, right = key.column * column, (key.column + key.width) * column
        upper, lower = key.row * row, (key.row + key.height) * row
        return QRect(
            margin + round(left),
            top + round(upper),
            round(right) - round(left) - gap,
            round(lower) - round(upper) - gap,
        )

    def _name_keys(self) -> None:
        """Say on the keys what they would do now."""
        is_undecided = bool(self._engine.preedit)
        enter = N_("New line") if self._has_lines else N_("Done")
        for plate in self._plates:
            if plate.key is None or plate.isHidden():
                continue
            if plate.key.act is Act.SPACE:
                plate.show_word(N_("Convert") if is_undecided else N_("Space"))
            elif plate.key.act is Act.ENTER:
                plate.show_word(N_("Accept") if is_undecided else enter, _ICONS[Act.ENTER])

    # Words --------------------------------------------------------------------------------

    def _words_changed(self, *_what: object) -> None:
        self._refresh.start()

    def _show_state(self) -> None:
        self._first_word, self._earlier_words = 0, []
        self._name_keys()
        self._lay_strip()
        while self._next_first <= self._engine.active and self._next_first < self._count():
            self._next_words()

    def _lay_strip(self) -> None:
        """Fill the strip over the keys: with words, or with the choice of keys."""
        has_words = bool(self._engine.preedit) and self._count() > 0
        room = self._strip_room()
        for number, tab in enumerate(self._tabs.values()):
            wide = theme.metrics().px(_TAB_MM)
            tab.setGeometry(QRect(room.x() + number * wide, room.y(), wide, room.height()))
            tab.setGeometry(tab.geometry().adjusted(0, 0, -theme.metrics().px(_GAP_MM), 0))
            tab.setVisible(not has_words)
        sizes = theme.metrics()
        hide = QRect(room.right() + 1 + sizes.px(_GAP_MM), room.y(), 0, room.height())
        hide.setRight(self.width() - sizes.px(_MARGIN_MM) - 1)
        self._hide_key.setGeometry(hide)
        self._lay_words(room if has_words else QRect())

    def _strip_room(self) -> QRect:
        sizes = theme.metrics()
        margin, gap = sizes.px(_MARGIN_MM), sizes.px(_GAP_MM)
        width = self.width() - 2 * margin - sizes.px(_HIDE_MM) - gap
        return QRect(margin, margin, max(0, width), sizes.px(_STRIP_MM) - gap)

    def _count(self) -> int:
        return self._engine.candidates.rowCount(QModelIndex())

    def _word(self, place: int) -> str:
        words = self._engine.candidates
        return str(words.data(words.index(place, 0), Qt.ItemDataRole.DisplayRole))

    def _lay_words(self, room: QRect) -> None:
        """Show as many words as fit into a room; none in an empty one."""
        sizes = theme.metrics()
        gap, arrow = sizes.px(_GAP_MM), sizes.px(_ARROW_MM)
        total = 0 if room.isEmpty() else self._count()
        font = QFontMetrics(theme.font(sizes.px(8)))
        left, shown, place = room.left(), 0, self._first_word
        # The two arrows keep their room, so that words do not jump when they come.
        limit = room.right() + 1 - 2 * (arrow + gap)
        while place < total:
            word = self._word(place)
            if not self._may_mean(word):
                place += 1
                continue
            wide = font.horizontalAdvance(word) + 2 * sizes.px(_WORD_PAD_MM)
            wide = max(wide, sizes.px(_LEAST_WORD_MM))
            if left + wide > limit and shown:
                break
            wide = min(wide, limit - left)
            plate = self._word_plate(shown)
            plate.setProperty("place", place)
            plate.show_plain(word)
            plate.setChecked(place == self._engine.active)
            plate.setGeometry(left, room.y(), wide, room.height())
            plate.show()
            left, shown, place = left + wide + gap, shown + 1, place + 1
        for plate in self._words[shown:]:
            plate.hide()
        self._next_first = place
        for number, (button, is_there) in enumerate(
            ((self._back, bool(self._earlier_words)), (self._on, place < total))
        ):
            button.setGeometry(
                limit + gap + number * (arrow + gap), room.y(), arrow, room.height()
            )
            button.setVisible(is_there)

    def _may_mean(self, word: str) -> bool:
        # Who taps kana wants no letters; the engine offers them as it saw them come.
        return self._page is not Page.KANA or not any(c.isascii() and c.isalpha() for c in word)

    def _word_plate(self, number: int) -> _Plate:
        while len(self._words) <= number:
            plate = _Plate(self)
            plate.setCheckable(True)
            plate.clicked.connect(lambda *_on, of=plate: self._choose(of.property("place")))
            self._words.append(plate)
        return self._words[number]

    def _choose(self, place: int) -> None:
        self._engine.choose(place)
        self._words_changed()

    def _next_words(self) -> None:
        self._earlier_words.append(self._first_word)
        self._first_word = self._next_first
        self._lay_strip()

    def _previous_words(self) -> None:
        self._first_word = self._earlier_words.pop()
        self._lay_strip()

    # Parts --------------------------------------------------------------------------------

    def _make_tab(self, page: Page, text: str, word: str) -> _Plate:
        tab = _Plate(self, word)
        tab.text_mm = 6.5
        tab.is_quiet = True
        tab.setCheckable(True)
        if text:
            tab.show_plain(text)
        tab.clicked.connect(lambda: self._choose_page(page))
        return tab

    def _make_button(self, word: str, icon: str) -> _Plate:
        button = _Plate(self, word, icon)
        button.is_quiet = True
        return button

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_keys()
        self._lay_strip()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and language() != self._language:
            self.forget()
            self._back.setAccessibleName(_("Previous words"))
            self._on.setAccessibleName(_("More words"))
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        painter.setPen(QPen(QColor(colours.wood_edge), sizes.line_px))
        painter.setBrush(QColor(colours.wood))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(box, sizes.px(4), sizes.px(4))
        painter.end()
