"""Scores predictions on held-out rows: those of a formula and those of other methods."""
