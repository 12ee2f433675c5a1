"""Proved bounds of an activation, and of what replaces it, on intervals."""

import math

import numpy as np

__all__ = ["Cells"]

_UNIT = 2.0**-53


class Cells:
    """Cuts an interval into cells and holds, for each, bounds that are proved.

    On a cell of width h the difference `d` of an activation and its spline is at most
    the larger of its values at the two ends plus `h^2/8 sup|d''|`: the error of linear
    interpolation. `sup|d''|` is in turn at most its value at the ends plus `h/2 sup|d'''|`,
    and the third derivatives have bounds of their own (`Smooth.bound`). The cells end at
    every knot and kink, so that all is smooth within, and are so many that the two
    corrections stay below a hundredth of `scale`. Added is what double precision may
    lose in computing the values.

    Args:
        smooth: The activation.
        low, high: The interval.
        bank: What replaces it, or None.
        scale: How fine the bounds should be.
    """

    def __init__(self, smooth, low, high, bank=None, scale=1e-3):
        self.smooth = smooth
        high = max(high, low + 1e-9 * max(1.0, abs(low)))
        starts, widths, taylor = _segments(smooth, low, high, bank)
        third = smooth.bound(3, low, high)
        left, right, segment = _cut(starts, widths, bank, third, scale)
        width = right - left
        f, f1, f2 = (
            (smooth.derivative(left, k), smooth.left_derivative(right, k)) for k in range(3)
        )
        f = (f[0], smooth.derivative(right, 0))
        second = smooth.bound(2, low, high)
        bend = np.minimum(_larger(*f2) + width / 2 * third, second)
        noise = 16 * _UNIT * (1.0 + _larger(*f))
        slack = width**2 / 8 * bend + noise
        self.edges = np.append(left, right[-1])
        self._values = _Largest(np.maximum(*f) + slack), _Largest(slack - np.minimum(*f))
        steepness = np.minimum(_larger(*f1) + width / 2 * bend, smooth.bound(1, low, high))
        self._slope = _Largest(steepness + noise)
        if bank is None:
            return
        q, q1, q2, q3 = _polynomials(taylor, starts, widths, left, right, segment)
        bent = _larger(f2[0] - q2[0], f2[1] - q2[1]) + width / 2 * (third + q3)
        if bank.order <= 2:  # then q'' is constant on a cell
            bent = np.minimum(bent, second + np.abs(q2[0]))
        error = _larger(f[0] - q[0], f[1] - q[1])
        flat = np.abs(taylor[1:, segment]).sum(axis=0) == 0
        error = error + np.where(flat & smooth.monotone, 0.0, width**2 / 8 * bent)
        terms = 4 * (bank.units + 2 * bank.order + 8)
        noise = noise + terms * _UNIT * bank.magnitude(left, right)
        self._error = _Largest(error + noise)
        self._bank_slope = _Largest(
            _larger(*q1) + width / 2 * (_larger(*q2) + width / 2 * q3) + noise
        )

    def error(self, low, high):
        """At least `sup |activation - bank|` between two arrays, elementwise."""
        return self._over(self._error, low, high)

    def slope(self, low, high):
        """A Lipschitz constant of the activation between two arrays, elementwise."""
        return self._over(self._slope, low, high)

    def bank_slope(self, low, high):
        """A Lipschitz constant of the bank between two arrays, elementwise."""
        return self._over(self._bank_slope, low, high)

    def values(self, low, high):
        """Bounds of the activation's values between two arrays, elementwise."""
        if self.smooth.monotone:
            below, above = self.smooth(low), self.smooth(high)
            return below - 16 * _UNIT * (1 + abs(below)), above + 16 * _UNIT * (1 + abs(above))
        top, bottom = self._values
        return -self._over(bottom, low, high), self._over(top, low, high)

    def _over(self, table, low, high):
        last = len(self.edges) - 2
        first = np.clip(np.searchsorted(self.edges, low, side="right") - 1, 0, last)
        final = np.clip(np.searchsorted(self.edges, high, side="left") - 1, 0, last)
        # An end that is an edge belongs to the cells on both of its sides.
        return table(np.minimum(first, final), np.maximum(first, final))


class _Largest:
    """The largest of consecutive numbers, for many ranges at once."""

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


def _segments(smooth, low, high, bank):
    """Where the smooth pieces start, their widths, and the bank's derivatives there."""
    points = [np.array([low, high]), np.array(smooth.kinks, float)]
    if bank is not None:
        points += [bank.knots, np.array([bank.low, bank.high])]
    points = np.unique(np.concatenate(points))
    points = points[(points >= low) & (points <= high)]
    starts, widths = points[:-1], np.diff(points)
    if bank is None:
        return starts, widths, None
    taylor = np.stack([bank.derivative(starts, k) for k in range(bank.order + 1)])
    if bank.outside == "clip":
        taylor[1:, (starts < bank.low) | (starts >= bank.high)] = 0.0
    return starts, widths, taylor


def _cut(starts, widths, bank, third, scale):
    """Left and right ends of the cells, and to which piece each belongs."""
    finest = (0.03 * scale / max(third, 1e-12)) ** (1 / 3)
    least = 1 if bank is None else 16 if bank.units > 200 else 32 if bank.units > 16 else 128
    budget = 40_000 / max(widths.sum() / finest, 1.0)
    counts = np.maximum(np.ceil(widths / finest * min(1.0, budget)), least).astype(int)
    segment = np.repeat(np.arange(len(starts)), counts)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    left = starts[segment] + widths[segment] * (number / counts[segment])
    right = np.append(left[1:], starts[-1] + widths[-1])
    return left, right, segment


def _polynomials(taylor, starts, widths, left, right, segment):
    """The bank and two derivatives at the ends of the cells, and a bound of the third."""
    order = len(taylor) - 1
    ends = left - starts[segment], right - starts[segment]
    results = []
    for k in range(3):
        at_ends = []
        for u in ends:
            y = np.zeros_like(u)
            for m in reversed(range(k, order + 1)):
                y = y * u / max(1, m - k + 1) + taylor[m, segment]
            at_ends.append(y)
        results.append(tuple(at_ends))
    third = sum(
        np.abs(taylor[m]) * widths ** (m - 3) / math.factorial(m - 3) for m in range(3, order + 1)
    )
    results.append(third[segment] if order >= 3 else 0.0)
    return results
