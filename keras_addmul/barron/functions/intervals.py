"""Arrays of intervals, for bounds that hold everywhere on each of them."""

import dataclasses

import numpy as np

__all__ = ["Interval"]


@dataclasses.dataclass(frozen=True)
class Interval:
    """Numbers between `low` and `high`, two arrays; sums and products hold all of theirs.

    Rounding is not directed: whoever reads a bound off widens it by more than
    double precision can have lost.
    """

    low: np.ndarray
    high: np.ndarray

    # So that an array on the left leaves the operation to the interval.
    __array_ufunc__ = None

    def __add__(self, other):
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + -_interval(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if isinstance(other, (int, float)):
            ends = self.low * other, self.high * other
            return Interval(*(ends if other >= 0 else ends[::-1]))
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))

    __rmul__ = __mul__

    def __truediv__(self, other):
        """Divides by what is above 0."""
        other = _interval(other)
        return self * Interval(1.0 / other.high, 1.0 / other.low)

    @property
    def magnitude(self):
        """The largest magnitude in each."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def square(self):
        """The squares, which are not negative."""
        smallest = np.where((self.low < 0) & (self.high > 0), 0.0, np.minimum(*self._sizes()))
        return Interval(smallest**2, self.magnitude**2)

    def growing(self, function):
        """The values of a function that never decreases."""
        return Interval(function(self.low), function(self.high))

    def falling(self, function):
        """The values of a function that never increases."""
        return Interval(function(self.high), function(self.low))

    def _sizes(self):
        return np.abs(self.low), np.abs(self.high)


def _interval(value):
    return value if isinstance(value, Interval) else Interval(value, value)
