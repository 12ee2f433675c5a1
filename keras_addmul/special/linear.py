"""The piecewise solution of Abel's equation for exp: the identity on [0, 1].

It is the simplest solution, used in the papers on the additive-multiplicative neuron. It is
once continuously differentiable; its second derivative jumps at 0, 1, e, e^e and so on.

References:
    - [DLMF 4.12](https://dlmf.nist.gov/4.12), equations 4.12.8 and 4.12.9.
    - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
"""

import math

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special._tables import LINEAR, REACH
from keras_addmul.special.elementary import expm1, log1p_ratio

__all__ = ["Linear"]


class Linear:
    """The pieces of the linear solution in one dtype: a `solutions.Solution`.

    Args:
        dtype: `"float32"` or `"float64"`.
    """

    def __init__(self, dtype: str):
        reach, plan = REACH[dtype], LINEAR[dtype]
        self.levels: int = reach["levels"]
        self.bottom: float = reach["bottom"]
        self.top: float = reach["top"]
        self.end: float = plan["end"]
        self.lowest: float = reach["lowest"]
        self.huge: float = reach["huge"]
        self._steps = plan["steps"]

    def superlog(self, x: Tensor) -> Tensor:
        """S(x) for `bottom <= x <= top`."""
        below = expm1(ops.minimum(x, 0.0))
        level = ops.zeros_like(x)
        u = x
        for _ in range(self._steps):
            above = u > 1.0
            # The unused branch takes the log at 1, so that its slope stays finite.
            u = ops.where(above, ops.log(ops.maximum(u, 1.0)), u)
            level = level + ops.where(above, ops.ones_like(x), ops.zeros_like(x))
        return ops.where(x < 0.0, below, level + u)

    def superlog_of_number(self, number: float) -> float:
        """S of a Python number above 0."""
        return number if number <= 1.0 else 1.0 + self.superlog_of_number(math.log(number))

    def superexp(self, v: Tensor) -> Tensor:
        """T(v) for `-0.4 <= v <= end`."""
        # log(1 + v): XLA's float64 log1p loses digits at v < -0.29, and ONNX has none.
        w = -ops.clip(v, -0.9, 0.0)
        below = -w * log1p_ratio(w, 0.0)
        level = ops.floor(ops.maximum(v, 0.0))
        u = ops.maximum(v, 0.0) - level
        for i in range(self._steps):
            above = level > float(i)
            u = ops.where(above, ops.exp(ops.where(above, u, 0.0)), u)
        return ops.where(v < 0.0, below, u)

    def tangent(self, n: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Value and slope at x = 0 of the iterate of order n in [0, 1], and their slopes in n."""
        ones = ops.ones_like(n)
        return n, ones, ones, ops.zeros_like(n)

    def slope(self, v: Tensor) -> Tensor:
        """1 / T'(v), which is S'(T(v)), for `superlog(bottom) <= v <= end`."""
        level = ops.floor(ops.maximum(v, 0.0))
        u = ops.maximum(v, 0.0) - level
        slope = ops.ones_like(v)
        for i in range(self._steps):
            above = level > float(i)
            u = ops.where(above, ops.exp(ops.where(above, u, 0.0)), u)
            slope = ops.where(above, slope / ops.where(above, u, 1.0), slope)
        return ops.where(v < 0.0, 1.0 + v, slope)

    def ratio(self, w: Tensor) -> Tensor:
        """T(w) / T'(w) for `0 <= w <= 0.62`."""
        return w
