"""Fractional iterates of the exponential."""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special import abel
from keras_addmul.special.gradients import differentiated_as
from keras_addmul.special.shared import elementwise, unambiguous
from keras_addmul.special.solutions import Solution, with_solution

__all__ = ["exp_iterate", "iterated"]


def exp_iterate(
    x: ArrayLike, n: ArrayLike, solution: str = "kneser", limit: float | None = None
) -> Tensor:
    """Applies `exp` `n` times to `x`, for any real `n`.

    Order 0 is the identity, 1 is `exp`, -1 is `log`, and orders add up:
    `exp_iterate(exp_iterate(x, a), b) = exp_iterate(x, a + b)`. At orders 0, 1 and -1 the
    result is `x`, `exp(x)` and `log(x)` to the last bit, and so is the derivative in `x`.
    The derivative in `n` is that of the iterate at these orders too.

    Args:
        x: Tensor of floats. For `n < 0` the domain is `x > superexp(-1 - n)`; at that
            edge the result is -inf, below it nan. Overflow gives inf.
        n: Tensor of orders, broadcast against `x`.
        solution: `"kneser"` (smooth in `x` and `n`) or `"linear"` (once differentiable).
        limit: Number above 1 that results are clipped to, or None. A clipped result has
            the slope at the limit, so that its gradient still leads back, and the gradients
            of `x` and `n` are clipped to `[-limit, limit]`.

    Returns:
        Tensor with the broadcast shape of `x` and `n`. Its gradients are finite for
        every finite `x`: 0 outside the domain, and bounded by the largest number of the
        dtype.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If `solution` is unknown.

    Possible issues: large numbers lose digits in the superlog, about 24 units in the last
    place at 100 and 1800 at 1e30. TensorFlow's forward mode, started inside a `tf.function`,
    does not follow custom gradients: its slope in `n` is 0 at exactly 0, 1 and -1, and
    correct everywhere else.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x = np.array([0.0, 1.0, 2.0, 10.0], "float32")
    >>> np.round(special.exp_iterate(x, 0.5), 3)
    array([ 0.499,  1.646,  3.431, 61.486], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """
    return with_solution(lambda x, n, pieces: iterated(x, n, pieces, limit), solution, x=x, n=n)


def iterated(x: Tensor, n: Tensor, pieces: Solution, limit: float | None = None) -> Tensor:
    """`exp_iterate` of tensors in the working dtype of the pieces."""
    x, n = unambiguous(x, n)
    # The superlog has the shape of x: many orders of one number share it.
    return _iterate(x, n, abel.middle(x, pieces), pieces=pieces, limit=limit)


def _value(x, n, s, *, pieces, limit):
    v, above_edge = _add_order(x, s, n, pieces, limit)
    held, to_exp = x, x
    if limit is not None:
        held = ops.minimum(x, limit)
        to_exp = ops.where(n == 1.0, ops.minimum(x, math.log(limit)), x)
    y = abel.superexp_of(v, above_edge, pieces, exact=(to_exp, n == -1.0, n == 1.0))
    return _kept(ops.where(n == 0.0, held, y), n)


def _slopes(x, n, s, y, upstream, *, pieces, limit):
    v, above_edge = _add_order(x, s, n, pieces, limit)
    in_n = abel.superexp_slope(v, above_edge, y, pieces)
    in_x = _slope_in_x(x, n, s, y, above_edge, in_n, pieces)
    flows = upstream * in_x, upstream * in_n
    if limit is None:
        return flows
    # A stack of layers multiplies gradients.
    return [ops.clip(flow, -limit, limit) for flow in flows]


_iterate = elementwise(_value, _slopes, constants=1, aligned=True)


def _kept(y, n):
    """Returns `y`, divided by a 1 that XLA cannot see through: see `KEEP` in `_tables.py`."""
    return y / (1.0 + 0.0 * ops.minimum(ops.abs(n), 1.0))


def _add_order(x, s, n, pieces, limit):
    """Returns v = `superlog(x) + n`, up to the limit, and v + 1 without the rounding of v.

    Near its edge at -1 the superlog is -1 plus a tiny number, which rounding would lose.
    """
    level = abel.level(x, pieces)
    v = s + n + level
    if limit is not None:
        v = ops.minimum(v, pieces.superlog_of_number(limit))
    return v, s + (n + (level + 1.0))


def _slope_in_x(x, n, s, y, above_edge, in_n, pieces):
    """The slope in `x`: 1, exp(x) or 1/x at orders 0, 1 and -1; 0 outside the domain."""
    slope, divisor = abel.superlog_slope(x, s, pieces)
    chain = ops.minimum(slope * in_n, pieces.huge) / divisor
    dividend = ops.where(n == 1.0, y * divisor, slope * in_n)
    is_log = n == -1.0
    divisor = ops.where(ops.logical_and(is_log, x > 0.0), x, divisor)
    ones = ops.ones_like(x)
    dividend = ops.where(n == 0.0, divisor, ops.where(is_log, ones, dividend))
    dividend = ops.minimum(dividend, pieces.huge)
    inside = ops.logical_or(above_edge > 0.0, n >= 0.0)
    exact = ops.where(inside, dividend, ops.zeros_like(x)) / divisor
    return differentiated_as(exact, chain)
