"""Fits rectified power units to a smooth function, within a tolerance."""
