"""Design tokens and sizes, and how they become Qt's palette, style sheet and icons.

The theme is a property of the process, as `QApplication.palette()` itself is: widgets
read `tokens()` and `metrics()` when they paint, and repaint on `QEvent.StyleChange`,
which Qt sends to every widget when `apply_theme` has put another theme in force.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap, QScreen
from PySide6.QtWidgets import QApplication

ICONS_DIR: Final = Path(__file__).resolve().parent.parent.parent / "assets" / "icons"
FONT_FAMILIES: Final = ("BIZ UDPGothic", "Noto Sans CJK JP", "sans-serif")

PLAUSIBLE_DIAGONAL_INCH: Final = (32.0, 110.0)
ASSUMED_DIAGONAL_INCH: Final = 65.0
MM_PER_INCH: Final = 25.4
# One design millimetre is at least this share of the shorter side, so that a large
# panel which is read from five metres does not end up with the controls of a tablet.
LEAST_SHARE_PER_MM: Final = 0.0030


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of a theme, each as `#rrggbb`.

    Attributes:
        name: Stable name, the value of the setting `theme`.
        dark: Whether light ink is the one that can be read on `ground`.
        ground: The board, behind everything.
        surface: Bars, tiles, sheets and buttons on the ground.
        surface_pressed: The same under a finger.
        outline: Edges that must be seen, 3:1 on ground and surface.
        hairline: Edges that only calm, without a claim of contrast.
        text: Words and icons on ground, surface and surface_pressed.
        text_quiet: Second-rank words there.
        accent: Dry wood: what is chosen, the one main action.
        accent_pressed: The same under a finger.
        on_accent: Words and icons on accent and accent_pressed.
        accent_ink: Accent as words or icons on ground and surface.
        trouble: Fill of a notice that waits for a touch.
        on_trouble: Words on it.
        wood: The frame and the chalk tray.
        wood_edge: The lit edge of the wood.
        wood_shade: What lies on the wood darkens it to this.
        on_wood: Words and icons on the wood.
    """

    name: str
    dark: bool
    ground: str
    surface: str
    surface_pressed: str
    outline: str
    hairline: str
    text: str
    text_quiet: str
    accent: str
    accent_pressed: str
    on_accent: str
    accent_ink: str
    trouble: str
    on_trouble: str
    wood: str
    wood_edge: str
    wood_shade: str
    on_wood: str


BOARD: Final = Tokens(
    name="board",
    dark=True,
    ground="#24463a",
    surface="#2d5346",
    surface_pressed="#396353",
    outline="#8fb09f",
    hairline="#3d6455",
    text="#f5f2e7",
    text_quiet="#cfdad0",
    accent="#e2bb80",
    accent_pressed="#cda469",
    on_accent="#20332a",
    accent_ink="#ecca97",
    trouble="#f7c2b0",
    on_trouble="#44160b",
    wood="#b98c58",
    wood_edge="#d3aa78",
    wood_shade="#94693a",
    on_wood="#1f1508",
)

WHITE: Final = Tokens(
    name="white",
    dark=False,
    ground="#f7f3ea",
    surface="#fffdf8",
    surface_pressed="#e9e3d5",
    outline="#71857a",
    hairline="#d9d3c4",
    text="#1f3d32",
    text_quiet="#4a6157",
    accent="#e2bb80",
    accent_pressed="#cda469",
    on_accent="#20332a",
    accent_ink="#7d511a",
    trouble="#a53a25",
    on_trouble="#fffaf5",
    wood="#c69a66",
    wood_edge="#dcb789",
    wood_shade="#a07545",
    on_wood="#1f1508",
)

THEMES: Final[Mapping[str, Tokens]] = MappingProxyType({t.name: t for t in (BOARD, WHITE)})


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes of everything that is touched or read.

    All properties are device-independent pixels; their comments give design
    millimetres on the glass.

    Attributes:
        px_per_mm: Device-independent pixels in one design millimetre, > 0.
        glass_px_per_mm: The same in one real millimetre of the glass, > 0: what the size
            of a palm and the distance of two fingers are measured with.
    """

    px_per_mm: float
    glass_px_per_mm: float = 1.334

    def px(self, mm: float) -> int:
        """Return a length of `mm` design millimetres in px, at least 1."""
        return max(1, round(mm * self.px_per_mm))

    @property
    def target_px(self) -> int:
        """Return the side of an ordinary touch target, 15 mm."""
        return self.px(15)

    @property
    def main_px(self) -> int:
        """Return the side of a main touch target, 25 mm."""
        return self.px(25)

    @property
    def gap_px(self) -> int:
        """Return the distance between targets, 8 mm."""
        return self.px(8)

    @property
    def room_text_px(self) -> int:
        """Return the height of text that the room reads, 12 mm."""
        return self.px(12)

    @property
    def title_text_px(self) -> int:
        """Return the height of a screen's or sheet's title, 9 mm."""
        return self.px(9)

    @property
    def body_text_px(self) -> int:
        """Return the height of text read at arm's length, 7 mm."""
        return self.px(7)

    @property
    def small_text_px(self) -> int:
        """Return the height of the word under an icon, 5 mm."""
        return self.px(5)

    @property
    def icon_px(self) -> int:
        """Return the side of an icon in an ordinary target, 8 mm."""
        return self.px(8)

    @property
    def main_icon_px(self) -> int:
        """Return the side of an icon in a main target, 13 mm."""
        return self.px(13)

    @property
    def radius_px(self) -> int:
        """Return the corner radius of controls and panels, 3 mm."""
        return self.px(3)

    @property
    def line_px(self) -> int:
        """Return the width of an edge that must be seen, 0.6 mm."""
        return self.px(0.6)


@dataclass(slots=True)
class _InForce:
    tokens: Tokens = BOARD
    metrics: Metrics = Metrics(px_per_mm=1080 * LEAST_SHARE_PER_MM)


_in_force = _InForce()


def tokens() -> Tokens:
    """Return the colours in force. UI thread."""
    return _in_force.tokens


def metrics() -> Metrics:
    """Return the sizes in force. UI thread."""
    return _in_force.metrics


def plan_metrics(
    window_px: tuple[float, float],
    screen_px: tuple[float, float],
    screen_mm: tuple[float, float],
    panel_diagonal_inch: float | None = None,
) -> Metrics:
    """Choose the sizes for a window on a screen.

    Args:
        window_px: Width and height of the window, device-independent px, > 0.
        screen_px: The same of the screen it is on.
        screen_mm: What the screen says of its glass; X servers guess this, so a
            diagonal outside `PLAUSIBLE_DIAGONAL_INCH` is not believed.
        panel_diagonal_inch: What a person says of the glass; believed.
    """
    diagonal_inch = math.hypot(*screen_mm) / MM_PER_INCH
    least, most = PLAUSIBLE_DIAGONAL_INCH
    if panel_diagonal_inch is not None:
        diagonal_inch = panel_diagonal_inch
    elif not least <= diagonal_inch <= most:
        diagonal_inch = ASSUMED_DIAGONAL_INCH
    real_px_per_mm = math.hypot(*screen_px) / (diagonal_inch * MM_PER_INCH)
    legible_px_per_mm = min(window_px) * LEAST_SHARE_PER_MM
    return Metrics(max(real_px_per_mm, legible_px_per_mm), real_px_per_mm)


def metrics_for(
    window: QSize, screen: QScreen, panel_diagonal_inch: float | None = None
) -> Metrics:
    """Choose the sizes for a window of size `window` on `screen`; see `plan_metrics`."""
    glass = screen.physicalSize()
    pixels = screen.size()
    return plan_metrics(
        (window.width(), window.height()),
        (pixels.width(), pixels.height()),
        (glass.width(), glass.height()),
        panel_diagonal_inch,
    )


def apply_theme(app: QApplication, name: str, sizes: Metrics) -> None:
    """Put the theme `name` with `sizes` in force in the whole application.

    Every widget gets PaletteChange and StyleChange when something differs.

    Raises:
        KeyError: no theme has this name.
    """
    chosen = THEMES[name]
    sheet = style_sheet(chosen, sizes)
    unchanged = (chosen, sizes) == (_in_force.tokens, _in_force.metrics)
    if unchanged and app.styleSheet() == sheet:
        return
    _in_force.tokens, _in_force.metrics = chosen, sizes
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font(sizes.body_text_px))
    app.setPalette(palette(chosen))
    app.setStyleSheet(sheet)


def font(pixel_size: int, *, bold: bool = False) -> QFont:
    """Return the interface's font.

    Args:
        pixel_size: Height in device-independent px, >= 1.
        bold: For titles and numbers; the face has these two weights only.
    """
    # A copy: whoever gets it may change it.
    return QFont(_font(pixel_size, bold=bold))


@lru_cache(maxsize=128)
def _font(pixel_size: int, *, bold: bool) -> QFont:
    made = QFont()
    made.setFamilies(list(FONT_FAMILIES))
    made.setPixelSize(pixel_size)
    made.setBold(bold)
    # The face's tails are an eighth of its size: fitted to whole pixels they lose their end.
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def palette(colours: Tokens) -> QPalette:
    """Return Qt's palette for a theme."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.ground,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.surface_pressed,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.text_quiet,
        QPalette.ColorRole.Button: colours.surface,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.BrightText: colours.accent_ink,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Accent: colours.accent,
        QPalette.ColorRole.Link: colours.accent_ink,
        QPalette.ColorRole.ToolTipBase: colours.surface,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.Light: colours.surface_pressed,
        QPalette.ColorRole.Mid: colours.outline,
        QPalette.ColorRole.Dark: colours.hairline,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.ButtonText,
    ):
        made.setColor(disabled, role, QColor(colours.outline))
    return made


def style_sheet(colours: Tokens, sizes: Metrics) -> str:
    """Return the style sheet for the stock widgets that are used as they are.

    Short on purpose: our own controls paint themselves, and a rule that matches
    `QWidget` would make Qt paint a background under the board at every stroke.
    """
    bar_px = sizes.px(4)
    return f"""
QLineEdit, QPlainTextEdit {{
    background: {colours.surface}; color: {colours.text};
    border: {sizes.line_px}px solid {colours.outline}; border-radius: {sizes.radius_px}px;
    padding: 0 {sizes.px(4)}px; min-height: {sizes.target_px - 2 * sizes.line_px}px;
    selection-background-color: {colours.accent}; selection-color: {colours.on_accent};
}}
QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {colours.accent_ink}; }}
QScrollArea, QAbstractScrollArea {{ border: none; }}
QScrollBar:vertical {{ background: transparent; width: {bar_px}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {bar_px}px; margin: 0; }}
QScrollBar::handle {{ background: {colours.outline}; border-radius: {bar_px // 2}px;
    min-height: {sizes.target_px}px; min-width: {sizes.target_px}px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two `#rrggbb` colours, 1 to 21.

    Source: WCAG 2.2, "relative luminance" and "contrast ratio".
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    value = int(colour.removeprefix("#"), 16)
    red, green, blue = (_linear((value >> shift & 0xFF) / 255) for shift in (16, 8, 0))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


@lru_cache(maxsize=64)
def _svg_source(name: str) -> str:
    # OSError is for the developer who mistyped a name: icons are part of the program.
    return (ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8")


def icon_names() -> frozenset[str]:
    """Return the names that `icon_pixmap` knows, read from the disk."""
    return frozenset(path.stem for path in ICONS_DIR.glob("*.svg"))


@lru_cache(maxsize=512)
def icon_pixmap(
    name: str, colour: str, size_px: int, device_pixel_ratio: float = 1.0
) -> QPixmap:
    """Return an icon as a picture, made once for each size and colour. UI thread.

    Args:
        name: A file in `assets/icons/` without its ending.
        colour: `#rrggbb`, replaces the drawing's `currentColor`.
        size_px: Side in device-independent px, >= 1.
        device_pixel_ratio: Device px in one of those.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    # Imported late: QtSvg costs start-up time and only icons need it.
    from PySide6.QtSvg import QSvgRenderer

    source = re.sub(r"\bcurrentColor\b", colour, _svg_source(name))
    side = max(1, round(size_px * device_pixel_ratio))
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(device_pixel_ratio)
    return pixmap


def icon(name: str, colour: str | None = None) -> QIcon:
    """Return an icon for stock widgets, in the text colour unless told otherwise."""
    return QIcon(icon_pixmap(name, colour or tokens().text, metrics().main_icon_px, 2.0))
