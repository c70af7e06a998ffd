"""What one person has at hand beside the page."""
