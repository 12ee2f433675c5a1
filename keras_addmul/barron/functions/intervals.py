"""Interval arithmetic on arrays, for bounds that hold everywhere on each interval."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Interval"]

_Number: TypeAlias = Any  # an array or a number, exact as it is

# Largest relative error assumed of elementary functions in NumPy and SciPy.
_FUNCTION = 2.0**-46


@dataclasses.dataclass(frozen=True)
class Interval:
    """Numbers between two arrays; sums and products contain every possible result.

    Rounding is directed: every result is widened to the next double on either side. Elementary
    functions are assumed accurate to 2^-46 of their value, 64 units in the last place.

    Attributes:
        low: The left ends.
        high: The right ends.
    """

    low: Any
    high: Any

    # Makes an array on the left leave the operation to the interval.
    __array_ufunc__ = None

    def __add__(self, other: "Interval | _Number") -> "Interval":
        other = _interval(other)
        return _outwards(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __sub__(self, other: "Interval | _Number") -> "Interval":
        return self + -_interval(other)

    def __rsub__(self, other: "Interval | _Number") -> "Interval":
        return -self + other

    def __mul__(self, other: "Interval | _Number") -> "Interval":
        if isinstance(other, (int, float)):
            if other == 0:
                return Interval(0.0 * self.low, 0.0 * self.high)
            ends = self.low * other, self.high * other
            return _outwards(*(ends if other > 0 else ends[::-1]))
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outwards(np.minimum.reduce(ends), np.maximum.reduce(ends))

    __rmul__ = __mul__

    def __truediv__(self, other: "Interval | _Number") -> "Interval":
        """Divides by a positive number or interval."""
        other = _interval(other)
        return self * _outwards(1.0 / other.high, 1.0 / other.low)

    @property
    def magnitude(self) -> Any:
        """Returns the largest magnitude in each interval."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def square(self) -> "Interval":
        """Returns the squares, which are not negative."""
        smallest = np.where((self.low < 0) & (self.high > 0), 0.0, np.minimum(*self._sizes()))
        squares = _outwards(smallest**2, self.magnitude**2)
        return Interval(np.maximum(squares.low, 0.0), squares.high)

    def growing(self, function: Callable[[Any], Any]) -> "Interval":
        """Applies a nondecreasing elementary function."""
        return _widened(function(self.low), function(self.high))

    def falling(self, function: Callable[[Any], Any]) -> "Interval":
        """Applies a nonincreasing elementary function."""
        return _widened(function(self.high), function(self.low))

    def _sizes(self):
        return np.abs(self.low), np.abs(self.high)


def _outwards(low, high):
    return Interval(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))


def _widened(low, high):
    return _outwards(low - _FUNCTION * np.abs(low), high + _FUNCTION * np.abs(high))


def _interval(value):
    return value if isinstance(value, Interval) else Interval(value, value)
