"""Expectations of noisy activations over tanh and the sigmoid."""

import functools
import math

import numpy as np

from keras_addmul.activations._logistic_mixture import MIXTURE
from keras_addmul.activations.saturating import Saturating
from keras_addmul.barron.functions import series
from keras_addmul.barron.functions.intervals import Interval
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["soft_input_noise", "soft_output_noise"]

_CELLS = 32  # a unit of length; more where the noise sets in more steeply


def soft_output_noise(base: Saturating, alpha: float, size: float, p: float) -> Smooth:
    """`alpha h + (1 - alpha) u + d s E[noise]`, with `size = c E[noise]`.

    `s` starts with the sixth power of `x` and `d` is a sign: five derivatives are
    continuous, and the sixth jumps at 0. Without the sign term all are continuous.
    """
    push = (-1.0 if alpha <= 1.0 else 1.0) * size / 4.0

    def terms(x, degree):
        h, delta = _base(base, x, degree)
        mean = series.add(h, series.scaled(delta, alpha - 1.0))
        if not push or not p:
            return mean
        noise = series.square_of(series.tanh_of(series.scaled(delta, p / 2.0)))
        return series.add(mean, series.scaled(noise, push))

    jumps = bool(push and p)
    return _odd(
        base,
        terms,
        p,
        line=((1.0 - alpha) * base.slope, alpha * (base.high - base.middle) + push * jumps),
        smoothness=5 if jumps else math.inf,
        kinks=(0.0,) if jumps else (),
        monotone=not jumps and 0.0 <= alpha <= 1.0,
        why="its sixth derivative jumps at 0, where the noise changes its sign" if jumps else "",
    )


def soft_input_noise(base: Saturating, scale: float, p: float | None) -> Smooth:
    """`E h(x + s noise)` for normal noise, with `s = scale`, or learned where `p` is given.

    It is the mixture of normal distribution functions that the layer computes, which is within
    3e-9 of the expectation: `sum w Phi(b x / sqrt(1 + (b s)^2))` for the sigmoid.
    """
    stretch = 4.0 * base.slope / (base.high - base.low)  # tanh(x) is 2 sigmoid(2 x) - 1

    def terms(x, degree):
        one = series.variable(x, degree)
        spread: series.Series = []
        if p is not None:
            _, delta = _base(base, x, degree)
            tanh = series.tanh_of(series.scaled(delta, p / 2.0))
            spread = series.square_of(series.scaled(series.square_of(tanh), scale / 4.0))
        total = [-0.5, *([0.0] * degree)]
        for b, weight in MIXTURE:
            b = b * stretch
            if p is None:
                v = series.scaled(one, b / math.sqrt(1.0 + (b * scale) ** 2))
            else:
                under = series.scaled(spread, b * b)
                under[0] = under[0] + 1.0
                v = series.scaled(series.times(one, series.power_of(under, -0.5)), b)
            total = series.add(total, series.scaled(series.ndtr_of(v), weight))
        return series.scaled(total, base.high - base.low)

    line = 0.0, base.high - base.middle
    return _odd(base, terms, p, line=line, monotone=p is None)


def _base(base, x, degree):
    """Returns the series of `h - middle` and of `h - u`."""
    one = series.variable(x, degree)
    stretch = 2.0 * base.slope / (base.high - base.low)
    tanh = series.tanh_of(series.scaled(one, stretch))
    h = series.scaled(tanh, (base.high - base.low) / 2.0)
    return h, series.add(h, series.scaled(one, -base.slope))


def _odd(base, terms, p, line, **of_smooth):
    """Makes a `Smooth`, odd about `middle`, from the series of its right half less `middle`.

    The right half less `middle` tends to `line`.
    """

    def derivative(x, k):
        side = np.where(x >= 0, 1.0, -1.0)
        value = math.factorial(k) * side ** (k + 1) * terms(np.abs(x), k)[k]
        return value + base.middle if k == 0 else value

    @functools.lru_cache
    def bounds(degree, reach):
        # Fine cells where the function varies, and growing ones beyond, where it hardly does.
        cells = int(_CELLS * max(1.0, min(16.0, abs(p or 0.0) / 2.0)))
        near = min(reach, 16.0)
        edges = np.linspace(0.0, near, int(cells * near) + 1)
        if reach > near:
            edges = np.append(edges, np.geomspace(near, reach, 257)[1:])
        coefficients = terms(Interval(edges[:-1], edges[1:]), degree)
        return [float(np.max(c.magnitude)) * math.factorial(k) for k, c in enumerate(coefficients)]

    def upper(k, low, high):
        reach = max(abs(low), abs(high), 4.0)
        # Few distinct intervals, so that few are computed.
        return bounds(max(3, k), 2.0 ** math.ceil(math.log2(reach)))[k]

    return Smooth(
        name="noisy expectation",
        derivative=derivative,
        upper=upper,
        lines=((line[0], base.middle - line[1]), (line[0], base.middle + line[1])),
        **of_smooth,
    )
