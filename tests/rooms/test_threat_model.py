"""The threat model names tests, and they are there."""

import ast
import re

from tests.support.source import ROOT

PAGE = ROOT / "docs" / "explanation" / "threat-model.md"


def named() -> list[str]:
    return re.findall(r"`(test_[a-z0-9_]+)`", PAGE.read_text("utf-8"))


def existing() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_of_the_threat_model_exists() -> None:
    there = existing()
    assert [name for name in named() if name not in there] == []


def test_every_line_of_the_threat_model_names_a_test() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    tried = lines[
        lines.index("## What they could try") : lines.index("### The wire and the machine")
    ]
    rows = [line for line in tried if line.startswith("| ") and not line.startswith("| try ")]
    assert len(rows) > 30
    assert [row for row in rows if "`test_" not in row] == []
