"""The consultation service: a key of eight digits, and nothing to install."""
