"""Proved bounds of polynomials, alone or times a Gaussian, and derivatives in powers of a function.

A bound is the largest value on a grid, plus the error of linear interpolation between two
points, `h^2/8 sup|f''|`, plus the rounding error of the values in double precision. `MARGIN`
covers the roundings of these few sums and products, and of the coefficients.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

__all__ = ["MARGIN", "UNIT", "in_powers_of", "largest", "times_gaussian_bound"]

# Half the distance from 1 to the next double.
UNIT = 2.0**-53

# More than a few hundred roundings can add up to.
MARGIN = 1.0 + 2.0**-40

_POINTS = 2**14 + 1


def in_powers_of(
    value: Callable[[Any], Any],
    slope: Callable[[Any], Any],
    step: Polynomial,
    start: Polynomial | None = None,
) -> tuple[Callable[[Any, int], Any], Callable[[int], Polynomial]]:
    """Returns `derivative(z, k)` of `start(p(z))` where `p' = step(p)`, and the polynomials in `p`.

    The k-th derivative is `P_k(p)` with `P_(k+1) = P_k' step`, so a bound of `P_k` over the range
    of `p` bounds it. It is computed as `P_(k-1)'(p) p'`: where `p` saturates, `step(p)` would lose
    all digits.

    Args:
        value: Function of an array that returns `p`.
        slope: Function of an array that returns `p'` to full precision.
        step: `p'` as a polynomial in `p`.
        start: A polynomial, or None for `p` itself.
    """
    polynomials = [Polynomial([0.0, 1.0]) if start is None else start]

    def polynomial(k: int) -> Polynomial:
        while len(polynomials) <= k:
            polynomials.append(polynomials[-1].deriv() * step)
        return polynomials[k]

    def derivative(z: Any, k: int) -> Any:
        if k == 0:
            return polynomial(0)(value(z))
        return polynomial(k - 1).deriv()(value(z)) * slope(z)

    return derivative, polynomial


def largest(polynomial: Polynomial, low: float, high: float) -> float:
    """Returns an upper bound of the magnitude of a polynomial on an interval."""
    return _largest(tuple(polynomial.coef), float(low), float(high))


@functools.lru_cache(maxsize=512)
def _largest(coefficients, low, high):
    polynomial, reach = Polynomial(coefficients), max(abs(low), abs(high))
    step = (high - low) / (_POINTS - 1)
    values = np.abs(polynomial(np.linspace(low, high, _POINTS)))
    second = _sum_of_magnitudes(polynomial.deriv(2), lambda i: reach**i)
    size = _sum_of_magnitudes(polynomial, lambda i: reach**i)
    lost = 4 * len(coefficients) * UNIT * size
    return float((np.max(values) + step**2 / 8.0 * second + lost) * MARGIN)


def times_gaussian_bound(polynomial: Polynomial, rate: float, least: float | None = None) -> float:
    """Returns an upper bound of `|polynomial(z)| exp(-rate z^2)` on the line.

    Args:
        polynomial: The polynomial in `z`.
        rate: A number above 0.
        least: None for the whole line, or a number >= 0 to bound it for `z >= least`.
    """
    return _times_gaussian(tuple(polynomial.coef), float(rate), least)


@functools.lru_cache(maxsize=512)
def _times_gaussian(coefficients, rate, least):
    polynomial, terms = Polynomial(coefficients), len(coefficients)

    def size(of, start, more=0):
        """Bounds `sum |c_i| |z|^(i + more) exp(-rate z^2)` from above for all `|z| >= start`."""

        def power(i):
            z = max(start, math.sqrt((i + more) / (2.0 * rate)))
            return z ** (i + more) * math.exp(-rate * z * z)

        return _sum_of_magnitudes(of, power)

    # From here on every term decreases.
    far = math.sqrt(terms / (2.0 * rate)) + 8.0 / math.sqrt(rate)
    if least is not None and least >= far:
        return float(size(polynomial, least) * MARGIN)
    near = 0.0 if least is None else least
    z = np.linspace(-far if least is None else least, far, _POINTS)
    step = (z[-1] - z[0]) / (_POINTS - 1)
    values = np.abs(polynomial(z) * np.exp(-rate * z**2))
    slope = polynomial.deriv() - Polynomial([0.0, 2.0 * rate]) * polynomial
    second = slope.deriv() - Polynomial([0.0, 2.0 * rate]) * slope
    lost = 4.0 * UNIT * (terms * size(polynomial, near) + rate * size(polynomial, near, more=2))
    inside = np.max(values) + step**2 / 8.0 * size(second, near) + lost
    return float(max(inside, size(polynomial, far)) * MARGIN)


def _sum_of_magnitudes(polynomial, power):
    return math.fsum(abs(c) * power(i) for i, c in enumerate(polynomial.coef) if c)
