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

from keras_addmul.special.abel import superexp
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.polynomial import polynomial
from keras_addmul.special.solutions import get_solution

__all__ = ["cos_pi", "signed_exp_iterate"]

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


def signed_exp_iterate(x, n, epsilon=0.0, solution="kneser"):
    """`exp_iterate` for numbers of either sign.

    Equals `exp_iterate(x, n)` for `x >= 0`, and also for `x < 0` at orders 0 and
    1. Elsewhere on the negative side it is, with b(n) = n^2 (3 - 2 n),

        n < 0:        exp_iterate(-x, n) * cos(pi (1 + n))
        0 <= n <= 1:  b(n) * exp_iterate(x, n) + (1 - b(n)) * tangent of it at 0
        n > 1:        exp_iterate(x, n)

    Args:
        x: Tensor of floats.
        n: Tensor of orders, broadcast against `x`.
        epsilon: Magnitudes below `epsilon * -n` are raised to it, so that no
            logarithm of zero is taken. Order 0 needs and gets no such floor.
        solution: As for `exp_iterate`.

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
        return _signed(x, n, epsilon, solution, pieces_of(dtype))

    return in_working_dtype(in_dtype, x=x, n=n)


def _signed(x, n, epsilon, solution, pieces):
    to_log, negative = n < 0.0, x < 0.0
    magnitude = ops.maximum(ops.where(negative, -x, x), -epsilon * n)
    iterate = exp_iterate(ops.where(to_log, magnitude, x), n, solution)

    # What follows is for negative x alone; an overflow beside it must not enter.
    below = ops.where(negative, iterate, ops.zeros_like(iterate))
    turned = below * _cos_pi(1.0 + ops.minimum(n, 0.0))
    inside = ops.clip(n, 0.0, 1.0)
    weight = inside * inside * (3.0 - 2.0 * inside)
    slope = pieces.slope(ops.zeros_like(inside)) / pieces.slope(inside)
    run = ops.maximum(ops.where(negative, x, ops.zeros_like(x)), -pieces.huge)  # 0 * -inf is nan
    tangent = superexp(inside, solution) + slope * run
    blended = weight * below + (1.0 - weight) * tangent
    return ops.where(negative, ops.where(to_log, turned, blended), iterate)
