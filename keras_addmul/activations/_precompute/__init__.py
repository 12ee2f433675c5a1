"""Scripts that derived the tables of this folder."""
