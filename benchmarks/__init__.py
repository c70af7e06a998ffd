"""Measurements of Kokuban from outside; what has a `main` runs alone and prints JSON."""
