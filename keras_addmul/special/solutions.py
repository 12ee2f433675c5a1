"""The solutions of Abel's equation, by name."""

import functools

from keras_addmul.special.kneser import Kneser
from keras_addmul.special.linear import Linear

__all__ = ["SOLUTIONS", "get_solution"]

SOLUTIONS = {"kneser": Kneser, "linear": Linear}


def get_solution(name):
    """Returns a function from a dtype to the pieces of the solution called `name`.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in SOLUTIONS:
        known = ", ".join(repr(n) for n in SOLUTIONS)
        raise ValueError(f"Argument `solution` must be one of {known}. Received: {name!r}")
    return functools.partial(_pieces, name)


@functools.cache
def _pieces(name, dtype):
    return SOLUTIONS[name](dtype)
