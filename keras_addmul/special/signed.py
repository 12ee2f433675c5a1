"""The iterates, continued to negative numbers.

`exp_iterate` has no logarithm of a negative number, and between sum and product there is
more than one way to define it. The definition here keeps both ends exact, is continuous at
zero, and can be trained:

- Orders below 0, towards the logarithm, act on the magnitude; what the sign makes of a number
  is added with the weight `1 + n`. At order -1 only the logarithm of the magnitude remains,
  and the caller multiplies the signs (`parity.py`).
- Orders above 0, towards the exponential, are defined for negative numbers, but their slope
  in n at order 0 is exp(-x), which is too steep. They are blended with their tangent at 0,
  which has all the weight at order 0 and none at order 1.
"""

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import magnitude
from keras_addmul.special.iterate import iterated
from keras_addmul.special.shared import elementwise, unambiguous
from keras_addmul.special.solutions import Solution, with_solution

__all__ = ["magnitude_towards_log", "signed_exp_iterate", "signed_iterated", "towards_exp"]


def signed_exp_iterate(
    x: ArrayLike,
    n: ArrayLike,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Applies `exp` `n` times, for real `n` and numbers of either sign.

    It equals `exp_iterate(x, n)` for `x >= 0`, and for `x < 0` at orders 0 and 1. At other
    orders it is, for `x < 0` and with b(n) = n^2 (3 - 2 n),

        n <= -1:      exp_iterate(-x, n)
        -1 < n < 0:   exp_iterate(-x, n) + 2 (1 + n) x
        0 <= n <= 1:  b(n) * exp_iterate(x, n) + (1 - b(n)) * tangent of it at 0
        n > 1:        exp_iterate(x, n)

    It is continuous at 0 for every order above -1.

    Args:
        x: Tensor of floats.
        n: Tensor of orders, broadcast against `x`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes where `n < 0`, so that no logarithm of zero is
            taken.
        limit: Bound on the results, as for `exp_iterate`, or None.

    Returns:
        Tensor with the broadcast shape of `x` and `n`.

    Raises:
        TypeError: If `x` or `n` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x = np.array([-2.0, 2.0], "float32")
    >>> np.round(special.signed_exp_iterate(x, [[0.0], [1.0], [-1.0]]), 3)
    array([[-2.   ,  2.   ],
           [ 0.135,  7.389],
           [ 0.693,  0.693]], dtype=float32)
    """

    def with_pieces(x, n, pieces):
        return signed_iterated(x, n, pieces, epsilon, limit)

    return with_solution(with_pieces, solution, x=x, n=n)


def signed_iterated(
    x: Tensor, n: Tensor, pieces: Solution, epsilon: float = 0.0, limit: float | None = None
) -> Tensor:
    """`signed_exp_iterate` of tensors in the working dtype of the pieces."""
    x, n = unambiguous(x, n)
    start = ops.where(n < 0.0, ops.maximum(magnitude(x), epsilon), x)
    return _below(iterated(start, n, pieces, limit), x, n, pieces=pieces, limit=limit, falls=True)


def magnitude_towards_log(x: Tensor, n: Tensor, pieces: Solution, epsilon: float = 0.0) -> Tensor:
    """`exp_iterate(x, -n)`, for `x >= 0` and `n >= 0`, with a floor on `x` unless `n` is 0."""
    # At order 0 no floor applies, and the slope in the order is that of the iterate.
    start = ops.where(n == 0.0, x, ops.maximum(x, epsilon))
    return iterated(start, -n, pieces)


def towards_exp(x: Tensor, n: Tensor, pieces: Solution, limit: float | None = None) -> Tensor:
    """`signed_iterated(x, n)`, for `n >= 0`."""
    x, n = unambiguous(x, n)
    iterate = iterated(x, n, pieces, limit)
    return _below(iterate, x, n, pieces=pieces, limit=None, falls=False)


def _correction(n):
    """The six numbers of `_below` for each order, towards the logarithm."""
    zero = ops.zeros_like(n)
    inside = ops.where(n >= -1.0, 2.0 * ops.ones_like(n), zero)
    return ops.ones_like(n), zero, ops.maximum(2.0 + 2.0 * n, 0.0), zero, zero, inside


def _blend(n, pieces):
    """The six numbers of `_below` for each order, towards the exponential."""
    inside = ops.clip(n, 0.0, 1.0)
    weight, change = inside * inside * (3.0 - 2.0 * inside), 6.0 * inside * (1.0 - inside)
    start, slope, d_start, d_slope = pieces.tangent(inside)
    rest = 1.0 - weight
    return (
        weight,
        rest * start,
        rest * slope,
        change,
        rest * d_start - change * start,
        rest * d_slope - change * slope,
    )


def _six(n, pieces, falls):
    """The numbers a, b and c for each order, and their derivatives in it; see `_below`."""
    up = _blend(n, pieces)
    if not falls:
        return up
    return [ops.where(n < 0.0, *pair) for pair in zip(_correction(n), up, strict=True)]


def _below_zero(iterate, x):
    # Overflow at positive numbers must not enter here, and 0 * -inf is nan.
    return ops.where(x < 0.0, iterate, ops.zeros_like(iterate)), ops.clip(x, -1e30, 0.0)


def _value(iterate, x, n, *, pieces, limit, falls):
    a, b, c, *_ = _six(n, pieces, falls)
    value, run = _below_zero(iterate, x)
    below = a * value + b + c * run
    below = below if limit is None else ops.maximum(below, -limit)
    return ops.where(x < 0.0, below, iterate)


def _slopes(iterate, x, n, y, upstream, *, pieces, limit, falls):
    # Automatic differentiation would pass over the iterates once for each of a, b and c.
    a, _, c, d_a, d_b, d_c = _six(n, pieces, falls)
    negative, zero = x < 0.0, ops.zeros_like(y)
    value, run = _below_zero(iterate, x)
    to_iterate = ops.where(negative, upstream * a, upstream)
    to_x = ops.where(negative, upstream * c, zero)
    to_n = ops.where(negative, upstream * (d_a * value + d_b + d_c * run), zero)
    return to_iterate, to_x, to_n if limit is None else ops.clip(to_n, -limit, limit)


# The iterate where x >= 0, and `a * iterate + b + c * x` where x < 0. `falls` says whether there
# may be orders below 0.
_below = elementwise(_value, _slopes, aligned=True)
