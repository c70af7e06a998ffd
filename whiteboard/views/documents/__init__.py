"""Choosing and opening a document."""
