"""Proved bounds of an activation, and of its replacement, on intervals."""

import math
from typing import Any

import numpy as np

from keras_addmul.barron.functions.bank import Bank
from keras_addmul.barron.functions.polynomials import MARGIN, UNIT
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["Cells"]


class Cells:
    """Cuts an interval into cells, and holds proved bounds for each.

    On a cell of width h the difference `d` of an activation and its spline is at most
    the larger of its values at the two ends plus `h^2/8 sup|d''|`, the error of linear
    interpolation. `sup|d''|` is in turn at most its value at the ends plus `h/2 sup|d'''|`,
    and the third derivatives have bounds of their own (`Smooth.bound`). Cells end at
    every knot and kink, so that all is smooth inside, and are so small that the two
    corrections stay below a hundredth of `scale`.

    Rounding: every computed value is widened by the possible loss in double precision
    (`Smooth.rounding`, and for the bank the number of its terms times their magnitudes);
    `MARGIN` covers the few sums and products that combine them to a bound.

    Args:
        smooth: The activation.
        low: The left end of the interval.
        high: The right end of the interval.
        bank: The replacement, or None.
        scale: The size of error that the bounds should resolve.

    Attributes:
        edges: The ends of the cells, in order. The bounds hold between the first and the last.

    Raises:
        OverflowError: If a derivative of the activation overflows there.
    """

    def __init__(
        self, smooth: Smooth, low: float, high: float, bank: Bank | None = None, scale: float = 1e-3
    ) -> None:
        self.smooth = smooth
        high = max(high, low + 1e-9 * max(1.0, abs(low)))
        first, second, third = (smooth.bound(k, low, high) for k in (1, 2, 3))
        if not (math.isfinite(first) and math.isfinite(second) and math.isfinite(third)):
            raise OverflowError(f"{smooth.name} leaves the double numbers on [{low:g}, {high:g}]")
        points = _points(smooth, low, high, bank)
        left, right, segment = _cut(points, bank, third, scale)
        width = right - left
        f = smooth.derivative(left, 0), smooth.derivative(right, 0)
        f1, f2 = ((smooth.derivative(left, k), smooth.left_derivative(right, k)) for k in (1, 2))
        lost = [np.maximum(smooth.rounding(left, k), smooth.rounding(right, k)) for k in range(3)]
        # The derivative from the left is taken one double to the left.
        beside = np.spacing(np.abs(right))
        lost[1], lost[2] = lost[1] + beside * second, lost[2] + beside * third
        bend = np.minimum(_larger(*f2) + lost[2] + width / 2 * third, second)
        slack = (width**2 / 8 * bend + lost[0]) * MARGIN
        self.edges: np.ndarray = np.append(left, right[-1])
        self._values = _Largest(np.maximum(*f) + slack), _Largest(slack - np.minimum(*f))
        steepness = np.minimum(_larger(*f1) + lost[1] + width / 2 * bend, first)
        self._slope = _Largest(steepness * MARGIN)
        if bank is None:
            return
        q, q1, q2, q3, flat, lost_in = _polynomials(points, left, right, segment, bank)
        bent = _larger(f2[0] - q2[0], f2[1] - q2[1]) + lost[2] + lost_in[2]
        bent = bent + width / 2 * (third + q3)
        if bank.degree <= 2:  # then q'' is constant on a cell
            bent = np.minimum(bent, second + np.abs(q2[0]) + lost_in[2])
        # A nondecreasing function is farthest from a constant at an end.
        bent = np.where(flat & smooth.monotone, 0.0, bent)
        error = _larger(f[0] - q[0], f[1] - q[1]) + lost[0] + lost_in[0]
        self._error = _Largest((error + width**2 / 8 * bent) * MARGIN)
        steepness = _larger(*q1) + lost_in[1]
        steepness = steepness + width / 2 * (_larger(*q2) + lost_in[2] + width / 2 * q3)
        self._bank_slope = _Largest(steepness * MARGIN)

    def error(self, low: Any, high: Any) -> np.ndarray:
        """Returns an upper bound of `|activation - bank|` between two arrays, elementwise."""
        return self._over(self._error, low, high)

    def slope(self, low: Any, high: Any) -> np.ndarray:
        """Returns a Lipschitz constant of the activation between two arrays, elementwise."""
        return self._over(self._slope, low, high)

    def bank_slope(self, low: Any, high: Any) -> np.ndarray:
        """Returns a Lipschitz constant of the bank between two arrays, elementwise."""
        return self._over(self._bank_slope, low, high)

    def values(self, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
        """Returns bounds of the activation's values between two arrays, elementwise."""
        top, bottom = self._values
        below, above = -self._over(bottom, low, high), self._over(top, low, high)
        if not self.smooth.monotone:
            return below, above
        ends = (np.asarray(v, float) for v in (low, high))
        (a, a_lost), (b, b_lost) = ((self.smooth(v), self.smooth.rounding(v, 0)) for v in ends)
        return np.maximum(below, a - a_lost), np.minimum(above, b + b_lost)

    def _over(self, table, low, high):
        low, high = np.asarray(low, float), np.asarray(high, float)
        if not np.all((self.edges[0] <= low) & (low <= high) & (high <= self.edges[-1])):
            raise ValueError(
                f"Bounds are known on [{self.edges[0]:.17g}, {self.edges[-1]:.17g}]. Received: "
                f"intervals from {np.min(low):.17g} to {np.max(high):.17g}"
            )
        last = len(self.edges) - 2
        first = np.clip(np.searchsorted(self.edges, low, side="right") - 1, 0, last)
        final = np.clip(np.searchsorted(self.edges, high, side="left") - 1, 0, last)
        # An edge belongs to the cells on both of its sides.
        return table(np.minimum(first, final), np.maximum(first, final))


class _Largest:
    """Finds the largest number in ranges of an array, for many ranges at once."""

    def __init__(self, values):
        self.levels = [np.asarray(values)]
        while 2 ** len(self.levels) <= len(values):
            last, step = self.levels[-1], 2 ** (len(self.levels) - 1)
            self.levels.append(np.maximum(last[:-step], last[step:]))

    def __call__(self, first, last):
        level = np.floor(np.log2(last - first + 1)).astype(int)
        result = np.empty(np.shape(first))
        for k in np.unique(level):
            at, table = level == k, self.levels[k]
            result[at] = np.maximum(table[first[at]], table[last[at] - 2**k + 1])
        return result


def _larger(a, b):
    return np.maximum(np.abs(a), np.abs(b))


def _points(smooth, low, high, bank):
    """Returns the starts of the smooth pieces, and the end of the last."""
    points = [np.array([low, high]), np.array(smooth.kinks, float)]
    if bank is not None:
        points += [bank.knots, np.array([bank.low, bank.high])]
    points = np.unique(np.concatenate(points))
    return points[(points >= low) & (points <= high)]


def _cut(points, bank, third, scale):
    """Returns the left and right ends of the cells, and the piece that each belongs to."""
    starts, widths = points[:-1], np.diff(points)
    finest = (0.03 * scale / max(third, 1e-12)) ** (1 / 3)
    least = 1 if bank is None else 16 if bank.units > 200 else 32 if bank.units > 16 else 128
    budget = 40_000 / max(widths.sum() / finest, 1.0)
    counts = np.maximum(np.ceil(widths / finest * min(1.0, budget)), least).astype(int)
    segment = np.repeat(np.arange(len(starts)), counts)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    left = starts[segment] + widths[segment] * (number / counts[segment])
    return left, np.append(left[1:], points[-1]), segment


def _polynomials(points, left, right, segment, bank):
    """Evaluates the bank and two derivatives at the ends of the cells, for the bounds.

    Between two points the bank is its Taylor polynomial about the first of them.

    Returns:
        Three pairs of arrays, at the left and at the right ends; a bound of the third
        derivative; whether the bank is constant; and the possible rounding errors of the three.
    """
    starts, widths, degree = points[:-1], np.diff(points), bank.degree
    taylor = np.stack([bank.derivative(starts, k) for k in range(degree + 1)])
    sizes = np.stack([bank.terms(starts, k) for k in range(degree + 1)])
    if bank.outside == "clip":
        beyond = (starts < bank.low) | (starts >= bank.high)
        taylor[1:, beyond] = sizes[1:, beyond] = 0.0
    ends = left - starts[segment], right - starts[segment]
    results = [tuple(_horner(taylor[:, segment], u, k) for u in ends) for k in range(3)]
    third = np.zeros_like(widths)
    for m in range(3, degree + 1):
        third = third + np.abs(taylor[m]) * widths ** (m - 3) / math.factorial(m - 3)
    # For each unit the difference, its power and the product; the sum of all; the polynomial.
    terms = 4 * (bank.units + 4 * degree + 8) * UNIT
    lost = [terms * _horner(sizes, widths, k)[segment] for k in range(3)]
    return *results, third[segment], np.all(taylor[1:, segment] == 0, axis=0), lost


def _horner(taylor, u, k):
    """Returns the k-th derivative of a polynomial with these derivatives at 0."""
    y = np.zeros_like(u)
    for m in reversed(range(k, len(taylor))):
        y = y * u / (m - k + 1) + taylor[m]
    return y
