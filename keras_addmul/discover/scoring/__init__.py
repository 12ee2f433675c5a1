"""How well predictions meet held-out rows: a formula's, and those of other methods."""
