from base.options import declarations
from tools.settings_reference import PAGE, main, reference_page


def test_page_is_up_to_date() -> None:
    assert main(["check"]) == 0, "run: python -m tools.settings_reference"
    assert PAGE.read_text(encoding="utf-8") == reference_page()


def test_every_setting_has_its_line() -> None:
    page = reference_page()
    for known in declarations():
        assert f"| `{known.name}` |" in page
