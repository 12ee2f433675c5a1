"""Kneser's solution of Abel's equation for exp, on one stretch of the line.

Of all solutions it is the one that is real-analytic and extends to the upper
half plane with the fixed point of exp as its limit. Here live the superlog S
on [bottom, top], the superexp T on [-0.4, end] with end = S(top), and their
slopes; `abel.py` and `iterate.py` reach the rest of the line from there.

References:
    - H. Kneser, Reelle analytische Loesungen der Gleichung phi(phi(x)) = e^x,
      J. reine angew. Math. 187, 1949.
    - D. Kouznetsov, Math. Comp. 78, 2009, doi 10.1090/S0025-5718-09-02188-7.
"""

import math

from keras import ops

from keras_addmul.special._kneser_tables import TABLES
from keras_addmul.special.horner import polynomial

__all__ = ["LIMITS", "Kneser"]

# Below the first, exp leaves the normal numbers; the second is nearly the largest.
LIMITS = {"float32": (-87.0, 3.4e38), "float64": (-708.0, 1.79e308)}

# Where the pieces meet, and the shift of the square root: `_precompute/fit_kneser.py`.
_LOG_SPLIT, _LOG_SHIFT, _EXP_SPLIT = 1.6, 0.7, 2.0

# XLA computes a cheap value again for each of its consumers, and keeps one that
# ends in a division. The superlog is worth keeping, so it is divided by a number
# that its coefficients were multiplied with.
_KEEP = 3.0


class Kneser:
    """The pieces of Kneser's solution in one dtype.

    Attributes:
        levels: How many logarithms bring the largest number below `top`.
        bottom, top: The stretch on which `superlog` is given.
        end: `superlog(top)`, up to which `superexp` is given.
        lowest, huge: Below the first exp leaves the normal numbers; the second bounds slopes.
    """

    def __init__(self, dtype):
        table = TABLES[dtype]
        self.levels, self.bottom, self.top = table["levels"], table["bottom"], table["top"]
        self.end = table["end"]
        self.lowest, self.huge = LIMITS[dtype]
        self._table = table

    def _evaluate(self, name, variable, factor=1.0):
        scale, offset, coefficients = self._table[name]
        t = variable * scale + offset
        return polynomial(t, [factor * c for c in coefficients])

    def superlog(self, x):
        """S(x) for `bottom <= x <= top`."""
        root = ops.sqrt(ops.maximum(x, _LOG_SPLIT))
        high = self._evaluate("log_high", 1 / (root + _LOG_SHIFT), _KEEP)
        low = x * self._evaluate("log_low", ops.minimum(x, _LOG_SPLIT), _KEEP)
        return ops.where(x > _LOG_SPLIT, high, low) / _KEEP

    def superlog_of_number(self, number):
        """S of a Python number above 1.6."""
        if number > self.top:
            return 1.0 + self.superlog_of_number(math.log(number))
        return self._evaluate("log_high", 1.0 / (math.sqrt(number) + _LOG_SHIFT))

    def superexp(self, v):
        """T(v) for `-0.4 <= v <= end`."""
        high = self._evaluate("exp_high", 1 / (self._table["pole"] - v))
        low = v * self._evaluate("exp_low", v)
        return ops.where(v > _EXP_SPLIT, high, low)

    def tangent(self, n):
        """Value and slope at x = 0 of the iterate of order n in [0, 1], and their slopes in n."""
        scale, offset, coefficients = self._table["slope_low"]
        rise = [k * c for k, c in enumerate(coefficients)][1:]
        slope, at_zero = self._evaluate("slope_low", n), self._evaluate("slope_low", 0.0 * n)
        change = scale * polynomial(n * scale + offset, rise)
        start = n * self._evaluate("exp_low", n)
        return start, at_zero / slope, 1.0 / slope, -at_zero * change / (slope * slope)

    def slope(self, v):
        """1 / T'(v), which is S'(T(v)), for `superlog(bottom) <= v <= end`."""
        high = self._evaluate("slope_high", v)
        return ops.where(v > _EXP_SPLIT, high, self._evaluate("slope_low", v))

    def ratio(self, w):
        """T(w) / T'(w) for `0 <= w <= 0.62`."""
        return w * self._evaluate("ratio", w)
