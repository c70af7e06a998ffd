"""The sound of chalk."""
