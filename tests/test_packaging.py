"""What is declared about the project is whole and agrees with itself."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.source import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
PACKAGING = ROOT / "packaging"
LISTS = ["debian-packages.txt", "debian-packages-bench.txt"]


def constraints() -> dict[str, Version]:
    lines = (PACKAGING / "constraints.txt").read_text("utf-8").splitlines()
    pins = (line.split("==") for line in lines)
    return {canonicalize_name(name): Version(version) for name, version in pins}


def requirements() -> list[Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def debian_lines(name: str) -> list[str]:
    return [
        line
        for line in (PACKAGING / name).read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def test_constraints_are_names_and_versions_alone() -> None:
    lines = (PACKAGING / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9.]*", line)] == []


def test_constraints_are_sorted_and_unique() -> None:
    lines = (PACKAGING / "constraints.txt").read_text("utf-8").splitlines()
    names = [line.split("==")[0] for line in lines]
    assert names == sorted(set(names))


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(constraints()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_requirement_has_a_floor_and_a_ceiling(requirement: Requirement) -> None:
    operators = {specifier.operator for specifier in requirement.specifier}
    assert operators == {">=", "<"}


def test_installed_packages_are_those_of_the_constraints() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed = dict(line.split("==") for line in listed.stdout.split())
    pins = constraints()
    differing = {
        name: version
        for name, version in installed.items()
        if canonicalize_name(name) in pins and Version(version) != pins[canonicalize_name(name)]
    }
    assert differing == {}


def test_everything_installed_with_the_requirements_is_pinned() -> None:
    pins = constraints()
    missing = set()
    waiting = [canonicalize_name(requirement.name) for requirement in requirements()]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in pins:
            missing.add(name)
        waiting += _dependencies(name)
    assert missing == set()


def test_licence_is_the_affero_general_public_licence_whole() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("                    GNU AFFERO GENERAL PUBLIC LICENSE\n")
    assert "13. Remote Network Interaction" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) == 661
    assert PROJECT["license"] == "AGPL-3.0-or-later"


@pytest.mark.parametrize("name", LISTS)
def test_debian_packages_come_with_a_reason(name: str) -> None:
    entry = re.compile(r"[a-z0-9.+-]+(\|[a-z0-9.+-]+)* +# \S.*")
    assert [line for line in debian_lines(name) if not entry.fullmatch(line)] == []


@pytest.mark.parametrize("name", LISTS)
def test_debian_packages_are_listed_once(name: str) -> None:
    names = [line.split()[0] for line in debian_lines(name)]
    assert len(names) == len(set(names))


needs_debian = pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="not Debian")


def install_debian_packages(*lists: Path) -> str:
    """Run the script, which must have nothing to do, and return what it says."""
    done = subprocess.run(
        [PACKAGING / "install-debian-packages", *lists],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@needs_debian
def test_nothing_is_said_when_no_debian_package_is_missing() -> None:
    assert install_debian_packages(PACKAGING / "debian-packages.txt") == ""


@needs_debian
def test_one_of_two_names_of_a_debian_package_is_enough(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# why\n\nno-such-package|bash|none-either  # shell\n")
    assert install_debian_packages(tmp_path / "list") == ""


def test_readme_and_entry_points_exist() -> None:
    assert (ROOT / PROJECT["readme"]).is_file()
    for target in PROJECT["scripts"].values():
        module, _, _function = target.partition(":")
        assert (ROOT / Path(*module.split("."))).with_suffix(".py").is_file()


def test_version_is_the_newest_of_the_changelog() -> None:
    headings = re.findall(
        r"^## (?:Unreleased|(\d+\.\d+\.\d+))",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        re.MULTILINE,
    )
    released = [version for version in headings if version]
    assert released[:1] in ([], [PROJECT["version"]])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source") / "kokuban"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def test_wheel_holds_the_packages_and_the_assets(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"base/errors.py", "kiosk/__init__.py", "assets/icons/pen.svg"} <= set(names)
    assert [n for n in names if n.startswith(("tests/", "tools/", "benchmarks/"))] == []


def test_wheel_names_the_licence(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith("METADATA")]
    assert "License-Expression: AGPL-3.0-or-later" in archive.read(metadata).decode("utf-8")


def test_source_archive_holds_the_licence(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert f"kokuban-{PROJECT['version']}/LICENSE" in names


def _dependencies(name: str) -> list[str]:
    from importlib.metadata import requires

    needed = (Requirement(line) for line in requires(name) or [])
    return [
        canonicalize_name(requirement.name)
        for requirement in needed
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
