"""The list of this display's boards."""
