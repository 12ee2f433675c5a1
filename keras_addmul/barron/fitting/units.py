"""Approximates a smooth function by RePU units: by quadrature, or by a better spline."""

import math
from typing import Any

import numpy as np

from keras_addmul.barron.fitting.spline_least_squares import LeastSquares
from keras_addmul.barron.functions.bank import Bank, from_taylor
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["expected_units", "fit", "quadrature", "spline"]

# Half the range of the Bernoulli polynomial B_n / n!, n = degree + 1: the error of the best
# spline with knots a unit apart, for f^(n) = 1. Beyond degree 3, 2 / (2 pi)^n.
_CONSTANTS = {1: 1 / 16, 2: math.sqrt(3) / 216, 3: 1 / 768}

_MOST_UNITS = 10_000


def fit(
    smooth: Smooth,
    degree: int,
    low: float,
    high: float,
    tolerance: float,
    method: str = "spline",
    outside: str = "clip",
    dtype: str = "float32",
    asked: float | None = None,
    knots: int = 0,
) -> tuple[Bank, Cells]:
    """Returns a `Bank` that is proved to be within `tolerance` on [low, high], and its `Cells`.

    Args:
        smooth: The function, a `Smooth`.
        degree: Degree of the units.
        low: The left end of the interval.
        high: The right end of the interval.
        tolerance: The largest difference allowed on the interval.
        method: `"spline"`, knots where they are needed and a fit that spreads the error
            evenly; or `"quadrature"`, the midpoint rule on the integral of the Taylor remainder.
        outside: What the bank does outside the interval, `"clip"` or `"extrapolate"`.
        dtype: The dtype in which the weights will be stored; the proof covers the rounded bank.
        asked: The tolerance to name in messages, or None for `tolerance`.
        knots: Number of knots to use if they suffice, instead of searching for fewer.

    Raises:
        ValueError: If the dtype, or 10 000 units, cannot reach the tolerance.
    """
    one = {"spline": spline, "quadrature": quadrature}[method]
    if degree == smooth.degree:  # a RePU of this degree is itself
        one = quadrature
    tried = {}

    def attempt(knots, target):
        if knots not in tried:
            tried[knots] = one(smooth, degree, low, high, knots, outside)
        return tried[knots][1] <= target

    target = 0.995 * tolerance
    given, proved = knots, math.inf
    for _ in range(12):
        if not given or not attempt(knots := given, target):
            knots = _fewest(attempt, target, smooth, degree, low, high, tolerance)
        bank = tried[knots][0].rounded(dtype)
        cells = Cells(smooth, low, high, bank, tolerance)
        proved = float(cells.error(np.array([low]), np.array([high]))[0])
        if proved <= tolerance:
            return bank, cells
        z = np.linspace(low, high, 1001)
        if np.max(np.abs(bank(z) - tried[knots][0](z))) > tolerance / 2:
            break
        target *= min(0.995, 0.999 * tolerance / proved)
    raise ValueError(
        f"Argument `tolerance` cannot be reached for {smooth.name} on [{low:.4g}, {high:.4g}] "
        f"with RePU units of degree {degree} stored in {dtype}: the rounding of the coefficients "
        f"leaves {proved:.2g}. Received: {asked or tolerance!r}. A lower degree, a smaller domain "
        "or a model in float64 helps."
    )


def _fewest(attempt, target, smooth, degree, low, high, tolerance):
    """Finds by bisection a number of knots at or near the smallest that suffices."""
    guess = expected_units(smooth, degree, low, high, tolerance) - degree
    good = max(0, int(guess))
    while good > _MOST_UNITS or not attempt(good, target):
        if good >= _MOST_UNITS:
            raise ValueError(
                f"Argument `tolerance` needs more than {_MOST_UNITS} units for {smooth.name} on "
                f"[{low:.4g}, {high:.4g}]. Received: {tolerance!r}"
            )
        good = min(_MOST_UNITS, max(good + 1, int(good * 1.25)))
    if good <= 12:  # few knots: an odd number may do where an even one does not
        return next(knots for knots in range(good + 1) if attempt(knots, target))
    bad = good
    while bad > 0:
        bad = int(bad / 1.25)
        if not attempt(bad, target):
            break
        good = bad
    while good - bad > 1 + good // 64:
        middle = (good + bad) // 2
        if attempt(middle, target):
            good = middle
        else:
            bad = middle
    return good - 1 if attempt(good - 1, target) else good


def expected_units(
    smooth: Smooth, degree: int, low: float, high: float, tolerance: float, points: int = 4000
) -> float:
    """Estimates how many units the best spline needs, in the limit of small tolerances.

    `(C / tolerance)^(1/(degree+1)) * integral |f^(degree+1)|^(1/(degree+1)) + degree`, where `C` is
    the error of the best spline with unit spacing for a unit derivative.
    """
    _, density = _density(smooth, degree, low, high, floor=0.0, points=points)
    constant = _CONSTANTS.get(degree, 2 / (2 * math.pi) ** (degree + 1))
    integral = float(np.mean(density)) * (high - low)
    return (constant / tolerance) ** (1 / (degree + 1)) * integral + degree


def _density(smooth, degree, low, high, floor=0.02, points=4000):
    """Returns points, and the density of the best spline's knots there."""
    z = low + (high - low) * (np.arange(points) + 0.5) / points
    density = np.abs(smooth.derivative(z, degree + 1)) ** (1.0 / (degree + 1))
    return z, np.maximum(density, floor * max(float(np.max(density)), 1e-12))


def quadrature(
    smooth: Smooth, degree: int, low: float, high: float, knots: int, outside: str = "clip"
) -> tuple[Bank, float]:
    """Returns the midpoint rule on the Taylor remainder about `low`, and its error on a grid.

    `f(z) = sum_{k<=s} f^(k)(low) (z - low)^k / k! + 1/s! integral (z - t)_+^s f^(s+1)(t) dt`:
    each node `t` of a rule with weights `w` becomes a unit `(z - t)_+^s` with coefficient
    `w f^(s+1)(t) / s!`. Where `f^(s)` jumps, the measure has an atom, and the sum a unit.
    """
    edges = np.linspace(low, high, knots + 1)
    nodes = (edges[1:] + edges[:-1]) / 2
    factorial = math.factorial(degree)
    coefficients = smooth.derivative(nodes, degree + 1) * np.diff(edges) / factorial
    kinks = np.array([t for t in smooth.kinks if low < t < high])
    jumps = np.array([smooth.jump(t, degree) / factorial for t in kinks])
    kept = np.abs(jumps) > 1e-12
    taylor = [
        float(smooth.derivative(np.array(low), k)) / math.factorial(k) for k in range(degree + 1)
    ]
    units = np.concatenate([nodes, kinks[kept]]) if len(kinks) else nodes
    weights = np.concatenate([coefficients, jumps[kept]]) if len(kinks) else coefficients
    bank = from_taylor(degree, taylor, low, high, units, weights, outside)
    # On a grid that includes the nodes, where the error of degree 1 is largest.
    z = np.linspace(low, high, 2 * max(1, knots) * max(2, 200 // max(1, knots)) + 1)
    return bank, float(np.max(np.abs(_evaluate(bank, z) - smooth(z))))


def _evaluate(bank, z):
    """Evaluates the bank on a sorted grid by running sums: fast, and accurate enough to compare."""
    if bank.units * len(z) < 4_000_000 or bank.left:
        return bank(z)
    sort = np.argsort(bank.knots)
    t, c = bank.knots[sort], bank.coefficients[sort]
    reached = np.searchsorted(t, z, side="right")
    total = np.full(z.shape, float(bank.bias))
    for m in range(bank.degree + 1):
        sums = np.concatenate([[0.0], np.cumsum(c * (-t) ** m)])
        total += math.comb(bank.degree, m) * z ** (bank.degree - m) * sums[reached]
    return total


def spline(
    smooth: Smooth, degree: int, low: float, high: float, knots: int, outside: str = "clip"
) -> tuple[Bank, float]:
    """Returns a spline with free knots whose error is spread evenly, and that error.

    The knots start at their asymptotically best density, `|f^(s+1)|^(1/(s+1))`, and move to
    where the error is large. The fit is least squares with weights that grow where the error is
    large (Lawson's iteration).
    """
    z, density = _density(smooth, degree, low, high)
    kinks = _apart(smooth.kinks, low, high)
    best: Any = None
    for _ in range(6 if knots <= 64 else 3):
        at = _spread(z, density, low, high, knots)
        for t in kinks if knots else ():  # a knot on each kink
            at[np.argmin(np.abs(at - t))] = t
        fitted, error, pieces = _least_largest(smooth, degree, low, high, np.unique(at))
        if best is None or error < best[1]:
            best = fitted, error
        if not knots or np.min(pieces) == 0:
            break
        edges = np.concatenate([[low], np.unique(at), [high]])
        local = np.maximum(pieces / np.max(pieces), 1e-3) ** (1.0 / (degree + 1))
        where = np.clip(np.searchsorted(edges, z) - 1, 0, len(local) - 1)
        # The density of the knots now, times what they need.
        density = (local / np.diff(edges))[where] ** 0.7 * density**0.3 / np.max(density) ** 0.3
    fitted, error = best
    return _to_bank(fitted, degree, low, high, outside), error


def _apart(kinks, low, high):
    """Returns the inner kinks that are well separated from the ends and from one another."""
    kept, least = [low], 1e-5 * (high - low)
    for t in sorted(kinks):
        if kept[-1] + least < t < high - least:
            kept.append(t)
    return kept[1:]


def _spread(z, density, low, high, knots):
    """Returns points that divide the density into equal parts."""
    mass = np.concatenate([[0.0], np.cumsum(density)])
    edges = np.concatenate([[low], (z[1:] + z[:-1]) / 2, [high]])
    return np.interp(mass[-1] * np.arange(1, knots + 1) / (knots + 1), mass, edges)


def _least_largest(smooth, degree, low, high, knots):
    """Fits a spline with these knots; returns it with its largest error, overall and by piece."""
    from scipy.interpolate import BSpline

    edges = np.concatenate([[low], knots, [high]])
    points = 10 + 2 * degree if len(knots) > 32 else 24 if len(knots) > 8 else 80
    inside = (1 - np.cos(np.pi * np.arange(points) / points)) / 2  # the right end comes next
    x = np.append((edges[:-1, None] + np.diff(edges)[:, None] * inside).ravel(), high)
    y = smooth(x)
    t = np.concatenate([np.full(degree + 1, low), knots, np.full(degree + 1, high)])
    weights, solve = np.ones_like(x), LeastSquares(x, y, t, degree)
    best: Any = None
    for _ in range(
        30 if len(knots) <= 8 else 16 if len(knots) <= 32 else 8 if len(knots) <= 256 else 4
    ):
        coefficients, left = solve(weights)
        sizes = np.abs(left)
        largest = float(np.max(sizes))
        if best is None or largest < best[1]:
            pieces = np.maximum.reduceat(sizes, np.arange(0, len(x) - 1, points))
            best = coefficients, largest, pieces
        if largest < 1e-15:
            break
        weights = weights * (sizes / largest + 1e-4)
        weights = np.maximum(weights / np.max(weights), 1e-9)
    return BSpline(t, best[0], degree), *best[1:]


def _to_bank(fitted, degree, low, high, outside):
    """Returns the units of a spline: `coefficient = jump of the degree-th derivative / degree!`."""
    from scipy.interpolate import PPoly

    taylor = [float(fitted(low, nu=k)) / math.factorial(k) for k in range(degree + 1)]
    pieces = PPoly.from_spline(fitted)
    full = np.diff(pieces.x) > 0
    leading, starts = pieces.c[0, full], pieces.x[:-1][full]
    return from_taylor(degree, taylor, low, high, starts[1:], np.diff(leading), outside)
