"""From a sheet of paper before a camera to a page."""
