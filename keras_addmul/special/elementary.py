"""Elementary functions that are accurate where the usual formulas are not.

They use only operations that other runtimes have: LiteRT has no `Expm1`.
"""

import math

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.bounding import floored
from keras_addmul.special.horner import polynomial

__all__ = ["cosine_of_pi", "expm1", "expm1_ratio", "log1p_ratio"]

# Taylor coefficients of expm1(z) / z for |z| < 1/2 and of -log1p(-u) / u for |u| < 1/8.
_EXPM1 = [1.0 / math.factorial(k + 1) for k in range(16)]
_LOG1P = [1.0 / (k + 1) for k in range(18)]

# Taylor coefficients of cos(pi a) in a^2 and of sin(pi d)/d in d^2, enough of
# them for float64 on [0, 1/4].
_COS = [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(10)]
_SIN = [(-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(10)]


def cosine_of_pi(t: Tensor) -> Tensor:
    """cos(pi t), exact at every multiple of one half."""
    a = ops.abs(t - 2.0 * ops.round(t / 2.0))
    sign = ops.where(a > 0.5, -ops.ones_like(a), ops.ones_like(a))
    a = ops.where(a > 0.5, 1.0 - a, a)
    d = 0.5 - a
    near_zero = d * polynomial(d * d, _SIN)
    return sign * ops.where(a > 0.25, near_zero, polynomial(a * a, _COS))


def expm1(z: Tensor) -> Tensor:
    """exp(z) - 1, with full precision near 0."""
    near = ops.abs(z) < 0.5
    series = z * polynomial(ops.where(near, z, ops.zeros_like(z)), _EXPM1)
    return ops.where(near, series, ops.exp(z) - 1.0)


def expm1_ratio(z: Tensor) -> Tensor:
    """(exp(z) - 1) / z, with an accurate derivative at 0."""
    near = ops.abs(z) < 0.5
    far = ops.where(near, ops.ones_like(z), z)
    series = polynomial(ops.where(near, z, ops.zeros_like(z)), _EXPM1)
    return ops.where(near, series, (ops.exp(far) - 1.0) / far)


def log1p_ratio(u: Tensor, epsilon: float) -> Tensor:
    """-log(max(1 - u, epsilon)) / u, with an accurate derivative at 0."""
    near = ops.abs(u) < 0.125
    far = ops.where(near, -ops.ones_like(u), u)
    series = polynomial(ops.where(near, u, ops.zeros_like(u)), _LOG1P)
    return ops.where(near, series, -ops.log(floored(1.0 - far, epsilon)) / far)
