"""How the tables came to be what they are: one frozen step a version, run by alembic."""
