"""Transformations of columns that a formula may use: each in NumPy, in sympy and in Keras."""
