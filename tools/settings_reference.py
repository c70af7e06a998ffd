"""The reference page of the settings, made from their declarations.

`python -m tools.settings_reference` writes docs/reference/settings.md;
`python -m tools.settings_reference check` fails when the page is not as it would be.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from base.options import FILE_NAME, Declaration, Group, Kind, Value, declarations

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"
_HEAD: Final = f"""# Settings

<!-- Made by `python -m tools.settings_reference` from base/options.py. Do not edit. -->

Each setting can be given in four ways; a later one wins over an earlier one:

1. its default;
2. `{FILE_NAME}` in the data folder, written by the settings screen:
   `{{"version": 1, "values": {{"theme": "white"}}}}`;
3. the environment, for units and images: `KOKUBAN_THEME=white`;
4. the command line, for one run: `--theme white`.

The home screen's switches for language and colours hold until Finish. A value that cannot be
used in the environment or on the command line ends the start with a sentence and exit code 2;
one in the file is left out, and the display says so. A file that cannot be understood is
renamed to `{FILE_NAME}.damaged-<time>`.
"""


def reference_page() -> str:
    """Return the page."""
    known = declarations()
    groups = ((group, [one for one in known if one.row.group is group]) for group in Group)
    return _HEAD + "".join(_section(group, members) for group, members in groups)


def _section(group: Group, members: list[Declaration]) -> str:
    lines = [
        f"\n## {group.value}\n",
        "| Setting | Values | Default | |",
        "|---|---|---|---|",
    ]
    lines += [_line(known) for known in members]
    return "\n".join(lines) + "\n"


def _line(known: Declaration) -> str:
    values = known.values_text.replace("|", ", ").replace("..", " to ")
    unit = f" {known.row.unit}" if known.row.unit else ""
    words = f"**{known.title}.** {known.help}"
    return f"| `{known.name}` | {values}{unit} | {_default_text(known)} | {words} |"


def _default_text(known: Declaration) -> str:
    value: Value = known.default
    if value is None:
        return "auto"
    if known.kind is Kind.SWITCH:
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"


def main(argv: list[str]) -> int:
    """Write or check the page and return the exit code."""
    page = reference_page()
    if argv == ["check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
            return 0
        print(f"{PAGE.name} is not up to date; run: python -m tools.settings_reference")
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
