"""Conversion of arguments to tensors of one float dtype."""

from typing import Any, overload

import keras
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["in_dtype_of"]


@overload
def in_dtype_of(x: ArrayLike) -> Tensor: ...
@overload
def in_dtype_of(x: ArrayLike, *parameters: ArrayLike) -> tuple[Tensor, ...]: ...
def in_dtype_of(x: ArrayLike, *parameters: ArrayLike) -> Any:
    """Returns `x` as a float tensor, and the parameters in its dtype.

    Integers become the default float, as everywhere in Keras. `x` may be a
    `keras.KerasTensor`.

    Args:
        x: Tensor, array, number or nested list.
        *parameters: Tensors, arrays, numbers or nested lists, of any shapes.

    Returns:
        A tensor, or a tuple of tensors if there are parameters.
    """
    x = ops.convert_to_tensor(x)
    x = ops.cast(x, keras.backend.result_type(x.dtype, float))
    if not parameters:
        return x
    # Converts directly: via single precision, numbers would lose half of their digits.
    return x, *(ops.convert_to_tensor(p, dtype=x.dtype) for p in parameters)
