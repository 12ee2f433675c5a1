"""Conversion of arguments to tensors of one float dtype."""

import reprlib
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.gradients import clipped_gradient

__all__ = [
    "LARGEST",
    "as_floats",
    "clipped_for_squares",
    "dtype_of",
    "guarded",
    "in_working_dtype",
    "output_bound",
    "working_dtype",
]

LARGEST = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38, "float64": 1.7976e308}
_HALF = ("float16", "bfloat16")


def as_floats(**arguments: ArrayLike) -> tuple[list[Tensor], str]:
    """Returns the arguments as tensors of one float dtype, in order, and the dtype's name.

    Integers become the default float, as everywhere in Keras. A Python number takes the dtype
    of the tensors beside it.

    Raises:
        TypeError: If an argument does not hold real numbers.
    """
    values = [_checked(name, value) for name, value in arguments.items()]
    dtypes = [type(v) if isinstance(v, (int, float)) else dtype_of(v) for v in values]
    dtype = keras.backend.result_type(*dtypes, float)
    return [ops.convert_to_tensor(v, dtype=dtype) for v in values], dtype


def working_dtype(*dtypes: str) -> str:
    """Returns the dtype to compute in: float32 or float64.

    Half precision is computed in float32: its three digits would not survive a superlog and
    its inverse.
    """
    dtype = keras.backend.result_type(*dtypes)
    return "float32" if dtype in _HALF else dtype


def in_working_dtype(function: Callable[..., Tensor], **arguments: ArrayLike) -> Tensor:
    """Calls `function(dtype, *tensors)` and returns its result in the arguments' dtype.

    Raises:
        TypeError: If an argument does not hold real numbers.
    """
    tensors, dtype = as_floats(**arguments)
    inner = working_dtype(dtype)
    return ops.cast(function(inner, *(ops.cast(t, inner) for t in tensors)), dtype)


def output_bound(dtype: str) -> float:
    """Returns the bound on the outputs of layers in a dtype.

    The bound is the largest number of the dtype to the power 0.4, so that the square of an
    output and its gradient through an exponential stay finite. In float16 that would leave
    too small a range. Losses are computed in float32 there, so half the range is allowed.

    Args:
        dtype: Name of a float dtype.

    Returns:
        A Python float: 32752 in float16, 2.6e15 in bfloat16 and float32, 2e123 in float64.

    Raises:
        ValueError: If `dtype` is not the name of a float dtype.

    Example:

    >>> from keras_addmul import special
    >>> f"{special.output_bound('float32'):.1e}"
    '2.6e+15'
    """
    if dtype not in LARGEST:
        known = ", ".join(repr(name) for name in LARGEST)
        raise ValueError(f"Argument `dtype` must be one of {known}. Received: {dtype!r}")
    return LARGEST[dtype] / 2.0 if dtype == "float16" else LARGEST[dtype] ** 0.4


def guarded(weights: ArrayLike) -> Tensor:
    """Returns the weights, and clips their gradient so that its square is finite.

    A larger gradient overflows the running mean of squares in Adam and similar optimizers, and
    turns the weights into nan at the next step. In float16 gradients pass unchanged: loss
    scaling enlarges them, and an infinite one tells the optimizer to skip the step.

    Args:
        weights: Tensor or variable of any shape.

    Returns:
        Tensor like `weights`. The magnitude of its gradient is at most the largest number of
        the dtype to the power 0.45.

    Raises:
        TypeError: If `weights` does not hold real numbers.

    Example:

    >>> from keras_addmul import special
    >>> special.guarded([0.5, 2.0]).numpy()
    array([0.5, 2. ], dtype=float32)
    """
    (weights,), _ = as_floats(weights=weights)
    return clipped_for_squares(weights)


def clipped_for_squares(weights: Tensor) -> Tensor:
    """`guarded` for a tensor that is known to hold floats."""
    dtype = dtype_of(weights)
    return weights if dtype == "float16" else clipped_gradient(weights, LARGEST[dtype] ** 0.45)


def dtype_of(tensor: Tensor) -> str:
    """Returns Keras's name for the dtype of a tensor."""
    return keras.backend.standardize_dtype(tensor.dtype)


def _checked(name: str, value: ArrayLike) -> Any:
    """Returns the value as a tensor of numbers; a Python number stays one."""
    if isinstance(value, keras.KerasTensor):
        raise TypeError(
            f"Argument `{name}` must be a tensor that holds numbers. Received: {value}. Inside a "
            "functional model, use a layer such as `keras_addmul.layers.ExpIterate`."
        )
    if isinstance(value, keras.Variable):
        value = value.value  # a bare Variable cannot enter a custom gradient
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        tensor = ops.convert_to_tensor(value)
        dtype = dtype_of(tensor)
    except Exception as error:
        given = reprlib.repr(value)
        raise TypeError(f"Argument `{name}` must hold real numbers. Received: {given}") from error
    if dtype not in LARGEST and not dtype.startswith(("int", "uint")):
        raise TypeError(f"Argument `{name}` must hold real numbers. Received dtype: {dtype}")
    return tensor
