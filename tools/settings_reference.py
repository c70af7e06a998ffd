"""The reference pages of the settings, made from their declarations.

`python -m tools.settings_reference` writes docs/reference/settings.md, of the display, and
docs/reference/rooms-settings.md, of the consultation rooms;
`python -m tools.settings_reference check` fails when a page is not as it would be.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from base.options import FILE_NAME, Declaration, Group, Kind, Value, declarations
from rooms.cli import SECRETS
from rooms.services.config import ENV_PREFIX, RoomsSettings
from rooms.services.config import FILE_NAME as ROOMS_FILE_NAME

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"
ROOMS_PAGE: Final = PAGE.with_name("rooms-settings.md")
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

_ROOMS_HEAD: Final = f"""# Settings of the consultation rooms

<!-- Made by `python -m tools.settings_reference` from RoomsSettings. Do not edit. -->

Each setting can be given in four ways; a later one wins over an earlier one:

1. its default;
2. a TOML file, `{ROOMS_FILE_NAME}` in the data folder or the one that `--config` names:
   `guest_limit = 3`;
3. the environment: `{ENV_PREFIX}GUEST_LIMIT=3`;
4. the command line of `python -m rooms`: `--guest-limit 3`; not for secrets, which everybody
   on the machine could read there.

Lists are words with commas between them; in the file, lists of TOML. A setting that cannot be
used ends the start with a sentence and exit code 2. `python -m rooms settings` prints what is
in force.

| Setting | Default | |
|---|---|---|
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


def rooms_page() -> str:
    """Return the page of the consultation rooms."""
    return _ROOMS_HEAD + "".join(_rooms_line(name) for name in RoomsSettings.model_fields)


def _rooms_line(name: str) -> str:
    field = RoomsSettings.model_fields[name]
    default = "the user's data folder" if field.default_factory else str(field.default or "")
    shown = default if field.default not in ((), "") or field.default_factory else "empty"
    secret = " A secret." if name in SECRETS else ""
    return f"| `{name}` | {shown} | {field.description}{secret} |\n"


def main(argv: list[str]) -> int:
    """Write or check the pages and return the exit code."""
    pages = {PAGE: reference_page(), ROOMS_PAGE: rooms_page()}
    if argv == ["check"]:
        old = [
            p for p, text in pages.items() if not p.is_file() or p.read_text("utf-8") != text
        ]
        for path in old:
            print(f"{path.name} is not up to date; run: python -m tools.settings_reference")
        return 1 if old else 0
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
