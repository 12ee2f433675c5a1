"""Searches for a formula among stacks of layers with a learnable operation."""
