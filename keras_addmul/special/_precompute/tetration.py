"""Kneser's tetration of base e on the whole real line, from its series on a part of it."""

import mpmath as mp

__all__ = ["Tetration"]


class Tetration:
    """Kneser's tetration and its inverse, as exact as the series.

    Args:
        series: Chebyshev coefficients of sexp(t / 2) on [-1, 1], lowest first.
    """

    def __init__(self, series):
        self.series = series
        self._slope_series = _derivative(series)

    def sexp(self, x):
        """Tetration of base e at real x > -2; sexp(0) = 1."""
        x = mp.mpf(x)
        if x > 0.5:
            return mp.exp(self.sexp(x - 1))
        if x < -0.5:
            return mp.log(self.sexp(x + 1))
        return _clenshaw(self.series, 2 * x)

    def sexp_slope(self, x):
        """Derivative of `sexp`, by the chain rule."""
        x = mp.mpf(x)
        if x > 0.5:
            return self.sexp(x) * self.sexp_slope(x - 1)
        if x < -0.5:
            return self.sexp_slope(x + 1) / self.sexp(x + 1)
        return 2 * _clenshaw(self._slope_series, 2 * x)

    def slog(self, y):
        """Inverse of `sexp`, for every real y."""
        y = mp.mpf(y)
        if y > self.sexp(0.5):
            return 1 + self.slog(mp.log(y))
        if y < self.sexp(-0.5):
            return self.slog(mp.exp(y)) - 1
        x = (y - 1) * mp.mpf("0.91")
        step = mp.mpf(1)
        while step**2 > mp.eps:  # Newton's method doubles the digits with each step
            step = (self.sexp(x) - y) / self.sexp_slope(x)
            x -= step
        return x


def _clenshaw(series, t):
    b1 = b2 = mp.mpf(0)
    for c in reversed(series[1:]):
        b1, b2 = 2 * t * b1 - b2 + c, b1
    return t * b1 - b2 + series[0]


def _derivative(series):
    out = [mp.mpf(0)] * (len(series) + 1)
    for k in range(len(series) - 1, 0, -1):
        out[k - 1] = out[k + 1] + 2 * k * series[k]
    out[0] /= 2
    return out[: len(series) - 1]
