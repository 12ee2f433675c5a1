"""Slow, obviously correct reference functions in fifty digits, written from the definitions.

Kneser's solution starts from a Chebyshev series of thirty-one correct digits
(`tests/data/kneser_series.csv`), which `test_kneser_truth.py` checks against
independent values; everything else follows from Abel's equation.
"""

import functools
import pathlib

import mpmath as mp

mp.mp.dps = 50
DATA = pathlib.Path(__file__).parent / "data"
# So close to their zero, functions are their slope there times the distance.
TINY = mp.mpf("1e-20")


@functools.cache
def _series():
    lines = (DATA / "kneser_series.csv").read_text().splitlines()
    series = [mp.mpf(line) for line in lines if not line.startswith("#")]
    # superexp(1) = 1 to all fifty digits, so that values near the zero keep theirs.
    series[0] += 1 - _clenshaw(series, mp.mpf(0))
    return series


@functools.cache
def _slope_series():
    series = _series()
    out = [mp.mpf(0)] * (len(series) + 1)
    for k in range(len(series) - 1, 0, -1):
        out[k - 1] = out[k + 1] + 2 * k * series[k]
    out[0] /= 2
    return out


def _clenshaw(series, t):
    b1 = b2 = mp.mpf(0)
    for c in reversed(series[1:]):
        b1, b2 = 2 * t * b1 - b2 + c, b1
    return t * b1 - b2 + series[0]


class Kneser:
    """superexp on [0.5, 1.5], extended by superexp(v + 1) = exp(superexp(v))."""

    @classmethod
    def superexp(cls, v):
        v = mp.mpf(v)
        if abs(v) < TINY:
            return v * cls.superexp_slope(0)
        if v > 1.5:
            return mp.exp(cls.superexp(v - 1))
        if v < 0.5:
            return mp.log(cls.superexp(v + 1))
        return _clenshaw(_series(), 2 * (v - 1))

    @classmethod
    def superexp_slope(cls, v):
        v = mp.mpf(v)
        if v > 1.5:
            return cls.superexp(v) * cls.superexp_slope(v - 1)
        if v < 0.5:
            return cls.superexp_slope(v + 1) / cls.superexp(v + 1)
        return 2 * _clenshaw(_slope_series(), 2 * (v - 1))

    @classmethod
    def superlog(cls, x):
        x = mp.mpf(x)
        if abs(x) < TINY:
            return x / cls.superexp_slope(0)
        if x > _ends()[1]:
            return 1 + cls.superlog(mp.log(x))
        if x < _ends()[0]:
            return cls.superlog(mp.exp(x)) - 1
        v = 1 + (x - 1) * mp.mpf("0.91")
        step = mp.mpf(1)
        while step**2 > mp.eps / 100:  # Newton's method doubles the digits with each step
            step = (cls.superexp(v) - x) / cls.superexp_slope(v)
            v -= step
        return v


@functools.cache
def _ends():
    return Kneser.superexp(0.5), Kneser.superexp(1.5)


class Linear:
    """The identity on [0, 1], extended by the same equation."""

    @classmethod
    def superexp(cls, v):
        v = mp.mpf(v)
        if v < 0:
            return mp.log1p(v)  # log(superexp(v + 1)), with all digits close to 0
        return v if v < 1 else mp.exp(cls.superexp(v - 1))

    @classmethod
    def superexp_slope(cls, v):
        v = mp.mpf(v)
        if v < 0:
            return cls.superexp_slope(v + 1) / cls.superexp(v + 1)
        return mp.mpf(1) if v < 1 else cls.superexp(v) * cls.superexp_slope(v - 1)

    @classmethod
    def superlog(cls, x):
        x = mp.mpf(x)
        if x < 0:
            return mp.expm1(x)  # superlog(exp(x)) - 1, likewise
        return x if x <= 1 else 1 + cls.superlog(mp.log(x))


SOLUTIONS = {"kneser": Kneser, "linear": Linear}


def exp_iterate(x, n, solution="kneser"):
    """exp applied n times to x."""
    x, n = mp.mpf(x), mp.mpf(n)
    s = SOLUTIONS[solution]
    return s.superexp(s.superlog(x) + n)


def exp_iterate_slope(x, n, solution="kneser"):
    """Derivative of exp_iterate in x."""
    s = SOLUTIONS[solution]
    level = s.superlog(x)
    return s.superexp_slope(level + mp.mpf(n)) / s.superexp_slope(level)


def signed_exp_iterate(x, n, solution="kneser"):
    """The continuation of exp_iterate to negative numbers."""
    x, n = mp.mpf(x), mp.mpf(n)
    if x >= 0 or n > 1:
        return exp_iterate(x, n, solution)
    if n < 0:
        return exp_iterate(-x, n, solution) + 2 * max(1 + n, 0) * x
    s, blend = SOLUTIONS[solution], n**2 * (3 - 2 * n)
    tangent = exp_iterate(0, n, solution) + s.superexp_slope(n) / s.superexp_slope(0) * x
    return blend * exp_iterate(x, n, solution) + (1 - blend) * tangent


def operation(x, weights, n, parity, path="kneser"):
    """The sum of weighted inputs at order 0, the product of their powers at order 1."""
    x, weights, n = [mp.mpf(v) for v in x], [mp.mpf(w) for w in weights], mp.mpf(n)
    sizes = [abs(v) for v in x]
    factors = [1 - 2 * mp.mpf(v) if value < 0 else 1 for v, value in zip(parity, x, strict=True)]
    product = mp.exp(mp.fdot(weights, map(mp.log, sizes)))
    signed = product * mp.fprod(factors)
    if path == "mixture":
        return (1 - n) * mp.fdot(weights, x) + n * signed
    down = [exp_iterate(v, -n, path) for v in sizes]
    positive = signed_exp_iterate(mp.fdot(weights, down), n, path)
    of_sum = mp.fdot(weights, x) - mp.fdot(weights, sizes)
    return positive + (1 - n) * of_sum + n * (signed - product)


def unit(x, n, solution="kneser"):
    """The result of exp_iterate times its conditioning: how errors of it are counted.

    An error of eps in superlog(x), in n or in their sum, relative to them, changes the
    result by eps times this; a rounding of the result itself by no more.
    """
    s = SOLUTIONS[solution]
    level, n = s.superlog(x), mp.mpf(n)
    change = (abs(level) + abs(n)) * s.superexp_slope(level + n)
    return max(abs(s.superexp(level + n)), change)


def superexp_unit(v, solution="kneser"):
    """The same for superexp, whose argument is given."""
    s, v = SOLUTIONS[solution], mp.mpf(v)
    return max(abs(s.superexp(v)), abs(v) * s.superexp_slope(v))


def derivatives(x, n, solution="kneser"):
    """Value, first and second derivatives of exp_iterate, and the unit of each one's error.

    Second derivatives of superexp are differences, taken by mpmath with three times as
    many digits. A unit is what a relative change of one of superlog(x), n or v makes of
    the derivative, or the derivative itself; second derivatives, which pass through zero,
    are measured with the first ones beside them (superexp changes over a length of 1).
    """
    s = SOLUTIONS[solution]
    level, n = s.superlog(x), mp.mpf(n)
    v = level + n
    one, at_level = s.superexp_slope(v), s.superexp_slope(level)
    two, two_at_level = (mp.diff(s.superexp_slope, u) for u in (v, level))
    down = 1 / at_level  # superlog'(x)
    bend = -two_at_level / at_level**3  # superlog''(x)
    y = s.superexp(v)
    moved = abs(level) + abs(n)
    change = 1 + moved * (one / abs(y) if y else 0) + moved * abs(two) / one
    change += abs(level) * abs(two_at_level) * down
    out = {
        "y": (y, abs(y)),
        "x": (one * down, one * down),
        "n": (one, one),
        "xx": (two * down**2 + one * bend, (abs(two) + one) * down**2 + one * abs(bend)),
        "xn": (two * down, (abs(two) + one) * down),
        "nn": (two, abs(two) + one),
    }
    return {name: (value, unit * change) for name, (value, unit) in out.items()}
