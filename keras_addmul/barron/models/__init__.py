"""Models as lists of calls, and the propagation of bounds through them."""
