"""From a file that somebody brings to pages of a board."""
