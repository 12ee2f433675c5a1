"""Products, magnitudes and exponentials whose values and gradients stay finite."""

import math

import keras
from keras import ops

from keras_addmul.special.dtypes import output_bound
from keras_addmul.special.gradients import custom_gradient

__all__ = [
    "bounded",
    "bounded_exp",
    "floored",
    "gated_product",
    "is_negative",
    "magnitude",
    "product_by_pairs",
]


def gated_product(x, kernel, limit):
    """`prod_j (W_ji x_j + 1 - W_ji)`; exactly the product of inputs whose weight is 1."""
    if limit is not None:
        x = bounded(x, -limit, limit)
    factors = ops.expand_dims(x, -1) * kernel + (1.0 - kernel)
    if limit is not None:  # so that a gradient of a factor, times its input, is finite too
        factors = bounded(factors, -limit, limit)
    return product_by_pairs(factors, limit)


def product_by_pairs(factors, limit):
    """The product along the last axis but one, by pairs.

    Gradients of a product by `prod` divide by its factors, or walk through all of them;
    here those of each pair are the other one's value. Bounded after each step, no number
    ever overflows, whatever the order of the factors.
    """
    size = factors.shape[-2]
    while size > 1:
        half = size // 2
        pairs = factors[..., :half, :] * factors[..., half : 2 * half, :]
        pairs = pairs if limit is None else bounded(pairs, -limit, limit)
        rest = factors[..., 2 * half :, :]
        factors = ops.concatenate([pairs, rest], axis=-2) if size % 2 else pairs
        size -= half
    return factors[..., 0, :]


def bounded_exp(x, limit):
    """`exp(x)`, at most `limit`, or unbounded where that is None."""
    return ops.exp(x if limit is None else bounded(x, -math.inf, math.log(limit)))


def magnitude(x):
    """`|x|` with the slope 1 at 0."""
    return ops.where(x < 0.0, -x, x)


def is_negative(x):
    """1 where `x < 0` and 0 elsewhere, in the dtype of `x`."""
    return ops.cast(x < 0.0, x.dtype)


def floored(x, epsilon):
    """`max(x, epsilon)` with the slope 1 everywhere."""
    return ops.where(x > epsilon, x, epsilon + (x - ops.stop_gradient(x))) if epsilon else x


def bounded(x, low, high):
    """`x` clipped to an interval; outside, only a gradient that leads back is kept.

    Gradients are bounded too, so that the next product of one is finite.
    """
    most = output_bound(keras.backend.standardize_dtype(x.dtype))

    @custom_gradient
    def f(x):
        def grad(upstream):
            above, below = x > high, x < low
            astray = ops.where(above, upstream < 0.0, ops.logical_and(below, upstream > 0.0))
            kept = ops.where(astray, ops.zeros_like(upstream), upstream)
            return ops.clip(kept, -most, most)

        return ops.clip(x, low, high), grad

    return f(x)
