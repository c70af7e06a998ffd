"""The next step of the service's tables, from what `rooms/services/schema.py` says now.

`python -m tools.rooms_migration "Keep the language of accounts"` compares the tables that
the steps so far make with those that the schema describes, and writes the difference to
rooms/services/migrations/versions/. Read it before you commit it: a renamed column looks
like one that went and one that came, and only you know what becomes of the rows.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import create_engine

from rooms.services.database import MIGRATIONS_DIR, migrate
from rooms.services.schema import metadata

VERSIONS_DIR: Final = MIGRATIONS_DIR / "versions"
_STEP: Final = '''"""{subject}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """{subject}."""
{body}
'''


def missing_steps(database: Path) -> UpgradeOps:
    """Return what the steps so far leave undone.

    Args:
        database: Where to make a database to look at; nothing must be there.
    """
    asyncio.run(migrate(f"sqlite+aiosqlite:///{database}"))
    engine = create_engine(f"sqlite:///{database}")
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "render_as_batch": True}
            )
            return produce_migrations(context, metadata).upgrade_ops or UpgradeOps()
    finally:
        engine.dispose()


def step_text(subject: str, number: int, operations: UpgradeOps) -> str:
    """Return the module of a step.

    Args:
        subject: What it does, as a sentence without its full stop.
        number: Its place, from 1.
        operations: From `missing_steps`.
    """
    body = render_python_code(operations, render_as_batch=True)
    lines = [line for line in body.splitlines() if not line.strip().startswith("# ###")]
    indented = [
        line if line.startswith("    ") or not line else f"    {line}" for line in lines
    ]
    return _STEP.format(
        subject=subject,
        revision=f"{number:04}",
        before=f'"{number - 1:04}"' if number > 1 else "None",
        body="\n".join(indented),
    )


def main(arguments: list[str]) -> int:
    """Write the next step and return the exit code."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    subject = arguments[0].rstrip(".")
    with tempfile.TemporaryDirectory() as folder:
        operations = missing_steps(Path(folder) / "rooms.sqlite3")
    if operations.is_empty():
        print("The steps so far make what the schema describes.")
        return 0
    number = 1 + len(list(VERSIONS_DIR.glob("[0-9]*.py")))
    slug = re.sub(r"\W+", "_", subject.lower()).strip("_")
    path = VERSIONS_DIR / f"{number:04}_{slug}.py"
    path.write_text(step_text(subject, number, operations), "utf-8")
    print(f"{path.relative_to(Path.cwd())} written; read it, then ruff format it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
