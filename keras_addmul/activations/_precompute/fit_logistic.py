"""Writes the logistic function as a mean of normal distribution functions.

    python keras_addmul/activations/_precompute/fit_logistic.py

The logistic function is a scale mixture of normal distribution functions, whose
scales follow Kolmogorov's distribution (Stefanski, 1991). Eight of them, with the
scales and weights fitted here so that the largest error over all x is as small as it
gets, replace the continuum: `sigmoid(x) ~ sum_k w_k Phi(b_k x)`. A mean over normal noise
keeps that error: `E sigmoid(x + s xi) ~ sum_k w_k Phi(b_k x / sqrt(1 + b_k^2 s^2))`.

The fit is Lawson's: weighted least squares, the weights multiplied again and again by
the errors they leave. Prints the table, and the largest error at fifty digits.
"""

import mpmath
import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, ndtr

TERMS, ROUNDS = 8, 150
GRID = np.concatenate([np.linspace(0.0, 12.0, 500)[1:], np.linspace(12.0, 30.0, 60)])


def parameters(theta):
    """Scales, and weights that sum to one."""
    weights = np.exp(theta[TERMS:] - theta[TERMS:].max())
    return np.exp(theta[:TERMS]), weights / weights.sum()


def error(theta):
    """The error on the grid, of the tail on the left, where nothing cancels."""
    scales, weights = parameters(theta)
    return ndtr(-np.outer(GRID, scales)) @ weights - expit(-GRID)


def fit():
    """Scales and weights of the smallest largest error, over all rounds."""
    theta = np.concatenate(
        [np.log(np.geomspace(0.23, 1.37, TERMS)), -(np.linspace(-2, 2, TERMS) ** 2)]
    )
    importance = np.ones_like(GRID)
    best = (np.inf, theta)
    for _ in range(ROUNDS):
        root = np.sqrt(importance)
        fitted = least_squares(
            lambda t, root=root: 1e8 * root * error(t), theta, method="lm", max_nfev=400
        )
        theta = fitted.x
        size = np.abs(error(theta))
        best = min(best, (size.max(), theta), key=lambda pair: pair[0])
        importance *= size / size.max() + 1e-3
        importance /= importance.mean()
    return parameters(best[1])


def largest_error(scales, weights):
    """The largest error over a fine grid of [0, 60], at fifty digits; odd around zero."""
    with mpmath.workdps(50):
        pairs = [(mpmath.mpf(b), mpmath.mpf(w)) for b, w in zip(scales, weights, strict=True)]
        return max(
            abs(sum(w * mpmath.ncdf(b * x) for b, w in pairs) - 1 / (1 + mpmath.exp(-x)))
            for x in (mpmath.mpf(i) / 50 for i in range(3001))
        )


if __name__ == "__main__":
    scales, weights = fit()
    for b, w in sorted(zip(scales.tolist(), weights.tolist(), strict=True)):
        print(f"    ({b!r}, {w!r}),")
    print("largest error", mpmath.nstr(largest_error(scales.tolist(), weights.tolist()), 3))
