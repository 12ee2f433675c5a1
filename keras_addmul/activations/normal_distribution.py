"""The normal distribution, from operations that every runtime has."""

import keras
from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.gradients import custom_gradient

__all__ = ["normal_density", "normal_tail"]

# Written by `_precompute/fit_normal_tail.py`, the constant first; the error is 5e-9 at most.
RATE = 0.275
COEFFICIENTS = (
    0.11780918544620834,
    0.04211192703818231,
    0.33393112927650814,
    -0.33099190291674985,
    0.4519977523251783,
    -0.11485808640569782,
)


def normal_density(t: Tensor) -> Tensor:
    """Returns `exp(-t**2 / 2) / sqrt(2 pi)`.

    Example:

    >>> from keras_addmul.activations.normal_distribution import normal_density
    >>> round(float(normal_density(keras.ops.array(0.0))), 4)
    0.3989
    """
    return 0.3989422804014327 * ops.exp(-0.5 * ops.square(t))


def normal_tail(t: Tensor) -> Tensor:
    """Returns the probability that a standard normal number exceeds `t`.

    In single precision it is accurate within 1e-7, absolute, and uses only `exp`, because
    LiteRT has neither `erf` nor `erfc`. In double precision it uses `erfc`, which keeps the
    digits of the right tail.

    Args:
        t: Tensor, `float32` or `float64`.

    Returns:
        A tensor of the shape of `t`, between 0 and 1.

    Example:

    >>> from keras_addmul.activations.normal_distribution import normal_tail
    >>> normal_tail(keras.ops.array([-1e30, 0.0, 1.96, 1e30])).numpy().round(4)
    array([1.   , 0.5  , 0.025, 0.   ], dtype=float32)
    """
    if keras.backend.standardize_dtype(t.dtype) == "float64":
        return 0.5 * ops.erfc(t * 0.5**0.5)

    @custom_gradient
    def tail(t):
        size = ops.abs(t)
        u = 1.0 / (1.0 + RATE * size)
        polynomial = COEFFICIENTS[-1]
        for coefficient in COEFFICIENTS[-2::-1]:
            polynomial = polynomial * u + coefficient
        right = ops.exp(-0.5 * ops.square(size)) * (u * polynomial)

        def gradient(upstream):
            return -upstream * normal_density(t)

        return ops.where(t < 0.0, 1.0 - right, right), gradient

    return tail(t)
