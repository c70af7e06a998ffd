"""Ink as annotations of a PDF, out and in again."""
