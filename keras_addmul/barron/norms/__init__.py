"""Path norms, and which Barron space lies in which."""
