"""Elementwise functions, with their derivatives and proved bounds."""
