"""Kneser's superexponential and superlogarithm in the complex plane, on pairs.

High above the real axis both follow from the Schroeder function and a short Fourier series; close
to it they are polynomials on one stretch, which exponentials and logarithms extend. On the axis
they are the real functions themselves.
"""

import math

from keras import ops

from keras_addmul.special import abel, koenigs, pairs
from keras_addmul.special._plane_tables import (
    EXP_HEIGHT,
    LOG_HEIGHT,
    MIDDLE,
    PLANE,
    SHIFT,
    WIDTH,
)
from keras_addmul.special.pairs import Pair
from keras_addmul.special.solutions import get_solution

__all__ = ["right_superlog", "superexp_pair", "superexp_with_log_slope", "superlog_pair"]

L = koenigs.L
# How many exponentials and logarithms lead from the stretch where T is a polynomial.
_UP, _DOWN = 5, 3
_REACH = 1e4


def superexp_with_log_slope(v: Pair, dtype: str) -> tuple[Pair, Pair]:
    """T(v), and the logarithm of its derivative. T(conj(v)) = conj(T(v))."""
    x = ops.clip(v[0], -_REACH, _REACH)
    y = ops.clip(ops.abs(v[1]), 0.0, _REACH)
    value, slope = _low(x, ops.minimum(y, EXP_HEIGHT), dtype)
    up, steep = _high(x, ops.maximum(y, EXP_HEIGHT), dtype)
    high = y >= EXP_HEIGHT
    value, slope = pairs.select(high, up, value), pairs.select(high, steep, slope)
    real = ops.logical_and(y == 0.0, x > -1.0)
    inside = ops.where(real, v[0], ops.ones_like(x))
    pieces = get_solution("kneser")(dtype)
    largest = math.exp(pairs.LARGEST_LOG[dtype])
    on_axis = ops.minimum(abel.superexp_of(inside, inside + 1.0, pieces), largest)
    value = pairs.select(real, (on_axis, 0.0 * x), value)
    below = v[1] < 0.0
    return (
        (value[0], ops.where(below, -value[1], value[1])),
        (slope[0], ops.where(below, -slope[1], slope[1])),
    )


def _high(x, y, dtype):
    table = PLANE[dtype]
    turn = _turn(x, y)
    wave = pairs.multiply(turn, pairs.polynomial(turn, table["theta"]))
    rates = [2j * math.pi * (k + 1) * c for k, c in enumerate(table["theta"])]
    rate = pairs.multiply(turn, pairs.polynomial(turn, rates))
    moved = (x + wave[0] + SHIFT.real, y + wave[1] + SHIFT.imag)
    log_y = pairs.multiply(moved, (L.real, L.imag))
    value, slope = koenigs.inverse_with_log_slope(pairs.exp(log_y, dtype, room=5.0), dtype)
    stretch = pairs.log((1.0 + rate[0], rate[1]), dtype)
    slope = pairs.add(pairs.add(slope, log_y), stretch)
    return value, (slope[0] + L.real, slope[1] + L.imag)


def _low(x, y, dtype):
    coefficients = PLANE[dtype]["superexp"]
    k = ops.floor(x - 0.5)
    t = (x - k - 1.0, y)
    w = pairs.polynomial(t, [complex(c) for c in coefficients])
    rise = [complex((k + 1) * c) for k, c in enumerate(coefficients[1:])]
    slope = pairs.log(pairs.polynomial(t, rise), dtype)
    for step in range(_UP):
        active = k > step
        slope = pairs.select(active, pairs.add(slope, w), slope)
        w = pairs.select(active, pairs.exp(w, dtype, room=5.0), w)
    for step in range(_DOWN):
        active = k < -step
        # Without the sign of a zero, which would choose the side of the cut.
        down = pairs.log((w[0], ops.where(w[1] == 0.0, ops.abs(w[1]), w[1])), dtype)
        w = pairs.select(active, down, w)
        slope = pairs.select(active, (slope[0] - w[0], slope[1] - w[1]), slope)
    return w, slope


def right_superlog(z: Pair, dtype: str) -> Pair:
    """S(z) on the sheet that passes right of L: smooth on either half of the real axis.

    It is the real superlogarithm on the positive axis. On the negative axis it is S(log(z)) + 1,
    with log(z) = log|z| + i pi reached right of L.
    """
    # Close to the positive axis the two sheets are one.
    found = _far_or_near(z, _superlog(z, dtype), 4.0, dtype)
    return _on_axis(z, ops.logical_and(z[1] == 0.0, z[0] >= 0.0), found, dtype)


def superlog_pair(z: Pair, dtype: str) -> Pair:
    """S(z), real on the real axis. S(conj(z)) = conj(S(z))."""

    def value(z):
        return _on_axis(z, z[1] == 0.0, _superlog(z, dtype), dtype)

    def log_slope(z):
        slope = superexp_with_log_slope(value(z), dtype)[1]
        return -slope[0], -slope[1]

    return pairs.holomorphic(value, log_slope, dtype)(z)


def superexp_pair(v: Pair, dtype: str) -> Pair:
    """T(v), real on the real axis right of -1."""
    return pairs.holomorphic(
        lambda v: superexp_with_log_slope(v, dtype)[0],
        lambda v: superexp_with_log_slope(v, dtype)[1],
        dtype,
    )(v)


def _superlog(z, dtype):
    brought, steps = _to_sickle((z[0], ops.abs(z[1])), dtype)
    re, im = _far_or_near(brought, _polynomial(brought, dtype), math.pi, dtype)
    return re + steps, ops.where(z[1] < 0.0, -im, im)


def _far_or_near(z, near, lowest, dtype):
    """S from the Schroeder function where that is accurate, else `near`.

    Its logarithm has imaginary parts in [lowest, lowest + 2 pi).
    """
    c = koenigs.with_log_slope(z, dtype)[0]
    size, angle = pairs.log(c, dtype)
    angle = angle + 2.0 * math.pi
    angle = ops.where(angle < lowest, angle + 2.0 * math.pi, angle)
    psi = pairs.multiply((size, angle), ((1.0 / L).real, (1.0 / L).imag))
    u = psi[0] - SHIFT.real, psi[1] - SHIFT.imag
    turn = _turn(u[0], ops.maximum(u[1], LOG_HEIGHT))
    wave = pairs.multiply(turn, pairs.polynomial(turn, PLANE[dtype]["inverse"]))
    return pairs.select(u[1] >= LOG_HEIGHT, pairs.add(u, wave), near)


def _to_sickle(w, dtype):
    """Brings numbers to Re w >= Re L, |w| <= |L|, and counts the logarithms less exponentials.

    Numbers between the cuts, which lead from L and its conjugate to the left, are brought there by
    exponentials, as real ones are.
    """
    steps = 0.0 * w[0]
    for _ in range(4):
        x, y = (ops.clip(part, -2.0, 2.0) for part in w)  # squares would overflow
        strip = ops.logical_and(w[0] < L.real, ops.abs(w[1]) < L.imag)
        far = ops.logical_and(x * x + y * y > abs(L) ** 2, ops.logical_not(strip))
        w = pairs.select(far, pairs.log(w, dtype), w)
        steps = steps + ops.cast(far, dtype)
    for _ in range(5):
        left = w[0] < L.real
        w = pairs.select(left, pairs.exp(w, dtype), w)
        steps = steps - ops.cast(left, dtype)
    return w, steps


def _polynomial(w, dtype):
    t = tuple(ops.clip(part, -1.5, 1.5) for part in ((w[0] - MIDDLE) / WIDTH, w[1] / WIDTH))
    return pairs.polynomial(t, [complex(c) for c in PLANE[dtype]["superlog"]])


def _on_axis(z, real, found, dtype):
    pieces = get_solution("kneser")(dtype)
    x = ops.where(real, z[0], ops.ones_like(z[0]))
    known = abel.level(x, pieces) + abel.middle(x, pieces)
    return pairs.select(real, (known, 0.0 * x), found)


def _turn(x, y):
    """exp(2 pi i (x + i y))."""
    angle = 2.0 * math.pi * (x - ops.floor(x))
    size = ops.exp(-2.0 * math.pi * y)
    return size * ops.cos(angle), size * ops.sin(angle)
