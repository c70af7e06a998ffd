"""The repository can stand in public: nothing of one machine, nothing without a licence."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source import ROOT, tracked_files

TEXT_ENDINGS = {
    "",
    *(".py", ".md", ".toml", ".txt", ".po", ".cfg", ".json", ".yml", ".yaml", ".svg", ".sh"),
}
# Spelled in pieces, so that this file does not find itself.
MACHINE = re.compile(r"/(?:home|Users|root|work)" + r"/\w")
REGISTRY = re.compile(
    r"\b(?:pypi|files\.pythonhosted|registry\.npmjs|deb\.debian|proxy\.golang)" + r"\.org\b"
)


def texts() -> list[Path]:
    return [path for path in tracked_files() if path.suffix in TEXT_ENDINGS]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_path_of_one_machine() -> None:
    assert found(MACHINE) == []


def test_no_address_of_a_package_registry() -> None:
    assert found(REGISTRY) == []


def test_texts_are_utf8_without_carriage_returns_and_end_their_last_line() -> None:
    spoiled = []
    for path in texts():
        data = path.read_bytes()
        data.decode("utf-8")
        if b"\r" in data or (data and not data.endswith(b"\n")):
            spoiled.append(str(path.relative_to(ROOT)))
    assert spoiled == []


def test_no_file_is_so_large_that_every_clone_suffers() -> None:
    large = [path for path in tracked_files() if path.stat().st_size > 3_000_000]
    assert large == []


def test_no_font_is_in_the_repository() -> None:
    # BIZ UDPGothic comes from Debian; see assets/README.md.
    assert [p for p in tracked_files() if p.suffix in {".ttf", ".otf", ".ttc", ".woff2"}] == []


def test_every_asset_has_its_source_and_licence_on_the_list() -> None:
    listed = (ROOT / "assets" / "README.md").read_text("utf-8")
    patterns = re.findall(r"^\| `([^`]+)` \|[^|]+\|[^|]+\|", listed, re.MULTILINE)
    assets = [p.relative_to(ROOT / "assets") for p in tracked_files() if "assets" in p.parts]
    unlisted = [
        str(path)
        for path in assets
        if path != Path("README.md") and not any(path.match(pattern) for pattern in patterns)
    ]
    assert unlisted == []


def test_every_asset_on_the_list_is_there() -> None:
    listed = (ROOT / "assets" / "README.md").read_text("utf-8")
    patterns = re.findall(r"^\| `([^`]+)` \|", listed, re.MULTILINE)
    assert [pattern for pattern in patterns if not list((ROOT / "assets").glob(pattern))] == []


@pytest.mark.parametrize(
    "name", [".ci/run", "packaging/install-debian-packages", "packaging/make-venv"]
)
def test_script_can_be_run(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text("utf-8").startswith("#!/usr/bin/env bash\n")


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked_files()
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_option_of_the_program_has_its_line_in_the_reference() -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "main.py", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    general, _, _settings = told.partition("\nsettings:")
    options = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", general, re.MULTILINE))
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert options
    assert [option for option in options if f"| `{option}" not in page] == []


@pytest.mark.parametrize(
    ("folder", "index"),
    [
        ("decisions", "decisions/README.md"),
        ("explanation", "README.md"),
        ("how-to", "README.md"),
        ("reference", "README.md"),
    ],
)
def test_every_page_is_on_its_index(folder: str, index: str) -> None:
    docs = ROOT / "docs"
    links = (docs / index).read_text("utf-8")
    base = (docs / index).parent
    pages = [p.relative_to(base) for p in (docs / folder).glob("*.md") if p != docs / index]
    assert [str(page) for page in pages if f"({page})" not in links] == []
