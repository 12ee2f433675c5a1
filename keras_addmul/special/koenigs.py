"""The Schroeder function of exp at its fixed point L, and its inverse, on pairs.

    chi(exp(z)) = L chi(z),    chi(L + u) = u + a_2 u^2 + ...

A fixed number of logarithms brings every number close to L, where Koenigs' series is summed;
a fixed number of exponentials leads back from its inverse. Slopes are sums of what these steps
pass, so nothing overflows on the way and no step is differentiated.
"""

from keras import ops

from keras_addmul.special import pairs
from keras_addmul.special._schroeder_tables import BRANCH, FIXED_POINT, SCHROEDER
from keras_addmul.special.pairs import Pair

__all__ = ["chi", "chi_inverse", "inverse_with_log_slope", "power_of_multiplier"]
__all__ += ["shortened", "with_log_slope"]

L = FIXED_POINT
_TO_L = (1.0 / L).real, (1.0 / L).imag


def chi(z: Pair, dtype: str) -> Pair:
    """The Schroeder function."""
    return pairs.holomorphic(
        lambda z: with_log_slope(z, dtype)[0], lambda z: with_log_slope(z, dtype)[1], dtype
    )(z)


def chi_inverse(y: Pair, dtype: str) -> Pair:
    """Its inverse, for |y| up to 45."""
    return pairs.holomorphic(
        lambda y: inverse_with_log_slope(y, dtype)[0],
        lambda y: inverse_with_log_slope(y, dtype)[1],
        dtype,
    )(y)


def with_log_slope(z: Pair, dtype: str) -> tuple[Pair, Pair]:
    """chi(z), and the logarithm of its derivative."""
    table = SCHROEDER[dtype]
    w = z
    u = total = (0.0 * z[0], 0.0 * z[1])
    for _ in range(table["plain"]):
        w = pairs.log(w, dtype, BRANCH)
        u = (w[0] - L.real, w[1] - L.imag)
        total = pairs.add(total, u)
    for _ in range(table["near"]):
        u = pairs.log1p(pairs.multiply(u, _TO_L), dtype, BRANCH - L.imag)
        total = pairs.add(total, u)
    scale = L ** (table["plain"] + table["near"])
    summed = pairs.multiply(u, pairs.polynomial(u, [scale * c for c in table["chi"]]))
    slope = pairs.polynomial(u, _derivative(table["chi"]))
    bend = pairs.log(slope, dtype)
    return summed, (bend[0] - total[0], bend[1] - total[1])


def inverse_with_log_slope(y: Pair, dtype: str) -> tuple[Pair, Pair]:
    """chi^-1(y), and the logarithm of its derivative."""
    table = SCHROEDER[dtype]
    back = L ** -table["exps"]
    t = pairs.multiply(shortened(y), (back.real, back.imag))
    u = total = pairs.multiply(t, pairs.polynomial(t, table["inverse"]))
    for _ in range(table["exps"] - 1):
        u = pairs.multiply(pairs.expm1(u, dtype, room=5.0), (L.real, L.imag))
        total = pairs.add(total, u)
    bend = pairs.log(pairs.polynomial(t, _derivative(table["inverse"])), dtype)
    return pairs.exp((u[0] + L.real, u[1] + L.imag), dtype), pairs.add(bend, total)


def power_of_multiplier(n: Pair, dtype: str) -> Pair:
    """L^n."""
    return pairs.exp(pairs.multiply(n, (L.real, L.imag)), dtype, room=5.0)


def shortened(y: Pair) -> Pair:
    """Shortens numbers above 45, where the inverse has no digits left."""
    size = ops.maximum(ops.maximum(ops.abs(y[0]), ops.abs(y[1])) / 45.0, 1.0)
    return y[0] / size, y[1] / size


def _derivative(coefficients):
    return [(k + 1) * c for k, c in enumerate(coefficients)]
