"""Checks of arguments and inputs that several layers share."""

import os
import reprlib
from collections.abc import Iterable
from typing import Any, Literal, overload

import keras
import numpy as np

from keras_addmul.annotations import Shape
from keras_addmul.special.solutions import get_path, get_solution

__all__ = [
    "check_axes",
    "check_float_input",
    "check_interval",
    "check_model",
    "check_name",
    "check_number",
    "check_path",
    "check_positive_integer",
    "check_share",
    "check_solution",
    "known_features",
]


@overload
def check_positive_integer(name: str, value: Any, optional: Literal[False] = False) -> int: ...
@overload
def check_positive_integer(name: str, value: Any, optional: bool) -> int | None: ...
def check_positive_integer(name: str, value: Any, optional: bool = False) -> int | None:
    """Returns a positive `int`, or None if `optional`.

    Args:
        name: Name of the argument, for the message.
        value: Its value.
        optional: Whether None is allowed.

    Raises:
        ValueError: If the value is neither.
    """
    if optional and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        expected = "a positive integer or None" if optional else "a positive integer"
        raise ValueError(f"Argument `{name}` must be {expected}. Received: {value!r}")
    return int(value)


def check_number(name: str, value: Any, low: float, strict: bool = True) -> float:
    """Returns a finite `float` above `low`, or at `low` unless `strict`.

    Args:
        name: Name of the argument, for the message.
        value: Its value.
        low: Lower bound; minus infinity for none.
        strict: Whether the bound itself is refused.

    Raises:
        ValueError: If the value is not such a number.
    """
    if not _is_finite_number(value) or value < low or (strict and value == low):
        expected = "a finite number" if low == -np.inf else f"a number above {low}"
        expected = expected if strict else f"a number of at least {low}"
        raise ValueError(f"Argument `{name}` must be {expected}. Received: {value!r}")
    return float(value)


def check_share(name: str, value: Any) -> float:
    """Returns a `float` between 0 and 1, ends excluded.

    Args:
        name: Name of the argument, for the message.
        value: Its value.

    Raises:
        ValueError: If the value is none.
    """
    if not _is_finite_number(value) or not 0.0 < value < 1.0:
        raise ValueError(f"Argument `{name}` must be between 0 and 1. Received: {value!r}")
    return float(value)


def check_interval(low: Any, high: Any) -> tuple[float, float]:
    """Returns two finite floats, the first below the second.

    Raises:
        ValueError: If they are not finite numbers in this order.
    """
    if not (_is_finite_number(low) and _is_finite_number(high)) or not low < high:
        raise ValueError(
            "Arguments `low` and `high` must be numbers, `low` below `high`. "
            f"Received: {low!r}, {high!r}"
        )
    return float(low), float(high)


def _is_finite_number(value: Any) -> bool:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return number and bool(np.isfinite(value))


def check_axes(axis: Any) -> int | list[int]:
    """Returns an axis as an `int`, or several as a list of them.

    Raises:
        ValueError: If it is neither.
    """
    several = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    whole = all(isinstance(a, (int, np.integer)) and not isinstance(a, bool) for a in several)
    if not several or not whole:
        raise ValueError(
            f"Argument `axis` must be an integer, or a list of them. Received: {axis!r}"
        )
    return [int(a) for a in several] if isinstance(axis, (list, tuple)) else int(axis)


def check_name(argument: str, value: Any, known: Iterable[str]) -> str:
    """Returns `value` if it is one of the known names.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise ValueError(
            f"Argument `{argument}` must be one of {', '.join(map(repr, names))}. "
            f"Received: {value!r}"
        )
    return value


def check_solution(name: Any) -> str:
    """Returns `name` if it names a solution of Abel's equation.

    Raises:
        ValueError: If there is no solution of this name.
    """
    get_solution(name)
    return name


def check_path(name: Any, others: dict[str, Any] | None = None) -> str:
    """Returns `name` if it names a path from sum to product.

    Args:
        name: The value to check.
        others: Further arguments. If they hold `solution`, the former name of `path`, this is
            removed and takes its place.

    Raises:
        ValueError: If there is no path of this name.
    """
    name = name if others is None else others.pop("solution", name)
    get_path(name)
    return name


def check_float_input(layer: keras.layers.Layer, inputs: Any) -> None:
    """Raises unless the inputs are a dense tensor of floats, or a list of them.

    Keras casts floats to the layer's dtype; it leaves integers and sparse tensors alone.

    Args:
        layer: The layer that was called, for the message.
        inputs: Its inputs.

    Raises:
        TypeError: If an input is sparse or ragged, or does not hold floats.
    """
    for x in inputs if isinstance(inputs, (list, tuple)) else [inputs]:
        kind = _not_dense(x)
        if kind:
            raise TypeError(
                f"Layer {layer.name!r} ({type(layer).__name__}) takes dense tensors: convert the "
                "inputs first, for instance with `tf.sparse.to_dense(x)` or "
                f"`x.to_tensor()`. Received: a {kind} tensor of shape {tuple(x.shape)}"
            )
        dtype = keras.backend.standardize_dtype(x.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise TypeError(
                f"Layer {layer.name!r} ({type(layer).__name__}) takes floats: cast the inputs "
                "first, for instance with `x.astype('float32')`. Received inputs of dtype "
                f"{dtype}"
            )


def _not_dense(x: Any) -> str:
    """Returns `"sparse"` or `"ragged"` for such a tensor or input of any backend, else `""`."""
    flagged = any(getattr(x, name, False) is True for name in ("sparse", "is_sparse"))
    if flagged or hasattr(x, "dense_shape") or hasattr(x, "todense"):
        return "sparse"
    return "ragged" if getattr(x, "ragged", False) is True or hasattr(x, "row_splits") else ""


def check_model(model: Any, argument: str = "model") -> keras.Model:
    """Returns `model` if it is a model of Keras 3.

    Args:
        model: The value to check.
        argument: Name of the argument, for the message.

    Raises:
        TypeError: If it is a model of Keras 2 (`tf_keras`), or no model at all.
    """
    if isinstance(model, keras.Model):
        return model
    roots = {base.__module__.split(".")[0] for base in type(model).__mro__}
    kind = f"{type(model).__module__.split('.')[0]}.{type(model).__name__}"
    if "tf_keras" in roots:
        raise TypeError(
            f"Argument `{argument}` must be a Keras model of Keras 3: build it again with "
            "`keras.layers` and copy the weights, `new.set_weights(old.get_weights())`. "
            f"Received: a model of Keras 2, {kind}"
        )
    hint = ": load it first, with `keras.saving.load_model`"
    raise TypeError(
        f"Argument `{argument}` must be a Keras model. "
        f"Received: {reprlib.repr(model)} of type {type(model).__name__}"
        f"{hint if isinstance(model, (str, os.PathLike)) else ''}"
    )


def known_features(
    layer: keras.layers.Layer, input_shape: Shape, expected: int | None = None
) -> int:
    """Returns the last dimension of an input.

    Args:
        layer: The layer that is being built, for the message.
        input_shape: Shape of its input.
        expected: The required dimension, or None for any.

    Raises:
        ValueError: If the dimension is unknown or not `expected`.
    """
    features = input_shape[-1]
    if features is None or expected not in (None, features):
        wanted = "known" if expected is None else expected
        raise ValueError(
            f"Layer {layer.name!r} needs the last dimension of its input to be {wanted}. "
            f"Received shape: {tuple(input_shape)}"
        )
    return features
