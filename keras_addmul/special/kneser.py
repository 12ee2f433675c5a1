"""Kneser's solution of Abel's equation for exp, on one stretch of the line.

It is the only solution that is real-analytic and extends to the upper half plane with the
fixed point of exp as its limit. This file has the superlog S on [bottom, top], the superexp T
on [-0.4, end] with end = S(top), and their slopes. `abel.py` and `iterate.py` extend them to
the rest of the line.

References:
    - H. Kneser, Reelle analytische Loesungen der Gleichung phi(phi(x)) = e^x,
      J. reine angew. Math. 187, 1949.
    - D. Kouznetsov, Math. Comp. 78, 2009, doi 10.1090/S0025-5718-09-02188-7.
"""

import math

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special._tables import EXP_SPLIT, KEEP, KNESER, LOG_SHIFT, LOG_SPLIT, REACH
from keras_addmul.special.horner import polynomial

__all__ = ["Kneser"]


class Kneser:
    """The pieces of Kneser's solution in one dtype: a `solutions.Solution`.

    Args:
        dtype: `"float32"` or `"float64"`.
    """

    def __init__(self, dtype: str):
        reach, self._table = REACH[dtype], KNESER[dtype]
        self.levels: int = reach["levels"]
        self.bottom: float = reach["bottom"]
        self.top: float = reach["top"]
        self.end: float = self._table["end"]
        self.lowest: float = reach["lowest"]
        self.huge: float = reach["huge"]

    def _evaluate(self, name, variable, factor=1.0):
        scale, offset, coefficients = self._table[name]
        t = variable * scale + offset
        return polynomial(t, [factor * c for c in coefficients])

    def superlog(self, x: Tensor) -> Tensor:
        """S(x) for `bottom <= x <= top`."""
        root = ops.sqrt(ops.maximum(x, LOG_SPLIT))
        high = self._evaluate("log_high", 1 / (root + LOG_SHIFT), KEEP)
        low = x * self._evaluate("log_low", ops.minimum(x, LOG_SPLIT), KEEP)
        return ops.where(x > LOG_SPLIT, high, low) / KEEP

    def superlog_of_number(self, number: float) -> float:
        """S of a Python number above 1.6."""
        if number > self.top:
            return 1.0 + self.superlog_of_number(math.log(number))
        return self._evaluate("log_high", 1.0 / (math.sqrt(number) + LOG_SHIFT))

    def superexp(self, v: Tensor) -> Tensor:
        """T(v) for `-0.4 <= v <= end`."""
        high = self._evaluate("exp_high", 1 / (self._table["pole"] - v))
        low = v * self._evaluate("exp_low", v)
        return ops.where(v > EXP_SPLIT, high, low)

    def tangent(self, n: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Value and slope at x = 0 of the iterate of order n in [0, 1], and their slopes in n."""
        scale, offset, coefficients = self._table["slope_low"]
        rise = [k * c for k, c in enumerate(coefficients)][1:]
        slope, at_zero = self._evaluate("slope_low", n), self._evaluate("slope_low", 0.0 * n)
        change = scale * polynomial(n * scale + offset, rise)
        start = n * self._evaluate("exp_low", n)
        return start, at_zero / slope, 1.0 / slope, -at_zero * change / (slope * slope)

    def slope(self, v: Tensor) -> Tensor:
        """1 / T'(v), which is S'(T(v)), for `superlog(bottom) <= v <= end`."""
        high = self._evaluate("slope_high", v)
        return ops.where(v > EXP_SPLIT, high, self._evaluate("slope_low", v))

    def ratio(self, w: Tensor) -> Tensor:
        """T(w) / T'(w) for `0 <= w <= 0.62`."""
        return w * self._evaluate("ratio", w)
