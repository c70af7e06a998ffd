"""The arrows of the architecture point one way, and a wrong one would be seen."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.source import PACKAGES, ROOT, imported_names, modules_below

LINTER = Path(sys.executable).parent / "lint-imports"
BASE_MODULES_MAX = 17


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that must not pass, the module it is put into, the contract that sees it."""

    line: str
    module: str
    contract: str


LAYERS = "The shell knows features, features know base, base knows nobody"
FEATURE = "Inside a feature: feature, views, services, model"
SHELL = "Inside the shell: composition root, views, services, model"
DOOR = "The shell enters a feature by its front door"
NO_QT = "No Qt in any model, nor in base outside base.qt"
MEETING = "Inside the meeting: feature, views, services, model"
SERVICE = "Inside the service: command line, web, services, model"
SERVICE_DOOR = "The service is entered by the composition root alone"
SERVICE_NO_QT = "No Qt in the service: it runs where there is no display"

WRONGS = [
    Wrong("import whiteboard.feature", "base.clock", LAYERS),
    Wrong("import kiosk.app", "whiteboard.views.probe", LAYERS),
    Wrong("import whiteboard.views", "whiteboard.services.probe", FEATURE),
    Wrong("import whiteboard.services", "whiteboard.model.probe", FEATURE),
    Wrong("import whiteboard.feature", "whiteboard.views.probe", FEATURE),
    Wrong("import kiosk.views", "kiosk.services.probe", SHELL),
    Wrong("import kiosk.app", "kiosk.views.probe", SHELL),
    Wrong("import whiteboard.model", "kiosk.probe", DOOR),
    Wrong("import PySide6.QtCore", "whiteboard.model.probe", NO_QT),
    Wrong("import qasync", "base.tasks", NO_QT),
    Wrong("import rooms.model", "whiteboard.services.probe", LAYERS),
    Wrong("import rooms.model", "meeting.services.probe", LAYERS),
    Wrong("import whiteboard.model", "meeting.services.probe", LAYERS),
    Wrong("import base.clock, kiosk.cli", "rooms.services.probe", LAYERS),
    Wrong("import rooms.services.schema", "rooms.model.probe", SERVICE),
    Wrong("import rooms.web", "rooms.services.probe", SERVICE),
    Wrong("import rooms.services", "kiosk.services.probe", SERVICE_DOOR),
    Wrong("import base.qt.loop", "rooms.web.probe", SERVICE_NO_QT),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and of the contracts, to do wrong in."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.line} in {wrong.module}")
def test_wrong_import_is_seen(copy: Path, wrong: Wrong) -> None:
    module = copy / Path(*wrong.module.split(".")).with_suffix(".py")
    with module.open("a", encoding="utf-8") as file:
        file.write(f"\n{wrong.line}\n")
    result = lint_imports(copy)
    assert result.returncode != 0
    assert f"{wrong.contract} BROKEN" in result.stdout


def test_every_module_of_base_is_under_the_contract_against_qt() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    names = {f"base.{path.stem}" for path in (ROOT / "base").glob("[!_]*.py")}
    assert [name for name in names - {"base.feature"} if f'"{name}"' not in text] == []


def test_base_stays_small() -> None:
    modules = [path for path in modules_below("base") if path.name != "__init__.py"]
    assert len(modules) <= BASE_MODULES_MAX


def test_no_widgets_below_views() -> None:
    below = ["whiteboard/services", "whiteboard/model", "kiosk/services", "kiosk/model"]
    offenders = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules_below(*below)
        for name in imported_names(path)
        if name.startswith(("PySide6.QtWidgets", "base.qt.widgets", "base.qt.panels"))
    ]
    assert offenders == []


def test_shell_imports_nothing_of_a_feature_but_its_front_door() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules_below("kiosk")
        for name in imported_names(path)
        if name.startswith("whiteboard") and not name.startswith("whiteboard.feature")
    ]
    assert offenders == []


def test_packaging_is_no_package() -> None:
    # With an __init__.py, `import packaging.version` of the library breaks.
    assert not (ROOT / "packaging" / "__init__.py").exists()
