"""Models as lists of calls, and the bounds that are carried through them."""
