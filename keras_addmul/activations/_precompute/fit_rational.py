"""Derives the starts of `activations.rational`: `python fit_rational.py`, half a minute.

The coefficients of `P(x) / (1 + abs(Q(x)))`, of degrees 5 and 4, that come closest to
a function on [-3, 3] in the largest error: a fit by least squares, whose points are
then weighted by their errors again and again, which leads to the minimax one (Lawson).
Q = x**2 * (b2 + b3 x + b4 x**2) without a real root other than 0, so that the start
is smooth: with a linear term, `abs` would put a corner at 0.
"""

import numpy as np
from scipy.optimize import least_squares

X = 3.0 * np.cos(np.linspace(0.0, np.pi, 801))


def value(c, x=X):
    """The rational function of 6 + 3 free numbers; b3 is bounded by construction."""
    a, (b2, b3, b4) = c[:6], denominator(c)
    return np.polyval(a[::-1], x) / (1.0 + x**2 * (b2 + b3 * x + b4 * x**2))


def denominator(c):
    """Coefficients of x**2, x**3 and x**4: positive definite."""
    b2, b4 = np.exp(c[6]), np.exp(c[8])
    return b2, 1.9 * np.sqrt(b2 * b4) * np.tanh(c[7]), b4


def fit(function, starts=12, rounds=60):
    """Returns numerator, denominator and largest error."""
    target, best = function(X), None
    random = np.random.default_rng(0)
    for _ in range(starts):
        c, weight = random.normal(size=9), np.ones_like(X)
        for _ in range(rounds):
            c = least_squares(lambda c, w=weight: np.sqrt(w) * (value(c) - target), c).x
            error = np.abs(value(c) - target)
            if best is None or error.max() < best[0]:
                best = error.max(), c
            weight = weight * error
            weight = np.maximum(weight / weight.mean(), 1e-9)
    error, c = best
    return c[:6], np.array([0.0, *denominator(c)]), error


FUNCTIONS = {
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "tanh": np.tanh,
    "silu": lambda x: x / (1 + np.exp(-x)),
}

if __name__ == "__main__":
    for name, function in FUNCTIONS.items():
        a, b, error = fit(function)
        print(f"# {name}: within {error:.2g}")
        print("numerator  ", ", ".join(f"{v:.8g}" for v in a))
        print("denominator", ", ".join(f"{v:.8g}" for v in b), flush=True)
