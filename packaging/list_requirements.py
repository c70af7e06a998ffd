"""Print the project's requirements, one a line, for pip: `list_requirements.py EXTRA...`.

A checkout runs as it lies, so only what it depends on is installed, not the project itself.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def main(extras: list[str]) -> None:
    """Print the base requirements and those of `extras`."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    chosen = [project["optional-dependencies"][extra] for extra in extras]
    for group in [project["dependencies"], *chosen]:
        sys.stdout.writelines(f"{requirement}\n" for requirement in group)


if __name__ == "__main__":
    main(sys.argv[1:])
