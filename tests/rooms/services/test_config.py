"""Settings: where they come from, which win, and what is said of those that are no use."""

from pathlib import Path

import pytest

from rooms.cli import described
from rooms.services.config import RoomsSettings, UnusableSettingsError, load_settings


def settings(**given: object) -> RoomsSettings:
    return RoomsSettings(**given)  # type: ignore[arg-type]


def test_nobody_else_can_reach_the_service_that_was_not_told_otherwise() -> None:
    known = settings()
    assert known.host == "127.0.0.1"
    assert known.public_url == "http://127.0.0.1:8460"


def test_file_environment_and_argument_win_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('guest_limit = 4\nphone = "1"\norganisation = "町"\n', "utf-8")
    monkeypatch.setenv("KOKUBAN_ROOMS_PHONE", "2")
    monkeypatch.setenv("KOKUBAN_ROOMS_GUEST_LIMIT", "5")
    known = load_settings(file, {"guest_limit": "6"})
    assert (known.organisation, known.phone, known.guest_limit) == ("町", "2", 6)


def test_file_in_the_data_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "rooms.toml").write_text("room_hours = 2\nstun_urls = ['stun:a:3478']\n")
    known = load_settings(None, {"data_dir": str(tmp_path)})
    assert (known.room_hours, known.stun_urls) == (2, ("stun:a:3478",))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "example.jp/kokuban"])
def test_source_is_on_the_web_or_nowhere(address: str) -> None:
    with pytest.raises(UnusableSettingsError, match="source_url"):
        load_settings(None, {"source_url": address})


def test_lists_are_words_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOKUBAN_ROOMS_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    assert settings().trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("given", "public_url"),
    [
        ({"port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "::1"}, "http://[::1]:8460"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:8460"),
        ({"public_url": "https://rooms.example.jp/"}, "https://rooms.example.jp"),
        ({"public_url": "https://rooms.example.jp:443"}, "https://rooms.example.jp"),
        ({"public_url": "https://Rooms.example.jp:8443"}, "https://rooms.example.jp:8443"),
    ],
)
def test_public_url_is_an_origin_as_browsers_write_it(
    given: dict[str, object], public_url: str
) -> None:
    assert settings(**given).public_url == public_url


def test_public_url_follows_the_port_that_was_free() -> None:
    assert settings(port=0).listening_on(4321).public_url == "http://127.0.0.1:4321"


def test_public_url_that_was_given_stays() -> None:
    known = settings(port=0, public_url="https://rooms.example.jp").listening_on(4321)
    assert (known.public_url, known.port) == ("https://rooms.example.jp", 4321)


@pytest.mark.parametrize(
    "given",
    [
        {"public_url": "rooms.example.jp"},
        {"public_url": "https://example.jp/rooms"},
        {"public_url": "ftp://example.jp"},
        {"port": "70000"},
        {"guest_limit": "0"},
        {"trusted_proxies": "everybody"},
        {"stun_urls": "example.jp"},
        {"turn_urls": "turn:example.jp:3478"},
        {"log_level": "loud"},
        {"nonsense": "1"},
    ],
)
def test_setting_that_is_no_use_is_named(given: dict[str, str]) -> None:
    name = next(iter(given))
    with pytest.raises(UnusableSettingsError, match=name):
        load_settings(None, given)


def test_secret_is_in_no_complaint_and_on_no_list() -> None:
    secret = "of-this-test-alone"
    with pytest.raises(UnusableSettingsError) as caught:
        load_settings(None, {"turn_secret": secret, "turn_urls": "nonsense"})
    assert secret not in str(caught.value)
    known = settings(turn_secret=secret)
    assert secret not in repr(known)
    assert all(secret not in value for _name, value, _words in described(known))


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rooms.toml"
    file.write_text("guest_limit =")
    with pytest.raises(UnusableSettingsError, match=r"rooms\.toml"):
        load_settings(file, {})


def test_nothing_can_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().port = 1  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    assert [name for name, _value, words in described(settings()) if len(words) < 10] == []
