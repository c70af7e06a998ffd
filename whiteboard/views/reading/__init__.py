"""Searching, marking and following what a document says."""
