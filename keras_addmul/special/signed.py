"""The iterates continued to the numbers whose logarithm is not real.

`exp_iterate` knows no logarithm of a negative number, and between sum and
product there is more than one way to supply it. Here is one that keeps both
ends exact, is smooth in the order, and can be trained:

- Orders below 0, towards the logarithm, act on the magnitude. The sign turns
  with the order, by the factor cos(pi (1 + n)): -1 at order 0, where it is the
  sign, and 1 at order -1, where the logarithm of the magnitude is left and the
  sign is for the caller to multiply (`operation.py`).
- Orders above 0, towards the exponential, are defined for negative numbers, but
  start so steeply there that their slope in n at order 0 is exp(-x). They are
  blended with their tangent at 0, with all the weight at order 0 and none at 1.
"""

import math

from keras import ops

from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.horner import polynomial
from keras_addmul.special.iterate import broadcast, exp_iterate
from keras_addmul.special.solutions import get_solution

__all__ = ["cos_pi", "signed_exp_iterate", "towards_exp", "towards_log"]

# Taylor coefficients of cos(pi a) in a^2 and of sin(pi d)/d in d^2, enough of
# them for float64 on [0, 1/4].
_COS = [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(10)]
_SIN = [(-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(10)]


def cos_pi(t):
    """cos(pi t), exact at every multiple of one half.

    >>> from keras_addmul import special
    >>> special.cos_pi([0.0, 0.5, 1.0, 1.5]).numpy()
    array([ 1.,  0., -1.,  0.], dtype=float32)
    """
    return in_working_dtype(lambda dtype, t: _cos_pi(t), t=t)


def _cos_pi(t):
    a = ops.abs(t - 2.0 * ops.round(t / 2.0))
    sign = ops.where(a > 0.5, -ops.ones_like(a), ops.ones_like(a))
    a = ops.where(a > 0.5, 1.0 - a, a)
    d = 0.5 - a
    near_zero = d * polynomial(d * d, _SIN)
    return sign * ops.where(a > 0.25, near_zero, polynomial(a * a, _COS))


def signed_exp_iterate(x, n, epsilon=0.0, solution="kneser", limit=None):
    """`exp_iterate` for numbers of either sign.

    Equals `exp_iterate(x, n)` for `x >= 0`, and also for `x < 0` at orders 0 and
    1. Elsewhere on the negative side it is, with b(n) = n^2 (3 - 2 n),

        n < 0:        exp_iterate(-x, n) * cos(pi (1 + n))
        0 <= n <= 1:  b(n) * exp_iterate(x, n) + (1 - b(n)) * tangent of it at 0
        n > 1:        exp_iterate(x, n)

    Args:
        x: Tensor of floats.
        n: Tensor of orders, broadcast against `x`.
        epsilon: Magnitudes below it are raised to it where `n < 0`, so that no
            logarithm of zero is taken.
        solution, limit: As for `exp_iterate`.

    Returns:
        Tensor with the broadcast shape of `x` and `n`.

    Raises:
        TypeError: If `x` or `n` does not hold numbers.
        ValueError: If the solution is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x = np.array([-2.0, 2.0], "float32")
    >>> np.round(special.signed_exp_iterate(x, [[0.0], [1.0], [-1.0]]), 3)
    array([[-2.   ,  2.   ],
           [ 0.135,  7.389],
           [ 0.693,  0.693]], dtype=float32)
    """
    pieces_of = get_solution(solution)

    def in_dtype(dtype, x, n):
        down = n < 0.0
        start = ops.where(down, ops.maximum(_magnitude(x), epsilon), x)
        iterate = exp_iterate(start, n, solution, limit)
        turn, blend = _turn(n), _blend(n, pieces_of(dtype))
        return _below(
            iterate, x, n, [ops.where(down, *both) for both in zip(turn, blend, strict=True)]
        )

    return in_working_dtype(in_dtype, x=x, n=n)


def towards_log(x, n, epsilon=0.0, solution="kneser"):
    """`signed_exp_iterate(x, -n)` where it is known that `n >= 0`."""
    get_solution(solution)

    def in_dtype(dtype, x, n):
        magnitude = _magnitude(x)
        # At order 0 nothing is raised, and the slope in the order is that of the iterate.
        start = ops.where(n == 0.0, magnitude, ops.maximum(magnitude, epsilon))
        return _below(exp_iterate(start, -n, solution), x, -n, _turn(-n))

    return in_working_dtype(in_dtype, x=x, n=n)


def towards_exp(x, n, solution="kneser", limit=None):
    """`signed_exp_iterate(x, n)` where it is known that `n >= 0`."""
    pieces_of = get_solution(solution)

    def in_dtype(dtype, x, n):
        return _below(exp_iterate(x, n, solution, limit), x, n, _blend(n, pieces_of(dtype)))

    return in_working_dtype(in_dtype, x=x, n=n)


def _magnitude(x):
    return ops.where(x < 0.0, -x, x)  # its slope at 0 is 1, as that of the identity


def _turn(n):
    """Towards the logarithm: the six numbers of `_below` for each order."""
    zero = ops.zeros_like(n)
    turned = 1.0 + ops.minimum(n, 0.0)
    # -sin(pi t) = cos(pi (t + 1/2))
    return _cos_pi(turned), zero, zero, math.pi * _cos_pi(turned + 0.5), zero, zero


def _blend(n, pieces):
    """Towards the exponential: the six numbers of `_below` for each order."""
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


def _below(iterate, x, n, six):
    """The iterate where x >= 0, and `a * iterate + b + c * x` where x < 0.

    Args:
        iterate: Tensor.
        x: Tensor, broadcast against `iterate`.
        n: Orders, broadcast likewise.
        six: a, b, c of each order, and their derivatives in it. Differentiated one
            by one they would each cost a pass over the iterates; here it is one.
    """

    @custom_gradient
    def f(iterate, x, n, a, b, c, d_a, d_b, d_c):
        negative = x < 0.0
        # An overflow beside the negative numbers must not enter, and 0 * -inf is nan.
        zero = ops.zeros_like(iterate)
        value = ops.where(negative, iterate, zero)
        run = ops.where(negative, ops.maximum(x, -1e30), zero)

        def grad(upstream):
            to_iterate = ops.where(negative, upstream * a, upstream)
            to_x = ops.where(negative, upstream * c, zero)
            to_n = ops.where(negative, upstream * (d_a * value + d_b + d_c * run), zero)
            return to_iterate, to_x, to_n, *(None for _ in six)

        return ops.where(negative, a * value + b + c * run, iterate), grad

    return f(*broadcast(iterate, x, n), *six)
