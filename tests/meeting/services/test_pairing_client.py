import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from meeting.services.pairing_client import FILE_NAME, TokenStore

URL = "https://rooms.example.jp"
TOKEN = "a" * 43


def test_token_is_kept_for_its_own_service_alone(data_dir: Path) -> None:
    TokenStore(data_dir).write(URL, TOKEN)
    assert TokenStore(data_dir).read(URL) == TOKEN
    assert TokenStore(data_dir).read("https://elsewhere.example.jp") is None


def test_token_is_readable_for_its_user_alone(data_dir: Path) -> None:
    store = TokenStore(data_dir)
    store.write(URL, TOKEN)
    store.write(URL, TOKEN[::-1])
    assert stat.S_IMODE((data_dir / FILE_NAME).stat().st_mode) == 0o600
    assert store.read(URL) == TOKEN[::-1]


def test_forgotten_token_is_gone_from_the_disk(data_dir: Path) -> None:
    store = TokenStore(data_dir)
    store.write(URL, TOKEN)
    store.forget(URL)
    assert store.read(URL) is None
    assert TOKEN not in (data_dir / FILE_NAME).read_text("utf-8")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"version": 2, "tokens": {}}',
        '{"version": 1, "tokens": {"x": "a b"}}',
        '{"version": 1, "tokens": {"x": 3}}',
        "[" * 100_000,
    ],
)
def test_file_that_makes_no_sense_is_no_token(
    data_dir: Path, content: str, expected_log: Callable[[str], None]
) -> None:
    expected_log("tokens cannot be read")
    (data_dir / FILE_NAME).write_text(content, "utf-8")
    assert TokenStore(data_dir).read("x") is None


def test_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        TokenStore(tmp_path / "gone").write(URL, TOKEN)
    assert caught.value.code is ErrorCode.READ_ONLY
