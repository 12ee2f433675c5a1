"""From what a caller passes to tensors of one float dtype."""

import keras
from keras import ops

__all__ = ["in_dtype_of"]


def in_dtype_of(x, *parameters):
    """Returns `x` as a float tensor, and the parameters in its dtype.

    Integers become the default float, as everywhere in Keras. `x` may be a
    `keras.KerasTensor`.
    """
    x = ops.convert_to_tensor(x)
    x = ops.cast(x, keras.backend.result_type(x.dtype, float))
    if not parameters:
        return x
    # At once: by way of single precision, numbers would lose half of their digits.
    return x, *(ops.convert_to_tensor(p, dtype=x.dtype) for p in parameters)
