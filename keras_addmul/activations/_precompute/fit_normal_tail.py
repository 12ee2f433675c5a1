"""Fits the tail of the normal distribution in the arithmetic of single precision.

    python keras_addmul/activations/_precompute/fit_normal_tail.py

`Q(t) ~ exp(-t**2 / 2) * u * P(u)` for t from 0 on, with `u = 1 / (1 + RATE t)` and P of
degree 5: the form of Abramowitz & Stegun 26.2.17 with one more coefficient, and all of
them fitted so that the largest absolute error over all t is as small as it gets.

The fit is Lawson's: weighted least squares, the weights multiplied again and again by
the errors they leave. Prints the coefficients, the constant one first, and the largest
error at thirty digits.
"""

import mpmath
import numpy as np
from scipy.special import ndtr

RATE, DEGREE, ROUNDS = 0.275, 5, 200


def fit():
    """Coefficients of P of the smallest largest error, the constant one first."""
    angles = np.pi * (np.arange(2000) + 0.5) / 2000
    u = 0.5 - 0.5 * np.cos(angles)
    t = (1.0 / u - 1.0) / RATE
    u, t = u[t < 12.0], t[t < 12.0]
    powers = np.exp(-0.5 * t * t)[:, None] * u[:, None] ** np.arange(1, DEGREE + 2)
    importance, best = np.ones_like(t), (np.inf, np.zeros(DEGREE + 1))
    for _ in range(ROUNDS):
        root = np.sqrt(importance)
        found = np.linalg.lstsq(powers * root[:, None], ndtr(-t) * root, rcond=None)[0]
        size = np.abs(powers @ found - ndtr(-t))
        best = min(best, (size.max(), found), key=lambda pair: pair[0])
        importance *= size / size.max() + 1e-3
        importance /= importance.mean()
    return tuple(best[1].tolist())


def largest_error(coefficients):
    """The largest error over a grid of [0, 12], at thirty digits."""
    with mpmath.workdps(30):
        grid = [mpmath.mpf(i) / 250 for i in range(3001)]
        pairs = [(t, 1 / (1 + RATE * t)) for t in grid]
        return max(
            abs(
                mpmath.exp(-t * t / 2) * u * mpmath.polyval(coefficients[::-1], u) - mpmath.ncdf(-t)
            )
            for t, u in pairs
        )


if __name__ == "__main__":
    found = fit()
    print(*(f"    {c!r}," for c in found), sep="\n")
    print("largest error", mpmath.nstr(largest_error(found), 3))
