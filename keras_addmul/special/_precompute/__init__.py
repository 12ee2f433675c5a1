"""Scripts that derive the tables of `special` from definitions. Run, never imported."""
