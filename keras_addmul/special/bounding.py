"""Products, magnitudes and exponentials whose values and gradients stay finite."""

import math

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.dtypes import dtype_of, output_bound
from keras_addmul.special.gradients import custom_gradient, differentiated_as

__all__ = [
    "bounded",
    "bounded_exp",
    "floored",
    "gated_product",
    "held",
    "is_negative",
    "magnitude",
    "product_by_pairs",
    "sign_of_count",
    "signed_product",
]


def gated_product(x: Tensor, kernel: Tensor, limit: float | None) -> Tensor:
    """`prod_j (W_ji x_j + 1 - W_ji)`; weights of 0 and 1 give the exact product."""
    if limit is not None:
        x = bounded(x, -limit, limit)
    factors = ops.expand_dims(x, -1) * kernel + (1.0 - kernel)
    if limit is not None:  # so that the gradient of a factor, times its input, is finite too
        factors = bounded(factors, -limit, limit)
    return product_by_pairs(factors, limit)


def product_by_pairs(factors: Tensor, limit: float | None) -> Tensor:
    """The product along the second to last axis, by pairs.

    The gradient of `prod` divides by its factors, or visits all of them. Here the gradient of
    each factor is the value of its partner. Each step is bounded, so no number overflows,
    whatever the order of the factors.
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


def signed_product(factors: Tensor, axis: int, bound: float) -> Tensor:
    """The product along an axis, of factors of either sign, bounded by `bound`.

    It is exact, with the exact slopes at zero too, unless a product of some of the factors may
    pass the bound: then it comes from logarithms.
    """
    # No partial product may overflow, because the gradient consists of them.
    logs = ops.log(ops.maximum(ops.abs(factors), 1e-30))
    fits = ops.sum(ops.abs(logs), axis, keepdims=True) < math.log(bound)
    product = ops.prod(ops.where(fits, factors, ops.ones_like(factors)), axis)
    total = ops.sum(ops.where(fits, ops.zeros_like(logs), logs), axis)
    sign = sign_of_count(ops.sum(is_negative(factors), axis))
    sign = ops.where(ops.any(factors == 0.0, axis), ops.zeros_like(sign), sign)
    return ops.where(ops.squeeze(fits, axis), product, sign * bounded_exp(total, bound))


def sign_of_count(count: Tensor) -> Tensor:
    """1 for even numbers, -1 for odd ones."""
    return 1.0 - 2.0 * (count - 2.0 * ops.floor(count / 2.0))


def held(y: Tensor, limit: float | None) -> Tensor:
    """Clips `y` to the limit, if there is one, and keeps its slope."""
    return y if limit is None else differentiated_as(ops.clip(y, -limit, limit), y)


def bounded_exp(x: Tensor, limit: float | None) -> Tensor:
    """`exp(x)`, at most `limit`, or unbounded if `limit` is None."""
    return ops.exp(x if limit is None else bounded(x, -math.inf, math.log(limit)))


def magnitude(x: Tensor) -> Tensor:
    """`|x|`, with the slope 1 at 0, as if `x` were positive."""
    return ops.where(x < 0.0, -x, x)


def is_negative(x: Tensor) -> Tensor:
    """1 where `x < 0` and 0 elsewhere, in the dtype of `x`."""
    return ops.cast(x < 0.0, x.dtype)


def floored(x: Tensor, epsilon: float) -> Tensor:
    """`max(x, epsilon)` with the slope 1 everywhere."""
    return differentiated_as(ops.maximum(x, epsilon), x) if epsilon else x


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """Clips `x` to an interval, and outside keeps only gradients that lead back.

    Gradients are clipped to `output_bound` of the dtype, so that their next product is finite.
    """
    most = output_bound(dtype_of(x))

    @custom_gradient
    def f(x):
        def grad(upstream):
            above, below = x > high, x < low
            astray = ops.where(above, upstream < 0.0, ops.logical_and(below, upstream > 0.0))
            kept = ops.where(astray, ops.zeros_like(upstream), upstream)
            return ops.clip(kept, -most, most)

        return ops.clip(x, low, high), grad

    return f(x)
