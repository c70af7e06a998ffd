import pytest
from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.theme import BOARD, THEMES, WHITE, Metrics, Tokens, contrast, plan_metrics

FULL_HD = (1920.0, 1080.0)
FOUR_K = (3840.0, 2160.0)
GUESSED_96_DPI = (508.0, 285.0)
PANEL_65_INCH = (1439.0, 809.0)

TEXT_PAIRS = [
    (ink, ground)
    for ink in ("text", "text_quiet")
    for ground in ("ground", "surface", "surface_pressed")
] + [
    ("on_accent", "accent"),
    ("on_accent", "accent_pressed"),
    ("accent_ink", "ground"),
    ("accent_ink", "surface"),
    ("on_trouble", "trouble"),
    ("on_wood", "wood"),
    ("on_wood", "wood_edge"),
]
EDGE_PAIRS = [("outline", "ground"), ("outline", "surface"), ("trouble", "ground")]


@pytest.fixture(autouse=True)
def _put_theme_back(qapp: QApplication):
    before = theme.tokens().name, theme.metrics()
    yield
    theme.apply_theme(qapp, *before)


@pytest.mark.parametrize("tokens", THEMES.values(), ids=lambda tokens: tokens.name)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_words_can_be_read(tokens: Tokens, ink: str, ground: str) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", THEMES.values(), ids=lambda tokens: tokens.name)
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_that_tell_something_can_be_seen(tokens: Tokens, edge: str, ground: str) -> None:
    assert contrast(getattr(tokens, edge), getattr(tokens, ground)) >= 3.0


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    ("screen", "target_px", "main_px"), [(FULL_HD, 49, 81), (FOUR_K, 97, 162)]
)
def test_sizes_grow_with_the_resolution(
    screen: tuple[float, float], target_px: int, main_px: int
) -> None:
    sizes = plan_metrics(screen, screen, PANEL_65_INCH)
    assert (sizes.target_px, sizes.main_px) == (target_px, main_px)


def test_implausible_glass_counts_as_65_inches() -> None:
    sizes = plan_metrics((200, 200), FULL_HD, GUESSED_96_DPI)
    assert sizes.px_per_mm == pytest.approx(1080 / 809.46, rel=1e-3)


def test_what_a_person_says_of_the_glass_is_believed() -> None:
    sizes = plan_metrics(FULL_HD, FULL_HD, PANEL_65_INCH, panel_diagonal_inch=24.0)
    assert sizes.px_per_mm == pytest.approx(1080 / 298.9, rel=1e-3)


def test_portrait_goes_by_its_shorter_side() -> None:
    upright = (1080.0, 1920.0)
    assert plan_metrics(upright, upright, (809, 1439)).target_px == 49


def test_no_glass_at_all_is_survived() -> None:
    assert plan_metrics(FULL_HD, FULL_HD, (0, 0)).target_px == 49


class _Witness(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QEvent.Type] = []

    @override
    def changeEvent(self, event: QEvent) -> None:
        self.seen.append(event.type())
        super().changeEvent(event)


def test_widgets_hear_of_another_theme(qtbot, qapp: QApplication) -> None:
    theme.apply_theme(qapp, "board", Metrics(3.24))
    witness = _Witness()
    qtbot.addWidget(witness)
    witness.show()
    theme.apply_theme(qapp, "white", Metrics(3.24))
    assert QEvent.Type.StyleChange in witness.seen
    assert theme.tokens() is WHITE
    assert witness.palette().window().color().name() == WHITE.ground


def test_same_theme_again_disturbs_nobody(qtbot, qapp: QApplication) -> None:
    theme.apply_theme(qapp, "board", Metrics(3.24))
    witness = _Witness()
    qtbot.addWidget(witness)
    theme.apply_theme(qapp, "board", Metrics(3.24))
    assert witness.seen == []


def test_style_sheet_has_no_rule_for_every_widget() -> None:
    assert "QWidget" not in theme.style_sheet(BOARD, Metrics(3.24))


def test_icon_is_drawn_in_its_colour(qapp: QApplication) -> None:
    image = theme.icon_pixmap("check", "#ff0000", 48, 2.0).toImage()
    assert image.size() == QSize(96, 96)
    strongest = max(
        (image.pixelColor(x, y) for x in range(96) for y in range(96)), key=lambda c: c.alpha()
    )
    assert strongest.name() == "#ff0000"


def test_missing_icon_is_told(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        theme.icon_pixmap("no-such-icon", "#ff0000", 48)


def test_unknown_theme_is_told(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        theme.apply_theme(qapp, "pink", Metrics(3.24))
