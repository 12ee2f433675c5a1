"""The superlogarithm and the superexponential on the whole line.

`superlog` counts how many times `exp` was applied, including fractional counts:

    superlog(exp(x)) = superlog(x) + 1        (Abel's equation for exp)
    superexp(superlog(x)) = x                 (its inverse, the superfunction)

with superlog(0) = 0 and superlog(1) = 1. A solution defines both functions on a middle
stretch of the line. This file brings every number there with logarithms or exponentials,
and brings the result back with the equation.
"""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special._tables import LOW
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.shared import elementwise
from keras_addmul.special.solutions import Solution, with_solution

__all__ = [
    "level",
    "middle",
    "superexp",
    "superexp_of",
    "superexp_slope",
    "superlog",
    "superlog_slope",
]


def superlog(x: ArrayLike, solution: str = "kneser") -> Tensor:
    """Returns the real number of times that `exp` must be applied to 0 to reach `x`.

    Args:
        x: Tensor of floats, any shape. Defined for every real number.
        solution: `"kneser"` (analytic) or `"linear"` (the identity on [0, 1], once
            differentiable).

    Returns:
        Tensor like `x`, increasing in `x`, with values in [-1, 4.65): -1 at -inf, and inf
        at inf.

    Raises:
        TypeError: If `x` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> np.round(special.superlog(np.array([-1.0, 0.0, 1.0, 10.0], "float32")), 3)
    array([-0.636,  0.   ,  1.   ,  2.843], dtype=float32)

    References:
        - [DLMF 4.12](https://dlmf.nist.gov/4.12), and H. Kneser, J. reine
          angew. Math. 187, 1949.
    """
    return with_solution(_superlog, solution, x=x)


def superexp(y: ArrayLike, solution: str = "kneser") -> Tensor:
    """Applies `exp` `y` times to 0, for real `y`: the inverse of `superlog`.

    Args:
        y: Tensor of floats, any shape. Defined for `y > -1`.
        solution: As for `superlog`.

    Returns:
        Tensor like `y`: nan below -1, -inf at -1, inf where exp overflows.

    Raises:
        TypeError: If `y` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> np.round(special.superexp(np.array([0.0, 1.0, 1.5, 2.0], "float32")), 3)
    array([0.   , 1.   , 1.646, 2.718], dtype=float32)
    """
    return with_solution(_superexp, solution, y=y)


def _superlog(x, pieces):
    @custom_gradient
    def f(x, s):
        def grad(upstream):
            dividend, divisor = superlog_slope(x, s, pieces)
            return upstream * dividend / divisor, None

        return s + level(x, pieces), grad

    return f(x, middle(x, pieces))


def _superexp(v, pieces):
    @custom_gradient
    def f(v, y):
        def grad(upstream):
            return upstream * superexp_slope(v, v + 1.0, y, pieces), None

        return y, grad

    return f(v, _superexp_value(v, pieces))


def _superexp_value(v, pieces):
    """`superexp(v)`, with a gradient that only second derivatives use, like `middle`."""

    @custom_gradient
    def f(v):
        def grad(upstream):
            return upstream * superexp_slope(v, v + 1.0, _superexp_value(v, pieces), pieces)

        return superexp_of(v, v + 1.0, pieces), grad

    return f(v)


def level(x: Tensor, pieces: Solution) -> Tensor:
    """The integer `superlog(x) - middle(x)`: how many times `exp` is applied between them."""
    below, zero = -ops.ones_like(x), ops.zeros_like(x)
    above = ops.full_like(x, float(pieces.levels))
    return ops.where(x < pieces.bottom, below, ops.where(x > pieces.top, above, zero))


def middle(x: Tensor, pieces: Solution) -> Tensor:
    """`superlog` of `x` after bringing `x` to the stretch [bottom, top].

    Only second derivatives use its gradient. The callers know the first derivatives, and
    pass this value as an argument that receives no gradient.
    """
    return _brought_superlog(x, pieces=pieces)


def _flow_of_middle(x, s, upstream, *, pieces):
    dividend, divisor = superlog_slope(x, s, pieces)
    return [upstream * dividend / divisor]


def _middle(x, *, pieces):
    below, above = x < pieces.bottom, x > pieces.top
    u = ops.where(above, x, ops.full_like(x, pieces.top))
    for _ in range(pieces.levels):
        u = ops.log(u)
    u = ops.where(above, u, ops.where(below, ops.exp(ops.clip(x, pieces.lowest, 0.0)), x))
    infinite = u > pieces.top
    s = pieces.superlog(ops.where(infinite, ops.ones_like(u), u))
    return ops.where(infinite, u, s)


_brought_superlog = elementwise(_middle, _flow_of_middle)


def superexp_of(
    v: Tensor,
    above_edge: Tensor,
    pieces: Solution,
    exact: tuple[Tensor, Tensor, Tensor] | None = None,
) -> Tensor:
    """`superexp(v)`, where `above_edge` is `v + 1` without its rounding.

    Args:
        v: Tensor.
        above_edge: Tensor like `v`.
        pieces: The solution.
        exact: None, or `(x, take_log, take_exp)`: where a condition holds, the result is
            log(x) or exp(x), computed by the same final instruction as everywhere else.
    """
    low, high = v < LOW, v > pieces.end
    a = pieces.superexp(_argument(v, above_edge, low, high, pieces))
    under_log, under_exp = a, a
    for _ in range(pieces.levels - 1):
        under_exp = ops.exp(ops.where(high, under_exp, ops.zeros_like(a)))
    if exact is not None:
        x, take_log, take_exp = exact
        under_log, under_exp = ops.where(take_log, x, a), ops.where(take_exp, x, under_exp)
        low, high = ops.logical_or(low, take_log), ops.logical_or(high, take_exp)
    # What is not used is finite, too: some formats multiply both sides of a choice by 0 or 1.
    logarithm = ops.log(ops.where(low, under_log, ops.ones_like(a)))
    exponential = ops.exp(ops.where(high, under_exp, ops.zeros_like(a)))
    return ops.where(low, logarithm, ops.where(high, exponential, a))


def _argument(v, above_edge, low, high, pieces):
    """Brings `v` to [LOW, end], and clips values outside the domain to its ends.

    Below -1 the result is LOW, whose superexp is negative and has no logarithm. Beyond
    overflow it is end, whose exponential overflows.
    """
    down = ops.where(above_edge > LOW, above_edge, ops.full_like(v, LOW))
    up = ops.where(v < pieces.end + pieces.levels, v - pieces.levels, ops.full_like(v, pieces.end))
    return ops.where(low, down, ops.where(high, up, v))


def superexp_slope(v: Tensor, above_edge: Tensor, y: Tensor, pieces: Solution) -> Tensor:
    """Derivative of `superexp` at `v`, where its value is `y`.

    It is 0 outside the domain, and at most the largest number of the dtype. The division
    comes last, so that XLA keeps the result for all its consumers (`KEEP` in `_tables.py`).
    """
    low, high = v < LOW, v > pieces.end
    inside = above_edge > 0.0
    argument = _argument(v, above_edge, low, high, pieces)
    w = ops.where(ops.logical_and(low, inside), above_edge, ops.full_like(v, 0.5))
    top = ops.where(high, y, ops.ones_like(y))
    for _ in range(pieces.levels - 1):
        top = top * ops.log(ops.where(high, y, ops.full_like(y, math.e)))
    bottom = ops.where(low, pieces.ratio(w), pieces.slope(argument))
    top = ops.minimum(top, pieces.huge * bottom)
    return ops.where(inside, top, ops.zeros_like(top)) / bottom


def superlog_slope(x: Tensor, s: Tensor, pieces: Solution) -> tuple[Tensor, Tensor]:
    """Derivative of `superlog` at `x`, where `middle(x)` is `s`, as (dividend, divisor)."""
    below, above = x < pieces.bottom, x > pieces.top
    w = ops.where(below, s, ops.full_like(s, 0.5))
    v = ops.where(below, ops.full_like(s, 0.5), ops.minimum(s, pieces.end))
    divisor = u = ops.where(above, x, ops.ones_like(x))
    for _ in range(pieces.levels - 1):
        u = ops.log(ops.where(above, u, ops.full_like(u, math.e)))
        divisor = divisor * u
    return ops.where(below, pieces.ratio(w), pieces.slope(v)), divisor
