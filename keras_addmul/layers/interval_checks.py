"""Checks of the arguments of layers that hold a function on an interval."""

import numpy as np

__all__ = ["check_interval", "check_name"]


def check_interval(low, high):
    """Returns two finite floats, the first below the second."""
    numbers = all(
        isinstance(v, (int, float, np.number)) and not isinstance(v, bool) and np.isfinite(v)
        for v in (low, high)
    )
    if not numbers or not low < high:
        raise ValueError(
            "Arguments `low` and `high` must be numbers, `low` below `high`. "
            f"Received: {low!r}, {high!r}"
        )
    return float(low), float(high)


def check_name(argument, value, known):
    """Returns `value` if it is one of the known names."""
    if value not in known:
        raise ValueError(
            f"Argument `{argument}` must be one of {', '.join(map(repr, known))}. "
            f"Received: {value!r}"
        )
    return value
