"""The consultation room as the display takes part in it."""
