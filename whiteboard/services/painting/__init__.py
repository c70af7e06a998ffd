"""From items and sheets to pixels and vectors."""
