"""What alembic runs to get at the database: `rooms.services.database` hands it in."""

from __future__ import annotations

from alembic import context

from rooms.services.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by making it anew.
    render_as_batch=True,
    # The transaction is ours: either all steps are done or none.
    transactional_ddl=True,
)
context.run_migrations()
