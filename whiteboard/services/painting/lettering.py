"""Letters on the board: the face, where lines break, and how large a text may be.

Text is laid out once at a size of `EM_PX` without hinting and then scaled, so lines break
at the same places at every zoom, on paper and on every display.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainterPath,
    QTextLayout,
    QTextOption,
    QTransform,
)

FAMILY: Final = "BIZ UDPGothic"
FALLBACK_FAMILIES: Final = ("Noto Sans CJK JP", "sans-serif")
EM_PX: Final = 64
LINE_HEIGHT: Final = 1.4
"""Distance of baselines in em: Japanese text needs more air than the face itself asks."""
ASCENT: Final = 0.88
"""Top of the em box above the baseline, in em, as in the face."""

_MAX_WIDTH_EM: Final = 1e5
"""Qt counts in 64ths of a pixel, in 32 bits."""
_FIT_STEPS: Final = 12
_SQUEEZE: Final = 0.84
_FEW_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a laid out text and its length, in em."""

    text: str
    width_em: float


def font(bold: bool = False) -> QFont:
    """Return the face at `EM_PX`; any thread of a GUI application may call it."""
    face = QFont([FAMILY, *FALLBACK_FAMILIES])
    face.setPixelSize(EM_PX)
    face.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    face.setBold(bold)
    return face


@lru_cache(maxsize=512)
def wrap(text: str, width_em: float) -> tuple[TextLine, ...]:
    """Break a text into lines.

    Args:
        text: Any text; its line breaks are kept.
        width_em: Width of the frame in em, > 0. A word that is longer is broken.

    Returns:
        At least one line; the rules of Japanese line breaking are Qt's (UAX 14).
    """
    lines: list[TextLine] = []
    for paragraph in text.splitlines() or [""]:
        lines += _wrap_paragraph(paragraph.replace("\t", "    "), width_em)
    if text.endswith("\n"):
        lines.append(TextLine("", 0.0))
    return tuple(lines)


def _wrap_paragraph(text: str, width_em: float) -> list[TextLine]:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setUseDesignMetrics(True)
    layout = QTextLayout(text, font())
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[TextLine] = []
    # Positions are counted in UTF-16 units, which Python's own indices are not.
    units = text.encode("utf-16-le", "surrogatepass")
    while (line := layout.createLine()).isValid():
        line.setLineWidth(min(max(width_em, 0.01), _MAX_WIDTH_EM) * EM_PX)
        start, end = line.textStart(), line.textStart() + line.textLength()
        piece = units[2 * start : 2 * end].decode("utf-16-le", "replace").rstrip()
        lines.append(TextLine(piece, line.naturalTextWidth() / EM_PX))
    layout.endLayout()
    return lines or [TextLine("", 0.0)]


def text_layout_size(text: str, size_pt: float, width_pt: float) -> tuple[float, float]:
    """Return how much room a text takes, for whoever sizes its box.

    Args:
        text: Any text.
        size_pt: Height of an em, > 0.
        width_pt: Where lines wrap; `math.inf` wraps at the text's own line breaks only.

    Returns:
        Width of the longest line and height of all lines, pt; an empty text is one line
        high.
    """
    lines = wrap(text, width_pt / size_pt)
    return max(line.width_em for line in lines) * size_pt, block_height_em(lines) * size_pt


def block_height_em(lines: tuple[TextLine, ...]) -> float:
    """Return the height of lines in em."""
    return len(lines) * LINE_HEIGHT


def baseline_em(index: int) -> float:
    """Return how far the baseline of line `index` is below the top of the block, in em."""
    return index * LINE_HEIGHT + (LINE_HEIGHT - 1) / 2 + ASCENT


@lru_cache(maxsize=256)
def fitting_size(text: str, size_pt: float, width_pt: float, height_pt: float) -> float:
    """Return the largest size, at most `size_pt`, at which a text fits a frame.

    Args:
        text: Any text.
        size_pt: The size that is wished, > 0.
        width_pt: Width of the frame, > 0.
        height_pt: Height of the frame, > 0.
    """
    word_em = _longest_word_em(text)

    def fits(size: float) -> bool:
        # Words are kept whole before letters are kept large.
        if word_em * size > width_pt:
            return False
        return block_height_em(wrap(text, width_pt / size)) * size <= height_pt

    size = size_pt if fits(size_pt) else _largest(fits, size_pt / 40, size_pt)
    lines = len(wrap(text, width_pt / size))
    if lines <= _FEW_LINES and len(wrap(text, width_pt / (size * _SQUEEZE))) < lines:
        # A little smaller is better than a last character alone on its line.
        return _largest(lambda s: len(wrap(text, width_pt / s)) < lines, size * _SQUEEZE, size)
    return size


def _largest(holds: Callable[[float], bool], low: float, high: float) -> float:
    for _step in range(_FIT_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _longest_word_em(text: str) -> float:
    words = sorted((w for w in text.split() if w.isascii()), key=len)[-5:]
    metrics = QFontMetricsF(font())
    return max((metrics.horizontalAdvance(w) / EM_PX for w in words), default=0.0)


def letters_path(text: str, box: QRectF) -> QPainterPath:
    """Return bold letters as outlines, as large as fits into the middle of `box`."""
    path = QPainterPath()
    path.addText(QPointF(0, 0), font(bold=True), text)
    ink = path.boundingRect()
    if ink.isEmpty():
        return path
    factor = min(box.width() / ink.width(), box.height() / ink.height())
    to_box = QTransform.fromTranslate(-ink.center().x(), -ink.center().y())
    to_box *= QTransform.fromScale(factor, factor)
    to_box *= QTransform.fromTranslate(box.center().x(), box.center().y())
    return to_box.map(path)
