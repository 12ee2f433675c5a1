"""Taylor polynomials of composed functions, at numbers or on whole intervals.

A series is a list of coefficients `a_0, a_1, ..., a_n`, arrays or `Interval`s, where
`a_k = f^(k) / k!`. If intervals contain the coefficients of `f` at every point of a cell, the
results contain the coefficients of `g(f)` there: intervals in, bounds of derivatives out.
"""

import math
from typing import Any, TypeAlias

import numpy as np

from keras_addmul.barron.functions.intervals import Interval

__all__ = [
    "Series",
    "add",
    "gaussian_of",
    "ndtr_of",
    "power_of",
    "scaled",
    "square_of",
    "tanh_of",
    "times",
    "variable",
]

# Coefficients: arrays, numbers or intervals.
Series: TypeAlias = list[Any]


def variable(x: Any, degree: int) -> Series:
    """Returns the series of `x` itself, up to the power `degree`."""
    return [x, 1.0, *([0.0] * (degree - 1))][: degree + 1]


def add(a: Series, b: Series) -> Series:
    """Returns the series of a sum."""
    return [x + y for x, y in zip(a, b, strict=True)]


def scaled(a: Series, factor: float) -> Series:
    """Returns the series of a product with a number."""
    return [x * factor for x in a]


def times(a: Series, b: Series) -> Series:
    """Returns the series of a product."""
    return [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))]


def square_of(a: Series) -> Series:
    """Returns the series of a square."""
    squares = times(a, a)
    if isinstance(a[0], Interval):
        squares[0] = a[0].square()
    return squares


def tanh_of(a: Series) -> Series:
    """Returns the series of `tanh(a)`, from `T' = (1 - T^2) a'`."""
    t = [_growing(np.tanh, a[0])]
    rest = [1.0 - square_of(t)[0]]  # of 1 - T^2
    for k in range(1, len(a)):
        t.append(sum(a[j] * j * rest[k - j] for j in range(1, k + 1)) / k)
        rest.append(-times(t, t)[k])
    return t


def power_of(a: Series, exponent: float) -> Series:
    """Returns the series of `a^exponent`, `a > 0` and exponent < 0, from `a P' = e P a'`."""
    p = [_falling(lambda x: x**exponent, a[0])]
    for k in range(1, len(a)):
        terms = (a[j] * p[k - j] * (exponent * j - (k - j)) for j in range(1, k + 1))
        p.append(sum(terms) / k / a[0])
    return p


def gaussian_of(a: Series) -> Series:
    """Returns the series of `exp(-a^2 / 2) / sqrt(2 pi)`, from `E' = -a a' E`."""
    half = scaled(square_of(a), 0.5)
    e = [_falling(lambda x: np.exp(-x) / math.sqrt(2.0 * math.pi), half[0])]
    for k in range(1, len(a)):
        e.append(sum(half[j] * j * e[k - j] for j in range(1, k + 1)) * -1.0 / k)
    return e


def ndtr_of(a: Series) -> Series:
    """Returns the series of the normal distribution function of `a`."""
    from scipy.special import ndtr

    density = gaussian_of(a) if len(a) > 1 else []
    values = [_growing(ndtr, a[0])]
    for k in range(1, len(a)):
        values.append(sum(a[j] * j * density[k - j] for j in range(1, k + 1)) / k)
    return values


def _growing(function, x):
    return x.growing(function) if isinstance(x, Interval) else function(x)


def _falling(function, x):
    return x.falling(function) if isinstance(x, Interval) else function(x)
