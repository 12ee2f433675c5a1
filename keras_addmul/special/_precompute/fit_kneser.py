"""Fits polynomials to Kneser's superlog and superexp, and to their slopes.

What is fitted, with S = superlog, T = superexp, and t the affine image in
[-1, 1] of the variable in brackets:

    log_low     S(x) / x                on [bottom, 1.6]     [x]
    log_high    S(x)                    on [1.6, top]        [1 / (sqrt(x) + 0.7)]
    exp_low     T(v) / v                on [-0.4, 2]         [v]
    exp_high    T(v)                    on [2, S(top)]       [1 / (d - v)], from its left end
    slope_low   S'(T(v)) = 1 / T'(v)    on [S(bottom), 2]    [v]
    slope_high  the same                on [2, S(top)]       [v]
    ratio       T(w) / (w T'(w))        on [0, 0.62]         [w]

The variables are chosen so that few terms suffice: S grows like an iterated
logarithm, which is nearly linear in 1 / sqrt(x), and T so fast that it looks
like a pole just beyond the interval. Float64 takes logarithms twice instead of
once, because its largest number is out of reach of a short polynomial.
"""

import mpmath as mp

__all__ = [
    "BOTTOM",
    "EXP_SPLIT",
    "LOG_SHIFT",
    "LOG_SPLIT",
    "LOW",
    "Fitter",
]

# The very floats at which the package changes from one piece to the next.
BOTTOM, LOW, LOG_SPLIT, LOG_SHIFT = -0.5, -0.4, 1.6, 0.7
EXP_SPLIT, RATIO_END = 2.0, 0.62


def chebyshev(f, low, high, degree):
    """Coefficients of the interpolant of f, lowest first, in powers of t on [-1, 1]."""
    size = degree + 24
    angles = [mp.pi * (j + mp.mpf(1) / 2) / size for j in range(size)]
    values = [f((low + high) / 2 + (high - low) / 2 * mp.cos(a)) for a in angles]
    power = [mp.mpf(0)] * (degree + 1)
    before, current = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for k in range(degree + 1):
        weight = (1 if k == 0 else 2) / mp.mpf(size)
        c = weight * mp.fsum(v * mp.cos(k * a) for v, a in zip(values, angles, strict=True))
        for i, b in enumerate(before):
            power[i] += c * b
        later = [mp.mpf(0)] + [2 * b for b in current]
        for i, b in enumerate(before):
            later[i] -= b
        before, current = current, later
    return power


def from_left(power):
    """The same polynomial in powers of t + 1."""
    out = [mp.mpf(0)] * len(power)
    for k, c in enumerate(power):
        for i in range(k + 1):
            out[i] += c * mp.binomial(k, i) * mp.mpf(-1) ** (k - i)
    return out


class Fitter:
    """Fits the pieces of one dtype.

    Args:
        tetration: What is fitted.
        measured: Whether to measure the largest relative error of each piece, which
            takes most of the time, and to remember it in `report`.
    """

    def __init__(self, tetration, measured=True):
        self.tetration = tetration
        self.measured = measured
        self.report = []

    def piece(self, name, f, interval, degree, variable=None, inverse=None, left=False):
        """Returns (scale, offset, coefficients): t = scale * variable + offset."""
        variable = variable or (lambda x: x)
        inverse = inverse or (lambda s: s)
        a, b = (variable(mp.mpf(end)) for end in interval)
        power = chebyshev(lambda s: f(inverse(s)), a, b, degree)
        scale, offset = 2 / (b - a), -(a + b) / (b - a)
        if left:
            power, offset = from_left(power), offset + 1
        if self.measured:
            points = [inverse(a + (b - a) * mp.mpf(i) / 200) for i in range(201)]
            fitted = [mp.polyval(power[::-1], scale * variable(x) + offset) for x in points]
            errors = [abs(y / f(x) - 1) for x, y in zip(points, fitted, strict=True)]
            self.report.append((name, degree, max(errors)))
        return float(scale), float(offset), tuple(float(c) for c in power)

    def table(self, top, d, degrees):
        """Returns all pieces of one dtype, with the end of the last one and the pole."""
        names = (top, d, BOTTOM, LOW, LOG_SPLIT, LOG_SHIFT, EXP_SPLIT, RATIO_END)
        top, d, bottom, low, log_split, shift, exp_split, ratio_end = map(mp.mpf, names)
        at_zero = self.slope(mp.mpf(0))
        end, v_bottom = self.superlog(top), self.superlog(bottom)
        root = (lambda x: 1 / (mp.sqrt(x) + shift), lambda s: (1 / s - shift) ** 2)
        pole = (lambda v: 1 / (d - v), lambda s: d - 1 / s)

        def inverse_slope(v):
            return 1 / self.slope(v)

        def ratio(w):
            return self.superexp(w) / (w * self.slope(w)) if w else mp.mpf(1)

        pieces = {
            "log_low": (lambda x: self.superlog(x) / x if x else 1 / at_zero, bottom, log_split),
            "log_high": (self.superlog, log_split, top, *root),
            "exp_low": (lambda v: self.superexp(v) / v if v else at_zero, low, exp_split),
            "exp_high": (self.superexp, exp_split, end, *pole, True),
            "slope_low": (inverse_slope, v_bottom, exp_split),
            "slope_high": (inverse_slope, exp_split, end),
            "ratio": (ratio, mp.mpf(0), ratio_end),
        }
        table = {"end": float(end), "pole": float(d)}
        for (name, (f, first, last, *how)), degree in zip(pieces.items(), degrees, strict=True):
            table[name] = self.piece(name, f, (first, last), degree, *how)
        return table

    def superlog(self, x):
        return self.tetration.slog(x) + 1

    def superexp(self, v):
        return self.tetration.sexp(v - 1)

    def slope(self, v):
        """T'(v)."""
        return self.tetration.sexp_slope(v - 1)
