"""From what a caller passes to tensors of one float dtype, and back."""

import keras
from keras import ops

from keras_addmul.special.gradients import custom_gradient

__all__ = ["as_floats", "guarded", "in_working_dtype", "output_bound"]

_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38, "float64": 1.7976e308}
_HALF = ("float16", "bfloat16")


def as_floats(**arguments):
    """Returns the arguments as tensors of one float dtype, in order, and the dtype's name.

    Integers become the default float, as everywhere in Keras, and a Python
    number takes the dtype of the tensors beside it.

    Raises:
        TypeError: If an argument does not hold real numbers.
    """
    values = [_checked(name, value) for name, value in arguments.items()]
    dtypes = [type(v) if isinstance(v, (int, float)) else _dtype(v) for v in values]
    dtype = keras.backend.result_type(*dtypes, float)
    return [ops.convert_to_tensor(v, dtype=dtype) for v in values], dtype


def in_working_dtype(function, **arguments):
    """Calls `function(dtype, *tensors)` and returns its result in the arguments' dtype.

    Half precision is computed in single: three digits would not survive a
    superlog and its inverse.
    """
    tensors, dtype = as_floats(**arguments)
    inner = "float32" if dtype in _HALF else dtype
    return ops.cast(function(inner, *(ops.cast(t, inner) for t in tensors)), dtype)


def output_bound(dtype):
    """How large a layer's outputs may become in a dtype.

    The largest number to the power 0.4, so that the square of an output and its
    gradient through an exponential stay finite; in float16, where that would
    leave little, losses are computed in float32 anyway, and half the range is
    allowed.

    >>> from keras_addmul.special.dtypes import output_bound
    >>> f"{output_bound('float32'):.1e}"
    '2.6e+15'
    """
    return _LARGEST[dtype] / 2.0 if dtype == "float16" else _LARGEST[dtype] ** 0.4


def guarded(weights):
    """Returns the weights, with a gradient whose square is finite in their dtype.

    Beyond that, the running mean of squares of Adam and its relatives overflows and
    turns the weights into nan at the next step. In float16 gradients pass as they are: there
    they are scaled up, and an infinite one tells the optimizer to skip the step.
    """
    (weights,), dtype = as_floats(weights=weights)
    if dtype == "float16":
        return weights
    bound = _LARGEST[dtype] ** 0.45

    @custom_gradient
    def f(weights):
        def grad(upstream):
            return ops.clip(upstream, -bound, bound)

        return weights, grad

    return f(weights)


def _dtype(tensor):
    return keras.backend.standardize_dtype(tensor.dtype)


def _checked(name, value):
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
        dtype = _dtype(tensor)
    except Exception as error:
        raise TypeError(f"Argument `{name}` must hold real numbers. Received: {value!r}") from error
    if dtype not in _LARGEST and not dtype.startswith(("int", "uint")):
        raise TypeError(f"Argument `{name}` must hold real numbers. Received dtype: {dtype}")
    return tensor
