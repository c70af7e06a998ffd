"""Files of the pages: versioned, compressed, complete and small."""

import gzip
from pathlib import Path

import pytest

from rooms.web.static_files import FOLDER, StaticFiles, static_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.js").write_text(
        "import { b } from './deep/b.js';\nimport './c.js';\nconst d = import('./d.js');\n"
    )
    (tmp_path / "deep" / "b.js").write_text(
        'import {\n  c,\n} from "../c.js";\nexport { e } from "./e.js";\n'
    )
    (tmp_path / "deep" / "e.js").write_text("export const e = 1;\n" * 40)
    (tmp_path / "c.js").write_text("// import './nowhere.js' is only said\n")
    (tmp_path / "d.js").write_text("export const d = 1;\n")
    (tmp_path / "secret.py").write_text("password = 1\n")
    return tmp_path


def test_modules_are_found_with_all_that_they_import(folder: Path) -> None:
    files = StaticFiles(folder)
    assert files.modules_of("a.js") == ["a.js", "deep/b.js", "c.js", "deep/e.js"]
    assert "d.js" in files.modules_of("a.js", later=True)


def test_import_of_nothing_is_an_error(folder: Path) -> None:
    (folder / "c.js").write_text("import './nowhere.js';\n")
    with pytest.raises(KeyError, match="nowhere"):
        StaticFiles(folder).modules_of("a.js")


def test_version_is_another_one_when_any_file_changes(folder: Path) -> None:
    before = StaticFiles(folder)
    (folder / "d.js").write_text("export const d = 2;\n")
    after = StaticFiles(folder)
    assert before.version != after.version
    assert before.url("a.js") != after.url("a.js")


def test_same_files_are_the_same_bytes(folder: Path) -> None:
    first, second = StaticFiles(folder).get("deep/e.js"), StaticFiles(folder).get("deep/e.js")
    assert first == second
    assert first is not None
    assert first.packed is not None
    assert gzip.decompress(first.packed) == first.plain


def test_only_what_a_page_can_use_is_served(folder: Path) -> None:
    files = StaticFiles(folder)
    assert files.get("secret.py") is None
    assert files.get("../a.js") is None


def test_all_that_the_guest_page_imports_is_there() -> None:
    modules = static_files().modules_of("guest.js", later=True)
    assert {"connection.js", "media.js", "board/board.js", "board/memo.js"} <= set(modules)


def test_no_module_of_the_guest_page_belongs_to_somebody_else() -> None:
    for path in static_files().modules_of("guest.js", later=True):
        assert (FOLDER / path).is_file()
        if not path.startswith("vendor/"):
            assert "http://" not in (FOLDER / path).read_text("utf-8")
