"""Fractional iterates of the exponential in the complex plane."""

import math
from typing import Any

from keras import ops

from keras_addmul.annotations import ArrayLike
from keras_addmul.special import kneser_plane, koenigs, pairs
from keras_addmul.special.complex_arguments import with_pairs
from keras_addmul.special.complex_solutions import ComplexSolution, get_complex_solution
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.pairs import Pair
from keras_addmul.special.shared import broadcast

__all__ = [
    "complex_exp_iterate",
    "complex_superexp",
    "complex_superlog",
    "iterated_pair",
    "schroeder",
    "schroeder_inverse",
]


def schroeder(z: ArrayLike) -> Any:
    """The Schroeder function of exp: `schroeder(exp(z)) = L schroeder(z)`.

    L = 0.318 + 1.337i is the fixed point of exp in the upper half plane, where the function is 0
    and has the slope 1. It is computed by eleven logarithms, with imaginary parts in
    [-1, 2 pi - 1), and Koenigs' series.

    Args:
        z: Complex tensor, or a pair (re, im) of real tensors. Real tensors count as complex.

    Returns:
        Complex tensor, or a pair, as `z` is. Every result and gradient of a finite `z` is finite.

    Raises:
        TypeError: If `z` does not hold numbers.

    Possible issues: 0, 1, e, e^e, ... are logarithmic singularities: within a distance d of them a
    relative error of 1/d is to be expected, and at 0 itself, which counts as the smallest normal
    number, no digit. The function jumps across the ray at the argument -1 and across arcs
    that lead from 1, e, e^e, ... to it, all below the real axis and above that ray.

    Example:

    >>> from keras_addmul import special
    >>> print(special.schroeder(2.0).numpy().round(6))
    (3.402544-0.275861j)

    References:
        - G. Koenigs, Ann. Sci. ENS 1, 1884.
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """
    return with_pairs(lambda dtype, z: koenigs.chi(z, dtype), z=z)


def schroeder_inverse(y: ArrayLike) -> Any:
    """The inverse of the Schroeder function: `schroeder_inverse(L y) = exp(schroeder_inverse(y))`.

    Args:
        y: Complex tensor, or a pair (re, im) of real tensors, of magnitudes up to 45: larger ones
            are shortened. `schroeder` gives no number above 13.

    Returns:
        Complex tensor, or a pair, as `y` is. Where an exponential overflows, its magnitude is the
        largest number of the dtype.

    Raises:
        TypeError: If `y` does not hold numbers.

    Example:

    >>> from keras_addmul import special
    >>> print(special.schroeder_inverse(special.schroeder(2.0)).numpy().real.round(6))
    2.0
    """
    return with_pairs(lambda dtype, y: koenigs.chi_inverse(y, dtype), y=y)


def complex_exp_iterate(z: ArrayLike, n: ArrayLike, solution: str = "schroeder") -> Any:
    """Applies `exp` `n` times to complex `z`, for any real or complex `n`.

    Order 0 is the identity, 1 is `exp` and -1 is `log`, to the last bit, and so is the derivative
    in `z`. Negative numbers have iterates of every order, unlike those of `exp_iterate`.

    Args:
        z: Complex tensor, or a pair (re, im) of real tensors.
        n: Orders, broadcast against `z`: a real or complex tensor, or a pair.
        solution: `"schroeder"`, regular at the fixed point L, whose iterates of positive numbers
            are not real; or `"kneser"`, whose are those of `exp_iterate` for positive numbers, and
            which has negative ones on the sheet where their iterates are smooth in `n`.

    Returns:
        Complex tensor, or a pair, as `z` is, with the broadcast shape. Results and gradients of
        finite arguments are finite: where an exponential overflows, its magnitude is the largest
        number of the dtype, and 0 counts as the smallest normal number.

    Raises:
        TypeError: If an argument does not hold numbers.
        ValueError: If `solution` is unknown.

    Possible issues: see `schroeder` for singular points and jumps; Kneser's iterates are singular
    at 0 alone among the real numbers. The logarithm at order -1 is the one that the iterate tends
    to, with its cut below the real axis; Schroeder's lies at the argument -1. Real parts of orders
    above 4 have no accuracy. Iterates add only where the first one does not leave the sheet.

    Example:

    >>> from keras_addmul import special
    >>> print(special.complex_exp_iterate(-1.0, -0.5).numpy().round(6))
    (-1.959087+2.096158j)
    >>> re, im = special.complex_exp_iterate(([2.0], [0.0]), 1.0)
    >>> print(re.numpy().round(4), im.numpy().round(4))
    [7.3891] [0.]

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """
    plane = get_complex_solution(solution)
    return with_pairs(lambda dtype, z, n: iterated_pair(z, n, plane, dtype), z=z, n=n)


def iterated_pair(z: Pair, n: Pair, plane: ComplexSolution, dtype: str) -> Pair:
    """`complex_exp_iterate` on pairs of a working dtype. Equal numbers of `z` share their entry."""
    entered, log_slope = plane.enter(z, dtype)
    given = broadcast(*z, *n, *entered, *log_slope)

    @custom_gradient
    def f(zr, zi, nr, ni, cr, ci, dr, di):
        z, n = (zr, zi), (nr, ni)
        real = ni == 0.0
        ends = [ops.logical_and(real, nr == order) for order in (0.0, 1.0, -1.0)]

        def grad(upstream):
            _, slope, factor, more = plane.leave((cr, ci), n, dtype)
            in_n = pairs.multiply(pairs.slope_of(slope, dtype), factor)
            chain = pairs.add(pairs.add(slope, more), (dr, di))
            re, im = pairs.log(z, dtype)
            exact = ((0.0 * re, 0.0 * im), z, (-re, -im))
            for end, known in zip(ends, exact, strict=True):
                chain = pairs.select(end, known, chain)
            in_z = pairs.slope_of(chain, dtype)
            to_z = pairs.conjugate_product(in_z, upstream)
            to_n = pairs.conjugate_product(in_n, upstream)
            return *to_z, *to_n, None, None, None, None

        value = plane.leave((cr, ci), n, dtype)[0]
        exact = (z, pairs.exp(z, dtype), _nearest_log(z, value, dtype))
        for end, known in zip(ends, exact, strict=True):
            value = pairs.select(end, known, value)
        return value, grad

    return f(*given)


def _nearest_log(z, value, dtype):
    """The logarithm of `z` whose imaginary part is closest to that of `value`."""
    re, im = pairs.log(z, dtype)
    turns = ops.round((value[1] - im) / (2.0 * math.pi))
    return re, im + 2.0 * math.pi * ops.clip(turns, -1.0, 1.0)


def complex_superlog(z: ArrayLike) -> Any:
    """Kneser's superlogarithm in the plane: `complex_superlog(exp(z)) = complex_superlog(z) + 1`.

    It is `superlog` on the real axis, and its values at conjugate numbers are conjugate. Cuts
    lead from the fixed points L = 0.318 + 1.337i and conj(L), where it is infinite, to the left.

    Args:
        z: Complex tensor, or a pair (re, im) of real tensors.

    Returns:
        Complex tensor, or a pair, as `z` is.

    Raises:
        TypeError: If `z` does not hold numbers.

    Example:

    >>> from keras_addmul import special
    >>> v = special.complex_superlog(1.0 + 1.0j)
    >>> print(special.complex_superexp(v).numpy().round(6))
    (1+1j)
    """
    return with_pairs(lambda dtype, z: kneser_plane.superlog_pair(z, dtype), z=z)


def complex_superexp(v: ArrayLike) -> Any:
    """Kneser's superexponential in the plane: the inverse of `complex_superlog`.

    It is `superexp` on the real axis right of -1, and has cuts on the axis left of it.

    Args:
        v: Complex tensor, or a pair (re, im) of real tensors, with real parts above -2.5.

    Returns:
        Complex tensor, or a pair, as `v` is. Where an exponential overflows, its magnitude is the
        largest number of the dtype.

    Raises:
        TypeError: If `v` does not hold numbers.

    Example:

    >>> from keras_addmul import special
    >>> print(special.complex_superexp(0.5 + 0.3j).numpy().round(6))
    (0.497469+0.282709j)

    References:
        - H. Kneser, J. reine angew. Math. 187, 1949.
    """
    return with_pairs(lambda dtype, v: kneser_plane.superexp_pair(v, dtype), v=v)
