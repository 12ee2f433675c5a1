"""Writes a formula in other languages: Python, spreadsheets, LaTeX."""
