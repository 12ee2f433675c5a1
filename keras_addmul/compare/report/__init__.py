"""Tells what a comparison found: sentences, screen, page, pictures and files."""
