"""The page under the hands."""
