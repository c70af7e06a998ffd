from base.options import declarations
from rooms.services.config import RoomsSettings
from tools.settings_reference import PAGE, ROOMS_PAGE, main, reference_page, rooms_page


def test_page_is_up_to_date() -> None:
    assert main(["check"]) == 0, "run: python -m tools.settings_reference"
    assert PAGE.read_text(encoding="utf-8") == reference_page()
    assert ROOMS_PAGE.read_text(encoding="utf-8") == rooms_page()


def test_every_setting_has_its_line() -> None:
    page = reference_page()
    for known in declarations():
        assert f"| `{known.name}` |" in page


def test_every_setting_of_the_rooms_has_its_line() -> None:
    page = rooms_page()
    for name in RoomsSettings.model_fields:
        assert f"| `{name}` |" in page
