"""Conversion of complex arguments to pairs of real tensors of one dtype, and back."""

import reprlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.dtypes import LARGEST, dtype_of, working_dtype
from keras_addmul.special.pairs import Pair

__all__ = ["as_complex", "with_pairs"]

_PARTS = {"complex64": "float32", "complex128": "float64"}


def with_pairs(function: Callable[..., Pair], **arguments: ArrayLike) -> Any:
    """Calls `function(dtype, *pairs)` in a working dtype.

    Args:
        function: Takes the name of a dtype and the arguments as pairs of that dtype.
        **arguments: Each a tuple (re, im) of real tensors, or a complex or real tensor. Numbers
            and lists of them take the dtype of the tensors beside them, float64 if there are none.

    Returns:
        The result in the form of the first argument: a pair, or a complex tensor.

    Raises:
        TypeError: If an argument does not hold numbers.
    """
    found = [_parts(name, value) for name, value in arguments.items()]
    known = [dtype_of(part) for parts in found for part in parts if not _is_loose(part)]
    dtype = keras.backend.result_type(*known) if known else "float64"
    inner = working_dtype(dtype)
    given = []
    for parts in found:
        tensors = [ops.cast(ops.convert_to_tensor(part), inner) for part in parts]
        im = tensors[1] if len(tensors) == 2 else ops.zeros_like(tensors[0])
        given.append((tensors[0], im))
    result = function(inner, *given)
    if isinstance(next(iter(arguments.values())), tuple):
        most = LARGEST[dtype]  # half precision overflows earlier
        return tuple(ops.cast(ops.clip(part, -most, most), dtype) for part in result)
    return as_complex(result)


def as_complex(pair: Pair) -> Tensor:
    """The complex tensor of a pair of float32 or float64 tensors."""
    dtype = "complex128" if dtype_of(pair[0]) == "float64" else "complex64"
    # `ops.view_as_complex` would halve float64.
    return ops.cast(pair[0], dtype) + ops.cast(pair[1], dtype) * 1j


def _parts(name, value):
    """The real part of an argument, and its imaginary part if it has one."""
    if isinstance(value, tuple):
        if len(value) != 2:
            raise TypeError(
                f"Argument `{name}` must be a pair (re, im) or a tensor of numbers. "
                f"Received: a tuple of {len(value)}"
            )
        return tuple(_checked(name, part, LARGEST) for part in value)
    value = _checked(name, value, (*LARGEST, *_PARTS))
    if isinstance(value, np.ndarray):
        return (np.real(value), np.imag(value)) if np.iscomplexobj(value) else (value,)
    return (ops.real(value), ops.imag(value)) if dtype_of(value) in _PARTS else (value,)


def _checked(name, value, dtypes):
    """The value as a tensor, or as an array of float64 or complex128 if it is not one."""
    if isinstance(value, keras.KerasTensor):
        raise TypeError(
            f"Argument `{name}` must be a tensor that holds numbers. Received: {value}. Inside a "
            "functional model, use a layer such as `keras_addmul.layers.AddMulDense`."
        )
    if isinstance(value, keras.Variable):
        value = value.value
    numbers = "complex numbers" if "complex64" in dtypes else "real numbers in a pair"
    try:
        if isinstance(value, (int, float, complex, list)) and not isinstance(value, bool):
            value = np.asarray(value)
            dtype = value.dtype.name
        else:
            value = ops.convert_to_tensor(value)
            dtype = dtype_of(value)
    except Exception as error:
        given = reprlib.repr(value)
        raise TypeError(f"Argument `{name}` must hold {numbers}. Received: {given}") from error
    if dtype.startswith(("int", "uint")):
        return np.asarray(value, "float64") if isinstance(value, np.ndarray) else _float64(value)
    if dtype not in dtypes:
        raise TypeError(f"Argument `{name}` must hold {numbers}. Received dtype: {dtype}")
    return value


def _float64(tensor):
    return ops.cast(tensor, "float64")


def _is_loose(part):
    """Whether a part takes the dtype of others: numbers and lists became arrays."""
    return isinstance(part, np.ndarray)
