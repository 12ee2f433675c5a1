"""Complex numbers as pairs (re, im) of real tensors.

`keras.ops` halves the precision of complex128, and half precision has no complex dtype; pairs of
real tensors keep every dtype, on every backend.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.dtypes import LARGEST, dtype_of
from keras_addmul.special.gradients import custom_gradient

__all__ = [
    "LARGEST_LOG",
    "Pair",
    "add",
    "conjugate_product",
    "exp",
    "expm1",
    "holomorphic",
    "log",
    "log1p",
    "modulus",
    "multiply",
    "polynomial",
    "select",
    "slope_of",
]

Pair: TypeAlias = tuple[Tensor, Tensor]

# The smallest normal number of a dtype, which stands for 0 where a logarithm is taken, and the
# largest real part whose exponential is taken: a little room is left for sums and products.
SMALLEST = {"float32": 1.1754944e-38, "float64": 2.2250738585072014e-308}
LARGEST_LOG = {"float32": 88.7, "float64": 709.7}


def add(a: Pair, b: Pair) -> Pair:
    """The sum of two pairs."""
    return a[0] + b[0], a[1] + b[1]


def multiply(a: Pair, b: Pair) -> Pair:
    """The product of two pairs."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def conjugate_product(a: Pair, b: Pair) -> Pair:
    """conj(a) b: the gradient through a function whose slope is a.

    Each product is bounded, so that none of the two is a difference of infinities.
    """
    most = LARGEST[dtype_of(a[0])] / 4.0
    rr, ii, ri, ir = (
        ops.clip(p, -most, most) for p in (a[0] * b[0], a[1] * b[1], a[0] * b[1], a[1] * b[0])
    )
    return rr + ii, ri - ir


def modulus(z: Pair) -> Tensor:
    """|z|, without a square that overflows; its slope at 0 is 0."""
    x, y = ops.abs(z[0]), ops.abs(z[1])
    large = ops.maximum(x, y)
    divisor = ops.where(large > 0.0, large, ops.ones_like(large))
    size = large * ops.sqrt(ops.square(x / divisor) + ops.square(y / divisor))

    @custom_gradient
    def f(re, im, size):
        divisor = ops.where(size > 0.0, size, ops.ones_like(size))

        def grad(upstream):
            return upstream * (re / divisor), upstream * (im / divisor), None

        return size, grad

    return f(*z, ops.stop_gradient(size))


def select(condition: Tensor, a: Pair, b: Pair) -> Pair:
    """`a` where the condition holds, else `b`."""
    return ops.where(condition, a[0], b[0]), ops.where(condition, a[1], b[1])


def exp(z: Pair, dtype: str, room: float = 0.0) -> Pair:
    """e^z; where it would overflow, its magnitude is the largest number times e^-room."""
    size = ops.exp(ops.minimum(z[0], LARGEST_LOG[dtype] - room))
    return size * ops.cos(z[1]), size * ops.sin(z[1])


def expm1(z: Pair, dtype: str, room: float = 0.0) -> Pair:
    """e^z - 1, with full precision near 0."""
    x = ops.minimum(z[0], LARGEST_LOG[dtype] - room)
    half = ops.sin(z[1] / 2.0)
    less = ops.expm1(x)
    return less * ops.cos(z[1]) - 2.0 * half * half, (less + 1.0) * ops.sin(z[1])


def log(z: Pair, dtype: str, lowest: float = -math.pi) -> Pair:
    """The logarithm with imaginary parts in [lowest, lowest + 2 pi).

    It has full precision near z = 1, and 0 counts as the smallest normal number.
    """
    x, y = ops.abs(z[0]), ops.abs(z[1])
    a = ops.maximum(ops.maximum(x, y), SMALLEST[dtype])
    b = ops.minimum(x, y)
    near = ops.logical_and(a > 0.5, a < 2.0)
    one = ops.ones_like(a)
    close, ratio = ops.where(near, a, one), b / a
    b = ops.where(near, b, 0.0 * one)
    change = ops.where(near, (close - 1.0) * (close + 1.0) + b * b, ratio * ratio)
    re = ops.log(ops.where(near, one, a)) + 0.5 * ops.log1p(change)
    return re, _above(ops.arctan2(z[1], z[0]), lowest)


def log1p(v: Pair, dtype: str, lowest: float = -math.pi) -> Pair:
    """log(1 + v), with full precision near v = 0."""
    change = ops.maximum(v[0] * (2.0 + v[0]) + v[1] * v[1], -1.0 + 1e-7)
    return 0.5 * ops.log1p(change), _above(ops.arctan2(v[1], 1.0 + v[0]), lowest)


def _above(angle, lowest):
    if lowest <= -math.pi:
        return angle
    return ops.where(angle < lowest, angle + 2.0 * math.pi, angle)


def polynomial(u: Pair, coefficients: Sequence[complex]) -> Pair:
    """The sum of `coefficients[k] * u**k`, by Horner's scheme."""
    last = coefficients[-1]
    re, im = last.real + 0.0 * u[0], last.imag + 0.0 * u[0]
    for c in reversed(coefficients[:-1]):
        re, im = re * u[0] - im * u[1] + c.real, re * u[1] + im * u[0] + c.imag
    return re, im


def slope_of(log_slope: Pair, dtype: str) -> Pair:
    """A slope from its logarithm: finite, with room for what it is multiplied with."""
    return exp(log_slope, dtype, room=5.0)


def holomorphic(
    value: Callable[[Pair], Pair], log_slope: Callable[[Pair], Pair], dtype: str
) -> Callable[[Pair], Pair]:
    """A function of pairs that is differentiated by the logarithm of its slope.

    Args:
        value: The function.
        log_slope: Logarithm of its derivative.
        dtype: Dtype of the tensors, `"float32"` or `"float64"`.

    Returns:
        The function `value`, with that gradient.
    """

    @custom_gradient
    def f(re, im):
        def grad(upstream):
            return conjugate_product(slope_of(log_slope((re, im)), dtype), upstream)

        return value((re, im)), grad

    return lambda z: f(*z)
