"""Checks of arguments that several layers share."""

import keras
import numpy as np

from keras_addmul.special.solutions import get_solution

__all__ = [
    "check_float_input",
    "check_interval",
    "check_name",
    "check_number",
    "check_positive_integer",
    "check_solution",
    "known_features",
]


def check_positive_integer(name, value, optional=False):
    """Returns a positive `int`, or None if that is allowed."""
    if optional and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        expected = "a positive integer or None" if optional else "a positive integer"
        raise ValueError(f"Argument `{name}` must be {expected}. Received: {value!r}")
    return int(value)


def check_number(name, value, low, strict=True):
    """Returns a finite `float` above `low`, or `low` itself if that is allowed."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < low or (strict and value == low):
        expected = "a finite number" if low == -np.inf else f"a number above {low}"
        expected = expected if strict else f"a number of at least {low}"
        raise ValueError(f"Argument `{name}` must be {expected}. Received: {value!r}")
    return float(value)


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


def check_solution(name):
    """Returns the name of a solution of Abel's equation."""
    get_solution(name)
    return name


def check_float_input(layer, inputs):
    """Refuses what is not a float tensor: Keras casts floats, and leaves the rest alone."""
    dtype = keras.backend.standardize_dtype(inputs.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise TypeError(
            f"Layer {layer.name!r} takes floats: cast the inputs first, for instance with "
            f"`x.astype('float32')`. Received inputs of dtype {dtype}"
        )


def known_features(layer, input_shape, expected=None):
    """Returns the last dimension of an input, or raises an error if it is None or not that."""
    features = input_shape[-1]
    if features is None or expected not in (None, features):
        wanted = "known" if expected is None else expected
        raise ValueError(
            f"Layer {layer.name!r} needs the last dimension of its input to be {wanted}. "
            f"Received shape: {tuple(input_shape)}"
        )
    return features
